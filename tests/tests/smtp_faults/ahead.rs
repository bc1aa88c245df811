//! The gate asked while the server still thinks: whichever of the two is first, the message leaves only after both
//! have said yes, and what the server refused is refused and not in doubt.

use afterrun_mail::Gate;
use async_trait::async_trait;
use tokio::sync::Notify;

use super::*;

/// However busy the machine, each answer counts as quick.
const ALWAYS_QUICK: Duration = Duration::from_secs(3600);

/// A ledger that says when it is asked, and answers when it is let.
#[derive(Default)]
struct Ledger {
    asked: Notify,
    answers: Notify,
}

/// How often it was asked, and how often that came to an end.
struct LedgerGate<'l> {
    ledger: &'l Ledger,
    open: bool,
    asked: usize,
    answered: usize,
}

impl<'l> LedgerGate<'l> {
    fn new(ledger: &'l Ledger, open: bool) -> Self {
        Self { ledger, open, asked: 0, answered: 0 }
    }
}

#[async_trait]
impl Gate for LedgerGate<'_> {
    async fn before_dot(&mut self) -> bool {
        self.asked += 1;
        self.ledger.asked.notify_one();
        self.ledger.answers.notified().await;
        self.answered += 1;
        self.open
    }
}

/// A server that has quickly taken one mail over the connection that the next one will use.
async fn used(pipelining: bool, limits: Limits, quick: Duration) -> (SmtpServer, Smtp) {
    let keywords = if pipelining { vec!["PIPELINING".to_owned()] } else { Vec::new() };
    let server = SmtpServer::start(ServerOptions { keywords, ..ServerOptions::default() }).await.unwrap();
    let config =
        SmtpConfig { limits, quick, max_connections: 1, ..config(&server, Security::PlainLoopbackOnly) };
    let smtp = Smtp::new(config).unwrap();
    take_one(&smtp, "before@example.org").await;
    (server, smtp)
}

async fn take_one(smtp: &Smtp, recipient: &str) {
    let outcome = smtp.deliver(&to(recipient), MAIL, &mut OpenGate).await;
    assert_eq!(shown(&outcome), "accepted", "{recipient}: {outcome}");
}

/// What the server may say at each stage of an announcement, and what comes of it.
fn answers() -> [(At, &'static str, &'static str); 11] {
    [
        (At::MailFrom, "250 2.1.0 ok", "accepted"),
        (At::MailFrom, "550 5.7.1 sender refused", "550 5.7.1 at MAIL FROM: OurFault"),
        (At::Recipient, "250 2.1.5 ok", "accepted"),
        (At::Recipient, "550 5.1.1 unknown", "550 5.1.1 at RCPT TO: DeadAddress"),
        (At::Recipient, "450 4.2.0 greylisted", "450 4.2.0 at RCPT TO: Retry"),
        (At::Recipient, "421 4.7.0 closing", "421 4.7.0 at RCPT TO: Retry"),
        (At::Recipient, "junk", "not sent at RCPT TO: Retry"),
        (At::Data, "354 go", "accepted"),
        (At::Data, "451 4.3.0 later", "451 4.3.0 at DATA: Retry"),
        (At::Data, "554 no valid recipients", "554 - at DATA: Refused"),
        (At::Data, "250 ok", "not sent at DATA: Retry"),
    ]
}

/// The next mail is none the worse for it.
async fn check_after(server: &SmtpServer, smtp: &Smtp, taken: usize, name: &str) {
    assert_eq!(server.taken().len(), 1 + taken, "{name}");
    take_one(smtp, "next@example.org").await;
    assert_eq!(server.count_for("next@example.org"), 1, "{name}");
}

