//! Exporting a runner, and erasing one while the daemon runs.

use afterrun_rules::replay::parse_chart;
use afterrun_tests::story::{Between, World, local, pain};
use serde_json::Value;

use super::sample::*;

const SAM: &str = "sam.planted@runner.example";
const PLANTED: [&[u8]; 4] = [b"Planted", b"planted@runner", b"planted-in-a-note", b"worst_pain"];

/// A runner with a run, an answer and mails.
fn lived() -> World {
    let mut world = World::new(local("2026-03-27", "09:00"), Between::Calm);
    world.run(&[
        "patient",
        "add",
        "--name",
        "Sam Planted",
        "--email",
        SAM,
        "--confirmed",
        "--time-zone",
        "Europe/London",
    ]);
    world.pass_until(friday());
    world.run(&["run", "add", SAM, "--race", "half-marathon", "--started", "2026-03-27T08:00"]);
    world.pass_until(local("2026-03-28", "08:00"));
    let check_in = world.link(SAM, "/c/");
    let mut answers = pain("5");
    answers.push(("q.note", "planted-in-a-note"));
    assert_eq!(world.fill_in(&check_in, &answers).status, 200);
    world
}

#[test]
fn an_export_holds_everything_and_can_be_replayed() {
    let world = lived();
    let text = world.clinic.run(world.now(), &["patient", "export", SAM]);
    let export: Value = serde_json::from_str(&text).unwrap();
    let one = &export["enrolments"][0];
    assert_eq!(one["person"]["email"], SAM);
    assert_eq!(one["person"]["name"], "Sam Planted");
    let chart = parse_chart(&one["chart"].to_string()).unwrap();
    let id: afterrun_rules::ids::PatientId = one["person"]["id"].as_str().unwrap().into();
    let stored = ask(&world.clinic, async |store| {
        use afterrun_store::Store;
        store.events(&id).await.unwrap()
    });
    assert_eq!(chart.events, stored);
    assert!(text.contains("planted-in-a-note"));
    let messages = one["messages"].as_array().unwrap();
    let sent = messages.iter().find(|message| message["message"] == "recovery-plan").unwrap();
    assert!(sent["mail"]["text"].as_str().unwrap().contains("Do not run for 3 to 5 days"), "{sent}");
    assert!(sent["attempts"][0]["outcome"].as_str().unwrap().starts_with("accepted: "), "{sent}");
    assert!(!text.contains(world.link(SAM, "/p/").rsplit('/').next().unwrap()), "links are keys");
    assert_eq!(one["check_ins"].as_array().unwrap().len(), 1);
    assert_eq!(one["audit"][0]["what"], "patient-add");
    let path = file(&world.clinic, "chart.json", one["chart"].to_string());
    let replayed = world.clinic.run(world.now(), &["replay", &path]);
    assert!(replayed.contains("recovery-plan"), "{replayed}");
}

#[test]
fn an_export_overwrites_nothing() {
    let world = lived();
    let path = world.clinic.folder().join("sam.json");
    let arguments = ["patient", "export", SAM, "--to", path.to_str().unwrap()];
    assert_eq!(world.clinic.run(world.now(), &arguments), "");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(world.clinic.try_run(world.now(), &arguments).status.code(), Some(2));
}

#[test]
fn nothing_of_an_erased_runner_is_left() {
    let mut world = lived();
    world.run(&["patient", "add", "--name", "Ann Other", "--email", "ann@runner.example", "--confirmed"]);
    let before = bytes_on_disk(&world.clinic);
    for planted in PLANTED {
        assert!(holds(&before, planted), "the test would notice {}", String::from_utf8_lossy(planted));
    }
    let page = world.link(SAM, "/p/");
    let shown = world.run(&["patient", "erase", SAM]);
    assert!(shown.starts_with("would erase Sam Planted"), "{shown}");
    assert!(shown.contains("nothing has been changed"), "{shown}");
    assert!(world.run(&["patient", "show", SAM]).contains("runs (1)"));

    let erased = world.run(&["patient", "erase", SAM, "--yes"]);
    assert!(erased.starts_with("erased "), "{erased}");
    assert!(!erased.contains("Planted"), "{erased}");
    let after = bytes_on_disk(&world.clinic);
    for planted in &PLANTED[..3] {
        assert!(!holds(&after, planted), "{}", String::from_utf8_lossy(planted));
    }
    assert!(holds(&after, b"ann@runner.example"), "the others are still there");
    assert_ne!(afterrun_tests::daemon::get(&page).status, 200, "the old links open nothing");
    for gone in [["patient", "show", SAM], ["patient", "erase", SAM], ["patient", "export", SAM]] {
        assert_eq!(world.clinic.try_run(world.now(), &gone).status.code(), Some(2), "{gone:?}");
    }
    let arrived = world.arrived().len();
    world.pass_until(local("2026-04-03", "12:00"));
    let later: Vec<_> = world.arrived()[arrived..].iter().map(|mail| mail.to.as_str()).collect();
    assert!(!later.contains(&SAM), "{later:?}");
    assert!(!world.clinic.log().contains("lanted"), "the log names nobody");
    let left = messages(&world.clinic);
    assert!(left.iter().any(|message| message.identity_text.starts_with("erased/")), "numbers stay");
    world.stop();
}
