//! Several flags at once, urgency, budgets, the send window, reminders and hands-off rules (2.4.1).

use crate::support::*;
use afterrun_rules::{
    book::{Condition, Flag, Remind, RuleBook, Stage, TellClinic},
    chart::{Event, PauseEvent, Value},
    decision::{Action, Audience},
};
use chrono::Timelike;

fn limping(stages: Vec<Stage>) -> Flag {
    flag("limping", Condition::Yes(LIMP), stages)
}

fn with_flag(flag: Flag) -> RuleBook {
    let mut book = book();
    book.flags.push(flag);
    book
}

fn pain_and_limp(number: i64, pain: i32, limp: bool) -> afterrun_rules::TimedEvent {
    answer_with(number, "08:00", number, &[("pain", Value::Number(pain)), ("limping", Value::YesNo(limp))])
}

#[test]
fn two_flags_at_once_make_one_message_that_names_the_other() {
    let book = with_flag(limping(vec![Stage { tell_clinic: TellClinic::Now, ..stage("now", 3, 2, "LIMP") }]));
    let told = tell(book).with((0..4).map(|day| pain_and_limp(day, 5, true))).until(3);
    assert_eq!(told.told(), "LIMP 3");
    let story = told.story();
    let message = story
        .sent()
        .find(|taken| matches!(&taken.decision.action, Action::Send { message, .. } if *message == "LIMP"));
    let also: Vec<_> = message.unwrap().decision.facts.also.iter().map(|title| title.to_string()).collect();
    assert_eq!(also, ["pain-lasting"]);
    let covered =
        story.taken.iter().find(|taken| matches!(taken.decision.action, Action::Covered { .. })).unwrap();
    assert_eq!(covered.decision.identity.to_string(), "patient/stage/pain-lasting/heads-up/2026-01-08");
    // The clinic hears of both.
    assert_eq!(clinic(&story), "Digest pain-lasting 3, Now limping 3");
    // Covered counts as told: the next stage follows, the covered one never does.
    let later = tell(told.book.clone()).with((0..7).map(|day| pain_and_limp(day, 5, true))).until(6);
    assert_eq!(later.told(), "LIMP 3, SU 5");
}

#[test]
fn an_urgent_stage_leaves_the_send_window_and_others_wait() {
    let urgent = Stage { urgent: true, tell_clinic: TellClinic::Now, ..stage("now", 0, 1, "URGENT") };
    let calm = stage("calm", 0, 1, "CALM");
    for (stage, expected) in [(urgent, (0, 22)), (calm, (1, 7))] {
        let night = answer_with(0, "22:00", 0, &[("limping", Value::YesNo(true))]);
        let story = tell(with_flag(limping(vec![stage]))).with([night]).until(2).story();
        let sent = story.sent().find(|taken| taken.decision.identity.subject.stage().is_some()).unwrap();
        let at = sent.decision.at;
        assert_eq!(((at.date_naive() - day(0)).num_days(), at.hour()), expected);
    }
}

#[test]
fn an_outranking_flag_keeps_slower_ones_quiet_while_it_is_open() {
    let stages = vec![Stage { urgent: true, tell_clinic: TellClinic::Now, ..stage("now", 0, 1, "BEAR") }];
    let bear = Flag { outranks: vec!["pain-lasting".into()], ..limping(stages) };
    let told = tell(with_flag(bear)).with((0..6).map(|day| pain_and_limp(day, 5, day >= 2))).until(5);
    assert_eq!(told.told(), "BEAR 2");
}

#[test]
fn a_queued_stage_is_cancelled_when_overtaken_and_comes_again_when_true_again() {
    let night = answer_with(3, "21:00", 3, &[("pain", Value::Number(5))]);
    let told = tell(book()).pain("5 5 5").with([night]).until(4);
    assert_eq!(told.told(), "HU 4");
    let better = once(at(4, "05:00"), answer(4, 4, Some(1)).event);
    let cancelled = tell(book()).pain("5 5 5").with([told.events.last().unwrap().clone(), better]).until(4);
    assert_eq!(cancelled.told(), "");
    let reasons: Vec<_> = cancelled
        .story()
        .taken
        .iter()
        .filter(|taken| taken.decision.action == Action::Cancel)
        .map(|taken| taken.decision.reason.code.to_string())
        .collect();
    assert_eq!(reasons, ["overtaken"]);
    let again = [cancelled.events.clone(), vec![answer(5, 5, Some(6))]].concat();
    assert_eq!(tell(book()).with(again).until(5).told(), "SU 5");
}

#[test]
fn reminders_stop_when_a_clinician_has_been_in_touch() {
    let long = "5 5 5 5 5 5 5 5 5 5 5 5 5 5 5";
    assert_eq!(tell(book()).pain(long).told(), "HU 3, SU 5, SU 9, SU 13");
    let contacted = once(at(7, "12:00"), Event::Contacted { flag: "pain-lasting".into() });
    assert_eq!(tell(book()).pain(long).with([contacted]).told(), "HU 3, SU 5");
}

