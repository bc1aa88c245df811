//! When something is due, on the local wall clock of whoever it is for.
//!
//! Occurrences are computed on naive wall time and only then mapped to an instant, because the `cron` crate
//! by itself skips the day, or fires twice, when the clocks change: a wall time that a change skips means the
//! first valid minute after it, one that occurs twice means the first.

mod cron;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

pub use self::cron::Cron;

/// A schedule as written in a rule file.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// Every day at a time.
    Daily {
        /// Wall time.
        at: NaiveTime,
    },
    /// Every so many days, counted from the start date (which itself counts).
    EveryDays {
        /// At least 1.
        days: u32,
        /// Wall time.
        at: NaiveTime,
    },
    /// A cron expression: `second minute hour day-of-month month weekday`.
    Cron(Box<Cron>),
}

/// Dates looked at for one occurrence before giving up: four years cover 29 February in any of them.
const HORIZON_DAYS: usize = 4 * 366;

impl Schedule {
    /// Parses a cron expression of exactly six fields.
    ///
    /// # Errors
    /// The parser's message.
    pub fn cron(expression: &str) -> Result<Self, String> {
        Cron::parse(expression).map(|parsed| Self::Cron(Box::new(parsed)))
    }

    /// The wall time at which this is due on a date, if it is. A cron expression that fires more than once a
    /// day counts once, at its first time. `start` is the date `EveryDays` counts from.
    #[must_use]
    pub fn on(&self, date: NaiveDate, start: NaiveDate) -> Option<NaiveTime> {
        match self {
            Self::Daily { at } => Some(*at),
            Self::EveryDays { days, at } => {
                let since = (date - start).num_days();
                (since >= 0 && since % i64::from((*days).max(1)) == 0).then_some(*at)
            }
            Self::Cron(cron) => cron.is_due_on(date).then(|| cron.first_time()),
        }
    }

    /// The first date from `from` on, and no later than `until`, on which this is due, with its wall time.
    #[must_use]
    pub fn first_on_or_after(
        &self,
        from: NaiveDate,
        until: Option<NaiveDate>,
        start: NaiveDate,
    ) -> Option<(NaiveDate, NaiveTime)> {
        let found = match self {
            Self::Daily { at } => (from, *at),
            Self::EveryDays { days, at } => {
                let days = i64::from((*days).max(1));
                let behind = (from - start).num_days();
                let ahead = if behind <= 0 { -behind } else { (days - behind % days) % days };
                (from.checked_add_days(Days::new(ahead as u64))?, *at)
            }
            Self::Cron(cron) => {
                let ahead = from.iter_days().take(HORIZON_DAYS + 1);
                let mut ahead = ahead.take_while(|date| until.is_none_or(|until| *date <= until));
                (ahead.find(|date| cron.is_due_on(*date))?, cron.first_time())
            }
        };
        until.is_none_or(|until| found.0 <= until).then_some(found)
    }

    /// The first instant after `after` at which this is due on the clock of a zone.
    #[must_use]
    pub fn next_after(&self, after: DateTime<Utc>, zone: Tz, start: NaiveDate) -> Option<DateTime<Utc>> {
        // A time pushed out of a gap lies later than its wall time says, so begin a day early.
        let mut date = after.with_timezone(&zone).date_naive().pred_opt()?;
        for _ in 0..4 {
            let (due, time) = self.first_on_or_after(date, None, start)?;
            let instant = instant(zone, due.and_time(time));
            if instant > after {
                return Some(instant);
            }
            date = due.succ_opt()?;
        }
        None
    }
}

/// The instant a wall time means in a zone: the first of two, or the first valid minute after a gap.
#[must_use]
pub fn instant(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    if let Some(found) = zone.from_local_datetime(&wall).earliest() {
        return found.to_utc();
    }
    let mut later = wall.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(wall);
    // The longest gap on record is a whole day (Apia, 30 December 2011; Kwajalein, 21 August 1993).
    for _ in 0..=24 * 60 {
        later += TimeDelta::minutes(1);
        if let Some(found) = zone.from_local_datetime(&later).earliest() {
            return found.to_utc();
        }
    }
    wall.and_utc()
}

/// The instant of a wall time on a date; none on a date that the zone skips whole.
#[must_use]
pub fn instant_on(zone: Tz, date: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    let wall = date.and_time(time);
    // A time that exists is on a date that exists: the rule, and far cheaper to find than the exception.
    let found = zone.from_local_datetime(&wall).earliest().map(|found| found.to_utc());
    found.or_else(|| date_exists(zone, date).then(|| instant(zone, wall)))
}

/// Whether a zone has this date at all.
#[must_use]
pub fn date_exists(zone: Tz, date: NaiveDate) -> bool {
    instant(zone, date.and_time(NaiveTime::MIN)).with_timezone(&zone).date_naive() == date
}
