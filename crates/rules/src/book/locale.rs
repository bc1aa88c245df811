//! How dates and times of day are written for people: the clinic says so once, for mails and pages alike.

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

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

    // The dates most written are written by hand: `format` takes its pattern apart each time.

    /// `Sunday`.
    #[must_use]
    pub fn weekday(day: NaiveDate) -> &'static str {
        const WEEKDAYS: [&str; 7] =
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        WEEKDAYS[day.weekday().num_days_from_monday() as usize]
    }

    /// `Sunday 29 March`, `Sunday, March 29`.
    #[must_use]
    pub fn date(self, day: NaiveDate) -> String {
        let (weekday, month, day) = (Self::weekday(day), month(day), day.day());
        match self {
            Self::EnGb => format!("{weekday} {day} {month}"),
            Self::EnUs => format!("{weekday}, {month} {day}"),
        }
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

    /// `30 March 2026`, `March 30, 2026`.
    #[must_use]
    pub fn full_date(self, day: NaiveDate) -> String {
        let (day, month, year) = (day.day(), month(day), day.year());
        match self {
            Self::EnGb => format!("{day} {month} {year:04}"),
            Self::EnUs => format!("{month} {day}, {year:04}"),
        }
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

    /// `Sun 29 Mar`, `Sun, Mar 29`.
    #[must_use]
    pub fn weekday_and_month(self, day: NaiveDate) -> String {
        day.format(match self {
            Self::EnGb => "%a %-d %b",
            Self::EnUs => "%a, %b %-d",
        })
        .to_string()
    }

    /// `19:05:30`, `7:05:30 pm`.
    #[must_use]
    pub fn time_with_seconds(self, time: NaiveTime) -> String {
        time.format(match self {
            Self::EnGb => "%H:%M:%S",
            Self::EnUs => "%-I:%M:%S %P",
        })
        .to_string()
    }

    /// `19:05`, `7:05 pm`.
    #[must_use]
    pub fn time(self, time: NaiveTime) -> String {
        let minute = time.minute();
        match self {
            Self::EnGb => format!("{:02}:{minute:02}", time.hour()),
            Self::EnUs => {
                let (is_pm, hour) = time.hour12();
                format!("{hour}:{minute:02} {}", if is_pm { "pm" } else { "am" })
            }
        }
    }
}

fn month(day: NaiveDate) -> &'static str {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    MONTHS[day.month0() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_written_by_hand_are_as_format_writes_them() {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        for day in first.iter_days().step_by(11).take(40) {
            assert_eq!(Locale::EnGb.full_date(day), day.format("%-d %B %Y").to_string());
            assert_eq!(Locale::EnUs.full_date(day), day.format("%B %-d, %Y").to_string());
            assert_eq!(Locale::EnGb.date(day), day.format("%A %-d %B").to_string());
            assert_eq!(Locale::EnUs.date(day), day.format("%A, %B %-d").to_string());
            assert_eq!(Locale::weekday(day), day.format("%A").to_string());
        }
    }

    #[test]
    fn noon_and_midnight_are_twelve_in_america() {
        for (hour, british, american) in
            [(0, "00:05:09", "12:05:09 am"), (12, "12:05:09", "12:05:09 pm"), (23, "23:05:09", "11:05:09 pm")]
        {
            let time = NaiveTime::from_hms_opt(hour, 5, 9).unwrap();
            assert_eq!(Locale::EnGb.time_with_seconds(time), british);
            assert_eq!(Locale::EnUs.time_with_seconds(time), american);
            assert_eq!(Locale::EnGb.time(time), time.format("%H:%M").to_string());
            assert_eq!(Locale::EnUs.time(time), time.format("%-I:%M %P").to_string());
        }
    }
}
