//! Which combinations of answers a condition can meet: goes through all of them that make a difference.
//!
//! No check of its own; `always_or_never` and `when_clear_overlap` ask here. A scale is cut at the numbers that the
//! conditions compare it with, so that few values stand for all. A rise (`RoseBy`) depends on other days, so it may
//! go either way.

use std::collections::BTreeMap;

use crate::{
    load::written::Written,
    notation::{condition::Condition, questions::Answer},
};

/// Conditions judged, over all combinations, before giving up. Six questions of five choices each, looked at
/// by ten conditions, stay below.
const MAX_JUDGED: usize = 200_000;

#[derive(Clone, Copy, PartialEq)]
enum Answered<'a> {
    Number(i32),
    Word(&'a str),
    Yes(bool),
}

/// What is fixed in one combination: answers by question, and each rise by where it is written.
struct Combination<'a> {
    answers: BTreeMap<&'a str, Answered<'a>>,
    rises: BTreeMap<usize, bool>,
}

/// Calls `visit` with whether each of the conditions holds, for every combination of answers. False if there
/// are too many combinations, or if some question cannot be looked up; then nothing may be concluded.
pub fn for_each(written: &Written, conditions: &[&Condition], mut visit: impl FnMut(&[bool])) -> bool {
    let Some((questions, rises)) = domains(written, conditions) else { return false };
    let sizes: Vec<usize> = questions.values().map(Vec::len).chain(rises.iter().map(|_| 2)).collect();
    let combinations = sizes.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
    let mut parts = 0_usize;
    conditions.iter().for_each(|condition| condition.walk(&mut |_| parts += 1));
    let within = |count: &usize| *count > 0 && count.saturating_mul(parts) <= MAX_JUDGED;
    let Some(combinations) = combinations.filter(within) else { return false };
    for mut number in 0..combinations {
        let mut digit = |size: usize| {
            let digit = number % size;
            number /= size;
            digit
        };
        let answers = questions
            .iter()
            .filter_map(|(id, values)| Some((*id, *values.get(digit(values.len()))?)))
            .collect();
        let rises = rises.iter().map(|rise| (*rise, digit(2) == 1)).collect();
        let combination = Combination { answers, rises };
        let holds: Vec<bool> = conditions.iter().map(|condition| combination.holds(condition)).collect();
        visit(&holds);
    }
    true
}

type Domains<'a> = (BTreeMap<&'a str, Vec<Answered<'a>>>, Vec<usize>);

fn domains<'a>(written: &'a Written, conditions: &[&'a Condition]) -> Option<Domains<'a>> {
    let mut cuts: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    let mut rises = Vec::new();
    let mut can = true;
    for condition in conditions {
        condition.walk(&mut |part| match part {
            Condition::AtLeast(question, number) => {
                cuts.entry(question).or_default().extend([number.value, number.value.saturating_sub(1)]);
            }
            Condition::AtMost(question, number) => {
                cuts.entry(question).or_default().extend([number.value, number.value.saturating_add(1)]);
            }
            Condition::OneOf(question, _) | Condition::Yes(question) | Condition::No(question) => {
                cuts.entry(question).or_default();
            }
            Condition::RoseBy { points, .. } => rises.push(points.span.start),
            Condition::WorsensEachRun { .. } => can = false,
            Condition::AllOf(_) | Condition::AnyOf(_) | Condition::Not(_) => {}
        });
    }
    let values = |(id, cuts): (&'a str, Vec<i32>)| {
        let values = match &written.question(id)?.answer.value {
            Answer::Scale { from, to, .. } => {
                let mut numbers = cuts;
                numbers.extend([from.value, to.value]);
                numbers.retain(|number| (from.value..=to.value).contains(number));
                numbers.sort_unstable();
                numbers.dedup();
                numbers.into_iter().map(Answered::Number).collect()
            }
            Answer::Choice(choices) => {
                let ids = choices.iter().map(|(value, _)| value.value.as_ref());
                ids.map(|id| id.map(|id| Answered::Word(&id.0))).collect::<Option<Vec<_>>>()?
            }
            Answer::YesNo => vec![Answered::Yes(false), Answered::Yes(true)],
            Answer::Text { .. } => return None,
        };
        Some((id, values))
    };
    let questions = cuts.into_iter().map(values).collect::<Option<_>>()?;
    can.then_some((questions, rises))
}

impl Combination<'_> {
    fn holds(&self, condition: &Condition) -> bool {
        let answer = |id: &str| self.answers.get(id).copied();
        match condition {
            Condition::AtLeast(id, least) => {
                matches!(answer(id), Some(Answered::Number(number)) if number >= least.value)
            }
            Condition::AtMost(id, most) => {
                matches!(answer(id), Some(Answered::Number(number)) if number <= most.value)
            }
            Condition::OneOf(id, choices) => {
                matches!(answer(id), Some(Answered::Word(word)) if choices.iter().any(|choice| choice.value == word))
            }
            Condition::Yes(id) => answer(id) == Some(Answered::Yes(true)),
            Condition::No(id) => answer(id) == Some(Answered::Yes(false)),
            Condition::AllOf(parts) => parts.iter().all(|part| self.holds(part)),
            Condition::AnyOf(parts) => parts.iter().any(|part| self.holds(part)),
            Condition::Not(part) => !self.holds(part),
            Condition::RoseBy { points, .. } => self.rises.get(&points.span.start).copied().unwrap_or(false),
            Condition::WorsensEachRun { .. } => false,
        }
    }
}
