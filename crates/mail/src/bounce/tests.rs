//! Bounces as Postfix writes them, mangled ones, and forged ones.

use proptest::prelude::*;

use super::*;
use crate::return_path;

const KEY: &[u8] = b"a key of the clinic";

/// A notification as Postfix writes them, about message 42.
fn postfix(action: &str, status: &str, diagnostic: &str) -> String {
    let to = return_path(KEY, "42", "bounce.clinic.example", "b");
    format!(
        "From: MAILER-DAEMON@relay.example (Mail Delivery System)\r\n\
         Subject: Undelivered Mail Returned to Sender\r\n\
         To: {to}\r\n\
         Auto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"X\"\r\n\
         \r\n\
         --X\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\
         \r\n\
         I'm sorry to have to inform you that your message could not be delivered.\r\n\
         \r\n\
         --X\r\n\
         Content-Description: Delivery report\r\n\
         Content-Type: message/delivery-status\r\n\
         \r\n\
         Reporting-MTA: dns; relay.example\r\n\
         X-Postfix-Sender: rfc822; {to}\r\n\
         Arrival-Date: Tue, 24 Nov 2026 07:00:00 +0000 (UTC)\r\n\
         \r\n\
         Final-Recipient: rfc822; zoe@example.org\r\n\
         Original-Recipient: rfc822;zoe@example.org\r\n\
         Action: {action}\r\n\
         Status: {status}\r\n\
         Remote-MTA: dns; mx.example.org\r\n\
         Diagnostic-Code: smtp; {diagnostic}\r\n\
         \r\n\
         --X\r\n\
         Content-Type: text/rfc822-headers\r\n\
         \r\n\
         Subject: Your check-in\r\n\
         \r\n\
         --X--\r\n"
    )
}

fn read(text: &str) -> Result<Bounce, NotABounce> {
    read_bounce(text.as_bytes(), None, KEY, "b")
}

#[test]
fn a_notification_names_the_message_and_what_became_of_it() {
    let bounce = read(&postfix("failed", "5.1.1", "550 5.1.1 <zoe@example.org>: no such\r\n    user here"));
    let expected = Bounce {
        outbox_id: Some("42".into()),
        action: Action::Failed,
        status: Some("5.1.1".into()),
        permanent: true,
        diagnostic: "550 5.1.1 <*>: no such user here".into(),
    };
    assert_eq!(bounce, Ok(expected));
}

#[test]
fn bounces_are_judged_as_answers_are() {
    let cases = [
        ("failed", "5.1.1", "550 5.1.1 no such user", Class::DeadAddress, true),
        ("failed", "5.1.10", "556 5.1.10 null MX", Class::DeadAddress, true),
        ("failed", "5.2.2", "552 5.2.2 mailbox full", Class::Refused, true),
        ("failed", "5.7.26", "550-5.7.26 unauthenticated", Class::OurFault, true),
        ("failed", "5.7.1", "554 5.7.1 relay access denied", Class::OurFault, true),
        ("failed", "5.1.8", "550 5.1.8 sender domain unknown", Class::OurFault, true),
        ("failed", "5.0.0", "550 something else", Class::Refused, true),
        ("failed", "5.0.0", "550-5.1.1 no such user", Class::DeadAddress, true),
        ("failed", "5.0.0", "550 4.1.1 5.7.1 relaying denied", Class::OurFault, true),
        ("failed", "4.4.7", "delivery time expired", Class::Refused, false),
        ("Failed (gave up)", "5.1.1 (bad mailbox)", "550 no", Class::DeadAddress, true),
        ("failed", "nonsense", "550 5.1.1 no such user", Class::Refused, false),
        ("delayed", "4.4.1", "connect: timed out", Class::Retry, false),
        ("relayed", "2.0.0", "250 ok", Class::Accepted, false),
        ("delivered", "2.0.0", "250 ok", Class::Accepted, false),
    ];
    for (action, status, diagnostic, class, permanent) in cases {
        let bounce = read(&postfix(action, status, diagnostic)).unwrap();
        assert_eq!((bounce.class(), bounce.permanent), (class, permanent), "{action} {status} {diagnostic}");
    }
}

#[test]
fn the_message_is_found_by_where_the_notification_arrived() {
    let ours = return_path(KEY, "42", "bounce.clinic.example", "b");
    let forged = return_path(b"a key of somebody else", "42", "bounce.clinic.example", "b");
    let text = postfix("failed", "5.1.1", "550 no");
    let id = |text: &str, delivered_to: Option<&str>| {
        read_bounce(text.as_bytes(), delivered_to, KEY, "b").unwrap().outbox_id
    };
    let elsewhere = text.replace(&ours, "postmaster@clinic.example");
    assert_eq!(id(&text, None).as_deref(), Some("42"));
    assert_eq!(id(&elsewhere, None), None);
    assert_eq!(id(&elsewhere, Some(&ours)).as_deref(), Some("42"));
    assert_eq!(id(&format!("Delivered-To: {ours}\r\n{elsewhere}"), None).as_deref(), Some("42"));
    assert_eq!(id(&format!("X-Original-To: <{ours}>\r\n{elsewhere}"), None).as_deref(), Some("42"));
    assert_eq!(id(&text.replace(&ours, &forged), None), None);
    assert_eq!(id(&elsewhere, Some(&forged)), None);
}

#[test]
fn other_mail_is_not_a_bounce() {
    let away = "From: zoe@example.org\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n";
    assert_eq!(read(away), Err(NotABounce::NoReport));
    assert_eq!(read(""), Err(NotABounce::NotAMail));
    let no_action = postfix("failed", "5.1.1", "550 no").replace("Action:", "Reaction:");
    assert_eq!(read(&no_action), Err(NotABounce::NoReport));
    let large = vec![b'x'; BOUNCE_BYTES + 1];
    assert_eq!(read_bounce(&large, None, KEY, "b"), Err(NotABounce::TooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read_bounce(&bytes, None, KEY, "b");
    }

    /// A sound notification with a few bytes overwritten, cut or doubled.
    #[test]
    fn a_mangled_notification_never_panics_nor_names_another_message(
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = postfix("failed", "5.1.1", "550 5.1.1 no such user").into_bytes();
        for (place, byte) in &edits {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(bounce) = read_bounce(&bytes, None, KEY, "b") {
            prop_assert!(bounce.outbox_id.is_none_or(|id| id == "42"));
        }
    }
}
