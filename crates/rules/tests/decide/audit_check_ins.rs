//! 2.4.2: who is asked when.

use crate::support::*;
use afterrun_rules::{
    RuleBook,
    book::{CheckInRule, Lasts, QuestionIx, Starts},
    chart::{Event, PauseEvent, Run, RunKind, TimedEvent, Value},
    decision::{Action, Subject},
    schedule::Schedule,
};
use chrono_tz::Tz;

fn rule(id: &str, starts: Starts, schedule: Schedule, lasts: Lasts, ask: &[QuestionIx]) -> CheckInRule {
    CheckInRule {
        id: id.into(),
        starts,
        schedule,
        lasts,
        ask: ask.to_vec(),
        remind_after_hours: None,
        nudge: None,
        ..book().check_ins[0].clone()
    }
}

fn with(check_ins: Vec<CheckInRule>) -> RuleBook {
    RuleBook { check_ins, ..book() }
}

fn daily(at: &str) -> Schedule {
    Schedule::Daily { at: time(at) }
}

fn cron(expression: &str) -> Schedule {
    Schedule::cron(expression).unwrap()
}

/// Check-ins as `id day hour`.
fn asked(told: &Told) -> Vec<String> {
    let shown = told.story().chart.check_ins.into_iter().map(|check_in| {
        let day = (check_in.about_day - day(0)).num_days();
        format!("{} {day} {}", check_in.id, check_in.opened_at.with_timezone(&told.zone).format("%H:%M"))
    });
    shown.collect()
}

#[test]
fn those_due_on_a_day_are_merged_at_the_earliest_time_under_the_first_id() {
    let book = with(vec![
        rule("late", Starts::OnEnrolment, daily("10:00"), Lasts::Weeks(1), &[PAIN]),
        rule("early", Starts::OnEnrolment, daily("08:00"), Lasts::Weeks(1), &[LIMP, PAIN]),
    ]);
    let told = tell(book).until(0);
    assert_eq!(asked(&told), ["late -1 08:00", "late 0 08:00"]);
    assert_eq!(told.story().chart.check_ins[0].questions, ["limping", "pain"]);
}

#[test]
fn a_later_one_comes_only_for_a_question_an_open_episode_uses_and_was_not_asked() {
    let later = |ask: &[QuestionIx]| {
        with(vec![
            rule("first", Starts::OnEnrolment, daily("07:00"), Lasts::Days(2), &[LIMP]),
            rule("flagged", Starts::WhileFlagged, daily("12:00"), Lasts::UntilClear, ask),
        ])
    };
    // Onset yesterday: while-flagged begins today and is merged into today's one check-in.
    let told =
        tell(later(&[PAIN])).with([answer_with(-1, "20:00", -1, &[("pain", Value::Number(5))])]).until(0);
    assert_eq!(asked(&told), ["first -1 07:00", "first 0 07:00"]);
    // Onset yesterday, learned of after today's check-in: a later one, for the pain.
    let late = answer_with(0, "08:00", -1, &[("pain", Value::Number(5))]);
    let told = tell(later(&[PAIN, LIMP])).with([late.clone()]).until(0);
    assert_eq!(asked(&told), ["first -1 07:00", "first 0 07:00", "flagged 0 12:00"]);
    assert_eq!(told.story().chart.check_ins[2].questions, ["pain"]);
    // Nothing it could ask that was not asked: dropped.
    let mut same = later(&[PAIN]);
    same.check_ins[0].ask = vec![PAIN];
    assert_eq!(asked(&tell(same).with([late]).until(0)), ["first -1 07:00", "first 0 07:00"]);
}

#[test]
fn a_cron_expression_that_fires_twice_a_day_counts_once() {
    let book =
        with(vec![rule("twice", Starts::OnEnrolment, cron("0 0 8,12 * * *"), Lasts::Weeks(1), &[PAIN])]);
    assert_eq!(asked(&tell(book).until(1)), ["twice -1 08:00", "twice 0 08:00", "twice 1 08:00"]);
}

fn ran(number: i64, hour: &str, logged: i64, logged_hour: &str) -> TimedEvent {
    let run = Run {
        id: "r".into(),
        started_at: at(number, hour),
        distance_m: 5000.0,
        duration_s: None,
        kind: RunKind::Training,
    };
    once(at(logged, logged_hour), Event::Run(run))
}

fn after_run(schedule: Schedule, lasts: Lasts) -> RuleBook {
    with(vec![rule("after", Starts::AfterRun, schedule, lasts, &[PAIN])])
}

