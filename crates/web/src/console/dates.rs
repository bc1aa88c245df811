//! How the console writes dates, times and distances: as the clinic says, or else day first and 24 hours, which nobody
//! misreads.

use afterrun_rules::{RuleBook, book::Locale};
use afterrun_store::{Patient, Units};
use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;

/// The way of this clinic.
pub(crate) fn way(book: &RuleBook) -> Locale {
    book.clinic.way()
}

/// What the clinic measures a runner's runs in: miles where nothing else is in use, or else as the runner does.
pub(crate) fn units(book: &RuleBook, runner: &Patient) -> Units {
    match book.clinic.locale {
        Some(Locale::EnUs) => Units::Miles,
        // Britain runs 5K races and ten-mile ones.
        Some(Locale::EnGb) | None => runner.units,
    }
}

/// `Thu 2 Apr 2026`.
pub(crate) fn date(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    way.short_date(at.with_timezone(&zone).date_naive())
}

/// `Thu 2 Apr 2026, 09:00`.
pub(crate) fn date_and_time(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    format!("{}, {}", date(at, zone, way), way.time(at.with_timezone(&zone).time()))
}

/// `Thu 2 Apr 2026, 09:00:30`.
pub(crate) fn to_the_second(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    format!("{}, {}", date(at, zone, way), clock(at, zone, way))
}

/// `09:00:30`.
pub(crate) fn clock(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    way.time_with_seconds(at.with_timezone(&zone).time())
}

/// `Thu 2 Apr, 09:00`.
pub(crate) fn day_and_hour(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    let local = at.with_timezone(&zone);
    format!("{}, {}", way.weekday_and_month(local.date_naive()), way.time(local.time()))
}

/// An hour below an axis: `09:00`, `9 am`.
pub(crate) fn hour(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    let time = at.with_timezone(&zone).time();
    match way {
        Locale::EnUs if time.minute() == 0 => way.time(time).replace(":00", ""),
        _ => way.time(time),
    }
}
