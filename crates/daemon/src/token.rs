//! The secret part of a link: 256 random bits, known to the recipient alone, behind its place among all links. The
//! store knows it as [`afterrun_web::link_key`] has it.

use std::{
    fmt,
    sync::atomic::{AtomicU16, Ordering},
};

use chrono::{DateTime, Utc};

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no randomness: {0}")]
pub struct NoRandomness(getrandom::Error);

/// A link's secret. Printing it for debugging shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new token from the operating system's randomness, made at this instant.
    ///
    /// # Errors
    /// If the system gives none.
    pub fn new(at: DateTime<Utc>) -> Result<Self, NoRandomness> {
        let mut bytes = [0_u8; 38];
        let (place, secret) = bytes.split_at_mut(6);
        place.copy_from_slice(&place_of(at));
        getrandom::fill(secret).map_err(NoRandomness)?;
        Ok(Self(base64url(&bytes)))
    }

    /// Base64url without padding: 51 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the store keeps.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        afterrun_web::link_key(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// `BYTES` random bytes as base64url without padding, for names that have to be unique and say nothing.
///
/// # Errors
/// If the system gives no randomness.
pub fn random_text<const BYTES: usize>() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(base64url(&bytes))
}

/// A place in the order of making, and so many random bytes, in hexadecimal digits: a name that has to be unique and
/// is no secret. Those made one after the other lie together in an index, and no letter of them is lost when case is.
///
/// # Errors
/// If the system gives no randomness.
pub fn timed_id<const BYTES: usize>(at: DateTime<Utc>) -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    let digits = place_of(at).into_iter().chain(bytes).flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect())
}

/// The second, and how many were made before by this process, modulo 65,536: what is made together lies together in
/// an index, also when a morning's mails are all written in one second. The seconds begin anew in 2106, which does no
/// harm; nor does the number, which says how many links were made in between and nothing of whom.
fn place_of(at: DateTime<Utc>) -> [u8; 6] {
    static MADE: AtomicU16 = AtomicU16::new(0);
    let [a, b, c, d] = (at.timestamp() as u32).to_be_bytes();
    let [e, f] = MADE.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    [a, b, c, d, e, f]
}

/// 128 random bits as 32 hexadecimal digits: an id that can be typed and never looks like an option.
///
/// # Errors
/// If the system gives no randomness.
pub fn random_id() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// RFC 4648 section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..=group.len() {
            let six = (word >> (18 - 6 * digit)) & 0x3f;
            text.push(char::from(DIGITS[six as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_as_rfc_4648_says() {
        let cases: [(&[u8], &str); 7] = [
            (b"", ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg"),
            (b"\xfb\xff", "-_8"),
            (b"foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in cases {
            assert_eq!(base64url(bytes), text);
        }
    }

    #[test]
    fn a_token_is_long_random_and_silent() {
        let at = "2026-11-24T12:00:00Z".parse().unwrap();
        let (one, other) = (Token::new(at).unwrap(), Token::new(at).unwrap());
        assert_eq!(one.as_str().len(), 51);
        assert_ne!(one, other);
        assert_ne!(one.key(), other.key());
        assert_eq!(one.key()[..4], (at.timestamp() as u32).to_be_bytes());
        assert_ne!(one.key()[..6], other.key()[..6], "made in one second, and yet in order");
        assert_eq!(format!("{one:?}"), "Token(..)");
    }
}
