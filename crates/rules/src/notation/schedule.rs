//! Schedules as written.

use chrono::NaiveTime;
use serde::Deserialize;

use super::{Checked, Number, Text};

/// When something is due, on the local clock of whoever it is for.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub enum Schedule {
    /// Every day.
    Daily {
        /// Wall time.
        at: Checked<NaiveTime>,
    },
    /// Every `n` days.
    EveryDays {
        /// How many.
        #[serde(alias = "days")]
        n: Number<u32>,
        /// Wall time.
        at: Checked<NaiveTime>,
    },
    /// `second minute hour day-of-month month weekday`.
    Cron(Text),
}
