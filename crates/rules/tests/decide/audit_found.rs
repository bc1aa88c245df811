//! What is easily lost between two turns: ends told again, queued messages overtaken, travellers, edits.

// Long because: each case is a fault that was found once; together they can be read as the list they are.

use crate::support::*;
use afterrun_rules::{
    RuleBook,
    book::{CheckInRule, Condition, Flag, Lasts, OnLapsed, QuestionIx, Stage, Starts, TellClinic},
    chart::{AnswerEvent, Event, PauseEvent, Run, RunKind, TimedEvent, Value, Withdraw},
    decision::{Action, Subject},
    replay::{ChartError, parse_chart, replay},
    schedule::Schedule,
};
use chrono_tz::Tz;

fn half(number: i64, hour: &str, logged: &str) -> TimedEvent {
    let run = Run {
        id: "half".into(),
        started_at: at(number, hour),
        distance_m: 21_097.5,
        duration_s: Some(7200),
        kind: RunKind::Race("half-marathon".into()),
    };
    once(at(number, logged), Event::Run(run))
}

fn run_of(id: &str, number: i64, hour: &str, logged: &str, distance_m: f64) -> TimedEvent {
    let run = Run {
        id: id.into(),
        started_at: at(number, hour),
        distance_m,
        duration_s: None,
        kind: RunKind::Training,
    };
    once(at(number, logged), Event::Run(run))
}

fn pain_at(number: i64, hour: &str, about: i64, pain: i32) -> TimedEvent {
    answer_with(number, hour, about, &[("pain", Value::Number(pain))])
}

fn ticked(number: i64, hour: &str, about: i64, signs: &[&str]) -> TimedEvent {
    let event = Event::Answer(AnswerEvent {
        check_in: Some("daily".into()),
        run: None,
        about_day: day(about),
        values: values(&[]),
        emergencies: Some(signs.iter().map(|sign| (*sign).into()).collect()),
    });
    once(at(number, hour), event)
}

fn reasons(told: &Told) -> Vec<String> {
    let cancels = told.story().taken.into_iter().filter(|taken| taken.decision.action == Action::Cancel);
    cancels.map(|taken| taken.decision.reason.code.to_string()).collect()
}

// 2.4.4: the clinic hears of every lapse.

#[test]
fn a_second_silence_of_a_joined_episode_is_told_again() {
    let late = once(at(9, "09:00"), answer(9, 6, Some(5)).event);
    let told = tell(book()).pain("5 5 5 5 _ _ _ _ 5 5").with([late]).until(30);
    // The answer given on day 8 makes the first lapse untold to the patient; the clinic hears of both.
    assert_eq!(told.told(), "HU 3, SU 9, LT 14");
    assert_eq!(
        clinic(&told.story()),
        "Digest pain-lasting 3, Today pain-lasting 8, Digest pain-lasting 9, Today pain-lasting 14"
    );
}

#[test]
fn an_all_clear_taken_back_does_not_hide_the_silence_that_follows() {
    let corrected = once(at(5, "12:00"), answer(5, 5, Some(6)).event);
    let told = tell(book()).pain("5 5 5 5 1 1").with([corrected]).until(20);
    assert_eq!(told.told(), "HU 3, OK 5, SU 5, LT 10");
    assert!(clinic(&told.story()).ends_with("Today pain-lasting 10"), "{}", clinic(&told.story()));
}

#[test]
fn whoever_is_found_again_after_lost_touch_still_gets_the_all_clear() {
    let late = once(at(8, "19:00"), answer(8, 6, Some(5)).event);
    let told = tell(book()).pain("5 5 5 5 _ _ _ _ _ 1 1").with([late]).until(12);
    assert_eq!(told.told(), "HU 3, LT 8, SU 8, OK 10");
}

#[test]
fn stopping_on_the_day_of_a_lapse_does_not_hide_it_from_the_clinic() {
    let stop = once(at(8, "10:00"), Event::Stop {});
    let told = tell(book()).pain("5 5 5 5").with([stop]).until(20);
    assert_eq!(told.told(), "HU 3");
    assert_eq!(clinic(&told.story()), "Digest pain-lasting 3, Today pain-lasting 8");
}

