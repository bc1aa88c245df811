//! Logging or correcting one run.

use std::collections::BTreeMap;

use afterrun_rules::{
    book::RuleBook,
    chart::{LoggedRun, Run, RunKind},
    ids::{PatientId, RunId},
    schedule,
};
use afterrun_store::Units;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::{
    fields::Fields,
    link::{Open, token_hash},
    text,
    words::{METRES_PER_MILE, distance_number},
};

/// A run may be logged this late (2-rules 2.4.3).
pub(crate) const LATEST_DAYS: i64 = 14;

/// Longest run taken for true, in metres: beyond it somebody typed metres for miles.
const LONGEST_M: f64 = 500_000.0;

/// Minutes a clock on a phone may be ahead of ours.
const CLOCK_SLACK_MINUTES: i64 = 10;

/// The form as entered. Faults are by field name.
#[derive(Clone, Default)]
pub(crate) struct RunEntered {
    /// The run corrected; empty: a new one.
    pub id: String,
    pub date: String,
    pub time: String,
    pub distance: String,
    pub kind: String,
    pub minutes: String,
    pub faults: BTreeMap<&'static str, String>,
}

impl RunEntered {
    /// A new run, today.
    pub(crate) fn blank(open: &Open) -> Self {
        let date = open.chart.local_date(open.now).format("%Y-%m-%d").to_string();
        Self { date, kind: "training".to_owned(), ..Self::default() }
    }

    pub(crate) fn from_logged(logged: &LoggedRun, open: &Open) -> Self {
        let local = logged.run.started_at.with_timezone(&open.chart.zone_at(open.now));
        Self {
            id: logged.run.id.to_string(),
            date: local.format("%Y-%m-%d").to_string(),
            time: local.format("%H:%M").to_string(),
            distance: distance_number(logged.run.distance_m, open.patient.units),
            kind: match &logged.run.kind {
                RunKind::Training => "training".to_owned(),
                RunKind::Race(race) => format!("race:{race}"),
            },
            minutes: logged.run.duration_s.map(|seconds| (seconds / 60).to_string()).unwrap_or_default(),
            faults: BTreeMap::new(),
        }
    }

    pub(crate) fn from_fields(fields: &Fields, open: &Open) -> Self {
        if fields.what() != "log-run" {
            return Self::blank(open);
        }
        let field = |name: &str| fields.get(name).unwrap_or_default().to_owned();
        Self {
            id: field("run"),
            date: field("date"),
            time: field("time"),
            distance: field("distance"),
            kind: field("kind"),
            minutes: field("minutes"),
            faults: BTreeMap::new(),
        }
    }

    /// The run meant; none: the faults say why not.
    pub(crate) fn read(&mut self, open: &Open) -> Option<Run> {
        let mut faults = BTreeMap::new();
        let mut keep = |name: &'static str, fault: &str| {
            faults.insert(name, fault.to_owned());
        };
        let known = open.chart.runs.iter().find(|logged| logged.run.id == *self.id.as_str());
        if !self.id.is_empty() && known.is_none() {
            keep("run", text::NO_SUCH_RUN);
        }
        let started_at =
            started(&self.date, &self.time, open).map_err(|(name, fault)| keep(name, fault)).ok();
        let distance_m = match (metres(&self.distance, open.patient.units), known) {
            // A number as we showed it means the distance as we know it: rounding must not creep in.
            (_, Some(logged))
                if distance_number(logged.run.distance_m, open.patient.units) == self.distance =>
            {
                Some(logged.run.distance_m)
            }
            (Some(metres), _) => Some(metres),
            (None, _) => {
                keep("distance", text::FAULT_DISTANCE);
                None
            }
        };
        let kind = kind(&self.kind, &open.book, known);
        if kind.is_none() {
            keep("kind", text::MISSING_CHOICE);
        }
        let duration_s = match self.minutes.parse::<u32>() {
            _ if self.minutes.is_empty() => None,
            // A week: longer than any race on foot that is logged as one run.
            Ok(minutes) if (1..=7 * 24 * 60).contains(&minutes) => Some(minutes * 60),
            _ => {
                keep("minutes", text::FAULT_MINUTES);
                None
            }
        };
        self.faults = faults;
        if !self.faults.is_empty() {
            return None;
        }
        let (started_at, distance_m, kind) = (started_at?, distance_m?, kind?);
        let id = known.map_or_else(|| new_id(open, started_at), |logged| logged.run.id.clone());
        Some(Run { id, started_at, distance_m, duration_s, kind })
    }
}

fn started(date: &str, time: &str, open: &Open) -> Result<DateTime<Utc>, (&'static str, &'static str)> {
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| ("date", text::FAULT_DATE))?;
    let time = NaiveTime::parse_from_str(time, "%H:%M")
        .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M:%S"))
        .map_err(|_| ("time", text::FAULT_TIME))?;
    let started_at = schedule::instant(open.chart.zone_at(open.now), date.and_time(time));
    if started_at > open.now + TimeDelta::minutes(CLOCK_SLACK_MINUTES) {
        return Err(("date", text::FAULT_FUTURE));
    }
    // A correction of an older run may leave its date as it was.
    let is_known = open.chart.runs.iter().any(|logged| logged.run.started_at == started_at);
    if !is_known && (open.chart.local_date(open.now) - date).num_days() > LATEST_DAYS {
        return Err(("date", text::FAULT_TOO_OLD));
    }
    Ok(started_at)
}

/// Takes a decimal point or comma.
fn metres(number: &str, units: Units) -> Option<f64> {
    let value: f64 = number.replace(',', ".").parse().ok()?;
    let metres = match units {
        Units::Miles => value * METRES_PER_MILE,
        Units::Kilometres => value * 1000.0,
    };
    (metres > 0.0 && metres <= LONGEST_M).then_some(metres)
}

/// `training`, or `race:` and a kind the rule book names or the run already has.
fn kind(raw: &str, book: &RuleBook, known: Option<&LoggedRun>) -> Option<RunKind> {
    if raw == "training" {
        return Some(RunKind::Training);
    }
    let race = raw.strip_prefix("race:")?;
    let kept = known.map(|logged| &logged.run.kind).filter(|kind| **kind == RunKind::Race(race.into()));
    let named = book.races().find(|(id, _)| **id == *race).map(|(id, _)| RunKind::Race(id.clone()));
    kept.cloned().or(named)
}

/// The same start gives the same id, so that a form sent twice is one run. A run that was moved to another
/// start keeps its id; who logs a new one at its old start gets a new id.
fn new_id(open: &Open, started_at: DateTime<Utc>) -> RunId {
    let made = |attempt: usize| made_id(&open.patient.id, started_at, attempt);
    let taken = |id: &RunId| {
        open.chart.runs.iter().any(|logged| logged.run.id == *id && logged.run.started_at != started_at)
    };
    (0..=open.chart.runs.len()).map(made).find(|id| !taken(id)).unwrap_or_else(|| made(0))
}

fn made_id(patient: &PatientId, started_at: DateTime<Utc>, attempt: usize) -> RunId {
    let hash = token_hash(&format!("{patient}/{}/{attempt}", started_at.timestamp()));
    RunId::from(hash.iter().take(8).fold("run-".to_owned(), |id, byte| format!("{id}{byte:02x}")))
}
