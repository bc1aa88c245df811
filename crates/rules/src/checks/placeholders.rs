//! Where in a text placeholders stand, and whether the message can use them there.
//!
//! No check of its own; the checks of messages look here. The table itself is `message`'s.

use std::{ops::Range, sync::LazyLock};

use minijinja::Environment;

use crate::{
    load::written::{At, Item, Use, Written},
    message::{PLACEHOLDERS, Placeholder},
    notation::{Text, message::Message},
};

/// Placeholders that say something about health: never in a subject or preview line, which others may see.
pub const ABOUT_HEALTH: &[&str] =
    &["flag_title", "also", "onset_day", "days", "last_report_day", "rest_days_min", "rest_days_max"];

/// Whether a placeholder is filled in for a use.
#[must_use]
pub fn is_available(name: &str, what_for: Use) -> bool {
    Placeholder::named(name).is_some_and(|known| known.available_in(what_for))
}

/// Every placeholder there is for some message.
pub fn all() -> impl Iterator<Item = &'static str> {
    PLACEHOLDERS.iter().map(|known| known.name)
}

/// What a message is sent for, each use once.
#[must_use]
pub fn uses_of(written: &Written, uses: &[(Use, At, &Text)], message: &Message) -> Vec<Use> {
    let same =
        |id: &str| written.message(id).is_some_and(|found| std::ptr::eq(&raw const found.value, message));
    let mut found: Vec<Use> = uses
        .iter()
        .filter(|(.., id)| id.value == message.id && same(id))
        .map(|(what_for, ..)| *what_for)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The three texts of a message that take placeholders.
pub fn texts(message: &Item<Message>) -> impl Iterator<Item = &Text> {
    std::iter::once(&message.value.subject)
        .chain(&message.value.preview)
        .chain(std::iter::once(&message.value.body))
}

/// Parses templates. Made once: it comes with filters and functions that take longer to set up than a message
/// takes to parse.
pub static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(Environment::new);

/// The names that a text needs filled in; none if it is no valid template.
#[must_use]
pub fn names(text: &str) -> Option<Vec<String>> {
    let template = TEMPLATES.template_from_str(text).ok()?;
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.sort_unstable();
    Some(names)
}

/// A `{{ }}` or `{% %}` of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tag {
    /// `{% %}`, not `{{ }}`.
    pub is_block: bool,
    /// Byte range of what stands between the braces.
    pub inside: Range<usize>,
}

/// The tags of a template, comments left out.
#[must_use]
pub fn tags(text: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('{') {
        let open = at + open;
        let (closer, is_block) = match text.as_bytes().get(open + 1) {
            Some(b'{') => ("}}", false),
            Some(b'%') => ("%}", true),
            Some(b'#') => ("#}", false),
            _ => {
                at = open + 1;
                continue;
            }
        };
        let start = open + 2;
        let Some(len) = text[start..].find(closer) else { break };
        if closer != "#}" {
            tags.push(Tag { is_block, inside: start..start + len });
        }
        at = start + len + closer.len();
    }
    tags
}

/// The words of a tag with their places, texts in quotes left out.
#[must_use]
pub fn words<'a>(text: &'a str, tag: &Tag) -> Vec<(&'a str, Range<usize>)> {
    let mut words = Vec::new();
    let mut quote = None;
    let mut start = None;
    for (at, c) in text[tag.inside.clone()].char_indices().chain([(tag.inside.len(), ' ')]) {
        let at = tag.inside.start + at;
        let is_word = quote.is_none() && (c.is_alphanumeric() || c == '_');
        match (is_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((&text[from..at], from..at));
                start = None;
            }
            _ => {}
        }
        quote = match quote {
            None if c == '"' || c == '\'' => Some(c),
            Some(open) if open == c => None,
            same => same,
        };
    }
    words
}

/// Where a name first stands in a tag of a text.
#[must_use]
pub fn place_of(text: &str, name: &str) -> Option<Range<usize>> {
    let root = name.split('.').next().unwrap_or(name);
    let found =
        tags(text).iter().find_map(|tag| words(text, tag).into_iter().find(|(word, _)| *word == root));
    found.map(|(_, place)| {
        // `clinic.name` is marked whole, not `clinic` alone.
        let end = place.start + name.len();
        if text.get(place.start..end) == Some(name) { place.start..end } else { place }
    })
}

/// A place in one of a message's texts, as a place in its file.
#[must_use]
pub fn at(message: &Item<Message>, text: &Text, place: Range<usize>) -> At {
    message.at(&(text.span.start + place.start..text.span.start + place.end))
}
