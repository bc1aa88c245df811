//! A chart that cannot be read is the clinic's business: nothing is decided about its runner, and somebody calls.

use std::{path::Path, sync::Arc};

use afterrun::{clock::Clock, config::Mode};
use afterrun_rules::ids::PatientId;
use afterrun_store::{Options, Sqlite, Store, UNREADABLE};
use chrono::TimeDelta;

use crate::support::{World, at};

const MONDAY: &str = "2026-05-04T14:00:00Z";
const TUESDAY: &str = "2026-05-05T13:30:00Z";

/// Two runners who were asked on Tuesday morning, the chart of the first of whom is damaged on Monday evening.
async fn damaged(path: &Path, harm: &str) -> (World, PatientId) {
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(path, Options::daemon()).unwrap());
    let world = World::over(MONDAY, Mode::Live, None, store).await;
    let zoe = world.runner("zoe@example.org").await;
    let ada = world.named("Ada Lund", "ada@example.org").await;
    world.half_marathon(&zoe).await;
    world.half_marathon(&ada).await;
    world.pass_to(MONDAY).await;
    let other = rusqlite::Connection::open(path).unwrap();
    let triggers = "SELECT coalesce(group_concat('DROP TRIGGER ' || name, ';'), '') FROM sqlite_schema WHERE type = 'trigger'";
    let drop: String = other.query_row(triggers, [], |row| row.get(0)).unwrap();
    other.execute_batch(&drop).unwrap();
    other.execute(harm, [zoe.as_str()]).unwrap();
    (world, zoe)
}

#[tokio::test]
async fn the_clinic_is_told_once_a_day_and_the_others_get_their_mail() {
    for harm in [
        "UPDATE events SET body = '{' WHERE patient = (SELECT key FROM patients WHERE id = ?1)",
        "UPDATE messages SET subject = '{' WHERE patient = (SELECT key FROM patients WHERE id = ?1)",
        "UPDATE patients SET initial_time_zone = 'Nowhere' WHERE id = ?1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (world, zoe) = damaged(&folder.path().join("afterrun.db"), harm).await;
        world.pass_to(TUESDAY).await;
        world.pass_to(TUESDAY).await;
        for hours in 1..=5 {
            world.pass_to(&(at(TUESDAY) + TimeDelta::hours(hours)).to_rfc3339()).await;
        }
        let to = |address: &str| world.left().iter().filter(|(to, _)| to == address).count();
        assert_eq!((to("zoe@example.org"), to("ada@example.org") >= 2), (1, true), "{harm}");
        let items = world.store.unreadable(9).await.unwrap();
        assert_eq!(items.len(), 1, "{harm}: {items:?}");
        assert_eq!((&items[0].patient, &*items[0].reason.code), (&zoe, UNREADABLE), "{harm}");
        assert!(items[0].reason.text.contains("call the runner"), "{harm}: {}", items[0].reason.text);
        world.pass_to("2026-05-06T15:00:00Z").await;
        assert_eq!(world.store.unreadable(9).await.unwrap().len(), 2, "{harm}: each day it lasts");
    }
}

#[tokio::test]
async fn a_chart_that_is_mended_goes_on_within_the_hour_and_its_silence_was_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("afterrun.db");
    let harm = "UPDATE patients SET initial_time_zone = 'Nowhere' WHERE id = ?1";
    let (world, zoe) = damaged(&path, harm).await;
    world.pass_to(TUESDAY).await;
    world.pass_to("2026-05-06T13:30:00Z").await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute("UPDATE patients SET initial_time_zone = 'America/Chicago' WHERE id = ?1", [zoe.as_str()])
        .unwrap();
    world.pass_to(&(world.clock.now() + TimeDelta::minutes(61)).to_rfc3339()).await;
    let chart = world.store.chart(&zoe).await.unwrap().chart;
    assert!(
        chart.excuses.iter().any(|excuse| excuse.from == "2026-05-05".parse().unwrap()),
        "{:?}",
        chart.excuses
    );
    assert_eq!(world.left().iter().filter(|(to, _)| to == "zoe@example.org").count(), 2, "today's check-in");
}
