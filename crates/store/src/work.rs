//! The work-list: one row a patient, what a person can do about it, and what that tells of the rules.
//!
//! Leaves out how a row is shown, and what follows for the patient's chart.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use afterrun_rules::{
    book::TellClinic,
    chart::Reach,
    decision::Reason,
    ids::{FlagId, PatientId},
};

use crate::UserKey;

/// How soon somebody should see to a patient. Ordered: the first is the most pressing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Told at once, an emergency sign or a stage that cannot wait.
    Emergency,
    /// In office hours of the same day.
    SameDay,
    /// A stage that the digest tells.
    NextDay,
    /// Anything else that the digest tells.
    Watch,
}

impl Urgency {
    /// Every one, most pressing first.
    pub const ALL: [Self; 4] = [Self::Emergency, Self::SameDay, Self::NextDay, Self::Watch];

    /// From how soon the clinic hears of a decision, and why.
    #[must_use]
    pub fn of(level: TellClinic, reason: &Reason) -> Self {
        match level {
            TellClinic::Now => Self::Emergency,
            TellClinic::Today => Self::SameDay,
            TellClinic::Digest | TellClinic::Nobody if &*reason.code == "stage-reached" => Self::NextDay,
            TellClinic::Digest | TellClinic::Nobody => Self::Watch,
        }
    }

    /// How long it may wait before it counts as overdue. Conventions, for a clinic that is not staffed at
    /// night: an hour, a day, two days, a week.
    #[must_use]
    pub const fn within(self) -> TimeDelta {
        match self {
            Self::Emergency => TimeDelta::hours(1),
            Self::SameDay => TimeDelta::days(1),
            Self::NextDay => TimeDelta::days(2),
            Self::Watch => TimeDelta::days(7),
        }
    }
}

/// Where the work about a patient stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// Nobody has said that they see to it.
    New,
    /// Somebody sees to it.
    Acknowledged,
    /// Somebody has tried to reach the patient.
    Contacted,
    /// Done.
    Resolved,
    /// Put off until a date; comes back by itself.
    Snoozed,
}

/// How the patient was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    /// Spoken with on the telephone.
    Spoke,
    /// Seen in the clinic.
    Visit,
    /// Written to.
    Wrote,
    /// A message was left.
    LeftMessage,
    /// No answer.
    NoAnswer,
}

impl Contact {
    /// The patient and a clinician have been in touch, so that reminders need not go on.
    #[must_use]
    pub const fn is_in_touch(self) -> bool {
        matches!(self, Self::Spoke | Self::Visit | Self::Wrote)
    }
}

/// Why there is nothing more to do: one tap, and one count for the rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Advice was given.
    Advised,
    /// An appointment was made or kept.
    Seen,
    /// Sent on to somebody else.
    Referred,
    /// It settled by itself.
    Settled,
    /// Nobody needed to look.
    NotNeeded,
    /// Something was done about it; what, the history or the chart says.
    Acted,
    /// The clinic knew already.
    AlreadyKnown,
}

impl Resolution {
    /// Whether it was good that the rule spoke up.
    #[must_use]
    pub const fn is_useful(self) -> bool {
        matches!(self, Self::Advised | Self::Seen | Self::Referred | Self::Acted)
    }
}

/// What a person does about a patient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WorkChange {
    /// See to it; takes it over from whoever did.
    Take,
    /// Leave it to somebody else.
    HandBack,
    /// Note how the patient was reached.
    Contact(Contact),
    /// Done, and why.
    Resolve(Resolution),
    /// Put off until an instant, and why.
    Snooze {
        /// Until when.
        until: DateTime<Utc>,
        /// Why, in a person's words.
        why: String,
    },
    /// It was not done after all: what was resolved last is open again, and does not count for the rules.
    Reopen,
    /// Words for whoever looks next.
    Note(String),
    /// Something else that was done about the patient, such as `pause`, for the history alone (whoever did it notes
    /// it in the audit log before); and the words with it.
    Did(&'static str, String),
}

