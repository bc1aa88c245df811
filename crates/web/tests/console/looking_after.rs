//! What a clinician sees and does.

use afterrun_rules::{Event, book::TellClinic};
use afterrun_store::WorkState;
use chrono::TimeDelta;

use crate::clinic::{Browser, Clinic, start};

const RUNNER: &str = "/console/patients/p-17";
const PAIN: &str = r#"{"answer":{"check_in":"morning-after","about_day":"2026-03-29","values":{"feeling":"pain","worst_pain":6}}}"#;

async fn state(clinic: &Clinic) -> WorkState {
    clinic.store.work_row(&"p-17".into()).await.unwrap().unwrap().state
}

async fn press(browser: &mut Browser, what: &str, how: &str) {
    browser.post(RUNNER, &[("do", what), ("how", how)]).await.is(303);
}

#[tokio::test]
async fn the_list_says_who_why_and_since_when() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    browser
        .get("/console")
        .await
        .is(200)
        .says("Sam &lt;Rivera&gt;")
        .says("Same day")
        .says("because of pain")
        .says("answered today")
        .says("The last 10 days: – – – – – – – – 6 –")
        .lacks("Overdue");
    clinic.pass(TimeDelta::days(1));
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says("Overdue").says("answered yesterday");
}

#[tokio::test]
async fn the_list_is_filtered() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    let shows = [("open", true), ("mine", false), ("unowned", true), ("since", true), ("snoozed", false)];
    for (filter, is_shown) in shows {
        let page = browser.get(&format!("/console?show={filter}")).await;
        assert_eq!(page.html.contains("because of pain"), is_shown, "{filter}");
    }
    clinic.pass(TimeDelta::minutes(1));
    browser.post("/console/looked", &[]).await.is(303);
    browser.get("/console?show=since").await.lacks("because of pain");
    press(&mut browser, "take", "").await;
    browser.get("/console?show=mine").await.says("because of pain");
    browser.get("/console?show=unowned").await.lacks("because of pain");
}

#[tokio::test]
async fn work_is_taken_contacted_and_resolved() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    let answer = browser.post(RUNNER, &[("do", "take"), ("back", "list")]).await;
    assert_eq!(answer.is(303).header("location"), "/console?done=take");
    assert_eq!(state(&clinic).await, WorkState::Acknowledged);
    press(&mut browser, "contact", "no-answer").await;
    assert!(clinic.events.lock().unwrap().is_empty(), "nobody was reached");
    browser.get("/console").await.says("No answer");
    press(&mut browser, "contact", "spoke").await;
    assert_eq!(state(&clinic).await, WorkState::Contacted);
    let contacted = |event: &Event| matches!(event, Event::Contacted { .. });
    assert!(clinic.events.lock().unwrap().iter().any(contacted), "reminders about it stop");
    browser.post(RUNNER, &[("do", "note"), ("words", "new <shoes>")]).await.is(303);
    press(&mut browser, "resolve", "advised").await;
    browser
        .get(&format!("{RUNNER}?done=resolve"))
        .await
        .says("Done, and off the work-list.")
        .says("Nothing is open about this runner.")
        .says("Advice given")
        .says("new &lt;shoes&gt;")
        .says("clinician@clinic.example");
    browser.get("/console").await.lacks("Rivera");
    browser.post(RUNNER, &[("do", "take")]).await.is(422).says("no open work");
    let card = clinic.store.scorecard(start()).await.unwrap().rules.remove(0);
    assert_eq!((card.fires, card.acted), (1, 1));
    let actions: Vec<_> = clinic.audit().await.into_iter().map(|line| line.action).collect();
    for action in ["work-take", "work-contact", "work-note", "work-resolve", "chart-view", "sign-in"] {
        assert!(actions.iter().any(|known| known == action), "{action} in {actions:?}");
    }
}

#[tokio::test]
async fn an_emergency_is_dealt_with_when_its_work_is_resolved() {
    let clinic = Clinic::new().await;
    let sign = crate::book::book().emergencies[0].id.clone();
    let ticked = format!(
        r#"{{"answer":{{"check_in":"morning-after","about_day":"2026-03-30","values":{{}},"emergencies":["{sign}"]}}}}"#
    );
    clinic.happens(&ticked).await;
    clinic.raise("emergency", TellClinic::Now, "emergency").await;
    clinic.pass(TimeDelta::minutes(1));
    let mut browser = clinic.signed_in("clinician").await;
    browser.get(RUNNER).await.says("emergency signs open").says("Emergency sign ticked:");
    press(&mut browser, "resolve", "referred").await;
    assert!(clinic.events.lock().unwrap().contains(&Event::EmergencyResolved {}));
    browser.get(RUNNER).await.lacks("emergency signs open");
}