#[test]
fn lost_touch_and_a_nudge_never_come_on_one_day() {
    let mut book = book();
    book.flags[0].bridge_silent_days = 1;
    let told = tell(book).pain("5 5 5 5").until(12);
    assert_eq!(told.messages(), "HU 3, LT 6");
}

#[test]
fn an_edit_that_shortens_the_bridge_does_not_hide_a_lapse_from_the_clinic() {
    let old = book();
    let mut new = book();
    new.flags[0].bridge_silent_days = 0;
    let mut story = tell(old.clone()).pain("5 5 5 5").until(6).story();
    story.new_rules(&old, &new, at(6, "20:00"));
    story.pass_until(&new, at(20, "00:00"));
    assert_eq!(clinic(&story), "Digest pain-lasting 3, Today pain-lasting 6");
    assert_eq!(listed(&story, |subject| matches!(subject, Subject::Lapsed { .. })), "");
}

// 2.4: a queued message is judged again just before sending.

#[test]
fn a_queued_stage_that_is_no_longer_reached_is_cancelled() {
    let night = pain_at(3, "21:00", 3, 5);
    let corrected = pain_at(3, "22:00", 0, 1);
    let told = tell(book()).pain("5 5 5").with([night, corrected]).until(3);
    assert_eq!(Told { until_day: 4, ..told }.told(), "");
}

#[test]
fn a_queued_stage_gives_way_to_a_higher_one() {
    let (night, morning) = (pain_at(4, "21:00", 4, 5), pain_at(5, "05:00", 5, 5));
    let told = tell(book()).pain("5 5").with([night, morning]).until(5);
    assert_eq!(told.told(), "SU 5");
}

#[test]
fn a_queued_stage_that_the_rule_book_no_longer_has_is_cancelled() {
    let old = book();
    let mut new = book();
    new.flags[0].stages.remove(0);
    let mut story = tell(old.clone()).pain("5 5 5").with([pain_at(3, "21:00", 3, 5)]).until(3).story();
    story = {
        let mut again = afterrun_rules::story::Story::new(afterrun_rules::Chart::new(
            "p1".into(),
            Tz::UTC,
            at(-1, "00:00"),
        ));
        for event in
            [answer(0, 0, Some(5)), answer(1, 1, Some(5)), answer(2, 2, Some(5)), pain_at(3, "21:00", 3, 5)]
        {
            again.take_in(&old, event.at, std::slice::from_ref(&event));
        }
        let _ = story;
        again
    };
    story.new_rules(&old, &new, at(3, "22:00"));
    story.pass_until(&new, at(4, "23:00"));
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "");
}

#[test]
fn a_queued_word_to_run_again_falls_with_the_report_behind_it() {
    let clear = |hour, pain| pain_at(3, hour, 3, pain);
    let withdraw = Event::Withdraw(Withdraw { check_in: Some("daily".into()), run: None, about_day: day(3) });
    for then in [clear("22:00", 3), once(at(3, "22:00"), withdraw)] {
        let told = tell(book()).with([half(0, "08:00", "10:30"), clear("21:00", 1), then]).until(4);
        assert_eq!(told.told(), "PLAN 0");
        assert_eq!(reasons(&told), ["overtaken"]);
    }
}

#[test]
fn a_queued_word_to_run_again_falls_with_a_run_on_the_day_of_the_report() {
    let told = tell(book())
        .with([
            half(0, "08:00", "10:30"),
            pain_at(3, "20:30", 3, 1),
            run_of("new", 3, "21:00", "22:30", 17_000.0),
        ])
        .until(4);
    assert_eq!(told.told(), "PLAN 0, PLAN 4");
}

