//! Links that do not open their page, and those that do whatever comes after.

use insta::assert_snapshot;

use crate::support::{Browser, Failure, Fake, at, token};

/// Every page, with a body that would record something.
const POSTS: [(&str, &[(&str, &str)]); 4] = [
    ("/c/tok-check-in-6f2c", &[("q.feeling", "fine"), ("none", "1"), ("q.pain_on_run", "0")]),
    ("/p/tok-my-page-91ab", &[("do", "resume")]),
    ("/s/tok-stop-77d0", &[("do", "stop")]),
    ("/a/tok-confirm-1e4f", &[("do", "confirm")]),
];

#[tokio::test]
async fn fetching_changes_nothing() {
    let fake = Fake::new();
    let browser = Browser(fake.router());
    for (path, _) in POSTS {
        for query in ["", "?do=stop", "?a=7", "?edit=r1", "?zones", "?List-Unsubscribe=One-Click"] {
            browser.get(&format!("{path}{query}")).await.is(200);
            let head = browser.head(&format!("{path}{query}")).await;
            head.is(200);
            assert_eq!(head.html, "");
        }
    }
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn an_unknown_token_gets_one_answer_whatever_it_is() {
    let fake = Fake::new();
    let browser = Browser(fake.router());
    let expected = browser.get("/c/nobody-has-this").await;
    expected.is(404);
    assert_snapshot!(expected.pretty());
    let long = format!("/p/{}", "x".repeat(5000));
    // Another page's token, an over-long one, one that is no UTF-8, a path of its own.
    for path in ["/p/tok-check-in-6f2c", "/s/tok-my-page-91ab", &long, "/c/%ff%fe", "/nothing/here", "/c/a/b"]
    {
        let page = browser.get(path).await;
        page.is(404);
        assert_eq!(page.html, expected.html, "{path}");
    }
    for (path, _) in POSTS {
        let posted = browser.post(&format!("{}-wrong", path), &[("do", "stop")]).await;
        posted.is(404);
        assert_eq!(posted.html, expected.html);
    }
    // Somebody erased.
    fake.patient.lock().unwrap().id = "p-18".into();
    let orphan = browser.get("/p/tok-my-page-91ab").await;
    orphan.is(404);
    assert_eq!(orphan.html, expected.html);
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn an_expired_check_in_offers_a_fresh_link() {
    let fake = Fake::new();
    *fake.now.lock().unwrap() = at("2026-04-01T01:00:00Z");
    let browser = Browser(fake.router());
    let page = browser.get(POSTS[0].0).await;
    page.is(410);
    assert_snapshot!(page.pretty());
    browser.post(POSTS[0].0, POSTS[0].1).await.is(410);
    assert!(fake.is_untouched());
    browser.post(POSTS[0].0, &[("do", "fresh-link")]).await.is(200).says("on its way");
    assert_eq!(*fake.calls.lock().unwrap(), ["send_fresh_link"]);
}

#[tokio::test]
async fn a_form_opened_in_time_may_be_finished_within_the_hour() {
    let fake = Fake::new();
    *fake.now.lock().unwrap() = at("2026-04-01T00:59:59Z");
    let browser = Browser(fake.router());
    browser.get(POSTS[0].0).await.is(410);
    browser.post(POSTS[0].0, POSTS[0].1).await.is(200).says("Your answers are stored");
}

#[tokio::test]
async fn a_revoked_link_does_nothing() {
    for (path, fields) in POSTS {
        let fake = Fake::new();
        fake.link_mut(path.rsplit('/').next().unwrap(), |link| link.revoked = true);
        let browser = Browser(fake.router());
        browser.get(path).await.is(410);
        browser.post(path, fields).await.is(410);
        browser.post(path, &[("do", "fresh-link")]).await.is(410);
        assert!(fake.is_untouched(), "{path}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_not_called_an_unknown_link() {
    let fake = Fake::new();
    fake.fail(Failure::StoreDown);
    let browser = Browser(fake.router());
    for (path, fields) in POSTS {
        browser.get(path).await.is(503).says("555-0100").lacks("no such disk");
        browser.post(path, fields).await.is(503).says("Nothing was stored.");
    }
}

#[tokio::test]
async fn a_check_in_of_an_earlier_enrolment_is_closed() {
    let fake = Fake::new();
    fake.chart.lock().unwrap().check_ins.clear();
    Browser(fake.router()).get(&format!("/c/{}", token::CHECK_IN)).await.is(410);
}

#[tokio::test]
async fn who_stopped_finds_the_check_in_closed() {
    let fake = Fake::new();
    fake.happened("2026-03-30T13:00:00Z", afterrun_rules::Event::Stop {});
    let browser = Browser(fake.router());
    browser.get(POSTS[0].0).await.is(410).says("You stopped our emails");
    browser.post(POSTS[0].0, POSTS[0].1).await.is(410);
    assert!(fake.is_untouched());
}
