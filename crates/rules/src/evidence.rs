//! What one report says about a flag: three-valued, because a blank is not a "no".
//!
//! Kleene's strong logic (S. C. Kleene, *Introduction to Metamathematics*, 1952, section 64): an unanswered
//! question is unknown, and unknown spreads only where it could change the result.

use std::cell::Cell;

use chrono::NaiveDate;
use smallvec::SmallVec;

use crate::{
    book::{AnswerKind, Condition, Question, QuestionIx, RuleBook},
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

impl<'a> Report<'a> {
    /// What this report says about a flag whose problem is `when`; `clear_when` defaults to `Not(when)`.
    /// None: nothing usable.
    #[must_use]
    pub fn evidence(&self, when: &Condition, clear_when: Option<&Condition>) -> Option<Evidence> {
        evidence(self, when, clear_when)
    }

    /// Whether a condition holds for this report.
    #[must_use]
    pub fn holds(&self, condition: &Condition) -> Truth {
        holds(self, condition, GATE_DEPTH)
    }

    /// The value given to a question, or the one meant by leaving out a question whose gate is known false.
    #[must_use]
    pub fn value_of(&self, question: QuestionIx) -> Option<&'a Value> {
        self.value(question, GATE_DEPTH)
    }
}

/// Where a condition finds the values it looks at.
trait Read<'a> {
    fn value(&self, question: QuestionIx, depth: u8) -> Option<&'a Value>;

    /// The report that is read, to look back from.
    fn report(&self) -> Report<'a>;

    /// Is told when earlier reports are looked at as well.
    fn looks_back(&self) {}

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
}

impl<'a> Read<'a> for Report<'a> {
    fn value(&self, question: QuestionIx, depth: u8) -> Option<&'a Value> {
        let definition = self.book.questions.get(usize::from(question.0))?;
        value(self, definition, depth)
    }

    fn report(&self) -> Report<'a> {
        *self
    }
}

/// Most questions of a rule book for which reading a chart takes no memory from the heap. The shipped pack
/// has ten.
const QUESTIONS_ON_STACK: usize = 32;

/// What is known of a question while a report is read.
#[derive(Clone, Copy)]
pub(crate) enum Note<'a> {
    /// No value was given, and what that means has not been looked for.
    Blank,
    Given(&'a Value),
    /// No value was given, and this is meant by it.
    Meant(Option<&'a Value>),
}

/// Where a [`Reader`] notes what it finds: by question.
pub(crate) type Notes<'a> = SmallVec<[Cell<Note<'a>>; QUESTIONS_ON_STACK]>;

/// Reads one report after another and each question of a report once, however many flags look at it.
pub(crate) struct Reader<'a, 'n> {
    report: Report<'a>,
    notes: &'n mut [Cell<Note<'a>>],
    looked_at_given: Cell<bool>,
    looked_back: Cell<bool>,
}

impl<'a, 'n> Reader<'a, 'n> {
    /// Begins with no report read.
    pub(crate) fn new(book: &'a RuleBook, answers: &'a [Answer], notes: &'n mut Notes<'a>) -> Self {
        notes.resize(book.questions.len(), Cell::new(Note::Blank));
        let report = Report { book, answers, at: 0 };
        Self { report, notes, looked_at_given: Cell::new(false), looked_back: Cell::new(false) }
    }

    /// Turns to the report at a position, which must be one of an answer.
    pub(crate) fn turn_to(&mut self, at: usize) {
        self.report.at = at;
        self.notes.fill(Cell::new(Note::Blank));
        self.looked_at_given.set(false);
        self.looked_back.set(false);
        let questions = &self.report.book.questions[..];
        let mut next = 0;
        for (id, value) in self.report.answers[at].values.iter() {
            // Values come in the order asked, and so, nearly always, in the order of the questions.
            let mut from_next = (next..questions.len()).chain(0..next);
            let Some(of) = from_next.find(|of| questions[*of].id == *id) else { continue };
            self.notes[of].set(Note::Given(value));
            next = of + 1;
        }
    }

    /// Whether any value given in this report has been looked at since it was turned to.
    pub(crate) fn looked_at_given(&self) -> bool {
        self.looked_at_given.get()
    }

    /// Whether what was said of this report since it was turned to depends on earlier ones.
    pub(crate) fn looked_back(&self) -> bool {
        self.looked_back.get()
    }

