//! Confirming an address.

use afterrun_rules::{Event, chart::Reach};
use insta::assert_snapshot;

use crate::support::{Browser, Failure, Fake, at};

const PATH: &str = "/a/tok-confirm-1e4f";

fn unconfirmed() -> std::sync::Arc<Fake> {
    let fake = Fake::new();
    fake.chart.lock().unwrap().reach = Reach::Unconfirmed;
    fake
}

#[tokio::test]
async fn the_page_names_nobody_and_nothing_about_health() {
    let page = Browser(unconfirmed().router()).get(PATH).await;
    page.is(200).lacks("Sam").lacks("Half marathon").lacks("pain").lacks("recover");
    assert_snapshot!(page.pretty());
}

#[tokio::test]
async fn the_button_confirms_once() {
    let fake = unconfirmed();
    let browser = Browser(fake.router());
    browser.post(PATH, &[("do", "confirm")]).await.is(200).says("Your address is confirmed");
    browser.post(PATH, &[("do", "confirm")]).await.is(200).says("Your address is confirmed");
    assert_eq!(*fake.events.lock().unwrap(), [Event::Confirmed {}]);
}

#[tokio::test]
async fn a_stranger_can_end_it() {
    let fake = unconfirmed();
    let browser = Browser(fake.router());
    browser.post(PATH, &[("do", "not-me")]).await.is(200).says("We will not write to this address");
    assert_eq!(*fake.events.lock().unwrap(), [Event::Stop {}]);
    browser.post(PATH, &[("do", "confirm")]).await.is(200).lacks("Your address is confirmed");
    assert_eq!(fake.events.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn no_button_no_change() {
    let fake = unconfirmed();
    let browser = Browser(fake.router());
    browser.post(PATH, &[]).await.is(422);
    *fake.now.lock().unwrap() = at("2026-05-01T00:00:00Z");
    browser.post(PATH, &[("do", "confirm")]).await.is(410);
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn what_was_not_stored_is_not_called_done() {
    let fake = unconfirmed();
    fake.fail(Failure::Busy);
    let page = Browser(fake.router()).post(PATH, &[("do", "confirm")]).await;
    page.is(503).says("NOT stored").lacks("Your address is confirmed");
}
