//! The envelope sender of each message: it says which message a bounce is about, and a MAC keeps forged bounces
//! from silencing a patient.
//!
//! `prefix+id.mac@domain`, all of it fit to survive relays that fold case.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Bytes of the MAC that are kept: 80 bits, 16 characters. A forger would have to send 2^79 bounces.
const MAC_BYTES: usize = 10;

/// Keeps these MACs apart from any other use of the same key.
const PURPOSE: &[u8] = b"afterrun return path 1\0";

/// RFC 4648 base 32 in lower case: five bits a letter, no letter lost when case is.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The return path of one message. `outbox_id_text` should be short (up to 36 characters of lower case letters,
/// digits, `-` or `_`), so that the part before the @ stays within 64; other characters are escaped.
#[must_use]
pub fn return_path(key: &[u8], outbox_id_text: &str, domain: &str, prefix: &str) -> String {
    let mac = mac(key, outbox_id_text).finalize().into_bytes();
    format!("{prefix}+{}.{}@{domain}", escape(outbox_id_text), base32(&mac[..MAC_BYTES]))
}

/// The id inside a return path that `return_path` made with this key and prefix, whatever its domain has become.
#[must_use]
pub fn verify_return_path(key: &[u8], address: &str, prefix: &str) -> Option<String> {
    let (local, _) = address.trim().rsplit_once('@')?;
    let local = local.to_ascii_lowercase();
    let rest = local.strip_prefix(&prefix.to_ascii_lowercase())?.strip_prefix('+')?;
    let (id, claimed) = rest.rsplit_once('.')?;
    let (id, claimed) = (unescape(id)?, unbase32(claimed)?);
    if claimed.len() != MAC_BYTES {
        return None;
    }
    mac(key, &id).verify_truncated_left(&claimed).ok()?;
    Some(id)
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104 section 3)")]
fn mac(key: &[u8], id: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(PURPOSE);
    mac.update(id.as_bytes());
    mac
}

/// Everything but lower case letters, digits, `-` and `_` as `=xx`: capitals would not survive, dots separate.
fn escape(id: &str) -> String {
    let mut escaped = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => escaped.push(byte as char),
            _ => escaped.push_str(&format!("={byte:02x}")),
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'=' {
            let (digits, tail) = tail.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(ALPHABET[(buffer >> bits) as usize & 31] as char);
        }
        buffer &= (1 << bits) - 1;
    }
    text
}

/// Whole groups only: 10 bytes are 16 letters without a remainder.
fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut buffer, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        buffer = (buffer << 5) | value as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
        buffer &= (1 << bits) - 1;
    }
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &[u8] = b"a key of the clinic";

    #[test]
    fn a_return_path_is_an_address_we_take_ourselves() {
        let path = return_path(KEY, "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "bounce.clinic.example", "b");
        let (local, _) = path.split_once('@').unwrap();
        assert!(local.len() <= 64, "{path}");
        assert_eq!(crate::check_address(&path).as_deref(), Ok(path.as_str()));
    }

    #[test]
    fn only_our_own_return_paths_verify() {
        let path = return_path(KEY, "42", "bounce.clinic.example", "b");
        let verify = |address: &str| verify_return_path(KEY, address, "b");
        assert_eq!(verify(&path).as_deref(), Some("42"));
        assert_eq!(verify(&path.to_uppercase()).as_deref(), Some("42"));
        assert_eq!(verify(&path.replace("clinic.example", "relay.example")).as_deref(), Some("42"));
        assert_eq!(verify(&path.replace("+42.", "+43.")), None);
        assert_eq!(verify(&path.replacen('b', "c", 1)), None);
        assert_eq!(verify_return_path(b"another key", &path, "b"), None);
        assert_eq!(verify_return_path(KEY, &path, "bb"), None);
        let (start, _) = path.split_once('@').unwrap();
        for cut in 0..=start.len() {
            let shorter = format!("{}@x.example", &start[..cut]);
            assert_eq!(verify(&shorter).is_some(), cut == start.len(), "{shorter}");
        }
        for junk in
            ["", "@", "b+@", "b+.@", "b+x.@y", "b+=.aaaaaaaaaaaaaaaa@y", "b+=zz.aaaaaaaaaaaaaaaa@y", "+@"]
        {
            assert_eq!(verify(junk), None, "{junk}");
        }
    }

    proptest! {
        #[test]
        fn every_id_comes_back(id in "\\PC{0,40}", key in proptest::collection::vec(any::<u8>(), 0..200)) {
            let path = return_path(&key, &id, "bounce.example", "bounce");
            prop_assert_eq!(verify_return_path(&key, &path.to_ascii_uppercase(), "bounce"), Some(id));
        }

        #[test]
        fn junk_never_panics(address in "(?s:.{0,80})") {
            let _ = verify_return_path(KEY, &address, "b");
            let _ = verify_return_path(KEY, &format!("b+{address}"), "b");
        }
    }
}
