//! A check-in, or the time for nudges, lies outside the hours at which mail may go out.
//!
//! It would never be sent at the time it names, so the rule would not do what it says.
//!
//! ```ron
//! send_window: (from: "07:00", until: "20:00"),     // in clinic.ron
//! schedule: Daily(at: "06:30"),                     // in check-ins.ron
//! ```
//!
//! Move the time into the window, or widen the window. The window's end does not belong to it.

use chrono::{NaiveTime, Timelike as _};

use super::{FoundBy, Input};
use crate::{
    load::{build::schedule, findings::Findings, written::At},
    notation::schedule::Schedule as Notation,
    schedule::Schedule,
};

check!("outside-send-window", Error, "outside_send_window.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let Some(clinic) = input.written.clinics.first() else { return };
    let (Some(from), Some(until)) = (clinic.send_window.from.value, clinic.send_window.until.value) else { return };
    if from >= until {
        return;
    }
    let mut look_at = |at: At, time: NaiveTime| {
        if time < from || time >= until {
            findings
                .report("outside-send-window", at, format!("{} is outside the send window", time.format("%H:%M")))
                .label(format!("mail goes out from {} until {}", from.format("%H:%M"), until.format("%H:%M")))
                .help("move the time into the window, or widen `send_window`");
        }
    };
    if let Some(time) = &clinic.time_messages_at
        && let Some(at) = time.value
    {
        look_at(clinic.at(&time.span), at);
    }
    for check_in in &input.written.check_ins {
        let at = check_in.at(&check_in.schedule.span);
        match &check_in.schedule.value {
            Notation::Daily { at: time } | Notation::EveryDays { at: time, .. } => {
                time.value.into_iter().for_each(|value| look_at(check_in.at(&time.span), value));
            }
            cron @ Notation::Cron(expression) => {
                let outside = schedule(cron).and_then(|cron| first_outside(&cron, from, until));
                outside.into_iter().for_each(|time| {
                    look_at(At { file: at.file, span: expression.span.clone() }, time);
                });
            }
        }
    }
}

/// The first time of day of a cron expression, over a year, that is outside.
fn first_outside(schedule: &Schedule, from: NaiveTime, until: NaiveTime) -> Option<NaiveTime> {
    // The hour, minute and second fields do not depend on the date, so one date with an occurrence tells all.
    let start = chrono::NaiveDate::from_ymd_opt(2026, 1, 1)?;
    let (_, time) = schedule.first_on_or_after(start, None, start)?;
    let time = time.with_nanosecond(0)?;
    (time < from || time >= until).then_some(time)
}