#[tokio::test]
async fn an_emergency_resolved_by_mistake_waits_again() {
    let clinic = Clinic::new().await;
    let sign = crate::book::book().emergencies[0].id.clone();
    let ticked = format!(
        r#"{{"answer":{{"check_in":"morning-after","about_day":"2026-03-30","values":{{}},"emergencies":["{sign}"]}}}}"#
    );
    clinic.happens(&ticked).await;
    clinic.raise("emergency", TellClinic::Now, "emergency").await;
    clinic.pass(TimeDelta::minutes(1));
    let mut browser = clinic.signed_in("clinician").await;
    press(&mut browser, "resolve", "settled").await;
    clinic.pass(TimeDelta::minutes(1));
    browser.post(RUNNER, &[("do", "open-again")]).await.is(303);
    let chart = async || clinic.store.chart(&"p-17".into()).await.unwrap().chart;
    assert!(chart().await.has_open_emergency(), "the rules believe it again");
    browser.get(RUNNER).await.says("emergency signs open").lacks("Nothing is open about this runner.");
    browser.post(RUNNER, &[("do", "open-again")]).await.is(422).says("no open work");
    press(&mut browser, "resolve", "referred").await;
    assert!(!chart().await.has_open_emergency());

    clinic.pass(TimeDelta::minutes(1));
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    press(&mut browser, "resolve", "advised").await;
    clinic.pass(TimeDelta::minutes(1));
    browser.post(RUNNER, &[("do", "open-again")]).await.is(303);
    assert!(!chart().await.has_open_emergency(), "opening something else again is no word about it");
}

#[tokio::test]
async fn work_is_put_off_with_a_reason_and_comes_back() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    let snooze = |until: &'static str, why: &'static str| [("do", "snooze"), ("until", until), ("why", why)];
    for (until, why) in
        [("2026-03-30", "today"), ("2026-09-01", "too far"), ("soon", "no day"), ("2026-04-01", "")]
    {
        browser.post(RUNNER, &snooze(until, why)).await.is(422);
    }
    browser.post(RUNNER, &snooze("2026-04-01", "calls on Wednesday")).await.is(303);
    browser.get("/console").await.lacks("Rivera");
    browser.get("/console?show=snoozed").await.says("Rivera").says("Put off").says("calls on Wednesday");
    browser.get(RUNNER).await.says("calls on Wednesday");
    clinic.pass(TimeDelta::days(2));
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says("Rivera").says("Back");
}

#[tokio::test]
async fn facts_are_entered_for_the_runner() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    let forms: [(&[(&str, &str)], u16); 9] = [
        (&[("do", "pause"), ("until", "2026-04-10")], 303),
        (&[("do", "pause"), ("until", "2026-03-01")], 422),
        (&[("do", "resume")], 303),
        (&[("do", "time-zone"), ("zone", "Europe/London")], 303),
        (&[("do", "time-zone"), ("zone", "Middle/Earth")], 422),
        (
            &[
                ("do", "log-run"),
                ("date", "2026-03-29"),
                ("time", "08:00"),
                ("distance", "4"),
                ("kind", "training"),
            ],
            303,
        ),
        (&[("do", "log-run"), ("date", "2027-03-29"), ("time", "08:00"), ("distance", "x")], 422),
        (&[("do", "stop")], 422),
        (&[("do", "stop"), ("surely", "yes")], 303),
    ];
    for (form, status) in forms {
        browser.post(RUNNER, form).await.is(status);
    }
    let events = clinic.events.lock().unwrap().clone();
    let kinds = [
        matches!(events[0], Event::Pause(_)),
        matches!(events[1], Event::Resume {}),
        matches!(events[2], Event::TimeZone { .. }),
        matches!(events[3], Event::Run(_)),
        matches!(events[4], Event::Stop {}),
    ];
    assert_eq!((events.len(), kinds), (5, [true; 5]), "{events:?}");
    browser.get(RUNNER).await.says("The runner has stopped all messages");
    let actions: Vec<_> = clinic.audit().await.into_iter().map(|line| line.action).collect();
    assert!(actions.contains(&"stop".to_owned()) && actions.contains(&"log-run".to_owned()), "{actions:?}");
}

#[tokio::test]
async fn a_runners_page_shows_answers_and_what_replaced_them() {
    let clinic = Clinic::new().await;
    clinic.happens(PAIN).await;
    clinic.pass(TimeDelta::minutes(5));
    clinic.happens(&PAIN.replace("\"worst_pain\":6", "\"worst_pain\":3")).await;
    let mut browser = clinic.signed_in("viewer").await;
    let page = browser.get(RUNNER).await;
    page.is(200).says("replaced by a later answer").says("Why, and why not").says("The same as a table");
    assert_eq!(page.html.matches("class=\"replaced\"").count(), 1);
}

#[tokio::test]
async fn rules_are_read_back_with_the_edit_that_was_refused() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("viewer").await;
    let flag = crate::book::book().flags[0].clone();
    browser
        .get("/console/rules")
        .await
        .says("Red flags")
        .says(flag.id.as_str())
        .says("Messages")
        .lacks("did not go live");
    *clinic.rejected.lock().unwrap() = Some("error[syntax]: expected `,` <here>".to_owned());
    browser.get("/console/rules").await.says("did not go live").says("expected `,` &lt;here&gt;");
}

#[tokio::test]
async fn runners_are_found_and_operations_name_nobody() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("viewer").await;
    browser.get("/console/patients").await.says("Rivera").says("America/Chicago");
    browser.get("/console/patients?email=SAM@runner.example").await.says("Rivera");
    browser.get("/console/patients?email=else@runner.example").await.lacks("Rivera").says("No runner");
    browser.get("/console/operations").await.is(200).says("1.2.3").lacks("Rivera").lacks("sam@");
}
