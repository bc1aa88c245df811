//! `CheckIns(...)`: when to ask what.

use serde::Deserialize;

use super::{Allow, Checked, Few, List, Number, Spanned, Text, file, leaf::Id, schedule::Schedule};

file! {
    /// A file of check-ins.
    CheckInsFile = "CheckIns" {
        /// The check-ins.
        check_ins: List<CheckIn>,
    }
}

/// One kind of check-in.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// Its id.
    pub id: Checked<Id>,
    /// What starts it.
    pub starts: Spanned<Starts>,
    /// When it is due.
    pub schedule: Spanned<Schedule>,
    /// How long it goes on.
    pub lasts: Spanned<Lasts>,
    /// Questions in order.
    pub ask: Spanned<Few<Text>>,
    /// The message that carries the link.
    pub send: Text,
    /// Hours until an unanswered one is reminded.
    pub remind_after_hours: Option<Number<u32>>,
    /// Hours until the link closes.
    pub expires_after_hours: Number<u32>,
    /// A word after several misses.
    pub nudge: Option<Nudge>,
    /// Warnings accepted here.
    pub allow: Allow,
}

/// What starts a check-in.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub enum Starts {
    /// A run.
    AfterRun,
    /// An open episode.
    WhileFlagged,
    /// Enrolment.
    OnEnrolment,
}

/// How long it goes on.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub enum Lasts {
    /// Until so many days after the recovered day.
    UntilRecovered {
        /// Days beyond it.
        #[serde(default)]
        extra_days: u32,
    },
    /// While the episode is open.
    UntilClear,
    /// So many weeks.
    Weeks(u32),
    /// So many days.
    Days(u32),
}

/// A word after several misses.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Nudge {
    /// Misses in a row.
    pub after_missed: Number<u32>,
    /// The message.
    pub send: Text,
}
