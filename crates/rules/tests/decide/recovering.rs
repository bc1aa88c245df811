//! Check-ins and recovery: who is asked when, and when running may start again (2.4.2 and 2.4.3).

use crate::support::*;
use afterrun_rules::{
    RuleBook, TimedEvent,
    book::{CheckInRule, Lasts, Starts},
    chart::{AnswerEvent, Event, Run, RunKind, Value},
    decision::Subject,
    schedule::Schedule,
};

/// The morning after a run, until recovered plus a day, as the shipped pack has it.
fn after_run_book() -> RuleBook {
    let mut book = book();
    book.check_ins = vec![
        CheckInRule {
            id: "morning-after".into(),
            starts: Starts::AfterRun,
            schedule: Schedule::cron("0 0 7 * * *").unwrap(),
            lasts: Lasts::UntilRecovered { extra_days: 1 },
            ask: vec![PAIN, LIMP, RUN_PAIN],
            ..book.check_ins[0].clone()
        },
        CheckInRule {
            id: "while-flagged".into(),
            starts: Starts::WhileFlagged,
            schedule: Schedule::Daily { at: time("07:00") },
            lasts: Lasts::UntilClear,
            ask: vec![PAIN],
            nudge: None,
            ..book.check_ins[0].clone()
        },
    ];
    book
}

fn half_marathon(number: i64) -> TimedEvent {
    let run = Run {
        id: "half".into(),
        started_at: at(number, "08:00"),
        distance_m: 21_097.5,
        duration_s: Some(7200),
        kind: RunKind::Race("half-marathon".into()),
    };
    once(at(number, "10:30"), Event::Run(run))
}

fn check_in_days(told: &Told) -> Vec<i64> {
    told.story().chart.check_ins.iter().map(|check_in| (check_in.about_day - day(0)).num_days()).collect()
}

#[test]
fn a_half_marathon_with_good_mornings() {
    let told = tell(after_run_book()).with([half_marathon(0)]).pain("_ 3 1 1 1 1").until(12);
    assert_eq!(told.messages(), "PLAN 0, RUN 3");
    // Cleared on day 3, and asked once more on the day after.
    assert_eq!(check_in_days(&told), [1, 2, 3, 4]);
}

#[test]
fn amber_waits_for_the_longest_end_of_the_window() {
    let told = tell(after_run_book()).with([half_marathon(0)]).pain("_ 3 3 3 3 3 3").until(7);
    assert_eq!(told.messages(), "PLAN 0, RUN 5");
}

#[test]
fn never_without_a_report_and_never_while_a_flag_is_open() {
    let silent = tell(after_run_book()).with([half_marathon(0)]).until(20);
    assert_eq!(silent.told(), "PLAN 0");
    // Without a clearing report the patient counts as recovered a week after the window: asked up to day 13.
    assert_eq!(check_in_days(&silent), (1..=13).collect::<Vec<_>>());
    let flagged = tell(after_run_book()).with([half_marathon(0)]).pain("_ 5 5 1 5 1 1").until(7);
    assert_eq!(flagged.told(), "PLAN 0, HU 4, OK 6, RUN 6");
}

#[test]
fn a_jog_never_shortens_a_longer_window_and_a_new_run_begins_a_new_one() {
    let jog = run(1, None);
    let told = tell(after_run_book()).with([half_marathon(0)]).with(jog).pain("_ 1 1 1").until(4);
    assert_eq!(told.told(), "PLAN 0, PLAN 1, RUN 3");
    let later = run(5, None);
    let told = tell(after_run_book()).with([half_marathon(0)]).with(later).pain("_ 1 1 1 _ _ 1").until(8);
    assert_eq!(told.told(), "PLAN 0, RUN 3, PLAN 5, RUN 6");
}

#[test]
fn a_plan_is_sent_only_within_a_day_of_the_run() {
    let late = run_logged(0, 2, None);
    let told = tell(after_run_book()).with(late).until(3);
    assert_eq!(told.told(), "");
    let night = Run {
        id: "night".into(),
        started_at: at(0, "20:30"),
        distance_m: 5000.0,
        duration_s: None,
        kind: RunKind::Training,
    };
    let told = tell(after_run_book()).with([once(at(0, "21:30"), Event::Run(night))]).until(1);
    assert_eq!(told.told(), "PLAN 1");
}