#[test]
fn after_a_run_from_the_first_occurrence_after_its_date_and_after_it_was_logged() {
    let book = || after_run(daily("07:00"), Lasts::Days(2));
    assert_eq!(
        asked(&tell(book()).with([ran(0, "05:00", 0, "06:00")]).until(9)),
        ["after 1 07:00", "after 2 07:00"]
    );
    assert_eq!(asked(&tell(book()).with([ran(0, "22:00", 1, "09:00")]).until(9)), ["after 2 07:00"]);
    assert_eq!(asked(&tell(book()).with([ran(0, "22:00", 3, "09:00")]).until(9)), Vec::<String>::new());
}

#[test]
fn every_days_counts_from_the_start_date() {
    let every = || Schedule::EveryDays { days: 3, at: time("07:00") };
    let enrolled = with(vec![rule("e", Starts::OnEnrolment, every(), Lasts::Weeks(2), &[PAIN])]);
    assert_eq!(asked(&tell(enrolled).until(6)), ["e -1 07:00", "e 2 07:00", "e 5 07:00"]);
    let after = after_run(every(), Lasts::Days(7));
    assert_eq!(
        asked(&tell(after).with([ran(0, "05:00", 0, "06:00")]).until(9)),
        ["after 1 07:00", "after 4 07:00", "after 7 07:00"]
    );
}

#[test]
fn twelve_weeks_are_eighty_four_dates_from_enrolment() {
    let book = with(vec![rule("w", Starts::OnEnrolment, daily("07:00"), Lasts::Weeks(12), &[PAIN])]);
    let days = asked(&tell(book).until(100));
    assert_eq!((days.len(), days[83].as_str()), (84, "w 82 07:00"));
}

#[test]
fn while_flagged_from_the_date_after_onset_at_most_twenty_eight_days_then_the_clinic() {
    let mut book = with(vec![rule("f", Starts::WhileFlagged, daily("07:00"), Lasts::UntilClear, &[PAIN])]);
    book.flags[0].stages.clear();
    let series = "5 ".repeat(40);
    let told = tell(book).pain(&series).until(39);
    let days: Vec<i64> = told
        .story()
        .chart
        .check_ins
        .iter()
        .map(|check_in| (check_in.about_day - day(0)).num_days())
        .collect();
    assert_eq!(days, (1..=28).collect::<Vec<_>>());
    assert_eq!(clinic(&told.story()), "Today pain-lasting 29");
}

#[test]
fn while_flagged_looks_only_at_flags_that_use_its_questions() {
    let book = with(vec![rule("f", Starts::WhileFlagged, daily("07:00"), Lasts::UntilClear, &[LIMP])]);
    let told = tell(book).with([answer(0, 0, Some(5))]).until(2);
    // No check-in that asks about pain exists, so there is no probe either.
    assert_eq!(asked(&told), Vec::<String>::new());
}

#[test]
fn while_flagged_ends_with_the_episode() {
    let book = with(vec![rule("f", Starts::WhileFlagged, daily("07:00"), Lasts::UntilClear, &[PAIN])]);
    assert_eq!(asked(&tell(book).pain("5 1 1").until(6)), ["f 1 07:00", "f 2 07:00"]);
}

#[test]
fn a_question_about_a_run_is_asked_only_after_a_run() {
    let book = with(vec![rule("d", Starts::OnEnrolment, daily("07:00"), Lasts::Weeks(1), &[PAIN, RUN_PAIN])]);
    let story = tell(book).with([ran(0, "05:00", 0, "06:00")]).until(1).story();
    assert!(story.chart.check_ins.iter().all(|check_in| check_in.questions == ["pain"]));
}

fn probing(extra: Vec<CheckInRule>) -> RuleBook {
    let daily_once = rule("opener", Starts::OnEnrolment, daily("07:30"), Lasts::Days(2), &[PAIN]);
    let daily_once = CheckInRule { id: "daily".into(), ..daily_once };
    with([vec![daily_once], extra].concat())
}

#[test]
fn a_probe_takes_template_and_time_of_while_flagged_or_of_the_opener_one_per_stage() {
    let told = tell(probing(vec![])).pain("5 _ _ 5").until(7);
    assert_eq!(asked(&told), ["daily -1 07:30", "daily 0 07:30", "daily 3 07:30", "daily 5 07:30"]);
    let weekly = rule("flagged", Starts::WhileFlagged, cron("0 30 11 1 1 *"), Lasts::UntilClear, &[PAIN]);
    let told = tell(probing(vec![weekly])).pain("5 _ 5").until(4);
    assert_eq!(asked(&told), ["daily -1 07:30", "daily 0 07:30", "flagged 3 11:30"]);
}

