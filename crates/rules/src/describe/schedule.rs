//! Schedules in words.

use crate::schedule::Schedule;

/// A schedule as a sentence says it: `every day at 07:00 on the runner's clock`.
pub(super) fn words(schedule: &Schedule, whose: &str) -> String {
    match schedule {
        Schedule::Daily { at } => format!("every day at {} on {whose} clock", at.format("%H:%M")),
        Schedule::EveryDays { days, at } => {
            format!("every {days} days at {} on {whose} clock", at.format("%H:%M"))
        }
        Schedule::Cron(cron) => cron_words(&cron.to_string()).map_or_else(
            || format!("by the schedule `{cron}` on {whose} clock"),
            |words| format!("{words} on {whose} clock"),
        ),
    }
}

/// The common shapes: a fixed time on every day, or on some weekdays.
fn cron_words(expression: &str) -> Option<String> {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let [second, minute, hour, day, month, weekday] = fields.get(..6)?.try_into().ok()?;
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    if second != "0" || month != "*" || day != "*" {
        return None;
    }
    let time = format!("{hour:02}:{minute:02}");
    Some(match weekday {
        "*" | "?" => format!("every day at {time}"),
        days => {
            let days = days.replace('-', " to ").replace(',', ", ");
            format!("every {days} at {time}")
        }
    })
}
