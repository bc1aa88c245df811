//! How the console writes dates and times: as the clinic says, or else day first and 24 hours, which nobody misreads.

use afterrun_rules::{RuleBook, book::Locale};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// The way of this clinic.
pub(crate) fn way(book: &RuleBook) -> Locale {
    book.clinic.locale.unwrap_or(Locale::EnGb)
}

/// `Thu 2 Apr 2026, 09:00`.
pub(crate) fn date_and_time(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    let local = at.with_timezone(&zone);
    format!("{}, {}", way.short_date(local.date_naive()), way.time(local.time()))
}