#[test]
fn no_probe_once_the_stage_is_told_or_the_spell_over() {
    assert_eq!(asked(&tell(probing(vec![])).pain("5 1 1").until(7)).len(), 2);
}

#[test]
fn a_miss_is_known_when_its_day_has_ended_and_the_nudge_comes_the_day_after_the_second() {
    let nudges = |told: &Told| listed(&told.story(), |subject| matches!(subject, Subject::Nudge { .. }));
    assert_eq!(nudges(&tell(book()).pain("1").until(2)), "");
    assert_eq!(nudges(&tell(book()).pain("1").until(3)), "ND 3");
    assert_eq!(nudges(&tell(book()).pain("1").until(30)), "ND 3", "once per silence");
    assert_eq!(nudges(&tell(book()).pain("1 _ _ _ _ 1").until(9)), "ND 3, ND 8", "a new silence");
}

#[test]
fn an_answer_on_the_morning_of_the_nudge_or_a_late_one_takes_it_away() {
    let nudges = |told: &Told| listed(&told.story(), |subject| matches!(subject, Subject::Nudge { .. }));
    assert_eq!(nudges(&tell(book()).pain("1 _ _ 1").until(3)), "");
    let late = answer(3, 1, Some(1));
    assert_eq!(nudges(&tell(book()).pain("1").with([late]).until(3)), "");
}

#[test]
fn excused_days_are_not_misses() {
    let nudges = |told: &Told| listed(&told.story(), |subject| matches!(subject, Subject::Nudge { .. }));
    assert_eq!(nudges(&tell(book()).pain("1").with([excuse(1, 1)]).until(3)), "");
    assert_eq!(nudges(&tell(book()).pain("1").with([excuse(1, 1)]).until(4)), "ND 4");
}

#[test]
fn nudge_or_lost_touch_replaces_the_reminder_of_the_day() {
    let told = tell(book()).pain("5 5 5 5").until(8);
    let story = told.story();
    let on = |wanted: i64| {
        let of_day = story.sent().filter(|taken| taken.decision.at.date_naive() == day(wanted));
        let said = of_day.filter_map(|taken| match &taken.decision.action {
            Action::Send { message, .. } => Some(message.to_string()),
            _ => None,
        });
        said.collect::<Vec<_>>()
    };
    assert_eq!(
        (on(5), on(6), on(7), on(8)),
        (vec!["CI".to_owned()], vec!["ND".to_owned()], vec!["CI".to_owned()], vec!["LT".to_owned()])
    );
}

#[test]
fn a_pause_asks_nothing_and_a_resume_asks_from_that_day() {
    let paused = tell(book()).with([once(at(0, "12:00"), Event::Pause(PauseEvent { until: None }))]);
    let days = |told: &Told| -> Vec<i64> {
        told.story().chart.check_ins.iter().map(|check_in| (check_in.about_day - day(0)).num_days()).collect()
    };
    assert_eq!(days(&paused.until(9)), [-1, 0]);
    let resumed = tell(book())
        .with([
            once(at(0, "12:00"), Event::Pause(PauseEvent { until: None })),
            once(at(4, "09:30"), Event::Resume {}),
        ])
        .until(5);
    assert_eq!(days(&resumed), [-1, 0, 4, 5]);
    assert_eq!(resumed.messages(), "");
}

#[test]
fn an_answer_given_ahead_of_the_check_in_leaves_nothing_to_ask() {
    let early = answer_with(0, "05:00", 0, &[("pain", Value::Number(1))]);
    assert_eq!(asked(&tell(book()).with([early]).until(0)), ["daily -1 07:00"]);
}

#[test]
fn a_wall_time_that_the_clocks_skip_means_the_next_minute_and_one_twice_the_first() {
    let book = with(vec![rule("n", Starts::OnEnrolment, daily("01:30"), Lasts::Weeks(60), &[PAIN])]);
    let mut story = afterrun_rules::story::Story::new(afterrun_rules::Chart::new(
        "p".into(),
        Tz::Europe__London,
        "2026-03-28T00:00:00Z".parse().unwrap(),
    ));
    let mut book = book;
    book.clinic.send_window.from = time("00:00");
    story.pass_until(&book, "2026-03-30T12:00:00Z".parse().unwrap());
    let opened: Vec<_> =
        story.chart.check_ins.iter().map(|check_in| check_in.opened_at.to_rfc3339()).collect();
    assert_eq!(
        opened,
        ["2026-03-28T01:30:00+00:00", "2026-03-29T01:00:00+00:00", "2026-03-30T00:30:00+00:00"]
    );
}
