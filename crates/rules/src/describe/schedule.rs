//! Schedules in words.

use chrono::NaiveTime;

use crate::{book::Locale, schedule::Schedule};

/// A schedule as a sentence says it: `every day at 07:00 on the runner's clock`.
pub(super) fn words(schedule: &Schedule, whose: &str, way: Locale) -> String {
    match schedule {
        Schedule::Daily { at } => format!("every day at {} on {whose} clock", way.time(*at)),
        Schedule::EveryDays { days, at } => {
            format!("every {days} days at {} on {whose} clock", way.time(*at))
        }
        Schedule::Cron(cron) => cron_words(&cron.to_string(), way).map_or_else(
            || format!("by the schedule `{cron}` on {whose} clock"),
            |words| format!("{words} on {whose} clock"),
        ),
    }
}

/// The common shapes: a fixed time on every day, or on some weekdays.
fn cron_words(expression: &str, way: Locale) -> Option<String> {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let [second, minute, hour, day, month, weekday] = fields.get(..6)?.try_into().ok()?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    if second != "0" || month != "*" || day != "*" {
        return None;
    }
    let time = way.time(NaiveTime::from_hms_opt(hour, minute, 0)?);
    Some(match weekday {
        "*" | "?" => format!("every day at {time}"),
        days => {
            let days = days.replace('-', " to ").replace(',', ", ");
            format!("every {days} at {time}")
        }
    })
}
