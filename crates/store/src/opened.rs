//! Check-ins in lists that go over all patients: what the hourly comparison of due with sent starts from.

use chrono::{DateTime, NaiveDate, Utc};

use afterrun_rules::ids::{CheckInId, PatientId};

/// A check-in that was opened, for lists that go over all patients.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenedCheckIn {
    /// Whose.
    pub patient: PatientId,
    /// Its kind.
    pub check_in: CheckInId,
    /// Its about-day.
    pub about_day: NaiveDate,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}
