//! A row that has outlived its reason says so, and stays until a person closes it.

use afterrun_rules::book::TellClinic;
use chrono::TimeDelta;

use crate::clinic::Clinic;

const RUNNER: &str = "/console/patients/p-17";

/// What the runner reports on a day: the worst pain.
async fn reports(clinic: &Clinic, day: &str, worst: u8) {
    let feeling = if worst > 0 { "pain" } else { "fine" };
    let values = format!(r#"{{"feeling":"{feeling}","worst_pain":{worst}}}"#);
    let answer = format!(
        r#"{{"answer":{{"check_in":"morning-after","about_day":"{day}","values":{values},"emergencies":[]}}}}"#
    );
    clinic.happens(&answer).await;
}

#[tokio::test]
async fn a_row_says_since_when_its_matter_has_settled_and_stays() {
    let clinic = Clinic::new().await;
    reports(&clinic, "2026-03-30", 5).await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says("because of pain").lacks("Settled since").lacks("No longer so");
    for day in ["2026-03-31", "2026-04-01"] {
        clinic.pass(TimeDelta::days(1));
        reports(&clinic, day, 0).await;
    }
    let settled = "Settled since today; the reason is from before.";
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says(settled).says("because of pain").says("Sam");
    browser.get(RUNNER).await.says(settled).says("Done, because");
    clinic.pass(TimeDelta::days(3));
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says("Settled since Wednesday;").says("because of pain");
    // Back again: the reason holds once more.
    clinic.pass(TimeDelta::days(1));
    reports(&clinic, "2026-04-05", 6).await;
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says("because of pain").lacks("Settled since");
}

#[tokio::test]
async fn a_row_whose_answers_were_corrected_says_so_and_silence_settles_nothing() {
    let clinic = Clinic::new().await;
    reports(&clinic, "2026-03-30", 5).await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    clinic.pass(TimeDelta::days(7));
    let mut browser = clinic.signed_in("clinician").await;
    browser.get("/console").await.says("because of pain").lacks("Settled since").lacks("No longer so");
    reports(&clinic, "2026-03-30", 0).await;
    browser
        .get("/console")
        .await
        .says("because of pain")
        .says("No longer so, by the answers and rules of today.");
}