/// A row of the work-list.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkRow {
    /// Whose.
    pub patient: PatientId,
    /// Name of the patient.
    pub patient_name: String,
    /// Whether mail reaches them.
    pub reach: Reach,
    /// How soon.
    pub urgency: Urgency,
    /// When somebody should have seen to it.
    pub due_at: DateTime<Utc>,
    /// When its newest work item came.
    pub raised_at: DateTime<Utc>,
    /// The flag of the most urgent work item.
    pub flag: Option<FlagId>,
    /// The reason of the most urgent work item.
    pub reason: Reason,
    /// Work items not resolved.
    pub open_items: u32,
    /// Where it stands.
    pub state: WorkState,
    /// Who sees to it: row and address.
    pub owner: Option<(UserKey, String)>,
    /// How somebody last tried to be in touch; none in any other state than contacted.
    pub contact: Option<Contact>,
    /// Until when it is put off.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Why it is put off, or was until just now.
    pub snoozed_why: Option<String>,
    /// The patient fell silent and has not answered since.
    pub quiet: bool,
}

impl WorkRow {
    /// Nobody has been in touch although somebody should have.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        let waits = match self.state {
            WorkState::New | WorkState::Acknowledged => true,
            WorkState::Snoozed => self.snoozed_until.is_none_or(|until| until <= now),
            // Whoever does not answer the telephone may be the one who cannot.
            WorkState::Contacted => self.contact.is_some_and(|contact| !contact.is_in_touch()),
            WorkState::Resolved => false,
        };
        waits && self.due_at <= now
    }
}

/// Which rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WorkFilter {
    /// All that are open and not put off.
    Open,
    /// Those of one user.
    Of(UserKey),
    /// Those of nobody.
    Unowned,
    /// Patients who fell silent.
    Quiet,
    /// Patients whose address is dead.
    Bounced,
    /// With a work item newer than this.
    Since(DateTime<Utc>),
    /// Those put off.
    Snoozed,
}

/// A line of what people did about a patient.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WorkLine {
    /// When.
    pub at: DateTime<Utc>,
    /// The address of who; none: Afterrun itself.
    pub by: Option<String>,
    /// A word: `take`, `hand-back`, `contact`, `resolve`, `snooze`, `note`, `reopen`, `open-again`, or what was done otherwise.
    pub what: String,
    /// A choice, or a person's own words.
    pub detail: String,
}

/// How rules fared in a stretch of time.
#[derive(Clone, PartialEq, Debug)]
pub struct Scorecard {
    /// Check-ins opened in it.
    pub check_ins: u64,
    /// Rules that raised anything in it, by id.
    pub rules: Vec<RuleCard>,
}

/// How one rule fared in a stretch of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleCard {
    /// The flag.
    pub flag: FlagId,
    /// Work items raised.
    pub fires: u64,
    /// When the first of them was.
    pub first_fired_at: Option<DateTime<Utc>>,
    /// When the last of them was.
    pub last_fired_at: Option<DateTime<Utc>>,
    /// Of these, resolved because something was done.
    pub acted: u64,
    /// Of these, resolved as not needed, or settled by itself.
    pub not_needed: u64,
    /// Of these, resolved as known already.
    pub already_known: u64,
    /// Half of those somebody was in touch about, were so within this time; none: nobody was.
    pub median_to_contact: Option<TimeDelta>,
    /// When somebody last acted on one of them.
    pub last_acted_at: Option<DateTime<Utc>>,
}

impl RuleCard {
    /// How many are resolved, one way or the other.
    #[must_use]
    pub const fn resolved(&self) -> u64 {
        self.acted + self.not_needed + self.already_known
    }

    /// How many of a hundred check-ins led to one; none: there were no check-ins.
    #[must_use]
    pub fn per_hundred(&self, check_ins: u64) -> Option<f64> {
        (check_ins > 0).then(|| self.fires as f64 * 100.0 / check_ins as f64)
    }
}
