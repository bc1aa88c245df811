//! Episodes: one spell of a flag in one chart.
//!
//! An episode grows only on days on which the problem was reported, survives a bounded silence, and ends
//! only on enough clear reports.

use chrono::{DateTime, NaiveDate, Utc};

use super::{FlagAssessment, FlagAssessments, days, runs, silence::lapse_day};
use crate::{
    book::{Flag, FlagEvidence, RuleBook},
    chart::Chart,
    evidence::Evidence,
};

/// How an episode ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// It has not.
    Open,
    /// On the last of enough Clear days.
    Resolved(NaiveDate),
    /// In silence: lapsed from this day on.
    Lapsed(NaiveDate),
}

/// One spell of a flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Episode {
    /// First Present day: day 0.
    pub onset: NaiveDate,
    /// Newest observed day.
    pub last_seen: NaiveDate,
    /// Newest Present day.
    pub last_present: NaiveDate,
    /// Present days.
    pub present_days: u32,
    /// Clear days in a row at the end.
    pub clears: u32,
    /// Evidence of the newest observed day.
    pub newest: Evidence,
    /// When the newest evidence of the newest observed day arrived.
    pub newest_received_at: DateTime<Utc>,
    /// How it ended.
    pub end: End,
}

impl Episode {
    /// Whether a day lies between onset and newest observed day, both included.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.onset <= day && day <= self.last_seen
    }

    /// Whether it was open at the end of a day.
    #[must_use]
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        self.onset <= day
            && match self.end {
                End::Open => true,
                End::Resolved(on) | End::Lapsed(on) => day < on,
            }
    }

    /// Position of the highest stage reached.
    ///
    /// Both days since onset and Present days only grow, so the newest Present day decides.
    #[must_use]
    pub fn reached(&self, flag: &Flag) -> Option<usize> {
        let days = (self.last_present - self.onset).num_days();
        flag.stages
            .iter()
            .rposition(|stage| days >= i64::from(stage.after_days) && self.present_days >= stage.min_reports)
    }

    /// Takes in the evidence of one more day while it is open.
    fn observe(&mut self, flag: &Flag, day: NaiveDate, evidence: Evidence, received_at: DateTime<Utc>) {
        self.last_seen = day;
        self.newest = evidence;
        self.newest_received_at = received_at;
        match evidence {
            Evidence::Present => {
                self.last_present = day;
                self.present_days += 1;
                self.clears = 0;
            }
            Evidence::Between => self.clears = 0,
            Evidence::Clear => {
                self.clears += 1;
                if self.clears >= flag.clear_reports {
                    self.end = End::Resolved(day);
                }
            }
        }
    }

    /// The first day from which it is lapsed if nothing more is reported.
    #[must_use]
    pub fn lapse_day(&self, chart: &Chart, flag: &Flag) -> Option<NaiveDate> {
        lapse_day(chart, self.last_seen, flag.bridge_silent_days)
    }
}

/// Every flag's episodes up to a day, and the worst that the reports about `newest_day` say about a day-based
/// flag.
pub(super) fn of_book(
    book: &RuleBook,
    chart: &Chart,
    as_of: NaiveDate,
    newest_day: Option<NaiveDate>,
) -> (FlagAssessments, Option<Evidence>) {
    let mut flags: FlagAssessments = book.flags.iter().map(|_| FlagAssessment::default()).collect();
    let worst_on_newest = days::observe(book, chart, as_of, newest_day, &mut flags);
    for (flag, assessed) in book.flags.iter().zip(&mut flags) {
        if let FlagEvidence::Runs(rule) = &flag.evidence {
            runs::evidence(book, chart, rule, as_of, |day, evidence, received_at| {
                assessed.observe(chart, flag, day, evidence, received_at);
            });
        }
        assessed.close_if_lapsed(chart, flag, as_of);
    }
    (flags, worst_on_newest)
}

impl FlagAssessment {
    /// Takes in the evidence of one day; days come in ascending order, each once.
    pub(super) fn observe(
        &mut self,
        chart: &Chart,
        flag: &Flag,
        day: NaiveDate,
        evidence: Evidence,
        received_at: DateTime<Utc>,
    ) {
        self.close_if_lapsed(chart, flag, day);
        self.last_observed = Some(day);
        match self.episodes.last_mut().filter(|episode| episode.end == End::Open) {
            Some(episode) => episode.observe(flag, day, evidence, received_at),
            None if evidence == Evidence::Present => self.episodes.push(Episode {
                onset: day,
                last_seen: day,
                last_present: day,
                present_days: 1,
                clears: 0,
                newest: evidence,
                newest_received_at: received_at,
                end: End::Open,
            }),
            None => {}
        }
    }

    fn close_if_lapsed(&mut self, chart: &Chart, flag: &Flag, by: NaiveDate) {
        let open = self.episodes.last_mut().filter(|episode| episode.end == End::Open);
        if let Some(episode) = open
            && let Some(lapses) = lapse_day(chart, episode.last_seen, flag.bridge_silent_days)
            && lapses <= by
        {
            episode.end = End::Lapsed(lapses);
        }
    }
}
