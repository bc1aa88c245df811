//! What must not get through, and what every answer carries.

use afterrun_rules::book::TellClinic;
use axum::http::{Request, header};

use crate::clinic::Clinic;

const RUNNER: &str = "/console/patients/p-17";

#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    let token = browser.form_token().await;
    let take = format!("do=take&token={token}");
    let ours = [(header::ORIGIN.as_str(), "https://clinic.example")];
    let refused: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("origin", "https://clinic.example.evil.example")],
        &[ours[0], ("sec-fetch-site", "cross-site")],
    ];
    for headers in refused {
        let mut request = Request::post(RUNNER).header(header::HOST, "clinic.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        browser.send(request, take.clone()).await.is(403);
    }
    for token in ["", "guessed"] {
        browser.post_bare(RUNNER, &[("do", "take"), ("token", token)]).await.is(403);
    }
    let row = clinic.store.work_row(&"p-17".into()).await.unwrap().unwrap();
    assert_eq!(row.owner, None);
    let request = Request::post(RUNNER).header(ours[0].0, ours[0].1).header("sec-fetch-site", "same-origin");
    browser.send(request, take).await.is(303);
}

#[tokio::test]
async fn another_sessions_token_does_not_fit() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let (mut one, mut other) = (clinic.signed_in("clinician").await, clinic.signed_in("admin").await);
    let token = other.form_token().await;
    one.post_bare(RUNNER, &[("do", "take"), ("token", &token)]).await.is(403);
    other.post_bare(RUNNER, &[("do", "take"), ("token", &token)]).await.is(303);
}

#[tokio::test]
async fn a_viewer_looks_and_does_not_change() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("viewer").await;
    browser.get(RUNNER).await.is(200).says("because of pain").lacks("value=\"take\"").lacks("value=\"stop\"");
    browser.get("/console").await.lacks("value=\"take\"");
    for what in ["take", "resolve", "note", "stop", "pause", "log-run"] {
        browser.post(RUNNER, &[("do", what), ("how", "seen"), ("surely", "yes")]).await.is(403);
    }
    assert!(clinic.events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_shown_without_a_session() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.browser();
    for path in [
        "/console",
        "/console/patients",
        RUNNER,
        "/console/patients/nobody",
        "/console/messages/1",
        "/console/rules",
        "/console/operations",
        "/console/account",
        "/console/elsewhere",
    ] {
        for cookie in [None, Some("__Host-afterrun=guessed".to_owned())] {
            browser.cookie = cookie;
            browser.get(path).await.is(200).says("Sign in").lacks("Rivera").lacks("because of");
        }
    }
    browser.post_bare(RUNNER, &[("do", "take")]).await.says("Sign in");
    assert!(clinic.audit().await.is_empty(), "nothing was viewed");
}

#[tokio::test]
async fn guessed_ids_lead_nowhere() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    for path in ["/console/patients/p-18", "/console/patients/..%2fp-17", "/console/messages/999"] {
        browser.get(path).await.is(404).says("There is nothing here");
    }
    browser.post("/console/patients/p-18", &[("do", "note"), ("words", "x")]).await.is(404);
    browser.get("/console/nothing").await.is(404);
}

#[tokio::test]
async fn oversized_bodies_are_refused() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    let long = "x".repeat(65 * 1024);
    browser.post(RUNNER, &[("do", "note"), ("words", &long)]).await.is(413);
    browser.post(RUNNER, &[("do", "note"), ("words", &long[..2001])]).await.is(422).says("2000 characters");
    clinic.browser().sign_in(&long, "x").await.is(413);
}

#[tokio::test]
async fn every_answer_is_private_and_asks_for_nothing_from_elsewhere() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Now, "emergency").await;
    let mut browser = clinic.signed_in("clinician").await;
    for path in ["/console", RUNNER, "/console/rules", "/console/operations", "/console/none"] {
        let page = browser.get(path).await;
        for (name, value) in [
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=31536000"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; form-action 'self'; \
                 frame-ancestors 'none'; base-uri 'none'",
            ),
        ] {
            assert_eq!(page.header(name), value, "{name} of {path}");
        }
        page.lacks(" style=").lacks("<style").lacks("javascript:").lacks(" onclick");
        for (_, script) in page.html.match_indices("<script").map(|(at, _)| page.html.split_at(at)) {
            assert!(script.starts_with("<script src=\"/console/live.js?v="), "{path}");
        }
    }
    let sheet = browser.get("/console/style.css").await;
    sheet.is(200).lacks("url(").lacks("@import").lacks("http");
}
