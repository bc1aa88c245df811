//! A short story through a mail server that is not ours: Debian's Postfix, delivering to a Maildir that is read
//! as a mail client reads it.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use afterrun_store::{MessageState, Store};
use afterrun_tests::{
    crowd,
    daemon::{Clinic, Daemon, binary, get, post},
    mailbox::ReceivedMail,
    postfix::{BOUNCE_USER, Postfix, missing, user_id},
    story::{local, pain},
};

const SAM: &str = "sam@runner.example";
const GONE: &str = "gone@runner.example";
const TEAM: &str = "team@clinic.example";
const LOST: &str = "lost@elsewhere.example";

/// Headers that a server adds on delivery.
const ADDED: [&str; 4] = ["return-path", "x-original-to", "delivered-to", "received"];

#[test]
fn what_arrives_through_postfix_is_what_was_written() {
    if !is_ready() {
        return;
    }
    let postfix = Postfix::start();
    let clinic = Clinic::new(Some(postfix.port()));
    let mut daemon = clinic.serve();

    // An address is confirmed, a run logged, a check-in answered with so much pain that the clinic hears of it.
    let start = local("2026-03-27", "10:30");
    daemon.at(start);
    clinic.run(
        start,
        &["patient", "add", "--name", "Zoë Runner", "--email", SAM, "--time-zone", "Europe/London"],
    );
    daemon.at(start);
    let mails = postfix.mails(1);
    follow(&daemon, &mails[0], "/a/", &[("do", "confirm")]);
    clinic.run(start, &["run", "add", SAM, "--race", "half-marathon", "--started", "2026-03-27T08:00:00Z"]);
    daemon.at(start);
    let morning = local("2026-03-28", "07:30");
    daemon.at(morning);
    let mails = postfix.mails(3);
    let check_in = mails.iter().find(|mail| ReceivedMail::read(mail).link("/c/").is_some());
    follow(&daemon, check_in.expect("a check-in"), "/c/", &pain("9"));
    let opening = local("2026-03-30", "14:00");
    daemon.at(morning);
    daemon.at(opening);

    // Each message once, to whom the outbox says, unchanged but for what every server puts on top.
    let outbox = sent(&clinic);
    let mails = postfix.mails(outbox.len());
    assert_eq!(mails.len(), outbox.len(), "{}", postfix.log());
    let mut seen = BTreeSet::new();
    for bytes in &mails {
        let mail = ReceivedMail::read(bytes);
        let id = mail.header("Message-ID").expect("a Message-ID").to_owned();
        let written = outbox.get(&id).unwrap_or_else(|| panic!("{id} is in no outbox"));
        assert!(seen.insert(id.clone()), "{id} came twice");
        assert_eq!(mail.header("Delivered-To"), Some(written.recipient.as_str()));
        assert_eq!(mail.header("Return-Path"), Some(format!("<{}>", written.envelope_from).as_str()));
        assert!(
            written.envelope_from.starts_with("b+") && written.envelope_from.ends_with("@clinic.example")
        );
        assert!(mail.header("Received").is_some_and(|received| received.contains("ESMTP")));
        assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"));
        assert_eq!(without_added(bytes), written.text, "{id}");
        check_unsubscribe(&mail);
        assert!(!mail.text.is_empty() && !mail.html.is_empty());
    }
    let to = |address: &str| outbox.values().filter(|written| written.recipient == address).count();
    assert!(to(SAM) >= 4, "confirmation, plan, check-in, advice");
    assert!(to(TEAM) >= 1, "the clinic is told of severe pain");

    // An address that Postfix does not know is dead, and nobody else suffers for it.
    clinic.run(opening, &["patient", "add", "--name", "Gone Runner", "--email", GONE, "--confirmed"]);
    clinic.run(opening, &["run", "add", GONE, "--distance", "5km", "--started", "2026-03-30T11:00:00Z"]);
    daemon.at(opening);
    assert!(clinic.run(opening, &["patient", "list"]).contains("address does not take mail"));
    assert!(clinic.run(opening, &["patient", "show", SAM]).contains("active"));
    assert_eq!(postfix.mails(outbox.len()).len(), outbox.len());
    assert_eq!(postfix.queued(), 0, "nothing waits in the server");
    assert!(daemon.stop());
}

