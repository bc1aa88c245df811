//! One rendered message as MIME: which headers it carries, and what is refused before the builder sees it.
//!
//! lettre writes every header and body. What it does not guard against is caught here: a line break in a display
//! name makes its builder panic, and a line longer than 998 octets leaves it as it came. The result is the same
//! for the same letter.

mod body;

use std::time::SystemTime;

use chrono::{DateTime, Datelike, Utc};
use lettre::message::{
    Mailbox, Mailboxes, MultiPart, MultiPartBuilder, SinglePart,
    header::{self, ContentType, HeaderName, HeaderValue, Headers},
};

use crate::{
    address::{AddressError, parse_address},
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
    let from = mailbox("from", &letter.from_name, &letter.from_address)?;
    let to = mailbox("to", &letter.to_name, &letter.to_address)?;
    let mut headers = Headers::with_capacity(16);
    headers.set(header::From::from(Mailboxes::from(from)));
    headers.set(header::To::from(Mailboxes::from(to)));
    headers.set(header::Subject::from(header_text("subject", &letter.subject)?));
    headers.set(header::Date::new(date(letter.date)?));
    headers.set(header::MessageId::from(message_ids("message id", &letter.message_id, 1)?));
    if let Some(address) = &letter.reply_to {
        headers.set(header::ReplyTo::from(Mailboxes::from(mailbox("reply to", "", address)?)));
    }
    if let Some(id) = &letter.in_reply_to {
        headers.set(header::InReplyTo::from(message_ids("in reply to", id, 1)?));
    }
    if let Some(ids) = &letter.references {
        headers.set(header::References::from(message_ids("references", ids, 20)?));
    }
    for (name, value) in fixed_headers(letter)? {
        headers.insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    headers.set(header::MIME_VERSION_1_0);

    let text = SinglePart::plain(body::body("text", &letter.text)?);
    let size = letter.text.len() + letter.html.as_ref().map_or(0, String::len);
    if size > LETTER_BYTES {
        return Err(BuildError::TooLong("text and html"));
    }
    let body = match &letter.html {
        Some(html) => {
            let html = SinglePart::html(body::body("html", html)?);
            alternative(&letter.message_id).singlepart(text).singlepart(html).formatted()
        }
        None => text.formatted(),
    };
    // A part begins with headers of its own. Not put together by lettre's `Message`, which reads the sender that
    // was just written once more.
    let mut bytes = headers.to_string().into_bytes();
    bytes.extend_from_slice(&body);
    check_wire_form(&bytes)?;
    Ok(bytes)
}

/// Two forms of one text, between boundaries made from the Message-ID: as unlikely to stand in the text as the
/// longer ones that lettre throws dice for, and written four times.
fn alternative(message_id: &str) -> MultiPartBuilder {
    let left = message_id.bytes().take_while(|byte| *byte != b'@').filter(u8::is_ascii_alphanumeric);
    let boundary: String = left.take(BOUNDARY_CHARS).map(char::from).collect();
    let own = (boundary.len() == BOUNDARY_CHARS)
        .then(|| ContentType::parse(&format!("multipart/alternative; boundary=\"{boundary}\"")));
    match own {
        Some(Ok(kind)) => MultiPart::builder().header(kind),
        // An id with less chance in it.
        _ => MultiPart::alternative(),
    }
}

/// The headers lettre has no method for.
fn fixed_headers(letter: &Letter) -> Result<Vec<(&'static str, String)>, BuildError> {
    let mut headers = vec![
        ("Content-Language", language(&letter.language)?),
        // RFC 3834: other programs do not answer this.
        ("Auto-Submitted", "auto-generated".to_owned()),
        // Not `All`: that would suppress the bounces we want to read.
        ("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()),
    ];
    if let Some(id) = &letter.list_id {
        let id = header_text("list id", id)?;
        headers.push(("List-Id", if id.ends_with('>') { id } else { format!("<{id}>") }));
    }
    if let Some(url) = &letter.unsubscribe_url {
        headers.push(("List-Unsubscribe", format!("<{}>", unsubscribe_url(url)?)));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    if let Some(id) = &letter.feedback_id {
        headers.push(("Feedback-ID", header_text("feedback id", id)?));
    }
    Ok(headers)
}

fn mailbox(field: &'static str, name: &str, address: &str) -> Result<Mailbox, BuildError> {
    let email = parse_address(address).map_err(|why| BuildError::Address { field, why })?;
    let name = display_name(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), email))
}

/// A display name without what must not or need not be in one. Names come from imports and forms: dropping is
/// kinder than refusing, for the mail still reaches the right person.
fn display_name(name: &str) -> String {
    let plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let single = !name.starts_with(' ') && !name.ends_with(' ') && !name.contains("  ");
    if name.len() <= NAME_CHARS && single && name.bytes().all(plain) {
        return name.to_owned();
    }
    let kept = |c: &char| !c.is_control() && !is_invisible_control(*c);
    let spaced: String = name.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(kept).collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(NAME_CHARS).collect()
}

/// Line and paragraph separators and the overrides that turn text around (a way to fake what a name says).
fn is_invisible_control(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn header_text(field: &'static str, value: &str) -> Result<String, BuildError> {
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
    Ok(value.to_owned())
}

fn message_ids(field: &'static str, value: &str, at_most: usize) -> Result<String, BuildError> {
    let value = header_text(field, value)?;
    let ids: Vec<&str> = value.split(' ').collect();
    if ids.len() > at_most || !ids.iter().all(|id| is_message_id(id)) {
        return Err(BuildError::Form { field, form: "a message id like `<left@right>`" });
    }
    Ok(value)
}

/// `<left@right>` of printable ASCII, the form RFC 5322 section 3.6.4 gives new ids.
fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>@()[],:;\"\\".contains(&byte))
    };
    inner.and_then(|inner| inner.split_once('@')).is_some_and(|(left, right)| plain(left) && plain(right))
}

fn unsubscribe_url(url: &str) -> Result<String, BuildError> {
    let field = "unsubscribe url";
    let url = header_text(field, url)?;
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,\"".contains(&byte));
    if web && plain { Ok(url) } else { Err(BuildError::Form { field, form: "a web address in ASCII" }) }
}

fn language(tag: &str) -> Result<String, BuildError> {
    // RFC 5646 section 4.4.1: 35 characters hold every tag without extensions.
    let plain = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if (2..=35).contains(&tag.len()) && plain {
        Ok(tag.to_owned())
    } else {
        Err(BuildError::Form { field: "language", form: "a language tag such as `en`" })
    }
}

/// lettre's date type panics before 1970 and after 9999.
fn date(date: DateTime<Utc>) -> Result<SystemTime, BuildError> {
    if (1970..=9999).contains(&date.year()) {
        Ok(date.into())
    } else {
        Err(BuildError::Form { field: "date", form: "between 1970 and 9999" })
    }
}

#[cfg(test)]
mod tests;
