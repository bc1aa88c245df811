//! Reads a delivery status notification (RFC 3464): which of our messages it speaks of, and what it says.
//!
//! Only a return path that we signed names a message: what else stands in the notification may be forged. Leaves
//! out bounces in free text: they are answered by a person who reads the bounce mailbox.

use mail_parser::{Address, HeaderValue, Message, MessageParser, MimeHeaders, PartType};

use crate::{
    outcome::{Class, Stage, permanent},
    reply::{fit_to_keep, is_status},
    return_path::verify_return_path,
};

/// Largest notification that is read, in bytes. One with headers only has some 10 kB; those that return the
/// message are as large as it was.
pub const BOUNCE_BYTES: usize = 2 * 1024 * 1024;
/// Most parts of a notification, and groups of one report, that are looked at.
const PARTS: usize = 50;

/// What became of the message (RFC 3464 section 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Given up.
    Failed,
    /// Still being tried.
    Delayed,
    /// Arrived.
    Delivered,
    /// Handed to a system that reports no more.
    Relayed,
    /// Went to several addresses.
    Expanded,
}

/// What one notification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The id in the return path, if it is one of ours; without it the notification must change nothing.
    pub outbox_id: Option<String>,
    /// What became of the message.
    pub action: Action,
    /// The status code, such as `5.1.1`.
    pub status: Option<String>,
    /// Given up for good: the action is `Failed` and the status of class 5.
    pub permanent: bool,
    /// What the other server said, with addresses masked.
    pub diagnostic: String,
}

impl Bounce {
    /// What this means for the address, by the same judgement as an answer at RCPT. `Accepted` for a notice of
    /// success.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.action {
            Action::Delivered | Action::Relayed | Action::Expanded => Class::Accepted,
            Action::Delayed => Class::Retry,
            Action::Failed if self.permanent => {
                // The code of the refusal, if it is quoted; else one that says nothing beyond its class.
                let code = self.diagnostic.split(' ').find_map(|word| {
                    word.parse().ok().filter(|code: &u16| word.len() == 3 && (500..600).contains(code))
                });
                permanent(Stage::Recipient, code.unwrap_or(554), self.status.as_deref(), &self.diagnostic)
            }
            // Tried for days and given up: this message is lost, the address may be sound.
            Action::Failed => Class::Refused,
        }
    }
}

/// Why there is nothing to learn from a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotABounce {
    /// Too large to be read.
    #[error("the notification is larger than {BOUNCE_BYTES} bytes")]
    TooLarge,
    /// Not a message at all.
    #[error("the bytes are not a mail")]
    NotAMail,
    /// No delivery report in it: an answer by a person, an absence note, a bounce in free text.
    #[error("the mail has no delivery report")]
    NoReport,
}

/// Reads one notification. `delivered_to` is the address it arrived at, if the mail system tells; otherwise the
/// headers are searched. `key` and `prefix` are those of `return_path`.
///
/// # Errors
///
/// It is no delivery status notification.
pub fn read_bounce(
    bytes: &[u8],
    delivered_to: Option<&str>,
    key: &[u8],
    prefix: &str,
) -> Result<Bounce, NotABounce> {
    if bytes.len() > BOUNCE_BYTES {
        return Err(NotABounce::TooLarge);
    }
    let message = MessageParser::default().parse(bytes).ok_or(NotABounce::NotAMail)?;
    let report = message.parts.iter().take(PARTS).find_map(|part| {
        let kind = part.content_type()?;
        let status = kind.ctype().eq_ignore_ascii_case("message")
            && kind.subtype().is_some_and(|subtype| {
                subtype.eq_ignore_ascii_case("delivery-status")
                    || subtype.eq_ignore_ascii_case("global-delivery-status")
            });
        status.then(|| contents(&part.body))?
    });
    let report = report.ok_or(NotABounce::NoReport)?;
    let outbox_id = delivered_to
        .into_iter()
        .map(str::to_owned)
        .chain(addresses(&message))
        .find_map(|address| verify_return_path(key, &address, prefix));
    let recipient = recipient_fields(&report).ok_or(NotABounce::NoReport)?;
    let diagnostic = fit_to_keep(recipient.diagnostic.as_deref().unwrap_or_default());
    let permanent = recipient.action == Action::Failed
        && recipient.status.as_deref().is_some_and(|status| status.starts_with('5'));
    Ok(Bounce { outbox_id, action: recipient.action, status: recipient.status, permanent, diagnostic })
}

/// The report's text, whatever the parser took it for.
fn contents(body: &PartType<'_>) -> Option<String> {
    match body {
        PartType::Text(text) | PartType::Html(text) => Some(text.to_string()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        PartType::Message(inner) => Some(String::from_utf8_lossy(inner.raw_message()).into_owned()),
        PartType::Multipart(_) => None,
    }
}

/// Addresses at which the notification may have arrived.
fn addresses(message: &Message<'_>) -> Vec<String> {
    let listed = |list: &Address<'_>| -> Vec<String> {
        list.iter().filter_map(|one| one.address().map(str::to_owned)).take(PARTS).collect()
    };
    let mut found = Vec::new();
    for name in ["Delivered-To", "X-Original-To", "Envelope-To", "To"] {
        for value in message.header_values(name).take(PARTS) {
            match value {
                HeaderValue::Address(list) => found.extend(listed(list)),
                HeaderValue::Text(text) => {
                    found.push(text.trim().trim_start_matches('<').trim_end_matches('>').to_owned());
                }
                _ => {}
            }
        }
    }
    found
}

struct RecipientFields {
    action: Action,
    status: Option<String>,
    diagnostic: Option<String>,
}

/// The fields of the first recipient: our messages have one. Groups are parted by empty lines; the first one is
/// about the message as a whole and has no action.
fn recipient_fields(report: &str) -> Option<RecipientFields> {
    let report = report.replace("\r\n", "\n");
    report.split("\n\n").take(PARTS).find_map(|group| {
        let fields = fields(group);
        let value = |name: &str| {
            fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        let word =
            |text: &str| text.split([' ', '\t', '(', ';']).next().unwrap_or_default().to_ascii_lowercase();
        let action = match word(value("Action")?).as_str() {
            "failed" => Action::Failed,
            "delayed" => Action::Delayed,
            "delivered" => Action::Delivered,
            "relayed" => Action::Relayed,
            "expanded" => Action::Expanded,
            _ => return None,
        };
        let mut status = value("Status").map(word).filter(|status| is_status(status));
        // `smtp; 550 5.1.1 no such user`: the type before the semicolon says nothing more.
        let diagnostic = value("Diagnostic-Code")
            .map(|text| text.split_once(';').map_or(text, |(_, said)| said).trim().to_owned());
        if let Some(vague @ ("4.0.0" | "5.0.0")) = status.as_deref() {
            // Some systems report no more than the class, yet quote the answer that says which.
            let mut quoted = diagnostic.iter().flat_map(|said| said.split([' ', '-', '(', ')', '#']));
            let precise = quoted.find(|word| is_status(word) && word[..1] == vague[..1]);
            status = precise.map(str::to_owned).or(status);
        }
        Some(RecipientFields { action, status, diagnostic })
    })
}

/// Header-like fields, folded lines joined.
fn fields(group: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in group.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    fields
}

#[cfg(test)]
mod tests;
