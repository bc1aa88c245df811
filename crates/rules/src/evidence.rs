//! What one report says about a flag: three-valued, because a blank is not a "no".
//!
//! Kleene's strong logic (S. C. Kleene, *Introduction to Metamathematics*, 1952, section 64): an unanswered
//! question is unknown, and unknown spreads only where it could change the result.

use std::{cell::Cell, sync::Arc};

use chrono::NaiveDate;
use smallvec::SmallVec;

use crate::{
    book::{AnswerKind, Condition, Question, QuestionIx, RuleBook},
    chart::{Answer, Value, Values},
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

/// Lists of questions whose places are remembered. A chart knows a few: all is well, something hurts, a run's.
const LISTS: usize = 8;

/// No value was given to a question.
const BLANK: u16 = u16::MAX;

/// What was found to be meant by leaving out a question, if it was looked for.
type Meant<'a> = Cell<Option<Option<&'a Value>>>;

/// Where a [`Reader`] keeps what it finds.
#[derive(Default)]
pub(crate) struct Notes<'a> {
    /// By question.
    meant: SmallVec<[Meant<'a>; QUESTIONS_ON_STACK]>,
    /// For each list remembered, by question: the position of the value given, or [`BLANK`].
    places: SmallVec<[u16; QUESTIONS_ON_STACK * LISTS]>,
}

/// Reads one report after another and each question of a report once, however many flags look at it.
pub(crate) struct Reader<'a, 'n> {
    report: Report<'a>,
    given: &'a [Value],
    meant: &'n mut [Meant<'a>],
    lists: [Option<&'a Values>; LISTS],
    next_list: usize,
    places: &'n mut [u16],
    /// Where the places of the list that this report answers begin.
    places_at: usize,
    looked_at_given: Cell<bool>,
    looked_back: Cell<bool>,
}

impl<'a, 'n> Reader<'a, 'n> {
    /// Begins with no report read.
    pub(crate) fn new(book: &'a RuleBook, answers: &'a [Answer], notes: &'n mut Notes<'a>) -> Self {
        notes.meant.resize(book.questions.len(), Cell::new(None));
        notes.places.resize(book.questions.len() * LISTS, BLANK);
        Self {
            report: Report { book, answers, at: 0 },
            given: &[],
            meant: &mut notes.meant,
            lists: [None; LISTS],
            next_list: 0,
            places: &mut notes.places,
            places_at: 0,
            looked_at_given: Cell::new(false),
            looked_back: Cell::new(false),
        }
    }

    /// Turns to the report at a position, which must be one of an answer.
    pub(crate) fn turn_to(&mut self, at: usize) {
        let values = &self.report.answers[at].values;
        self.report.at = at;
        self.given = values.given();
        self.places_at = self.list_of(values) * self.meant.len();
        self.meant.fill(Cell::new(None));
        self.looked_at_given.set(false);
        self.looked_back.set(false);
    }

    /// The place among `lists` of the questions that these values answer.
    fn list_of(&mut self, values: &'a Values) -> usize {
        let same = |list: &Option<&Values>| list.is_some_and(|list| list.answer_one_list_with(values));
        if let Some(known) = self.lists.iter().position(same) {
            return known;
        }
        let list = self.next_list;
        self.next_list = (list + 1) % LISTS;
        self.lists[list] = Some(values);
        let questions = &self.report.book.questions[..];
        let places = &mut self.places[list * questions.len()..][..questions.len()];
        places.fill(BLANK);
        let mut next = 0;
        for (place, id) in (0..BLANK).zip(values.questions()) {
            // Values come in the order asked, and so, nearly always, in the order of the questions.
            let mut from_next = (next..questions.len()).chain(0..next);
            let Some(of) = from_next.find(|of| questions[*of].id == *id) else { continue };
            places[of] = place;
            next = of + 1;
        }
        list
    }

    /// Whether any value given in this report has been looked at since it was turned to.
    pub(crate) fn looked_at_given(&self) -> bool {
        self.looked_at_given.get()
    }

    /// Whether what was said of this report since it was turned to depends on earlier ones.
    pub(crate) fn looked_back(&self) -> bool {
        self.looked_back.get()
    }

    /// As [`Report::evidence`]. Most flags look at one question alone, which is then read once.
    pub(crate) fn evidence(&self, when: &Condition, clear_when: Option<&Condition>) -> Option<Evidence> {
        let (present, clear) = match (when, clear_when) {
            (Condition::AtLeast(question, least), clear) => {
                let most = match clear {
                    None => least.saturating_sub(1),
                    Some(Condition::AtMost(of, most)) if of == question => *most,
                    Some(_) => return evidence(self, when, clear_when),
                };
                let number = self.number(*question, GATE_DEPTH)?;
                (number >= *least, number <= most)
            }
            (Condition::OneOf(question, choices), clear) => {
                let clear_choices = match clear {
                    None => None,
                    Some(Condition::OneOf(of, choices)) if of == question => Some(choices),
                    Some(_) => return evidence(self, when, clear_when),
                };
                let Some(Value::Word(word)) = self.value(*question, GATE_DEPTH) else { return None };
                let present = is_one_of(word, choices);
                (present, clear_choices.map_or(!present, |choices| is_one_of(word, choices)))
            }
            _ => return evidence(self, when, clear_when),
        };
        Some(match (present, clear) {
            (true, _) => Evidence::Present,
            (false, true) => Evidence::Clear,
            (false, false) => Evidence::Between,
        })
    }

    /// What is meant by leaving out a question; looked for once.
    fn meant(&self, at: usize, depth: u8) -> Option<&'a Value> {
        let meant_before = self.meant.get(at)?;
        if let Some(known) = meant_before.get() {
            return known;
        }
        let definition = self.report.book.questions.get(at)?;
        let found = meant(self, definition, depth);
        // Further down a chain of gates, a gated question may be unknown for want of depth alone.
        if depth == GATE_DEPTH || definition.only_if.is_none() {
            meant_before.set(Some(found));
        }
        found
    }
}

impl<'a> Read<'a> for Reader<'a, '_> {
    #[inline]
    fn value(&self, question: QuestionIx, depth: u8) -> Option<&'a Value> {
        let at = usize::from(question.0);
        let places = self.places.get(self.places_at..self.places_at + self.meant.len())?;
        match *places.get(at)? {
            BLANK => self.meant(at, depth),
            place => {
                self.looked_at_given.set(true);
                self.given.get(usize::from(place))
            }
        }
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
            Some(Value::Word(word)) => Some(is_one_of(word, choices).into()),
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

fn is_one_of(word: &str, choices: &[Arc<str>]) -> bool {
    choices.iter().any(|choice| **choice == *word)
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
            (!choices.iter().any(|(choice, _)| **choice == **word)).then(|| {
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