#[test]
fn a_queued_plan_follows_a_correction_of_its_run() {
    let told = tell(book())
        .with([run_of("r", 0, "20:00", "21:00", 5_000.0), run_of("r", 0, "20:00", "21:05", 17_000.0)])
        .until(1);
    assert_eq!(told.told(), "PLAN 1");
    let story = told.story();
    let plan =
        story.sent().find(|taken| matches!(taken.decision.identity.subject, Subject::RecoveryPlan { .. }));
    assert_eq!(plan.unwrap().decision.facts.rest_days, Some((2, 3)));
}

#[test]
fn a_plan_withheld_for_an_emergency_comes_once_it_is_resolved() {
    let told = tell(book())
        .with([
            run_of("r", 0, "20:00", "21:00", 5_000.0),
            ticked(0, "21:30", 0, &["chest-pain"]),
            once(at(0, "22:30"), Event::EmergencyResolved {}),
        ])
        .until(1);
    assert_eq!(told.told(), "PLAN 1");
}

// 2.4.3

#[test]
fn a_run_corrected_to_a_longer_one_takes_its_clearance_back() {
    let longer = once(at(2, "12:00"), half(0, "06:00", "09:00").event);
    let Event::Run(mut corrected) = longer.event.clone() else { unreachable!() };
    corrected.id = "r0".into();
    let told = tell(book())
        .with(run(0, None))
        .with([once(at(2, "12:00"), Event::Run(corrected))])
        .pain("_ 1 1 1 1")
        .until(5);
    assert_eq!(told.told(), "PLAN 0, RUN 1, RUN 3");
}

#[test]
fn a_removed_run_does_not_repeat_the_word_to_run_again() {
    let jog = run_of("jog", 1, "06:00", "07:00", 5_000.0);
    let removed = once(at(3, "12:00"), Event::RunRemoved { run: "half".into() });
    let told = tell(book()).with([half(0, "08:00", "10:30"), jog, removed]).pain("_ 1 1 1 1").until(6);
    assert_eq!(told.told(), "PLAN 0, PLAN 1, RUN 3");
}

// 2.4.1

#[test]
fn flags_that_outrank_each_other_do_not_silence_both() {
    let mut book = book();
    let urgent = |id: &str, question| Flag {
        outranks: vec![(if id == "a" { "b" } else { "a" }).into()],
        ..flag(id, question, vec![stage("now", 0, 1, &id.to_uppercase())])
    };
    book.flags = vec![urgent("a", Condition::AtLeast(PAIN, 4)), urgent("b", Condition::Yes(LIMP))];
    let both = answer_with(0, "08:00", 0, &[("pain", Value::Number(5)), ("limping", Value::YesNo(true))]);
    assert_eq!(tell(book).with([both]).told(), "A 0");
}

#[test]
fn what_a_cancelled_message_covered_by_way_of_another_is_planned_again() {
    let mut book = book();
    let of = |id: &str, outranks: &[&str], condition| Flag {
        outranks: outranks.iter().map(|id| (*id).into()).collect(),
        ..flag(id, condition, vec![stage("now", 0, 1, &id.to_uppercase())])
    };
    book.flags = vec![
        of("a", &["b"], Condition::AtLeast(PAIN, 8)),
        of("b", &["c"], Condition::AtLeast(PAIN, 6)),
        of("c", &[], Condition::Yes(LIMP)),
    ];
    let report = |hour, pain| {
        answer_with(0, hour, 0, &[("pain", Value::Number(pain)), ("limping", Value::YesNo(true))])
    };
    let told = tell(book).with([report("21:00", 9), report("22:00", 1)]).until(1);
    assert_eq!(told.told(), "C 1");
}

#[test]
fn an_urgent_reminder_is_not_put_off_by_a_calm_new_stage() {
    let mut book = book();
    let severe = Stage {
        urgent: true,
        tell_clinic: TellClinic::Now,
        remind: Some(afterrun_rules::book::Remind { every_days: 2, at_most: 2 }),
        ..stage("now", 0, 1, "SEVERE")
    };
    book.flags = vec![
        flag("severe", Condition::AtLeast(PAIN, 8), vec![severe]),
        flag("limping", Condition::Yes(LIMP), vec![stage("advice", 0, 1, "LIMP")]),
    ];
    let night = answer_with(2, "22:00", 2, &[("pain", Value::Number(9)), ("limping", Value::YesNo(true))]);
    let told = tell(book).pain("9").with([night]).until(3);
    assert_eq!(told.told(), "SEVERE 0, SEVERE 2");
}

