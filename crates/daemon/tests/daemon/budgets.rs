//! Limits that nothing may exceed: not a restart, not a night without a mail server, and none that keeps back what
//! is urgent.

use crate::support::{World, at, unreachable};
use afterrun::delivery::HOLD;
use chrono::{DateTime, TimeDelta, Utc};

const NOON: &str = "2026-05-04T14:00:00Z";

async fn limit(world: &World, from: &str, to: &str) {
    let path = world.rules.join("clinic.ron");
    let clinic = std::fs::read_to_string(&path).unwrap();
    assert!(clinic.contains(from), "{clinic}");
    std::fs::write(&path, clinic.replace(from, to)).unwrap();
    world.app.reloading.look_now().await;
}

async fn plans(world: &World, names: std::ops::Range<u32>) {
    for number in names {
        let runner = world.runner(&format!("runner-{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
}

#[tokio::test]
async fn a_restart_does_not_forget_what_left_within_the_hour() {
    let mut world = World::new(NOON).await;
    limit(&world, "all_per_hour: 2000", "all_per_hour: 3").await;
    plans(&world, 0..2).await;
    world.pass_to(NOON).await;
    assert_eq!(world.left().len(), 2);
    world.restart().await.unwrap();
    plans(&world, 2..5).await;
    world.pass_to("2026-05-04T14:20:00Z").await;
    assert_eq!(world.left().len(), 3, "two before the restart, one after it");
    assert!(world.store.setting(HOLD).await.unwrap().is_some());

    // Whoever releases it has looked: the hour begins anew, also for a process that was not there.
    world.store.set_setting(HOLD, None).await.unwrap();
    world.restart().await.unwrap();
    world.pass_to("2026-05-04T14:21:00Z").await;
    assert_eq!(world.left().len(), 5);
    assert!(world.store.setting(HOLD).await.unwrap().is_none());
}

#[tokio::test]
async fn what_left_by_other_hands_counts() {
    let world = World::new(NOON).await;
    limit(&world, "all_per_hour: 2000", "all_per_hour: 3").await;
    plans(&world, 0..1).await;
    world.pass_to(NOON).await;
    // A second process over the same store sends one.
    let mut second = World::new(NOON).await;
    second.store = world.store.clone();
    second.rules = world.rules.clone();
    second.restart().await.unwrap();
    plans(&world, 1..2).await;
    second.pass_to("2026-05-04T14:01:00Z").await;
    assert_eq!((world.left().len(), second.left().len()), (1, 1));
    plans(&world, 2..6).await;
    world.pass_to("2026-05-04T14:05:00Z").await;
    assert_eq!(world.left().len(), 2, "three in all");
}

#[tokio::test]
async fn the_ramp_after_an_outage_does_not_keep_back_what_is_urgent() {
    let mut world = World::guarded(NOON).await;
    plans(&world, 0..30).await;
    let runner = world.runner("zoe@example.org").await;
    // Two hours and more without us; the runners' pages were open.
    world.store.set_setting("heartbeat-tick", Some("2026-05-04T11:00:00Z")).await.unwrap();
    world.restart().await.unwrap();
    assert!(world.app.delivery.ramps());
    world.pass_to(NOON).await;
    assert_eq!(world.left().len(), 20, "the first minute's share");
    world.half_marathon(&runner).await;
    world.report_pain(&runner, "2026-05-04", 9).await;
    world.pass_to(NOON).await;
    let to: Vec<_> = world.left().into_iter().skip(20).map(|(to, _)| to).collect();
    assert!(to.contains(&"zoe@example.org".to_owned()), "{to:?}");
    assert!(to.contains(&"team@clinic.example".to_owned()), "{to:?}");
    assert_eq!(to.len(), 2, "{to:?}");
}

#[tokio::test]
async fn what_waited_overnight_counts_on_the_day_it_leaves() {
    let monday_afternoon = "2026-05-04T20:00:00Z";
    let world = World::new(monday_afternoon).await;
    // The pack's scenarios would refuse a limit this low.
    std::fs::remove_dir_all(world.rules.join("scenarios")).unwrap();
    limit(&world, "normal_per_patient_day: 2", "normal_per_patient_day: 1").await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.script(std::iter::repeat_n(unreachable(), 5_000));
    let mut now = at(monday_afternoon);
    let pass_until = async |now: &mut DateTime<Utc>, until: &str| {
        while *now < at(until) {
            world.pass_to(&now.to_rfc3339()).await;
            *now += TimeDelta::minutes(30);
        }
    };
    // No server until the next morning: the plan leaves then, and there is no room for a check-in beside it.
    pass_until(&mut now, "2026-05-05T11:00:00Z").await;
    world.server.script.lock().unwrap().clear();
    pass_until(&mut now, "2026-05-06T04:00:00Z").await;
    let to_runner = world.left().into_iter().filter(|(to, _)| to == "zoe@example.org").count();
    assert_eq!(to_runner, 1, "{:#?}", world.ledger().await);
}