#[tokio::test]
async fn a_gate_that_opens_first_waits_for_the_server() {
    for (pipelining, (at, answer, expected)) in
        [true, false].into_iter().flat_map(|pipelining| answers().map(|answer| (pipelining, answer)))
    {
        let name = format!("{at:?}, {answer}, pipelining: {pipelining}");
        let (server, smtp) = used(pipelining, Limits::default(), ALWAYS_QUICK).await;
        server.once(at, Fault::Held(format!("{answer}\r\n")));
        let ledger = Ledger::default();
        let mut gate = LedgerGate::new(&ledger, true);
        let zoe = to("zoe@example.org");
        let meanwhile = async {
            // The server answers only now: the gate was asked before.
            ledger.asked.notified().await;
            ledger.answers.notify_one();
            assert_eq!(server.taken().len(), 1, "{name}");
            server.release();
        };
        let (outcome, ()) = tokio::join!(smtp.deliver(&zoe, MAIL, &mut gate), meanwhile);
        assert_eq!(shown(&outcome), expected, "{name}: {outcome}");
        assert_eq!((gate.asked, gate.answered), (1, 1), "{name}");
        check_after(&server, &smtp, usize::from(expected == "accepted"), &name).await;
    }
}

#[tokio::test]
async fn a_server_that_answers_first_waits_for_the_gate() {
    for (pipelining, (at, answer, expected)) in
        [true, false].into_iter().flat_map(|pipelining| answers().map(|answer| (pipelining, answer)))
    {
        let name = format!("{at:?}, {answer}, pipelining: {pipelining}");
        let (server, smtp) = used(pipelining, Limits::default(), ALWAYS_QUICK).await;
        server.once(at, reply(answer));
        let before = server.events();
        let commands = match at {
            _ if pipelining || expected == "accepted" => 3,
            At::MailFrom => 1,
            At::Recipient => 2,
            _ => 3,
        };
        let ledger = Ledger::default();
        let mut gate = LedgerGate::new(&ledger, true);
        let zoe = to("zoe@example.org");
        let meanwhile = async {
            ledger.asked.notified().await;
            server.happened(before + commands).await;
            assert_eq!((server.events(), server.taken().len()), (before + commands, 1), "{name}");
            ledger.answers.notify_one();
        };
        let (outcome, ()) = tokio::join!(smtp.deliver(&zoe, MAIL, &mut gate), meanwhile);
        assert_eq!(shown(&outcome), expected, "{name}: {outcome}");
        assert_eq!((gate.asked, gate.answered), (1, 1), "{name}: what was begun is brought to its end");
        check_after(&server, &smtp, usize::from(expected == "accepted"), &name).await;
    }
}

#[tokio::test]
async fn a_gate_that_is_shut_keeps_the_message_back_whatever_the_server_says() {
    for pipelining in [true, false] {
        for (answer, expected, connections) in [
            ("250 2.1.5 ok", "not sent at message body: Retry", 2),
            // The server's refusal is the outcome, and lets the connection be used again.
            ("550 5.1.1 unknown", "550 5.1.1 at RCPT TO: DeadAddress", 1),
        ] {
            let name = format!("{answer}, pipelining: {pipelining}");
            let (server, smtp) = used(pipelining, Limits::default(), ALWAYS_QUICK).await;
            server.once(At::Recipient, reply(answer));
            let before = server.events();
            let ledger = Ledger::default();
            let mut gate = LedgerGate::new(&ledger, false);
            let zoe = to("zoe@example.org");
            let meanwhile = async {
                ledger.asked.notified().await;
                server.happened(before + 2 + usize::from(pipelining || connections == 2)).await;
                ledger.answers.notify_one();
            };
            let (outcome, ()) = tokio::join!(smtp.deliver(&zoe, MAIL, &mut gate), meanwhile);
            assert_eq!(shown(&outcome), expected, "{name}: {outcome}");
            assert_eq!(gate.answered, 1, "{name}");
            if connections == 2 {
                // A server that said "go on" must not wait for a message to nobody.
                server.connection_closed().await;
            }
            check_after(&server, &smtp, 0, &name).await;
            assert_eq!(server.connections(), connections, "{name}");
        }
    }
}

