//! What must not get out does not: planted names, addresses, answers, tokens and the mail password are looked
//! for in every log, at its most talkative, and in the health pages. And what is written can be read by its
//! owner alone.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use afterrun_tests::{
    clinic_day::{ClinicDay, PASSWORD},
    daemon::{Clinic, binary, get, post},
    smtp_server::{At, Fault},
    story::local,
};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

const NAME: &str = "Zebulonia Quixoticus";
const ADDRESS: &str = "Zebulonia.Q@runner.example";
const NOTE: &str = "my marmalade knee hums";
const TELEPHONED: &str = "the left ankle whistles";
/// `AUTH PLAIN` of the planted account.
const LOGIN: &str = "AGFmdGVycnVuAGNvcnJlY3QgaG9yc2UgYmF0dGVyeSBzdGFwbGU=";
const TALKATIVE: (&str, &str) = ("AFTERRUN_LOG", "trace");

/// Everything that must be found nowhere, in lower case.
fn planted(tokens: &[String]) -> Vec<String> {
    let fixed = ["zebulonia", "quixoticus", "zebulonia.q@", "marmalade", "ankle whistles", PASSWORD, LOGIN];
    let mut all: Vec<String> = fixed.iter().map(|text| text.to_lowercase()).collect();
    all.extend(tokens.iter().map(|token| token.to_lowercase()));
    all
}

#[track_caller]
fn check_says_nothing(what: &str, text: &str, planted: &[String]) {
    for line in text.lines() {
        let lower = line.to_lowercase();
        if let Some(found) = planted.iter().find(|secret| lower.contains(*secret)) {
            let cut: String = line.chars().take(600).collect();
            assert!(found.is_empty(), "{what} says `{found}`: {cut}");
        }
    }
}

/// A command as an operator runs it, talkative; returns its log.
fn command(clinic: &Clinic, at: DateTime<Utc>, arguments: &[&str]) -> String {
    let output = Command::new(binary())
        .current_dir(clinic.folder())
        .env(TALKATIVE.0, TALKATIVE.1)
        .args(["--now", &at.to_rfc3339()])
        .args(arguments)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {log}");
    log
}

#[test]
fn logs_and_health_pages_know_no_person_and_no_secret() {
    let start = local("2026-03-27", "10:00");
    let zone = [Tz::Europe__London];
    let mut day = ClinicDay::new("", |_| {}, 1, &zone, (local("2026-03-27", "07:00"), start));
    day.off();
    day.serve_with(&[TALKATIVE]);
    let mut logs = String::new();
    let add = ["patient", "add", "--name", NAME, "--email", ADDRESS, "--time-zone", "Europe/London"];
    logs += &command(&day.clinic, start, &add);
    day.step_to(start);
    let confirm = day.link(ADDRESS, "/a/");
    assert_eq!(post(&confirm, &[("do", "confirm")]).status, 200);
    let run = ["run", "add", ADDRESS, "--race", "half-marathon", "--started", "2026-03-27T07:00"];
    logs += &command(&day.clinic, start, &run);
    day.pass(local("2026-03-28", "08:00"), TimeDelta::hours(1));

    // Answers that are refused, then answers that are taken.
    let check_in = day.link(ADDRESS, "/c/");
    assert_eq!(post(&check_in, &[("q.note", NOTE), ("q.worst_pain", NOTE)]).status, 422);
    let mut answers = afterrun_tests::story::pain("9");
    answers.push(("q.note", NOTE));
    assert_eq!(post(&check_in, &answers).status, 200);
    let mut tokens: Vec<String> = Vec::new();
    for part in ["/a/", "/c/", "/p/", "/s/"] {
        let link = day.link(ADDRESS, part);
        assert_eq!(get(&link).status, 200, "{part}");
        tokens.push(link.rsplit('/').next().unwrap().to_owned());
        // A link that a mail client has broken.
        assert_ne!(get(&link[..link.len() - 2]).status, 200);
    }

    // Servers like to quote addresses and lines in their refusals.
    for (at, reply) in [
        (At::MailFrom, "451 4.3.0 cannot ask about <Zebulonia.Q@runner.example> now"),
        (At::Recipient, "450 4.2.2 <Zebulonia.Q@runner.example>: mailbox of Zebulonia Quixoticus is full"),
        (At::Dot, "451 4.7.1 greylisted <Zebulonia.Q@runner.example>"),
        (At::Auth, &format!("535 5.7.8 {LOGIN} is wrong")),
        (At::Recipient, "550 5.1.1 <Zebulonia.Q@runner.example>: no such user"),
    ] {
        day.smtp.once(at, Fault::reply(reply));
        day.smtp.once(At::Greeting, Fault::SayAndClose("421 4.3.2 later\r\n".to_owned()));
        day.pass(day.now() + TimeDelta::hours(3), TimeDelta::minutes(20));
    }
    day.pass(local("2026-03-31", "12:00"), TimeDelta::hours(1));
    let note = format!("note={TELEPHONED}");
    let answer = ["answer", "add", ADDRESS, "--about", "2026-03-30", "--value", &note];
    logs += &command(&day.clinic, day.now(), &answer);
    day.step_to(day.now());

    let planted = planted(&tokens);
    for path in ["/healthz", "/readyz", "/metrics"] {
        check_says_nothing(path, &get(&day.url(path)).body, &planted);
    }
    day.off();
    let log = day.clinic.log();
    assert!(log.contains("TRACE"), "the log is not talkative");
    check_says_nothing("the daemon's log", &log, &planted);
    check_says_nothing("a command's log", &logs, &planted);
    assert!(day.count_to(ADDRESS) >= 3, "mail went out all the same");
}

#[test]
#[should_panic(expected = "a log says `zebulonia`")]
fn the_search_finds_what_is_there() {
    check_says_nothing("a log", "all is well\nhello ZEBULONIA", &planted(&[]));
}

#[test]
fn what_is_written_can_be_read_by_its_owner_alone() {
    let clinic = Clinic::new(None);
    let now = local("2026-03-27", "10:00");
    let mut daemon = clinic.serve();
    clinic.run(now, &["patient", "add", "--name", NAME, "--email", ADDRESS]);
    daemon.at(now);
    clinic.run(now, &["backup", "copy.db"]);
    let mut seen = Vec::new();
    let data = clinic.folder().join("data");
    modes(&data, &mut seen);
    modes(&clinic.folder().join("copy.db"), &mut seen);
    for part in ["data", "data/afterrun.db", "data/afterrun.db-wal", "data/mail", "data/mail/new", "copy.db"]
    {
        let path = clinic.folder().join(part);
        assert!(seen.iter().any(|(seen, _)| *seen == path), "{part} is not there");
    }
    assert!(seen.iter().any(|(path, _)| path.starts_with(data.join("mail/new")) && path.is_file()));
    for (path, mode) in seen {
        assert_eq!(mode & 0o077, 0, "{} can be read by others: {mode:o}", path.display());
    }
    assert!(daemon.stop());
}

fn modes(path: &Path, seen: &mut Vec<(PathBuf, u32)>) {
    let about = std::fs::metadata(path).unwrap();
    seen.push((path.to_owned(), about.permissions().mode()));
    if about.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            modes(&entry.unwrap().path(), seen);
        }
    }
}
