//! How values are written in columns and read back: instants as microseconds, dates as ISO texts, enums as
//! words, the rest as JSON.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Serialize, de::DeserializeOwned};

use afterrun_rules::{
    book::{BookHash, TellClinic},
    chart::Reach,
    decision::Audience,
};

use super::fault::{Answer, Fault};
use crate::model::{MessageState, Units};

/// Microseconds since 1970; finer parts are cut off.
pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// See [`micros`].
pub(super) fn maybe_micros(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(micros)
}

/// An instant as stored.
pub(super) fn instant(micros: i64) -> Answer<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or(Fault::Unreadable("instant"))
}

/// See [`instant`].
pub(super) fn maybe_instant(micros: Option<i64>) -> Answer<Option<DateTime<Utc>>> {
    micros.map(instant).transpose()
}

/// A date as stored.
pub(super) fn day(text: &str) -> Answer<NaiveDate> {
    plain_day(text).or_else(|| text.parse().ok()).ok_or(Fault::Unreadable("date"))
}

/// A date of four, two and two digits, as nearly all are.
fn plain_day(text: &str) -> Option<NaiveDate> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
        })
    };
    let [year @ .., b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let year = (year.len() == 4).then(|| number(year))??;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(&[*m1, *m2])?, number(&[*d1, *d2])?)
}

/// A time zone as stored.
pub(super) fn zone(name: &str) -> Answer<Tz> {
    name.parse().map_err(|_| Fault::Unreadable("time zone"))
}

/// A rule book's hash as stored.
pub(super) fn book_hash(bytes: &[u8]) -> Answer<BookHash> {
    bytes.try_into().map(BookHash).map_err(|_| Fault::Unreadable("rule book hash"))
}

/// Writes a value as JSON.
pub(super) fn to_json(what: &'static str, value: &impl Serialize) -> Answer<String> {
    serde_json::to_string(value).map_err(|_| Fault::Unreadable(what))
}

/// Reads JSON. What serde says is left out of the error: it may quote an answer.
pub(super) fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Answer<T> {
    serde_json::from_str(text).map_err(|_| Fault::Unreadable(what))
}

/// An enum that is stored as one word.
pub(super) trait Word: Copy + PartialEq + Sized + 'static {
    /// What it is called in an error.
    const WHAT: &'static str;
    /// Every value and its word.
    const WORDS: &'static [(Self, &'static str)];

    /// Its word.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }

    /// The value of a word.
    fn read(word: &str) -> Answer<Self> {
        let found = Self::WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(value, _)| *value).ok_or(Fault::Unreadable(Self::WHAT))
    }
}

impl Word for MessageState {
    const WHAT: &'static str = "message state";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Queued, "queued"),
        (Self::Leased, "leased"),
        (Self::Transmitting, "transmitting"),
        (Self::Accepted, "accepted"),
        (Self::Rejected, "rejected"),
        (Self::Failed, "failed"),
        (Self::Cancelled, "cancelled"),
        (Self::Covered, "covered"),
        (Self::Shown, "shown"),
        (Self::Quarantined, "quarantined"),
    ];
}

impl Word for Audience {
    const WHAT: &'static str = "audience";
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Patient, "patient"), (Self::Clinic, "clinic")];
}

impl Word for Reach {
    const WHAT: &'static str = "reach";
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Confirmed, "confirmed"), (Self::Unconfirmed, "unconfirmed"), (Self::Dead, "dead")];
}

impl Word for Units {
    const WHAT: &'static str = "unit";
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Miles, "miles"), (Self::Kilometres, "kilometres")];
}

impl Word for TellClinic {
    const WHAT: &'static str = "level";
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Nobody, "nobody"), (Self::Digest, "digest"), (Self::Today, "today"), (Self::Now, "now")];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_they_are_written() {
        let days = NaiveDate::from_ymd_opt(1999, 12, 30).unwrap().iter_days().step_by(97).take(200);
        for written in days.chain([NaiveDate::MIN, NaiveDate::MAX]) {
            assert_eq!(day(&written.to_string()).ok(), Some(written));
        }
        for text in ["", "2026-02-30", "2026-13-01", "2026-1", "20260101", "2026-0a-01", "today"] {
            assert!(day(text).is_err(), "{text}");
        }
    }
}
