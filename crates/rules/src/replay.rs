//! `replay`: what would happen to one chart under a rule book. The JSON in and the JSON lines out are a
//! promise; `rules/README.md` describes both.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    book::{About, RuleBook},
    chart::{Chart, Event, TimedEvent},
    decision::{Action, Decision},
    evidence::misfit,
    ids::{FlagId, MessageId, PatientId, StageId},
    story::{Story, Taken},
};

/// Answers and runs are taken up to this many days after the day they are about.
pub const ACCEPTED_DAYS: u64 = 14;

/// A replay goes on for this long after the last event unless told otherwise.
const GOES_ON: TimeDelta = TimeDelta::days(30);

/// A chart as a file holds it.
#[derive(Clone, PartialEq, Debug)]
pub struct ChartFile {
    /// The enrolment, before any event.
    pub chart: Chart,
    /// Events in order of `at`; equal instants in file order.
    pub events: Vec<TimedEvent>,
    /// Where the file says to end.
    pub until: Option<DateTime<Utc>>,
}

/// Why a chart cannot be replayed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChartError {
    /// It is not such a JSON object.
    #[error("not a chart: {0}")]
    Json(String),
    /// One event cannot be.
    #[error("events[{index}]: {problem}")]
    Event {
        /// Position in `events`, from 0.
        index: usize,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChart {
    patient: RawPatient,
    events: Vec<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPatient {
    id: PatientId,
    time_zone: Tz,
    enrolled_at: DateTime<Utc>,
    #[serde(default)]
    language: Option<Arc<str>>,
}

/// Reads a chart.
///
/// # Errors
/// If it is not a chart, or an event in it is not an event (with its index).
pub fn parse_chart(json: &str) -> Result<ChartFile, ChartError> {
    let raw: RawChart = serde_json::from_str(json).map_err(|error| ChartError::Json(error.to_string()))?;
    chart_of(raw)
}

/// Reads a chart out of JSON that has been read already, one of many.
///
/// # Errors
/// As [`parse_chart`].
pub fn chart_from_json(json: serde_json::Value) -> Result<ChartFile, ChartError> {
    let raw: RawChart = serde_json::from_value(json).map_err(|error| ChartError::Json(error.to_string()))?;
    chart_of(raw)
}

fn chart_of(raw: RawChart) -> Result<ChartFile, ChartError> {
    let mut chart = Chart::new(raw.patient.id, raw.patient.time_zone, raw.patient.enrolled_at);
    if let Some(language) = raw.patient.language {
        chart.language = language;
    }
    let mut events = Vec::with_capacity(raw.events.len());
    for (index, event) in raw.events.into_iter().enumerate() {
        let event = parse_event(event).map_err(|problem| ChartError::Event { index, problem })?;
        events.push(event);
    }
    Ok(ChartFile { chart, events, until: raw.until })
}

/// One event: `at` and exactly one of the kinds.
fn parse_event(mut fields: serde_json::Map<String, serde_json::Value>) -> Result<TimedEvent, String> {
    let at = fields.remove("at").ok_or("`at` is missing: when did this become known?")?;
    let at: DateTime<Utc> =
        serde_json::from_value(at).map_err(|error| format!("`at` is not an RFC 3339 time: {error}"))?;
    if fields.len() != 1 {
        let kinds: Vec<_> = fields.keys().map(|kind| format!("`{kind}`")).collect();
        return Err(format!("beside `at`, exactly one kind of event is wanted, found {}", kinds.len())
            + &if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) });
    }
    let event =
        serde_json::from_value(serde_json::Value::Object(fields)).map_err(|error| error.to_string())?;
    Ok(TimedEvent { at, event })
}

/// Writes an event in the shape [`parse_chart`] reads.
#[must_use]
pub fn event_to_json(timed: &TimedEvent) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    object.insert("at".to_owned(), serde_json::Value::String(rfc3339(timed.at)));
    if let Ok(serde_json::Value::Object(event)) = serde_json::to_value(&timed.event) {
        object.extend(event);
    }
    serde_json::Value::Object(object)
}

