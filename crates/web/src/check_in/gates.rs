//! Questions asked only if an earlier answer calls for them: shown and hidden by style rules alone, and judged
//! again when the form comes back.
//!
//! A browser without `:has()` shows every question; an answer to a question whose gate is known to be false
//! is dropped here.

use std::fmt::Write;

use afterrun_rules::{
    book::{AnswerKind, Condition, Question, QuestionIx},
    chart::Value,
};

use super::sheet::Sheet;

/// Gates that lean on one another are followed this deep; deeper ones show their question.
const DEPTH_LIMIT: u8 = 8;

/// Always matches: for what a page cannot know.
const SHOW: &str = ":is(*)";

/// Drops values whose gate is known to be false until nothing changes; returns what each gate came to, as far as there
/// is one. Both are by position on the form.
pub(crate) fn settle(sheet: &Sheet<'_>, values: &mut [Option<Value>]) -> Vec<Option<bool>> {
    let mut gates: Vec<Option<bool>> = vec![None; sheet.asked.len()];
    if sheet.asked.iter().all(|asked| asked.gate.is_none()) {
        return gates;
    }
    // Each round settles at least one more question of a chain of gates, so this many suffice.
    for _ in 0..=sheet.asked.len() {
        let mut next = vec![None; sheet.asked.len()];
        for (asked, next) in sheet.asked.iter().zip(&mut next) {
            if let Some(gate) = asked.gate {
                *next = holds(gate, &Meant { sheet, values, gates: &gates });
            }
        }
        for ((asked, next), value) in sheet.asked.iter().zip(&next).zip(&mut *values) {
            if asked.gate.is_some() && *next == Some(false) {
                *value = None;
            }
        }
        if next == gates {
            break;
        }
        gates = next;
    }
    gates
}

/// What the answers so far mean.
struct Meant<'a> {
    sheet: &'a Sheet<'a>,
    values: &'a [Option<Value>],
    gates: &'a [Option<bool>],
}

impl Meant<'_> {
    /// The value of a question; none: not known. One that is skipped may mean a value of its own.
    fn value(&self, ix: QuestionIx) -> Option<&Value> {
        let position = self.sheet.position(ix)?;
        let asked = &self.sheet.asked[position];
        let is_skipped = asked.gate.is_some() && self.gates[position] == Some(false);
        let meant = asked.question.skipped_means.as_ref().filter(|_| is_skipped);
        meant.or(self.values[position].as_ref())
    }
}

/// Kleene's logic over one report; none: not known.
fn holds(condition: &Condition, meant: &Meant<'_>) -> Option<bool> {
    match condition {
        Condition::AllOf(parts) => all(parts.iter().map(|part| holds(part, meant))),
        Condition::AnyOf(parts) => {
            all(parts.iter().map(|part| holds(part, meant).map(|it| !it))).map(|it| !it)
        }
        Condition::Not(part) => holds(part, meant).map(|it| !it),
        // Looks back over days, which a form does not hold.
        Condition::RoseBy { .. } => None,
        leaf => matches_leaf(leaf, meant.value(question_of(leaf)?)?),
    }
}

fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            None => unknown = true,
            Some(true) => {}
        }
    }
    (!unknown).then_some(true)
}

fn question_of(leaf: &Condition) -> Option<QuestionIx> {
    match leaf {
        Condition::AtLeast(ix, _)
        | Condition::AtMost(ix, _)
        | Condition::OneOf(ix, _)
        | Condition::Yes(ix)
        | Condition::No(ix) => Some(*ix),
        _ => None,
    }
}

fn matches_leaf(leaf: &Condition, value: &Value) -> Option<bool> {
    match (leaf, value) {
        (Condition::AtLeast(_, least), Value::Number(number)) => Some(number >= least),
        (Condition::AtMost(_, most), Value::Number(number)) => Some(number <= most),
        (Condition::OneOf(_, words), Value::Word(word)) => Some(words.iter().any(|known| **known == **word)),
        (Condition::Yes(_), Value::YesNo(yes)) => Some(*yes),
        (Condition::No(_), Value::YesNo(yes)) => Some(!yes),
        _ => None,
    }
}

/// Element id of an option of the question at a position of the form.
pub(crate) fn option_id(position: usize, option: usize) -> String {
    format!("q{position}-{option}")
}

/// The values a question can take, in the order of its options on the page.
pub(crate) fn options(question: &Question) -> Vec<Value> {
    match &question.answer {
        AnswerKind::Scale { from, to, .. } => (*from..=*to).map(Value::Number).collect(),
        AnswerKind::Choice(choices) => {
            choices.iter().map(|(value, _)| Value::Word((&**value).into())).collect()
        }
        AnswerKind::YesNo => vec![Value::YesNo(true), Value::YesNo(false)],
        AnswerKind::Text { .. } => Vec::new(),
    }
}

/// Style rules for the questions at these positions, shown only while their gate holds.
/// Built from positions alone: nothing of a rule file gets into a style sheet.
pub(crate) fn style(sheet: &Sheet<'_>, gated: &[usize]) -> Option<String> {
    let mut rules = String::new();
    for &position in gated {
        let Some(gate) = sheet.asked.get(position).and_then(|asked| asked.gate) else { continue };
        let shown = selector(sheet, gate, true, 0);
        // Writing to a string cannot fail.
        let _ = write!(rules, "#q{position}{{display:none}}form.ask{shown} #q{position}{{display:block}}");
    }
    (!rules.is_empty()).then(|| format!("@supports selector(:has(*)){{{rules}}}"))
}

/// What is to follow `form.ask` so that it matches while a condition is known to be `wanted`.
fn selector(sheet: &Sheet<'_>, condition: &Condition, wanted: bool, depth: u8) -> String {
    if depth > DEPTH_LIMIT {
        return SHOW.to_owned();
    }
    let parts = |parts: &[Condition]| {
        parts.iter().map(|part| selector(sheet, part, wanted, depth + 1)).collect::<Vec<_>>()
    };
    match (condition, wanted) {
        (Condition::AllOf(all), true) | (Condition::AnyOf(all), false) => parts(all).concat(),
        (Condition::AnyOf(any), true) | (Condition::AllOf(any), false) => {
            format!(":is({})", parts(any).join(","))
        }
        (Condition::Not(part), wanted) => selector(sheet, part, !wanted, depth + 1),
        (Condition::RoseBy { .. }, _) => SHOW.to_owned(),
        (leaf, wanted) => leaf_selector(sheet, leaf, wanted, depth),
    }
}

fn leaf_selector(sheet: &Sheet<'_>, leaf: &Condition, wanted: bool, depth: u8) -> String {
    let Some(position) = question_of(leaf).and_then(|ix| sheet.position(ix)) else { return SHOW.to_owned() };
    let asked = &sheet.asked[position];
    let ids: Vec<String> = options(asked.question)
        .iter()
        .enumerate()
        .filter(|(_, value)| matches_leaf(leaf, value) == Some(wanted))
        .map(|(option, _)| format!("#{}", option_id(position, option)))
        .collect();
    // An answer left in a question that is itself hidden does not count.
    let visible = asked.gate.map(|gate| selector(sheet, gate, true, depth + 1)).unwrap_or_default();
    if ids.is_empty() {
        return ":not(*)".to_owned();
    }
    format!(":has(:is({}):checked){visible}", ids.join(","))
}
