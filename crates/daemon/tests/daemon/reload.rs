//! An edit of the rules goes live whole or not at all, and a broken folder does not keep the daemon down.

use std::fs;

use crate::support::World;
use afterrun::reloading::Looked;

const MONDAY: &str = "2026-05-04T14:00:00Z";

fn edit(world: &World, file: &str, from: &str, to: &str) {
    let path = world.rules.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no `{from}`");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn a_sound_edit_goes_live_and_a_mistake_does_not() {
    let world = World::new(MONDAY).await;
    let rules = &world.app.turns.rules;
    let first = rules.current().book.hash;

    edit(&world, "clinic.ron", "555-0100", "555-0199");
    let Looked::InForce(second) = world.app.reloading.look_now().await else { panic!("refused") };
    assert_ne!(first, second);
    assert_eq!(&*rules.current().book.clinic.phone, "555-0199");

    edit(&world, "red-flags.ron", "send: \"pain-heads-up\"", "send: \"pain-headsup\"");
    assert_eq!(world.app.reloading.look_now().await, Looked::Rejected);
    assert_eq!(rules.current().book.hash, second, "the last good book stays");
    let findings = rules.rejected().unwrap().findings;
    for part in ["unknown-message", "rules/red-flags.ron:", "^^^^", "did you mean `pain-heads-up`?"] {
        assert!(findings.contains(part), "no `{part}` in\n{findings}");
    }

    edit(&world, "red-flags.ron", "send: \"pain-headsup\"", "send: \"pain-heads-up\"");
    assert_eq!(world.app.reloading.look_now().await, Looked::InForce(second));
    assert_eq!(rules.rejected(), None);
}

#[tokio::test]
async fn an_edit_that_breaks_a_scenario_does_not_go_live() {
    let world = World::new(MONDAY).await;
    edit(&world, "red-flags.ron", "after_days: 3, min_reports: 2", "after_days: 4, min_reports: 2");
    assert_eq!(world.app.reloading.look_now().await, Looked::Rejected);
    let findings = world.app.turns.rules.rejected().unwrap().findings;
    assert!(findings.contains("scenario-failed"), "{findings}");
}

#[tokio::test]
async fn the_editors_hear_of_a_refused_edit_once() {
    let world = World::new(MONDAY).await;
    edit(&world, "red-flags.ron", "RedFlags(", "RedFlag(");
    for _ in 0..3 {
        world.app.reloading.look_now().await;
    }
    world.pass_to(MONDAY).await;
    let to: Vec<_> = world.server.transmitted.lock().unwrap().iter().map(|(to, _)| to.clone()).collect();
    assert_eq!(to, ["rules@clinic.example"]);
}

#[tokio::test]
async fn a_restart_with_a_broken_folder_goes_on_with_the_last_good_rules() {
    let mut world = World::new(MONDAY).await;
    let good = world.app.turns.rules.current();
    fs::remove_dir_all(&world.rules).unwrap();
    world.clock.set(crate::support::at("2026-05-05T14:00:00Z"));
    world.restart().await.unwrap();
    let now = world.app.turns.rules.current();
    assert_eq!((now.book.hash, now.since), (good.book.hash, good.since));
    assert!(world.app.turns.rules.rejected().is_some());
}

#[tokio::test]
async fn an_edit_by_itself_mails_nobody() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    for day in 4..=6 {
        world.pass_to(&format!("2026-05-{day:02}T14:00:00Z")).await;
        world.report_pain(&runner, &format!("2026-05-{day:02}"), 5).await;
        world.pass_to(&format!("2026-05-{day:02}T14:10:00Z")).await;
    }
    let before = world.server.transmitted.lock().unwrap().len();
    fs::remove_dir_all(world.rules.join("scenarios")).unwrap();
    edit(&world, "red-flags.ron", "after_days: 3, min_reports: 2", "after_days: 2, min_reports: 2");
    assert!(matches!(world.app.reloading.look_now().await, Looked::InForce(_)));
    world.pass_to("2026-05-06T15:00:00Z").await;
    assert_eq!(world.server.transmitted.lock().unwrap().len(), before);
}
