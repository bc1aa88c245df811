//! The recovery plan right after a run, and the word that running may start again.

use chrono::TimeDelta;

use super::{Planner, Priority, Wanted, quoted};
use crate::{
    assess::{Colour, NewestReport, RecoveryState, window_of},
    chart::LoggedRun,
    decision::{Audience, EntryState, Facts, Reason, Subject},
    ledger::Kind,
};

/// A plan later than this after the start of the run is of no use any more.
const PLAN_USEFUL_FOR: TimeDelta = TimeDelta::days(1);
/// Eating and drinking counts for this long after the run (the article's "within 1 to 2 hours").
const REFUEL_WITHIN: TimeDelta = TimeDelta::hours(2);

pub(super) fn want(planner: &mut Planner<'_>, wanted: &mut Vec<Wanted>) {
    if !planner.can_write() || planner.chart.has_open_emergency() {
        return;
    }
    let chart = planner.chart;
    wanted.extend(chart.runs.iter().filter_map(|logged| want_plan(planner, logged)));
    wanted.extend(want_run_again(planner));
}

fn want_plan(planner: &Planner<'_>, logged: &LoggedRun) -> Option<Wanted> {
    let run = &logged.run;
    let useless_from = run.started_at + PLAN_USEFUL_FOR;
    // Whoever asks about an instant before the run became known must not be told of it: the plan would be taken back
    // and made again in every round.
    if planner.now < logged.changed_at
        || logged.logged_at < planner.chart.book_since
        || planner.now >= useless_from
        || (!planner.chart.pauses.is_empty()
            && planner.chart.is_paused(planner.chart.local_date(logged.logged_at)))
    {
        return None;
    }
    let subject = Subject::RecoveryPlan { run: run.id.clone() };
    if is_settled(planner, &subject) {
        return None;
    }
    let (_, window) = window_of(planner.book, run)?;
    let ended_at =
        run.duration_s.map_or(logged.logged_at, |s| run.started_at + TimeDelta::seconds(i64::from(s)));
    let first_running_day = logged.day + chrono::Days::new(u64::from(window.min_days) + 1);
    let text = format!(
        "{} on {}: {} of rest (window `{}`).",
        window.title,
        planner.date(logged.day),
        rest_days(window.min_days, window.max_days),
        window.id,
    );
    Some(Wanted {
        priority: Priority::RecoveryPlan,
        subject,
        action: Planner::send(&planner.book.recovery.on_run),
        reason: Reason::new("run-logged", text),
        facts: Facts {
            run: Some(run.id.clone()),
            window_title: Some(window.title.clone()),
            rest_days: Some((window.min_days, window.max_days)),
            first_running_day: Some(first_running_day),
            refuel_by: Some(ended_at + REFUEL_WITHIN),
            ..Facts::default()
        },
        useless_from: Some(useless_from),
    })
}

/// "3 to 5 days", and "1 day" where both ends are the same.
fn rest_days(least: u32, most: u32) -> String {
    match (least, most) {
        (1, 1) => "1 day".to_owned(),
        _ if least == most => format!("{least} days"),
        _ => format!("{least} to {most} days"),
    }
}

/// Whether a plan was sent, waits to be sent, or was dropped. One that was queued and then taken back (its run
/// was corrected, an emergency came between) comes again while it is of use.
fn is_settled(planner: &Planner<'_>, subject: &Subject) -> bool {
    planner.chart.ledger.of_kind(Kind::RecoveryPlan).any(|entry| {
        entry.identity.subject == *subject
            && entry.identity.audience == Audience::Patient
            && (entry.state != EntryState::Cancelled || entry.message.is_none())
    })
}

/// On the first green report from the shortest end of the window on, or the first amber one from its longest
/// end on. Never without a report, never while an episode is open.
fn want_run_again(planner: &Planner<'_>) -> Option<Wanted> {
    let state = planner.assessment.recovery.as_ref()?;
    let about_day = clearing_day(planner, state)?;
    let window = planner.book.recovery.windows.get(state.window)?;
    let text = format!(
        "After {} on {}, rest ends between {} and {}; the report about {} allows running from the next day.",
        quoted(&window.title),
        planner.date(state.first_run_day),
        planner.date(state.min_day),
        planner.date(state.max_day),
        planner.date(about_day),
    );
    Some(Wanted {
        priority: Priority::RunAgainOrResolved,
        subject: Subject::RunAgain { run: state.run.clone(), about_day },
        action: Planner::send(&planner.book.recovery.on_cleared),
        reason: Reason::new("cleared-to-run", text),
        facts: Facts {
            run: Some(state.run.clone()),
            window_title: Some(window.title.clone()),
            rest_days: Some((window.min_days, window.max_days)),
            first_running_day: about_day.succ_opt(),
            last_report_day: Some(about_day),
            ..Facts::default()
        },
        useless_from: None,
    })
}

/// Green from the shortest end of the window on, amber from its longest end on.
pub(super) fn allows_running(state: &RecoveryState, report: NewestReport) -> bool {
    match report.colour {
        Colour::Green => report.day >= state.min_day,
        Colour::Amber => report.day >= state.max_day,
        Colour::Neither => false,
    }
}

/// The about-day of the newest report, if it clears the patient to run.
pub(super) fn clearing_day(planner: &Planner<'_>, state: &RecoveryState) -> Option<chrono::NaiveDate> {
    let report = planner.assessment.newest_report?;
    let counts = allows_running(state, report)
        && state.cleared_on.is_none()
        && !planner.assessment.any_open()
        && report.day <= state.recovered_on()
        && report.received_at >= state.last_changed_at
        && report.received_at >= planner.chart.book_since;
    counts.then_some(report.day)
}
