//! What one report says about a flag: three-valued, because a blank is not a "no".
//!
//! Kleene's strong logic (S. C. Kleene, *Introduction to Metamathematics*, 1952, section 64): an unanswered
//! question is unknown, and unknown spreads only where it could change the result.

use chrono::NaiveDate;

use crate::{
    book::{AnswerKind, Condition, QuestionIx, RuleBook},
    chart::{Answer, Value},
};

/// What a day, or a run, says about a flag. Ordered: the worst of a day's reports is the largest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Evidence {
    /// The problem is clearly absent.
    Clear,
    /// Neither clearly there nor clearly gone.
    Between,
    /// The problem is there.
    Present,
}

/// A truth value of Kleene's logic. Ordered, so that "and" is the minimum and "or" the maximum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Truth {
    /// Does not hold.
    False,
    /// Cannot be told.
    Unknown,
    /// Holds.
    True,
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }
}

/// One answer among those of its chart, so that a condition can look back.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// The rules to read it by.
    pub book: &'a RuleBook,
    /// All answers of the chart, by about-day.
    pub answers: &'a [Answer],
    /// Position of this answer among them.
    pub at: usize,
}

/// Gates may depend on gated questions; a loop among them must not hang us. The loader refuses loops and
/// chains this long never make sense on one page.
const GATE_DEPTH: u8 = 8;

impl Report<'_> {
    /// What this report says about a flag whose problem is `when`; `clear_when` defaults to `Not(when)`.
    /// None: nothing usable.
    #[must_use]
    pub fn evidence(&self, when: &Condition, clear_when: Option<&Condition>) -> Option<Evidence> {
        let present = self.holds(when);
        if present == Truth::True {
            return Some(Evidence::Present);
        }
        let clear = clear_when.map_or_else(|| present.not(), |condition| self.holds(condition));
        match (present, clear) {
            (_, Truth::True) => Some(Evidence::Clear),
            (Truth::False, Truth::False) => Some(Evidence::Between),
            _ => None,
        }
    }

    /// Whether a condition holds for this report.
    #[must_use]
    pub fn holds(&self, condition: &Condition) -> Truth {
        self.holds_at(condition, GATE_DEPTH)
    }

    fn holds_at(&self, condition: &Condition, depth: u8) -> Truth {
        let known = |value: Option<Truth>| value.unwrap_or(Truth::Unknown);
        match condition {
            Condition::AtLeast(question, least) => {
                known(self.number(*question, depth).map(|number| (number >= *least).into()))
            }
            Condition::AtMost(question, most) => {
                known(self.number(*question, depth).map(|number| (number <= *most).into()))
            }
            Condition::OneOf(question, choices) => known(match self.value(*question, depth) {
                Some(Value::Word(word)) => Some(choices.contains(word).into()),
                _ => None,
            }),
            Condition::Yes(question) => known(self.yes(*question, depth).map(Truth::from)),
            Condition::No(question) => known(self.yes(*question, depth).map(|yes| Truth::from(!yes))),
            Condition::AllOf(parts) => {
                parts.iter().map(|part| self.holds_at(part, depth)).min().unwrap_or(Truth::True)
            }
            Condition::AnyOf(parts) => {
                parts.iter().map(|part| self.holds_at(part, depth)).max().unwrap_or(Truth::False)
            }
            Condition::Not(part) => self.holds_at(part, depth).not(),
            Condition::RoseBy { question, points, within_days } => {
                self.rose_by(*question, *points, *within_days, depth)
            }
        }
    }

    /// The value given to a question, or the one meant by leaving out a question whose gate is known false.
    #[must_use]
    pub fn value_of(&self, question: QuestionIx) -> Option<&Value> {
        self.value(question, GATE_DEPTH)
    }

    fn value(&self, question: QuestionIx, depth: u8) -> Option<&Value> {
        let definition = self.book.questions.get(usize::from(question.0))?;
        if let Some(value) = self.answers[self.at].values.get(definition.id.as_str()) {
            return Some(value);
        }
        let (gate, meant) = (definition.only_if.as_ref()?, definition.skipped_means.as_ref()?);
        (depth > 0 && self.holds_at(gate, depth - 1) == Truth::False).then_some(meant)
    }

    fn number(&self, question: QuestionIx, depth: u8) -> Option<i32> {
        match self.value(question, depth)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn yes(&self, question: QuestionIx, depth: u8) -> Option<bool> {
        match self.value(question, depth)? {
            Value::YesNo(yes) => Some(*yes),
            _ => None,
        }
    }

    fn rose_by(&self, question: QuestionIx, points: i32, within_days: u32, depth: u8) -> Truth {
        let Some(number) = self.number(question, depth) else { return Truth::Unknown };
        let today = self.answers[self.at].about_day;
        let oldest = today - chrono::Days::new(u64::from(within_days));
        let earlier = |at: &usize| self.answers[*at].about_day >= oldest;
        let lowest = (0..self.at)
            .rev()
            .take_while(earlier)
            .filter(|at| self.answers[*at].about_day < today)
            .filter_map(|at| Report { at, ..*self }.number(question, depth))
            .min();
        lowest.map_or(Truth::Unknown, |lowest| (number - lowest >= points).into())
    }
}

/// Why a value cannot be an answer to a question; none: it can.
#[must_use]
pub fn misfit(kind: &AnswerKind, value: &Value) -> Option<String> {
    match (kind, value) {
        (AnswerKind::Scale { from, to, .. }, Value::Number(number)) => {
            (number < from || number > to).then(|| format!("{number} is outside {from} to {to}"))
        }
        (AnswerKind::Scale { from, to, .. }, _) => {
            Some(format!("a whole number from {from} to {to} is wanted"))
        }
        (AnswerKind::Choice(choices), Value::Word(word)) => {
            (!choices.iter().any(|(choice, _)| choice == word)).then(|| {
                let known: Vec<_> = choices.iter().map(|(choice, _)| format!("`{choice}`")).collect();
                format!("`{word}` is none of {}", known.join(", "))
            })
        }
        (AnswerKind::Choice(_), _) => Some("one of the choices, as text, is wanted".to_owned()),
        (AnswerKind::YesNo, Value::YesNo(_)) => None,
        (AnswerKind::YesNo, _) => Some("true or false is wanted".to_owned()),
        (AnswerKind::Text { max_chars }, Value::Word(text)) => {
            let length = text.chars().count();
            (length > *max_chars as usize)
                .then(|| format!("the text has {length} characters, at most {max_chars} are taken"))
        }
        (AnswerKind::Text { .. }, _) => Some("a text is wanted".to_owned()),
    }
}

/// The newest day among answers to check-ins.
#[must_use]
pub fn newest_report_day(answers: &[Answer]) -> Option<NaiveDate> {
    let check_in = |answer: &&Answer| matches!(answer.source, crate::chart::Source::CheckIn(_));
    answers.iter().rev().find(check_in).map(|answer| answer.about_day)
}
