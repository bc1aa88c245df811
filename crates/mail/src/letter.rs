//! One rendered message as MIME: which headers it carries, and what is refused before the builder sees it.
//!
//! Nearly every header and body stands in the mail as it is, and is written here. Whatever has to be encoded, quoted
//! or folded is left to lettre (`lines`, `body`); a test holds all of it to what lettre makes of the whole letter. What
//! lettre does not guard against is caught here: a line break in a display name makes its builder panic, and a line
//! longer than 998 octets leaves it as it came. The result is the same for the same letter.

mod body;
mod by_lettre;
mod lines;

use std::borrow::Cow;

use chrono::{DateTime, Datelike, Utc};

use self::lines::Lines;
use crate::{
    address::{AddressError, checked},
    wire_form::{WireFormError, check_wire_form},
};

/// Largest text and HTML together, in bytes. Gmail shows the first 102 kB; this leaves room for any script.
pub const LETTER_BYTES: usize = 512 * 1024;
/// Longest display name, in characters: more is no name, and phones show some 30.
const NAME_CHARS: usize = 100;
/// Longest URL, id or other unfoldable value, in bytes: with its header name it must stay below 998.
const VALUE_BYTES: usize = 900;

/// Characters of a multipart boundary: with 62 to choose from, 71 bits.
const BOUNDARY_CHARS: usize = 12;

/// Room for headers, and for what line ends add, in bytes. A letter may have more; then its bytes move once.
const HEADERS_BYTES: usize = 1536;

/// RFC 3834: other programs do not answer this. Not `All`: that would suppress the bounces we want to read.
const FOR_PROGRAMS: &str = "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n";

/// A rendered message and the headers around it. Values are plain text: encoding them is `build`'s work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The clinic's name as the inbox shows it; control characters in it are dropped.
    pub from_name: String,
    /// The address it comes from.
    pub from_address: String,
    /// Where a reply goes: a mailbox that a person reads.
    pub reply_to: Option<String>,
    /// The patient's name, may be empty; control characters in it are dropped.
    pub to_name: String,
    /// The one recipient.
    pub to_address: String,
    /// Subject. Says nothing about health.
    pub subject: String,
    /// The text part, any line ends.
    pub text: String,
    /// The HTML part; none: text only.
    pub html: Option<String>,
    /// Message-ID with its angle brackets, the same on every attempt.
    pub message_id: String,
    /// The date of the letter, written in UTC.
    pub date: DateTime<Utc>,
    /// BCP 47 language tag of the content.
    pub language: String,
    /// What kind of mail this is for filters (RFC 2919), such as `check-ins.clinic.example`; a form with a
    /// description and angle brackets is taken as it is.
    pub list_id: Option<String>,
    /// Where one click stops these mails (RFC 2369 and 8058): a URL that acts on POST.
    pub unsubscribe_url: Option<String>,
    /// Feedback-ID for the large receivers' spam reports. No patient data.
    pub feedback_id: Option<String>,
    /// Message-ID of the mail this one answers.
    pub in_reply_to: Option<String>,
    /// Message-IDs this one belongs with, separated by spaces.
    pub references: Option<String>,
}

