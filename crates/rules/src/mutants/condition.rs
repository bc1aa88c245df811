//! Changes to a condition: each number one less and one more, each word dropped or added, each operator turned.

use std::sync::Arc;

use crate::{
    book::{AnswerKind, Condition, QuestionIx, RuleBook},
    describe,
};

/// A condition with one change: what was changed, and the whole of it.
pub(super) struct Changed {
    pub change: String,
    pub condition: Condition,
}

/// Every condition that differs from this one in one place.
pub(super) fn changed(book: &RuleBook, condition: &Condition) -> Vec<Changed> {
    let mut all = Vec::new();
    vary(book, condition, &mut |condition, change| all.push(Changed { change, condition }));
    all
}

/// Calls `found` with each variation of a condition and what was changed.
fn vary(book: &RuleBook, of: &Condition, found: &mut dyn FnMut(Condition, String)) {
    let said = |before: &Condition, after: &Condition| {
        format!("{} becomes {}", describe::condition(book, before), describe::condition(book, after))
    };
    let mut become_ = |new: Condition| {
        let change = said(of, &new);
        found(new, change);
    };
    match of {
        Condition::AtLeast(question, number) => {
            for new in on_scale(book, *question, *number) {
                become_(Condition::AtLeast(*question, new));
            }
            become_(Condition::AtMost(*question, *number));
        }
        Condition::AtMost(question, number) => {
            for new in on_scale(book, *question, *number) {
                become_(Condition::AtMost(*question, new));
            }
            become_(Condition::AtLeast(*question, *number));
        }
        Condition::OneOf(question, words) => {
            for new in other_words(book, *question, words) {
                become_(Condition::OneOf(*question, new));
            }
            become_(Condition::Not(Box::new(of.clone())));
        }
        Condition::Yes(question) => become_(Condition::No(*question)),
        Condition::No(question) => become_(Condition::Yes(*question)),
        Condition::Not(part) => become_((**part).clone()),
        Condition::RoseBy { question, points, within_days } => {
            let (question, points, within_days) = (*question, *points, *within_days);
            for points in [points - 1, points + 1].into_iter().filter(|points| *points >= 1) {
                become_(Condition::RoseBy { question, points, within_days });
            }
            for within_days in [within_days.saturating_sub(1), within_days + 1] {
                if within_days >= 1 {
                    become_(Condition::RoseBy { question, points, within_days });
                }
            }
        }
        Condition::AllOf(parts) => become_(Condition::AnyOf(parts.clone())),
        Condition::AnyOf(parts) => become_(Condition::AllOf(parts.clone())),
    }
    // Inside a composed condition each part in turn is dropped, and varied.
    match of {
        Condition::AllOf(parts) => parts_of(book, parts, Condition::AllOf, found),
        Condition::AnyOf(parts) => parts_of(book, parts, Condition::AnyOf, found),
        Condition::Not(part) => {
            vary(book, part, &mut |new, change| found(Condition::Not(Box::new(new)), change));
        }
        _ => {}
    }
}

fn parts_of(
    book: &RuleBook,
    parts: &[Condition],
    whole: impl Fn(Vec<Condition>) -> Condition,
    found: &mut dyn FnMut(Condition, String),
) {
    for (at, part) in parts.iter().enumerate() {
        if parts.len() > 1 {
            let mut fewer = parts.to_vec();
            fewer.remove(at);
            found(whole(fewer), format!("\u{201c}{}\u{201d} is dropped", describe::condition(book, part)));
        }
        vary(book, part, &mut |new, change| {
            let mut others = parts.to_vec();
            others[at] = new;
            found(whole(others), change);
        });
    }
}

/// The neighbours of a number that are on the question's scale: the checks refuse others.
fn on_scale(book: &RuleBook, question: QuestionIx, number: i32) -> Vec<i32> {
    let scale = match book.questions.get(usize::from(question.0)).map(|question| &question.answer) {
        Some(AnswerKind::Scale { from, to, .. }) => *from..=*to,
        _ => i32::MIN..=i32::MAX,
    };
    [number.saturating_sub(1), number.saturating_add(1)]
        .into_iter()
        .filter(|new| scale.contains(new))
        .collect()
}

/// The list without each of its words, and with each of the question's other words.
fn other_words(book: &RuleBook, question: QuestionIx, words: &[Arc<str>]) -> Vec<Vec<Arc<str>>> {
    let mut lists = Vec::new();
    if words.len() > 1 {
        for at in 0..words.len() {
            let mut fewer = words.to_vec();
            fewer.remove(at);
            lists.push(fewer);
        }
    }
    if let Some(AnswerKind::Choice(choices)) =
        book.questions.get(usize::from(question.0)).map(|question| &question.answer)
    {
        let missing = choices.iter().filter(|(id, _)| !words.contains(id));
        lists.extend(missing.map(|(id, _)| words.iter().chain([id]).cloned().collect()));
    }
    lists
}
