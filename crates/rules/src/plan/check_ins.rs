//! When to ask what: check-ins due on a day, reminders, and when to look again.
//!
//! At most one check-in per patient and local day: those due are merged at the earliest time under the first
//! id in file order. A later one that day comes only if it asks something an open episode needs.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{Planner, Priority, Wanted, clinic::FLAGGED_DAYS_AT_MOST, overtaken, probes};
use crate::{
    assess::{Assessment, Episode},
    book::{About, CheckInRule, Flag, FlagEvidence, Lasts, QuestionIx, RuleBook, Starts},
    chart::{Chart, CheckIn, LoggedRun, Source},
    decision::{Action, Audience, Entry, Facts, Reason, Subject},
    ids::{QuestionId, RunId},
    ledger::Kind,
    schedule::{Schedule, instant_on},
};

pub(super) fn want(planner: &mut Planner<'_>, wanted: &mut Vec<Wanted>) {
    look_for_next(planner);
    if !planner.can_write() {
        return;
    }
    if !planner.chart.is_paused(planner.assessment.day) {
        wanted.extend(want_check_in(planner));
    }
    wanted.extend(want_reminder(planner));
}

/// A rule that is due at an instant of a day.
pub(super) struct Due<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) rule_at: usize,
    pub(super) rule: &'a CheckInRule,
    pub(super) probe_for: Option<&'a Flag>,
}

/// Whether a flag looks at one of these questions.
pub(super) fn uses(flag: &Flag, questions: &[QuestionIx]) -> bool {
    let mut found = false;
    for_each_question(flag, &mut |question| found |= questions.contains(&question));
    found
}

fn for_each_question(flag: &Flag, visit: &mut impl FnMut(QuestionIx)) {
    match &flag.evidence {
        FlagEvidence::Days { when, clear_when } => {
            when.for_each_question(visit);
            clear_when.iter().for_each(|condition| condition.for_each_question(visit));
        }
        FlagEvidence::Runs(rule) => visit(rule.question),
    }
}

/// Questions that open episodes use: asked whatever their gate says.
#[must_use]
pub fn questions_always_asked(book: &RuleBook, assessment: &Assessment) -> BTreeSet<QuestionIx> {
    let mut found = BTreeSet::new();
    for (flag, _) in book.flags.iter().zip(&assessment.flags).filter(|(_, flag)| flag.open().is_some()) {
        for_each_question(flag, &mut |question| {
            found.insert(question);
        });
    }
    found
}

/// The dates on which a rule is active, ends included, and the date `EveryDays` counts from.
struct Span {
    start: NaiveDate,
    first: NaiveDate,
    last: Option<NaiveDate>,
    /// Occurrences before this instant do not count.
    not_before: DateTime<Utc>,
}

fn span(planner: &Planner<'_>, rule: &CheckInRule) -> Option<Span> {
    let chart = planner.chart;
    let not_before = chart.enrolled_at.max(chart.book_since);
    match rule.starts {
        Starts::OnEnrolment => {
            let start = chart.local_date(chart.enrolled_at);
            let last = match rule.lasts {
                Lasts::Weeks(weeks) => Some(start + Days::new(u64::from(weeks) * 7) - Days::new(1)),
                Lasts::Days(days) => Some(start + Days::new(u64::from(days)) - Days::new(1)),
                Lasts::UntilRecovered { .. } | Lasts::UntilClear => None,
            };
            Some(Span { start, first: start, last, not_before })
        }
        Starts::AfterRun => {
            let state = planner.assessment.recovery.as_ref()?;
            let first = state.first_run_day.succ_opt()?;
            let last = match rule.lasts {
                Lasts::Weeks(weeks) => state.last_run_day + Days::new(u64::from(weeks) * 7),
                Lasts::Days(days) => state.last_run_day + Days::new(u64::from(days)),
                Lasts::UntilRecovered { extra_days } => {
                    state.recovered_on() + Days::new(u64::from(extra_days))
                }
                Lasts::UntilClear => state.recovered_on(),
            };
            let logged_first = chart.runs.iter().filter(|logged| logged.day >= state.first_run_day);
            let logged_at = logged_first.map(|logged| logged.logged_at).min().unwrap_or(not_before);
            Some(Span { start: first, first, last: Some(last), not_before: not_before.max(logged_at) })
        }
        Starts::WhileFlagged => {
            let episodes = planner
                .book
                .flags
                .iter()
                .zip(&planner.assessment.flags)
                .filter_map(|(flag, assessed)| assessed.open().filter(|_| uses(flag, &rule.ask)));
            let longest = |episode: &Episode| {
                let days = match rule.lasts {
                    Lasts::Weeks(weeks) => u64::from(weeks) * 7,
                    Lasts::Days(days) => u64::from(days),
                    Lasts::UntilRecovered { .. } | Lasts::UntilClear => FLAGGED_DAYS_AT_MOST,
                };
                episode.onset + Days::new(days.min(FLAGGED_DAYS_AT_MOST))
            };
            let spans: Vec<_> = episodes.map(|episode| (episode.onset, longest(episode))).collect();
            let first_onset = spans.iter().map(|(onset, _)| *onset).min()?;
            let first = first_onset.succ_opt()?;
            let last = spans.iter().map(|(_, last)| *last).max();
            Some(Span { start: first, first, last, not_before })
        }
    }
}

