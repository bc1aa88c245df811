//! What became known about a patient, one thing at a time. The JSON shape is promised: `replay`, store and export share
//! it.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Source, Values};
use crate::ids::{CheckInId, FlagId, RaceId, RunId, SignId, StageId};

/// What kind of run it was.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Not a race.
    #[default]
    Training,
    /// A race of this kind.
    Race(RaceId),
}

/// One logged run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its id; an event with an id seen before corrects that run.
    pub id: RunId,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// How far, in metres.
    pub distance_m: f64,
    /// How long it took, in seconds, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u32>,
    /// Race or training.
    #[serde(default)]
    pub kind: RunKind,
}

/// One thing that became known about a patient. The JSON shape is promised (`replay`, store, export).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A run was logged, or corrected.
    Run(Run),
    /// Somebody answered, or amended an answer.
    Answer(AnswerEvent),
    /// An answer was taken back.
    Withdraw(Withdraw),
    /// Days on which silence was ours, not the patient's.
    Excuse(Excuse),
    /// No check-ins for a while.
    Pause(PauseEvent),
    /// Check-ins again.
    Resume {},
    /// The patient lives by another clock from now on.
    TimeZone {
        /// IANA name.
        time_zone: Tz,
    },
    /// A run was deleted.
    RunRemoved {
        /// The run.
        run: RunId,
    },
    /// A clinician spoke with the patient about a flag.
    Contacted {
        /// The flag.
        flag: FlagId,
    },
    /// A clinician took back having spoken about a flag: the newest time does not count. Otherwise a wrong button
    /// would keep reminders of a stage away for as long as the spell lasts.
    ContactWithdrawn {
        /// The flag.
        flag: FlagId,
    },
    /// A clinician dealt with the emergency signs ticked so far.
    EmergencyResolved {},
    /// A clinician took that word back: the signs ticked last wait again, with those nobody had dealt with before.
    EmergencyReopened {},
    /// The address was confirmed by its owner.
    Confirmed {},
    /// The address turned out to be dead.
    AddressDead {},
    /// The clinic entered another address: nobody has confirmed it yet. The address itself is kept with the
    /// person, not here.
    AddressChanged {},
    /// A clinician decided about a stage of an episode, whatever the rules say.
    StageOverride(StageOverride),
    /// The newest answer about this was taken by a clinician on the telephone. A mark only: what the answer says
    /// counts like any other.
    ByTelephone(AnswerNamed),
    /// The patient wants no more mail: ends the enrolment.
    Stop {},
}

/// An event and when it became known.
#[derive(Clone, PartialEq, Debug)]
pub struct TimedEvent {
    /// When it became known.
    pub at: DateTime<Utc>,
    /// What.
    pub event: Event,
}

/// Values given for a check-in or for a run: exactly one of `check_in` and `run` is set.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerEvent {
    /// The kind of check-in answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in: Option<CheckInId>,
    /// The run answered about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The local date the answer describes.
    pub about_day: NaiveDate,
    /// The values.
    #[serde(default)]
    pub values: Values,
    /// Signs ticked; empty for "none of these", absent if not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergencies: Option<Vec<SignId>>,
}

impl AnswerEvent {
    /// What it answers; none if neither or both of `check_in` and `run` are set.
    #[must_use]
    pub fn source(&self) -> Option<Source> {
        match (&self.check_in, &self.run) {
            (Some(check_in), None) => Some(Source::CheckIn(check_in.clone())),
            (None, Some(run)) => Some(Source::Run(run.clone())),
            _ => None,
        }
    }
}

/// Names the answer to take back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The kind of check-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in: Option<CheckInId>,
    /// Or the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The about-day.
    pub about_day: NaiveDate,
}

/// Names an answer: exactly one of `check_in` and `run` is set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerNamed {
    /// The kind of check-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in: Option<CheckInId>,
    /// Or the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The about-day.
    pub about_day: NaiveDate,
}

/// What a clinician wants of a stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Tell the runner now, although the rule has not reached it.
    Send,
    /// Do not tell the runner, although the rule may reach it.
    Withhold,
    /// As the rules say again.
    Allow,
}

/// A clinician's word about a stage. It holds for the episode that is open when it is given, until the next word
/// about the same stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageOverride {
    /// The flag.
    pub flag: FlagId,
    /// Its stage.
    pub stage: StageId,
    /// What is wanted.
    #[serde(rename = "do")]
    pub word: Word,
    /// Why, in the clinician's words.
    pub because: Arc<str>,
}

/// Days, both included, on which the patient could not have answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excuse {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Why, in words.
    #[serde(default)]
    pub because: Arc<str>,
}

/// A pause as asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseEvent {
    /// The local date on which check-ins start again; none: until resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}
