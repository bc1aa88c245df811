//! On which days the questions of a flag are asked, at best: every check-in answered, the run the day before.
//!
//! No check of its own; the checks that hold thresholds against schedules look here.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use crate::{
    load::{
        build::schedule,
        written::{Item, Written},
    },
    notation::{
        Spanned,
        check_ins::{Lasts, Starts},
        condition::Condition,
        red_flags::{Flag, Stage},
    },
    schedule::Schedule,
};

/// Days looked at after onset. `WhileFlagged` check-ins end after 28.
const HORIZON_DAYS: u32 = 120;
/// Onsets tried, from a Monday on: weekly rhythms repeat after 7, every-so-many-days ones are covered by 28.
const ONSETS: u64 = 28;
/// How long `WhileFlagged` check-ins go on.
const WHILE_FLAGGED_DAYS: u32 = 28;
/// A patient counts as recovered at the latest so many days after the longest rest.
const RECOVERED_AT_LATEST_DAYS: u32 = 7;

/// One check-in that asks a question of the flag.
struct Asking {
    starts: Starts,
    schedule: Schedule,
    /// Last day after onset on which it is due.
    until: u32,
}

/// When a flag's questions are asked.
pub struct AskedDays {
    askings: Vec<Asking>,
}

/// What can become of a stage at best.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// With enough reports on the day it names.
    OnTime,
    /// Only later than it says.
    Late,
    /// Not at all.
    Never,
}

impl AskedDays {
    /// For a flag over days; none for one over runs.
    #[must_use]
    pub fn of(written: &Written, flag: &Item<Flag>) -> Option<Self> {
        if matches!(flag.when.value, Condition::WorsensEachRun { .. }) {
            return None;
        }
        let questions = questions(&flag.when);
        let longest_rest = written.windows.iter().map(|window| window.rest_days.max.value).max().unwrap_or(0);
        let asks = written
            .check_ins
            .iter()
            .filter(|check_in| check_in.ask.iter().any(|id| questions.contains(id.as_str())));
        let asking = asks.filter_map(|check_in| {
            let until = match (check_in.starts.value, check_in.lasts.value) {
                (Starts::WhileFlagged, _) => WHILE_FLAGGED_DAYS,
                (Starts::AfterRun, Lasts::UntilRecovered { extra_days }) => {
                    longest_rest.saturating_add(RECOVERED_AT_LATEST_DAYS).saturating_add(extra_days)
                }
                (Starts::AfterRun, Lasts::Days(days)) => days,
                (Starts::AfterRun, Lasts::Weeks(weeks)) => weeks.saturating_mul(7),
                _ => HORIZON_DAYS,
            };
            Some(Asking { starts: check_in.starts.value, schedule: schedule(&check_in.schedule)?, until })
        });
        Some(Self { askings: asking.collect() })
    }

    /// Nobody is ever asked.
    #[must_use]
    pub fn is_never(&self) -> bool {
        self.askings.is_empty()
    }

    /// The most silent days that a single missed check-in can leave while an episode is open; none if the
    /// questions come round too seldom to tell. Check-ins after a run count only if there are no others: they
    /// end while an episode goes on.
    #[must_use]
    pub fn silent_days_after_one_miss(&self) -> Option<u32> {
        let lasting = |asking: &&Asking| asking.starts != Starts::AfterRun;
        let only_after_runs = !self.askings.iter().any(|asking| lasting(&asking));
        let start = monday();
        let days: Vec<NaiveDate> = (0..u64::from(HORIZON_DAYS))
            .filter_map(|day| start.checked_add_days(Days::new(day)))
            .filter(|day| {
                let counted = self.askings.iter().filter(|asking| only_after_runs || lasting(asking));
                counted.into_iter().any(|asking| asking.schedule.on(*day, start).is_some())
            })
            .collect();
        let widest = days.windows(3).map(|three| (three[2] - three[0]).num_days() - 1).max()?;
        u32::try_from(widest).ok()
    }

    /// What can become of a stage at best, whatever the day of onset.
    #[must_use]
    pub fn reach(&self, flag: &Flag, stage: &Stage) -> Reach {
        let mut best = Reach::Never;
        for onset in (0..ONSETS).filter_map(|onset| monday().checked_add_days(Days::new(onset))) {
            match self.reach_from(onset, flag, stage) {
                Reach::OnTime => return Reach::OnTime,
                Reach::Late => best = Reach::Late,
                Reach::Never => {}
            }
        }
        best
    }

    fn reach_from(&self, onset: NaiveDate, flag: &Flag, stage: &Stage) -> Reach {
        let probes: BTreeSet<u32> =
            flag.stages.0.iter().map(|stage: &Spanned<Stage>| stage.after_days.value).collect();
        let (mut last, mut reports) = (0, 1);
        for day in 0..=HORIZON_DAYS.max(stage.after_days.value) {
            if day > 0 {
                let asked = probes.contains(&day) || self.is_asked(onset, day);
                if !asked {
                    continue;
                }
                if day - last - 1 > flag.bridge_silent_days.value {
                    return Reach::Never;
                }
                (last, reports) = (day, reports + 1);
            }
            if day >= stage.after_days.value && reports >= stage.min_reports.value {
                return if day == stage.after_days.value { Reach::OnTime } else { Reach::Late };
            }
        }
        Reach::Never
    }

    fn is_asked(&self, onset: NaiveDate, day: u32) -> bool {
        let Some(date) = onset.checked_add_days(Days::new(u64::from(day))) else { return false };
        self.askings.iter().filter(|asking| day <= asking.until).any(|asking| {
            let start = match asking.starts {
                Starts::WhileFlagged => onset.succ_opt().unwrap_or(onset),
                Starts::AfterRun => onset,
                Starts::OnEnrolment => monday(),
            };
            asking.schedule.on(date, start).is_some()
        })
    }
}

/// The questions a condition reads.
#[must_use]
pub fn questions(condition: &Condition) -> BTreeSet<&str> {
    let mut questions = BTreeSet::new();
    condition.walk(&mut |part| questions.extend(part.question().map(|id| id.as_str())));
    questions
}

fn monday() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 5).unwrap_or_default()
}