#[test]
fn the_clinic_hears_at_the_most_pressing_level_of_the_stages_newly_reached() {
    let mut book = book();
    let stages = vec![
        Stage { tell_clinic: TellClinic::Now, ..stage("low", 2, 1, "LOW") },
        Stage { tell_clinic: TellClinic::Digest, ..stage("high", 3, 1, "HIGH") },
    ];
    book.flags = vec![flag("pain-lasting", Condition::AtLeast(PAIN, 4), stages)];
    let told = tell(book).pain("5 _ _ 5");
    assert_eq!(told.told(), "HIGH 3");
    assert_eq!(clinic(&told.story()), "Now pain-lasting 3");
}

#[test]
fn mail_queued_for_the_morning_does_not_come_at_night_after_a_change_of_zone() {
    let night = pain_at(3, "21:00", 3, 5);
    let moved = once(at(3, "22:00"), Event::TimeZone { time_zone: Tz::Pacific__Honolulu });
    let told = tell(book()).pain("5 5 5").with([night, moved]).until(5);
    let story = told.story();
    let heads_up = story.sent().find(|taken| taken.decision.identity.subject.stage().is_some()).unwrap();
    let local = heads_up.decision.at.with_timezone(&Tz::Pacific__Honolulu).time();
    assert!(time("07:00") <= local && local < time("20:00"), "sent at {local}");
}

// 2.4.2

fn after_run(ask: Vec<QuestionIx>) -> RuleBook {
    let mut book = book();
    book.check_ins = vec![CheckInRule {
        id: "morning-after".into(),
        starts: Starts::AfterRun,
        schedule: Schedule::Daily { at: time("07:00") },
        lasts: Lasts::UntilRecovered { extra_days: 1 },
        ask,
        ..book.check_ins[0].clone()
    }];
    book
}

#[test]
fn an_older_run_without_a_score_is_asked_about_when_the_newest_has_one() {
    let runs = [run(0, None), run(1, Some(3))].concat();
    let story = tell(after_run(vec![PAIN, RUN_PAIN])).with(runs).until(2).story();
    assert_eq!(story.chart.check_ins.last().unwrap().about_run, Some("r0".into()));
}

#[test]
fn a_check_in_without_a_question_is_not_opened() {
    let told = tell(after_run(vec![RUN_PAIN])).with(run(0, Some(2))).until(5);
    assert_eq!(told.story().chart.check_ins, []);
}

#[test]
fn a_probe_comes_although_another_check_in_of_the_day_asks_something_else() {
    let mut book = book();
    let sunday = CheckInRule {
        id: "other".into(),
        schedule: Schedule::cron("0 0 12 * * Thu").unwrap(),
        ask: vec![LIMP],
        ..book.check_ins[0].clone()
    };
    book.check_ins[0].schedule = Schedule::EveryDays { days: 30, at: time("07:00") };
    book.check_ins.push(sunday);
    // Day 3 is a Thursday.
    let story = tell(book).pain("5").until(3).story();
    let asked = story.chart.check_ins.iter().filter(|check_in| check_in.about_day == day(3));
    assert!(asked.flat_map(|check_in| &check_in.questions).any(|question| *question == "pain"));
}

#[test]
fn a_flag_over_runs_is_not_probed_on_days() {
    let mut book = after_run(vec![PAIN, RUN_PAIN]);
    book.flags[1].stages.push(stage("again", 9, 2, "WR2"));
    book.check_ins[0].lasts = Lasts::Days(2);
    let runs = [run(0, Some(2)), run(2, Some(3)), run(4, Some(5))].concat();
    let story = tell(book).with(runs).until(14).story();
    assert!(story.chart.check_ins.iter().all(|check_in| !check_in.probe), "{:?}", story.chart.check_ins);
}

