//! Who the clinic is, when it is there, and within which limits it writes.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use super::Locale;
use crate::schedule::{Schedule, instant};

/// `clinic.ron`.
#[derive(Clone, Debug)]
pub struct Clinic {
    /// Shown to patients and used as the sender's name.
    pub name: Arc<str>,
    /// Shown to patients as written.
    pub phone: Arc<str>,
    /// `https` address at which a patient books an appointment.
    pub booking_link: Arc<str>,
    /// The sentence that says what to do in an emergency.
    pub emergency_line: Arc<str>,
    /// The clinic's own zone: office hours and digests. Also the zone of a patient added without one.
    pub time_zone: Tz,
    /// How dates and times are written; none: `Sunday 29 March` and 24 hours.
    pub locale: Option<Locale>,
    /// When somebody is there to act on `tell_clinic: Today`.
    pub office_hours: Vec<OfficeHours>,
    /// Patient's local time within which non-urgent mail goes out.
    pub send_window: SendWindow,
    /// Patient's local time at which what only time can tell (a nudge, a lapse) goes out.
    pub time_messages_at: NaiveTime,
    /// Where alerts and digests go.
    pub alerts_to: Vec<Arc<str>>,
    /// Who hears of an urgent alert that nobody has acknowledged.
    pub escalate: Option<Escalate>,
    /// Who hears of a rejected edit of the rules.
    pub editors: Vec<Arc<str>>,
    /// When the digest goes to `alerts_to`, in the clinic's zone.
    pub digest: Schedule,
    /// Budgets that nothing can exceed.
    pub limits: Limits,
}

impl Clinic {
    /// How what the clinic itself reads is written; day first and 24 hours, which nobody misreads, unless it says so.
    #[must_use]
    pub fn way(&self) -> Locale {
        self.locale.unwrap_or(Locale::EnGb)
    }
}

/// Days and hours at which the clinic is staffed, in the clinic's zone.
#[derive(Clone, Debug)]
pub struct OfficeHours {
    /// Days of the week, in calendar order.
    pub days: Vec<Weekday>,
    /// Opening time.
    pub from: NaiveTime,
    /// Closing time, later than `from`.
    pub until: NaiveTime,
}

/// Half-open window of local wall time, `from <= t < until`.
#[derive(Clone, Copy, Debug)]
pub struct SendWindow {
    /// First minute at which mail may go out.
    pub from: NaiveTime,
    /// First minute at which it may not, later than `from`.
    pub until: NaiveTime,
}

impl SendWindow {
    /// The first instant from `at` on that lies inside the window on the clocks of a zone.
    #[must_use]
    pub fn next(self, zone: Tz, at: DateTime<Utc>) -> DateTime<Utc> {
        let local = at.with_timezone(&zone);
        let time = local.time().with_nanosecond(0).unwrap_or(local.time());
        let day = local.date_naive();
        if time < self.from {
            instant(zone, day.and_time(self.from)).max(at)
        } else if time < self.until {
            at
        } else {
            day.succ_opt().map_or(at, |next| instant(zone, next.and_time(self.from)))
        }
    }
}

/// Second address for alerts nobody acknowledges.
#[derive(Clone, Debug)]
pub struct Escalate {
    /// Minutes without acknowledgement.
    pub after_minutes: u32,
    /// Addresses.
    pub to: Vec<Arc<str>>,
}

/// Budgets.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Non-urgent messages per patient and local day.
    pub normal_per_patient_day: u32,
    /// Urgent messages per patient and local day.
    pub urgent_per_patient_day: u32,
    /// Messages per hour for the whole clinic.
    pub all_per_hour: u32,
}