#[test]
fn the_budget_of_a_day_is_never_exceeded_and_stages_are_never_dropped() {
    let mut book = with_flag(limping(vec![stage("now", 0, 1, "LIMP")]));
    book.clinic.limits.normal_per_patient_day = 1;
    let told = tell(book).with([pain_and_limp(0, 1, true)]).until(2);
    // The day's one message is the check-in of 07:00; the stage goes out next morning.
    assert_eq!(told.told(), "LIMP 1");
}

#[test]
fn stop_cancels_what_is_queued_and_tells_the_clinic_of_an_open_episode() {
    let night = answer_with(3, "21:00", 3, &[("pain", Value::Number(5))]);
    let stop = once(at(3, "22:00"), Event::Stop {});
    let told = tell(book()).pain("5 5 5").with([night, stop]).until(20);
    let story = told.story();
    assert_eq!(told.messages(), "");
    assert_eq!(clinic(&story), "Digest pain-lasting 3, Today pain-lasting 3");
    let after = story.sent().filter(|taken| taken.decided_at > at(3, "22:00")).count();
    assert_eq!(after, 0, "nothing goes out after stop");
}

#[test]
fn nothing_about_health_goes_to_an_address_that_is_dead() {
    let dead = once(at(1, "12:00"), Event::AddressDead {});
    let told = tell(book()).pain("5 5 5 5 5").with([dead]).until(10);
    assert_eq!(told.messages(), "");
    let story = told.story();
    assert!(clinic(&story).contains("Today pain-lasting 1"), "{}", clinic(&story));
    assert!(clinic(&story).contains("Digest pain-lasting 3"), "{}", clinic(&story));
    let sent_after = story.sent().filter(|taken| taken.decided_at > at(1, "12:00"));
    assert_eq!(sent_after.count(), 0);
}

#[test]
fn a_pause_is_excused_and_silent() {
    let pause = once(at(2, "12:00"), Event::Pause(PauseEvent { until: Some(day(7)) }));
    let told = tell(book()).pain("5 5 _ _ _ _ _ 5").with([pause]).until(7);
    assert_eq!(told.messages(), "SU 7");
    let opened: Vec<_> = told
        .story()
        .chart
        .check_ins
        .iter()
        .map(|check_in| (check_in.about_day - day(0)).num_days())
        .collect();
    assert_eq!(opened, [-1, 0, 1, 2, 7]);
}

#[test]
fn an_edit_of_the_rules_mails_nobody_by_itself() {
    let slow = {
        let mut book = book();
        book.flags[0].stages[0].after_days = 4;
        book
    };
    let mut story = tell(slow.clone()).pain("5 5 5 5").until(3).story();
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "");
    let fast = book();
    story.new_rules(&slow, &fast, at(3, "12:00"));
    story.pass_until(&fast, at(3, "23:00"));
    assert_eq!(
        story
            .sent()
            .filter(
                |taken| matches!(&taken.decision.action, Action::Send { message, .. } if *message == "HU")
            )
            .count(),
        0
    );
    story.take_in(&fast, at(4, "08:00"), &[answer(4, 4, Some(5))]);
    let sent: Vec<_> = story
        .sent()
        .filter(|taken| matches!(&taken.decision.action, Action::Send { message, .. } if *message == "HU"))
        .collect();
    assert_eq!(sent.len(), 1, "the next report is judged by the new rules");
}

#[test]
fn a_renamed_flag_keeps_its_ledger() {
    let renamed = {
        let mut book = book();
        book.flags[0].id = "pain-persists".into();
        book.flags[0].formerly = vec!["pain-lasting".into()];
        book
    };
    let old = book();
    let mut story = tell(old.clone()).pain("5 5 5 5").until(3).story();
    story.new_rules(&old, &renamed, at(3, "12:00"));
    story.take_in(&renamed, at(4, "08:00"), &[answer(4, 4, Some(5))]);
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "HU 3");
}

#[test]
fn the_clinic_hears_today_in_office_hours_and_a_digest_in_its_time() {
    let friday_evening = answer_with(4, "19:00", 4, &[("limping", Value::YesNo(true))]);
    for (level, expected) in [
        (TellClinic::Now, at(4, "19:00")),
        (TellClinic::Today, at(7, "08:00")),
        (TellClinic::Digest, at(7, "07:30")),
    ] {
        let stages = vec![Stage {
            tell_clinic: level,
            remind: Some(Remind { every_days: 1, at_most: 1 }),
            ..stage("now", 0, 1, "L")
        }];
        let story = tell(with_flag(limping(stages))).with([friday_evening.clone()]).until(5).story();
        let told: Vec<_> = story
            .taken
            .iter()
            .filter(|taken| taken.decision.identity.audience == Audience::Clinic)
            .map(|taken| taken.decision.at)
            .collect();
        assert_eq!(told, [expected], "{level:?}");
    }
}
