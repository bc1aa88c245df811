//! A part's text as it stands in the mail: line ends, and how it is encoded.
//!
//! Nearly every mail is ASCII with one long line at most, an address. lettre writes quoted-printable as soon as a
//! line has 76 characters, which costs more than all else here and makes `=3D` of each `=`. A line may have 998
//! octets (RFC 5322 section 2.1.1), and `7bit` asks for nothing more (RFC 2045 section 2.7): such a text goes as
//! it is. For every other text lettre chooses.

use lettre::message::{Body, header::ContentTransferEncoding};

use super::{BuildError, Lines};
use crate::wire_form::LINE_BYTES;

/// Writes the name of the encoding, the end of the headers, and a text with any line ends.
pub fn write(lines: &mut Lines, field: &'static str, text: &str) -> Result<(), BuildError> {
    if text.trim().is_empty() {
        return Err(BuildError::Empty(field));
    }
    let before = lines.bytes().len();
    lines.push(&["7bit\r\n\r\n"]);
    if as_it_is(text, lines.bytes()) {
        return Ok(());
    }
    lines.bytes().truncate(before);
    let body = encoded(field, text)?;
    lines.push(&[&body.encoding().to_string(), "\r\n\r\n"]);
    lines.bytes().append(&mut body.into_vec());
    Ok(())
}

/// A text with any line ends, encoded.
pub fn encoded(field: &'static str, text: &str) -> Result<Body, BuildError> {
    if text.trim().is_empty() {
        return Err(BuildError::Empty(field));
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(BuildError::Control(field));
    }
    let mut lines = Vec::new();
    Ok(match as_it_is(&text, &mut lines) {
        true => Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit),
        false => Body::new(text),
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

/// Adds the text with CRLF line ends, if it can be sent without any encoding. If not, what is added means nothing.
fn as_it_is(text: &str, lines: &mut Vec<u8>) -> bool {
    if !is_plain(text) {
        return false;
    }
    let mut rest = text.as_bytes();
    while let Some(end) = line_feed(rest) {
        if end > LINE_BYTES {
            return false;
        }
        lines.extend_from_slice(&rest[..end]);
        lines.extend_from_slice(b"\r\n");
        rest = &rest[end + 1..];
    }
    lines.extend_from_slice(rest);
    rest.len() <= LINE_BYTES
}

/// Where the first line feed is. Lines are short, and the standard library prepares for long ones.
fn line_feed(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        // The highest bit of the first byte that is one (Warren, Hacker's Delight, section 6-1).
        let zero_if_one = u64::from_le_bytes(*word) ^ u64::from_le_bytes([b'\n'; 8]);
        let found = zero_if_one.wrapping_sub(u64::from_le_bytes([1; 8]))
            & !zero_if_one
            & u64::from_le_bytes([0x80; 8]);
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| *byte == b'\n').map(|at| words.len() * 8 + at)
}