/// What is wrong with an event for this chart at this time; none: nothing. Web, commands and `replay` ask the
/// same question.
#[must_use]
pub fn problem_with(book: &RuleBook, chart: &Chart, timed: &TimedEvent) -> Option<String> {
    let today = chart.local_date(timed.at);
    // A traveller may answer today's question about a date that the new zone has yet to begin.
    let dates = chart.zones.iter().map(|(_, zone)| timed.at.with_timezone(zone).date_naive());
    let newest = dates.max().unwrap_or(today);
    let day_problem = |day: NaiveDate, what: &str| {
        if day > newest {
            Some(format!("{what} {day} is in the future"))
        } else if day + Days::new(ACCEPTED_DAYS) < today {
            Some(format!("{what} {day} is more than {ACCEPTED_DAYS} days ago"))
        } else {
            None
        }
    };
    match &timed.event {
        Event::Answer(answer) => {
            if answer.source().is_none() {
                return Some("exactly one of `check_in` and `run` says what is answered".to_owned());
            }
            if let Some(run) = &answer.run
                && !chart.runs.iter().any(|logged| logged.run.id == *run)
            {
                return Some(format!("no run `{run}` has been logged"));
            }
            if let Some(check_in) = &answer.check_in
                && book.check_in(check_in.as_str()).is_none()
            {
                return Some(format!("no check-in is called `{check_in}`"));
            }
            if answer.run.is_none() && answer.about_day < chart.local_date(chart.enrolled_at) {
                return Some(format!("about-day {} is before the enrolment", answer.about_day));
            }
            day_problem(answer.about_day, "about-day").or_else(|| values_problem(book, answer))
        }
        Event::Run(run) => {
            if !run.distance_m.is_finite() || run.distance_m <= 0.0 || run.distance_m > 1_000_000.0 {
                return Some(format!("a distance of {} metres is no run", run.distance_m));
            }
            if run.started_at > timed.at {
                return Some("the run starts in the future".to_owned());
            }
            let zone = chart.zone_at(run.started_at.max(chart.enrolled_at));
            day_problem(run.started_at.with_timezone(&zone).date_naive(), "a run on")
                .filter(|_| !chart.runs.iter().any(|logged| logged.run.id == run.id))
        }
        Event::StageOverride(word) => match book.flag(word.flag.as_str()) {
            None => Some(format!("no flag is called `{}`", word.flag)),
            Some(flag) if !flag.stages.iter().any(|stage| stage.id == word.stage) => {
                Some(format!("`{}` has no stage `{}`", word.flag, word.stage))
            }
            Some(_) if word.because.trim().is_empty() => Some("`because` says why".to_owned()),
            Some(_) => None,
        },
        Event::Excuse(excuse) if excuse.to < excuse.from => Some("`to` lies before `from`".to_owned()),
        _ => None,
    }
}

fn values_problem(book: &RuleBook, answer: &crate::chart::AnswerEvent) -> Option<String> {
    let of_value = answer.values.iter().find_map(|(id, value)| match book.question(id.as_str()) {
        None => Some(format!("no question is called `{id}`")),
        Some((_, question)) if answer.check_in.is_some() && question.about == About::Run => {
            Some(format!("`{id}` is about a run: answer it for that run"))
        }
        Some((_, question)) => misfit(&question.answer, value).map(|problem| format!("`{id}`: {problem}")),
    });
    let signs = answer.emergencies.iter().flatten();
    let of_sign = || {
        let unknown = signs.clone().find(|id| !book.emergencies.iter().any(|sign| sign.id == **id));
        unknown.map(|id| format!("no emergency sign is called `{id}`"))
    };
    of_value.or_else(of_sign)
}

/// One line of output.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// When it is done.
    pub at: String,
    /// `send`, `open_check_in`, `tell_clinic`, `cancel` or `covered`.
    #[serde(rename = "do")]
    pub action: &'static str,
    /// The text sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<FlagId>,
    /// The stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageId>,
    /// The day it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about_day: Option<NaiveDate>,
    /// Why.
    pub reason: Arc<str>,
}

impl Line {
    fn of(decision: &Decision) -> Self {
        let subject = &decision.identity.subject;
        let (action, message) = match &decision.action {
            Action::Send { message, .. } => ("send", Some(message.clone())),
            Action::OpenCheckIn { message, .. } => ("open_check_in", Some(message.clone())),
            Action::TellClinic { .. } => ("tell_clinic", None),
            Action::Cancel => ("cancel", None),
            Action::Covered { .. } => ("covered", None),
        };
        Self {
            at: rfc3339(decision.at),
            action,
            message,
            flag: subject.flag().cloned(),
            stage: subject.stage().cloned(),
            about_day: subject.about_day(),
            reason: decision.reason.text.clone(),
        }
    }
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// Lives through a chart. `until` beats the file's own.
///
/// # Errors
/// If an event does not fit the rule book or the chart (with its index).
pub fn replay(
    book: &RuleBook,
    file: &ChartFile,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Line>, ChartError> {
    let taken = live(book, file, until)?.taken;
    let mut lines: Vec<(DateTime<Utc>, Line)> =
        taken.iter().map(|Taken { decision, .. }| (decision.at, Line::of(decision))).collect();
    lines.sort_by(|(a_at, a), (b_at, b)| {
        (a_at, a.action, &a.flag, &a.stage).cmp(&(b_at, b.action, &b.flag, &b.stage))
    });
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// Where a replay ends: as asked for, else where the file says, else some time after the last event.
#[must_use]
pub fn last_instant(file: &ChartFile, until: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let last = || file.events.iter().map(|event| event.at).max().unwrap_or(file.chart.enrolled_at);
    until.or(file.until).unwrap_or_else(|| last() + GOES_ON)
}

/// Lives through a chart and returns how it ended.
///
/// # Errors
/// As [`replay`].
pub fn live(book: &RuleBook, file: &ChartFile, until: Option<DateTime<Utc>>) -> Result<Story, ChartError> {
    let mut order: Vec<usize> = (0..file.events.len()).collect();
    order.sort_by_key(|index| file.events[*index].at);
    let until = last_instant(file, until);

    let mut story = Story::new(file.chart.clone());
    for together in order.chunk_by(|a, b| file.events[*a].at == file.events[*b].at) {
        let at = file.events[together[0]].at;
        if at > until {
            break;
        }
        let mut events = Vec::with_capacity(together.len());
        let mut known = story.chart.clone();
        for index in together {
            let timed = &file.events[*index];
            if let Some(problem) = problem_with(book, &known, timed) {
                return Err(ChartError::Event { index: *index, problem });
            }
            known.apply(timed);
            events.push(timed.clone());
        }
        story.take_in(book, at, &events);
    }
    story.pass_until(book, until);
    Ok(story)
}
