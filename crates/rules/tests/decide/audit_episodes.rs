//! 2.4, the table and the loop: what "persists past N days" means, term by term.

use crate::support::*;
use afterrun_rules::{
    assess::{Assessment, End},
    chart::{AnswerEvent, Chart, Event, PauseEvent, Value},
    replay::problem_with,
    story::Story,
};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

fn assessed(told: &Told, on: i64) -> Assessment {
    afterrun_rules::assess(&told.book, &told.story().chart, at(on, "23:00"))
}

/// Episodes of `pain-lasting` as `0..3 open`, in days.
#[track_caller]
fn check(series: &str, until: i64, expected: &str) {
    let told = tell(book()).pain(series).until(until);
    assert_eq!(episodes(&told, until), expected, "{series}");
}

fn episodes(told: &Told, until: i64) -> String {
    let number = |date: NaiveDate| (date - day(0)).num_days();
    let shown = assessed(told, until).flags[0]
        .episodes
        .iter()
        .map(|episode| {
            let end = match episode.end {
                End::Open => "open".to_owned(),
                End::Resolved(on) => format!("resolved {}", number(on)),
                End::Lapsed(on) => format!("lapsed {}", number(on)),
            };
            format!("{}..{} {end}", number(episode.onset), number(episode.last_seen))
        })
        .collect::<Vec<_>>();
    shown.join(", ")
}

#[test]
fn the_bridge_counts_the_silent_days_strictly_between() {
    check("5 _ _ _ 5", 4, "0..4 open");
    check("5 _ _ _ _ 5", 5, "0..0 lapsed 5, 5..5 open");
}

#[test]
fn today_is_not_yet_silent() {
    check("5", 4, "0..0 open");
    check("5", 5, "0..0 lapsed 5");
}

#[test]
fn clear_and_between_days_are_observed_and_bridge_too() {
    check("5 _ _ _ 3 _ _ _ 5", 8, "0..8 open");
    check("5 _ _ _ 1 _ _ _ 5", 8, "0..8 open");
}

#[test]
fn clear_reports_in_a_row_may_have_silence_within_the_bridge_between_them() {
    check("5 1 _ _ _ 1", 5, "0..5 resolved 5");
    check("5 1 _ _ _ _ 1", 6, "0..1 lapsed 6");
    check("5 1 3 1", 3, "0..3 open");
    check("5 1 5 1 1", 4, "0..4 resolved 4");
}

#[test]
fn between_and_clear_open_nothing() {
    check("3 3 1 3", 3, "");
}

#[test]
fn after_the_end_a_new_episode_begins_at_its_own_onset() {
    check("5 1 1 5", 3, "0..2 resolved 2, 3..3 open");
}

#[test]
fn a_stage_wants_days_since_onset_and_present_days_both() {
    assert_eq!(tell(book()).pain("5 _ _ 1 5").told(), "HU 4");
    // Five days on, but two reports: see-us asks for three.
    assert_eq!(tell(book()).pain("5 _ _ _ _ 5").told(), "");
    assert_eq!(tell(book()).pain("5 _ _ 3 _ 5").told(), "HU 5");
    assert_eq!(tell(book()).pain("5 _ _ 5 _ 5").told(), "HU 3, SU 5");
}

#[test]
fn min_reports_counts_present_days_not_submissions() {
    let mut twice = vec![];
    for (hour, check_in) in [("08:00", "daily"), ("09:00", "weekly"), ("10:00", "other")] {
        let event = Event::Answer(AnswerEvent {
            check_in: Some(check_in.into()),
            run: None,
            about_day: day(3),
            values: values(&[("pain", Value::Number(5))]),
            emergencies: None,
        });
        twice.push(once(at(3, hour), event));
    }
    let mut book = book();
    book.flags[0].stages[0].min_reports = 3;
    assert_eq!(tell(book.clone()).pain("5").with(twice).until(3).told(), "");
    assert_eq!(tell(book).pain("5 5 _ 5").told(), "HU 3");
}

#[test]
fn a_stage_is_crossed_by_a_report_never_by_the_clock() {
    assert_eq!(tell(book()).pain("5 5 5").until(6).told(), "");
}

#[test]
fn a_stage_mails_only_while_the_newest_observed_day_is_present() {
    // A late bad day completes the stage while the newest day is in between.
    let late = once(at(4, "09:00"), answer(4, 3, Some(5)).event);
    assert_eq!(tell(book()).pain("5 _ _ _ 3").with([late]).told(), "");
    let late = once(at(4, "09:00"), answer(4, 0, Some(5)).event);
    assert_eq!(tell(book()).pain("_ _ _ _ 5").with([late]).told(), "HU 4");
}

