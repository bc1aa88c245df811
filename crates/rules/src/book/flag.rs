//! Red flags: what should worry us, for how long, and what then happens.

use std::sync::Arc;

use super::{Basis, Condition, Place, QuestionIx};
use crate::ids::{FlagId, MessageId, StageId};

/// A red flag.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its id: the flag's identity across edits.
    pub id: FlagId,
    /// Ids it had before; the ledger is carried over.
    pub formerly: Vec<FlagId>,
    /// Shown to clinicians, and to patients as `{{ also }}`.
    pub title: Arc<str>,
    /// Where it comes from.
    pub basis: Basis,
    /// What counts as the problem.
    pub evidence: FlagEvidence,
    /// Longest silence, in un-excused days, that does not end an episode.
    pub bridge_silent_days: u32,
    /// Clear days in a row that end an episode.
    pub clear_reports: u32,
    /// Steps, by rising `after_days`.
    pub stages: Vec<Stage>,
    /// When an episode ends clear after a stage was told.
    pub on_resolved: Option<MessageId>,
    /// When an episode ends in silence.
    pub on_lapsed: Option<OnLapsed>,
    /// Flags whose newly reached stages this one covers while its own episode is open and told.
    pub outranks: Vec<FlagId>,
    /// Where it was written.
    pub place: Place,
}

impl Flag {
    /// Whether this is, or was, the flag's id.
    #[must_use]
    pub fn is_called(&self, id: &str) -> bool {
        self.id == *id || self.formerly.iter().any(|former| *former == *id)
    }
}

/// What a flag looks at.
#[derive(Clone, Debug)]
pub enum FlagEvidence {
    /// Each day's reports.
    Days {
        /// Present.
        when: Condition,
        /// Clear; none means `Not(when)`.
        clear_when: Option<Condition>,
    },
    /// Each scored run.
    Runs(WorsensEachRun),
}

/// Pain that worsens with each run: evidence is per run, over the last `runs` scored runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorsensEachRun {
    /// The score, a scale about a run.
    pub question: QuestionIx,
    /// How many scored runs to look at; at least 3.
    pub runs: u32,
    /// Least rise from first to last.
    pub rise_by: i32,
    /// Least score of the last.
    pub ends_at_least: i32,
    /// Equal neighbours allowed.
    pub ties_allowed: u32,
    /// Calendar days that the first and the last run may lie apart.
    pub within_days: u32,
}

/// A step of a flag.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its id, unique within the flag.
    pub id: StageId,
    /// Calendar days after onset on which the problem must still be reported.
    pub after_days: u32,
    /// Present days needed by then.
    pub min_reports: u32,
    /// The message to the patient.
    pub send: MessageId,
    /// May leave the send window.
    pub urgent: bool,
    /// How soon the clinic hears.
    pub tell_clinic: TellClinic,
    /// Reminders while it goes on.
    pub remind: Option<Remind>,
    /// Where it was written.
    pub place: Place,
}

/// How soon the clinic hears. Ordered: later is more pressing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
pub enum TellClinic {
    /// Not at all.
    Nobody,
    /// In the next digest.
    Digest,
    /// At once in office hours, else at the next opening.
    Today,
    /// At once.
    Now,
}

/// Reminders of the highest told stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remind {
    /// Days after the newest evidence day in the episode's ledger.
    pub every_days: u32,
    /// How many in one episode.
    pub at_most: u32,
}

/// What happens when an episode ends in silence.
#[derive(Clone, Debug)]
pub struct OnLapsed {
    /// To the patient, if a stage had been told.
    pub send: Option<MessageId>,
    /// To the clinic, if a stage had been told.
    pub tell_clinic: TellClinic,
}
