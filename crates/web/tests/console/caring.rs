//! What a clinician does for a runner: answers by telephone, a word about a stage, another address, the export, and
//! what the rules are judged by.

use afterrun_rules::{
    Event,
    book::TellClinic,
    chart::{StageOverride, Word},
};
use chrono::TimeDelta;

use crate::clinic::Clinic;

const RUNNER: &str = "/console/patients/p-17";
const PAIN: &str = r#"{"answer":{"check_in":"morning-after","about_day":"2026-03-29","values":{"feeling":"pain","worst_pain":6}}}"#;

async fn recorded(clinic: &Clinic) -> Vec<Event> {
    clinic.events.lock().unwrap().clone()
}

#[tokio::test]
async fn answers_by_telephone_are_the_runners_and_are_marked() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    let page = format!("{RUNNER}/answer?day=2026-03-29");
    browser
        .get(&page)
        .await
        .is(200)
        .says("You enter what Sam &lt;Rivera&gt; says on the telephone.")
        .says("Sunday 29 March");
    // The same judgement as the runner's own form.
    browser.post(&page, &[("q.feeling", "pain")]).await.is(422).says("Not sent yet");
    assert!(recorded(&clinic).await.is_empty());
    let answers = [
        ("q.feeling", "pain"),
        ("q.worst_pain", "4"),
        ("q.swelling", "none"),
        ("q.walking", "normal"),
        ("none", "1"),
    ];
    let done = browser.post(&page, &answers).await;
    assert_eq!(done.is(303).header("location"), format!("{RUNNER}?done=telephone"));
    let events = recorded(&clinic).await;
    let [Event::Answer(answer), Event::ByTelephone(mark)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((answer.about_day, &answer.check_in), (mark.about_day, &mark.check_in));
    assert_eq!(answer.emergencies, Some(vec![]));
    browser.get(RUNNER).await.says("by telephone").says("entered answers given by telephone");
    // Corrected later: the earlier one stays in sight, replaced.
    let better = [("q.feeling", "fine"), ("q.worst_pain", "0"), ("none", "1")];
    browser.post(&page, &better).await.is(303);
    browser.get(RUNNER).await.says("replaced by a later answer");
    let audit = clinic.audit().await;
    assert_eq!(audit.iter().filter(|line| line.action == "telephone").count(), 2);
}

#[tokio::test]
async fn answers_by_telephone_are_about_a_day_that_counts() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    for day in ["2026-03-31", "2026-03-20", "2025-03-29"] {
        let page = format!("{RUNNER}/answer?day={day}");
        browser.get(&page).await.is(422).says("today and the 14 days before");
        browser.post(&page, &[("q.feeling", "fine"), ("none", "1")]).await.is(422);
    }
    assert!(recorded(&clinic).await.is_empty());
}

#[tokio::test]
async fn a_word_about_a_stage_is_a_fact_with_a_reason() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    let mut browser = clinic.signed_in("clinician").await;
    let page = browser.get(RUNNER).await;
    let value = page.html.split_once("name=\"stage\"").unwrap().1.split_once("value=\"").unwrap().1;
    let chosen = value.split_once('"').unwrap().0.to_owned();
    let (flag, stage) = chosen.split_once('/').unwrap();
    let word = |how| vec![("do", "override"), ("stage", chosen.as_str()), ("word", how)];
    browser.post(RUNNER, &word("send")).await.is(422).says("Please say it in a few words.");
    let unknown = [("do", "override"), ("stage", "gone/gone"), ("word", "send"), ("because", "x")];
    browser.post(RUNNER, &unknown).await.is(422);
    assert!(recorded(&clinic).await.is_empty());
    let mut full = word("withhold");
    full.push(("because", "seen in <person>"));
    browser.post(RUNNER, &full).await.is(303);
    let expected = StageOverride {
        flag: flag.into(),
        stage: stage.into(),
        word: Word::Withhold,
        because: "seen in <person>".into(),
    };
    assert_eq!(recorded(&clinic).await, [Event::StageOverride(expected)]);
    browser
        .get(RUNNER)
        .await
        .says("decided about a stage")
        .says("seen in &lt;person&gt;")
        .says("is withheld by a clinician");
}

#[tokio::test]
async fn another_address_goes_by_the_desk() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    let wrong = [("do", "address"), ("email", "nobody")];
    browser.post(RUNNER, &wrong).await.is(422).says("this is no mail address");
    browser.post(RUNNER, &[("do", "address"), ("email", " new@runner.example ")]).await.is(303);
    browser.get(RUNNER).await.says("changed the mail address");
    let audit = clinic.audit().await;
    assert!(audit.iter().any(|line| line.action == "patient-address" && line.subject == "p-17"));
}