#[tokio::test]
async fn limits_hold_while_the_gate_is_open() {
    for pipelining in [true, false] {
        for (at, fault, expected) in [
            (At::Recipient, Fault::Silence, "not sent at RCPT TO: Retry"),
            (At::Recipient, Fault::Close, "not sent at RCPT TO: Retry"),
            (At::Data, Fault::Silence, "not sent at DATA: Retry"),
            (At::Data, Fault::Close, "not sent at DATA: Retry"),
            (At::Data, drip("354 go ahead"), "not sent at DATA: Retry"),
        ] {
            let name = format!("{at:?}, {fault:?}, pipelining: {pipelining}");
            let (server, smtp) = used(pipelining, LIMITS, ALWAYS_QUICK).await;
            server.once(at, fault);
            let ledger = Ledger::default();
            ledger.answers.notify_one();
            let mut gate = LedgerGate::new(&ledger, true);
            let begun = Instant::now();
            let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut gate).await;
            assert_eq!(shown(&outcome), expected, "{name}: {outcome}");
            assert_eq!((gate.asked, gate.answered), (1, 1), "{name}");
            assert!(begun.elapsed() < LIMITS.total + SLACK, "{name}: {:?}", begun.elapsed());
            check_after(&server, &smtp, 0, &name).await;
        }
    }
}

/// The time of the ledger is its own, but a message is not sent after the limit for the whole attempt.
#[tokio::test]
async fn a_gate_that_outlasts_the_attempt_is_not_followed_by_the_message() {
    for pipelining in [true, false] {
        let limits = Limits { total: SHORT, ..Limits::default() };
        let (server, smtp) = used(pipelining, limits, ALWAYS_QUICK).await;
        let ledger = Ledger::default();
        let mut gate = LedgerGate::new(&ledger, true);
        let zoe = to("zoe@example.org");
        let meanwhile = async {
            ledger.asked.notified().await;
            tokio::time::sleep(SHORT).await;
            ledger.answers.notify_one();
        };
        let (outcome, ()) = tokio::join!(smtp.deliver(&zoe, MAIL, &mut gate), meanwhile);
        assert_eq!(shown(&outcome), "not sent at message body: Retry", "{outcome}");
        assert_eq!((gate.answered, server.taken().len()), (1, 1));
    }
}

/// To a server that takes its time a message is announced before the gate is asked: whoever wants to keep it back
/// has until then.
#[tokio::test]
async fn a_server_that_is_not_quick_is_asked_first() {
    let (quick, pause) = (Duration::from_millis(100), Duration::from_millis(10));
    for pipelining in [true, false] {
        for quick in [quick, Duration::ZERO] {
            let (server, smtp) = used(pipelining, Limits::default(), quick).await;
            // Fourteen bytes: longer than quick on any machine.
            server.once(At::Recipient, Fault::Drip("250 2.1.5 ok\r\n".to_owned(), pause));
            take_one(&smtp, "slow@example.org").await;
            server.once(At::Recipient, reply("450 4.2.0 greylisted"));
            let ledger = Ledger::default();
            let mut gate = LedgerGate::new(&ledger, true);
            let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut gate).await;
            assert_eq!(shown(&outcome), "450 4.2.0 at RCPT TO: Retry", "{outcome}");
            assert_eq!((gate.asked, server.connections()), (0, 1), "pipelining: {pipelining}, {quick:?}");
        }
    }
}

/// The ledger is asked once, over however many connections the message is announced.
#[tokio::test]
async fn a_connection_that_breaks_does_not_ask_twice() {
    for pipelining in [true, false] {
        for fault in [Fault::Close, reply("421 4.3.2 closing")] {
            let name = format!("{fault:?}, pipelining: {pipelining}");
            let (server, smtp) = used(pipelining, Limits::default(), ALWAYS_QUICK).await;
            server.once(At::MailFrom, fault);
            let ledger = Ledger::default();
            ledger.answers.notify_one();
            let mut gate = LedgerGate::new(&ledger, true);
            let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut gate).await;
            assert_eq!(shown(&outcome), "accepted", "{name}: {outcome}");
            assert_eq!((gate.asked, server.count_for("zoe@example.org")), (1, 1), "{name}");
            assert_eq!(server.connections(), 2, "{name}");
        }
    }
}
