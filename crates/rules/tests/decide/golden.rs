//! The golden timelines of the rule language: what "persists past N days" means, row by row.

use crate::support::*;
use afterrun_rules::{chart::Event, chart::Withdraw, decision::Action, story::Story};

/// HU heads-up, SU see-us, OK settled, LT lost touch; each with its day.
#[track_caller]
fn check(answers: &str, until: i64, messages: &str) {
    assert_eq!(tell(book()).pain(answers).until(until).told(), messages, "answers {answers}");
}

#[test]
fn persistence_over_days() {
    check("5 5 5 5 5 5", 6, "HU 3, SU 5");
    check("5 _ 5 _ 5 _ 6", 7, "HU 4, SU 6");
    check("5 _ _ _ 5", 5, "HU 4");
    check("5 _ 5 _ _ _ _ 5 _ 5 5", 11, "HU 10");
    check("5 5 5 5", 30, "HU 3, LT 8");
    check("5 5", 30, "");
    check("5 5 5 5 1 5 1 1 1", 30, "HU 3, SU 5, OK 7");
    check("5 3 3 3 3 4", 6, "HU 5");
    check("5 1 5 1 5", 5, "HU 4");
    check("5 5 1 1", 30, "");
    check("5 5 5 5 1 1 6 6 6 6", 9, "HU 3, OK 5, HU 9");
    check("5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5", 20, "HU 3, SU 5, SU 9, SU 13");
}

#[test]
fn silence_nudges_once_and_the_clinic_hears_of_every_lapse() {
    let told = tell(book()).pain("5 5 5 5").until(30);
    assert_eq!(told.messages(), "HU 3, ND 6, LT 8");
    assert_eq!(clinic(&told.story()), "Digest pain-lasting 3, Today pain-lasting 8");
    let unsaid = tell(book()).pain("5 5").until(30);
    assert_eq!(unsaid.messages(), "ND 4");
    assert_eq!(clinic(&unsaid.story()), "Digest pain-lasting 6");
}

#[test]
fn a_late_answer_moves_the_onset() {
    let told = tell(book()).pain("_ _ _ 5 5").with([answer(4, 1, Some(6))]).until(4);
    assert_eq!(told.told(), "HU 4");
}

#[test]
fn a_late_answer_joins_two_episodes_and_nothing_is_repeated() {
    let late = once(at(9, "09:00"), answer(9, 6, Some(5)).event);
    let told = tell(book()).pain("5 5 5 5 _ _ _ _ 5 5 5 5").with([late]).until(11);
    assert_eq!(told.told(), "HU 3, SU 9");
}

#[test]
fn our_own_outage_is_not_the_patients_silence() {
    let told = tell(book()).pain("5 5 _ _ _ _ _ 5").with([excuse(2, 4)]).until(7);
    assert_eq!(told.told(), "SU 7");
}

#[test]
fn a_corrected_answer_takes_its_evidence_along() {
    let corrected =
        tell(book()).pain("5 5 5").with([once(at(2, "10:00"), answer(2, 0, Some(1)).event)]).until(3);
    assert_eq!(corrected.told(), "");
    let withdraw = Event::Withdraw(Withdraw { check_in: Some("daily".into()), run: None, about_day: day(0) });
    let withdrawn = tell(book()).pain("5 5 5 5").with([once(at(2, "10:00"), withdraw)]).until(3);
    assert_eq!(withdrawn.told(), "");
}

#[test]
fn a_blank_answer_is_silence() {
    assert_eq!(tell(book()).pain("5 - - 5").until(4).told(), "HU 3");
    assert_eq!(tell(book()).pain("5 - - - - 5").until(6).told(), "");
}

#[test]
fn the_reason_says_what_was_seen() {
    let story: Story = tell(book()).pain("5 5 5 5").until(3).story();
    let reason = story
        .sent()
        .find(|taken| matches!(&taken.decision.action, Action::Send { message, .. } if *message == "HU"));
    assert_eq!(
        &*reason.unwrap().decision.reason.text,
        "\u{201c}pain-lasting\u{201d}: first reported on 5 January 2026 (day 0), still reported on 8 January 2026 \
         (day 3), on 4 days in all; stage `heads-up` asks for day 3 and 2 reports."
    );
}

#[track_caller]
fn check_runs(scores: &[Option<i32>], messages: &str) {
    let runs = scores.iter().enumerate().flat_map(|(number, score)| run(number as i64 * 2, *score));
    let told = tell(book()).with(runs).until(scores.len() as i64 * 2);
    let only_flag =
        told.told().split(", ").filter(|message| message.starts_with("WR")).collect::<Vec<_>>().join(", ");
    assert_eq!(only_flag, messages, "scores {scores:?}");
}

#[test]
fn worse_with_each_run() {
    check_runs(&[Some(2), Some(3), Some(5)], "WR 4");
    check_runs(&[Some(2), Some(4), Some(4)], "");
    check_runs(&[Some(0), Some(1), Some(2)], "");
    check_runs(&[Some(2), Some(6), Some(5)], "");
    check_runs(&[Some(1), None, Some(3), Some(4), Some(6)], "WR 6");
}

#[test]
fn a_run_logged_late_is_judged_on_arrival() {
    let runs = [run(0, Some(2)), run(6, Some(5)), run_logged(3, 7, Some(3))].concat();
    let told = tell(book()).with(runs).until(8).told();
    assert!(told.contains("WR 7"), "{told}");
}

#[test]
fn two_runs_never_suffice_and_a_wide_window_is_unknown() {
    let runs = [run(0, Some(2)), run(3, Some(8)), run(25, Some(9))].concat();
    let told = tell(book()).with(runs).until(26).told();
    assert!(!told.contains("WR"), "{told}");
}
