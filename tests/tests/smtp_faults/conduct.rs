//! How the transport conducts itself beside single faults: gate, limits, connections, TLS and login.

use std::sync::Arc;

use afterrun_mail::{Gate, Letter, Stage, build, probe};
use afterrun_tests::{mailbox::ReceivedMail, smtp_server::Certificate};
use async_trait::async_trait;
use tokio::sync::Notify;

use super::*;

/// Says what it is told to, counts how often it is asked, and can wait for the server to hang up first.
struct CountingGate<'s> {
    open: bool,
    asked: usize,
    until_closed: Option<&'s SmtpServer>,
}

impl CountingGate<'_> {
    fn new(open: bool) -> Self {
        Self { open, asked: 0, until_closed: None }
    }
}

#[async_trait]
impl Gate for CountingGate<'_> {
    async fn before_dot(&mut self) -> bool {
        self.asked += 1;
        if let Some(server) = self.until_closed {
            server.connection_closed().await;
        }
        self.open
    }
}

#[tokio::test]
async fn mail_arrives_byte_for_byte_with_its_envelope() {
    let (server, smtp) = plain().await;
    let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!(outcome, Outcome::Accepted { said: "2.0.0 queued as 1".into() });
    let mail = &server.accepted()[0];
    assert_eq!(mail.bytes, MAIL);
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("b+1.mac@bounce.example", &["zoe@example.org".to_owned()][..])
    );
}

#[tokio::test]
async fn a_shut_gate_keeps_the_message_back() {
    let (server, smtp) = plain().await;
    let mut gate = CountingGate::new(false);
    let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut gate).await;
    assert_eq!(shown(&outcome), "not sent at message body: Retry");
    assert_eq!((gate.asked, server.taken()), (1, vec![]));
    let next = smtp.deliver(&to("next@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!(shown(&next), "accepted");
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test]
async fn the_gate_is_asked_only_when_the_server_waits_for_the_message() {
    let (server, smtp) = plain().await;
    for at in [At::Greeting, At::Hello, At::MailFrom, At::Recipient, At::Data] {
        server.once(at, reply("451 4.3.0 later"));
        let mut gate = CountingGate::new(true);
        smtp.deliver(&to("zoe@example.org"), MAIL, &mut gate).await;
        assert_eq!(gate.asked, 0, "{at:?}");
    }
    let mut gate = CountingGate::new(true);
    smtp.deliver(&to("zoe@example.org"), MAIL, &mut gate).await;
    assert_eq!(gate.asked, 1);
}

#[tokio::test]
async fn a_server_gone_before_the_dot_is_no_doubt() {
    let (server, smtp) = plain().await;
    server.once(At::Data, say_and_close("354 go\r\n"));
    let mut gate = CountingGate { until_closed: Some(&server), ..CountingGate::new(true) };
    let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut gate).await;
    assert_eq!(shown(&outcome), "not sent at message body: Retry", "{outcome}");
}

#[tokio::test]
async fn bytes_unfit_for_the_wire_are_not_sent() {
    let (server, smtp) = plain().await;
    for bytes in
        [&b"Subject: x\n\nhello\n.\nMAIL FROM:<eve@example.net>\n"[..], b"", b"Subject: x\r\n\r\nh\xe9\r\n"]
    {
        let outcome = smtp.deliver(&to("zoe@example.org"), bytes, &mut OpenGate).await;
        assert_eq!(shown(&outcome), "not sent at message body: Retry");
    }
    assert_eq!(server.connections(), 0);
}

