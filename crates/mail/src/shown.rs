//! A mail as a mailbox page shows it: the headers people look at, the text and the HTML, decoded.
//!
//! For captured mail. What it returns comes from a mail and is not to be trusted: the HTML belongs into a sandboxed
//! frame, everything else has to be escaped.

use chrono::{DateTime, Utc};
use mail_parser::{Address, MessageParser, PartType};

/// What a person sees of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMail {
    /// Sender, as `name <address>` or the address alone.
    pub from: String,
    /// Recipient, likewise.
    pub to: String,
    /// Subject; empty if there is none.
    pub subject: String,
    /// Date, if there is a sound one.
    pub date: Option<DateTime<Utc>>,
    /// The text part, with `\n` line ends; empty if there is none.
    pub text: String,
    /// The HTML part.
    pub html: Option<String>,
}

/// Decodes a mail; none if the bytes are not one.
#[must_use]
pub fn show_mail(bytes: &[u8]) -> Option<ShownMail> {
    let message = MessageParser::default().parse(bytes)?;
    let mut text = String::new();
    let mut html = None;
    for part in &message.parts {
        match &part.body {
            PartType::Text(found) if text.is_empty() => text = found.replace("\r\n", "\n"),
            PartType::Html(found) if html.is_none() => html = Some(found.replace("\r\n", "\n")),
            _ => {}
        }
    }
    Some(ShownMail {
        from: first(message.from()),
        to: first(message.to()),
        subject: message.subject().unwrap_or_default().to_owned(),
        date: message.date().and_then(|date| DateTime::from_timestamp(date.to_timestamp(), 0)),
        text,
        html,
    })
}

fn first(list: Option<&Address<'_>>) -> String {
    let Some(one) = list.and_then(Address::first) else { return String::new() };
    let address = one.address().unwrap_or_default();
    match one.name() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mail_is_shown_decoded() {
        let bytes = b"Return-Path: <b+1@bounce.example>\r\nDelivered-To: zoe@example.org\r\n\
            From: \"Example Clinic\" <check-in@clinic.example>\r\nTo: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>\r\n\
            Subject: =?utf-8?q?Wie_geht=E2=80=99s=3F?=\r\nDate: Tue, 24 Nov 2026 08:00:00 +0100\r\n\
            Content-Type: multipart/alternative; boundary=B\r\n\r\n\
            --B\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            Gr=C3=BC=C3=9Fe\r\n--B\r\nContent-Type: text/html\r\n\r\n<p>hello</p>\r\n--B--\r\n";
        let expected = ShownMail {
            from: "Example Clinic <check-in@clinic.example>".into(),
            to: "Zo\u{eb} <zoe@example.org>".into(),
            subject: "Wie geht\u{2019}s?".into(),
            date: Some("2026-11-24T07:00:00Z".parse().unwrap()),
            text: "Gr\u{fc}\u{df}e".into(),
            html: Some("<p>hello</p>".into()),
        };
        assert_eq!(show_mail(bytes), Some(expected));
        assert_eq!(show_mail(b""), None);
    }

    proptest! {
        #[test]
        fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let _ = show_mail(&bytes);
        }
    }
}
