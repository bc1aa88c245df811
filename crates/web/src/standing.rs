//! What a chart's facts and ledger say for the pages to repeat: the rest after the newest runs, what the
//! patient was told and is not over, emergency signs nobody has dealt with, when we expect to ask again.
//!
//! Decides nothing: what was told, withheld or cleared is read from the ledger.

use afterrun_rules::{
    Chart, RuleBook,
    book::{CheckInRule, Flag, FlagEvidence, Lasts, QuestionIx, RunMatch, Sign, Starts, Window},
    chart::{CheckIn, LoggedRun, RunKind},
    decision::Subject,
};
use chrono::{DateTime, Days, NaiveDate, Utc};

/// Days beyond the longest rest after which a run no longer counts as being recovered from (2-rules 2.4.3).
const RECOVERED_AFTER_DAYS: u64 = 7;

/// Occurrences of a schedule looked at before saying nothing about when we ask again.
const LOOK_AHEAD: usize = 60;

/// What the pages repeat.
pub(crate) struct Standing<'a> {
    /// Flags of which a stage was told and no end has been.
    pub open: Vec<&'a Flag>,
    /// Signs ticked last, while no clinician has dealt with them.
    pub emergency: Vec<&'a Sign>,
    /// The rest in force.
    pub rest: Option<Rest<'a>>,
}

/// Rest from running after one run.
#[derive(Clone)]
pub(crate) struct Rest<'a> {
    pub run: &'a LoggedRun,
    pub window: &'a Window,
    /// Last day of rest at least.
    pub at_least: NaiveDate,
    /// Last day of rest at most.
    pub at_most: NaiveDate,
    /// First day on which the patient was told to run again.
    pub cleared: Option<NaiveDate>,
}

impl<'a> Standing<'a> {
    pub(crate) fn of(book: &'a RuleBook, chart: &'a Chart, now: DateTime<Utc>) -> Self {
        Self {
            open: open_flags(book, chart),
            emergency: emergency(book, chart),
            rest: rest(book, chart, now),
        }
    }

    /// Questions asked whatever their gate says, because something told and not over depends on them.
    pub(crate) fn always_asked(&self) -> Vec<QuestionIx> {
        let mut all = Vec::new();
        for flag in &self.open {
            match &flag.evidence {
                FlagEvidence::Days { when, clear_when } => {
                    when.for_each_question(&mut |ix| all.push(ix));
                    if let Some(clear) = clear_when {
                        clear.for_each_question(&mut |ix| all.push(ix));
                    }
                }
                FlagEvidence::Runs(runs) => all.push(runs.question),
            }
        }
        all
    }
}

fn open_flags<'a>(book: &'a RuleBook, chart: &Chart) -> Vec<&'a Flag> {
    let is_open = |flag: &&Flag| {
        let mut open = false;
        for entry in chart.ledger.iter().filter(|entry| entry.counts_as_told()) {
            let subject = &entry.identity.subject;
            if !subject.flag().is_some_and(|id| flag.is_called(id.as_str())) {
                continue;
            }
            match subject {
                Subject::Stage { .. } | Subject::StageReminder { .. } => open = true,
                Subject::Resolved { .. } | Subject::Lapsed { .. } => open = false,
                _ => {}
            }
        }
        open
    };
    book.flags.iter().filter(is_open).collect()
}

fn emergency<'a>(book: &'a RuleBook, chart: &Chart) -> Vec<&'a Sign> {
    if !chart.has_open_emergency() {
        return Vec::new();
    }
    let unresolved = |at: &DateTime<Utc>| chart.emergencies_resolved_at.is_none_or(|resolved| *at > resolved);
    let ticked =
        |sign: &&Sign| chart.emergencies.iter().any(|(at, ids)| unresolved(at) && ids.contains(&sign.id));
    let mut signs: Vec<&Sign> = book.emergencies.iter().filter(ticked).collect();
    signs.sort_by_key(|sign| std::cmp::Reverse(sign.level));
    signs
}

/// The window whose end is latest; a short run never shortens a long run's rest.
fn rest<'a>(book: &'a RuleBook, chart: &'a Chart, now: DateTime<Utc>) -> Option<Rest<'a>> {
    let today = chart.local_date(now);
    let latest =
        chart.runs.iter().filter_map(|run| rest_after(book, chart, run)).max_by_key(|rest| rest.at_most)?;
    let over = latest.at_most.checked_add_days(Days::new(RECOVERED_AFTER_DAYS))?;
    let running_already = latest.cleared.is_some_and(|first| first < today);
    (today <= over && !running_already).then_some(latest)
}

