//! 2.4 and 2.4.1: which message speaks, what waits, what is dropped, what the clinic hears.

use crate::support::*;
use afterrun_rules::{
    book::{Condition, Flag, Remind, RuleBook, Stage, TellClinic},
    chart::{AnswerEvent, Event, Reach, TimedEvent, Value},
    decision::{Action, EntryState, Subject},
    story::Story,
};
use chrono::Timelike;

fn both(number: i64, hour: &str, pain: i32, limp: bool) -> TimedEvent {
    answer_with(number, hour, number, &[("pain", Value::Number(pain)), ("limping", Value::YesNo(limp))])
}

/// Flag `a` on pain, flag `b` on limping.
fn two(a: Stage, b: Stage) -> RuleBook {
    let mut book = book();
    book.flags =
        vec![flag("a", Condition::AtLeast(PAIN, 4), vec![a]), flag("b", Condition::Yes(LIMP), vec![b])];
    book
}

#[track_caller]
fn check_order(a: Stage, b: Stage, speaks: &str) {
    let told = tell(two(a, b)).with((0..2).map(|on| both(on, "08:00", 5, true))).until(1);
    assert_eq!(told.told(), speaks);
}

#[test]
fn urgent_then_the_clinics_level_then_days_then_file_order() {
    let calm = |id: &str| stage("s", 0, 1, id);
    let level = |id: &str, tell_clinic| Stage { tell_clinic, ..calm(id) };
    check_order(calm("A"), Stage { urgent: true, ..calm("B") }, "B 0");
    check_order(level("A", TellClinic::Now), Stage { urgent: true, ..level("B", TellClinic::Nobody) }, "B 0");
    for (lower, higher) in [
        (TellClinic::Nobody, TellClinic::Digest),
        (TellClinic::Digest, TellClinic::Today),
        (TellClinic::Today, TellClinic::Now),
    ] {
        check_order(level("A", lower), level("B", higher), "B 0");
        check_order(level("A", higher), level("B", lower), "A 0");
    }
    check_order(calm("A"), calm("B"), "A 0");
    check_order(stage("s", 1, 1, "A"), Stage { after_days: 1, ..calm("B") }, "A 1");
}

#[test]
fn the_larger_after_days_speaks_when_levels_are_equal() {
    let mut book = two(stage("s", 1, 1, "A"), stage("s", 2, 1, "B"));
    book.flags[0].stages[0].min_reports = 3;
    let told = tell(book).with((0..3).map(|on| both(on, "08:00", 5, true))).until(2);
    assert_eq!(told.told(), "B 2");
}

#[test]
fn every_flag_tells_the_clinic_at_its_own_level_covered_or_not() {
    let book = two(
        Stage { tell_clinic: TellClinic::Today, ..stage("s", 0, 1, "A") },
        Stage { tell_clinic: TellClinic::Nobody, urgent: true, ..stage("s", 0, 1, "B") },
    );
    let told = tell(book).with([both(0, "08:00", 5, true)]);
    assert_eq!(told.told(), "B 0");
    assert_eq!(clinic(&told.story()), "Today a 0");
}

#[test]
fn covered_counts_as_told_for_reminders_all_clear_and_lapse() {
    let covered = || {
        let mut book = two(
            Stage { remind: Some(Remind { every_days: 2, at_most: 1 }), ..stage("s", 0, 1, "A") },
            Stage { urgent: true, ..stage("s", 0, 1, "B") },
        );
        book.flags[0].on_resolved = Some("OK".into());
        book.flags[0].on_lapsed = pain_lasting().on_lapsed;
        tell(book).with([both(0, "08:00", 5, true)])
    };
    assert_eq!(covered().with([answer(1, 1, Some(5)), answer(2, 2, Some(5))]).until(2).told(), "B 0, A 2");
    assert_eq!(covered().with([answer(1, 1, Some(0)), answer(2, 2, Some(0))]).until(2).told(), "B 0, OK 2");
    assert_eq!(covered().until(6).told(), "B 0, LT 5");
}

#[test]
fn what_a_cancelled_message_covered_is_planned_again() {
    let book = two(stage("s", 0, 1, "A"), Stage { tell_clinic: TellClinic::Now, ..stage("s", 0, 1, "B") });
    let told = tell(book).with([both(0, "21:00", 5, true), both(0, "22:00", 5, false)]).until(1);
    assert_eq!(told.told(), "A 1");
}