#[test]
fn one_silence_is_nudged_once_although_its_first_days_are_excused_later() {
    let told = tell(book()).pain("1").with([once(at(3, "20:00"), excuse(1, 2).event)]).until(8);
    assert_eq!(told.messages(), "ND 3");
}

// 2.4.5

#[test]
fn a_date_that_a_zone_skips_is_excused() {
    let mut told = tell(book());
    told.zone = Tz::Pacific__Apia;
    let chart = afterrun_rules::Chart::new("p1".into(), told.zone, "2011-12-20T00:00:00Z".parse().unwrap());
    let mut story = afterrun_rules::story::Story::new(chart);
    let answered = |about: &str| {
        Event::Answer(AnswerEvent {
            check_in: Some("daily".into()),
            run: None,
            about_day: about.parse().unwrap(),
            values: values(&[("pain", Value::Number(5))]),
            emergencies: None,
        })
    };
    // Silent: 27, 28, 29; skipped: 30.
    for (at, about) in [("2011-12-26T20:00:00Z", "2011-12-26"), ("2011-12-30T20:00:00Z", "2011-12-31")] {
        let at = at.parse().unwrap();
        story.take_in(&told.book, at, &[once(at, answered(about))]);
    }
    assert_eq!(story.sent().filter(|taken| taken.decision.identity.subject.stage().is_some()).count(), 1);
}

#[test]
fn a_run_ahead_of_the_new_zones_date_still_leads_to_check_ins() {
    let moved = once(at(1, "10:30"), Event::TimeZone { time_zone: Tz::Pacific__Pago_Pago });
    let ran = {
        let run = Run {
            id: "r".into(),
            started_at: at(0, "20:00"),
            distance_m: 5000.0,
            duration_s: None,
            kind: RunKind::Training,
        };
        once(at(0, "21:00"), Event::Run(run))
    };
    let mut told =
        tell(after_run(vec![PAIN])).with([ran, once(at(0, "22:00"), moved.event.clone())]).until(5);
    told.zone = Tz::Pacific__Kiritimati;
    assert!(!told.story().chart.check_ins.is_empty());
}

#[test]
fn the_current_day_is_the_newest_about_day_even_two_dates_ahead() {
    // 10:30 UTC: Kiritimati has begun the next day, Pago Pago has not ended the day before.
    let mut told = tell(book()).with([
        answer_with(-1, "12:00", 0, &[("pain", Value::Number(5))]),
        answer_with(0, "12:00", 1, &[("pain", Value::Number(5))]),
        answer_with(1, "12:00", 2, &[("pain", Value::Number(5))]),
        answer_with(2, "10:20", 3, &[("pain", Value::Number(5))]),
        once(at(2, "10:30"), Event::TimeZone { time_zone: Tz::Pacific__Pago_Pago }),
    ]);
    told.zone = Tz::Pacific__Kiritimati;
    let story = told.story();
    let assessed = afterrun_rules::assess(&told.book, &story.chart, at(2, "10:45"));
    assert_eq!(assessed.day, day(3));
}

// 2.4.4 emergencies

#[test]
fn two_ticks_of_one_instant_are_both_told() {
    let mut book = book();
    book.emergencies.push(afterrun_rules::book::Sign {
        id: "calf".into(),
        ask: "Calf".into(),
        ..book.emergencies[0].clone()
    });
    let mut second = ticked(0, "08:00", -1, &["calf"]);
    second.at = at(0, "08:00");
    let story = tell(book).with([ticked(0, "08:00", 0, &["chest-pain"]), second]).story();
    let said: String = story.taken.iter().map(|taken| taken.decision.reason.text.to_string()).collect();
    assert!(said.contains("Chest pain") && said.contains("Calf"), "{said}");
}

#[test]
fn a_tick_at_the_instant_an_earlier_one_is_resolved_stays_open() {
    let told = tell(book()).with([
        ticked(0, "07:00", -1, &["chest-pain"]),
        once(at(0, "08:00"), Event::EmergencyResolved {}),
        ticked(0, "08:00", 0, &["chest-pain"]),
    ]);
    assert!(told.story().chart.has_open_emergency());
}

