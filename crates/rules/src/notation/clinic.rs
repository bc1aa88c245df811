//! `Clinic(...)`: who the clinic is and within which limits it writes.

use chrono::NaiveTime;
use chrono_tz::Tz;
use serde::Deserialize;

use super::{
    Checked, Few, List, Number, Spanned, file,
    leaf::{Address, Line, Link, Weekdays},
    schedule::Schedule,
};
use crate::book::Locale;

file! {
    /// The file about the clinic; exactly one in a folder.
    ClinicFile = "Clinic" {
        /// Name.
        name: Checked<Line>,
        /// Telephone.
        phone: Checked<Line>,
        /// Where to book.
        booking_link: Checked<Link>,
        /// What to do in an emergency.
        emergency_line: Checked<Line>,
        /// The clinic's zone.
        time_zone: Checked<Tz>,
        /// How dates and times are written: `en-GB` or `en-US`.
        locale: Option<Checked<Locale>>,
        /// When somebody is there.
        office_hours: List<OfficeHours>,
        /// When mail may go out, in the patient's zone.
        send_window: Spanned<SendWindow>,
        /// When nudges and lapses go out; 18:00 unless said otherwise.
        time_messages_at: Option<Checked<NaiveTime>>,
        /// Who hears of alerts.
        alerts_to: Spanned<Few<Checked<Address>>>,
        /// Who hears of alerts nobody acknowledged.
        escalate: Option<Escalate>,
        /// Who hears of a rejected edit.
        editors: Option<Few<Checked<Address>>>,
        /// When the digest goes out; weekdays at 07:30 unless said otherwise.
        digest: Option<Spanned<Schedule>>,
        /// Budgets.
        limits: Option<Limits>,
    }
}

/// One row of office hours.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct OfficeHours {
    /// Days.
    pub days: Checked<Weekdays>,
    /// Opening.
    pub from: Checked<NaiveTime>,
    /// Closing.
    pub until: Checked<NaiveTime>,
}

/// The send window.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct SendWindow {
    /// First minute.
    pub from: Checked<NaiveTime>,
    /// First minute after.
    pub until: Checked<NaiveTime>,
}

/// Escalation of alerts.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// Minutes without acknowledgement.
    pub after_minutes: Number<u32>,
    /// Addresses.
    pub to: Few<Checked<Address>>,
}

/// Budgets.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Non-urgent messages a patient and day.
    pub normal_per_patient_day: Number<u32>,
    /// Urgent ones.
    pub urgent_per_patient_day: Number<u32>,
    /// All, an hour.
    pub all_per_hour: Number<u32>,
}
