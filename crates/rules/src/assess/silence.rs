//! How long a silence may last: which silent days are the patient's, and when an episode lapses.

use chrono::{Days, NaiveDate};

use crate::chart::Chart;

/// From the eighth consecutive excused day on, days are Silent: a month's pause must not glue two episodes.
const EXCUSED_IN_A_ROW: u32 = 7;

/// The first day on which the un-excused silence after `last_seen` exceeds `bridge`, that day itself not
/// counted: an episode last observed on `last_seen` is lapsed from that day on unless something usable is
/// reported before it. None only at the end of the calendar.
pub(super) fn lapse_day(chart: &Chart, last_seen: NaiveDate, bridge: u32) -> Option<NaiveDate> {
    if chart.excuses.is_empty() && chart.pauses.is_empty() {
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
    chart.excuses.iter().any(|excuse| excuse.from <= day && day <= excuse.to) || chart.is_paused(day)
}