#[test]
fn an_excused_day_is_not_silent_and_a_report_beats_it() {
    let told = tell(book()).pain("5 _ _ _ _ _ 5").with([excuse(1, 2)]);
    assert_eq!(episodes(&told, 6), "0..6 open");
    // The excused day that was reported is evidence all the same.
    let told = tell(book()).pain("5 1 1").with([excuse(1, 2)]);
    assert_eq!(episodes(&told, 3), "0..2 resolved 2");
}

#[test]
fn from_the_eighth_excused_day_in_a_row_on_days_are_silent() {
    // Excused 1..=n; silent are those from the eighth on: 3 are bridged, 4 are not.
    for (excused, open) in [(7, true), (10, true), (11, false)] {
        let series = format!("5 {}5", "_ ".repeat(excused as usize));
        let told = tell(book()).pain(&series).with([excuse(1, excused)]);
        assert_eq!(assessed(&told, excused + 1).flags[0].episodes.len() == 1, open, "{excused}");
    }
}

#[test]
fn a_report_among_excused_days_starts_their_count_again() {
    let told = tell(book()).pain("5 _ _ _ _ _ _ 5 _ _ _ _ _ _ _ 5").with([excuse(1, 14)]);
    assert_eq!(episodes(&told, 15), "0..15 open");
}

#[test]
fn a_months_pause_does_not_glue_two_episodes() {
    let pause = once(at(0, "12:00"), Event::Pause(PauseEvent { until: Some(day(30)) }));
    let told = tell(book()).pain("5").with([pause, answer(30, 30, Some(5))]).until(30);
    assert_eq!(assessed(&told, 30).flags[0].episodes.len(), 2);
}

#[test]
fn days_before_any_check_in_was_issued_are_silent_inside_an_episode() {
    let mut book = book();
    book.check_ins[0].schedule =
        afterrun_rules::schedule::Schedule::EveryDays { days: 30, at: time("07:00") };
    let told = Told { book, ..tell(book_of()).pain("5 _ _ _ _ 5") };
    assert_eq!(episodes(&told, 5), "0..0 lapsed 5, 5..5 open");
}

