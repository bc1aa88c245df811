//! Messages that could not be delivered: never the same again at once, and nothing that went with them counts as
//! told.

use crate::support::*;
use afterrun_rules::{
    RuleBook,
    book::Condition,
    chart::Value,
    decision::{EntryState, Subject},
    story::{Story, settle},
};

/// The newest patient's message with such a subject came to nothing.
fn fail(story: &mut Story, is: impl Fn(&Subject) -> bool) {
    let at =
        story.chart.ledger.iter().rposition(|entry| entry.message.is_some() && is(&entry.identity.subject));
    story.chart.ledger.set_state(at.unwrap(), EntryState::Failed);
}

/// What is sent when the plan is looked at again.
fn sent_now(book: &RuleBook, story: &mut Story, day: i64) -> Vec<String> {
    let (decisions, _) = settle(book, &mut story.chart, at(day, "18:30"));
    decisions.iter().map(|decision| decision.identity.to_string()).collect()
}

#[test]
fn a_refused_stage_is_tried_again_on_newer_evidence_only() {
    let book = book();
    let mut story = tell(book.clone()).pain("5 5 5 5").until(3).story();
    fail(&mut story, |subject| subject.stage().is_some());
    assert_eq!(sent_now(&book, &mut story, 3), [""; 0]);
    story.take_in(&book, at(4, "08:00"), &[answer(4, 4, Some(5))]);
    let told: Vec<_> =
        story.sent().filter(|taken| taken.decision.identity.subject.stage().is_some()).collect();
    assert_eq!(told.len(), 1, "the next report tries the heads-up again");
    assert_eq!(told[0].decision.identity.to_string(), "patient/stage/pain-lasting/heads-up/2026-01-09");
}

#[test]
fn a_refused_all_clear_or_lost_touch_is_not_tried_again() {
    let book = book();
    let mut cleared = tell(book.clone()).pain("5 5 5 5 1 1").until(5).story();
    fail(&mut cleared, |subject| matches!(subject, Subject::Resolved { .. }));
    assert_eq!(sent_now(&book, &mut cleared, 5), [""; 0]);
    let mut lost = tell(book.clone()).pain("5 5 5 5").until(8).story();
    fail(&mut lost, |subject| matches!(subject, Subject::Lapsed { .. }));
    assert_eq!(sent_now(&book, &mut lost, 8), [""; 0]);
}

#[test]
fn another_flag_still_speaks_when_the_most_pressing_one_was_refused() {
    let mut book = book();
    book.flags.push(flag("limping", Condition::Yes(LIMP), vec![stage("now", 0, 1, "LIMP")]));
    let both = |number: i64, limp: bool| {
        let values = [("pain", Value::Number(5)), ("limping", Value::YesNo(limp))];
        answer_with(number, "08:00", number, &values)
    };
    let mut story =
        tell(book.clone()).with([both(0, false), both(1, false), both(2, false)]).until(2).story();
    story.take_in(&book, at(3, "08:00"), &[both(3, false)]);
    fail(&mut story, |subject| subject.stage().is_some());
    story.take_in(&book, at(3, "09:00"), &[both(3, true)]);
    let told = listed(&story, |subject| subject.stage().is_some());
    assert_eq!(told, "LIMP 3");
}
