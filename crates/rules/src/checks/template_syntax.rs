//! A message whose placeholders cannot be read, or that uses more of the template language than messages may.
//!
//! It would fail when it is due to be sent, which is too late.
//!
//! ```text
//! Hello {{ first_name },
//! {% if refuel_by %} Eat before {{ refuel_by }}.          (no {% endif %})
//! {% for day in days %} ...
//! ```
//!
//! Messages may use `{{ placeholder }}`, `{{ placeholder|upper }}` and the like, and
//! `{% if placeholder %} ... {% elif ... %} ... {% else %} ... {% endif %}`. Nothing else: a text that patients
//! get should be readable in its file.

use std::ops::Range;

use super::{
    FoundBy, Input,
    placeholders::{self, Tag, at, tags, words},
};
use crate::{
    load::findings::Findings,
    notation::{Text, wording::quote},
};

check!("template-syntax", Error, "template_syntax.rs", FoundBy::Looking(look));

/// First words of `{% %}`.
const BLOCKS: &[&str] = &["if", "elif", "else", "endif"];
/// What may follow `|`.
const FILTERS: &[&str] = &["upper", "lower", "title", "capitalize", "trim", "default"];

fn look(input: &Input<'_>, findings: &mut Findings) {
    for message in &input.written.messages {
        for text in placeholders::texts(message) {
            if let Some((place, what)) = unreadable(text).or_else(|| not_for_messages(text)) {
                findings
                    .report("template-syntax", at(message, text, place), what)
                    .label("cannot be used here")
                    .help("messages may use {{ placeholder }} and {% if placeholder %} ... {% else %} ... {% endif %}");
            }
        }
    }
}

fn unreadable(text: &Text) -> Option<(Range<usize>, String)> {
    let error = placeholders::TEMPLATES.template_from_str(text).err()?;
    let whole_line = || {
        let line = error.line().unwrap_or(1).saturating_sub(1);
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let len = text[start.min(text.len())..].lines().next().map_or(0, str::len);
        start..start + len
    };
    let place = error.range().filter(|range| range.end <= text.len()).unwrap_or_else(whole_line);
    let detail = error.detail().unwrap_or("it ends too early");
    Some((place, format!("this placeholder or condition cannot be read: {detail}")))
}

fn not_for_messages(text: &Text) -> Option<(Range<usize>, String)> {
    tags(text).iter().find_map(|tag| {
        let words = words(text, tag);
        let first = words.first()?;
        if tag.is_block && !BLOCKS.contains(&first.0) {
            return Some((first.1.clone(), format!("{} cannot be used in a message", quote(first.0))));
        }
        call_or_filter(text, tag, &words)
    })
}

fn call_or_filter(text: &str, tag: &Tag, words: &[(&str, Range<usize>)]) -> Option<(Range<usize>, String)> {
    words.iter().find_map(|(word, place)| {
        let before = text[tag.inside.start..place.start].trim_end();
        let after = text[place.end..tag.inside.end].trim_start();
        if before.ends_with('|') {
            let known = FILTERS.contains(word);
            return (!known).then(|| (place.clone(), format!("the filter {} cannot be used in a message", quote(word))));
        }
        let operator = ["if", "elif", "and", "or", "not", "is", "in"].contains(word);
        (after.starts_with('(') && !operator)
            .then(|| (place.clone(), format!("{} is not a function", quote(word))))
    })
}