fn book_of() -> afterrun_rules::RuleBook {
    book()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn london(answers: &[(&str, &str)]) -> Story {
    let mut story = Story::new(Chart::new("p1".into(), Tz::Europe__London, utc("2026-03-20T09:00:00Z")));
    for (received, about) in answers {
        let event = Event::Answer(AnswerEvent {
            check_in: Some("daily".into()),
            run: None,
            about_day: about.parse().unwrap(),
            values: values(&[("pain", Value::Number(5))]),
            emergencies: None,
        });
        story.take_in(&book(), utc(received), &[once(utc(received), event)]);
    }
    story
}

#[test]
fn calendar_days_count_not_hours_when_the_clocks_change() {
    // Friday 20:00 to Monday 20:00: 71 hours, three days.
    let story = london(&[("2026-03-27T20:00:00Z", "2026-03-27"), ("2026-03-30T19:00:00Z", "2026-03-30")]);
    let told = story.taken.iter().find(|taken| taken.decision.identity.subject.stage().is_some()).unwrap();
    assert!(told.decision.reason.text.contains("(day 3)"), "{}", told.decision.reason.text);
}

#[test]
fn an_answer_at_forty_past_midnight_counts_for_the_day_the_form_names() {
    let story = london(&[("2026-03-27T08:00:00Z", "2026-03-27"), ("2026-03-30T23:40:00Z", "2026-03-30")]);
    assert_eq!(story.chart.local_date(utc("2026-03-30T23:40:00Z")), "2026-03-31".parse().unwrap());
    let stage = story.taken.iter().find(|taken| taken.decision.identity.subject.stage().is_some()).unwrap();
    assert_eq!(stage.decision.identity.subject.about_day(), Some("2026-03-30".parse().unwrap()));
}

#[test]
fn an_about_day_is_not_before_the_enrolment_and_not_older_than_a_fortnight() {
    let chart = Chart::new("p1".into(), Tz::UTC, at(0, "12:00"));
    let problem =
        |received: i64, about: i64| problem_with(&book(), &chart, &answer(received, about, Some(5)));
    assert_eq!(problem(14, 0), None);
    assert!(problem(15, 0).unwrap().contains("14 days"));
    assert!(problem(1, -1).unwrap().contains("before the enrolment"));
    assert!(problem(1, 3).unwrap().contains("future"));
}

#[test]
fn several_stages_reached_at_once_mail_the_highest_and_cover_the_rest() {
    let told = tell(book()).pain("5 _ 3 _ 5 _ 5");
    assert_eq!(told.told(), "HU 4, SU 6");
    let told = tell(book()).pain("5 1 3 _ 3 1 5").with([answer(6, 2, Some(5))]);
    assert_eq!(told.told(), "SU 6");
    let covered: Vec<_> = told
        .story()
        .chart
        .ledger
        .iter()
        .filter(|entry| entry.covered_by.is_some())
        .map(|entry| entry.identity.to_string())
        .collect();
    assert_eq!(covered, ["patient/stage/pain-lasting/heads-up/2026-01-11"]);
}

#[test]
fn the_ledger_belongs_to_whichever_episode_contains_its_day() {
    // Told on day 3; then the days before turn out to have been fine: the same evidence, another onset.
    let corrections = [answer_with(4, "09:00", 0, &[("pain", Value::Number(1))])];
    let told =
        tell(book()).pain("5 5 5 5 5").with(corrections).with([answer(5, 5, Some(5)), answer(6, 6, Some(5))]);
    assert_eq!(told.until(6).told(), "HU 3, SU 6");
}

// Over runs.

fn scored(scores: &[(i64, i32)]) -> Told {
    let runs = scores.iter().flat_map(|(on, score)| run(*on, Some(*score)));
    let until = scores.iter().map(|(on, _)| *on).max().unwrap_or(0);
    tell(book()).with(runs).until(until)
}

#[track_caller]
fn check_runs(scores: &[(i64, i32)], worse: bool) {
    assert_eq!(scored(scores).told().contains("WR"), worse, "{scores:?}");
}

#[test]
fn the_last_three_scored_runs_rise_by_two_to_at_least_three_within_three_weeks() {
    check_runs(&[(0, 1), (1, 2), (2, 3)], true);
    check_runs(&[(0, 2), (1, 2), (2, 4)], false);
    check_runs(&[(0, 2), (1, 3), (2, 3)], false);
    check_runs(&[(0, 0), (10, 1), (21, 3)], true);
    check_runs(&[(0, 0), (10, 1), (22, 3)], false);
    // Only the last three count.
    check_runs(&[(0, 9), (1, 1), (2, 2), (3, 3)], true);
}

#[test]
fn ties_are_allowed_as_far_as_the_rule_says() {
    let mut tied = scored(&[(0, 1), (1, 1), (2, 3)]);
    assert!(!tied.told().contains("WR"));
    let afterrun_rules::book::FlagEvidence::Runs(rule) = &mut tied.book.flags[1].evidence else {
        unreachable!()
    };
    rule.ties_allowed = 1;
    assert!(tied.told().contains("WR 2"), "{}", tied.told());
}

#[test]
fn two_runs_of_one_day_are_one_observed_day_and_the_worse_counts() {
    let second = |score| {
        let mut events = run_logged(2, 2, Some(score));
        for event in &mut events {
            match &mut event.event {
                Event::Run(run) => {
                    run.id = "second".into();
                    run.started_at = at(2, "16:00");
                }
                Event::Answer(answer) => answer.run = Some("second".into()),
                _ => {}
            }
            event.at = at(2, "18:00");
        }
        events
    };
    let runs = [run(0, Some(1)), run(1, Some(2)), run(2, Some(3)), second(0)].concat();
    let told = tell(book()).with(runs).until(2);
    let episode = *assessed(&told, 2).flags[1].open().unwrap();
    assert_eq!((episode.present_days, episode.onset), (1, day(2)));
}

#[test]
fn a_removed_run_takes_its_evidence_along_and_a_corrected_one_is_judged_again() {
    let removed = once(at(2, "12:00"), Event::RunRemoved { run: "r1".into() });
    let told = scored(&[(0, 1), (1, 2), (2, 3)]).with([removed]).until(2);
    assert!(assessed(&told, 2).flags[1].open().is_none());
    assert!(told.story().chart.answers.iter().all(|answer| answer.about_day != day(1)));
    // Moved before the first: 3, 1, 2 falls.
    let Event::Run(mut first) = run(2, None)[0].event.clone() else { unreachable!() };
    first.started_at = at(0, "01:00");
    let told = scored(&[(0, 1), (1, 2), (2, 3)]).with([once(at(2, "12:00"), Event::Run(first))]).until(2);
    assert!(assessed(&told, 2).flags[1].open().is_none());
}

#[test]
fn the_flag_over_runs_is_bridged_and_resolved_like_any_other() {
    assert_eq!(scored(&[(0, 1), (1, 2), (2, 3), (4, 1)]).told().matches("WR").count(), 1);
    let story = scored(&[(0, 1), (1, 2), (2, 3), (4, 1)]);
    assert!(matches!(assessed(&story, 5).flags[1].newest().unwrap().end, End::Resolved(_)));
    let silent = scored(&[(0, 1), (1, 2), (2, 3)]);
    assert_eq!(assessed(&silent, 17).flags[1].newest().unwrap().end, End::Open);
    assert_eq!(assessed(&silent, 18).flags[1].newest().unwrap().end, End::Lapsed(day(18)));
}
