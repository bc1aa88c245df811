//! Messages that come to nothing: tried once for the same evidence, heard of by the clinic, and never silently.

use std::sync::Arc;

use crate::support::{World, at, rejected};
use afterrun::config::Mode;
use afterrun_mail::Stage;
use afterrun_rules::{chart::Reach, ids::PatientId};
use afterrun_store::{Options, Sqlite};
use chrono::TimeDelta;

const ADVICE: &str = "patient/stage/severe-pain/now/2026-05-05";

/// A runner after a half marathon, on the morning of the first check-in.
async fn on_the_morning_after() -> (World, PatientId) {
    let world = World::new("2026-05-04T14:00:00Z").await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to("2026-05-04T14:00:00Z").await;
    world.pass_to("2026-05-05T12:05:00Z").await;
    (world, runner)
}

/// What became of the messages with the advice.
async fn advice(world: &World) -> Vec<String> {
    world.ledger().await.into_iter().filter(|line| line.starts_with("patient/stage/")).collect()
}

#[tokio::test]
async fn refused_advice_is_not_sent_again_and_again() {
    let (world, runner) = on_the_morning_after().await;
    world.report_pain(&runner, "2026-05-05", 9).await;
    world.refuse("zoe@example.org", rejected(Stage::Dot, 554, "5.6.0"));
    world.pass_to("2026-05-05T12:06:00Z").await;
    world.pass_to("2026-05-05T15:00:00Z").await;
    assert_eq!(advice(&world).await, [format!("{ADVICE} rejected")]);
    assert_eq!(world.work().await.iter().filter(|code| *code == "mail-refused").count(), 1);

    *world.server.refuses.lock().unwrap() = None;
    world.pass_to("2026-05-06T12:05:00Z").await;
    world.report_pain(&runner, "2026-05-06", 9).await;
    world.pass_to("2026-05-06T12:06:00Z").await;
    let next_day = "patient/stage/severe-pain/now/2026-05-06 accepted".to_owned();
    assert_eq!(advice(&world).await, [format!("{ADVICE} rejected"), next_day], "the next report tries again");
}

#[tokio::test]
async fn what_was_put_aside_is_put_on_the_work_list() {
    let (world, runner) = on_the_morning_after().await;
    world.report_pain(&runner, "2026-05-05", 9).await;
    *world.server.broken.lock().unwrap() = true;
    for minutes in [1, 4, 13, 41] {
        world.pass_to(&(at("2026-05-05T12:05:00Z") + TimeDelta::minutes(minutes)).to_rfc3339()).await;
    }
    assert_eq!(advice(&world).await, [format!("{ADVICE} quarantined")]);
    let work = world.work().await;
    assert!(work.contains(&"mail-put-aside".to_owned()), "{work:?}");
}

#[tokio::test]
async fn trouble_with_mail_is_in_the_next_digest() {
    let (world, _) = on_the_morning_after().await;
    world.refuse("zoe@example.org", rejected(Stage::Recipient, 550, "5.1.1"));
    world.pass_to("2026-05-06T12:05:00Z").await;
    assert_eq!(world.work().await, ["address-dead"]);
    world.pass_to("2026-05-07T12:05:00Z").await;
    let digests = world.left().into_iter().filter(|(_, text)| text.contains("Subject: Digest:"));
    assert_eq!(digests.count(), 1, "whoever reads mail only must hear of it, too");
}

#[tokio::test]
async fn a_message_that_its_reader_does_not_want_does_not_keep_back_the_others() {
    let (world, runner) = on_the_morning_after().await;
    world.report_pain(&runner, "2026-05-05", 9).await;
    world.pass_to("2026-05-05T12:05:00Z").await;
    // A server that refuses one reader's mail by policy, each time, and takes all other mail.
    let picky = world.runner("picky@example.org").await;
    world.half_marathon(&picky).await;
    world.report_pain(&picky, "2026-05-05", 9).await;
    let others = ["a@example.org", "b@example.org", "c@example.org"];
    world.refuse("picky@example.org", rejected(Stage::Dot, 550, "5.7.1"));
    for other in others {
        let other = world.runner(other).await;
        world.half_marathon(&other).await;
    }
    let mut now = at("2026-05-05T12:06:00Z");
    for _ in 0..30 {
        world.pass_to(&now.to_rfc3339()).await;
        now += TimeDelta::seconds(61);
    }
    let left = world.left();
    for other in others {
        assert!(left.iter().any(|(to, _)| to == other), "{other} got nothing in half an hour");
    }
}

#[tokio::test]
async fn a_store_that_fails_between_a_refusal_and_its_work_item_loses_neither() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("afterrun.db");
    let store = Arc::new(Sqlite::open(&path, Options::daemon()).unwrap());
    let world = World::over("2026-05-04T14:00:00Z", Mode::Live, None, store).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.refuse("zoe@example.org", rejected(Stage::Recipient, 550, "5.1.1"));
    let beside = rusqlite::Connection::open(&path).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON work_items BEGIN SELECT RAISE(ABORT, 'no room'); END";
    beside.execute_batch(full).unwrap();
    world.pass_to("2026-05-04T14:00:00Z").await;
    assert_eq!(world.work().await, [""; 0]);
    assert_eq!(world.ledger().await, ["patient/recovery-plan/r1 queued"], "not over while nobody knows");

    beside.execute_batch("DROP TRIGGER full").unwrap();
    world.pass_to("2026-05-04T14:02:00Z").await;
    assert_eq!(world.work().await, ["address-dead"]);
    assert_eq!(world.ledger().await, ["patient/recovery-plan/r1 rejected"]);
    assert_eq!(world.store.patient(&runner).await.unwrap().reach, Reach::Dead);
}

#[tokio::test]
async fn a_name_of_any_length_gets_its_mail() {
    for name in ["x".repeat(3_000), "\u{fc}".repeat(3_000), "Zo\u{eb} ".repeat(500)] {
        let world = World::new("2026-05-04T14:00:00Z").await;
        let runner = world.named(&name, "zoe@example.org").await;
        world.half_marathon(&runner).await;
        world.pass_to("2026-05-04T14:00:00Z").await;
        let shown: String = name.chars().take(9).collect();
        assert_eq!(world.ledger().await, ["patient/recovery-plan/r1 accepted"], "{shown}...");
    }
}