#[test]
fn outranking_ends_with_the_episode_that_outranks() {
    let mut book = two(stage("s", 0, 1, "A"), Stage { urgent: true, ..stage("s", 0, 1, "B") });
    book.flags[1].outranks = vec!["a".into()];
    book.flags[1].clear_reports = 1;
    let told = tell(book.clone()).with([both(0, "08:00", 1, true), both(1, "08:00", 5, false)]).until(1);
    assert_eq!(told.told(), "B 0, A 1");
    // Still open, though easing: what is newly reached stays covered.
    book.flags[1].clear_reports = 2;
    let told = tell(book).with([both(0, "08:00", 1, true), both(1, "08:00", 5, false)]).until(1);
    assert_eq!(told.told(), "B 0");
}

#[test]
fn an_episode_that_outranks_but_was_never_told_covers_nothing() {
    let mut book = two(stage("s", 0, 1, "A"), stage("s", 9, 1, "B"));
    book.flags[1].outranks = vec!["a".into()];
    assert_eq!(tell(book).with([both(0, "08:00", 5, true)]).told(), "A 0");
}

#[test]
fn reminders_are_counted_from_the_newest_evidence_and_bounded() {
    let mut book = book();
    book.flags[0].stages[1].remind = Some(Remind { every_days: 2, at_most: 2 });
    let told = tell(book).pain("5 5 5 5 5 5 3 5 5 5 5 5 5 5");
    assert_eq!(told.told(), "HU 3, SU 5, SU 7, SU 9");
}

#[test]
fn a_reminder_wants_new_present_evidence() {
    assert_eq!(tell(book()).pain("5 5 5 5 5 5 _ _ _ 3 _ 3").told(), "HU 3, SU 5");
    assert_eq!(tell(book()).pain("5 5 5 5 5 5 _ _ _ 3 _ 5").told(), "HU 3, SU 5, SU 11");
}

#[test]
fn contact_stops_reminders_of_this_spell_and_this_flag_only() {
    let contacted = |on, flag: &str| once(at(on, "12:00"), Event::Contacted { flag: flag.into() });
    let long = "5 5 5 5 5 5 5 5 5 5";
    assert_eq!(tell(book()).pain(long).with([contacted(6, "worse-each-run")]).told(), "HU 3, SU 5, SU 9");
    assert_eq!(tell(book()).pain(long).with([contacted(-1, "pain-lasting")]).told(), "HU 3, SU 5, SU 9");
    // Stages still go out: only reminders fall silent.
    assert_eq!(tell(book()).pain(long).with([contacted(1, "pain-lasting")]).told(), "HU 3, SU 5");
}

#[test]
fn a_contact_taken_back_lets_reminders_go_on_unless_there_was_another() {
    let contacted = |on| once(at(on, "12:00"), Event::Contacted { flag: "pain-lasting".into() });
    let withdrawn = |on, flag: &str| once(at(on, "12:00"), Event::ContactWithdrawn { flag: flag.into() });
    let long = || tell(book()).pain("5 5 5 5 5 5 5 5 5 5").with([contacted(6)]);
    assert_eq!(long().told(), "HU 3, SU 5");
    assert_eq!(long().with([withdrawn(7, "pain-lasting")]).told(), "HU 3, SU 5, SU 9");
    assert_eq!(long().with([withdrawn(7, "worse-each-run")]).told(), "HU 3, SU 5");
    let twice = long().with([contacted(7), withdrawn(8, "pain-lasting")]);
    assert_eq!(twice.told(), "HU 3, SU 5", "the earlier one holds");
}

#[test]
fn only_the_highest_told_stage_reminds() {
    let mut book = book();
    book.flags[0].stages[0].remind = Some(Remind { every_days: 1, at_most: 9 });
    book.flags[0].stages[1].remind = None;
    let told = tell(book).pain("5 5 5 5 5 5 5 5").told();
    assert_eq!(told, "HU 3, HU 4, SU 5");
}

#[test]
fn the_all_clear_goes_out_once_and_only_if_a_stage_was_told() {
    assert_eq!(tell(book()).pain("5 5 1 1 1 1").told(), "");
    assert_eq!(tell(book()).pain("5 5 5 5 1 1 1 1 1").told(), "HU 3, OK 5");
}

// Budgets.