/// Why a letter cannot be built. The texts name the field, never its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// An address is wrong.
    #[error("{field}: {why}")]
    Address {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        why: AddressError,
    },
    /// A line break, NUL or other control character where none may be.
    #[error("{0}: has a line break or control character")]
    Control(&'static str),
    /// Empty where it must not be.
    #[error("{0}: is empty")]
    Empty(&'static str),
    /// Not of the form that its header asks for.
    #[error("{field}: is not {form}")]
    Form {
        /// Which.
        field: &'static str,
        /// What it should be.
        form: &'static str,
    },
    /// Larger than allowed.
    #[error("{0}: is too long")]
    TooLong(&'static str),
    /// What came out is not fit for the wire.
    #[error("the finished mail: {0}")]
    WireForm(#[from] WireFormError),
}

/// The letter as it goes over the wire: CRLF line ends, ASCII, no line above 998 octets.
///
/// # Errors
///
/// A value that would break a header, or is not what its header asks for.
pub fn build(letter: &Letter) -> Result<Vec<u8>, BuildError> {
    let html = match (&letter.html, boundary(&letter.message_id)) {
        (None, _) => None,
        (Some(html), Some(boundary)) => Some((html, boundary)),
        // An id with less chance in it.
        (Some(_), None) => return by_lettre::build(letter),
    };
    let size = letter.text.len() + letter.html.as_ref().map_or(0, String::len);
    let mut lines = Lines::with_capacity(HEADERS_BYTES + size.min(LETTER_BYTES));
    headers(letter, &mut lines)?;
    if let Some((_, boundary)) = &html {
        lines.push(&["Content-Type: multipart/alternative; boundary=\"", boundary, "\"\r\n\r\n"]);
        lines.push(&["--", boundary, "\r\n"]);
    }
    part(&mut lines, ("text", "text/plain"), &letter.text)?;
    if size > LETTER_BYTES {
        return Err(BuildError::TooLong("text and html"));
    }
    if let Some((html, boundary)) = &html {
        lines.push(&["--", boundary, "\r\n"]);
        part(&mut lines, ("html", "text/html"), html)?;
        lines.push(&["--", boundary, "--\r\n"]);
    }
    let bytes = lines.into_bytes();
    check_wire_form(&bytes)?;
    Ok(bytes)
}

/// Writes the headers, all but those of the content.
fn headers(letter: &Letter, lines: &mut Lines) -> Result<(), BuildError> {
    mailbox(lines, "From", ("from", &letter.from_name, &letter.from_address))?;
    mailbox(lines, "To", ("to", &letter.to_name, &letter.to_address))?;
    lines.text("Subject", header_text("subject", &letter.subject)?);
    lines.date("Date", date(letter.date)?);
    lines.text("Message-ID", message_ids("message id", &letter.message_id, 1)?);
    if let Some(address) = &letter.reply_to {
        mailbox(lines, "Reply-To", ("reply to", "", address))?;
    }
    if let Some(id) = &letter.in_reply_to {
        lines.text("In-Reply-To", message_ids("in reply to", id, 1)?);
    }
    if let Some(ids) = &letter.references {
        lines.text("References", message_ids("references", ids, 20)?);
    }
    lines.text("Content-Language", language(&letter.language)?);
    lines.push(&[FOR_PROGRAMS]);
    if let Some(id) = &letter.list_id {
        lines.text("List-Id", &list_id(id)?);
    }
    if let Some(url) = &letter.unsubscribe_url {
        lines.text("List-Unsubscribe", &["<", unsubscribe_url(url)?, ">"].concat());
        lines.push(&["List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"]);
    }
    if let Some(id) = &letter.feedback_id {
        lines.text("Feedback-ID", header_text("feedback id", id)?);
    }
    lines.push(&["MIME-Version: 1.0\r\n"]);
    Ok(())
}

/// Writes one form of the text, with its headers.
fn part(lines: &mut Lines, (field, kind): (&'static str, &str), text: &str) -> Result<(), BuildError> {
    lines.push(&["Content-Type: ", kind, "; charset=utf-8\r\nContent-Transfer-Encoding: "]);
    body::write(lines, field, text)?;
    lines.push(&["\r\n"]);
    Ok(())
}

/// The boundary of a letter with two forms of its text, made from the Message-ID: as unlikely to stand in the text as
/// the longer ones that lettre throws dice for, and written four times.
fn boundary(message_id: &str) -> Option<String> {
    let left = message_id.bytes().take_while(|byte| *byte != b'@').filter(u8::is_ascii_alphanumeric);
    let boundary: String = left.take(BOUNDARY_CHARS).map(char::from).collect();
    (boundary.len() == BOUNDARY_CHARS).then_some(boundary)
}

fn mailbox(
    lines: &mut Lines,
    header: &'static str,
    (field, name, address): (&'static str, &str, &str),
) -> Result<(), BuildError> {
    let address = checked(address).map_err(|why| BuildError::Address { field, why })?;
    lines.mailbox(header, &display_name(name), &address);
    Ok(())
}

/// A display name without what must not or need not be in one. Names come from imports and forms: dropping is
/// kinder than refusing, for the mail still reaches the right person.
fn display_name(name: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let single = !name.starts_with(' ') && !name.ends_with(' ') && !name.contains("  ");
    if name.len() <= NAME_CHARS && single && name.bytes().all(plain) {
        return Cow::Borrowed(name);
    }
    let kept = |c: &char| !c.is_control() && !is_invisible_control(*c);
    let spaced: String = name.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(kept).collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    Cow::Owned(words.join(" ").chars().take(NAME_CHARS).collect())
}

/// Line and paragraph separators and the overrides that turn text around (a way to fake what a name says).
fn is_invisible_control(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn header_text<'a>(field: &'static str, value: &'a str) -> Result<&'a str, BuildError> {
    let plain = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if !plain && value.chars().any(|c| c.is_control() || is_invisible_control(c)) {
        return Err(BuildError::Control(field));
    }
    let value = value.trim();
    if value.is_empty() {
        return Err(BuildError::Empty(field));
    }
    if value.len() > VALUE_BYTES {
        return Err(BuildError::TooLong(field));
    }
    Ok(value)
}

fn message_ids<'a>(field: &'static str, value: &'a str, at_most: usize) -> Result<&'a str, BuildError> {
    let value = header_text(field, value)?;
    // Looked at byte by byte: an id is short.
    let ids = || value.as_bytes().split(|byte| *byte == b' ');
    if ids().count() > at_most || !ids().all(is_message_id) {
        return Err(BuildError::Form { field, form: "a message id like `<left@right>`" });
    }
    Ok(value)
}

/// `<left@right>` of printable ASCII, the form RFC 5322 section 3.6.4 gives new ids.
fn is_message_id(id: &[u8]) -> bool {
    let plain = |part: &[u8]| {
        !part.is_empty() && part.iter().all(|byte| byte.is_ascii_graphic() && !is_special(*byte))
    };
    let [b'<', inner @ .., b'>'] = id else { return false };
    let mut parts = inner.splitn(2, |byte| *byte == b'@');
    parts.next().is_some_and(plain) && parts.next().is_some_and(plain)
}

/// What RFC 5322 section 3.2.3 keeps out of an atom, but for the dot.
fn is_special(byte: u8) -> bool {
    matches!(byte, b'<' | b'>' | b'@' | b'(' | b')' | b'[' | b']' | b',' | b':' | b';' | b'"' | b'\\')
}

fn unsubscribe_url(url: &str) -> Result<&str, BuildError> {
    let field = "unsubscribe url";
    let url = header_text(field, url)?;
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b',' | b'"'));
    if web && plain { Ok(url) } else { Err(BuildError::Form { field, form: "a web address in ASCII" }) }
}

fn language(tag: &str) -> Result<&str, BuildError> {
    // RFC 5646 section 4.4.1: 35 characters hold every tag without extensions.
    let plain = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if (2..=35).contains(&tag.len()) && plain {
        Ok(tag)
    } else {
        Err(BuildError::Form { field: "language", form: "a language tag such as `en`" })
    }
}

/// Years of four digits, and none that lettre's date type panics at.
fn date(date: DateTime<Utc>) -> Result<DateTime<Utc>, BuildError> {
    if (1970..=9999).contains(&date.year()) {
        Ok(date)
    } else {
        Err(BuildError::Form { field: "date", form: "between 1970 and 9999" })
    }
}

/// With a description and angle brackets as it is.
fn list_id(id: &str) -> Result<Cow<'_, str>, BuildError> {
    let id = header_text("list id", id)?;
    Ok(if id.ends_with('>') { Cow::Borrowed(id) } else { Cow::Owned(["<", id, ">"].concat()) })
}

#[cfg(test)]
mod tests;
