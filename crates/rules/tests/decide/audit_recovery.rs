//! 2.4.3 to 2.4.5: rest after runs, lapses and emergencies, zones.

use crate::support::*;
use afterrun_rules::{
    chart::{AnswerEvent, Chart, Event, PauseEvent, Run, RunKind, TimedEvent, Value},
    decision::Subject,
    replay::{ChartError, parse_chart, replay},
    story::Story,
};
use chrono_tz::Tz;

fn ran(id: &str, number: i64, hour: &str, logged: &str, distance_m: f64, race: Option<&str>) -> TimedEvent {
    let run = Run {
        id: id.into(),
        started_at: at(number, hour),
        distance_m,
        duration_s: None,
        kind: race.map_or(RunKind::Training, |race| RunKind::Race(race.into())),
    };
    once(at(number, logged), Event::Run(run))
}

fn half(number: i64) -> TimedEvent {
    ran("half", number, "06:00", "09:00", 21_097.5, Some("half-marathon"))
}

fn pain(number: i64, hour: &str, pain: i32) -> TimedEvent {
    answer_with(number, hour, number, &[("pain", Value::Number(pain))])
}

fn tick(number: i64, hour: &str) -> TimedEvent {
    let event = Event::Answer(AnswerEvent {
        check_in: Some("daily".into()),
        run: None,
        about_day: day(number),
        values: values(&[("pain", Value::Number(0))]),
        emergencies: Some(vec!["chest-pain".into()]),
    });
    once(at(number, hour), event)
}

#[test]
fn a_race_beats_a_distance_and_an_unknown_race_falls_back_to_it() {
    let told =
        |race| tell(book()).with([ran("r", 0, "06:00", "09:00", 21_097.5, race)]).pain("_ 1 1 1 1").told();
    assert_eq!(told(Some("half-marathon")), "PLAN 0, RUN 3");
    assert_eq!(told(None), "PLAN 0, RUN 2");
    assert_eq!(told(Some("fun-run")), "PLAN 0, RUN 2");
}

#[test]
fn distance_bands_are_half_open() {
    let told =
        |metres| tell(book()).with([ran("r", 0, "06:00", "09:00", metres, None)]).pain("_ 1 1 1").told();
    assert_eq!(told(15_999.9), "PLAN 0, RUN 1");
    assert_eq!(told(16_000.0), "PLAN 0, RUN 2");
}

#[test]
fn the_word_to_run_again_names_the_next_day_and_comes_once() {
    let told = tell(book()).with([half(0)]).pain("_ 1 1 1 1 1 1").until(9);
    let story = told.story();
    let again: Vec<_> = story
        .sent()
        .filter(|taken| matches!(taken.decision.identity.subject, Subject::RunAgain { .. }))
        .map(|taken| taken.decision.facts.first_running_day)
        .collect();
    assert_eq!(again, [Some(day(4))]);
}

#[test]
fn a_blank_report_clears_nobody_and_unknown_flags_do_not_hold_back() {
    assert_eq!(tell(book()).with([half(0)]).pain("_ _ _ - - 1").told(), "PLAN 0, RUN 5");
    let mut two = book();
    two.flags.push(flag("limping", afterrun_rules::book::Condition::Yes(LIMP), vec![]));
    // `limping` was left blank: unknown beside a clear pain is green.
    assert_eq!(tell(two.clone()).with([half(0)]).pain("_ _ _ 1").told(), "PLAN 0, RUN 3");
    // One between among clear ones is amber.
    let amber = answer_with(3, "08:00", 3, &[("pain", Value::Number(3)), ("limping", Value::YesNo(false))]);
    assert_eq!(tell(two).with([half(0), amber]).until(4).told(), "PLAN 0");
}

#[test]
fn an_amber_or_green_report_before_its_day_does_not_count_later() {
    assert_eq!(tell(book()).with([half(0)]).pain("_ 1 1").until(12).told(), "PLAN 0");
    assert_eq!(tell(book()).with([half(0)]).pain("_ _ _ _ 3").until(12).told(), "PLAN 0");
}

#[test]
fn the_latest_window_end_wins() {
    let long_then_jog = [half(0), ran("jog", 2, "06:00", "07:00", 5_000.0, None)];
    assert_eq!(tell(book()).with(long_then_jog).pain("_ 1 1 1").told(), "PLAN 0, PLAN 2, RUN 3");
    let again = [half(0), ran("half2", 2, "06:00", "09:00", 21_097.5, Some("half-marathon"))];
    assert_eq!(tell(book()).with(again).pain("_ 1 1 1 1 1").told(), "PLAN 0, PLAN 2, RUN 5");
}

#[test]
fn withheld_while_watching_or_while_an_emergency_waits() {
    assert_eq!(tell(book()).with([half(0)]).pain("_ 1 5 1").told(), "PLAN 0");
    assert_eq!(tell(book()).with([half(0)]).pain("_ 1 5 1 1").told(), "PLAN 0, RUN 4");
    let ticked = tell(book()).with([half(0), tick(2, "08:00")]).pain("_ 1 _ 1 1");
    assert_eq!(ticked.told(), "PLAN 0");
    let resolved = ticked.with([once(at(4, "12:00"), Event::EmergencyResolved {})]);
    assert_eq!(resolved.told(), "PLAN 0, RUN 4");
}

