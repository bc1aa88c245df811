//! One attempt against a server that misbehaves, at every stage and in every way we know of: the outcome must name
//! the right stage and blame the right party, never be a false "accepted", never outlast its limits, and never
//! leave a mark on the next message.

#![expect(clippy::unwrap_used, reason = "a test whose scene cannot be set fails at that line")]

use std::time::{Duration, Instant};

use afterrun_mail::{Envelope, Limits, OpenGate, Outcome, Security, Smtp, SmtpConfig, Transport};
use afterrun_tests::smtp_server::{At, Fault, ServerOptions, ServerTls, SmtpServer};
use tokio::task::JoinSet;

const MAIL: &[u8] = b"Subject: check-in\r\n\r\nhello\r\n.\r\n..dots\r\n";

/// Time limits of these tests. Those a fault is expected to run into are short, but leave a loaded machine room.
const SHORT: Duration = Duration::from_millis(400);
const LIMITS: Limits = Limits {
    connect: SHORT,
    greeting: SHORT,
    command: SHORT,
    data: SHORT,
    dot: SHORT,
    total: Duration::from_secs(3),
};
/// What a busy machine may add to a limit.
const SLACK: Duration = Duration::from_secs(1);

fn config(server: &SmtpServer, security: Security) -> SmtpConfig {
    SmtpConfig {
        security,
        limits: LIMITS,
        extra_root_certificates: vec![server.root_certificate().to_owned()],
        ..SmtpConfig::new("localhost", server.port(), "client.example")
    }
}

fn security(tls: ServerTls) -> Security {
    match tls {
        ServerTls::None => Security::PlainLoopbackOnly,
        ServerTls::Implicit => Security::ImplicitTls,
        ServerTls::StartTls => Security::StartTls,
    }
}

async fn plain() -> (SmtpServer, Smtp) {
    let server = SmtpServer::start(ServerOptions::default()).await.unwrap();
    let smtp = Smtp::new(config(&server, Security::PlainLoopbackOnly)).unwrap();
    (server, smtp)
}

fn to(recipient: &str) -> Envelope {
    Envelope::new("b+1.mac@bounce.example", recipient).unwrap()
}

/// The outcome in short: what, where, code, and whom it is blamed on.
fn shown(outcome: &Outcome) -> String {
    let what = match outcome {
        Outcome::Accepted { .. } => return "accepted".to_owned(),
        Outcome::Unknown { .. } => return "in doubt".to_owned(),
        Outcome::NotSent { stage, .. } => format!("not sent at {stage}"),
        Outcome::Rejected { stage, code, enhanced, .. } => {
            format!("{code} {} at {stage}", enhanced.as_deref().unwrap_or("-"))
        }
    };
    format!("{what}: {:?}", outcome.class())
}

/// One fault on one attempt, then a good mail on the same transport.
#[derive(Clone)]
struct Case {
    tls: ServerTls,
    reused: bool,
    /// The server takes several commands at once.
    pipelining: bool,
    at: At,
    fault: Fault,
    bytes: Vec<u8>,
    expected: &'static str,
}

