//! Which addresses a patient may have: a narrower set than RFC 5321 allows, since a mistyped address sends health
//! mail to a stranger and a strange one breaks at some relay on the way.

use std::borrow::Cow;

use lettre::Address;

/// Longest address a server must take (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const ADDRESS_BYTES: usize = 254;
/// Longest part before the @ (RFC 5321 section 4.5.3.1.1).
const LOCAL_BYTES: usize = 64;
/// Longest label of a domain name (RFC 1035 section 2.3.4).
const LABEL_BYTES: usize = 63;

/// Why an address is not taken. The texts do not repeat it, so that they can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("the address is empty")]
    Empty,
    /// No @, or several.
    #[error("an address has exactly one @")]
    NotOneAt,
    /// Longer than mail servers must take.
    #[error("the address is longer than {ADDRESS_BYTES} characters, or its first part than {LOCAL_BYTES}")]
    TooLong,
    /// Quotes, spaces, controls, or letters outside ASCII before the @.
    #[error("the part before the @ may have English letters, digits and .!#$%&'*+-/=?^_`{{|}}~ only")]
    LocalCharacter,
    /// A dot at either end, or two in a row, before the @.
    #[error("the part before the @ has a dot at its start or end, or two in a row")]
    LocalDot,
    /// Not a domain name.
    #[error("the part after the @ is not a domain name")]
    Domain,
    /// A single word after the @.
    #[error("the part after the @ has no dot: `example.com`, not `example`")]
    DomainDot,
}

/// An address as it may be stored and mailed to: white space around it gone, the domain in lower case and, if it
/// is an international one, in its ASCII form (RFC 5890).
///
/// # Errors
///
/// What is wrong, in words for the person who typed it.
pub fn check_address(text: &str) -> Result<String, AddressError> {
    checked(text).map(Cow::into_owned)
}

/// The same, without a copy of one that is to stay as it is.
pub(crate) fn checked(text: &str) -> Result<Cow<'_, str>, AddressError> {
    if is_as_it_should_be(text) { Ok(Cow::Borrowed(text)) } else { normal(text).map(Cow::Owned) }
}

/// Whether an address is one of those nearly all are: what [`normal`] would leave as it is.
fn is_as_it_should_be(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    // No two of these stand together, and none at an end: `xn--` is among what is looked at more closely.
    let joined = |part: &str, joint: fn(u8) -> bool, other: fn(u8) -> bool| {
        let mut before = true;
        let sound = part.bytes().all(|byte| {
            let is_joint = joint(byte);
            let sound = (is_joint && !before) || (!is_joint && other(byte));
            before = is_joint;
            sound
        });
        sound && !before
    };
    let dot = |byte: u8| byte == b'.';
    let joint = |byte: u8| byte == b'.' || byte == b'-';
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    // A top-level domain of letters, and every label short enough because the whole is.
    let top = domain.bytes().rev().take_while(u8::is_ascii_lowercase).count();
    let has_top = top > 0 && top + 1 < domain.len() && domain.as_bytes()[domain.len() - top - 1] == b'.';
    has_top
        && local.len() <= LOCAL_BYTES
        && domain.len() <= LABEL_BYTES
        && joined(local, dot, is_local)
        && joined(domain, joint, plain)
}

fn is_local(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'='
        | b'?' | b'^'..=b'`' | b'{'..=b'~')
}

fn normal(text: &str) -> Result<String, AddressError> {
    let text = text.trim_matches([' ', '\t', '\u{a0}']);
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    // Before anything costly is done with it; the ASCII form of a domain is checked again below.
    if text.len() > 4 * ADDRESS_BYTES {
        return Err(AddressError::TooLong);
    }
    let (local, domain) = text.split_once('@').ok_or(AddressError::NotOneAt)?;
    if domain.contains('@') {
        return Err(AddressError::NotOneAt);
    }
    check_local(local)?;
    let domain = normal_domain(domain)?;
    let address = format!("{local}@{domain}");
    if address.len() > ADDRESS_BYTES {
        return Err(AddressError::TooLong);
    }
    Ok(address)
}

/// The same as lettre's type. Its own parser is laxer (a test holds it to that), so it is not asked again.
pub(crate) fn parse_address(text: &str) -> Result<Address, AddressError> {
    let checked = normal(text)?;
    let (local, domain) = checked.split_once('@').ok_or(AddressError::NotOneAt)?;
    Ok(Address::new_dangerous(local, domain))
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.is_empty() || !local.bytes().all(|byte| byte == b'.' || is_local(byte)) {
        return Err(AddressError::LocalCharacter);
    }
    if local.len() > LOCAL_BYTES {
        return Err(AddressError::TooLong);
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(AddressError::LocalDot);
    }
    Ok(())
}

/// Whether a domain is in its ASCII form already, in lower case and without a label that has another form.
fn is_settled(domain: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    domain.bytes().all(plain) && !domain.contains("xn--")
}

