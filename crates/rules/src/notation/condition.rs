//! Conditions as written, each leaf with its place.

use serde::Deserialize;

use super::{Few, Number, Text};

/// A condition over one report, or over runs.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub enum Condition {
    /// Number is this or more.
    AtLeast(Text, Number<i32>),
    /// Number is this or less.
    AtMost(Text, Number<i32>),
    /// Choice is one of these.
    OneOf(Text, Few<Text>),
    /// Answered yes.
    Yes(Text),
    /// Answered no.
    No(Text),
    /// Every one holds.
    AllOf(Few<Condition>),
    /// At least one holds.
    AnyOf(Few<Condition>),
    /// Does not hold.
    Not(Box<Condition>),
    /// The number rose by so much.
    RoseBy {
        /// Question, a scale.
        question: Text,
        /// Least rise.
        points: Number<i32>,
        /// Days to look back.
        within_days: Number<u32>,
    },
    /// Rising from run to run. Only as the whole `when` of a flag.
    WorsensEachRun {
        /// The score, a scale about a run.
        question: Text,
        /// How many scored runs.
        runs: Number<u32>,
        /// Least rise from first to last.
        rise_by: Number<i32>,
        /// Least score of the last.
        ends_at_least: Number<i32>,
        /// Equal neighbours allowed.
        ties_allowed: Number<u32>,
        /// Days the runs may lie apart.
        within_days: Number<u32>,
    },
}

impl Condition {
    /// Calls `visit` for this condition and every one inside it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::AllOf(parts) | Self::AnyOf(parts) => parts.iter().for_each(|part| part.walk(visit)),
            Self::Not(part) => part.walk(visit),
            _ => {}
        }
    }

    /// The question a leaf reads.
    #[must_use]
    pub fn question(&self) -> Option<&Text> {
        match self {
            Self::AtLeast(question, _)
            | Self::AtMost(question, _)
            | Self::OneOf(question, _)
            | Self::Yes(question)
            | Self::No(question)
            | Self::RoseBy { question, .. }
            | Self::WorsensEachRun { question, .. } => Some(question),
            Self::AllOf(_) | Self::AnyOf(_) | Self::Not(_) => None,
        }
    }
}
