//! A whole letter written by lettre: for an id that makes no boundary, and what all other letters are held to.

use lettre::message::{
    Mailbox, Mailboxes, MultiPart, MultiPartBuilder, SinglePart,
    header::{self, ContentType, HeaderName, HeaderValue, Headers},
};

use super::{
    BuildError, LETTER_BYTES, Letter, body, boundary, date, display_name, header_text, language, list_id,
    message_ids, unsubscribe_url,
};
use crate::{address::parse_address, wire_form::check_wire_form};

/// What [`super::build`] does, each header and part by lettre.
pub(super) fn build(letter: &Letter) -> Result<Vec<u8>, BuildError> {
    let from = mailbox("from", &letter.from_name, &letter.from_address)?;
    let to = mailbox("to", &letter.to_name, &letter.to_address)?;
    let mut headers = Headers::with_capacity(16);
    headers.set(header::From::from(Mailboxes::from(from)));
    headers.set(header::To::from(Mailboxes::from(to)));
    headers.set(header::Subject::from(header_text("subject", &letter.subject)?.to_owned()));
    headers.set(header::Date::new(date(letter.date)?.into()));
    headers.set(header::MessageId::from(message_ids("message id", &letter.message_id, 1)?.to_owned()));
    if let Some(address) = &letter.reply_to {
        headers.set(header::ReplyTo::from(Mailboxes::from(mailbox("reply to", "", address)?)));
    }
    if let Some(id) = &letter.in_reply_to {
        headers.set(header::InReplyTo::from(message_ids("in reply to", id, 1)?.to_owned()));
    }
    if let Some(ids) = &letter.references {
        headers.set(header::References::from(message_ids("references", ids, 20)?.to_owned()));
    }
    for (name, value) in other_headers(letter)? {
        headers.insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    headers.set(header::MIME_VERSION_1_0);

    let text = SinglePart::plain(body::encoded("text", &letter.text)?);
    let size = letter.text.len() + letter.html.as_ref().map_or(0, String::len);
    if size > LETTER_BYTES {
        return Err(BuildError::TooLong("text and html"));
    }
    let body = match &letter.html {
        Some(html) => {
            let html = SinglePart::html(body::encoded("html", html)?);
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

fn alternative(message_id: &str) -> MultiPartBuilder {
    let own = boundary(message_id)
        .map(|boundary| ContentType::parse(&format!("multipart/alternative; boundary=\"{boundary}\"")));
    match own {
        Some(Ok(kind)) => MultiPart::builder().header(kind),
        _ => MultiPart::alternative(),
    }
}

/// The headers lettre has no method for.
fn other_headers(letter: &Letter) -> Result<Vec<(&'static str, String)>, BuildError> {
    let mut headers = vec![
        ("Content-Language", language(&letter.language)?.to_owned()),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()),
    ];
    if let Some(id) = &letter.list_id {
        headers.push(("List-Id", list_id(id)?.into_owned()));
    }
    if let Some(url) = &letter.unsubscribe_url {
        headers.push(("List-Unsubscribe", format!("<{}>", unsubscribe_url(url)?)));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    if let Some(id) = &letter.feedback_id {
        headers.push(("Feedback-ID", header_text("feedback id", id)?.to_owned()));
    }
    Ok(headers)
}

fn mailbox(field: &'static str, name: &str, address: &str) -> Result<Mailbox, BuildError> {
    let email = parse_address(address).map_err(|why| BuildError::Address { field, why })?;
    let name = display_name(name).into_owned();
    Ok(Mailbox::new((!name.is_empty()).then_some(name), email))
}
