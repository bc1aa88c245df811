//! The bytes of a mail in the making: headers as they stand in it.
//!
//! A header that is short enough and needs no encoding is its name and its value. Any other is written by lettre, which
//! knows how to encode, quote and fold.

use chrono::{DateTime, Datelike, Timelike, Utc};
use lettre::{
    Address,
    message::{
        Mailbox, Mailboxes,
        header::{self, Header, HeaderName, HeaderValue, Headers},
    },
};

/// Longest line that lettre does not fold (RFC 2047 section 2; RFC 5322 section 2.1.1 would have two more).
const UNFOLDED: usize = 76;

/// As RFC 5322 section 3.3 has them.
const DAYS: [&str; 7] = ["Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, ", "Sun, "];
const MONTHS: [&str; 12] = [
    " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ",
    " Dec ",
];

/// The mail as far as it is written.
pub(super) struct Lines(Vec<u8>);

impl Lines {
    /// With room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// Writes pieces as they are.
    pub(super) fn push(&mut self, pieces: &[&str]) {
        pieces.iter().for_each(|piece| self.0.extend_from_slice(piece.as_bytes()));
    }

    /// A header of text.
    pub(super) fn text(&mut self, name: &'static str, value: &str) {
        let plain = value.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte));
        if plain && (name.len() + ": ".len() + value.len() <= UNFOLDED || !value.contains(' ')) {
            return self.push(&[name, ": ", value, "\r\n"]);
        }
        self.by_lettre(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }

    /// A header with one address, already checked, and a name, which may be empty.
    pub(super) fn mailbox(&mut self, header: &'static str, name: &str, address: &str) {
        let atom = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() {
            return self.push(&[header, ": ", address, "\r\n"]);
        }
        if name.bytes().all(atom) {
            return self.push(&[header, ": ", name, " <", address, ">\r\n"]);
        }
        let quoted = name.bytes().all(|byte| byte == b' ' || atom(byte));
        if quoted && header.len() + ": \"\"".len() + name.len() <= UNFOLDED {
            return self.push(&[header, ": \"", name, "\" <", address, ">\r\n"]);
        }
        let (local, domain) = address.split_once('@').unwrap_or_default();
        let mailbox = Mailbox::new(Some(name.to_owned()), Address::new_dangerous(local, domain));
        // The name of the header makes no difference but for its length: how much of the line is left.
        let value = match header {
            "From" => header::From::from(Mailboxes::from(mailbox)).display(),
            "To" => header::To::from(Mailboxes::from(mailbox)).display(),
            _ => header::ReplyTo::from(Mailboxes::from(mailbox)).display(),
        };
        self.by_lettre(value);
    }

    fn by_lettre(&mut self, value: HeaderValue) {
        let mut headers = Headers::with_capacity(1);
        headers.insert_raw(value);
        self.push(&[&headers.to_string()]);
    }

    /// A date of a year of four digits, in UTC.
    pub(super) fn date(&mut self, name: &str, date: DateTime<Utc>) {
        let day = DAYS[date.weekday().num_days_from_monday() as usize];
        self.push(&[name, ": ", day]);
        self.two_digits(date.day());
        self.push(&[MONTHS[date.month0() as usize]]);
        let year = date.year().unsigned_abs();
        self.two_digits(year / 100);
        self.two_digits(year % 100);
        for (before, number) in [(" ", date.hour()), (":", date.minute()), (":", date.second())] {
            self.push(&[before]);
            self.two_digits(number);
        }
        self.push(&[" +0000\r\n"]);
    }

    fn two_digits(&mut self, number: u32) {
        self.0.extend([b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
    }
}
