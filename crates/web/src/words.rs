//! Dates, times and distances in words, in the patient's zone and units.

use afterrun_rules::{
    book::{Locale, RuleBook},
    chart::{LoggedRun, RunKind},
};
use afterrun_store::Units;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::text;

/// Metres in an international mile (1959 agreement).
pub(crate) const METRES_PER_MILE: f64 = 1609.344;

/// How the clinic writes dates and times; none: as its mails do then, for who comes from a mail must not wonder whether it
/// is the same day.
pub(crate) type Way = Option<Locale>;

fn locale(way: Way) -> Locale {
    way.unwrap_or(Locale::EnGb)
}

/// `Sunday 29 March`; with the year where it is not this one.
pub(crate) fn date(day: NaiveDate, today: NaiveDate, way: Way) -> String {
    if day.year() == today.year() { locale(way).date(day) } else { locale(way).date_with_year(day) }
}

/// `today`, `yesterday`, `tomorrow`, or the date.
pub(crate) fn day(day: NaiveDate, today: NaiveDate, way: Way) -> String {
    match (day - today).num_days() {
        -1 => text::YESTERDAY.to_owned(),
        0 => text::TODAY.to_owned(),
        1 => text::TOMORROW.to_owned(),
        _ => date(day, today, way),
    }
}

/// `Sunday` within the last week, else `Sunday 29 March`.
pub(crate) fn weekday(day: NaiveDate, today: NaiveDate, way: Way) -> String {
    match (today - day).num_days() {
        0..=6 => Locale::weekday(day).to_owned(),
        _ => date(day, today, way),
    }
}

/// `07:00`.
pub(crate) fn time(at: DateTime<Utc>, zone: Tz, way: Way) -> String {
    locale(way).time(at.with_timezone(&zone).time())
}

/// `tomorrow at 07:00`.
pub(crate) fn day_and_time(at: DateTime<Utc>, zone: Tz, today: NaiveDate, way: Way) -> String {
    let local = at.with_timezone(&zone);
    text::at(&day(local.date_naive(), today, way), &time(at, zone, way))
}

/// A distance as a number in the patient's units, at most one decimal.
pub(crate) fn distance_number(metres: f64, units: Units) -> String {
    let value = match units {
        Units::Miles => metres / METRES_PER_MILE,
        Units::Kilometres => metres / 1000.0,
    };
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// `13.1 mile run` or, for a race, `13.1 mile race`.
pub(crate) fn run(logged: &LoggedRun, units: Units) -> String {
    text::run(&distance_number(logged.run.distance_m, units), units, logged.run.kind != RunKind::Training)
}

/// `13.1 mile run on Sunday`.
pub(crate) fn run_on(logged: &LoggedRun, units: Units, today: NaiveDate, way: Way) -> String {
    text::run_on(&run(logged, units), &weekday(logged.day, today, way))
}

/// What a race kind is called: the title of its recovery window, or its id.
pub(crate) fn race<'a>(book: &'a RuleBook, kind: &'a RunKind) -> Option<&'a str> {
    match kind {
        RunKind::Training => None,
        RunKind::Race(id) => {
            Some(book.races().find(|(race, _)| *race == id).map_or(id.as_str(), |(_, title)| title))
        }
    }
}