/// A caller that gives up leaves nothing half said to the next message: the late 250 of the first one must not
/// count for the second, which is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_attempt_takes_its_connection_with_it() {
    let (server, smtp) = plain().await;
    let smtp = Arc::new(smtp);
    server.once(At::Dot, Fault::Held("250 2.0.0 late\r\n".into()));
    let first = tokio::spawn({
        let smtp = Arc::clone(&smtp);
        async move { smtp.deliver(&to("first@example.org"), MAIL, &mut OpenGate).await }
    });
    while server.taken().is_empty() {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    server.release();
    server.once(At::Dot, reply("554 5.6.0 refused"));
    let second = smtp.deliver(&to("second@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!(shown(&second), "554 5.6.0 at final dot: Refused");
    assert_eq!(server.count_for("second@example.org"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_total_limit_holds_whatever_the_stages_allow() {
    let long = Duration::from_secs(60);
    let limits = Limits { connect: long, greeting: long, command: long, data: long, dot: long, total: SHORT };
    for (at, expected) in [
        (At::Greeting, "not sent at greeting: Retry"),
        (At::Recipient, "not sent at RCPT TO: Retry"),
        (At::Data, "not sent at DATA: Retry"),
        (At::Dot, "in doubt"),
    ] {
        let server = SmtpServer::start(ServerOptions::default()).await.unwrap();
        let smtp = Smtp::new(SmtpConfig { limits, ..config(&server, Security::PlainLoopbackOnly) }).unwrap();
        server.once(at, Fault::Silence);
        let begun = Instant::now();
        let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
        assert_eq!(shown(&outcome), expected);
        assert!(begun.elapsed() < SHORT + SLACK, "{at:?}: {:?}", begun.elapsed());
    }
}

/// A gate whose ledger takes its time.
struct SlowGate<'n> {
    reached: &'n Notify,
    go_on: &'n Notify,
}

#[async_trait]
impl Gate for SlowGate<'_> {
    async fn before_dot(&mut self) -> bool {
        self.reached.notify_one();
        self.go_on.notified().await;
        true
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_counts_towards_the_total() {
    let server = SmtpServer::start(ServerOptions::default()).await.unwrap();
    let limits = Limits { total: SHORT, ..LIMITS };
    let config = SmtpConfig { limits, max_connections: 1, ..config(&server, Security::PlainLoopbackOnly) };
    let smtp = Smtp::new(config).unwrap();
    let (reached, go_on) = (Notify::new(), Notify::new());
    let (one, two) = (to("one@example.org"), to("two@example.org"));
    let (mut slow, mut open) = (SlowGate { reached: &reached, go_on: &go_on }, OpenGate);
    let second = async {
        reached.notified().await;
        let outcome = smtp.deliver(&two, MAIL, &mut open).await;
        go_on.notify_one();
        outcome
    };
    let (first, second) = tokio::join!(smtp.deliver(&one, MAIL, &mut slow), second);
    // All connections were busy; and a gate that outlasts the limit is not followed by the message.
    assert_eq!(shown(&second), "not sent at connect: Retry");
    assert_eq!(shown(&first), "not sent at message body: Retry");
    assert_eq!((server.connections(), server.taken().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_share_few_connections() {
    let server = SmtpServer::start(ServerOptions::default()).await.unwrap();
    // Here a loaded machine must not be mistaken for a slow server.
    let limits = Limits::default();
    let config = SmtpConfig { limits, max_connections: 3, ..config(&server, Security::PlainLoopbackOnly) };
    let smtp = Arc::new(Smtp::new(config).unwrap());
    let mut sending = JoinSet::new();
    for number in 0..60 {
        let smtp = Arc::clone(&smtp);
        sending.spawn(async move {
            let mail = format!("Subject: {number}\r\n\r\nhello {number}\r\n");
            smtp.deliver(&to(&format!("p{number}@example.org")), mail.as_bytes(), &mut OpenGate).await
        });
    }
    while let Some(outcome) = sending.join_next().await {
        assert_eq!(shown(&outcome.unwrap()), "accepted");
    }
    let accepted = server.accepted();
    assert_eq!(accepted.len(), 60);
    for mail in &accepted {
        let number = mail.to[0].trim_start_matches('p').split('@').next().unwrap();
        assert_eq!(mail.bytes, format!("Subject: {number}\r\n\r\nhello {number}\r\n").as_bytes());
    }
    assert!(server.connections() <= 3, "{} connections", server.connections());
}

#[tokio::test]
async fn a_connection_is_given_up_after_a_hundred_messages_and_at_the_end() {
    let (server, smtp) = plain().await;
    for _ in 0..101 {
        let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
        assert_eq!(shown(&outcome), "accepted");
    }
    assert_eq!(server.connections(), 2);
    smtp.close_idle().await;
    assert_eq!(server.heard().last().unwrap().line, "QUIT");
}

#[tokio::test]
async fn a_refused_recipient_costs_no_connection() {
    let (server, smtp) = plain().await;
    server.once(At::Recipient, reply("550 5.1.1 unknown"));
    smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
    server.once(At::Dot, reply("554 5.6.0 refused"));
    smtp.deliver(&to("max@example.org"), MAIL, &mut OpenGate).await;
    smtp.deliver(&to("next@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!((server.connections(), server.count_for("next@example.org")), (1, 1));
}

#[tokio::test]
async fn a_server_about_to_hang_up_is_not_spoken_to_again() {
    let (server, smtp) = plain().await;
    for at in [At::Recipient, At::Dot] {
        server.once(at, reply("421 4.3.2 closing"));
        smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
        let before = server.heard().len();
        smtp.deliver(&to("next@example.org"), MAIL, &mut OpenGate).await;
        let first = &server.heard()[before];
        assert_eq!(
            (first.line.as_str(), first.connection),
            ("EHLO client.example", server.connections()),
            "{at:?}"
        );
    }
    assert!(server.heard().iter().all(|heard| heard.line != "RSET"));
    assert_eq!((server.connections(), server.count_for("next@example.org")), (3, 2));
}

#[tokio::test]
async fn a_letter_arrives_as_a_person_would_read_it() {
    let options = ServerOptions { tls: ServerTls::Implicit, ..ServerOptions::default() };
    let server = SmtpServer::start(options).await.unwrap();
    let smtp = Smtp::new(SmtpConfig { limits: Limits::default(), ..config(&server, Security::ImplicitTls) })
        .unwrap();
    let letter = Letter {
        from_name: "Example Running Clinic".into(),
        from_address: "check-in@clinic.example".into(),
        reply_to: Some("frontdesk@clinic.example".into()),
        to_name: "Zo\u{eb}\r\nBcc: eve@example.net".into(),
        to_address: "zoe@example.org".into(),
        subject: "Wie geht\u{2019}s heute?".into(),
        text: ".\nfirst line is a dot\n\nhttps://clinic.example/c/token\n".into(),
        html: Some("<p><a href=\"https://clinic.example/c/token?a=1&amp;b=2\">Answer</a></p>".into()),
        message_id: "<m.1@clinic.example>".into(),
        date: "2026-11-24T07:00:00Z".parse().unwrap(),
        language: "de".into(),
        list_id: None,
        unsubscribe_url: Some("https://clinic.example/u/token".into()),
        feedback_id: None,
        in_reply_to: None,
        references: None,
    };
    let bytes = build(&letter).unwrap();
    let outcome = smtp.deliver(&to("zoe@example.org"), &bytes, &mut OpenGate).await;
    assert_eq!(shown(&outcome), "accepted", "{outcome}");
    let taken = server.accepted();
    assert_eq!(taken[0].bytes, bytes);
    let mail = ReceivedMail::read(&taken[0].bytes);
    assert_eq!(mail.subject, letter.subject);
    assert_eq!(mail.from, "Example Running Clinic <check-in@clinic.example>");
    assert_eq!(mail.to, "Zo\u{eb} Bcc: eve@example.net <zoe@example.org>");
    assert_eq!(mail.text.trim_end(), letter.text.trim_end());
    assert_eq!(mail.links, ["https://clinic.example/c/token", "https://clinic.example/c/token?a=1&b=2"]);
    assert_eq!(mail.header("Message-ID"), Some("<m.1@clinic.example>"));
    assert_eq!(mail.header("List-Unsubscribe"), Some("<https://clinic.example/u/token>"));
    assert_eq!(mail.header("Bcc"), None);
}

#[tokio::test]
async fn the_text_of_a_mail_is_not_to_come_back() {
    let options = ServerOptions { keywords: vec!["DSN".into()], ..ServerOptions::default() };
    let server = SmtpServer::start(options).await.unwrap();
    let smtp = Smtp::new(config(&server, Security::PlainLoopbackOnly)).unwrap();
    smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
    let heard = server.heard();
    let lines: Vec<&str> = heard.iter().map(|heard| heard.line.as_str()).collect();
    let expected = [
        "EHLO client.example",
        "MAIL FROM:<b+1.mac@bounce.example> RET=HDRS",
        "RCPT TO:<zoe@example.org> NOTIFY=FAILURE,DELAY",
        "DATA",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_checked() {
    for tls in [ServerTls::Implicit, ServerTls::StartTls] {
        for (certificate, trusted, expected) in [
            (Certificate::Right, true, "accepted"),
            (Certificate::Right, false, "not sent at TLS: OurFault"),
            (Certificate::WrongName, true, "not sent at TLS: OurFault"),
            (Certificate::Expired, true, "not sent at TLS: OurFault"),
        ] {
            let options = ServerOptions { tls, certificate, ..ServerOptions::default() };
            let server = SmtpServer::start(options).await.unwrap();
            let other = SmtpServer::start(ServerOptions::default()).await.unwrap();
            let root = if trusted { &server } else { &other }.root_certificate().to_owned();
            let config = SmtpConfig { extra_root_certificates: vec![root], ..config(&server, security(tls)) };
            let smtp = Smtp::new(config).unwrap();
            let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
            assert_eq!(shown(&outcome), expected, "{tls:?} {certificate:?} {trusted}: {outcome}");
            assert_eq!(server.taken().len(), usize::from(expected == "accepted"));
        }
    }
}

#[tokio::test]
async fn without_tls_mail_goes_to_this_machine_only() {
    // RFC 5737: an address for examples, which no packet is sent to here.
    let mut config = SmtpConfig::new("192.0.2.1", 25, "client.example");
    config.security = Security::PlainLoopbackOnly;
    let smtp = Smtp::new(config).unwrap();
    let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
    assert_eq!(shown(&outcome), "not sent at TLS: OurFault");
}

#[tokio::test]
async fn nobody_listening_is_trouble_that_passes() {
    let (server, smtp) = plain().await;
    drop(server);
    let outcome = loop {
        // The port is closed as soon as the aborted task has been dropped.
        let outcome = smtp.deliver(&to("zoe@example.org"), MAIL, &mut OpenGate).await;
        if matches!(outcome, Outcome::NotSent { stage: Stage::Connect, .. }) {
            break outcome;
        }
    };
    assert_eq!(shown(&outcome), "not sent at connect: Retry");
}

#[tokio::test]
async fn a_probe_says_what_works_and_what_does_not() {
    let account = Some(("clinic".to_owned(), "secret".to_owned()));
    let options = ServerOptions { tls: ServerTls::StartTls, account, ..ServerOptions::default() };
    let server = SmtpServer::start(options).await.unwrap();
    let mut config = config(&server, Security::StartTls);

    config.user = Some(("clinic".to_owned(), "secret".into()));
    let report = probe(&config).await;
    assert_eq!((report.failure, report.encrypted, report.logged_in), (None, true, true));
    assert_eq!(report.server.map(|address| address.port()), Some(server.port()));

    config.user = Some(("clinic".to_owned(), "wrong".into()));
    let failure = probe(&config).await.failure.unwrap();
    assert_eq!(failure, "rejected at AUTH: 535 5.7.8 wrong user or password");

    config.security = Security::ImplicitTls;
    let failure = probe(&config).await.failure.unwrap();
    assert!(failure.starts_with("TLS: "), "{failure}");

    config.hello_name = "two words".to_owned();
    assert!(probe(&config).await.failure.unwrap().contains("two words"));
    assert_eq!(server.taken(), []);
    assert!(!format!("{config:?}").contains("wrong"), "{config:?}");
}
