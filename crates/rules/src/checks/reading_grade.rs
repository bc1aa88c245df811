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
use crate::load::{findings::Findings, written::At};

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
    let Some(grade) = grade(&plain(text)).filter(|grade| *grade > MAX_GRADE) else { return };
    findings
        .report("reading-grade", at, format!("this text needs {grade:.1} years of school to read"))
        .label(format!("more than {MAX_GRADE:.0}"))
        .help("write shorter sentences and everyday words");
}

/// The text without placeholders, link addresses and Markdown signs; each paragraph, heading and list item
/// ends a sentence.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    for tag in placeholders::tags(text) {
        plain.push_str(text.get(at..tag.inside.start - 2).unwrap_or_default());
        if !tag.is_block {
            // Whatever is filled in counts as one short word.
            plain.push_str("it");
        }
        at = tag.inside.end + 2;
    }
    plain.push_str(text.get(at..).unwrap_or_default());
    let mut sentences = String::with_capacity(plain.len());
    let mut in_address = false;
    let mut before = ' ';
    for c in plain.chars() {
        in_address = if before == ']' && c == '(' { true } else { in_address && before != ')' };
        if !in_address {
            sentences.push(if "*_#>`[]".contains(c) { ' ' } else { c });
        }
        before = c;
    }
    let ends_item = |line: &str| line.is_empty() || line.starts_with("- ") || line.starts_with(|c: char| c.is_ascii_digit());
    let mut result = String::with_capacity(sentences.len());
    for line in sentences.lines().map(str::trim) {
        if ends_item(line) {
            result.push_str(" . ");
        }
        result.push_str(line);
        result.push(' ');
    }
    result
}

fn grade(text: &str) -> Option<f64> {
    let mut sentences = 0_u32;
    let (mut words, mut syllables, mut in_sentence) = (0_u32, 0_u32, false);
    for word in text.split_whitespace() {
        let count = syllables_of(word);
        if count > 0 {
            words += 1;
            syllables += count;
            in_sentence = true;
        }
        let bare = word.trim_end_matches(['"', '\'', ')', '”', '’']);
        if in_sentence && bare.ends_with(['.', '!', '?', ':', ';']) {
            sentences += 1;
            in_sentence = false;
        }
    }
    sentences += u32::from(in_sentence);
    if (words as usize) < MIN_WORDS || sentences == 0 {
        return None;
    }
    let (sentences, words, syllables) = (f64::from(sentences), f64::from(words), f64::from(syllables));
    Some(0.39 * words / sentences + 11.8 * syllables / words - 15.59)
}

/// Groups of vowels, a silent final e left out; 0 for what is no word.
fn syllables_of(word: &str) -> u32 {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    if letters.is_empty() {
        return u32::from(word.chars().any(char::is_numeric));
    }
    let vowel = |c: &char| "aeiouyäöüáéíóú".contains(*c);
    let starts = letters.iter().enumerate().filter(|(at, c)| vowel(c) && (*at == 0 || !vowel(&letters[at - 1])));
    let groups = u32::try_from(starts.count()).unwrap_or(u32::MAX);
    let silent_e = matches!(letters.as_slice(), [.., before, 'e'] if !vowel(before) && *before != 'l');
    let silent_ed = matches!(letters.as_slice(), [.., before, 'e', 'd'] if !vowel(before) && !"td".contains(*before));
    groups.saturating_sub(u32::from(silent_e || silent_ed)).max(1)
}
