//! The timelines behind the golden ones, row by row: T1 to T28 over days, R1 to R7 over runs, and the edge cases listed
//! with them. Nudges (`ND`) are shown; the reason is asserted wherever a decision carries one.
//!
//! Three rows read otherwise in the first draft of the meaning, and the rule language stands:
//! - T26: of several answers to one check-in the newest replaces the older ones; the worst counts among answers to
//!   different check-ins only.
//! - A nudge goes out at 18:00 on the day after the second miss in a row, so an answer on that day forestalls it.
//! - Stopping leaves the episode as it is, and tells the clinic of it.

use afterrun_rules::{
    RuleBook, TimedEvent, assess,
    book::{Condition, Flag, FlagEvidence, Remind, Stage, TellClinic, WorsensEachRun},
    chart::{AnswerEvent, Chart, Event, Excuse, PauseEvent, Value, Withdraw},
    decision::{Action, Subject},
    ids::FlagId,
    replay::problem_with,
    scenario::StateName,
    scenario_run::state_of,
    story::Story,
};

use crate::support::*;

/// Answers from day 0 on, told until a day, and everything but check-ins that goes to the patient.
#[track_caller]
fn row(name: &str, answers: &str, until: i64, messages: &str) {
    assert_eq!(tell(book()).pain(answers).until(until).messages(), messages, "{name}: {answers}");
}

/// The code and text of the reason for the first message of this kind.
fn reason(story: &Story, message: &str) -> (String, String) {
    let found = story
        .taken
        .iter()
        .find(|taken| matches!(&taken.decision.action, Action::Send { message: of, .. } if *of == *message));
    let reason = &found.unwrap().decision.reason;
    (reason.code.to_string(), reason.text.to_string())
}

/// The codes of all decisions not to send, and of all covered ones.
fn codes(story: &Story) -> Vec<String> {
    let not_sent = |action: &Action| matches!(action, Action::Cancel | Action::Covered { .. });
    let taken = story.taken.iter().filter(|taken| not_sent(&taken.decision.action));
    let about_flags = taken.filter(|taken| taken.decision.identity.subject.flag().is_some());
    about_flags.map(|taken| taken.decision.reason.code.to_string()).collect()
}

fn state(book: &RuleBook, story: &Story, day: i64) -> StateName {
    state_of(book, &story.chart, &FlagId::from("pain-lasting"), at(day, "23:00"))
}

fn at_nine(event: TimedEvent) -> TimedEvent {
    TimedEvent { at: event.at + chrono::TimeDelta::hours(1), ..event }
}

#[test]
fn rows_over_days() {
    row("T1", "5 5 5 5 5 5", 6, "HU 3, SU 5");
    row("T2", "5 _ 5 _ 5 _ 6", 6, "HU 4, SU 6");
    row("T3", "5 _ _ _ 5", 4, "ND 3, HU 4");
    row("T4", "5 _ 5 _ _ _ _ 5 _ 5 5", 10, "ND 5, HU 10");
    row("T5", "5 5 5 5", 40, "HU 3, ND 6, LT 8");
    row("T28", "5 5", 40, "ND 4");
    row("T6", "5 5 5 5 1 5 1 1 1", 9, "HU 3, SU 5, OK 7");
    row("T7", "5 3 3 3 3 4", 5, "HU 5");
    row("T25", "5 1 5 1 5", 4, "HU 4");
    row("T8", "5 5 1 1", 4, "");
    row("T9", "5 5 5 5 1 1 6 6 6 6", 9, "HU 3, OK 5, HU 9");
    row("T15", &["5"; 20].join(" "), 20, "HU 3, SU 5, SU 9, SU 13");
}

#[test]
fn reasons_of_silence() {
    let story = tell(book()).pain("5 5 5 5").until(20).story();
    let (code, text) = reason(&story, "ND");
    assert_eq!(code, "missed-in-a-row");
    assert!(text.contains("2 check-ins in a row were not answered"), "{text}");
    let (code, text) = reason(&story, "LT");
    assert_eq!(code, "lost-touch");
    assert_eq!(
        text,
        "\u{201c}pain-lasting\u{201d} was last reported on 8 January 2026; no usable answer since, and more than 3 \
         silent days end the episode."
    );
    // Never beyond: what was told stays the highest, and silence is neither pain nor its absence.
    assert_eq!(state(&book(), &story, 20), StateName::Lapsed);
}