#[test]
fn the_last_three_kinds_are_dropped_with_a_reason_and_the_others_wait() {
    let mut book = book();
    book.clinic.limits.normal_per_patient_day = 1;
    // Day 0: the check-in has taken the day's one message; a plan is dropped.
    let told = tell(book.clone()).with(run(0, None)).until(3);
    assert_eq!(told.told(), "");
    let story = told.story();
    let dropped = |wanted: fn(&Subject) -> bool| {
        story.taken.iter().any(|taken| {
            wanted(&taken.decision.identity.subject)
                && taken.decision.action == Action::Cancel
                && &*taken.decision.reason.code == "budget"
        })
    };
    assert!(dropped(|subject| matches!(subject, Subject::RecoveryPlan { .. })));
    assert!(dropped(|subject| matches!(subject, Subject::Reminder { .. })));
    assert!(dropped(|subject| matches!(subject, Subject::Nudge { .. })));
}

#[test]
fn lost_touch_and_settled_wait_for_a_place_and_are_not_dropped() {
    let mut book = book();
    book.clinic.limits.normal_per_patient_day = 1;
    // Each day's one message is the check-in of 07:00, so each waits for the first place of a next day.
    let told = tell(book.clone()).pain("5 5 5 5").until(12).told();
    assert!(told.contains("HU 4") && told.contains("LT 9"), "{told}");
    let told = tell(book).pain("5 5 5 5 1 1").until(8).told();
    assert!(told.contains("OK 6"), "{told}");
}

#[test]
fn the_clinic_is_told_whatever_the_budget() {
    let mut book = book();
    book.clinic.limits.normal_per_patient_day = 1;
    let story = tell(book).pain("5 5 5 5").until(3).story();
    assert_eq!(clinic(&story), "Digest pain-lasting 3");
}

#[test]
fn urgent_mail_has_a_budget_of_its_own() {
    let mut book =
        two(Stage { urgent: true, ..stage("s", 0, 1, "A") }, Stage { urgent: true, ..stage("s", 0, 1, "B") });
    book.clinic.limits.urgent_per_patient_day = 1;
    book.clinic.limits.normal_per_patient_day = 1;
    let told = tell(book).with([both(0, "22:00", 5, false), both(0, "22:30", 5, true)]).until(1);
    // The first at once; the second has to wait for the next day's window.
    assert_eq!(told.told(), "A 0, B 1");
    let story = told.story();
    let second =
        story.sent().find(|taken| taken.decision.identity.subject.flag().is_some_and(|flag| *flag == "b"));
    assert_eq!(second.unwrap().decision.at.hour(), 7);
}

#[test]
fn a_stage_takes_its_place_before_what_is_planned_at_the_same_moment() {
    let mut book = book();
    book.clinic.limits.normal_per_patient_day = 2;
    book.flags[0].on_resolved = None;
    // At 08:00 of day 3: the check-in is out; one place is left for stage or plan.
    let run = run_logged(3, 3, None);
    let mut events = run;
    events[0].at = at(3, "08:00");
    let told = tell(book).pain("5 5 5 5").with(events).until(3);
    assert_eq!(told.told(), "HU 3");
}

// Who can be written to.

fn unconfirmed(events: &[TimedEvent], until: i64) -> Story {
    let mut chart = afterrun_rules::Chart::new("p1".into(), chrono_tz::Tz::UTC, at(-1, "00:00"));
    chart.reach = Reach::Unconfirmed;
    let mut story = Story::new(chart);
    for event in events {
        story.take_in(&book(), event.at, std::slice::from_ref(event));
    }
    story.pass_until(&book(), at(until, "23:59"));
    story
}

#[test]
fn nothing_about_health_goes_to_an_address_nobody_confirmed_but_the_clinic_hears() {
    let answers: Vec<_> = (0..4).map(|on| answer(on, on, Some(5))).collect();
    let story = unconfirmed(&answers, 4);
    assert_eq!(story.sent().count(), 0);
    assert_eq!(clinic(&story), "Digest pain-lasting 3");
}

#[test]
fn once_confirmed_what_still_holds_is_sent_and_nothing_stale() {
    let mut events: Vec<_> = (0..4).map(|on| answer(on, on, Some(5))).collect();
    events.push(once(at(3, "12:00"), Event::Confirmed {}));
    let story = unconfirmed(&events, 3);
    assert_eq!(listed(&story, |_| true), "HU 3");
    // The spell has long been over.
    let late = [&events[..4], &[once(at(20, "12:00"), Event::Confirmed {})]].concat();
    let story = unconfirmed(&late, 20);
    assert_eq!(
        listed(&story, |subject| !matches!(subject, Subject::CheckIn { .. } | Subject::Reminder { .. })),
        ""
    );
}