#[test]
fn an_emergency_withholds_plan_and_settled_until_resolved() {
    let plan = tell(book()).with([tick(0, "05:00"), half(0)]);
    assert_eq!(plan.told(), "");
    assert_eq!(plan.with([once(at(0, "15:00"), Event::EmergencyResolved {})]).told(), "PLAN 0");
    let settled = tell(book()).pain("5 5 5 5 1 1").with([tick(6, "08:00")]).until(7);
    assert_eq!(settled.told(), "HU 3, OK 5");
    let held = tell(book()).pain("5 5 5 5").with([tick(4, "08:00"), pain(5, "08:00", 0)]).until(5);
    assert_eq!(held.told(), "HU 3");
    assert_eq!(held.with([once(at(5, "12:00"), Event::EmergencyResolved {})]).told(), "HU 3, OK 5");
}

#[test]
fn a_resolution_taken_back_withholds_again_until_the_next() {
    let resolved = |day, time| once(at(day, time), Event::EmergencyResolved {});
    let reopened = |day, time| once(at(day, time), Event::EmergencyReopened {});
    let wrong_button = tell(book()).with([
        half(0),
        tick(2, "08:00"),
        resolved(3, "06:00"),
        resolved(3, "06:01"),
        reopened(3, "06:05"),
    ]);
    let wrong_button = wrong_button.pain("_ 1 _ 1 1");
    assert_eq!(wrong_button.told(), "PLAN 0", "though two had said so");
    let again = wrong_button.with([resolved(4, "12:00")]);
    assert_eq!(again.told(), "PLAN 0, RUN 4");
    let story = again.story();
    assert_eq!(clinic(&story), "Now - 2", "the clinic took it back itself and is not told once more");
}

#[test]
fn a_resolution_taken_back_reopens_what_it_resolved_and_no_more() {
    let word = |day, event| once(at(day, "12:00"), event);
    let (resolved, reopened) = (Event::EmergencyResolved {}, Event::EmergencyReopened {});
    let story = tell(book()).with([
        word(0, reopened.clone()),
        tick(1, "05:00"),
        word(1, resolved.clone()),
        tick(3, "05:00"),
        word(3, resolved),
        word(4, reopened.clone()),
        word(5, reopened),
    ]);
    let chart = story.until(5).story().chart;
    assert!(chart.has_open_emergency());
    assert!(chart.is_emergency_unresolved(at(3, "05:00")) && !chart.is_emergency_unresolved(at(1, "05:00")));
}

#[test]
fn each_tick_is_told_and_one_word_of_a_clinician_resolves_those_before_it() {
    let told = tell(book()).with([
        tick(0, "05:00"),
        tick(1, "05:00"),
        once(at(1, "12:00"), Event::EmergencyResolved {}),
    ]);
    let story = told.until(2).story();
    assert_eq!(clinic(&story), "Now - 0, Now - 1");
    assert!(!story.chart.has_open_emergency());
    // An amended answer does not take the tick back.
    let amended = tell(book()).with([tick(0, "05:00"), pain(0, "06:00", 0)]).story();
    assert!(amended.chart.has_open_emergency());
}

#[test]
fn a_run_logged_late_or_before_the_enrolment_counts_without_a_plan() {
    let mut late = run_logged(-2, 1, None);
    late[0].at = at(1, "09:00");
    let told = tell(book()).with(late).pain("_ _ 1").until(2);
    assert_eq!(told.told(), "RUN 2");
}

// 2.4.4

#[test]
fn the_clinic_hears_of_a_lapse_even_when_an_answer_made_the_mail_untold() {
    let told = tell(book()).pain("5 5 5 5 _ _ _ _ 1").until(9);
    assert_eq!(told.told(), "HU 3");
    assert_eq!(clinic(&told.story()), "Digest pain-lasting 3, Today pain-lasting 8");
}

#[test]
fn several_lapses_at_once_are_one_message_to_the_runner() {
    let mut book = book();
    let mut limping =
        flag("limping", afterrun_rules::book::Condition::Yes(LIMP), vec![stage("s", 3, 1, "L")]);
    limping.on_lapsed.clone_from(&book.flags[0].on_lapsed);
    book.flags.push(limping);
    let both =
        |on| answer_with(on, "08:00", on, &[("pain", Value::Number(5)), ("limping", Value::YesNo(true))]);
    let told = tell(book).with((0..4).map(both)).until(9);
    assert_eq!(told.told(), "HU 3, LT 8");
    assert_eq!(clinic(&told.story()).matches("Today").count(), 2);
}

#[test]
fn lost_touch_is_not_sent_into_a_pause() {
    let pause = once(at(4, "12:00"), Event::Pause(PauseEvent { until: None }));
    let told = tell(book()).pain("5 5 5 5").with([pause]).until(40);
    assert_eq!(told.told(), "HU 3");
    assert!(clinic(&told.story()).contains("Today pain-lasting"), "{}", clinic(&told.story()));
}

