//! Puts what ron says into words for somebody who is not a programmer, at the place where the mistake is.

use std::ops::Range;

use ron::error::{Error, Position, SpannedError};

use super::{
    list::MAX_ITEMS,
    scan::{is_curly, previous_token},
    spanned::Found,
};

/// Longest piece of the user's own text repeated in a message, in characters.
const MAX_QUOTED_CHARS: usize = 60;
/// Longest name for which similar names are looked for: comparing costs the product of the lengths.
const MAX_COMPARED_BYTES: usize = 64;
/// Between code, message and help in an error raised by our own types.
const SEPARATOR: char = '\u{2}';

/// The user's text in backticks, shortened, control characters made visible.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_QUOTED_CHARS).flat_map(show).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

fn show(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_unicode());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

/// "did you mean" with the known name most like the one found, if one is alike enough.
#[must_use]
pub fn suggest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if found.len() > MAX_COMPARED_BYTES {
        return None;
    }
    let lower = found.to_lowercase();
    known
        .into_iter()
        .filter(|name| name.len() <= MAX_COMPARED_BYTES)
        .map(|name| (name, 1 + name.len().max(found.len()) / 3))
        .filter(|(name, alike)| name.len().abs_diff(found.len()) <= *alike)
        .map(|(name, alike)| (strsim::osa_distance(&lower, &name.to_lowercase()), alike, name))
        .filter(|(distance, alike, _)| distance <= alike)
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., name)| format!("did you mean `{name}`?"))
}

/// Byte offset of a line and column (in characters), both from 1.
fn offset_of(text: &str, position: Position) -> usize {
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if index + 1 == position.line {
            let column = position.col.saturating_sub(1);
            return offset + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        }
        offset += line.len();
    }
    text.len()
}

/// A finding in words, for an error at a place in `text`, which itself starts at `offset` in the file.
#[must_use]
pub fn found(text: &str, offset: usize, error: &SpannedError) -> Found {
    let reported = offset_of(text, error.span.start);
    let start = reported + text[reported..].len() - text[reported..].trim_start().len();
    let end = offset_of(text, error.span.end).max(start + 1).min(text.len().max(start));
    let mut words = words_for(&error.code, text, start);
    let mut span = start..end;
    match &error.code {
        Error::ExpectedComma => {
            if let Some(before) = previous_token(text, reported) {
                span = before;
            }
        }
        Error::MissingStructField { .. } => span = first_line(text),
        Error::DuplicateStructField { field, .. } => {
            span = word_at_or_before(text, start, field).unwrap_or(span)
        }
        _ if words.span_token => span = token_at(text, start),
        _ => {}
    }
    let help = words.help.take();
    Found {
        code: words.code,
        span: offset + span.start..offset + span.end,
        message: words.message,
        label: words.label,
        help,
        also: Vec::new(),
    }
}

struct Wording {
    code: &'static str,
    message: String,
    label: String,
    help: Option<String>,
    /// Mark the whole token at the place, not one character.
    span_token: bool,
}

fn wording(code: &'static str, message: impl Into<String>, label: &str, help: Option<String>) -> Wording {
    Wording { code, message: message.into(), label: label.into(), help, span_token: false }
}