#[test]
fn reasons_of_reminders_and_of_the_all_clear() {
    let story = tell(book()).pain("5 5 5 5 5 5 5 5 5 5 1 1").until(12).story();
    let reminder = story.taken.iter().find(|taken| {
        matches!(taken.decision.identity.subject, Subject::StageReminder { .. })
            && matches!(taken.decision.action, Action::Send { .. })
    });
    assert_eq!(&*reminder.unwrap().decision.reason.code, "stage-reminder");
    assert_eq!(reason(&story, "OK").0, "resolved");
    assert_eq!(state(&book(), &story, 12), StateName::Resolved);
}

#[test]
fn a_late_answer_about_a_problem_already_over_is_history() {
    // T11: four bad days before two clear ones, known only afterwards.
    let late = (2..6).map(|about| at_nine(answer(8, about, Some(5))));
    let told = tell(book()).pain("_ _ _ _ _ _ 1 1").with(late).until(9);
    assert_eq!(told.told(), "");
    assert_eq!(state(&book(), &told.story(), 9), StateName::Resolved);
    // T24: the same, and the newest report is clear once: easing, so no mail.
    let late = (0..4).map(|about| at_nine(answer(4, about, Some(5))));
    let told = tell(book()).pain("_ _ _ _ 1").with(late).until(5);
    assert_eq!(told.told(), "");
    assert_eq!(state(&book(), &told.story(), 5), StateName::Told("heads-up".into()));
    assert_eq!(clinic(&told.story()), "");
}

#[test]
fn of_two_stages_at_once_only_the_higher_mails() {
    // T14: no report between day 2 and day 5.
    let story = tell(book()).pain("5 _ 5 _ _ 5").until(5).story();
    assert_eq!(listed(&story, |subject| subject.flag().is_some()), "SU 5");
    assert_eq!(codes(&story), ["covered"]);
    let covered = story.taken.iter().find(|taken| matches!(taken.decision.action, Action::Covered { .. }));
    let covered = &covered.unwrap().decision;
    assert_eq!(covered.identity.to_string(), "patient/stage/pain-lasting/heads-up/2026-01-10");
    assert!(covered.reason.text.contains("stage `see-us`"), "{}", covered.reason.text);
    // Reports too few for the higher one: it waits for the next.
    assert_eq!(tell(book()).pain("5 _ _ _ 5").until(4).told(), "HU 4");
    assert_eq!(tell(book()).pain("5 _ _ _ _ 5").until(5).told(), "");
    assert_eq!(tell(book()).pain("5 _ _ 3 _ 5 5").until(6).told(), "HU 5, SU 6");
}

#[test]
fn an_edit_in_mid_episode_sends_nothing_and_the_next_report_is_judged_by_it() {
    let with = |heads_up: u32, see_us: u32, least: i32| {
        let mut book = book();
        book.flags[0].stages[0].after_days = heads_up;
        book.flags[0].stages[1].after_days = see_us;
        if let FlagEvidence::Days { when, clear_when } = &mut book.flags[0].evidence {
            *when = Condition::AtLeast(PAIN, least);
            *clear_when = Some(Condition::AtMost(PAIN, least - 2));
        }
        book
    };
    let edited = |before: &str, edit_on: i64, new: &RuleBook, after: &[(i64, i32)]| {
        let old = book();
        let mut story = tell(old.clone()).pain(before).until(edit_on - 1).story();
        story.new_rules(&old, new, at(edit_on, "12:00"));
        for (day, pain) in after {
            story.take_in(new, at(*day, "08:00"), &[answer(*day, *day, Some(*pain))]);
        }
        let last = after.last().map_or(edit_on, |(day, _)| *day);
        story.pass_until(new, at(last, "23:00"));
        story
    };
    let told = |story: &Story| listed(story, |subject| subject.flag().is_some());
    // T16: heads-up on day 2 already.
    let sooner = with(2, 5, 4);
    let quiet = edited("5 5 5", 3, &sooner, &[]);
    assert_eq!(told(&quiet), "");
    assert_eq!(state(&sooner, &quiet, 3), StateName::Told("heads-up".into()), "the state shows it at once");
    assert_eq!(told(&edited("5 5 5", 3, &sooner, &[(4, 5)])), "HU 4");
    // T27: the next report is neither.
    assert_eq!(told(&edited("5 5 5", 3, &sooner, &[(4, 3)])), "");
    // T17: raised after the heads-up was sent: not repeated.
    let later = with(4, 8, 4);
    let days: Vec<(i64, i32)> = (4..=9).map(|day| (day, 5)).collect();
    assert_eq!(told(&edited("5 5 5 5", 4, &later, &days)), "HU 3, SU 8");
    // T18: pain of 5 does not count any more.
    let stricter = with(3, 5, 6);
    let story = edited("5 5 5 5", 4, &stricter, &[(5, 5), (6, 5)]);
    assert_eq!(told(&story), "HU 3");
    assert_eq!(state(&stricter, &story, 6), StateName::Quiet);
    // A rule that is gone: nothing more, no all-clear.
    let mut without = book();
    without.flags.remove(0);
    assert_eq!(told(&edited("5 5 5 5", 4, &without, &[(5, 1), (6, 1)])), "HU 3");
}

