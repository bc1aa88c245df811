//! A clinician's word about a stage: told now, withheld, or as the rules say again.

use crate::support::*;
use afterrun_rules::{
    Event, TimedEvent,
    chart::{StageOverride, Word},
    decision::{Action, Audience},
    replay::problem_with,
};

fn word(day: i64, hour: &str, stage: &str, word: Word) -> TimedEvent {
    let about = StageOverride {
        flag: "pain-lasting".into(),
        stage: stage.into(),
        word,
        because: "he races on Sunday".into(),
    };
    TimedEvent { at: at(day, hour), event: Event::StageOverride(about) }
}

#[track_caller]
fn check(series: &str, words: &[TimedEvent], expected: &str) {
    let told = tell(book()).pain(series).with(words.iter().cloned()).told();
    assert_eq!(told, expected, "{series}");
}

#[test]
fn a_stage_asked_for_is_told_at_once_and_never_again() {
    check("5 5 5 5 5", &[word(1, "12:00", "see-us", Word::Send)], "SU 1");
    // Four days later the rule has reached it and reminds, as it would have.
    check("5 5 5 5 5 5 5", &[word(1, "12:00", "see-us", Word::Send)], "SU 1, SU 5");
    check("5 5 5 5 5 5", &[word(1, "12:00", "heads-up", Word::Send)], "HU 1, SU 5");
    // Asked for twice, and again once told: still one message.
    let twice = [1, 1, 2].map(|day| word(day, "12:00", "heads-up", Word::Send));
    check("5 5 5 5 5 5", &twice, "HU 1, SU 5");
    // Already told by the rule.
    check("5 5 5 5 5", &[word(4, "12:00", "heads-up", Word::Send)], "HU 3");
}

#[test]
fn a_stage_asked_for_although_it_eases_is_told_while_the_episode_is_open() {
    check("5 5 1", &[word(2, "12:00", "see-us", Word::Send)], "SU 2");
    check("5 5 1 1", &[word(3, "12:00", "see-us", Word::Send)], "");
    check("_ _ _", &[word(1, "12:00", "see-us", Word::Send)], "");
    // Asked for at night, it waits for the morning and for nothing else.
    check("5 5 5", &[word(1, "23:00", "see-us", Word::Send)], "SU 2");
}

#[test]
fn a_stage_withheld_is_not_told_and_the_clinic_hears_all_the_same() {
    check("5 5 5 5 5 5", &[word(1, "12:00", "heads-up", Word::Withhold)], "SU 5");
    check("5 5 5 5 5 5 5", &[word(1, "12:00", "see-us", Word::Withhold)], "HU 3");
    let both = [word(1, "12:00", "see-us", Word::Withhold), word(1, "12:00", "heads-up", Word::Withhold)];
    check("5 5 5 5 5 5 5 1 1", &both, "");
    let heard = clinic(&tell(book()).pain("5 5 5 5 5 5").with(both).story());
    assert_eq!(heard, "Digest pain-lasting 3, Digest pain-lasting 5");
}

#[test]
fn the_newest_word_counts() {
    let words = [word(1, "12:00", "heads-up", Word::Withhold), word(4, "12:00", "heads-up", Word::Allow)];
    check("5 5 5 5 5", &words, "HU 4");
    let words = [word(1, "12:00", "see-us", Word::Withhold), word(2, "12:00", "see-us", Word::Send)];
    check("5 5 5 5 5 5", &words, "SU 2");
}

#[test]
fn a_word_holds_for_the_episode_in_which_it_was_given() {
    check("5 1 1 5 5 5 5", &[word(0, "12:00", "heads-up", Word::Withhold)], "HU 6");
    check("5 1 1 5 5", &[word(0, "12:00", "heads-up", Word::Send)], "HU 0, OK 2");
}

#[test]
fn a_told_stage_that_is_withheld_reminds_no_more() {
    let every_day = "5 5 5 5 5 5 5 5 5 5 5 5 5 5";
    check(every_day, &[], "HU 3, SU 5, SU 9, SU 13");
    check(every_day, &[word(10, "12:00", "see-us", Word::Withhold)], "HU 3, SU 5, SU 9");
}

#[test]
fn a_message_that_waits_is_taken_back_when_withheld() {
    // Reported at night, the message waits for the morning.
    let late = answer_with(3, "23:00", 3, &[("pain", afterrun_rules::chart::Value::Number(5))]);
    let told = tell(book()).pain("5 5 5").with([late]).until(4);
    assert_eq!(told.told(), "HU 4");
    let story = told.with([word(3, "23:30", "heads-up", Word::Withhold)]).until(5).story();
    let taken_back = story.taken.iter().find(|taken| taken.decision.action == Action::Cancel).unwrap();
    assert_eq!(taken_back.decision.reason.text.as_ref(), "A clinician has withheld it.");
    assert_eq!(listed(&story, |subject| subject.stage().is_some()), "");
    let queued = story.chart.ledger.iter().filter(|entry| entry.identity.audience == Audience::Patient);
    assert!(
        queued.filter(|entry| entry.identity.subject.stage().is_some()).all(|entry| !entry.counts_as_told())
    );
}

#[test]
fn the_reason_names_the_person_and_why() {
    let story = tell(book()).pain("5 5").with([word(1, "12:00", "see-us", Word::Send)]).story();
    let sent = story.sent().find(|taken| taken.decision.identity.subject.stage().is_some()).unwrap();
    assert_eq!(&*sent.decision.reason.code, "stage-by-person");
    assert!(
        sent.decision.reason.text.contains("a clinician asked for stage `see-us`"),
        "{:?}",
        sent.decision
    );
    assert!(sent.decision.reason.text.ends_with("Why: he races on Sunday"), "{:?}", sent.decision);
}

#[test]
fn a_word_about_nothing_is_a_mistake() {
    let chart = tell(book()).story().chart;
    let problem = |stage: &str, because: &str| {
        let mut wrong = word(0, "12:00", stage, Word::Send);
        if let Event::StageOverride(about) = &mut wrong.event {
            about.because = because.into();
        }
        problem_with(&book(), &chart, &wrong)
    };
    assert_eq!(problem("see-us", "why"), None);
    assert_eq!(problem("sea-us", "why").unwrap(), "`pain-lasting` has no stage `sea-us`");
    assert_eq!(problem("see-us", " ").unwrap(), "`because` says why");
}

#[test]
fn its_json_is_a_promise() {
    let json =
        r#"{"stage_override":{"flag":"pain-lasting","stage":"see-us","do":"withhold","because":"booked"}}"#;
    let event: Event = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), json);
}
