//! Notifications of non-delivery, as a mail system pipes them in.

use afterrun_store::{MessageState, Store};
use afterrun_tests::story::{Between, World, local};

use super::sample::*;

const SAM: &str = "sam@runner.example";

/// A runner whose recovery plan has been sent, and the return path it was sent with.
fn sent() -> (World, String) {
    let mut world = World::new(local("2026-03-27", "09:00"), Between::Calm);
    world.run(&[
        "patient",
        "add",
        "--name",
        "Sam",
        "--email",
        SAM,
        "--confirmed",
        "--time-zone",
        "Europe/London",
    ]);
    world.pass_until(friday());
    world.run(&["run", "add", SAM, "--race", "half-marathon", "--started", "2026-03-27T08:00"]);
    let plan = messages(&world.clinic)
        .into_iter()
        .find(|message| message.message.as_ref().is_some_and(|id| id.as_str() == "recovery-plan"))
        .unwrap();
    assert_eq!(plan.state, MessageState::Accepted);
    let path = plan.mail.unwrap().envelope_from;
    (world, path)
}

/// As Postfix writes one.
fn notification(to: &str, action: &str, status: &str, said: &str) -> String {
    format!(
        "From: MAILER-DAEMON@relay.example\r\nTo: {to}\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"X\"\r\n\r\n--X\r\n\r\nSorry.\r\n\r\n\
         --X\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n\
         Final-Recipient: rfc822; {SAM}\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; {said}\r\n\r\n--X--\r\n"
    )
}

fn work_items(world: &World) -> Vec<String> {
    ask(&world.clinic, async |store| {
        let items = store.work_items(None, 50).await.unwrap().rows;
        items.into_iter().map(|item| item.reason.code.to_string()).collect()
    })
}

fn plan_state(world: &World) -> MessageState {
    let plan = messages(&world.clinic).into_iter();
    plan.filter(|message| message.identity_text.contains("plan")).map(|message| message.state).next().unwrap()
}

#[test]
fn a_dead_address_pauses_and_tells_the_clinic_once() {
    let (mut world, path) = sent();
    let bytes = notification(&path, "failed", "5.1.1", &format!("550 5.1.1 <{SAM}>: no such user"));
    let bounce = ["mail", "bounce", "--recipient", &path];
    let first = world.clinic.run_with_input(world.now(), &bounce, bytes.as_bytes());
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(stdout(&first).ends_with("the address does not exist\n"), "{}", stdout(&first));
    assert!(!stdout(&first).contains(SAM) && !stderr(&first).contains(SAM), "nobody is named");
    assert_eq!(plan_state(&world), MessageState::Rejected);
    assert_eq!(work_items(&world), ["address-dead"]);
    assert!(world.clinic.run(world.now(), &["patient", "list"]).contains("address does not take mail"));
    // The same again, found by its headers this time.
    let again = world.clinic.run_with_input(world.now(), &["mail", "bounce"], bytes.as_bytes());
    assert_eq!(again.status.code(), Some(0));
    assert!(stdout(&again).ends_with("known already\n"), "{}", stdout(&again));
    assert_eq!(work_items(&world), ["address-dead"]);
    let events = world.clinic.run(world.now(), &["patient", "export", SAM]);
    assert_eq!(events.matches("address_dead").count(), 1);
    let arrived = world.arrived().len();
    world.pass_until(local("2026-03-30", "12:00"));
    assert!(world.arrived()[arrived..].iter().all(|mail| mail.to != SAM), "check-ins pause");
    world.stop();
}

#[test]
fn a_delay_is_noted_and_changes_nothing() {
    let (world, path) = sent();
    let bytes = notification(&path, "delayed", "4.4.1", "connect: timed out");
    let taken = world.clinic.run_with_input(world.now(), &["mail", "bounce"], bytes.as_bytes());
    assert_eq!(taken.status.code(), Some(0), "{}", stderr(&taken));
    assert_eq!(plan_state(&world), MessageState::Accepted);
    assert!(work_items(&world).is_empty());
    let key = messages(&world.clinic)
        .into_iter()
        .find(|message| message.identity_text.contains("plan"))
        .unwrap()
        .key;
    let shown = world.clinic.run(world.now(), &["message", "show", &key.0.to_string()]);
    assert!(shown.contains("notification: delayed 4.4.1 connect: timed out"), "{shown}");
}

#[test]
fn a_full_mailbox_and_our_own_fault_leave_the_address_alone() {
    for (status, said, code) in [
        ("5.2.2", "552 5.2.2 mailbox full", "mail-refused"),
        ("5.7.26", "550 5.7.26 unauthenticated mail", "mail-our-fault"),
    ] {
        let (world, path) = sent();
        let bytes = notification(&path, "failed", status, said);
        let taken = world.clinic.run_with_input(world.now(), &["mail", "bounce"], bytes.as_bytes());
        assert_eq!(taken.status.code(), Some(0), "{}", stderr(&taken));
        assert_eq!(work_items(&world), [code], "{said}");
        assert_eq!(plan_state(&world), MessageState::Rejected);
        assert!(world.clinic.run(world.now(), &["patient", "list"]).contains("active"), "{said}");
    }
}

#[test]
fn what_is_forged_or_unknown_changes_nothing() {
    let (world, path) = sent();
    let forged = path.replacen('.', ".a", 1);
    let elsewhere = afterrun_mail::return_path(b"another key", "id", "clinic.example", "b");
    let cases = [
        (notification(&forged, "failed", "5.1.1", "550 5.1.1 no"), "names no return path that we signed"),
        (notification(&elsewhere, "failed", "5.1.1", "550 5.1.1 no"), "names no return path that we signed"),
        (notification(SAM, "failed", "5.1.1", "550 5.1.1 no"), "names no return path that we signed"),
        (format!("From: {SAM}\r\nTo: {path}\r\n\r\nThank you!\r\n"), "no delivery report"),
        (String::new(), "mail"),
    ];
    for (bytes, expected) in cases {
        let refused = world.clinic.run_with_input(world.now(), &["mail", "bounce"], bytes.as_bytes());
        assert_eq!(refused.status.code(), Some(2), "{bytes}");
        assert!(stderr(&refused).contains(expected), "{}", stderr(&refused));
    }
    assert_eq!(plan_state(&world), MessageState::Accepted);
    assert!(work_items(&world).is_empty());
    // Signed, but its message was erased meanwhile.
    world.clinic.run(world.now(), &["patient", "erase", SAM, "--yes"]);
    let bytes = notification(&path, "failed", "5.1.1", "550 5.1.1 no");
    let unknown = world.clinic.run_with_input(world.now(), &["mail", "bounce"], bytes.as_bytes());
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("not known any more"), "{}", stderr(&unknown));
}

#[test]
fn the_mail_system_keeps_what_cannot_be_taken_now() {
    let (world, path) = sent();
    std::fs::write(
        world.clinic.folder().join("afterrun.ron"),
        "(data: \"data\", rules: \"rules\", lisen: 1)",
    )
    .unwrap();
    let bytes = notification(&path, "failed", "5.1.1", "550 5.1.1 no");
    let kept = world.clinic.run_with_input(world.now(), &["mail", "bounce"], bytes.as_bytes());
    assert_eq!(kept.status.code(), Some(75), "EX_TEMPFAIL");
}
