//! Stop, with the button or the mail program's one click, and the way back.

use afterrun_rules::Event;
use axum::{
    body::Body,
    http::{Request, header},
};
use insta::assert_snapshot;

use crate::support::{Browser, Failure, Fake};

const PATH: &str = "/s/tok-stop-77d0";

#[tokio::test]
async fn the_button_stops_and_the_next_page_starts_again() {
    let fake = Fake::new();
    let browser = Browser(fake.router());
    let page = browser.get(PATH).await;
    assert_snapshot!("ask", page.pretty());
    let page = browser.post(PATH, &[("do", "stop")]).await;
    assert_snapshot!("stopped", page.pretty());
    assert_eq!(*fake.events.lock().unwrap(), [Event::Stop {}]);
    browser.get(PATH).await.is(200).says("Our emails are stopped");
    browser.post(PATH, &[("do", "start-again")]).await.is(200).says("Welcome back");
    assert_eq!(*fake.calls.lock().unwrap(), ["start_again"]);
}

async fn one_click(fake: &std::sync::Arc<Fake>, content_type: &str, body: &'static str) -> u16 {
    let request =
        Request::post(PATH).header(header::CONTENT_TYPE, content_type).body(Body::from(body)).unwrap();
    Browser(fake.router()).send(request).await.status.as_u16()
}

#[tokio::test]
async fn one_click_stops_without_anything_else() {
    let multipart =
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=b", multipart),
        ("", "List-Unsubscribe=One-Click"),
    ] {
        let fake = Fake::new();
        assert_eq!(one_click(&fake, content_type, body).await, 200);
        assert_eq!(*fake.events.lock().unwrap(), [Event::Stop {}], "{content_type}");
        // Twice is harmless, and recorded once.
        assert_eq!(one_click(&fake, content_type, body).await, 200);
        assert_eq!(fake.events.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_form_without_its_button_stops_nothing() {
    let fake = Fake::new();
    for fields in [&[][..], &[("do", "")], &[("List-Unsubscribe", "no")]] {
        Browser(fake.router()).post(PATH, fields).await.is(422);
    }
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn an_old_link_still_stops() {
    let fake = Fake::new();
    fake.link_mut("tok-stop-77d0", |link| link.expires_at = Some(crate::support::at("2026-01-01T00:00:00Z")));
    assert_eq!(one_click(&fake, "", "List-Unsubscribe=One-Click").await, 200);
    assert_eq!(*fake.events.lock().unwrap(), [Event::Stop {}]);
}

#[tokio::test]
async fn what_was_not_stored_is_not_called_done() {
    let fake = Fake::new();
    fake.fail(Failure::Unavailable);
    let browser = Browser(fake.router());
    browser.post(PATH, &[("do", "stop")]).await.is(503).says("NOT stored").lacks("Our emails are stopped");
    assert_eq!(one_click(&fake, "", "List-Unsubscribe=One-Click").await, 503);
    fake.happened("2026-03-30T13:00:00Z", Event::Stop {});
    browser.post(PATH, &[("do", "start-again")]).await.is(503).lacks("Welcome back");
}
