//! Conditions in words.

use super::joined;
use crate::{
    book::{Condition, QuestionIx, RuleBook},
    chart::Value,
};

/// A question as sentences speak of it: its id with spaces, `worst pain`.
#[must_use]
pub fn question_name(book: &RuleBook, question: QuestionIx) -> String {
    let id = book.questions.get(usize::from(question.0)).map_or("?", |question| question.id.as_str());
    id.replace(['_', '-'], " ")
}

/// A condition as the middle of a sentence: `worst pain is 3 or more`.
#[must_use]
pub fn condition(book: &RuleBook, of: &Condition) -> String {
    let name = |question: &QuestionIx| question_name(book, *question);
    match of {
        Condition::AtLeast(question, least) => format!("{} is {least} or more", name(question)),
        Condition::AtMost(question, most) => format!("{} is {most} or less", name(question)),
        Condition::OneOf(question, choices) => {
            let choices: Vec<_> = choices.iter().map(|choice| format!("\u{201c}{choice}\u{201d}")).collect();
            format!("{} is {}", name(question), joined(&choices, "or"))
        }
        Condition::Yes(question) => format!("{} is yes", name(question)),
        Condition::No(question) => format!("{} is no", name(question)),
        Condition::AllOf(parts) => all(book, parts, "and"),
        Condition::AnyOf(parts) => all(book, parts, "or"),
        Condition::Not(part) => format!("it is not so that {}", nested(book, part)),
        Condition::RoseBy { question, points, within_days } => format!(
            "{} is {points} or more above its lowest of the {within_days} days before",
            name(question)
        ),
    }
}

/// When a problem counts as gone.
#[must_use]
pub fn clear_condition(book: &RuleBook, when: &Condition, clear_when: Option<&Condition>) -> String {
    match (clear_when, when) {
        (Some(clear), _) => condition(book, clear),
        (None, Condition::AtLeast(question, least)) => {
            format!("{} is {} or less", question_name(book, *question), least - 1)
        }
        (None, other) => format!("it is known not to be so that {}", nested(book, other)),
    }
}

fn all(book: &RuleBook, parts: &[Condition], word: &str) -> String {
    joined(&parts.iter().map(|part| nested(book, part)).collect::<Vec<_>>(), word)
}

/// Brackets where "and" and "or" would run together.
fn nested(book: &RuleBook, of: &Condition) -> String {
    let text = condition(book, of);
    match of {
        Condition::AllOf(parts) | Condition::AnyOf(parts) if parts.len() > 1 => format!("({text})"),
        _ => text,
    }
}

/// A value in words.
pub(super) fn value(of: &Value) -> String {
    match of {
        Value::YesNo(true) => "yes".to_owned(),
        Value::YesNo(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Word(word) => format!("\u{201c}{word}\u{201d}"),
    }
}
