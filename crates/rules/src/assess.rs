//! What a chart amounts to under a rule book: episodes of each flag, the state of recovery.
//!
//! Recomputed from the facts each time; nothing of it is stored. Lean: no text, no day tables (`explain`
//! makes those when asked). What "persists past N days" means is laid down in `rules/README.md`.

mod days;
mod episodes;
mod recovery;
mod runs;
mod silence;

pub use episodes::{End, Episode};
pub use recovery::{RecoveryState, window_of};
pub(crate) use runs::{run_evidence_of, scored_runs};
pub(crate) use silence::is_excused;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use smallvec::SmallVec;

use crate::{
    book::{Flag, RuleBook},
    chart::Chart,
    decision::{Audience, Subject},
    evidence::{Evidence, newest_report_day},
    ledger::Kind,
};

/// Most flags of a rule book for which assessing a quiet chart takes no memory from the heap. The shipped pack
/// has five.
const FLAGS_ON_STACK: usize = 8;

/// By position in [`RuleBook::flags`].
pub type FlagAssessments = SmallVec<[FlagAssessment; FLAGS_ON_STACK]>;

/// One flag's episodes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FlagAssessment {
    /// Episodes by onset.
    pub episodes: Vec<Episode>,
    /// The newest day with usable evidence, inside an episode or not.
    pub last_observed: Option<NaiveDate>,
}

impl FlagAssessment {
    /// The newest episode.
    #[must_use]
    pub fn newest(&self) -> Option<&Episode> {
        self.episodes.last()
    }

    /// The newest episode, if it is open.
    #[must_use]
    pub fn open(&self) -> Option<&Episode> {
        self.newest().filter(|episode| episode.end == End::Open)
    }
}

/// What the newest report says about running again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colour {
    /// Every day-based flag clear or unknown, at least one clear, no episode open.
    Green,
    /// One is between, no episode open.
    Amber,
    /// Anything else.
    Neither,
}

/// The newest report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewestReport {
    /// Its about-day.
    pub day: NaiveDate,
    /// When its newest part arrived.
    pub received_at: DateTime<Utc>,
    /// What it says.
    pub colour: Colour,
}

/// What a chart amounts to.
#[derive(Clone, PartialEq, Debug)]
pub struct Assessment {
    /// The patient's current day: the later of the local date and the newest about-day.
    pub day: NaiveDate,
    /// What a clock on the patient's wall shows.
    pub wall_time: NaiveDateTime,
    /// The zone in force.
    pub zone: Tz,
    /// By position in [`RuleBook::flags`].
    pub flags: FlagAssessments,
    /// The newest recovery period, if a run was ever logged.
    pub recovery: Option<RecoveryState>,
    /// The newest report, if there is one.
    pub newest_report: Option<NewestReport>,
    /// Rules that could not be applied to this chart, in words.
    pub rule_errors: Vec<String>,
}

impl Assessment {
    /// Some episode is open.
    #[must_use]
    pub fn any_open(&self) -> bool {
        self.flags.iter().any(|flag| flag.open().is_some())
    }

    /// The highest stage of the newest episode of a flag told so far to an audience, by position.
    #[must_use]
    pub fn told(&self, chart: &Chart, flag: &Flag, episode: &Episode, audience: Audience) -> Option<usize> {
        stages_told(chart, flag, episode, audience).max()
    }
}

/// Stages of an episode in the ledger, as positions. An entry belongs to whichever episode contains its
/// evidence day; a stage that the rule book no longer has counts as the first.
fn stages_told<'a>(
    chart: &'a Chart,
    flag: &'a Flag,
    episode: &'a Episode,
    audience: Audience,
) -> impl Iterator<Item = usize> + 'a {
    chart.ledger.of_kind(Kind::Stage).filter_map(move |entry| match &entry.identity.subject {
        Subject::Stage { flag: of, stage, evidence_day }
            if entry.identity.audience == audience
                && entry.counts_as_told()
                && flag.is_called(of.as_str())
                && episode.contains(*evidence_day) =>
        {
            Some(flag.stages.iter().position(|known| known.id == *stage).unwrap_or(0))
        }
        _ => None,
    })
}

/// Assesses a chart. Total and deterministic: the same input gives the same result on any machine.
#[must_use]
pub fn assess(book: &RuleBook, chart: &Chart, now: DateTime<Utc>) -> Assessment {
    let zone = chart.zone_at(now);
    let wall_time = now.with_timezone(&zone).naive_local();
    let local = wall_time.date();
    // A traveller may already have answered about a day that the new zone has yet to begin.
    let ahead = chart.answers.last().map(|answer| answer.about_day);
    let day = ahead.filter(|day| *day > local && *day <= local + chrono::Days::new(1)).unwrap_or(local);

    let newest_day = newest_report_day(&chart.answers).filter(|newest| *newest <= day);
    let (flags, worst_on_newest) = episodes::of_book(book, chart, day, newest_day);
    let newest_report = newest_day.map(|newest| NewestReport {
        day: newest,
        received_at: received_at(chart, newest),
        colour: colour(worst_on_newest, &flags, newest),
    });
    let mut rule_errors = Vec::new();
    let recovery = recovery::of_chart(book, chart, day, &mut rule_errors);
    Assessment { day, wall_time, zone, flags, recovery, newest_report, rule_errors }
}

/// `worst` is the worst that the newest day's reports say about any day-based flag.
fn colour(worst: Option<Evidence>, flags: &[FlagAssessment], day: NaiveDate) -> Colour {
    let open = flags.iter().flat_map(|flag| &flag.episodes).any(|episode| episode.is_open_on(day));
    match worst {
        _ if open => Colour::Neither,
        Some(Evidence::Between) => Colour::Amber,
        Some(Evidence::Clear) => Colour::Green,
        Some(Evidence::Present) | None => Colour::Neither,
    }
}

/// When the newest answer about a day arrived.
fn received_at(chart: &Chart, day: NaiveDate) -> DateTime<Utc> {
    let about = chart.answers.iter().rev().skip_while(|answer| answer.about_day > day);
    let of_day = about.take_while(|answer| answer.about_day == day).map(|answer| answer.received_at);
    of_day.max().unwrap_or(chart.enrolled_at)
}
