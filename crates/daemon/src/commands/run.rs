//! `afterrun run add`: log a run.

use afterrun_rules::{
    RuleBook,
    chart::{Event, Run as Logged, RunKind},
    ids::PatientId,
    schedule::instant,
};
use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, Subcommand};

use super::{
    Ended,
    run_import::{Import, same},
    tool::{Shared, Tool, say, say_decisions},
};
use crate::token::random_text;

/// Metres in an international mile.
const METRES_PER_MILE: f64 = 1609.344;

/// Distances of the races that have one (World Athletics, rules TR 55 to 57), in metres.
const RACES: [(&str, f64); 5] = [
    ("5k", 5_000.0),
    ("10k", 10_000.0),
    ("half-marathon", 21_097.5),
    ("marathon", 42_195.0),
    ("mile", METRES_PER_MILE),
];

/// Runs.
#[derive(Subcommand, Debug)]
pub(super) enum Run {
    /// Log a run for a runner.
    Add(Add),
    /// Log the runs of a CSV file, or of FIT, GPX and TCX files.
    Import(Import),
}

#[derive(Args, Debug)]
pub(super) struct Add {
    /// Id or mail address.
    patient: String,
    /// How far: `13.1mi`, `21.1km` or `5000m`.
    #[arg(long, required_unless_present = "race", allow_hyphen_values = true)]
    distance: Option<String>,
    /// A race of this kind, as the rules name it, such as `half-marathon`.
    #[arg(long)]
    race: Option<String>,
    /// When it started: `yesterday 08:00`, `today 08:00` or `2026-03-27T08:00` on the runner's clock, or with an offset.
    #[arg(long)]
    started: String,
    /// How long it took, in minutes.
    #[arg(long)]
    minutes: Option<u32>,
}

impl Run {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let add = match self {
            Self::Add(add) => add,
            Self::Import(import) => return import.execute(shared).await,
        };
        let tool = shared.open().await?;
        let patient = tool.patient(&add.patient).await?;
        let run = Logged {
            id: random_text::<9>()?.into(),
            started_at: started_lately(&add.started, patient.time_zone, tool.now)?,
            // First, so that a race that is misspelt is not asked how far it is.
            kind: kind(&tool.book(), add.race.as_deref())?,
            distance_m: distance(add.distance.as_deref(), add.race.as_deref())?,
            duration_s: add.minutes.map(|minutes| minutes.saturating_mul(60)),
        };
        refuse_what_does_not_help(&tool, &patient.id, &run).await?;
        let id = run.id.clone();
        let taken = tool.record(&patient, Event::Run(run), "run-add").await?;
        say(id)?;
        say_decisions(&taken)?;
        Ok(Ended::Well)
    }
}

/// A run that is entered twice would bring its plan twice, and one of somebody who has stopped brings nothing.
async fn refuse_what_does_not_help(tool: &Tool, patient: &PatientId, run: &Logged) -> anyhow::Result<()> {
    let stored = tool.turns.store.chart(patient).await?;
    let mut chart = stored.chart;
    stored.waiting.iter().for_each(|waiting| chart.apply(&waiting.event));
    if chart.stopped_at.is_some() {
        bail!(
            "the runner has stopped all messages, so nothing would follow from a run; nothing has been changed"
        );
    }
    match chart.runs.iter().find(|known| same(&known.run, run)) {
        Some(known) => {
            bail!("this run has been logged already, as `{}`; nothing has been changed", known.run.id)
        }
        None => Ok(()),
    }
}

/// Race or training.
pub(super) fn kind(book: &RuleBook, race: Option<&str>) -> anyhow::Result<RunKind> {
    let Some(race) = race else { return Ok(RunKind::Training) };
    match book.races().find(|(id, _)| **id == *race) {
        Some((id, _)) => Ok(RunKind::Race(id.clone())),
        None => {
            let known: Vec<_> = book.races().map(|(id, _)| format!("`{id}`")).collect();
            bail!("the rules know no race `{race}`; they know {}", known.join(", "))
        }
    }
}

/// As given, or that of the race; in metres.
pub(super) fn distance(given: Option<&str>, race: Option<&str>) -> anyhow::Result<f64> {
    match (given, race) {
        (Some(given), _) => metres(given),
        (None, Some(race)) => {
            let known = RACES.iter().find(|(id, _)| *id == race);
            known
                .map(|(_, metres)| *metres)
                .with_context(|| format!("how far is `{race}`? give --distance too"))
        }
        (None, None) => bail!("--distance or --race is needed"),
    }
}

fn metres(text: &str) -> anyhow::Result<f64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 =
        number.parse().ok().with_context(|| format!("`{text}` is no distance: try `13.1mi` or `21.1km`"))?;
    match unit.trim() {
        "mi" => Ok(number * METRES_PER_MILE),
        "km" => Ok(number * 1000.0),
        "m" => Ok(number),
        "" => bail!("`{text}`: miles or kilometres? write `{text}mi` or `{text}km`"),
        other => bail!("`{other}` is no unit of distance: write `mi`, `km` or `m`"),
    }
}

/// As [`started`], and `today 08:00` and `yesterday 08:00` as somebody says it who has just run.
fn started_lately(text: &str, zone: Tz, now: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let today = now.with_timezone(&zone).date_naive();
    let day = match text.split_once(' ') {
        Some(("today", time)) => Some((today, time)),
        Some(("yesterday", time)) => today.pred_opt().map(|day| (day, time)),
        _ => None,
    };
    match day {
        Some((day, time)) => started(&format!("{day}T{time}"), zone),
        None => started(text, zone),
    }
}

/// An instant, or a time on the runner's clock.
pub(super) fn started(text: &str, zone: Tz) -> anyhow::Result<DateTime<Utc>> {
    let without_seconds = || DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%#z");
    if let Ok(at) = DateTime::parse_from_rfc3339(text).or_else(|_| without_seconds()) {
        return Ok(at.to_utc());
    }
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    local
        .map(|local| instant(zone, local))
        .with_context(|| format!("`{text}` is no time: write it like `2026-03-27T08:00`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_name_their_unit() {
        let cases = [
            ("13.1mi", Some(21_082)),
            ("21.1km", Some(21_100)),
            ("5000 m", Some(5_000)),
            ("5", None),
            ("far", None),
            ("5yd", None),
        ];
        for (text, expected) in cases {
            let found = metres(text).ok().map(|metres| metres.round() as i64);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_start_without_an_offset_is_on_the_runners_clock() {
        let cases = [
            ("2026-07-01T08:00", "2026-07-01T07:00:00Z"),
            ("2026-07-01T08:00:00-04:00", "2026-07-01T12:00:00Z"),
            ("2026-07-01T08:00-04:00", "2026-07-01T12:00:00Z"),
            ("2026-07-01T08:00Z", "2026-07-01T08:00:00Z"),
            ("2026-01-01 08:00", "2026-01-01T08:00:00Z"),
            // It is the second of July in London already.
            ("today 00:10", "2026-07-01T23:10:00Z"),
            ("yesterday 08:00", "2026-07-01T07:00:00Z"),
        ];
        let now = "2026-07-01T23:30:00Z".parse().unwrap();
        for (text, expected) in cases {
            assert_eq!(
                started_lately(text, Tz::Europe__London, now).unwrap(),
                expected.parse::<DateTime<Utc>>().unwrap(),
                "{text}"
            );
        }
        for text in ["yesterday", "yesterday ", "tomorrow 08:00", "today 25:00"] {
            assert!(started_lately(text, Tz::UTC, now).is_err(), "{text}");
        }
    }
}
