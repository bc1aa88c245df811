//! Reads a mail as a mail client does, so that tests look at what a person would see rather than at MIME.

use mail_parser::{Address, HeaderValue, MessageParser};

/// A mail as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Subject, decoded.
    pub subject: String,
    /// Sender as `name <address>`, or the address alone.
    pub from: String,
    /// Recipient, likewise.
    pub to: String,
    /// The text part, with `\n` line ends; empty if there is none.
    pub text: String,
    /// The HTML part, likewise.
    pub html: String,
    /// Web addresses in text and HTML, in order, each once.
    pub links: Vec<String>,
    /// All headers, names as written, values unfolded but otherwise as written.
    pub headers: Vec<(String, String)>,
}

impl ReceivedMail {
    /// Reads a mail.
    ///
    /// # Panics
    ///
    /// The bytes are not a mail: that fails the test, as it should.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests: what is no mail fails the test")]
    pub fn read(bytes: &[u8]) -> Self {
        let message = MessageParser::default().parse(bytes).expect("the bytes are a mail");
        let part = |is_text: bool| {
            // Without the check the parser makes a text part out of an HTML one, and the other way round.
            let mut parts = message.parts.iter().filter(|part| {
                if is_text {
                    matches!(part.body, mail_parser::PartType::Text(_))
                } else {
                    part.is_text_html()
                }
            });
            let found = parts.next().and_then(|part| part.text_contents());
            found.unwrap_or_default().replace("\r\n", "\n")
        };
        let (text, html) = (part(true), part(false));
        let mut links = web_addresses(&text);
        links.extend(web_addresses(&html.replace("&amp;", "&")));
        let mut seen = Vec::new();
        links.retain(|link| {
            let new = !seen.contains(link);
            seen.push(link.clone());
            new
        });
        let unfolded = |value: &str| value.replace("\r\n", "").trim().to_owned();
        Self {
            subject: message.subject().unwrap_or_default().to_owned(),
            from: shown(message.header("From")),
            to: shown(message.header("To")),
            text,
            html,
            links,
            headers: message.headers_raw().map(|(name, value)| (name.to_owned(), unfolded(value))).collect(),
        }
    }

    /// The value of the first header of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The first link with this in it.
    #[must_use]
    pub fn link(&self, part: &str) -> Option<&str> {
        self.links.iter().map(String::as_str).find(|link| link.contains(part))
    }
}

fn shown(header: Option<&HeaderValue<'_>>) -> String {
    let Some(HeaderValue::Address(Address::List(list))) = header else { return String::new() };
    let one = list.first();
    let address = one.and_then(|one| one.address()).unwrap_or_default();
    match one.and_then(|one| one.name()) {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

/// Everything that starts like a web address, up to a space, quote or bracket; a full stop that ends the sentence
/// is no part of it.
fn web_addresses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("http") {
        let from = &rest[start..];
        let ends = |c: char| c.is_whitespace() || "\"'<>()".contains(c);
        let address = &from[..from.find(ends).unwrap_or(from.len())];
        if address.starts_with("http://") || address.starts_with("https://") {
            found.push(address.trim_end_matches(['.', ',', ';']).to_owned());
        }
        rest = &from[address.len().max(4)..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_shown_as_a_client_shows_it() {
        let mail = ReceivedMail::read(
            b"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>\r\nTo: a@b.example\r\nSubject: =?utf-8?q?Hall=C3=B6?=\r\n\
              List-Id:\r\n <x.example>\r\nContent-Type: multipart/alternative; boundary=B\r\n\r\n\
              --B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee https://a.example/x?y=1&z=2.\r\n\
              --B\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
              <a href=3D\"https://a.example/x?y=3D1&amp;z=3D2\">x</a> (http://b.example/)\r\n--B--\r\n",
        );
        assert_eq!(mail.subject, "Hallö");
        assert_eq!((mail.from.as_str(), mail.to.as_str()), ("Zoë <zoe@example.org>", "a@b.example"));
        assert_eq!(mail.links, ["https://a.example/x?y=1&z=2", "http://b.example/"]);
        assert_eq!(mail.link("b.example"), Some("http://b.example/"));
        assert_eq!(mail.header("list-id"), Some("<x.example>"));
        assert!(mail.html.starts_with("<a href=\"https"));
    }

    #[test]
    fn a_mail_without_html_has_none() {
        let mail = ReceivedMail::read(b"Subject: x\r\n\r\nhello\r\n");
        assert_eq!((mail.text.as_str(), mail.html.as_str()), ("hello\n", ""));
    }
}
