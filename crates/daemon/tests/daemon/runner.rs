//! What a runner does on the pages, carried out: confirm, stop, start again, ask for a fresh link.

use afterrun::config::Mode;
use afterrun_mail::Stage;
use afterrun_rules::chart::{Event, Reach};
use afterrun_store::LinkScope;
use afterrun_web::{RecordError, Recorder, link_key};

use crate::support::{World, rejected};

const MONDAY: &str = "2026-05-04T14:00:00Z";

/// The address after `http://127.0.0.1:1` in a mail that begins like this, soft line breaks undone.
fn link(mail: &str, begins: &str) -> String {
    let mail = mail.replace("=\r\n", "");
    let start = mail.find(&format!("http://127.0.0.1:1{begins}")).unwrap() + "http://127.0.0.1:1".len();
    mail[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || "/-_".contains(*c)).collect()
}

#[tokio::test]
async fn an_unconfirmed_runner_gets_health_mail_only_after_confirming() {
    let world = World::new(MONDAY).await;
    let runner = world.runner_with("zoe@example.org", Reach::Unconfirmed).await;
    world.half_marathon(&runner).await;
    world.pass_to(MONDAY).await;
    assert_eq!(world.left(), []);
    world.app.recording.record(&runner, vec![Event::Confirmed {}]).await.unwrap();
    world.pass_to("2026-05-05T12:05:00Z").await;
    let to: Vec<_> = world.left().into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["zoe@example.org"], "the check-in of the next morning");
}

#[tokio::test]
async fn in_shadow_mode_the_clinic_gets_what_runners_would() {
    let world = World::in_mode(MONDAY, Mode::Shadow).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to(MONDAY).await;
    let left = world.left();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].0, "team@clinic.example");
    assert!(left[0].1.contains("Subject: [for ZB] Your plan"), "{}", left[0].1);
    assert_eq!(world.app.recording.notice().as_deref(), Some("Trial run: messages go to the clinic only."));
}

#[tokio::test]
async fn in_shadow_mode_a_dead_address_of_the_clinic_is_not_the_runners() {
    let world = World::in_mode(MONDAY, Mode::Shadow).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.script([rejected(Stage::Recipient, 550, "5.1.1")]);
    world.pass_to(MONDAY).await;
    assert_eq!(world.store.patient(&runner).await.unwrap().reach, Reach::Confirmed);
}

#[tokio::test]
async fn an_unconfirmed_address_gets_no_link_to_anything_but_the_confirmation() {
    let world = World::new(MONDAY).await;
    let runner = world.runner_with("zoe@example.org", Reach::Unconfirmed).await;
    world.app.recording.send_fresh_link(&runner).await.unwrap();
    world.pass_to(MONDAY).await;
    let left = world.left();
    assert_eq!(left.len(), 1);
    assert!(link(&left[0].1, "/a/").len() > "/a/".len() + 40);
    assert!(!left[0].1.contains("/p/") && !left[0].1.contains("/c/"));
}

#[tokio::test]
async fn the_link_in_a_check_in_opens_that_check_in() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to(MONDAY).await;
    world.pass_to("2026-05-05T12:05:00Z").await;
    let (_, mail) = world.left().pop().unwrap();
    let path = link(&mail, "/c/");
    let found = world.store.link(&link_key(path.strip_prefix("/c/").unwrap())).await.unwrap().unwrap();
    let scope =
        LinkScope::CheckIn { check_in: "morning-after".into(), about_day: "2026-05-05".parse().unwrap() };
    assert_eq!((found.patient, found.scope), (runner, scope));
    assert!(mail.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
}

#[tokio::test]
async fn a_fresh_link_is_mailed_and_not_twice_in_a_row() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    let recorder = &world.app.recording;
    recorder.send_fresh_link(&runner).await.unwrap();
    assert!(matches!(recorder.send_fresh_link(&runner).await, Err(RecordError::Busy(_))));
    world.pass_to(MONDAY).await;
    let left = world.left();
    assert_eq!(left.len(), 1);
    assert!(link(&left[0].1, "/p/").len() > "/p/".len() + 40);
    world.pass_to("2026-05-04T14:11:00Z").await;
    recorder.send_fresh_link(&runner).await.unwrap();
}

#[tokio::test]
async fn stopping_ends_it_and_starting_again_begins_anew() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    let recorder = &world.app.recording;
    recorder.record(&runner, vec![Event::Stop {}]).await.unwrap();
    world.pass_to("2026-05-05T12:05:00Z").await;
    assert_eq!(world.left(), [], "the plan that waited is not sent any more");
    assert!(matches!(recorder.send_fresh_link(&runner).await, Err(RecordError::Refused(_))));
    recorder.start_again(&runner).await.unwrap();
    recorder.start_again(&runner).await.unwrap_err();
    let again = world.store.patient_by_email("zoe@example.org").await.unwrap().unwrap();
    assert_ne!(again.id, runner);
    assert_eq!((again.stopped_at, again.reach), (None, Reach::Confirmed));
}
