//! When to ask what.

use super::{Place, QuestionIx};
use crate::{
    ids::{CheckInId, MessageId},
    schedule::Schedule,
};

/// When to ask what.
#[derive(Clone, Debug)]
pub struct CheckInRule {
    /// Its id.
    pub id: CheckInId,
    /// What starts it.
    pub starts: Starts,
    /// Patient's local times at which it is due.
    pub schedule: Schedule,
    /// How long it goes on.
    pub lasts: Lasts,
    /// The questions, in the order asked.
    pub ask: Vec<QuestionIx>,
    /// The message that carries the link.
    pub send: MessageId,
    /// Hours after opening at which an unanswered check-in is reminded once.
    pub remind_after_hours: Option<u32>,
    /// Hours after opening at which the link closes.
    pub expires_after_hours: u32,
    /// What to do about several misses in a row.
    pub nudge: Option<Nudge>,
    /// Where it was written.
    pub place: Place,
}

/// What starts a check-in rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Starts {
    /// A run: from the first occurrence after the run's local date and after it was logged.
    AfterRun,
    /// An open episode of a flag that uses its questions: from the date after onset.
    WhileFlagged,
    /// Enrolment.
    OnEnrolment,
}

/// How long a check-in rule goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lasts {
    /// Until so many days after the recovered day.
    UntilRecovered {
        /// Days beyond the recovered day.
        extra_days: u32,
    },
    /// While the episode is open.
    UntilClear,
    /// Seven times so many dates from the start date.
    Weeks(u32),
    /// So many dates from the start date.
    Days(u32),
}

/// A friendly word after several misses in a row.
#[derive(Clone, Debug)]
pub struct Nudge {
    /// Consecutive misses.
    pub after_missed: u32,
    /// The message.
    pub send: MessageId,
}