#[test]
fn an_edit_of_the_rules_does_not_report_somebody_who_stopped_before_it() {
    let old = book();
    let mut new = book();
    new.flags.push(flag("mild", Condition::AtLeast(PAIN, 1), vec![stage("one", 3, 1, "MILD")]));
    let mut story =
        tell(old.clone()).pain("1 1").with([once(at(1, "12:00"), Event::Stop {})]).until(1).story();
    story.new_rules(&old, &new, at(2, "12:00"));
    story.pass_until(&new, at(3, "23:00"));
    assert_eq!(clinic(&story), "");
}

#[test]
fn a_renamed_flag_is_not_reported_twice() {
    let old = book();
    let mut new = book();
    new.flags[0].id = "pain".into();
    new.flags[0].formerly = vec!["pain-lasting".into()];
    let mut story =
        tell(old.clone()).pain("5 5").with([once(at(1, "12:00"), Event::Stop {})]).until(1).story();
    story.new_rules(&old, &new, at(2, "12:00"));
    story.pass_until(&new, at(3, "23:00"));
    assert_eq!(clinic(&story), "Today pain-lasting 1");
}

// 2.4 and 2.6: about-day, runs, order of lines.

#[track_caller]
fn refused(event: &str, because: &str) {
    let json = format!(
        r#"{{"patient": {{"id": "p", "time_zone": "Europe/London", "enrolled_at": "2026-03-20T09:00:00Z"}}, "events": [{event}]}}"#
    );
    let file = parse_chart(&json).unwrap();
    match replay(&book(), &file, None) {
        Err(ChartError::Event { index: 0, problem }) => assert!(problem.contains(because), "{problem}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_about_tomorrow_is_refused() {
    refused(
        r#"{"at": "2026-03-25T09:00:00Z", "answer": {"check_in": "daily", "about_day": "2026-03-26", "values": {"pain": 5}}}"#,
        "future",
    );
}

#[test]
fn a_run_of_long_before_the_enrolment_is_refused() {
    refused(
        r#"{"at": "2026-03-20T10:00:00Z", "run": {"id": "r", "started_at": "2026-01-20T10:00:00Z", "distance_m": 5000}}"#,
        "14 days",
    );
}

#[test]
fn a_score_given_with_a_check_in_is_refused_rather_than_lost() {
    refused(
        r#"{"at": "2026-03-25T09:00:00Z", "answer": {"check_in": "daily", "about_day": "2026-03-25", "values": {"pain_on_run": 5}}}"#,
        "pain_on_run",
    );
}

#[test]
fn lines_are_sorted_by_time_not_by_text() {
    let json = r#"{"patient": {"id": "p", "time_zone": "UTC", "enrolled_at": "2026-01-04T08:00:00Z"}, "events": [
        {"at": "2026-01-05T09:00:00Z", "answer": {"check_in": "daily", "about_day": "2026-01-05", "values": {"pain": 1}, "emergencies": ["chest-pain"]}},
        {"at": "2026-01-05T09:00:00.500Z", "answer": {"check_in": "daily", "about_day": "2026-01-04", "values": {"pain": 1}, "emergencies": ["chest-pain"]}}
    ]}"#;
    let lines = replay(&book(), &parse_chart(json).unwrap(), None).unwrap();
    let told: Vec<_> =
        lines.iter().filter(|line| line.action == "tell_clinic").map(|line| line.at.as_str()).collect();
    assert_eq!(told, ["2026-01-05T09:00:00Z", "2026-01-05T09:00:00.500Z"]);
}

