//! What is done while the clock is in doubt: said to be recorded only, and shown until it is decided on.

use afterrun_rules::{Event, book::TellClinic};
use chrono::TimeDelta;

use crate::clinic::Clinic;

const RUNNER: &str = "/console/patients/p-17";
const RECORDED: &str = "Recorded, decided on once the clock is believed.";
const EMERGENCY: &str = r#"{"answer":{"check_in":"morning-after","about_day":"2026-03-30","values":{"feeling":"pain","worst_pain":6},"emergencies":["chest-pain"]}}"#;
const PAIN: &str = r#"{"answer":{"check_in":"morning-after","about_day":"2026-03-29","values":{"feeling":"pain","worst_pain":6}}}"#;

#[tokio::test]
async fn what_is_only_recorded_is_said_to_be_and_shown_as_waiting() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    browser.get(RUNNER).await.is(200).lacks("Waits for the clock");
    clinic.doubt(true);
    let done = browser.post(RUNNER, &[("do", "pause"), ("until", "2026-04-02")]).await;
    let to = done.is(303).header("location").to_owned();
    browser
        .get(&to)
        .await
        .says(RECORDED)
        .lacks("Check-ins are paused.")
        .says("Waits for the clock")
        .says("a pause until");
    let answers = [
        ("q.feeling", "pain"),
        ("q.worst_pain", "4"),
        ("q.swelling", "none"),
        ("q.walking", "normal"),
        ("none", "1"),
    ];
    let page = format!("{RUNNER}/answer?day=2026-03-29");
    let done = browser.post(&page, &answers).await;
    let to = done.is(303).header("location").to_owned();
    let page = browser.get(&to).await;
    page.says(RECORDED).lacks("The answers are stored.").says("an answer about").says("No answer yet");
    // The fact in force is said as ever.
    clinic.doubt(false);
    let done = browser.post(RUNNER, &[("do", "time-zone"), ("zone", "Europe/Berlin")]).await;
    let to = done.is(303).header("location").to_owned();
    browser.get(&to).await.says("The time zone is changed.").lacks(RECORDED);
}

#[tokio::test]
async fn work_that_says_nothing_about_the_chart_needs_no_clock() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    clinic.doubt(true);
    let done = browser.post(RUNNER, &[("do", "take"), ("back", "list")]).await;
    assert_eq!(done.is(303).header("location"), "/console?done=take");
    let refused = browser.post(RUNNER, &[("do", "address"), ("email", "new@runner.example")]).await;
    refused.is(422).says("The address can be changed once it is believed again");
}

#[tokio::test]
async fn an_emergency_that_waits_is_dealt_with_and_opened_again_like_any_other() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    clinic.doubt(true);
    clinic.keep_waiting(vec![serde_json::from_str(EMERGENCY).unwrap()]).await;
    clinic.raise("sign", TellClinic::Now, "emergency").await;
    clinic.pass(TimeDelta::minutes(1));
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says("1 thing told waits for the clock");
    browser.get(RUNNER).await.says("Emergency sign ticked:");
    let done = browser.post(RUNNER, &[("do", "resolve"), ("how", "seen")]).await;
    let to = done.is(303).header("location").to_owned();
    browser.get(&to).await.says("Done, and off the work-list.").says(RECORDED);
    let events = clinic.events.lock().unwrap().clone();
    assert_eq!(events.last(), Some(&Event::EmergencyResolved {}), "{events:?}");
    browser.post(RUNNER, &[("do", "open-again")]).await.is(303);
    let events = clinic.events.lock().unwrap().clone();
    assert!(events.contains(&Event::EmergencyReopened {}), "{events:?}");
}
