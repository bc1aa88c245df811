//! Single values written as text: times, dates, zones, weekdays, ids. A bad one is reported at its own place
//! and the rest of its item is still read.

use std::ops::Range;

use chrono::{NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer};

use super::{
    spanned::{Borrowed, Found, Spanned, is_quick, record, recorded},
    wording::{quote, suggest},
};
use crate::book::Locale;

/// Longest id, in characters: it is stored with every message and shown in lists.
pub const MAX_ID_CHARS: usize = 64;

/// Why a text is not the value wanted: message and help.
pub struct Unfit(pub String, pub Option<String>);

/// A value written as one text.
pub trait FromText: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it and what to write instead.
    fn from_text(text: &str) -> Result<Self, Unfit>;
}

/// A value written as one text, and its place. None if it was unfit, which has been reported.
#[derive(Clone, Debug)]
pub struct Checked<T> {
    /// The value.
    pub value: Option<T>,
    /// Byte range of the text between its quotes.
    pub span: Range<usize>,
}

impl<'de, T: FromText> Deserialize<'de> for Checked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_quick = is_quick(&deserializer);
        let text = Spanned::<Borrowed<'de>>::deserialize(deserializer)?;
        let value = match T::from_text(&text.value.0) {
            Ok(value) => Some(value),
            Err(_) if is_quick => return Err(recorded()),
            Err(Unfit(message, help)) => {
                let label = "cannot be used here".to_owned();
                let (code, span) = ("invalid-value", text.span.clone());
                record(Found { code, span, message, label, help, also: Vec::new() });
                None
            }
        };
        Ok(Self { value, span: text.span })
    }
}

impl FromText for NaiveTime {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        let shape = text.len() == 5 && text.as_bytes()[2] == b':';
        shape.then(|| Self::parse_from_str(text, "%H:%M").ok()).flatten().ok_or_else(|| {
            let help = "write hours and minutes on the 24-hour clock, such as \"07:00\" or \"18:30\"";
            Unfit(format!("{} is not a time of day", quote(text)), Some(help.into()))
        })
    }
}

impl FromText for NaiveDate {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        shape.then(|| Self::parse_from_str(text, "%Y-%m-%d").ok()).flatten().ok_or_else(|| {
            let help = "write year, month and day, such as \"2026-02-01\"";
            Unfit(format!("{} is not a date", quote(text)), Some(help.into()))
        })
    }
}

impl FromText for Tz {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        text.parse().map_err(|_| {
            let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            let help = suggest(text, names)
                .unwrap_or_else(|| "write a continent and a city, such as \"America/Chicago\"".into());
            Unfit(format!("{} is not a time zone", quote(text)), Some(help))
        })
    }
}

impl FromText for Locale {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        let known = Self::ALL.iter().find(|(tag, _)| *tag == text);
        known.map(|(_, locale)| *locale).ok_or_else(|| {
            let help = suggest(text, Self::ALL.iter().map(|(tag, _)| *tag));
            let help = help.unwrap_or_else(|| "write \"en-GB\" or \"en-US\"".into());
            Unfit(format!("{} is not a way of writing dates that is known", quote(text)), Some(help))
        })
    }
}

/// Days of the week by name: `Mon-Fri`, `Mon, Wed`.
#[derive(Clone, Debug)]
pub struct Weekdays(pub Vec<Weekday>);

impl FromText for Weekdays {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        let unfit = |what: &str| {
            let help = "write names of days, such as \"Mon-Fri\", \"Sat\" or \"Mon, Wed\"";
            Unfit(format!("{} is not a day of the week", quote(what)), Some(help.into()))
        };
        let mut days = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let day = |name: &str| weekday(name.trim()).ok_or_else(|| unfit(name.trim()));
            let (mut at, last) = (day(first)?, day(last)?);
            // Mon-Fri, but also Sat-Mon: at most once round the week.
            for _ in 0..7 {
                days.push(at);
                if at == last {
                    break;
                }
                at = at.succ();
            }
        }
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        Ok(Self(days))
    }
}

/// A weekday by its English name or first three letters; numbers are refused because calendars disagree.
#[must_use]
pub fn weekday(name: &str) -> Option<Weekday> {
    name.bytes().all(|b| b.is_ascii_alphabetic()).then(|| name.parse().ok()).flatten()
}

/// A new id: letters, digits, `-`, `_`, `.`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Id(pub String);

impl FromText for Id {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let starts = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        if starts && text.len() <= MAX_ID_CHARS && text.chars().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        let help = format!(
            "use up to {MAX_ID_CHARS} plain letters, digits, `-`, `_` or `.`, a letter or digit first, such as \"pain-lasting\""
        );
        Err(Unfit(format!("{} cannot be an id", quote(text)), Some(help)))
    }
}

/// A text that is not empty or blank.
#[derive(Clone, Debug)]
pub struct Words(pub String);

impl FromText for Words {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        if text.trim().is_empty() {
            return Err(Unfit("the text is empty".into(), Some("write what people should read here".into())));
        }
        Ok(Self(text.to_owned()))
    }
}

/// One line of text that can stand in a mail header or on a page.
#[derive(Clone, Debug)]
pub struct Line(pub String);

impl FromText for Line {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        let Words(words) = Words::from_text(text)?;
        if words.chars().any(char::is_control) {
            return Err(Unfit(
                "the text has a line break or a control character".into(),
                Some("keep it on one line".into()),
            ));
        }
        Ok(Self(words))
    }
}

/// An `https` address.
#[derive(Clone, Debug)]
pub struct Link(pub String);

impl FromText for Link {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        let rest = text.strip_prefix("https://");
        let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let plain = text.chars().all(|c| c.is_ascii_graphic() && !"\"'<>\\`{}|^".contains(c));
        if plain && host.is_some_and(|host| !host.is_empty() && !host.starts_with('.')) {
            return Ok(Self(text.to_owned()));
        }
        let help = "write an address that starts with https://, such as \"https://clinic.example/book\"";
        Err(Unfit(format!("{} is not a secure web address", quote(text)), Some(help.into())))
    }
}

/// An email address.
#[derive(Clone, Debug)]
pub struct Address(pub String);

impl FromText for Address {
    fn from_text(text: &str) -> Result<Self, Unfit> {
        let plain = text.len() <= 254
            && text.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"\"<>,;:\\()[]".contains(c));
        let parts = text.rsplit_once('@').filter(|(local, host)| {
            !local.is_empty()
                && !local.contains('@')
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
        });
        if plain && parts.is_some() {
            return Ok(Self(text.to_owned()));
        }
        let help = "write one plain address, such as \"team@clinic.example\"";
        Err(Unfit(format!("{} is not an email address", quote(text)), Some(help.into())))
    }
}
