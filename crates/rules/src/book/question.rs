//! Questions, what can be answered, and conditions over the answers.

use std::sync::Arc;

use super::Place;
use crate::ids::QuestionId;

/// Position of a question in [`crate::RuleBook::questions`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QuestionIx(pub u16);

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its id, unique in the book.
    pub id: QuestionId,
    /// Whether it is about the day or about one run.
    pub about: About,
    /// The words shown to the patient.
    pub ask: Arc<str>,
    /// What can be answered.
    pub answer: AnswerKind,
    /// Asked only if this holds for what has been answered so far.
    pub only_if: Option<Condition>,
    /// The value meant when `only_if` is known to be false.
    pub skipped_means: Option<crate::chart::Value>,
    /// May be left blank.
    pub optional: bool,
    /// Where it was written.
    pub place: Place,
}

/// What a question is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// The check-in's about-day.
    Day,
    /// The newest run that has no score yet.
    Run,
}

/// The kinds of answer.
#[derive(Clone, Debug)]
pub enum AnswerKind {
    /// A whole number, ends included.
    Scale {
        /// Lowest value.
        from: i32,
        /// Highest value.
        to: i32,
        /// Words at the low end.
        low: Arc<str>,
        /// Words at the high end.
        high: Arc<str>,
    },
    /// One of a list: (value, words shown).
    Choice(Vec<(Arc<str>, Arc<str>)>),
    /// Yes or no.
    YesNo,
    /// Free text.
    Text {
        /// Longest accepted text, in characters.
        max_chars: u32,
    },
}

/// A condition over one report; Kleene's three-valued logic ([`crate::evidence`]).
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Number is this or more.
    AtLeast(QuestionIx, i32),
    /// Number is this or less.
    AtMost(QuestionIx, i32),
    /// Choice is one of these.
    OneOf(QuestionIx, Vec<Arc<str>>),
    /// Answered yes.
    Yes(QuestionIx),
    /// Answered no.
    No(QuestionIx),
    /// Every one holds.
    AllOf(Vec<Condition>),
    /// At least one holds.
    AnyOf(Vec<Condition>),
    /// Does not hold.
    Not(Box<Condition>),
    /// The number is at least `points` above the lowest answer to it in the `within_days` days before.
    RoseBy {
        /// Question, a scale.
        question: QuestionIx,
        /// Least rise.
        points: i32,
        /// How many calendar days to look back, today not counted.
        within_days: u32,
    },
}

impl Condition {
    /// Calls `visit` for every question the condition reads.
    pub fn for_each_question(&self, visit: &mut impl FnMut(QuestionIx)) {
        match self {
            Self::AtLeast(question, _)
            | Self::AtMost(question, _)
            | Self::OneOf(question, _)
            | Self::Yes(question)
            | Self::No(question)
            | Self::RoseBy { question, .. } => visit(*question),
            Self::AllOf(parts) | Self::AnyOf(parts) => {
                parts.iter().for_each(|part| part.for_each_question(visit));
            }
            Self::Not(part) => part.for_each_question(visit),
        }
    }
}