#[test]
fn a_check_in_asks_about_the_newest_run_without_a_score() {
    let story = tell(after_run_book()).with(run(0, None)).until(1).story();
    let check_in = &story.chart.check_ins[0];
    assert_eq!(check_in.questions, ["pain", "limping", "pain_on_run"]);
    assert_eq!(check_in.about_run.as_ref().unwrap(), "r0");
    let scored = tell(after_run_book()).with(run(0, Some(2))).until(1).story();
    assert_eq!(scored.chart.check_ins[0].questions, ["pain", "limping"]);
}

#[test]
fn check_ins_go_on_while_flagged() {
    let told = tell(after_run_book()).with(run(0, None)).pain("_ 5 5 5 5 5 5 5").until(9);
    assert_eq!(check_in_days(&told), (1..=9).collect::<Vec<_>>());
    assert_eq!(told.told(), "PLAN 0, HU 4, SU 6");
}

#[test]
fn a_probe_asks_on_the_day_that_matters() {
    let mut book = book();
    book.check_ins[0].schedule = Schedule::EveryDays { days: 2, at: time("07:00") };
    // Enrolled on day -1, so due on odd days; a first report on day 1 wants day 4 and day 6.
    let told = tell(book).pain("_ 5 _ 5 5 _ 5").until(6);
    assert_eq!(check_in_days(&told), [-1, 1, 3, 4, 5, 6]);
    let probes: Vec<_> = told
        .story()
        .chart
        .check_ins
        .iter()
        .filter(|check_in| check_in.probe)
        .map(|check_in| (check_in.about_day - day(0)).num_days())
        .collect();
    assert_eq!(probes, [4, 6]);
    assert_eq!(told.told(), "HU 4, SU 6");
}

#[test]
fn one_reminder_and_none_after_an_answer() {
    let reminders =
        |told: &Told| listed(&told.story(), |subject| matches!(subject, Subject::Reminder { .. }));
    assert_eq!(reminders(&tell(book()).pain("5").until(0)), "CI -1");
    // Day 1 is the day after the second miss in a row: the nudge replaces the reminder.
    assert_eq!(reminders(&tell(book()).until(2)), "CI -1, CI 0, CI 2");
    assert_eq!(tell(book()).until(20).messages(), "ND 1");
}

#[test]
fn due_together_means_one_check_in_with_all_the_questions() {
    let mut book = after_run_book();
    let weekly = CheckInRule {
        id: "weekly".into(),
        starts: Starts::OnEnrolment,
        schedule: Schedule::cron("0 0 18 * * Tue").unwrap(),
        lasts: Lasts::Weeks(12),
        ask: vec![LIMP],
        ..book.check_ins[0].clone()
    };
    book.check_ins[0].ask = vec![PAIN];
    book.check_ins.push(weekly);
    let story = tell(book).with(run(0, Some(1))).until(1).story();
    let check_ins: Vec<_> = story
        .chart
        .check_ins
        .iter()
        .map(|check_in| (check_in.id.to_string(), check_in.questions.len()))
        .collect();
    assert_eq!(check_ins, [("morning-after".to_owned(), 2)]);
}

#[test]
fn an_emergency_tick_tells_the_clinic_now_and_withholds_good_news_until_resolved() {
    let ticked = Event::Answer(AnswerEvent {
        check_in: Some("morning-after".into()),
        run: None,
        about_day: day(3),
        values: values(&[("pain", Value::Number(0))]),
        emergencies: Some(vec!["chest-pain".into()]),
    });
    let told = tell(after_run_book()).with([half_marathon(0), once(at(3, "07:30"), ticked)]).until(4);
    assert_eq!(told.told(), "PLAN 0");
    assert_eq!(clinic(&told.story()), "Now - 3");
    let resolved = once(at(4, "09:00"), Event::EmergencyResolved {});
    let told = Told { events: [told.events.clone(), vec![resolved]].concat(), ..told };
    assert_eq!(told.told(), "PLAN 0, RUN 4");
}