/// Everything due on a day, earliest first, then in file order.
fn due_on<'a>(planner: &Planner<'a>, day: NaiveDate) -> Vec<Due<'a>> {
    let zone = planner.assessment.zone;
    let mut found = Vec::new();
    for (rule_at, rule) in planner.book.check_ins.iter().enumerate() {
        let Some(span) = span(planner, rule) else { continue };
        if day < span.first || span.last.is_some_and(|last| day > last) {
            continue;
        }
        let Some(time) = rule.schedule.on(day, span.start) else { continue };
        let Some(at) = instant_on(zone, day, time) else { continue };
        if at >= span.not_before {
            found.push(Due { at, rule_at, rule, probe_for: None });
        }
    }
    found.sort_by_key(|due| (due.at, due.rule_at));
    found
}

fn want_check_in(planner: &Planner<'_>) -> Option<Wanted> {
    let day = planner.assessment.day;
    let asked = planner.chart.check_ins.iter().any(|check_in| check_in.about_day == day);
    if asked && !planner.assessment.any_open() {
        // Only what an open episode needs is asked twice a day.
        return None;
    }
    if !asked && planner.chart.has_report(day) {
        // Told on the telephone, or ahead of time: nothing is left to ask.
        return None;
    }
    if asked && all_needed_asked(planner, day) {
        return None;
    }
    let mut due = due_on(planner, day);
    let probes = probes::wanted(planner);
    if !probes.is_empty() {
        let will_ask = asked_by(&due);
        let unasked = |probe: &Due<'_>| probe.probe_for.is_some_and(|flag| !uses(flag, &will_ask));
        let of_day = probes.into_iter().filter(|(on, _)| *on == day).map(|(_, probe)| probe);
        due.extend(of_day.filter(unasked));
        due.sort_by_key(|due| (due.at, due.rule_at));
    }
    let earliest = due.first()?;
    if planner.now < earliest.at {
        return None;
    }
    if !asked && !was_dropped(planner, day) {
        let first = due.iter().min_by_key(|due| due.rule_at)?;
        let probe = due.iter().find_map(|due| due.probe_for);
        return open(
            planner,
            first.rule,
            asked_by(&due),
            due.iter().any(|due| due.rule.starts == Starts::AfterRun),
            probe,
        );
    }
    if !asked || due.iter().all(|due| due.probe_for.is_some()) {
        return None;
    }
    let today: Vec<_> = planner.chart.check_ins.iter().filter(|check_in| check_in.about_day == day).collect();
    later_today(planner, &due, &today)
}

/// What those due ask, in their order.
fn asked_by(due: &[Due<'_>]) -> Vec<QuestionIx> {
    let mut questions = Vec::with_capacity(due.iter().map(|due| due.rule.ask.len()).sum());
    due.iter().for_each(|due| questions.extend_from_slice(&due.rule.ask));
    questions
}

/// Every question that an open episode uses has been asked about a day: nothing is left for a later check-in.
fn all_needed_asked(planner: &Planner<'_>, day: NaiveDate) -> bool {
    let (book, chart) = (planner.book, planner.chart);
    let asked = |question: QuestionIx| {
        let id = &book.questions[usize::from(question.0)].id;
        let mut today = chart.check_ins.iter().rev().filter(|check_in| check_in.about_day == day);
        today.any(|check_in| check_in.questions.contains(id))
    };
    let mut all = true;
    for (flag, _) in
        book.flags.iter().zip(&planner.assessment.flags).filter(|(_, flag)| flag.open().is_some())
    {
        for_each_question(flag, &mut |question| all = all && asked(question));
    }
    all
}

/// A check-in of the day was decided against (nothing left of the budget, or of the day).
fn was_dropped(planner: &Planner<'_>, day: NaiveDate) -> bool {
    let of_day = |entry: &Entry| matches!(&entry.identity.subject, Subject::CheckIn { about_day, .. } if *about_day == day);
    planner.chart.ledger.of_kind(Kind::CheckIn).rev().any(of_day)
}

/// A later one that day, if it asks a question not yet asked that day that an open episode uses.
fn later_today(planner: &Planner<'_>, due: &[Due<'_>], today: &[&CheckIn]) -> Option<Wanted> {
    let book = planner.book;
    let asked = |question: &QuestionIx| {
        let id = &book.questions[usize::from(question.0)].id;
        today.iter().any(|check_in| check_in.questions.contains(id))
    };
    let needed = questions_always_asked(book, planner.assessment);
    let later = due.iter().find(|due| {
        due.at <= planner.now
            && !is_decided(planner, due.rule, planner.assessment.day)
            && due.rule.ask.iter().any(|question| needed.contains(question) && !asked(question))
    })?;
    let questions = later.rule.ask.iter().filter(|question| !asked(question)).copied().collect();
    open(planner, later.rule, questions, later.rule.starts == Starts::AfterRun, None)
}