fn words_for(error: &Error, text: &str, at: usize) -> Wording {
    match error {
        Error::NoSuchStructField { expected, found, .. } => {
            let help =
                suggest(found, expected.iter().copied()).unwrap_or_else(|| choices("fields", expected));
            wording(
                "unknown-field",
                format!("there is no field {} here", quote(found)),
                "not a field of this",
                Some(help),
            )
        }
        Error::NoSuchEnumVariant { expected, found, .. } => {
            let help =
                suggest(found, expected.iter().copied()).unwrap_or_else(|| choices("choices", expected));
            wording(
                "unknown-variant",
                format!("{} is not one of the choices here", quote(found)),
                "not a choice",
                Some(help),
            )
        }
        Error::MissingStructField { field, .. } => {
            let help = format!("add `{field}: ...`");
            let message = match id_of(text) {
                Some(id) => format!("the field `{field}` is missing from {}", quote(id)),
                None => format!("the field `{field}` is missing"),
            };
            wording("missing-field", message, &format!("`{field}` is missing from this"), Some(help))
        }
        Error::DuplicateStructField { field, .. } => wording(
            "duplicate-field",
            format!("the field `{field}` is given twice"),
            "given again here",
            Some("keep one of the two".into()),
        ),
        Error::Message(message) => from_our_types(message),
        Error::ExceededRecursionLimit => wording(
            "too-large",
            "this is nested too deeply",
            "too deep",
            Some("use fewer brackets inside brackets".into()),
        ),
        other => syntax(other, text, at),
    }
}

/// Reads an error raised by one of our own types: `code SEPARATOR message SEPARATOR help`, or a message alone.
fn from_our_types(message: &str) -> Wording {
    let mut parts = message.splitn(3, SEPARATOR);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("too-large"), Some(message), help) => {
            wording("too-large", message, "too much", help.map(Into::into))
        }
        _ => {
            let mut words = wording("invalid-value", message, "cannot be used here", None);
            words.span_token = true;
            words
        }
    }
}

fn syntax(error: &Error, text: &str, at: usize) -> Wording {
    let next = text[at..].chars().next();
    let mut words = match error {
        Error::ExpectedComma => wording(
            "syntax",
            "a comma is missing here",
            "a comma should follow this",
            Some("put a comma after each field and each item".into()),
        ),
        Error::ExpectedInteger | Error::ExpectedFloat if next == Some('"') => {
            let token = &text[token_at(text, at)];
            let bare = token.trim_matches('"');
            let help = if bare.parse::<f64>().is_ok() {
                format!("write {bare}, not \"{bare}\"")
            } else {
                "write a number without quotes".into()
            };
            wording("invalid-value", "a number is wanted here, not a text", "a text", Some(help))
        }
        Error::ExpectedInteger | Error::ExpectedFloat => {
            wording("invalid-value", "a number is wanted here", "not a number", None)
        }
        Error::InvalidIntegerDigit { .. } => {
            wording("invalid-value", "a number is wanted here", "not a number", None)
        }
        Error::IntegerOutOfBounds => {
            let help = "write a whole number, not below zero where days, reports or hours are counted";
            wording("invalid-value", "this number does not fit here", "does not fit", Some(help.into()))
        }
        Error::ExpectedString => {
            let help = "put texts and names between straight quotes, such as \"pain-lasting\"";
            wording(
                "invalid-value",
                "a text in straight quotes is wanted here",
                "not a text",
                Some(help.into()),
            )
        }
        Error::ExpectedBoolean => {
            wording("invalid-value", "`true` or `false` is wanted here", "neither", None)
        }
        Error::ExpectedArray => wording(
            "invalid-value",
            "a list in square brackets is wanted here",
            "not a list",
            Some("write [ ... ], also around a single item".into()),
        ),
        Error::ExpectedMap => wording(
            "invalid-value",
            "a map in braces is wanted here",
            "not a map",
            Some("write {\"name\": value}".into()),
        ),
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) | Error::ExpectedStructName(_) => {
            wording(
                "syntax",
                "something in round brackets is wanted here",
                "not in brackets",
                Some("write ( field: value, ... )".into()),
            )
        }
        Error::ExpectedDifferentLength { expected, found } => {
            let message = format!("{} wanted here, but {found} given", plain(expected));
            wording("invalid-value", message, "wrong number of parts", None)
        }
        Error::ExpectedMapColon => wording(
            "syntax",
            "a colon is missing after the field's name",
            "`:` missing before this",
            Some("write `field: value`".into()),
        ),
        Error::ExpectedIdentifier => {
            wording("syntax", "the name of a field or a choice is wanted here", "not a name", None)
        }
        Error::Eof => wording(
            "syntax",
            "the file ends too early",
            "something is missing here",
            Some("close every bracket and quote".into()),
        ),
        Error::TrailingCharacters => wording(
            "syntax",
            "there is more text after the closing bracket",
            "not part of anything",
            Some("one file holds one thing: move this into it, or into a file of its own".into()),
        ),
        Error::ExpectedStringEnd => wording(
            "syntax",
            "a text is not closed",
            "no closing quote",
            Some("end the text with a straight quote".into()),
        ),
        Error::InvalidEscape(_) => wording(
            "syntax",
            "this backslash means nothing",
            "not a known escape",
            Some("write \\\\ for a backslash and \\\" for a quote".into()),
        ),
        Error::UnclosedBlockComment => wording("syntax", "a comment is not closed", "no `*/` follows", None),
        Error::UnexpectedChar(c) => {
            wording("syntax", format!("{} does not belong here", quote(&c.to_string())), "unexpected", None)
        }
        Error::ExpectedStructLikeEnd => {
            wording("syntax", "a closing round bracket is wanted here", "`)` wanted before this", None)
        }
        Error::ExpectedArrayEnd => {
            wording("syntax", "a closing square bracket is wanted here", "`]` wanted before this", None)
        }
        Error::InvalidValueForType { .. } => {
            wording("invalid-value", "this cannot be used here", "cannot be used here", None)
        }
        _ => wording("syntax", "this cannot be read", "here", None),
    };
    if next.is_some_and(is_curly) {
        words.help = Some("“ and ” are typographic quotes: use the straight quote \" instead".into());
    }
    words.span_token = words.code == "invalid-value";
    words
}

