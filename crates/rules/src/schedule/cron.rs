//! A cron expression, taken apart once: the `cron` crate parses it and knows what it says, and whether it is
//! due on a date is then a look at a few bits. Asking the crate for the next time costs hundreds of
//! nanoseconds, a good part of what all else about a patient takes.

use std::{fmt, str::FromStr};

use ::cron::{Schedule, TimeUnitSpec};
use chrono::{Datelike, NaiveDate, NaiveTime};

/// A parsed expression: `second minute hour day-of-month month weekday`, as due dates with a first time.
#[derive(Clone, Debug)]
pub struct Cron {
    parsed: Schedule,
    /// Bit n: day n of the month.
    days_of_month: u32,
    /// Bit n: month n.
    months: u16,
    /// Bit n: weekday n, Sunday being 1.
    weekdays: u8,
    first_year: i32,
    last_year: i32,
    first_time: NaiveTime,
}

impl Cron {
    pub(super) fn parse(expression: &str) -> Result<Self, String> {
        let parsed = Schedule::from_str(expression).map_err(|error| error.to_string())?;
        let first = |unit: &dyn Fn(&Schedule) -> Option<u32>| unit(&parsed).unwrap_or(0);
        let first_time = NaiveTime::from_hms_opt(
            first(&|parsed| parsed.hours().iter().next()),
            first(&|parsed| parsed.minutes().iter().next()),
            first(&|parsed| parsed.seconds().iter().next()),
        );
        let year = |year: Option<u32>| year.and_then(|year| i32::try_from(year).ok());
        Ok(Self {
            first_year: year(parsed.years().iter().next()).unwrap_or(i32::MAX),
            last_year: year(parsed.years().iter().next_back()).unwrap_or(i32::MIN),
            days_of_month: parsed.days_of_month().iter().fold(0, |bits, day| bits | 1 << day),
            months: parsed.months().iter().fold(0, |bits, month| bits | 1 << month),
            weekdays: parsed.days_of_week().iter().fold(0, |bits, day| bits | 1 << day),
            first_time: first_time.unwrap_or(NaiveTime::MIN),
            parsed,
        })
    }

    /// Whether it is due at any time of a date. A day of the month and a weekday must both fit.
    #[must_use]
    pub fn is_due_on(&self, date: NaiveDate) -> bool {
        self.weekdays >> date.weekday().number_from_sunday() & 1 == 1
            && self.days_of_month >> date.day() & 1 == 1
            && self.months >> date.month() & 1 == 1
            && self.includes_year(date.year())
    }

    /// The first time of day at which it is due on the dates on which it is.
    #[must_use]
    pub fn first_time(&self) -> NaiveTime {
        self.first_time
    }

    /// Nearly always every year that the crate knows of, so the ends are looked at first.
    fn includes_year(&self, year: i32) -> bool {
        let years = self.parsed.years();
        (self.first_year..=self.last_year).contains(&year)
            && (years.is_all() || u32::try_from(year).is_ok_and(|year| years.includes(year)))
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parsed.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// What the `cron` crate says is the first time on a date.
    fn by_the_crate(expression: &str, date: NaiveDate) -> Option<NaiveTime> {
        let midnight = date.and_time(NaiveTime::MIN).and_utc();
        let parsed = Schedule::from_str(expression).unwrap();
        let next = parsed.after(&(midnight - TimeDelta::seconds(1))).next()?.naive_utc();
        (next.date() == date).then_some(next.time())
    }

    #[test]
    fn due_dates_are_those_of_the_crate() {
        let expressions = [
            "0 0 7 * * *",
            "0 0 18 * * Sun",
            "0 30 7 * * Mon-Fri",
            "30 15,45 6-9 * * Tue,Sat",
            "0 0 */5 1,15,31 * *",
            "0 0 9 13 * Fri",
            "0 0 9 29 2 *",
            "0 0 9 30 2 *",
            "*/20 * * 1-7 Jan-Mar,12 2-6/2",
            "0 0 7 * * * 2026-2027",
        ];
        // Both sides of a new year and of a leap day, and a few weeks of summer.
        let stretches = [(2027, 12, 20), (2028, 2, 20), (2026, 5, 20)];
        for (expression, (year, month, day)) in
            expressions.iter().flat_map(|expression| stretches.map(|stretch| (expression, stretch)))
        {
            let cron = Cron::parse(expression).unwrap();
            let first = NaiveDate::from_ymd_opt(year, month, day).unwrap();
            for date in first.iter_days().take(30) {
                let found = cron.is_due_on(date).then(|| cron.first_time());
                assert_eq!(found, by_the_crate(expression, date), "`{expression}` on {date}");
            }
        }
    }

    #[test]
    fn what_it_refuses_and_prints_is_the_crates_own() {
        for expression in ["", "0 0 7 * *", "0 0 25 * * *", "often"] {
            let refusal = Schedule::from_str(expression).unwrap_err().to_string();
            assert_eq!(Cron::parse(expression).unwrap_err(), refusal);
        }
        assert_eq!(Cron::parse("0 0 18 * * Sun").unwrap().to_string(), "0 0 18 * * Sun");
    }
}