#[test]
fn a_restart_finds_nothing_to_do() {
    // T19: all there is is the chart with its ledger.
    let book = book();
    let story = tell(book.clone()).pain("5 5 5 5 5").until(4).story();
    let mut restarted = Story::new(story.chart.clone());
    restarted.pass_until(&book, at(4, "23:59"));
    assert_eq!(restarted.taken, []);
    restarted.take_in(&book, at(5, "08:00"), &[answer(5, 5, Some(5))]);
    restarted.pass_until(&book, at(5, "20:00"));
    assert_eq!(listed(&restarted, |subject| subject.stage().is_some()), "SU 5");
}

#[test]
fn our_own_outage_is_excused_at_its_edges_and_not_for_ever() {
    let told = |answers: &str, excuses: &[(i64, i64)], until| {
        let excuses = excuses.iter().map(|(from, to)| excuse(*from, *to));
        tell(book()).pain(answers).with(excuses).until(until).told()
    };
    // T20: two days of silence are the patient's.
    assert_eq!(told("5 5 _ _ _ _ _ 5", &[(2, 4)], 7), "SU 7");
    // Three of the patient's own are bridged, a fourth is not.
    assert_eq!(told("5 5 _ _ _ _ _ _ 5", &[(2, 4)], 8), "SU 8");
    assert_eq!(told("5 5 _ _ _ _ _ _ _ 5", &[(2, 4)], 9), "");
    // An excuse about a day with a report changes nothing.
    assert_eq!(told("5 5 5 5", &[(1, 2)], 3), "HU 3");
    // Seven excused days in a row, three silent ones: bridged. One more, excused or not: not.
    let gap = |days: usize| format!("5 5 {} 5", vec!["_"; days].join(" "));
    assert_eq!(told(&gap(10), &[(2, 8)], 12), "SU 12");
    assert_eq!(told(&gap(11), &[(2, 9)], 13), "");
}

#[test]
fn silence_of_exactly_the_bridge_and_one_more() {
    row("exactly", "5 5 _ _ _ 5", 5, "ND 4, SU 5");
    row("one more", "5 5 _ _ _ _ 5", 6, "ND 4");
    // Today is not silence yet: on the fourth day without an answer it is still open.
    let story = tell(book()).pain("5 5 5 5").until(7).story();
    assert_eq!(state(&book(), &story, 7), StateName::Told("heads-up".into()));
    assert_eq!(state(&book(), &story, 8), StateName::Lapsed);
    // A blank answer is no miss, so nobody is nudged, but it is silence for the flag.
    row("blank", "5 5 5 5 - - - -", 8, "HU 3, LT 8");
}

#[test]
fn a_nudge_comes_once_a_silence() {
    row("once", "5 5 _ _ _ _ _ _ _ _", 14, "ND 4");
    row("again after a report", "5 _ _ _ 5 _ _ _", 8, "ND 3, HU 4, ND 7");
    row("forestalled", "5 _ _ 5", 4, "HU 3");
}