#[tokio::test]
async fn an_export_is_noted_before_it_is_given() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    let export = browser.post(&format!("{RUNNER}/export"), &[]).await;
    assert_eq!(export.is(200).header("content-type"), "application/json");
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"afterrun-2026-03-30.json\"");
    export.says("p-17");
    assert!(clinic.audit().await.iter().any(|line| line.action == "patient-export"));
    browser.get(&format!("{RUNNER}/export")).await.is(405);
}

#[tokio::test]
async fn a_viewer_does_none_of_it() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut viewer = clinic.signed_in("viewer").await;
    viewer.get(RUNNER).await.is(200).lacks("Change the mail address").lacks("by telephone").lacks("Export");
    viewer.get("/console").await.is(200).lacks("Known already").lacks("I see to it");
    viewer.get(&format!("{RUNNER}/answer")).await.is(403);
    viewer.post(&format!("{RUNNER}/answer"), &[("q.feeling", "fine"), ("none", "1")]).await.is(403);
    viewer.post(&format!("{RUNNER}/export"), &[]).await.is(403);
    for what in ["override", "address", "resolve"] {
        viewer.post(RUNNER, &[("do", what)]).await.is(403);
    }
    assert!(recorded(&clinic).await.is_empty());
}

#[tokio::test]
async fn one_tap_ends_it_and_counts_for_the_rule() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console/scorecard").await.says("No rule has made any work");
    for (identity, how) in [("one", "acted"), ("two", "already-known"), ("three", "not-needed")] {
        clinic.raise(identity, TellClinic::Today, "stage-reached").await;
        browser.get("/console").await.says("Known already");
        let tapped = browser.post(RUNNER, &[("do", "resolve"), ("how", how), ("back", "list")]).await;
        assert_eq!(tapped.is(303).header("location"), "/console?done=resolve");
    }
    browser.get("/console?done=resolve").await.says("Done, and off the work-list.").says("Nobody here");
    browser.get("/console/scorecard").await.says("1 of 3 (33 %)").lacks("Nobody acted on these");
    clinic.pass(TimeDelta::days(61));
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console/scorecard").await.lacks("Nobody acted on these").says("1 of 3 (33 %)");
    clinic.raise("four", TellClinic::Today, "stage-reached").await;
    browser.get("/console/scorecard").await.says("Nobody acted on these in 60 days");
}

#[tokio::test]
async fn of_alerts_younger_than_sixty_days_nobody_is_said_not_to_have_acted() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    let card = "/console/scorecard";
    let mut browser = clinic.signed_in("clinician").await;
    clinic.raise("one", TellClinic::Today, "stage-reached").await;
    clinic.pass(TimeDelta::minutes(20));
    browser.post(RUNNER, &[("do", "resolve"), ("how", "not-needed"), ("back", "list")]).await.is(303);
    for (days, is_listed) in [(2, false), (57, false), (2, true)] {
        clinic.pass(TimeDelta::days(days));
        clinic.raise(&format!("after {days}"), TellClinic::Today, "stage-reached").await;
        let page = clinic.signed_in("clinician").await.get(card).await;
        page.says("How the rules fare");
        assert_eq!(page.html.contains("Nobody acted on these in 60 days"), is_listed, "after {days}");
    }
}

#[tokio::test]
async fn opening_again_takes_back_that_somebody_was_in_touch_and_no_more() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    clinic.raise("one", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    browser.post(RUNNER, &[("do", "contact"), ("how", "spoke")]).await.is(303);
    clinic.pass(TimeDelta::minutes(2));
    browser.post(RUNNER, &[("do", "resolve"), ("how", "not-needed")]).await.is(303);
    clinic.pass(TimeDelta::minutes(2));
    browser.post(RUNNER, &[("do", "open-again")]).await.is(303);
    let (contacted, withdrawn) = (
        Event::Contacted { flag: "pain-lasting".into() },
        Event::ContactWithdrawn { flag: "pain-lasting".into() },
    );
    assert_eq!(recorded(&clinic).await, [contacted.clone(), contacted, withdrawn]);
    let chart = clinic.store.chart(&"p-17".into()).await.unwrap().chart;
    assert_eq!(chart.contacts.len(), 1, "the call before it was one");
}

#[tokio::test]
async fn a_wrong_tap_is_taken_back() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    clinic.raise("one", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    browser.post(RUNNER, &[("do", "open-again")]).await.is(422);
    browser.post(RUNNER, &[("do", "resolve"), ("how", "not-needed"), ("back", "list")]).await.is(303);
    browser.get(RUNNER).await.says("Open it again");
    browser.post(RUNNER, &[("do", "open-again")]).await.is(303);
    browser.get("/console?show=mine").await.says("because of one");
}

#[tokio::test]
async fn an_emergency_is_not_ended_from_the_list() {
    let clinic = Clinic::new().await;
    clinic.raise("sign", TellClinic::Now, "emergency").await;
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says("Emergency").lacks("Known already");
}