/// This kind of check-in was opened, or decided against, on a day.
fn is_decided(planner: &Planner<'_>, rule: &CheckInRule, about_day: NaiveDate) -> bool {
    let subject = Subject::CheckIn { check_in: rule.id.clone(), about_day };
    planner.is_decided(&subject, Audience::Patient)
}

fn open(
    planner: &Planner<'_>,
    rule: &CheckInRule,
    questions: Vec<QuestionIx>,
    after_run: bool,
    probe: Option<&Flag>,
) -> Option<Wanted> {
    let book = planner.book;
    let about_day = planner.assessment.day;
    let unscored = after_run.then(|| newest_unscored_run(book, planner.chart, about_day)).flatten();
    let (questions, about_run) = to_ask(book, &questions, unscored);
    if questions.is_empty() {
        // All are about a run, and none waits for its score.
        return None;
    }
    let expires_at = planner.now + TimeDelta::hours(i64::from(rule.expires_after_hours));
    let text = match probe {
        Some(flag) => format!("The next stage of `{}` asks about {}.", flag.id, planner.date(about_day)),
        None => format!("Check-in `{}` is due on {}.", rule.id, planner.date(about_day)),
    };
    Some(Wanted {
        priority: Priority::CheckIn,
        subject: Subject::CheckIn { check_in: rule.id.clone(), about_day },
        action: Action::OpenCheckIn {
            message: rule.send.clone(),
            expires_at,
            questions,
            about_run: about_run.clone(),
            probe: probe.is_some(),
        },
        reason: Reason::new(if probe.is_some() { "probe" } else { "check-in-due" }, text),
        facts: Facts {
            check_in: Some((rule.id.clone(), about_day)),
            expires_at: Some(expires_at),
            run: about_run,
            last_report_day: planner.assessment.newest_report.map(|report| report.day),
            ..Facts::default()
        },
        useless_from: Some(planner.local(about_day.succ_opt()?, chrono::NaiveTime::MIN)),
    })
}

/// Each question once, in order; those about a run only if a run waits for its score.
fn to_ask(book: &RuleBook, wanted: &[QuestionIx], run: Option<RunId>) -> (Vec<QuestionId>, Option<RunId>) {
    let mut questions: Vec<QuestionId> = Vec::with_capacity(wanted.len());
    let mut about_run = None;
    for question in wanted {
        let definition = &book.questions[usize::from(question.0)];
        if definition.about == About::Run {
            if run.is_none() {
                continue;
            }
            about_run.clone_from(&run);
        }
        if !questions.contains(&definition.id) {
            questions.push(definition.id.clone());
        }
    }
    (questions, about_run)
}

/// Answers are taken up to 14 days after the day they are about.
const ANSWERABLE_DAYS: u64 = 14;

fn newest_unscored_run(book: &RuleBook, chart: &Chart, day: NaiveDate) -> Option<RunId> {
    let about_run =
        |id: &QuestionId| book.questions.iter().any(|known| known.id == *id && known.about == About::Run);
    let scored = |run: &RunId| {
        chart.answers.iter().any(|answer| {
            answer.source == Source::Run(run.clone()) && answer.values.iter().any(|(id, _)| about_run(id))
        })
    };
    let recent = |logged: &&LoggedRun| logged.day <= day && logged.day + Days::new(ANSWERABLE_DAYS) >= day;
    let newest_first = chart.runs.iter().rev().filter(recent).map(|logged| &logged.run.id);
    newest_first.into_iter().find(|run| !scored(run)).cloned()
}

