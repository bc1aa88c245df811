//! A part's text as it stands in the mail: line ends, and how it is encoded.
//!
//! Nearly every mail is ASCII with one long line at most, an address. lettre writes quoted-printable as soon as a
//! line has 76 characters, which costs more than all else here and makes `=3D` of each `=`. A line may have 998
//! octets (RFC 5322 section 2.1.1), and `7bit` asks for nothing more (RFC 2045 section 2.7): such a text goes as
//! it is. For every other text lettre chooses.

use lettre::message::{Body, header::ContentTransferEncoding};

use super::BuildError;
use crate::wire_form::LINE_BYTES;

/// Encodes a text with any line ends.
pub fn body(field: &'static str, text: &str) -> Result<Body, BuildError> {
    if text.trim().is_empty() {
        return Err(BuildError::Empty(field));
    }
    if let Some(lines) = as_it_is(text) {
        return Ok(Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit));
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(BuildError::Control(field));
    }
    Ok(match as_it_is(&text) {
        Some(lines) => Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit),
        None => Body::new(text),
    })
}

/// Whether all of it is ASCII without control characters other than line feed and tab.
fn is_plain(text: &str) -> bool {
    // Without an early end, so that many bytes are looked at at once.
    text.bytes().fold(true, |plain, byte| {
        let printable = (b' '..=b'~').contains(&byte);
        plain & (printable | (byte == b'\n') | (byte == b'\t'))
    })
}

/// The text with CRLF line ends, if it can be sent without any encoding.
fn as_it_is(text: &str) -> Option<Vec<u8>> {
    if !is_plain(text) {
        return None;
    }
    let mut lines = Vec::with_capacity(text.len() + text.len() / 16);
    for (index, line) in text.split('\n').enumerate() {
        if line.len() > LINE_BYTES {
            return None;
        }
        if index > 0 {
            lines.extend_from_slice(b"\r\n");
        }
        lines.extend_from_slice(line.as_bytes());
    }
    Some(lines)
}