#[test]
fn several_answers_about_one_day() {
    // T26: amended twice: the newest counts, once.
    let amended = |second: i32, third: i32| {
        let amend = |hour, pain| once(at(1, hour), answer(1, 1, Some(pain)).event);
        tell(book()).pain("5 2").with([amend("09:00", second), amend("10:00", third)])
    };
    let day_one = |told: &Told| {
        let story = told.story();
        let assessment = assess(&told.book, &story.chart, at(1, "23:00"));
        *assessment.flags[0].newest().unwrap()
    };
    assert_eq!(day_one(&amended(7, 8).until(1)).present_days, 2);
    assert_eq!(day_one(&amended(7, 1).until(1)).present_days, 1);
    // Answers to different check-ins: the worst of the day counts.
    let other = |pain| {
        let event = Event::Answer(AnswerEvent {
            check_in: Some("weekly".into()),
            run: None,
            about_day: day(1),
            values: values(&[("pain", Value::Number(pain))]),
            emergencies: None,
        });
        once(at(1, "18:00"), event)
    };
    assert_eq!(day_one(&tell(book()).pain("5 2").with([other(7)]).until(1)).present_days, 2);
    assert_eq!(day_one(&tell(book()).pain("5 7").with([other(2)]).until(1)).present_days, 2);
    // The same answer twice is the same answer.
    let twice = tell(book()).pain("5 5 5 5").with([at_nine(answer(3, 3, Some(5)))]).until(3);
    assert_eq!(twice.told(), "HU 3");
}

fn two_flags(limp: Stage) -> RuleBook {
    let mut book = book();
    book.flags.push(flag("limping", Condition::Yes(LIMP), vec![limp]));
    book
}

#[test]
fn a_blank_is_silence_for_its_own_flag_only() {
    // T22: both are reached on day 3, and one message speaks for both.
    let limps = |number: i64, pain: Option<i32>| {
        let pain = pain.map(|pain| ("pain", Value::Number(pain)));
        let all: Vec<_> = pain.into_iter().chain([("limping", Value::YesNo(true))]).collect();
        answer_with(number, "08:00", number, &all)
    };
    let days = [limps(0, Some(5)), limps(1, None), limps(2, None), limps(3, Some(5))];
    let story = tell(two_flags(stage("persists", 3, 2, "LIMP"))).with(days).until(3).story();
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "HU 3");
    assert_eq!(codes(&story), ["covered"]);
    let limping = assess(&two_flags(stage("persists", 3, 2, "LIMP")), &story.chart, at(3, "12:00"));
    assert_eq!(limping.flags[2].newest().unwrap().present_days, 4);
    assert_eq!(limping.flags[0].newest().unwrap().present_days, 2);
}

#[test]
fn an_urgent_flag_speaks_for_what_it_outranks() {
    // T23: cannot bear weight on day 3.
    let urgent = Stage { urgent: true, tell_clinic: TellClinic::Now, ..stage("now", 0, 1, "BEAR") };
    let mut book = two_flags(urgent);
    book.flags[2].outranks = vec!["pain-lasting".into()];
    let bad = answer_with(3, "08:00", 3, &[("pain", Value::Number(5)), ("limping", Value::YesNo(true))]);
    let story = tell(book).pain("5 5 5").with([bad]).until(3).story();
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "BEAR 3");
    assert_eq!(codes(&story), ["covered"]);
    assert_eq!(clinic(&story), "Digest pain-lasting 3, Now limping 3");
}

#[test]
fn whoever_stops_hears_nothing_more_and_the_clinic_does() {
    // T21.
    let stop = once(at(2, "12:00"), Event::Stop {});
    let told = tell(book()).pain("5 5 5").with([stop.clone()]).until(20);
    let story = told.story();
    assert_eq!(told.messages(), "");
    assert_eq!(clinic(&story), "Today pain-lasting 2");
    // What a clinician enters afterwards is still judged, for the clinic.
    let after = at_nine(answer(3, 3, Some(5)));
    let entered = tell(book()).pain("5 5 5").with([stop, after]).until(20);
    assert_eq!(entered.messages(), "");
    assert_eq!(clinic(&entered.story()), "Today pain-lasting 2, Digest pain-lasting 3");
    let left = story.taken.iter().find(|taken| matches!(taken.decision.action, Action::TellClinic { .. }));
    assert_eq!(&*left.unwrap().decision.reason.code, "left-with-open-episode");
}