// 2.4.5

#[test]
fn a_change_of_zone_affects_later_check_ins_only() {
    let moved = once(at(1, "12:00"), Event::TimeZone { time_zone: Tz::Asia__Kathmandu });
    let story = tell(book()).with([moved]).until(3).story();
    let opened: Vec<_> = story
        .chart
        .check_ins
        .iter()
        .map(|check_in| check_in.opened_at.format("%d %H:%M").to_string())
        .collect();
    assert_eq!(opened, ["04 07:00", "05 07:00", "06 07:00", "07 01:15", "08 01:15"]);
}

#[test]
fn a_journey_west_does_not_ask_about_one_date_twice() {
    let mut told = tell(book())
        .with([once(at(1, "18:00"), Event::TimeZone { time_zone: Tz::Pacific__Honolulu })])
        .until(4);
    told.zone = Tz::Pacific__Kiritimati;
    let story = told.story();
    let mut days: Vec<_> = story.chart.check_ins.iter().map(|check_in| check_in.about_day).collect();
    let all = days.len();
    days.dedup();
    assert_eq!(days.len(), all, "{days:?}");
}

// 2.6

fn chart_json(events: &str, until: &str) -> String {
    format!(
        r#"{{"patient": {{"id": "p", "time_zone": "UTC", "enrolled_at": "2026-01-05T00:00:00Z"}}, "events": [{events}]{until}}}"#
    )
}

fn report(on: u32, pain: &str) -> String {
    format!(
        r#"{{"at": "2026-01-{on:02}T08:00:00Z", "answer": {{"check_in": "daily", "about_day": "2026-01-{on:02}", "values": {{"pain": {pain}}}}}}}"#
    )
}

#[test]
fn replay_says_what_would_happen_in_order_and_leaves_out_what_does_not_apply() {
    let events: Vec<_> = (5..9).map(|on| report(on, "5")).collect();
    let file = parse_chart(&chart_json(&events.join(","), r#", "until": "2026-01-08T23:00:00Z""#)).unwrap();
    let lines = replay(&book(), &file, None).unwrap();
    let json = serde_json::to_string(&lines.iter().find(|line| line.action == "send").unwrap()).unwrap();
    assert!(
        json.starts_with(r#"{"at":"2026-01-08T08:00:00Z","do":"send","message":"HU","flag":"pain-lasting","stage":"heads-up","about_day":"2026-01-08","reason":""#),
        "{json}"
    );
    assert!(
        lines
            .iter()
            .all(|line| line.action != "open_check_in" || (line.flag.is_none() && line.stage.is_none()))
    );
    assert!(lines.windows(2).all(|pair| pair[0].at <= pair[1].at));
}

#[test]
fn until_of_the_command_beats_the_files_and_neither_means_thirty_days() {
    let last = |until: &str, command: Option<&str>| {
        let file = parse_chart(&chart_json(&report(5, "1"), until)).unwrap();
        let lines = replay(&book(), &file, command.map(|at| at.parse().unwrap())).unwrap();
        lines.iter().rev().find(|line| line.action == "open_check_in").unwrap().at[..10].to_owned()
    };
    assert_eq!(last("", None), "2026-02-04");
    assert_eq!(last(r#", "until": "2026-01-10T12:00:00Z""#, None), "2026-01-10");
    assert_eq!(last(r#", "until": "2026-01-10T12:00:00Z""#, Some("2026-01-07T12:00:00Z")), "2026-01-07");
}

#[test]
fn the_newest_answer_replaces_and_equal_instants_go_by_file_order() {
    let events = [report(5, "5"), report(5, "0"), report(6, "5")].join(",");
    let file = parse_chart(&chart_json(&events, "")).unwrap();
    let story = afterrun_rules::replay::live(&book(), &file, None).unwrap();
    let first = &story.chart.answers[0];
    assert_eq!((first.revision, first.values.get("pain")), (2, Some(&Value::Number(0))));
}

#[test]
fn a_value_outside_the_questions_is_an_error_with_the_events_index() {
    for (bad, because) in [("11", "0 to 10"), ("\"x\"", "whole number"), ("true", "whole number")] {
        let events = [report(5, "5"), report(6, bad)].join(",");
        match replay(&book(), &parse_chart(&chart_json(&events, "")).unwrap(), None) {
            Err(ChartError::Event { index: 1, problem }) => assert!(problem.contains(because), "{problem}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn null_is_a_blank_and_answers_to_check_ins_never_issued_count() {
    let file = parse_chart(&chart_json(&report(5, "null"), "")).unwrap();
    let story = afterrun_rules::replay::live(&book(), &file, None).unwrap();
    assert!(story.chart.answers[0].values.is_empty());
    let mut quiet = book();
    quiet.check_ins[0].lasts = afterrun_rules::book::Lasts::Days(1);
    let mut told = Story::new(Chart::new("p".into(), Tz::UTC, at(-9, "00:00")));
    for on in 0..4 {
        told.take_in(&quiet, at(on, "08:00"), &[answer(on, on, Some(5))]);
    }
    assert_eq!(listed(&told, |subject| subject.stage().is_some()), "HU 3");
}
