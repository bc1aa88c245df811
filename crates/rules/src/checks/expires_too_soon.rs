//! A check-in that closes before the patient has had a sensible hour to answer it.
//!
//! Nobody should have to answer at night. Counted are the hours from 08:00 to 21:00; at least two of them should lie
//! between opening and closing.
//!
//! ```ron
//! schedule: Daily(at: "19:30"), expires_after_hours: 10,       // closes at 05:30
//! ```
//!
//! Give more time: `expires_after_hours: 36`.

use chrono::{NaiveDate, NaiveTime, Timelike as _};

use super::{FoundBy, Input};
use crate::{load::{build::schedule, findings::Findings}, notation::schedule::Schedule as Notation};

check!("expires-too-soon", Warning, "expires_too_soon.rs", FoundBy::LookingAtWhole(look));

/// First sensible hour.
const FROM_HOUR: u32 = 8;
/// First hour that is not.
const UNTIL_HOUR: u32 = 21;
/// Sensible time that must be left, in minutes.
const ENOUGH_MINUTES: u32 = 120;

fn look(input: &Input<'_>, findings: &mut Findings) {
    for check_in in &input.written.check_ins {
        let opens = match &check_in.schedule.value {
            Notation::Daily { at } | Notation::EveryDays { at, .. } => at.value,
            cron @ Notation::Cron(_) => first_time(cron),
        };
        let expires = &check_in.expires_after_hours;
        if let Some(opens) = opens.filter(|opens| sensible_minutes(*opens, expires.value) < ENOUGH_MINUTES) {
            findings
                .report("expires-too-soon", check_in.at(&expires.span), format!("a check-in opened at {} closes before there was time to answer it", opens.format("%H:%M")))
                .label("too soon")
                .also(&check_in.at(&check_in.schedule.span), "when it opens")
                .help(format!("leave at least two hours between {FROM_HOUR:02}:00 and {UNTIL_HOUR}:00"));
        }
    }
}

fn first_time(cron: &Notation) -> Option<NaiveTime> {
    let start = NaiveDate::from_ymd_opt(2026, 1, 1)?;
    schedule(cron)?.first_on_or_after(start, None, start).map(|(_, time)| time)
}

fn sensible_minutes(opens: NaiveTime, hours: u32) -> u32 {
    let start = opens.hour() * 60 + opens.minute();
    let end = start.saturating_add(hours.min(48) * 60);
    // Today's sensible hours and tomorrow's.
    [0, 24 * 60]
        .into_iter()
        .map(|day| end.min(day + UNTIL_HOUR * 60).saturating_sub(start.max(day + FROM_HOUR * 60)))
        .sum()
}
