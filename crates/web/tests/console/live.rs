//! Pages that keep themselves up to date.

use afterrun_rules::book::TellClinic;
use axum::http::Request;
use chrono::TimeDelta;

use crate::clinic::{Answer, Browser, Clinic};

const PAGES: [&str; 3] = ["/console", "/console/rules", "/console/operations"];

async fn ask(browser: &mut Browser, path: &str, seen: &str) -> Answer {
    browser.send(Request::get(path).header("x-afterrun-live", seen), String::new()).await
}

fn seen(page: &Answer) -> String {
    let rest = page.html.split("data-seen=\"").nth(1).expect("the page is live");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_live_page_says_as_of_when_and_loads_our_script_only() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("viewer").await;
    for path in PAGES {
        let page = browser.get(path).await;
        page.says("As of 09:00:00").says("<noscript>").says("role=\"status\"");
        assert_eq!(page.html.matches("<script").count(), 1, "{path}");
        let script = page.html.split("<script src=\"").nth(1).unwrap().split('"').next().unwrap();
        let script = browser.get(script).await;
        assert_eq!(script.is(200).header("content-type"), "text/javascript; charset=utf-8");
        script.lacks("http:").lacks("https:").lacks("eval(").lacks("innerHTML").lacks("localStorage");
    }
    for path in ["/console/account", "/console/patients", "/console/patients/p-17"] {
        browser.get(path).await.lacks("<script");
    }
}

#[tokio::test]
async fn only_what_changed_is_sent() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("clinician").await;
    let known = seen(&browser.get("/console").await);
    clinic.pass(TimeDelta::seconds(10));
    let same = ask(&mut browser, "/console", &known).await;
    assert_eq!((same.is(204).html.as_str(), same.header("x-afterrun-as-of")), ("", "09:00:10"));
    assert_eq!(same.header("cache-control"), "no-store");
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let news = ask(&mut browser, "/console", &known).await;
    news.is(200).says("Rivera").lacks("<html").lacks("<script").lacks("<nav aria-label=\"Console\"");
    let fresh = news.header("x-afterrun-live").to_owned();
    assert_ne!(fresh, known);
    ask(&mut browser, "/console", &fresh).await.is(204);
    assert_eq!(seen(&browser.get("/console").await), fresh, "a page loaded anew shows the same");
    ask(&mut browser, "/console?show=mine", &fresh).await.is(200).lacks("Rivera");
}

#[tokio::test]
async fn time_alone_is_no_news() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let mut browser = clinic.signed_in("clinician").await;
    for path in PAGES {
        let known = seen(&browser.get(path).await);
        clinic.pass(TimeDelta::minutes(1));
        ask(&mut browser, path, &known).await.is(204);
    }
}

#[tokio::test]
async fn asking_by_itself_keeps_no_session_alive() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("viewer").await;
    for _ in 0..29 {
        clinic.pass(TimeDelta::minutes(1));
        ask(&mut browser, "/console", "").await.is(200);
    }
    clinic.pass(TimeDelta::minutes(1));
    let ended = ask(&mut browser, "/console", "").await;
    assert_eq!(ended.is(401).html, "");
    browser.get("/console").await.says("Sign in");
    ask(&mut clinic.browser(), "/console", "").await.is(401);
}

#[tokio::test]
async fn a_page_that_is_not_there_gives_nothing_to_show() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("viewer").await;
    let answer = ask(&mut browser, "/console/elsewhere", "").await;
    assert_eq!(answer.is(404).header("x-afterrun-live"), "");
}
