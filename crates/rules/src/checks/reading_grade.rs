//! A text for patients that is hard to read.
//!
//! People who are in pain, tired or not at home in English should understand at the first reading. The grade is that of
//! Flesch and Kincaid (1975), from the length of sentences and of words: 0.39 x words per sentence + 11.8 x syllables
//! per word - 15.59. Grade 8 is an ordinary newspaper. Texts of fewer than 20 words are not counted, because one long
//! word would decide.
//!
//! ```text
//! In the event that discomfort of a persistent nature is experienced subsequent to participation in running
//! activities, consultation of an appropriately qualified professional is recommended.
//! ```
//!
//! Write short sentences and everyday words: "If it still hurts days after a run, please come and see us."

use super::{FoundBy, Input, placeholders};
use crate::{
    load::{findings::Findings, written::At},
    message::reading_grade::grade,
};

check!("reading-grade", Warning, "reading_grade.rs", FoundBy::LookingAtWhole(look));

/// Highest grade accepted.
const MAX_GRADE: f64 = 8.0;
/// Fewest words that can be judged.
const MIN_WORDS: usize = 20;

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    for message in &written.messages {
        let body = &message.body;
        let first_line = body.lines().next().map_or(0, |line| line.trim_end().len());
        look_at(placeholders::at(message, body, 0..first_line), body, findings);
    }
    for question in &written.questions {
        let text = question.ask.value.as_ref().map_or("", |words| &words.0);
        look_at(question.at(&question.ask.span), text, findings);
    }
    for sign in &written.signs {
        for words in [&sign.ask, &sign.do_now] {
            look_at(sign.at(&words.span), words.value.as_ref().map_or("", |words| &words.0), findings);
        }
    }
}

fn look_at(at: At, text: &str, findings: &mut Findings) {
    let grade = grade(text);
    if text.split_whitespace().count() < MIN_WORDS || grade <= MAX_GRADE {
        return;
    }
    findings
        .report("reading-grade", at, format!("this text needs {grade:.1} years of school to read"))
        .label(format!("more than {MAX_GRADE:.0}"))
        .help("write shorter sentences and everyday words");
}