#[test]
fn the_newest_score_of_a_run_counts_although_the_runs_date_was_corrected() {
    let score = |logged: i64, id: &str, about: i64, score: i32| {
        let answer = AnswerEvent {
            check_in: None,
            run: Some(id.into()),
            about_day: day(about),
            values: values(&[("pain_on_run", Value::Number(score))]),
            emergencies: None,
        };
        once(at(logged, "10:00"), Event::Answer(answer))
    };
    let moved = once(at(6, "09:30"), run_of("r4", 5, "06:00", "09:30", 5000.0).event);
    let runs = [run(0, Some(2)), run(2, Some(3)), run(4, Some(3))].concat();
    let told = tell(book()).with(runs).with([moved, score(6, "r4", 5, 6)]).until(7);
    assert!(told.told().contains("WR 6"), "{}", told.told());
}

#[test]
fn a_late_report_that_completes_a_stage_counts_as_received_after_the_new_book() {
    let book = book();
    let mut story = tell(book.clone()).pain("_ _ _ 5 5").until(4).story();
    story.new_rules(&book, &book.clone(), at(4, "23:59"));
    story.take_in(&book, at(5, "00:30"), &[once(at(5, "00:30"), answer(5, 1, Some(5)).event)]);
    story.pass_until(&book, at(5, "12:00"));
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "HU 5");
}

#[test]
fn a_lapse_is_told_in_the_digest_although_its_flag_says_nothing_of_lapses() {
    let mut book = book();
    book.flags[0].on_lapsed = Some(OnLapsed { send: None, tell_clinic: TellClinic::Nobody });
    let told = tell(book).pain("5 5 5 5").until(20);
    assert_eq!(clinic(&told.story()), "Digest pain-lasting 3, Digest pain-lasting 8");
    let _ = PauseEvent { until: None };
}

#[test]
fn the_probe_of_a_later_stage_comes_although_that_of_an_earlier_one_was_missed() {
    let mut book = book();
    book.check_ins[0].schedule = Schedule::EveryDays { days: 60, at: time("07:00") };
    book.check_ins[0].nudge = None;
    book.check_ins[0].remind_after_hours = None;
    book.flags[0].bridge_silent_days = 9;
    let story = tell(book).pain("5").until(6).story();
    let asked: Vec<_> = story.chart.check_ins.iter().map(|check_in| check_in.about_day).collect();
    assert_eq!(asked, [day(-1), day(3), day(5)]);
}

#[test]
fn a_lapse_put_off_by_an_excuse_is_told_at_its_new_time() {
    let mut book = book();
    book.flags[0].bridge_silent_days = 0;
    let told = tell(book.clone()).pain("5").with([once(at(2, "07:29"), excuse(0, 2).event)]).until(12);
    assert_eq!(clinic(&told.story()), "Digest pain-lasting 4");
    // Learned of on the day of the lapse, after the hour at which the plan last looked.
    let weekly = CheckInRule {
        schedule: Schedule::EveryDays { days: 30, at: time("07:00") },
        nudge: None,
        remind_after_hours: None,
        ..book.check_ins[0].clone()
    };
    book.check_ins = vec![weekly];
    let told = tell(book).pain("5").with([once(at(2, "07:29"), excuse(0, 2).event)]).until(12);
    assert_eq!(clinic(&told.story()), "Digest pain-lasting 4");
}

#[test]
fn a_later_check_in_for_which_no_place_is_left_is_dropped_once_and_the_chart_stays_awake() {
    let mut book = book();
    book.clinic.limits.normal_per_patient_day = 1;
    book.check_ins[0].ask = vec![LIMP];
    let flagged = CheckInRule {
        id: "flagged".into(),
        starts: Starts::WhileFlagged,
        schedule: Schedule::Daily { at: time("12:00") },
        lasts: Lasts::UntilClear,
        ask: vec![PAIN],
        ..book.check_ins[0].clone()
    };
    book.check_ins.push(flagged);
    let late = answer_with(0, "08:00", -1, &[("pain", Value::Number(5))]);
    let told = tell(book).with([late]).until(6);
    let dropped = told.story().taken.into_iter().filter(|taken| {
        matches!(&taken.decision.identity.subject, Subject::CheckIn { check_in, about_day } if *check_in == "flagged" && *about_day == day(0))
    });
    assert_eq!(dropped.count(), 1);
    assert_eq!(clinic(&told.story()), "Digest pain-lasting 4");
}
