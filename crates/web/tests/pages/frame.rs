//! What every response has, whatever its status.

use std::{
    io::Write,
    sync::{Arc, Mutex, atomic::Ordering},
};

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::support::{Answer, Browser, Failure, Fake, token};

const PATH: &str = "/c/tok-check-in-6f2c";

async fn one_of_each_status() -> Vec<(u16, Answer)> {
    let fake = Fake::new();
    let browser = Browser(fake.router());
    let too_large = "x".repeat(64 * 1024 + 1);
    let mut all = vec![
        (200, browser.get(PATH).await),
        (200, browser.head(PATH).await),
        (200, browser.get("/style.css").await),
        (404, browser.get("/c/unknown").await),
        (404, browser.get("/elsewhere").await),
        (405, browser.send(Request::delete(PATH).body(Body::empty()).unwrap()).await),
        (413, browser.post(PATH, &[("q.note", &too_large)]).await),
        (422, browser.post(PATH, &[]).await),
    ];
    fake.link_mut(token::CHECK_IN, |link| link.revoked = true);
    all.push((410, browser.get(PATH).await));
    fake.fail(Failure::StoreDown);
    all.push((503, browser.get(PATH).await));
    fake.fail(Failure::PagePanic);
    all.push((500, browser.get(PATH).await));
    assert!(fake.is_untouched());
    all
}

#[tokio::test]
async fn headers_are_on_every_response() {
    for (status, page) in one_of_each_status().await {
        page.is(status);
        for (name, value) in [
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex, nofollow"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(page.header(name), value, "{name} on {status}");
        }
        let is_style = page.header("content-type").starts_with("text/css");
        let kept = if is_style { "public, max-age=86400" } else { "no-store" };
        assert_eq!(page.header("cache-control"), kept, "on {status}");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
        assert!(policy.ends_with("form-action 'self'; frame-ancestors 'none'; base-uri 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn the_clinic_and_what_to_do_in_an_emergency_are_on_every_page() {
    for (status, page) in one_of_each_status().await {
        if !page.html.starts_with("<!DOCTYPE") {
            continue;
        }
        page.is(status)
            .says("Lakeside Running Clinic")
            .says("href=\"tel:5550100\"")
            .says("If this is an emergency, call 911.")
            .says("We do not read answers right away.")
            .lacks("<script");
    }
}

#[tokio::test]
async fn the_policy_allows_exactly_the_style_written_into_the_page() {
    let page = Browser(Fake::new().router()).get(PATH).await;
    let style = page.html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = page.header("content-security-policy");
    assert!(policy.contains(&format!("style-src 'self' 'sha256-{hash}';")), "{policy}");
    assert!(!page.html.contains("style=\""));
}

#[tokio::test]
async fn a_notice_stands_on_every_page() {
    let fake = Fake::new();
    *fake.notice.lock().unwrap() = Some("Mail is on hold.".to_owned());
    let browser = Browser(fake.router());
    for path in [PATH, "/p/tok-my-page-91ab", "/s/tok-stop-77d0", "/a/tok-confirm-1e4f", "/c/unknown"] {
        browser.get(path).await.says("Mail is on hold.");
    }
}

#[tokio::test]
async fn without_https_no_browser_is_told_to_insist_on_it() {
    let mut fake = Fake::from(crate::support::book());
    fake.secure = false;
    let page = Browser(Arc::new(fake).router()).get(PATH).await;
    assert_eq!(page.header("strict-transport-security"), "");
}

#[tokio::test]
async fn no_redirect_and_no_page_repeats_the_token() {
    let fake = Fake::new();
    let browser = Browser(fake.router());
    for (door, token) in
        [("c", token::CHECK_IN), ("p", token::MY_PAGE), ("s", token::STOP), ("a", token::CONFIRM)]
    {
        for page in [
            browser.get(&format!("/{door}/{token}")).await,
            browser.post(&format!("/{door}/{token}"), &[("do", "nothing")]).await,
        ] {
            page.lacks(token);
            assert_eq!(page.header("location"), "");
        }
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_name_no_token_no_person_and_no_answer() {
    let written = Written::default();
    let for_log = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || for_log.clone())
        .finish();
    // For the whole process: what the other tests meanwhile log must not name anything either.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let secrets =
        [token::CHECK_IN, token::MY_PAGE, "sam@runner.example", "Rivera", "planted note", "feeling"];
    for failure in [Failure::Busy, Failure::Unavailable, Failure::StoreDown, Failure::PagePanic] {
        let fake = Fake::new();
        fake.fail(failure);
        let browser = Browser(fake.router());
        browser
            .post(
                PATH,
                &[("q.feeling", "fine"), ("none", "1"), ("q.pain_on_run", "0"), ("q.note", "planted note")],
            )
            .await;
        browser.post("/p/tok-my-page-91ab", &[("do", "resume")]).await;
        browser.post("/s/tok-stop-77d0", &[("do", "stop")]).await;
        browser.get("/c/unknown").await;
    }
    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("an answer was not stored"), "{log}");
    for secret in secrets {
        assert!(!log.contains(secret), "`{secret}` in:\n{log}");
    }
}

#[tokio::test]
async fn the_style_sheet_asks_for_nothing_from_elsewhere() {
    let sheet = Browser(Fake::new().router()).get("/style.css").await;
    sheet.is(200).lacks("url(").lacks("@import").lacks("http");
    assert_eq!(sheet.headers.get(header::CONTENT_TYPE).unwrap(), "text/css; charset=utf-8");
}

/// Virtual time: the clock jumps on whenever nothing else can be done.
#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_not_called_stored_or_lost() {
    let fake = Fake::new();
    fake.fail(Failure::Hang);
    let page = Browser(fake.router()).post("/p/tok-my-page-91ab", &[("do", "resume")]).await;
    page.is(503).says("we cannot say whether what you sent was stored").says("555-0100");
    assert_eq!(page.header("retry-after"), "30");
}

#[tokio::test(start_paused = true)]
async fn more_requests_than_can_be_worked_on_are_turned_away_at_once() {
    let fake = Fake::new();
    fake.fail(Failure::Hang);
    let router = fake.router();
    let post = |router: axum::Router| async move {
        Browser(router).post("/p/tok-my-page-91ab", &[("do", "resume")]).await
    };
    let waiting: Vec<_> = (0..256).map(|_| tokio::spawn(post(router.clone()))).collect();
    while fake.hanging.load(Ordering::SeqCst) < 256 {
        tokio::task::yield_now().await;
    }
    let page = post(router.clone()).await;
    page.is(503).says("NOT stored").says("555-0100");
    for request in waiting {
        request.await.unwrap().is(503).says("we cannot say");
    }
    // The places are free again.
    Browser(router).get("/p/tok-my-page-91ab").await.is(200);
}