impl Case {
    async fn run(self) -> Result<(), String> {
        let Self { tls, reused, pipelining, at, fault, bytes, expected } = self;
        let (used, sent) =
            (if reused { "reused" } else { "fresh" }, if pipelining { ", pipelining" } else { "" });
        let name = format!("{tls:?}, {used}{sent}, {at:?}: {fault:.60?}");
        let account = ("clinic".to_owned(), "secret".to_owned());
        let keywords = if pipelining { vec!["PIPELINING".to_owned()] } else { Vec::new() };
        let options = ServerOptions { tls, account: Some(account), keywords, ..ServerOptions::default() };
        let server = SmtpServer::start(options).await.unwrap();
        let mut config = config(&server, security(tls));
        config.user = Some(("clinic".to_owned(), "secret".into()));
        let smtp = Smtp::new(config).unwrap();
        let wrong = |what: String| Err(format!("{name}\n  {what}"));

        if reused {
            let outcome = smtp.deliver(&to("before@example.org"), MAIL, &mut OpenGate).await;
            if shown(&outcome) != "accepted" {
                return wrong(format!("the mail before: {outcome}"));
            }
        }
        server.once(at, fault);
        let begun = Instant::now();
        let outcome = smtp.deliver(&to("zoe@example.org"), &bytes, &mut OpenGate).await;
        if begun.elapsed() > LIMITS.total + SLACK {
            return wrong(format!("took {:?}", begun.elapsed()));
        }
        if shown(&outcome) != expected {
            return wrong(format!("expected {expected}\n  got      {} ({outcome})", shown(&outcome)));
        }
        let counted = server.count_for("zoe@example.org");
        if counted != usize::from(expected == "accepted") {
            return wrong(format!("the server counted {counted} accepted"));
        }
        let next = smtp.deliver(&to("next@example.org"), MAIL, &mut OpenGate).await;
        let taken = server.accepted();
        let right = taken.last().is_some_and(|mail| mail.to == ["next@example.org"] && mail.bytes == MAIL);
        if shown(&next) != "accepted" || !right || server.count_for("next@example.org") != 1 {
            return wrong(format!("the next mail: {next}"));
        }
        let in_clear = |line: &str| ["AUTH", "MAIL", "RCPT"].iter().any(|verb| line.starts_with(verb));
        if tls != ServerTls::None
            && server.heard().iter().any(|heard| !heard.encrypted && in_clear(&heard.line))
        {
            return wrong("something was said in the clear".to_owned());
        }
        Ok(())
    }
}

/// Runs all cases against a server that takes one command at a time, and one that takes several.
async fn check(cases: impl IntoIterator<Item = Case>) {
    let both = |case: Case| [Case { pipelining: true, ..case.clone() }, case];
    check_each(cases.into_iter().flat_map(both)).await;
}

