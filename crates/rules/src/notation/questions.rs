//! `Questions(...)`: every question that can be asked.

use serde::Deserialize;

use super::{
    Allow, Checked, Few, List, Number, Spanned, Text,
    condition::Condition,
    file,
    leaf::{Id, Words},
};

file! {
    /// A file of questions.
    QuestionsFile = "Questions" {
        /// The questions.
        questions: List<Question>,
    }
}

/// One question.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its id.
    pub id: Checked<Id>,
    /// About the day unless said otherwise.
    pub about: Option<About>,
    /// The words shown.
    pub ask: Checked<Words>,
    /// What can be answered.
    pub answer: Spanned<Answer>,
    /// Asked only if this holds.
    pub only_if: Option<Condition>,
    /// The value meant when it is not asked.
    pub skipped_means: Option<Spanned<Skipped>>,
    /// May be left blank.
    #[serde(default)]
    pub optional: bool,
    /// Warnings accepted here.
    pub allow: Allow,
}

/// What a question is about.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub enum About {
    /// The day.
    Day,
    /// A run.
    Run,
}

/// The kinds of answer.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub enum Answer {
    /// A whole number.
    Scale {
        /// Lowest.
        from: Number<i32>,
        /// Highest.
        to: Number<i32>,
        /// Words at the low end.
        low: Text,
        /// Words at the high end.
        high: Text,
    },
    /// (value, words) pairs.
    Choice(Few<(Checked<Id>, Checked<Words>)>),
    /// Yes or no.
    YesNo,
    /// Free text.
    Text {
        /// Longest text in characters.
        max_chars: Number<u32>,
    },
}

/// What a question that was not asked means.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub enum Skipped {
    /// A number on the scale.
    Number(i32),
    /// A choice.
    Choice(String),
    /// Yes or no.
    YesNo(bool),
}
