//! Conditions in words.

use afterrun_rules::{
    RuleBook,
    book::{Condition, QuestionIx, WorsensEachRun},
};

/// A condition over one day's answers: `worst_pain` is 3 or more and ...
pub(super) fn in_words(book: &RuleBook, condition: &Condition) -> String {
    let question = |ix: &QuestionIx| name(book, *ix);
    match condition {
        Condition::AtLeast(ix, number) => format!("{} is {number} or more", question(ix)),
        Condition::AtMost(ix, number) => format!("{} is {number} or less", question(ix)),
        Condition::OneOf(ix, words) => {
            let words: Vec<String> = words.iter().map(|word| format!("\u{201c}{word}\u{201d}")).collect();
            format!("{} is {}", question(ix), words.join(" or "))
        }
        Condition::Yes(ix) => format!("{} is answered yes", question(ix)),
        Condition::No(ix) => format!("{} is answered no", question(ix)),
        Condition::AllOf(parts) => joined(book, parts, " and "),
        Condition::AnyOf(parts) => joined(book, parts, " or "),
        Condition::Not(part) => format!("it is not so that {}", grouped(book, part)),
        Condition::RoseBy { question: ix, points, within_days } => format!(
            "{} is at least {points} above its lowest answer of the {within_days} days before",
            question(ix)
        ),
    }
}

/// Pain that grows from run to run.
pub(super) fn worsens_in_words(book: &RuleBook, rule: &WorsensEachRun) -> String {
    let ties = match rule.ties_allowed {
        0 => "rose each time".to_owned(),
        1 => "never fell and stayed the same at most once".to_owned(),
        ties => format!("never fell and stayed the same at most {ties} times"),
    };
    format!(
        "over the last {} runs with an answer, no more than {} days apart, {} {ties}, by {} or more in all, and is \
         now {} or more",
        rule.runs,
        rule.within_days,
        name(book, rule.question),
        rule.rise_by,
        rule.ends_at_least,
    )
}

fn joined(book: &RuleBook, parts: &[Condition], word: &str) -> String {
    parts.iter().map(|part| grouped(book, part)).collect::<Vec<_>>().join(word)
}

/// In brackets where words alone would not say what belongs together.
fn grouped(book: &RuleBook, part: &Condition) -> String {
    match part {
        Condition::AllOf(parts) | Condition::AnyOf(parts) if parts.len() > 1 => {
            format!("({})", in_words(book, part))
        }
        _ => in_words(book, part),
    }
}

fn name(book: &RuleBook, ix: QuestionIx) -> String {
    let question = book.questions.get(usize::from(ix.0));
    question.map_or_else(|| "?".to_owned(), |question| format!("`{}`", question.id))
}
