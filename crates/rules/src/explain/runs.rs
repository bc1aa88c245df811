//! The condition over runs, part by part, on the newest runs.

use chrono::NaiveDate;

use super::Leaf;
use crate::{
    assess::scored_runs,
    book::{RuleBook, WorsensEachRun},
    chart::Chart,
    describe,
    evidence::Truth,
};

/// Each part of `WorsensEachRun`, on the newest runs that were scored.
pub(super) fn leaves(book: &RuleBook, chart: &Chart, rule: &WorsensEachRun, today: NaiveDate) -> Vec<Leaf> {
    let wanted = rule.runs.max(3) as usize;
    let scored = scored_runs(book, chart, rule, today);
    let name = describe::question_name(book, rule.question);
    let window = &scored[scored.len().saturating_sub(wanted)..];
    let way = book.clinic.way();
    let shown = || window.iter().map(|(_, score)| score.to_string()).collect::<Vec<_>>().join(", ");
    let (Some((first_day, first)), Some((last_day, last)), true) =
        (window.first(), window.last(), window.len() == wanted)
    else {
        let text = format!("{wanted} runs with {name} scored");
        let few = (!window.is_empty()).then(|| format!("{} so far, scored {}", window.len(), shown()));
        return vec![Leaf { text, answer: few, holds: Truth::Unknown }];
    };
    let falls = window.windows(2).any(|pair| pair[1].1 < pair[0].1);
    let ties = window.windows(2).filter(|pair| pair[1].1 == pair[0].1).count();
    let span = (*last_day - *first_day).num_days();
    let leaf = |text: String, answer: String, holds: bool| Leaf {
        text,
        answer: Some(answer),
        holds: if holds { Truth::True } else { Truth::False },
    };
    vec![
        leaf(format!("{name} falls between no two of the last {wanted} scored runs"), shown(), !falls),
        leaf(
            format!("at most {} equal neighbours", rule.ties_allowed),
            ties.to_string(),
            ties <= rule.ties_allowed as usize,
        ),
        leaf(
            format!("it rises by {} or more from the first to the last", rule.rise_by),
            (last - first).to_string(),
            last - first >= rule.rise_by,
        ),
        leaf(
            format!("the last is {} or more", rule.ends_at_least),
            last.to_string(),
            *last >= rule.ends_at_least,
        ),
        leaf(
            format!("all lie within {} days", rule.within_days),
            format!("{span} days, {} to {}", way.short_date(*first_day), way.short_date(*last_day)),
            span <= i64::from(rule.within_days),
        ),
    ]
}

/// The first part that keeps the newest runs from counting.
pub(super) fn nearest_miss(
    book: &RuleBook,
    chart: &Chart,
    rule: &WorsensEachRun,
    today: NaiveDate,
) -> Option<String> {
    let missed = leaves(book, chart, rule, today).into_iter().find(|leaf| leaf.holds != Truth::True)?;
    let found = missed.answer.map_or_else(|| "none so far".to_owned(), |answer| format!("found: {answer}"));
    Some(format!("asked for: {}; {found}", missed.text))
}