#[test]
fn starting_again_is_a_new_enrolment_without_a_memory() {
    let again = Story::new(afterrun_rules::Chart::new("p1".into(), chrono_tz::Tz::UTC, at(10, "00:00")));
    assert_eq!((again.chart.ledger.len(), again.chart.answers.len()), (0, 0));
    assert!(again.chart.stopped_at.is_none());
}

#[test]
fn stop_cancels_what_waits_for_the_runner_in_the_same_turn() {
    let told = tell(book())
        .pain("5 5 5")
        .with([both(3, "21:00", 5, false), once(at(3, "22:00"), Event::Stop {})])
        .until(3);
    let story = told.story();
    let stage = story
        .chart
        .ledger
        .iter()
        .find(|entry| matches!(entry.identity.subject, Subject::Stage { .. }) && entry.message.is_some());
    assert_eq!(stage.unwrap().state, EntryState::Cancelled);
    let cancel = story.taken.iter().find(|taken| taken.decision.action == Action::Cancel).unwrap();
    assert_eq!((&*cancel.decision.reason.code, cancel.decided_at), ("stopped", at(3, "22:00")));
    // Answers given on the telephone after the stop still reach the clinic.
    let later = told.with([answer(4, 4, Some(5)), answer(5, 5, Some(5))]).until(6);
    assert!(clinic(&later.story()).ends_with("Digest pain-lasting 5"), "{}", clinic(&later.story()));
}

// Edits.

#[test]
fn a_nudge_or_a_lapse_that_an_edit_moves_into_the_past_is_not_told_to_the_runner() {
    let old = book();
    let mut quick = book();
    quick.flags[0].bridge_silent_days = 0;
    quick.check_ins[0].nudge.as_mut().unwrap().after_missed = 1;
    let mut story = tell(old.clone()).pain("5 5 5 5").until(5).story();
    story.new_rules(&old, &quick, at(6, "00:00"));
    story.pass_until(&quick, at(12, "00:00"));
    assert_eq!(
        listed(&story, |subject| matches!(subject, Subject::Lapsed { .. } | Subject::Nudge { .. })),
        ""
    );
}

#[test]
fn a_rule_that_is_gone_cancels_its_queued_mail() {
    let old = book();
    let mut new = book();
    new.flags.remove(0);
    let mut story = Story::new(afterrun_rules::Chart::new("p1".into(), chrono_tz::Tz::UTC, at(-1, "00:00")));
    for event in [answer(0, 0, Some(5)), answer(1, 1, Some(5)), both(3, "21:00", 5, false)] {
        story.take_in(&old, event.at, std::slice::from_ref(&event));
    }
    story.new_rules(&old, &new, at(3, "22:00"));
    story.pass_until(&new, at(4, "23:00"));
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "");
}

#[test]
fn a_stage_under_a_new_id_is_a_new_stage_and_waits_for_a_report() {
    let old = book();
    let mut new = book();
    new.flags[0].stages[0].id = "early-word".into();
    let mut story = tell(old.clone()).pain("5 5 5 5").until(3).story();
    story.new_rules(&old, &new, at(3, "12:00"));
    story.pass_until(&new, at(3, "23:00"));
    story.take_in(&new, at(4, "08:00"), &[answer(4, 4, Some(5))]);
    // Told as the first stage: the same place in the flag, so not told once more.
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "HU 3");
}

#[test]
fn an_emergency_is_told_now_and_leaves_stages_to_go_their_way() {
    let tick = Event::Answer(AnswerEvent {
        check_in: Some("daily".into()),
        run: None,
        about_day: day(3),
        values: values(&[("pain", Value::Number(5))]),
        emergencies: Some(vec!["chest-pain".into()]),
    });
    let told = tell(book()).pain("5 5 5").with([once(at(3, "21:30"), tick)]).until(4);
    assert_eq!(told.told(), "HU 4");
    assert_eq!(clinic(&told.story()), "Now - 3, Digest pain-lasting 3");
    let _: Option<Flag> = None;
}
