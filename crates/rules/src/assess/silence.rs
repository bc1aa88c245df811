//! How long a silence may last: which silent days are the patient's, and when an episode lapses.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::{chart::Chart, schedule::date_exists};

/// From the eighth consecutive excused day on, days are Silent: a month's pause must not glue two episodes.
const EXCUSED_IN_A_ROW: u32 = 7;

/// No zone has skipped a whole date since (tz database 2026: the last were Apia and Fakaofo, 30 December 2011).
/// Looking for such a date costs more than all the rest here, so it is done only where there can be one.
const NO_DATE_SKIPPED_SINCE: NaiveDate = match NaiveDate::from_ymd_opt(2012, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// The first day on which the un-excused silence after `last_seen` exceeds `bridge`, that day itself not
/// counted: an episode last observed on `last_seen` is lapsed from that day on unless something usable is
/// reported before it. None only at the end of the calendar.
pub(super) fn lapse_day(chart: &Chart, last_seen: NaiveDate, bridge: u32) -> Option<NaiveDate> {
    if chart.excuses.is_empty() && chart.pauses.is_empty() && last_seen >= NO_DATE_SKIPPED_SINCE {
        return last_seen.checked_add_days(Days::new(u64::from(bridge) + 2));
    }
    let (mut silent, mut excused_in_a_row) = (0, 0);
    let mut day = last_seen;
    while silent <= bridge {
        day = day.succ_opt()?;
        if is_excused(chart, day) && excused_in_a_row < EXCUSED_IN_A_ROW {
            excused_in_a_row += 1;
        } else {
            silent += 1;
            if !is_excused(chart, day) {
                excused_in_a_row = 0;
            }
        }
    }
    day.succ_opt()
}

/// Whether silence on a day is ours, or asked for.
pub(crate) fn is_excused(chart: &Chart, day: NaiveDate) -> bool {
    chart.excuses.iter().any(|excuse| excuse.from <= day && day <= excuse.to)
        || chart.is_paused(day)
        || (day < NO_DATE_SKIPPED_SINCE && is_skipped(chart, day))
}

/// Whether the patient's zone has no such date at all.
fn is_skipped(chart: &Chart, day: NaiveDate) -> bool {
    let about: DateTime<Utc> = day.and_time(NaiveTime::MIN).and_utc();
    !date_exists(chart.zone_at(about.max(chart.enrolled_at)), day)
}