/// Runs all cases side by side and reports every one that failed.
async fn check_each(cases: impl IntoIterator<Item = Case>) {
    let mut running = JoinSet::new();
    let mut failures = Vec::new();
    for case in cases {
        running.spawn(case.run());
        // Some at a time: the limits are real time, and TLS in a debug build takes its share of it.
        while running.len() >= 12 {
            failures.extend(running.join_next().await.unwrap().unwrap().err());
        }
    }
    while let Some(result) = running.join_next().await {
        failures.extend(result.unwrap().err());
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

/// The same faults on a fresh connection and, if they come after the login, on a reused one.
async fn check_table(tls: ServerTls, table: Vec<(At, Fault, &'static str)>) {
    let mut cases = Vec::new();
    for (at, fault, expected) in table {
        let case = |reused| Case {
            tls,
            reused,
            pipelining: false,
            at,
            fault: fault.clone(),
            bytes: MAIL.to_vec(),
            expected,
        };
        cases.push(case(false));
        if matches!(at, At::Recipient | At::Data | At::Dot) {
            cases.push(case(true));
        }
    }
    check(cases).await;
}

fn reply(line: &str) -> Fault {
    Fault::reply(line)
}

fn say(text: &str) -> Fault {
    Fault::Say(text.to_owned())
}

fn say_and_close(text: &str) -> Fault {
    Fault::SayAndClose(text.to_owned())
}

/// A byte now and then: each in time, the whole far too late.
fn drip(text: &str) -> Fault {
    Fault::Drip(format!("{text}\r\n"), Duration::from_millis(100))
}

/// More than any reply, without a line end.
fn endless() -> Fault {
    Fault::Say("2".repeat(200_000))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_before_the_first_command() {
    check_table(
        ServerTls::None,
        vec![
            (At::Greeting, reply("554 5.7.1 not you"), "554 5.7.1 at greeting: OurFault"),
            (At::Greeting, reply("421 4.3.2 closing"), "421 4.3.2 at greeting: Retry"),
            (At::Greeting, Fault::Silence, "not sent at greeting: Retry"),
            (At::Greeting, Fault::Close, "not sent at greeting: Retry"),
            (At::Greeting, drip("220 test.example"), "not sent at greeting: Retry"),
            (At::Greeting, say("HTTP/1.1 400 Bad Request\r\n\r\n"), "not sent at greeting: Retry"),
            (At::Greeting, say("\u{16}\u{3}\u{1}\r\n"), "not sent at greeting: Retry"),
            (At::Greeting, say("220 hi\r\n250 too early\r\n"), "not sent at greeting: Retry"),
            (At::Greeting, reply("354 go"), "not sent at greeting: Retry"),
            (At::Greeting, endless(), "not sent at greeting: Retry"),
            (At::Greeting, say("220-one\r\n220 two\r\n"), "accepted"),
            (At::Hello, reply("550 go away"), "550 - at EHLO: OurFault"),
            (At::Hello, reply("421 4.7.0 too busy"), "421 4.7.0 at EHLO: Retry"),
            (At::Hello, Fault::Silence, "not sent at EHLO: Retry"),
            (At::Hello, Fault::Close, "not sent at EHLO: Retry"),
            (At::Hello, drip("250 test.example"), "not sent at EHLO: Retry"),
            (At::Hello, say("250-test.example\r\n550 no\r\n"), "not sent at EHLO: Retry"),
            (At::Hello, say("junk\r\n"), "not sent at EHLO: Retry"),
            (At::Hello, endless(), "not sent at EHLO: Retry"),
            (At::Hello, say("250 bare line end\n"), "not sent at EHLO: Retry"),
            (At::Hello, reply("250 no login offered"), "not sent at AUTH: OurFault"),
            (At::Auth, reply("535 5.7.8 wrong"), "535 5.7.8 at AUTH: OurFault"),
            (At::Auth, reply("454 4.7.0 later"), "454 4.7.0 at AUTH: Retry"),
            (At::Auth, reply("334 "), "not sent at AUTH: OurFault"),
            (At::Auth, Fault::Silence, "not sent at AUTH: OurFault"),
            (At::Auth, Fault::Close, "not sent at AUTH: OurFault"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_between_mail_and_data() {
    check_table(
        ServerTls::None,
        vec![
            (At::MailFrom, reply("550 5.7.1 sender refused"), "550 5.7.1 at MAIL FROM: OurFault"),
            (At::MailFrom, reply("550 5.1.1 no such user"), "550 5.1.1 at MAIL FROM: OurFault"),
            (At::MailFrom, reply("451 4.3.0 later"), "451 4.3.0 at MAIL FROM: Retry"),
            (At::MailFrom, reply("421 4.3.2 closing"), "421 4.3.2 at MAIL FROM: Retry"),
            (At::MailFrom, reply("354 go"), "not sent at MAIL FROM: Retry"),
            (At::MailFrom, Fault::Silence, "not sent at MAIL FROM: Retry"),
            (At::MailFrom, Fault::Close, "not sent at MAIL FROM: Retry"),
            (At::MailFrom, drip("250 2.1.0 ok"), "not sent at MAIL FROM: Retry"),
            (
                At::Recipient,
                reply("550 5.1.1 <zoe@example.org>: unknown"),
                "550 5.1.1 at RCPT TO: DeadAddress",
            ),
            (At::Recipient, reply("550 no such user"), "550 - at RCPT TO: DeadAddress"),
            (
                At::Recipient,
                say("550-5.1.1 no\r\n550 5.1.1 such user\r\n"),
                "550 5.1.1 at RCPT TO: DeadAddress",
            ),
            (At::Recipient, say_and_close("550 5.1.1 no\r\n"), "550 5.1.1 at RCPT TO: DeadAddress"),
            (At::Recipient, reply("550 relay not permitted"), "550 - at RCPT TO: OurFault"),
            (At::Recipient, reply("554 5.7.1 relay access denied"), "554 5.7.1 at RCPT TO: OurFault"),
            (At::Recipient, reply("550 5.1.8 sender unknown"), "550 5.1.8 at RCPT TO: OurFault"),
            (At::Recipient, reply("503 5.5.1 bad sequence"), "503 5.5.1 at RCPT TO: OurFault"),
            (At::Recipient, reply("552 5.2.2 mailbox full"), "552 5.2.2 at RCPT TO: Refused"),
            (At::Recipient, reply("450 4.2.0 greylisted"), "450 4.2.0 at RCPT TO: Retry"),
            (At::Recipient, reply("421 4.7.0 closing"), "421 4.7.0 at RCPT TO: Retry"),
            (At::Recipient, reply("354 go"), "not sent at RCPT TO: Retry"),
            (At::Recipient, say("junk\r\n"), "not sent at RCPT TO: Retry"),
            (At::Recipient, Fault::Silence, "not sent at RCPT TO: Retry"),
            (At::Recipient, Fault::Close, "not sent at RCPT TO: Retry"),
            (At::Recipient, drip("250 2.1.5 ok"), "not sent at RCPT TO: Retry"),
            (At::Recipient, say("250-2.1.5 ok\r\n250 2.1.5 really\r\n"), "accepted"),
            (At::Recipient, say("250 ok\r\n250 ok\r\n"), "not sent at DATA: Retry"),
            (At::Data, reply("250 ok"), "not sent at DATA: Retry"),
            (At::Data, reply("451 4.3.0 later"), "451 4.3.0 at DATA: Retry"),
            (At::Data, reply("554 no valid recipients"), "554 - at DATA: Refused"),
            (At::Data, reply("550 5.7.1 no"), "550 5.7.1 at DATA: OurFault"),
            (At::Data, Fault::Silence, "not sent at DATA: Retry"),
            (At::Data, Fault::Close, "not sent at DATA: Retry"),
            (At::Data, drip("354 go ahead"), "not sent at DATA: Retry"),
            (At::Data, say("354 go\r\n250 too early\r\n"), "not sent at message body: Retry"),
            (At::Data, say("354 go\r\n354 go\r\n"), "not sent at message body: Retry"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_after_the_dot() {
    check_table(
        ServerTls::None,
        vec![
            (At::Dot, reply("554 5.6.0 refused"), "554 5.6.0 at final dot: Refused"),
            (At::Dot, reply("550 5.7.26 unauthenticated"), "550 5.7.26 at final dot: OurFault"),
            (At::Dot, reply("550 5.7.515 access denied"), "550 5.7.515 at final dot: OurFault"),
            (At::Dot, reply("552 5.2.2 mailbox full"), "552 5.2.2 at final dot: Refused"),
            (At::Dot, reply("451 4.3.0 later"), "451 4.3.0 at final dot: Retry"),
            (At::Dot, reply("421 4.3.2 closing"), "421 4.3.2 at final dot: Retry"),
            (At::Dot, say_and_close("452 4.3.1 disk full\r\n"), "452 4.3.1 at final dot: Retry"),
            (At::Dot, reply("354 go"), "in doubt"),
            (At::Dot, say("junk\r\n"), "in doubt"),
            (At::Dot, say_and_close("250 2.0.0 cut o"), "in doubt"),
            (At::Dot, Fault::Silence, "in doubt"),
            (At::Dot, Fault::Close, "in doubt"),
            (At::Dot, drip("25"), "in doubt"),
            (At::Dot, Fault::Held("250 2.0.0 late\r\n".into()), "in doubt"),
            (At::Dot, endless(), "in doubt"),
            (At::Dot, say("250-2.0.0 ok\r\n250 2.0.0 queued\r\n"), "accepted"),
            (At::Dot, say_and_close("250 2.0.0 ok\r\n"), "accepted"),
            (At::Dot, say("250 ok\r\n421 closing\r\n"), "accepted"),
            (At::Dot, say("250 ok\r\n250 ok\r\n"), "accepted"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_tls() {
    let injected = "220 go\r\n250-test.example\r\n250 AUTH PLAIN LOGIN\r\n";
    check_table(
        ServerTls::StartTls,
        vec![
            (At::Hello, reply("250 no TLS here"), "not sent at TLS: OurFault"),
            (At::StartTls, reply("454 4.7.0 not now"), "454 4.7.0 at TLS: Retry"),
            (At::StartTls, reply("554 5.7.1 never"), "554 5.7.1 at TLS: OurFault"),
            (At::StartTls, reply("250 ok"), "not sent at TLS: OurFault"),
            (At::StartTls, say(injected), "not sent at TLS: OurFault"),
            (At::StartTls, Fault::Silence, "not sent at TLS: OurFault"),
            (At::StartTls, Fault::Close, "not sent at TLS: OurFault"),
            (At::Handshake, say("250 injected late\r\n"), "not sent at TLS: OurFault"),
            (At::Handshake, Fault::Silence, "not sent at TLS: OurFault"),
            (At::Handshake, Fault::Close, "not sent at TLS: OurFault"),
            (At::Recipient, reply("550 5.1.1 unknown"), "550 5.1.1 at RCPT TO: DeadAddress"),
            (At::Dot, Fault::Close, "in doubt"),
        ],
    )
    .await;
    check_table(
        ServerTls::Implicit,
        vec![
            (At::Handshake, say("220 test.example in the clear\r\n"), "not sent at TLS: OurFault"),
            (At::Handshake, Fault::Silence, "not sent at TLS: OurFault"),
            (At::Handshake, Fault::Close, "not sent at TLS: OurFault"),
            (At::Greeting, Fault::Silence, "not sent at greeting: Retry"),
            (At::Greeting, say("220 hi\r\n220 hi\r\n"), "not sent at greeting: Retry"),
            (At::Recipient, Fault::Silence, "not sent at RCPT TO: Retry"),
            (At::Recipient, reply("450 4.2.0 later"), "450 4.2.0 at RCPT TO: Retry"),
            (At::Dot, Fault::Close, "in doubt"),
            (At::Dot, say("250 ok\r\n421 closing\r\n"), "accepted"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_reading_never_saw_the_dot() {
    // More than the buffers of both ends hold.
    let mut bytes = b"Subject: large\r\n\r\n".to_vec();
    bytes.extend(b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n".repeat(300_000));
    for fault in [Fault::Silence, Fault::Close, say_and_close("451 4.3.0 too much\r\n")] {
        let expected = "not sent at message body: Retry";
        let tls = ServerTls::None;
        check([Case {
            tls,
            reused: false,
            pipelining: false,
            at: At::Body,
            fault,
            bytes: bytes.clone(),
            expected,
        }])
        .await;
    }
}

/// An answer too many is seen before the next word, or, if that was said already, by the answer that does not fit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_too_many_is_taken_for_no_other() {
    let case = |pipelining, said, expected| Case {
        tls: ServerTls::None,
        reused: false,
        pipelining,
        at: At::MailFrom,
        fault: say(said),
        bytes: MAIL.to_vec(),
        expected,
    };
    check_each([
        case(false, "250 ok\r\n250 ok\r\n", "not sent at RCPT TO: Retry"),
        case(true, "250 ok\r\n250 ok\r\n", "not sent at DATA: Retry"),
        // Leave to send a message, before the recipient was judged.
        case(true, "250 ok\r\n250 ok\r\n354 go\r\n", "not sent at message body: Retry"),
        case(true, "250 ok\r\n354 go\r\n", "not sent at RCPT TO: Retry"),
    ])
    .await;
}

/// With a refusal, the answers to the commands sent along are read, and the connection goes on or is given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_among_commands_sent_together() {
    let keywords = vec!["PIPELINING".to_owned()];
    let server = SmtpServer::start(ServerOptions { keywords, ..ServerOptions::default() }).await.unwrap();
    let smtp = Smtp::new(config(&server, Security::PlainLoopbackOnly)).unwrap();
    server.once(At::Recipient, reply("550 5.1.1 unknown"));
    let refused = smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!(shown(&refused), "550 5.1.1 at RCPT TO: DeadAddress");
    let next = smtp.deliver(&to("next@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!((shown(&next).as_str(), server.connections()), ("accepted", 1), "the connection is in step");
    // The recipient is refused, and still the message is asked for: to nobody.
    server.once(At::Recipient, say("550 5.1.1 unknown\r\n354 go\r\n"));
    let refused = smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!(shown(&refused), "550 5.1.1 at RCPT TO: DeadAddress");
    let next = smtp.deliver(&to("next@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!((shown(&next).as_str(), server.connections()), ("accepted", 2), "it is given up");
    assert_eq!(server.count_for("zoe@example.org"), 0);
}

/// A pooled connection that died while it waited is no fault of the next message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_connection_is_replaced_at_once() {
    let faults = [
        Fault::Close,
        Fault::Silence,
        reply("421 4.4.2 idle for too long"),
        reply("452 4.5.3 too many messages"),
        say("junk\r\n"),
    ];
    let case = |fault| Case {
        tls: ServerTls::None,
        reused: true,
        pipelining: false,
        at: At::MailFrom,
        fault,
        bytes: MAIL.to_vec(),
        expected: "accepted",
    };
    check(faults.map(case)).await;
    // What a fresh connection would say as well is final.
    let refused = "550 5.7.1 at MAIL FROM: OurFault";
    check([Case { expected: refused, ..case(reply("550 5.7.1 no")) }]).await;
}

#[path = "smtp_faults/ahead.rs"]
mod ahead;
#[path = "smtp_faults/conduct.rs"]
mod conduct;
