//! One alert for each emergency: a form sent twice is one, a form whose ticks have changed is another.

use afterrun_rules::{
    chart::{AnswerEvent, Event, TimedEvent},
    decision::{Audience, Subject},
};

use crate::support::{at, book, day, once, tell, values};

/// A form of one check-in about one day, with these signs ticked.
fn form(hour: &str, about: i64, signs: &[&str]) -> TimedEvent {
    let event = Event::Answer(AnswerEvent {
        check_in: Some("daily".into()),
        run: None,
        about_day: day(about),
        values: values(&[]),
        emergencies: Some(signs.iter().map(|sign| (*sign).into()).collect()),
    });
    once(at(0, hour), event)
}

fn resolved(hour: &str) -> TimedEvent {
    once(at(0, hour), Event::EmergencyResolved {})
}

/// How many alerts the clinic gets.
#[track_caller]
fn check(events: &[TimedEvent], alerts: usize) {
    let mut book = book();
    book.emergencies.push(afterrun_rules::book::Sign { id: "calf".into(), ..book.emergencies[0].clone() });
    let story = tell(book).with(events.to_vec()).story();
    let told = story.taken.iter().filter(|taken| {
        let identity = &taken.decision.identity;
        identity.audience == Audience::Clinic && matches!(identity.subject, Subject::Emergency { .. })
    });
    assert_eq!(told.count(), alerts, "{events:?}");
}

#[test]
fn a_form_sent_twice_is_one_emergency() {
    let first = form("08:00", 0, &["chest-pain", "calf"]);
    check(std::slice::from_ref(&first), 1);
    check(&[first.clone(), form("08:01", 0, &["chest-pain", "calf"])], 1);
    check(
        &[
            first.clone(),
            form("08:01", 0, &["calf", "chest-pain"]),
            form("09:00", 0, &["chest-pain", "calf"]),
        ],
        1,
    );
}

#[test]
fn a_form_whose_ticks_have_changed_is_another() {
    let first = form("08:00", 0, &["chest-pain"]);
    check(&[first.clone(), form("08:01", 0, &["chest-pain", "calf"])], 2);
    check(&[first.clone(), form("08:01", 0, &["calf"])], 2);
    check(&[first.clone(), form("08:01", 0, &[])], 1);
    check(&[first.clone(), form("08:01", 0, &[]), form("08:02", 0, &["chest-pain"])], 2);
    check(&[first, form("08:01", -1, &["chest-pain"])], 2);
}

#[test]
fn a_form_sent_again_after_somebody_dealt_with_it_is_another() {
    let first = form("08:00", 0, &["chest-pain"]);
    check(&[first.clone(), resolved("09:00"), form("10:00", 0, &["chest-pain"])], 2);
    let elsewhere = form("09:30", -1, &["calf"]);
    check(&[first, resolved("09:00"), elsewhere, form("10:00", 0, &["chest-pain"])], 3);
}

#[test]
fn what_is_sent_twice_stays_open() {
    let story =
        tell(book()).with([form("08:00", 0, &["chest-pain"]), form("08:05", 0, &["chest-pain"])]).story();
    assert!(story.chart.has_open_emergency());
}