    /// As [`Report::evidence`].
    pub(crate) fn evidence(&self, when: &Condition, clear_when: Option<&Condition>) -> Option<Evidence> {
        evidence(self, when, clear_when)
    }
}

impl<'a> Read<'a> for Reader<'a, '_> {
    fn value(&self, question: QuestionIx, depth: u8) -> Option<&'a Value> {
        let at = usize::from(question.0);
        let note = self.notes.get(at)?;
        match note.get() {
            Note::Given(value) => {
                self.looked_at_given.set(true);
                return Some(value);
            }
            Note::Meant(value) => return value,
            Note::Blank => {}
        }
        let definition = self.report.book.questions.get(at)?;
        let found = meant(self, definition, depth);
        // Further down a chain of gates, a gated question may be unknown for want of depth alone.
        if depth == GATE_DEPTH || definition.only_if.is_none() {
            note.set(Note::Meant(found));
        }
        found
    }

    fn report(&self) -> Report<'a> {
        self.report
    }

    fn looks_back(&self) {
        self.looked_back.set(true);
    }
}

fn value<'a>(read: &impl Read<'a>, definition: &'a Question, depth: u8) -> Option<&'a Value> {
    let report = read.report();
    let given = report.answers[report.at].values.get(definition.id.as_str());
    given.or_else(|| meant(read, definition, depth))
}

/// The value meant by leaving out a question.
fn meant<'a>(read: &impl Read<'a>, definition: &'a Question, depth: u8) -> Option<&'a Value> {
    let (gate, meant) = (definition.only_if.as_ref()?, definition.skipped_means.as_ref()?);
    (depth > 0 && holds(read, gate, depth - 1) == Truth::False).then_some(meant)
}

fn evidence<'a>(read: &impl Read<'a>, when: &Condition, clear_when: Option<&Condition>) -> Option<Evidence> {
    let present = holds(read, when, GATE_DEPTH);
    if present == Truth::True {
        return Some(Evidence::Present);
    }
    let clear = clear_when.map_or_else(|| present.not(), |condition| holds(read, condition, GATE_DEPTH));
    match (present, clear) {
        (_, Truth::True) => Some(Evidence::Clear),
        (Truth::False, Truth::False) => Some(Evidence::Between),
        _ => None,
    }
}

fn holds<'a>(read: &impl Read<'a>, condition: &Condition, depth: u8) -> Truth {
    let known = |value: Option<Truth>| value.unwrap_or(Truth::Unknown);
    match condition {
        Condition::AtLeast(question, least) => {
            known(read.number(*question, depth).map(|number| (number >= *least).into()))
        }
        Condition::AtMost(question, most) => {
            known(read.number(*question, depth).map(|number| (number <= *most).into()))
        }
        Condition::OneOf(question, choices) => known(match read.value(*question, depth) {
            Some(Value::Word(word)) => Some(choices.contains(word).into()),
            _ => None,
        }),
        Condition::Yes(question) => known(read.yes(*question, depth).map(Truth::from)),
        Condition::No(question) => known(read.yes(*question, depth).map(|yes| Truth::from(!yes))),
        Condition::AllOf(parts) => {
            parts.iter().map(|part| holds(read, part, depth)).min().unwrap_or(Truth::True)
        }
        Condition::AnyOf(parts) => {
            parts.iter().map(|part| holds(read, part, depth)).max().unwrap_or(Truth::False)
        }
        Condition::Not(part) => holds(read, part, depth).not(),
        Condition::RoseBy { question, points, within_days } => {
            rose_by(read, *question, *points, *within_days, depth)
        }
    }
}

fn rose_by<'a>(
    read: &impl Read<'a>,
    question: QuestionIx,
    points: i32,
    within_days: u32,
    depth: u8,
) -> Truth {
    let Some(number) = read.number(question, depth) else { return Truth::Unknown };
    read.looks_back();
    let report = read.report();
    let today = report.answers[report.at].about_day;
    let oldest = today - chrono::Days::new(u64::from(within_days));
    let earlier = |at: &usize| report.answers[*at].about_day >= oldest;
    let lowest = (0..report.at)
        .rev()
        .take_while(earlier)
        .filter(|at| report.answers[*at].about_day < today)
        .filter_map(|at| Report { at, ..report }.number(question, depth))
        .min();
    lowest.map_or(Truth::Unknown, |lowest| (number - lowest >= points).into())
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