/// `2 elements` and the like out of ron's longer sentence.
fn plain(expected: &str) -> String {
    match expected.rsplit_once(" with ") {
        Some((_, rest)) => format!("{rest} are"),
        None => format!("{expected} is"),
    }
}

fn choices(what: &str, expected: &[&str]) -> String {
    let list: Vec<_> = expected.iter().take(MAX_ITEMS).map(|name| format!("`{name}`")).collect();
    format!("the {what} here are {}", list.join(", "))
}

/// The id an item starts with, for naming it.
fn id_of(text: &str) -> Option<&str> {
    let head = text.get(..text.len().min(200)).or_else(|| text.get(..text.floor_char_boundary(200)))?;
    let (_, rest) = head.split_once("id:")?;
    let (id, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(id)
}

/// The first line of an item, for marking it without drawing over the page.
fn first_line(text: &str) -> Range<usize> {
    0..text.lines().next().unwrap_or_default().trim_end().len().max(1).min(text.len())
}

/// The word `field` nearest before, or at, a place.
fn word_at_or_before(text: &str, at: usize, field: &str) -> Option<Range<usize>> {
    if text[at..].starts_with(field) {
        return Some(at..at + field.len());
    }
    text[..at].rfind(field).map(|start| start..start + field.len())
}

/// The whole token at a place: a quoted text, a name or a number.
fn token_at(text: &str, at: usize) -> Range<usize> {
    let in_token = |c: char| c.is_alphanumeric() || "_-+.".contains(c) || is_curly(c);
    let rest = &text[at..];
    match rest.chars().next() {
        Some('"') => at..at + rest[1..].find(['"', '\n']).map_or(1, |end| end + 2).min(rest.len()),
        Some(c) if in_token(c) => {
            // ron may report the middle or the end of a number.
            let start =
                text[..at].rfind(|c| !in_token(c)).map_or(0, |before| text.ceil_char_boundary(before + 1));
            start..at + rest.find(|c| !in_token(c)).unwrap_or(rest.len())
        }
        Some(c) => at..at + c.len_utf8(),
        None => at..at,
    }
}