fn normal_domain(domain: &str) -> Result<String, AddressError> {
    let ascii = match is_settled(domain) {
        true => domain.to_owned(),
        false => idna::domain_to_ascii(domain).map_err(|_| AddressError::Domain)?,
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL_BYTES
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !ascii.split('.').all(label) {
        return Err(AddressError::Domain);
    }
    if ascii == "localhost" {
        return Ok(ascii);
    }
    let (_, top) = ascii.rsplit_once('.').ok_or(AddressError::DomainDot)?;
    // A top-level domain has a letter: `1.2.3.4` is a mistake or a trick, not a domain.
    if top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::Domain);
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AddressError::{Domain, DomainDot, Empty, LocalCharacter, LocalDot, NotOneAt, TooLong};

    #[test]
    fn addresses_are_normalised() {
        let cases = [
            ("zoe@example.com", "zoe@example.com"),
            (" Zoe.B+run@Example.COM\t", "Zoe.B+run@example.com"),
            ("demo@localhost", "demo@localhost"),
            ("a@b.c", "a@b.c"),
            ("o'neil@xn--mnchen-3ya.de", "o'neil@xn--mnchen-3ya.de"),
            ("lea@münchen.de", "lea@xn--mnchen-3ya.de"),
            ("lea@MÜNCHEN.de", "lea@xn--mnchen-3ya.de"),
            ("a@1.example2", "a@1.example2"),
        ];
        for (text, expected) in cases {
            assert_eq!(check_address(text).as_deref(), Ok(expected), "{text}");
            assert_eq!(parse_address(text).map(|address| address.to_string()), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn bad_addresses_are_named_for_what_is_wrong() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long_whole = format!("a@{}com", "b.".repeat(150));
        let cases = [
            ("", Empty),
            ("  ", Empty),
            ("zoe", NotOneAt),
            ("a@b@c.de", NotOneAt),
            ("@example.com", LocalCharacter),
            ("Zoe <zoe@example.com>", LocalCharacter),
            ("\"zoe b\"@example.com", LocalCharacter),
            ("zoë@example.com", LocalCharacter),
            ("zoe\r\nbcc: x@example.com", LocalCharacter),
            ("zoe@example.com\r\nRCPT TO:<x>", Domain),
            ("zoe\0@example.com", LocalCharacter),
            (".zoe@example.com", LocalDot),
            ("zoe.@example.com", LocalDot),
            ("z..e@example.com", LocalDot),
            ("zoe@", Domain),
            ("zoe@example", DomainDot),
            ("zoe@example..com", Domain),
            ("zoe@example.com.", Domain),
            ("zoe@-example.com", Domain),
            ("zoe@exa_mple.com", Domain),
            ("zoe@exa mple.com", Domain),
            ("zoe@[127.0.0.1]", Domain),
            ("zoe@127.0.0.1", Domain),
            ("zoe@example.com,max@example.com", NotOneAt),
            (&long_local, TooLong),
            (&long_label, Domain),
            (&long_whole, TooLong),
        ];
        for (text, expected) in cases {
            assert_eq!(check_address(text), Err(expected), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_settled_domain_is_its_own_ascii_form(domain in "[a-z0-9.-]{0,80}|[a-z0-9]{1,9}\\.[a-z]{2,9}") {
            if is_settled(&domain) {
                proptest::prop_assert_eq!(idna::domain_to_ascii(&domain).ok(), Some(domain));
            }
        }

        #[test]
        fn what_passes_is_plain_ascii_and_passes_again(text in ".{0,40}@.{0,40}") {
            if let Ok(address) = check_address(&text) {
                proptest::prop_assert!(address.bytes().all(|byte| byte.is_ascii_graphic()));
                proptest::prop_assert_eq!(check_address(&address), Ok(address.clone()));
                let lettres: Result<Address, _> = address.parse();
                proptest::prop_assert_eq!(lettres.ok(), parse_address(&address).ok());
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn what_stays_as_it_is_is_what_the_close_look_leaves(
            text in "[a-z]{1,70}@[a-z]{1,66}\\.[a-z]{1,3}|[aZ9.+'@-]{1,12}@[az9.-]{0,8}\\.?[a-z9]{0,3}|.{0,20}",
        ) {
            if is_as_it_should_be(&text) {
                proptest::prop_assert_eq!(normal(&text), Ok(text));
            }
        }
    }

    #[test]
    fn what_nearly_all_have_stays_as_it_is() {
        for text in ["zoe@example.org", "Zoe.B+run@mail.clinic-2.example", "o'neil@a.b"] {
            assert!(is_as_it_should_be(text), "{text}");
        }
        let others = [
            "a@xn--mnchen-3ya.de",
            "a@b",
            "a@b.c.",
            "a@.b.c",
            "a..b@c.de",
            "a@b.1",
            "a@b@c.de",
            "a@B.de",
            "",
        ];
        for text in others {
            assert!(!is_as_it_should_be(text), "{text}");
        }
    }
}