#[test]
fn what_postfix_gives_back_pauses_the_runner() {
    if !is_ready() {
        return;
    }
    let postfix = Postfix::start();
    let clinic = Clinic::new(Some(postfix.port()));
    let mut daemon = clinic.serve();
    let now = local("2026-03-30", "14:00");
    daemon.at(now);
    hand_bounces_to_afterrun(&postfix, &clinic, "2026-03-30T13:05:00Z");

    for (name, address) in [("Lost Runner", LOST), ("Sam Runner", SAM)] {
        clinic.run(now, &["patient", "add", "--name", name, "--email", address, "--confirmed"]);
        clinic.run(now, &["run", "add", address, "--distance", "5km", "--started", "2026-03-30T11:00:00Z"]);
    }
    give_to_bounce_user(clinic.folder());
    daemon.at(now);
    let _ = postfix.mails(1);
    postfix.wait_until_idle();

    let list = clinic.run(now, &["patient", "list"]);
    let line = |address: &str| list.lines().find(|line| line.contains(address)).unwrap_or_default();
    let log = postfix.log();
    assert!(line(LOST).contains("address does not take mail"), "{list}\n{log}");
    assert!(line(SAM).contains("active"), "{list}");
    assert!(log.contains("relay=bounces"), "{log}");
    assert!(daemon.stop());
}

/// Whether there is a Postfix to try. Without one the test says so; CI must not go without.
fn is_ready() -> bool {
    let Some(why) = missing() else { return true };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and CI must not skip this");
    println!("skipped: {why}");
    false
}

/// As `deploy/README.md` has it, but for the user's name and the time.
fn hand_bounces_to_afterrun(postfix: &Postfix, clinic: &Clinic, at: &str) {
    // A build folder may be closed to the user that Postfix runs it as.
    let program = clinic.folder().join("afterrun");
    std::fs::copy(binary(), &program).expect("the program can be copied");
    let folder = clinic.folder().display();
    postfix.hand_bounces_to(&format!(
        "cd {folder} && exec ./afterrun --config afterrun.ron --now {at} mail bounce --recipient \"$1\"\n"
    ));
}

/// Folder and files, as if the daemon ran as that user too.
fn give_to_bounce_user(folder: &Path) {
    let user = Some(user_id(BOUNCE_USER));
    std::os::unix::fs::chown(folder, user, None).expect("root may");
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            give_to_bounce_user(&entry.path());
        } else {
            std::os::unix::fs::chown(entry.path(), user, None).expect("root may");
        }
    }
}

/// Opens the link of a mail and sends the form behind it.
#[track_caller]
fn follow(daemon: &Daemon, bytes: &[u8], part: &str, fields: &[(&str, &str)]) {
    let mail = ReceivedMail::read(bytes);
    let link = mail.link(part).unwrap_or_else(|| panic!("no link with {part} in\n{}", mail.text));
    assert!(link.starts_with(&daemon.address), "{link} leads away from {}", daemon.address);
    assert_eq!(get(link).status, 200);
    let page = post(link, fields);
    assert_eq!(page.status, 200, "{}", page.words());
}

/// Patients' mail can be stopped with one click, the clinic's is no subscription.
fn check_unsubscribe(mail: &ReceivedMail) {
    let unsubscribe = mail.header("List-Unsubscribe");
    if mail.to.contains("@clinic.example") || mail.link("/a/").is_some() {
        assert_eq!(unsubscribe, None, "{}", mail.subject);
        return;
    }
    let url = unsubscribe.and_then(|value| value.strip_prefix('<')?.strip_suffix('>'));
    let shown = url.is_some_and(|url| mail.links.iter().any(|link| link == url));
    assert!(shown, "{unsubscribe:?} of {}: {:?}", mail.subject, mail.links);
    assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    assert_eq!(mail.to, format!("Zoë Runner <{SAM}>"));
}

/// A message of the outbox.
struct Written {
    recipient: String,
    envelope_from: String,
    text: String,
}

/// What the outbox says was accepted, by Message-ID.
fn sent(clinic: &Clinic) -> BTreeMap<String, Written> {
    let store = clinic.store();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut sent = BTreeMap::new();
        for message in crowd::outbox(&store).await {
            if message.state != MessageState::Accepted {
                continue;
            }
            let mail = store.message(message.key).await.expect("the message").mail.expect("its mail");
            let written = Written {
                recipient: mail.recipient,
                envelope_from: mail.envelope_from,
                text: lines(&mail.bytes).join("\n"),
            };
            sent.insert(mail.message_id, written);
        }
        sent
    })
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).expect("mail is sent as ASCII");
    text.lines().map(str::to_owned).collect()
}

/// The mail without the headers a server adds, folded lines and all.
fn without_added(bytes: &[u8]) -> String {
    let mut kept = Vec::new();
    let mut skipping = false;
    let mut in_head = true;
    for line in lines(bytes) {
        in_head &= !line.is_empty();
        if in_head && !line.starts_with([' ', '\t']) {
            let name = line.split(':').next().unwrap_or_default().to_lowercase();
            skipping = ADDED.contains(&name.as_str());
        }
        if !(in_head && skipping) {
            kept.push(line);
        }
    }
    kept.join("\n")
}
