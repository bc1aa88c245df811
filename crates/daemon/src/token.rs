//! The secret part of a link: 256 random bits, known to the recipient alone, behind the place of the mail it is in. The
//! store knows it as [`afterrun_web::link_key`] has it.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use afterrun_store::MailPlace;
use chrono::{DateTime, Utc};

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no randomness: {0}")]
pub struct NoRandomness(getrandom::Error);

/// A link's secret. Printing it for debugging shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new token from the operating system's randomness, for a link in the mail at this place.
    ///
    /// # Errors
    /// If the system gives none.
    pub fn new(of: MailPlace) -> Result<Self, NoRandomness> {
        let mut bytes = [0_u8; 40];
        let (place, secret) = bytes.split_at_mut(8);
        place.copy_from_slice(&of.0);
        getrandom::fill(secret).map_err(NoRandomness)?;
        Ok(Self(base64url(&bytes)))
    }

    /// Base64url without padding: 54 characters.
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

/// A mail's place and so many random bytes, in hexadecimal digits: a name that has to be unique and is no secret. No
/// letter of it is lost when case is.
///
/// # Errors
/// If the system gives no randomness.
pub fn placed_id<const BYTES: usize>(place: MailPlace) -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    let digits = place.0.into_iter().chain(bytes).flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect())
}

/// The place of a mail written now: the second, and a number that rises by one with each mail of this process, from a
/// random one on, so that two processes hardly ever have the same. What is made together lies together, also when a
/// morning's mails are all written in one second. The seconds begin anew in 2106, which does no harm; nor does the
/// number, which says how many mails were written in between and nothing of whom.
///
/// # Errors
/// If the system gives no randomness.
pub fn next_place(at: DateTime<Utc>) -> Result<MailPlace, NoRandomness> {
    static FIRST: OnceLock<u32> = OnceLock::new();
    static MADE: AtomicU32 = AtomicU32::new(0);
    let first = match FIRST.get() {
        Some(first) => *first,
        None => {
            let mut bytes = [0_u8; 4];
            getrandom::fill(&mut bytes).map_err(NoRandomness)?;
            *FIRST.get_or_init(|| u32::from_be_bytes(bytes))
        }
    };
    let number = first.wrapping_add(MADE.fetch_add(1, Ordering::Relaxed));
    let [a, b, c, d] = (at.timestamp() as u32).to_be_bytes();
    let [e, f, g, h] = number.to_be_bytes();
    Ok(MailPlace([a, b, c, d, e, f, g, h]))
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
        let place = next_place(at).unwrap();
        let (one, other) = (Token::new(place).unwrap(), Token::new(place).unwrap());
        assert_eq!(one.as_str().len(), 54);
        assert_eq!(one.as_str()[..10], other.as_str()[..10], "links of one mail");
        assert_ne!(one.as_str()[11..32], other.as_str()[11..32], "know nothing of each other");
        assert_ne!(one.as_str()[32..], other.as_str()[32..]);
        assert_eq!((&one.key()[..8], &other.key()[..8]), (&place.0[..], &place.0[..]));
        assert_ne!(one.key()[8..], other.key()[8..]);
        assert_eq!(format!("{one:?}"), "Token(..)");
    }

    #[test]
    fn mails_of_one_second_stand_in_order() {
        let at: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        let places: Vec<_> = (0..3).map(|_| next_place(at).unwrap()).collect();
        assert!(places.iter().all(|place| place.0[..4] == (at.timestamp() as u32).to_be_bytes()));
        let numbers = places.iter().map(|place| u32::from_be_bytes(place.0[4..].try_into().unwrap()));
        let numbers: Vec<_> = numbers.collect();
        // Other tests may draw some in between.
        let rises = |pair: &[u32]| pair[1].wrapping_sub(pair[0]) < 1000;
        assert!(numbers.windows(2).all(rises), "{numbers:?}");
        let id = placed_id::<5>(places[0]).unwrap();
        assert_eq!((id.len(), MailPlace::of_id(&id)), (26, Some(places[0])));
        assert_ne!(id, placed_id::<5>(places[0]).unwrap(), "two processes may draw the same place");
    }
}
