//! Two weeks of one runner in the width of a word: a bar for each day with a number, a visible gap for each
//! day without, nothing for days before the runner was enrolled.

use std::fmt::Write as _;

use afterrun_rules::{
    Chart, RuleBook,
    book::{About, AnswerKind, Question},
    chart::{Source, Value},
};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};

use super::text;

/// Days shown, today last.
pub(crate) const DAYS: u64 = 14;

/// Units of the drawing a day takes.
const STEP: u64 = 8;
/// Height of the highest bar.
const HEIGHT: i32 = 24;

/// The scale a runner is followed by: the first one about the day.
pub(crate) fn scale(book: &RuleBook) -> Option<(&Question, i32, i32)> {
    book.questions.iter().find_map(|question| match (&question.about, &question.answer) {
        (About::Day, AnswerKind::Scale { from, to, .. }) => Some((question, *from, *to)),
        _ => None,
    })
}

/// The value of that scale on a day: the worst of the day's answers.
pub(crate) fn value_on(book: &RuleBook, chart: &Chart, day: NaiveDate) -> Option<i32> {
    let (question, ..) = scale(book)?;
    let about = chart.answers.iter().filter(|answer| answer.about_day == day);
    let of_day = about.filter(|answer| matches!(answer.source, Source::CheckIn(_)));
    let values = of_day.filter_map(|answer| match answer.values.get(question.id.as_str()) {
        Some(Value::Number(number)) => Some(*number),
        // The question is not put to somebody who is well: what skipping it means counts.
        None => match &question.skipped_means {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        },
        _ => None,
    });
    values.max()
}

/// The drawing up to `today`, and the same in words.
pub(crate) fn sparkline(book: &RuleBook, chart: &Chart, today: NaiveDate) -> Markup {
    let Some((question, from, to)) = scale(book) else { return html! {} };
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let days: Vec<_> = first.iter_days().take(DAYS as usize).collect();
    let enrolled = chart.local_date(chart.enrolled_at);
    let followed = days.iter().filter(|day| **day >= enrolled);
    let mut words = text::sparkline(&question.ask, followed.clone().count());
    for day in followed {
        match value_on(book, chart, *day) {
            Some(value) => drop(write!(words, " {value}")),
            None => words.push_str(" –"),
        }
    }
    html! {
        svg.spark role="img" aria-label=(words) viewBox={ "0 0 " (DAYS * STEP) " " (HEIGHT + 4) } {
            title { (words) }
            @for (at, day) in days.iter().enumerate().filter(|(_, day)| **day >= enrolled) {
                @let x = at as u64 * STEP;
                @match value_on(book, chart, *day) {
                    Some(value) => {
                        @let tall = 2 + (value - from) * HEIGHT / (to - from).max(1);
                        rect.(level(value, from, to)) x=(x + 1) y=(HEIGHT + 2 - tall) width=(STEP - 2) height=(tall) {}
                    },
                    // An empty frame: a bar for nothing lies on the ground, and must not look the same.
                    None => { rect.gap x=(x + 2) y="3" width=(STEP - 4) height=(HEIGHT - 2) rx="1" {} },
                }
            }
        }
    }
}

/// How bad a value is, for its colour; the height says the same.
pub(crate) fn level(value: i32, from: i32, to: i32) -> &'static str {
    match (value - from) * 10 / (to - from).max(1) {
        ..=2 => "low",
        3..=5 => "raised",
        _ => "high",
    }
}