fn rest_after<'a>(book: &'a RuleBook, chart: &'a Chart, run: &'a LoggedRun) -> Option<Rest<'a>> {
    let window = window_of(book, run)?;
    let cleared = chart.ledger.iter().filter(|entry| entry.counts_as_told()).find_map(|entry| {
        match &entry.identity.subject {
            Subject::RunAgain { run: id, about_day } if *id == run.run.id => about_day.succ_opt(),
            _ => None,
        }
    });
    let after = |days: u32| run.day.checked_add_days(Days::new(days.into()));
    Some(Rest { run, window, at_least: after(window.min_days)?, at_most: after(window.max_days)?, cleared })
}

/// A race kind beats a distance band.
fn window_of<'a>(book: &'a RuleBook, run: &LoggedRun) -> Option<&'a Window> {
    let race = |window: &&Window| match (&window.when, &run.run.kind) {
        (RunMatch::Race(kind), RunKind::Race(ran)) => kind == ran,
        _ => false,
    };
    let band = |window: &&Window| match &window.when {
        RunMatch::Distance { from_m, below_m } => {
            run.run.distance_m >= *from_m && below_m.is_none_or(|below| run.run.distance_m < below)
        }
        RunMatch::Race(_) => false,
    };
    let windows = &book.recovery.windows;
    windows.iter().find(race).or_else(|| windows.iter().find(band))
}

/// The newest check-in that is open and not answered.
pub(crate) fn waiting(chart: &Chart, now: DateTime<Utc>) -> Option<&CheckIn> {
    let newest = chart.check_ins.iter().rev().find(|check_in| check_in.expires_at > now)?;
    chart.answer_to(&newest.id, newest.about_day).is_none().then_some(newest)
}

/// When we expect to ask again: the earliest schedule that goes on, on a day that has no check-in yet and is
/// not paused. An expectation, worded as one: the plan made on the day decides.
pub(crate) fn next_ask(
    book: &RuleBook,
    chart: &Chart,
    standing: &Standing<'_>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if chart.stopped_at.is_some() {
        return None;
    }
    book.check_ins.iter().filter_map(|rule| next_of(rule, chart, standing, now)).min()
}

fn next_of(
    rule: &CheckInRule,
    chart: &Chart,
    standing: &Standing<'_>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let zone = chart.zone_at(now);
    let (first, last) = span(rule, chart, standing, now)?;
    let mut after = now;
    for _ in 0..LOOK_AHEAD {
        let next = rule.schedule.next_after(after, zone, first)?;
        let day = next.with_timezone(&zone).date_naive();
        if day > last {
            return None;
        }
        let asked = chart.check_ins.iter().any(|check_in| check_in.about_day == day);
        if day >= first && !asked && !chart.is_paused(day) {
            return Some(next);
        }
        after = next;
    }
    None
}

/// First and last day on which a rule asks, as far as the chart tells.
fn span(
    rule: &CheckInRule,
    chart: &Chart,
    standing: &Standing<'_>,
    now: DateTime<Utc>,
) -> Option<(NaiveDate, NaiveDate)> {
    let first = match rule.starts {
        Starts::OnEnrolment => chart.local_date(chart.enrolled_at),
        Starts::AfterRun => standing.rest.as_ref()?.run.day.succ_opt()?,
        Starts::WhileFlagged if standing.open.is_empty() => return None,
        Starts::WhileFlagged => chart.local_date(now),
    };
    let days = |days: u64| first.checked_add_days(Days::new(days));
    let last = match rule.lasts {
        Lasts::Weeks(weeks) => days((u64::from(weeks) * 7).saturating_sub(1))?,
        Lasts::Days(count) => days(u64::from(count).saturating_sub(1))?,
        Lasts::UntilClear => NaiveDate::MAX,
        Lasts::UntilRecovered { extra_days } => {
            let rest = standing.rest.as_ref()?;
            let recovered = match rest.cleared {
                Some(first_running_day) => first_running_day.pred_opt()?,
                None => rest.at_most.checked_add_days(Days::new(RECOVERED_AFTER_DAYS))?,
            };
            recovered.checked_add_days(Days::new(extra_days.into()))?
        }
    };
    Some((first, last))
}