fn want_reminder(planner: &mut Planner<'_>) -> Option<Wanted> {
    let day = planner.assessment.day;
    let chart = planner.chart;
    let check_in = chart.check_ins.iter().rev().find(|check_in| check_in.about_day == day)?;
    let rule = planner.book.check_in(check_in.id.as_str())?;
    let at = check_in.opened_at + TimeDelta::hours(i64::from(rule.remind_after_hours?));
    if chart.has_report(day) {
        return None;
    }
    let subject = Subject::Reminder { check_in: rule.id.clone(), about_day: day };
    if planner.is_decided(&subject, Audience::Patient) {
        return None;
    }
    planner.look_again(at);
    let moot = planner.now < at
        || planner.now >= check_in.expires_at
        || at < chart.book_since
        || chart.is_paused(day)
        || overtaken::reminder_gives_way(planner);
    if moot {
        return None;
    }
    Some(Wanted {
        priority: Priority::Reminder,
        subject,
        action: Planner::send(&rule.send),
        reason: Reason::new(
            "not-yet-answered",
            format!("The check-in about {} is not answered yet.", planner.date(day)),
        ),
        facts: Facts {
            check_in: Some((check_in.id.clone(), day)),
            expires_at: Some(check_in.expires_at),
            last_report_day: planner.assessment.newest_report.map(|report| report.day),
            ..Facts::default()
        },
        useless_from: Some(planner.local(day.succ_opt()?, chrono::NaiveTime::MIN)),
    })
}

/// Notes when the next check-in could be due, without walking day by day.
fn look_for_next(planner: &mut Planner<'_>) {
    let zone = planner.assessment.zone;
    if let Some(from) = first_unpaused(planner.chart, planner.assessment.day) {
        for rule in &planner.book.check_ins {
            if !may_be_next(planner, rule, from) {
                continue;
            }
            let Some(span) = span(planner, rule) else { continue };
            let mut from = from.max(span.first);
            // Today's may be past, and the next may fall on a date this zone skips.
            for _ in 0..3 {
                let Some((day, time)) = rule.schedule.first_on_or_after(from, span.last, span.start) else {
                    break;
                };
                let wall = day.and_time(time);
                if planner.may_be_next(wall) {
                    let at = instant_on(zone, day, time).filter(|at| *at >= span.not_before);
                    if let Some(at) = at.filter(|at| *at > planner.now) {
                        planner.note_wall(wall, at);
                        break;
                    }
                } else if wall > planner.assessment.wall_time {
                    // Something earlier has been noted already.
                    break;
                }
                let Some(next) = day.succ_opt() else { break };
                from = next;
            }
        }
    }
    probes::look_for_next(planner);
    look_ahead_of_the_date(planner);
}

/// Whether a rule's first future time, if it were active on every day from a date on, is before all that were
/// noted: far cheaper to ask than on which days it is.
fn may_be_next(planner: &Planner<'_>, rule: &CheckInRule, from: NaiveDate) -> bool {
    if matches!(rule.schedule, Schedule::EveryDays { .. }) {
        return true;
    }
    let shown = planner.assessment.wall_time;
    let first = |from| {
        let (day, time) = rule.schedule.first_on_or_after(from, None, from)?;
        Some(day.and_time(time))
    };
    let future = first(from).and_then(|wall| {
        if wall > shown { Some(wall) } else { first(wall.date().succ_opt()?).filter(|wall| *wall > shown) }
    });
    future.is_none_or(|wall| planner.may_be_next(wall))
}

/// Whoever has travelled west across midnight has facts about dates the new zone has yet to begin.
fn look_ahead_of_the_date(planner: &mut Planner<'_>) {
    let chart = planner.chart;
    let asked = chart.check_ins.iter().rev().map(|check_in| check_in.about_day);
    let ran = chart.runs.iter().rev().map(|logged| logged.day);
    let answered = chart.answers.iter().rev().map(|answer| answer.about_day);
    let today = planner.assessment.day;
    // A zone is at most a day or two from another, so a handful of the newest of each suffices.
    let newest = asked.take(4).chain(ran.take(4)).chain(answered.take(4));
    for day in newest.filter(|day| *day > today) {
        planner.look_again_by_wall(day.and_time(chrono::NaiveTime::MIN));
    }
}

fn first_unpaused(chart: &Chart, from: NaiveDate) -> Option<NaiveDate> {
    let covering = chart
        .pauses
        .iter()
        .filter(|pause| pause.from <= from && pause.until.is_none_or(|until| from < until));
    covering.map(|pause| pause.until).try_fold(from, |day, until| until.map(|until| day.max(until)))
}
