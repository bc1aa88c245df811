//! How dates and times of day are written for people: the clinic says so once, for mails and pages alike.

use chrono::{NaiveDate, NaiveTime};

/// A way of writing dates and times (BCP 47 tags).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locale {
    /// `en-GB`: day before month, 24 hours.
    EnGb,
    /// `en-US`: month before day, 12 hours.
    EnUs,
}

impl Locale {
    /// Every one, with its tag.
    pub const ALL: [(&'static str, Self); 2] = [("en-GB", Self::EnGb), ("en-US", Self::EnUs)];

    /// `Sunday 29 March`, `Sunday, March 29`.
    #[must_use]
    pub fn date(self, day: NaiveDate) -> String {
        day.format(match self {
            Self::EnGb => "%A %-d %B",
            Self::EnUs => "%A, %B %-d",
        })
        .to_string()
    }

    /// `Sunday 29 March 2026`, `Sunday, March 29, 2026`.
    #[must_use]
    pub fn date_with_year(self, day: NaiveDate) -> String {
        day.format(match self {
            Self::EnGb => "%A %-d %B %Y",
            Self::EnUs => "%A, %B %-d, %Y",
        })
        .to_string()
    }

    /// `Sun 29 Mar 2026`, `Sun, Mar 29, 2026`.
    #[must_use]
    pub fn short_date(self, day: NaiveDate) -> String {
        day.format(match self {
            Self::EnGb => "%a %-d %b %Y",
            Self::EnUs => "%a, %b %-d, %Y",
        })
        .to_string()
    }

    /// `29 Mar`, `Mar 29`.
    #[must_use]
    pub fn day_and_month(self, day: NaiveDate) -> String {
        day.format(match self {
            Self::EnGb => "%-d %b",
            Self::EnUs => "%b %-d",
        })
        .to_string()
    }

    /// `19:05`, `7:05 pm`.
    #[must_use]
    pub fn time(self, time: NaiveTime) -> String {
        time.format(match self {
            Self::EnGb => "%H:%M",
            Self::EnUs => "%-I:%M %P",
        })
        .to_string()
    }
}