#[test]
fn a_correction_unsends_nothing_and_brings_no_all_clear() {
    // The very answers behind the heads-up are corrected after it was sent: nothing was there, nothing has settled.
    let correct = |about| once(at(3, "10:00"), answer(3, about, Some(1)).event);
    let told =
        tell(book()).pain("5 5 5 5 1 1").with([correct(0), correct(1), correct(2), correct(3)]).until(6);
    assert_eq!(told.told(), "HU 3");
    assert_eq!(state(&book(), &told.story(), 6), StateName::Quiet);
    // An edit that splits a spell: the later part begins anew.
    let clear = |about| once(at(3, "10:00"), answer(3, about, Some(1)).event);
    let split = tell(book()).pain("5 5 5 5 5 5").with([clear(1), clear(2)]).until(5);
    assert_eq!(split.told(), "HU 3");
    let story = split.story();
    let assessment = assess(&book(), &story.chart, at(5, "12:00"));
    assert_eq!(assessment.flags[0].episodes.len(), 2);
    assert_eq!(assessment.flags[0].newest().unwrap().onset, day(3));
}

#[test]
fn withdrawn_between_queue_and_send() {
    let night = answer_with(3, "21:00", 3, &[("pain", Value::Number(5))]);
    let withdraw = Event::Withdraw(Withdraw { check_in: Some("daily".into()), run: None, about_day: day(0) });
    let told = tell(book()).pain("5 5 5").with([night, once(at(4, "05:00"), withdraw)]).until(4);
    // The episode now begins on day 1, so the night's report no longer reaches day 3.
    assert_eq!(told.told(), "");
    let all = (0..4).map(|about| {
        let withdraw =
            Event::Withdraw(Withdraw { check_in: Some("daily".into()), run: None, about_day: day(about) });
        once(at(4, "05:00"), withdraw)
    });
    let night = answer_with(3, "21:00", 3, &[("pain", Value::Number(5))]);
    let told = tell(book()).pain("5 5 5").with([night]).with(all).until(4);
    assert_eq!(told.told(), "");
    let story = told.story();
    let cancelled = story.taken.iter().find(|taken| {
        taken.decision.action == Action::Cancel && taken.decision.identity.subject.stage().is_some()
    });
    let reason = &cancelled.unwrap().decision.reason;
    assert_eq!(
        (&*reason.code, &*reason.text),
        ("overtaken", "The reports behind it have been corrected, or the rule is gone.")
    );
}

#[test]
fn answers_about_impossible_days_are_refused_in_words() {
    let book = book();
    let chart = Chart::new("p1".into(), chrono_tz::Tz::UTC, at(-30, "00:00"));
    let problem = |received, about| problem_with(&book, &chart, &answer(received, about, Some(5)));
    assert_eq!(problem(20, 20), None);
    assert_eq!(problem(20, 6), None);
    for (received, about, words) in
        [(20, 21, "future"), (20, 5, "14 days"), (-20, -31, "before the enrolment")]
    {
        let said = problem(received, about).unwrap();
        assert!(said.contains(words), "{said}");
    }
    // A late answer about an excused day is a report like any other.
    let late = at_nine(answer(4, 2, Some(5)));
    let told = tell(book).pain("5 5 _ 5").with([excuse(2, 2), late]).until(4).story();
    let assessment = assess(&super::support::book(), &told.chart, at(4, "12:00"));
    assert_eq!(assessment.flags[0].newest().unwrap().present_days, 4);
}

#[test]
fn calendar_days_in_the_patients_zone() {
    // Friday 27 March 2026, 20:00 in London to Monday 30 March, 20:00: 71 hours, and 3 days.
    let zone = chrono_tz::Tz::Europe__London;
    let book = book();
    let evening = |date: u32| {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 3, date).unwrap();
        let at = afterrun_rules::schedule::instant(zone, day.and_time(time("19:30")));
        let event = Event::Answer(AnswerEvent {
            check_in: Some("daily".into()),
            run: None,
            about_day: day,
            values: values(&[("pain", Value::Number(5))]),
            emergencies: None,
        });
        TimedEvent { at, event }
    };
    let days: Vec<TimedEvent> = [27, 28, 29, 30].map(evening).into();
    assert_eq!((days[3].at - days[0].at).num_hours(), 71);
    let mut story = Story::new(Chart::new("p1".into(), zone, days[0].at - chrono::TimeDelta::days(1)));
    for event in days {
        story.take_in(&book, event.at, &[event]);
    }
    let told: Vec<_> =
        story.sent().filter(|taken| taken.decision.identity.subject.stage().is_some()).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].decision.reason.text.contains("(day 3)"), "{}", told[0].decision.reason.text);
}

