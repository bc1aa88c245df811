//! What a chart amounts to, for the pages to repeat: problems reported and not over, emergency signs nobody has
//! dealt with, the rest in force, when we expect to ask again.
//!
//! Decides nothing: all of it comes from `assess`, `plan` and the ledger.

use std::{borrow::Cow, collections::BTreeSet};

use afterrun_rules::{
    Action, Chart, RuleBook, assess,
    assess::{Assessment, Colour},
    book::{Flag, QuestionIx, Sign, Window},
    chart::{CheckIn, LoggedRun},
    decision::Audience,
    plan::{self, plan},
};
use chrono::{DateTime, NaiveDate, Utc};

use crate::Recorded;

/// Turns of the plan followed to find the next check-in. Each either decides something or moves on to the next
/// instant that matters; a quiet chart needs two or three.
const TURNS_AHEAD: usize = 40;

/// What the pages repeat.
pub(crate) struct Standing<'a> {
    /// Open episodes.
    pub open: Vec<OpenFlag<'a>>,
    /// Signs ticked, while no clinician has dealt with them; those that call for help first.
    pub emergency: Vec<&'a Sign>,
    /// The rest in force.
    pub rest: Option<Rest<'a>>,
    /// Questions asked whatever their gate says.
    pub always_asked: BTreeSet<QuestionIx>,
    /// The newest report is clear of everything.
    pub is_green: bool,
}

/// One open episode.
pub(crate) struct OpenFlag<'a> {
    pub flag: &'a Flag,
    /// First day on which it was reported.
    pub onset: NaiveDate,
    /// A stage of it was told to the patient.
    pub told: bool,
}

/// Rest from running after one run.
pub(crate) struct Rest<'a> {
    /// The run whose rest ends last.
    pub run: &'a LoggedRun,
    pub window: &'a Window,
    /// Last day of rest at least.
    pub at_least: NaiveDate,
    /// First day on which the patient was told to run again.
    pub cleared: Option<NaiveDate>,
}

impl<'a> Standing<'a> {
    pub(crate) fn of(book: &'a RuleBook, chart: &'a Chart, now: DateTime<Utc>) -> Self {
        Self::by(&assess(book, chart, now), book, chart)
    }

    /// The same after something was recorded, which has mostly been assessed already.
    pub(crate) fn after(recorded: &'a Recorded, book: &'a RuleBook) -> Self {
        match &recorded.assessed {
            Some((hash, assessment)) if *hash == book.hash => {
                debug_assert_eq!(*assessment, assess(book, &recorded.chart, recorded.now));
                Self::by(assessment, book, &recorded.chart)
            }
            _ => Self::of(book, &recorded.chart, recorded.now),
        }
    }

    fn by(assessment: &Assessment, book: &'a RuleBook, chart: &'a Chart) -> Self {
        let open = book.flags.iter().zip(&assessment.flags).filter_map(|(flag, assessed)| {
            let episode = assessed.open()?;
            let told = assessment.told(chart, flag, episode, Audience::Patient).is_some();
            Some(OpenFlag { flag, onset: episode.onset, told })
        });
        let rest = assessment.recovery.as_ref().and_then(|state| {
            let run = chart.runs.iter().find(|logged| logged.run.id == state.run)?;
            let window = book.recovery.windows.get(state.window)?;
            let cleared = state.cleared_on.and_then(|day| day.succ_opt());
            // The first day of running is still news; after it, as after a week of silence, rest is over.
            let over = cleared.map_or(assessment.day > state.recovered_on(), |first| assessment.day > first);
            (!over).then_some(Rest { run, window, at_least: state.min_day, cleared })
        });
        Self {
            open: open.collect(),
            emergency: emergency(book, chart),
            rest,
            always_asked: plan::questions_always_asked(book, assessment),
            is_green: assessment.newest_report.is_some_and(|report| report.colour == Colour::Green),
        }
    }

    /// Open episodes of which a stage was told.
    pub(crate) fn told(&self) -> impl Iterator<Item = &OpenFlag<'a>> {
        self.open.iter().filter(|open| open.told)
    }

    /// Nothing that forbids running is known.
    pub(crate) fn may_speak_of_running(&self) -> bool {
        self.open.is_empty() && self.emergency.is_empty()
    }
}

fn emergency<'a>(book: &'a RuleBook, chart: &Chart) -> Vec<&'a Sign> {
    if !chart.has_open_emergency() {
        return Vec::new();
    }
    let unresolved = |at: &DateTime<Utc>| chart.is_emergency_unresolved(*at);
    let ticked =
        |sign: &&Sign| chart.emergencies.iter().any(|(at, ids)| unresolved(at) && ids.contains(&sign.id));
    let mut signs: Vec<&Sign> = book.emergencies.iter().filter(ticked).collect();
    signs.sort_by_key(|sign| std::cmp::Reverse(sign.level));
    signs
}

/// The newest check-in that is open and not answered.
pub(crate) fn waiting(chart: &Chart, now: DateTime<Utc>) -> Option<&CheckIn> {
    let newest = chart.check_ins.iter().rev().find(|check_in| check_in.expires_at > now)?;
    chart.answer_to(&newest.id, newest.about_day).is_none().then_some(newest)
}

/// When we ask again if nothing new becomes known: the plan is followed, on a copy of the chart once it decides anything,
/// from the instant on until which it is known to stay as it is.
pub(crate) fn next_ask(
    book: &RuleBook,
    chart: &Chart,
    now: DateTime<Utc>,
    from: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut chart = Cow::Borrowed(chart);
    let mut at = from;
    for _ in 0..TURNS_AHEAD {
        let assessment = assess(book, &chart, at);
        let planned = plan(book, &chart, &assessment, at);
        let opens = |action: &Action| matches!(action, Action::OpenCheckIn { .. });
        if let Some(asks) = planned.decisions.iter().find(|asks| asks.at > now && opens(&asks.action)) {
            return Some(asks.at);
        }
        if planned.decisions.is_empty() {
            at = planned.next_due.filter(|next| *next > at)?;
            continue;
        }
        let chart = chart.to_mut();
        for decision in &planned.decisions {
            chart.record(decision, at);
            chart.mark_done(&decision.identity);
        }
    }
    None
}