#[test]
fn a_pause_is_excused_and_a_volunteered_answer_is_judged() {
    let pause = once(at(1, "12:00"), Event::Pause(PauseEvent { until: Some(day(6)) }));
    let told = tell(book()).pain("5 5 _ 5").with([pause]).until(3);
    assert_eq!(told.messages(), "HU 3");
    let long = Event::Excuse(Excuse { from: day(2), to: day(40), because: "away".into() });
    let told = tell(book()).pain("5 5 5 5").with([once(at(4, "12:00"), long)]).until(40);
    // Seven excused days and the bridge, and then it is lapsed after all.
    assert!(told.told().starts_with("HU 3, LT "), "{}", told.told());
}

#[test]
fn reminders_need_new_evidence_far_enough_from_the_last() {
    let flag = Flag {
        stages: vec![Stage {
            remind: Some(Remind { every_days: 3, at_most: 1 }),
            ..stage("now", 0, 1, "NOW")
        }],
        ..pain_lasting()
    };
    let mut book = book();
    book.flags = vec![flag];
    let told = |answers: &str, until| tell(book.clone()).pain(answers).until(until).told();
    assert_eq!(told("5 5 5", 3), "NOW 0");
    assert_eq!(told("5 5 5 5 5 5 5 5", 8), "NOW 0, NOW 3");
    assert_eq!(told("5 3 3 3 5", 5), "NOW 0, NOW 4");
    assert_eq!(told("5 3 3 3 3", 5), "NOW 0");
}

#[track_caller]
fn runs(name: &str, scores: &[(i64, Option<i32>)], until: i64, messages: &str) {
    let events = scores.iter().flat_map(|(day, score)| run(*day, *score));
    let story = tell(book()).with(events).until(until).story();
    assert_eq!(listed(&story, |subject| subject.flag().is_some()), messages, "{name}: {scores:?}");
}

#[test]
fn rows_over_runs() {
    runs("R1", &[(0, Some(2)), (3, Some(3)), (6, Some(5))], 8, "WR 6");
    runs("R2", &[(0, Some(2)), (3, Some(4)), (6, Some(4))], 8, "");
    runs("R3", &[(0, Some(0)), (2, Some(1)), (4, Some(2))], 6, "");
    runs("R4", &[(0, Some(1)), (2, None), (4, Some(3)), (6, Some(4)), (8, Some(6))], 10, "WR 6");
    runs("R5", &[(0, Some(2)), (3, Some(8)), (25, Some(9))], 26, "");
    runs("R6", &[(0, Some(2)), (3, Some(6)), (6, Some(5))], 8, "");
    // The top of the scale is a tie; a flag with a fixed threshold is what catches that.
    runs("9, 10, 10", &[(0, Some(9)), (3, Some(10)), (6, Some(10))], 8, "");
    let story =
        tell(book()).with([run(0, Some(2)), run(3, Some(3)), run(6, Some(5))].concat()).until(8).story();
    assert_eq!(reason(&story, "WR").0, "stage-reached");
}

#[test]
fn a_run_logged_late_is_judged_when_it_is_known() {
    // R7.
    let late = [run(0, Some(2)), run(6, Some(5)), run_logged(3, 7, Some(3))].concat();
    let story = tell(book()).with(late).until(8).story();
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "WR 7");
    // A tie may be allowed, and then R2 counts.
    let mut tolerant = book();
    if let FlagEvidence::Runs(WorsensEachRun { ties_allowed, .. }) = &mut tolerant.flags[1].evidence {
        *ties_allowed = 1;
    }
    let tie = [run(0, Some(2)), run(3, Some(4)), run(6, Some(4))].concat();
    let story = tell(tolerant).with(tie).until(8).story();
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "WR 6");
}

#[test]
fn a_deleted_run_takes_its_score_along() {
    let three = [run(0, Some(2)), run(3, Some(3)), run(6, Some(5))].concat();
    let gone = once(at(5, "12:00"), Event::RunRemoved { run: "r3".into() });
    let story = tell(book()).with(three).with([gone]).until(8).story();
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "");
}
