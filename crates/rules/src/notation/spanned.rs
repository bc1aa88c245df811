//! Values that know where in the file they were written, on top of plain serde and ron.
//!
//! ron hands out a `&RawValue` as a piece of the source itself, so the distance between the two pointers is
//! the place in the file; the piece is then parsed by a nested parser whose errors are moved by that distance.
//! [`Spanned`] keeps place and value; [`super::List`] goes on after a bad item. What was found on the way is
//! collected beside the value, in a thread-local that lives for one [`parse`] only, because serde gives no way
//! to carry anything along through derived code.
//!
//! Leaves out: spans for every node of a condition tree. Nested pieces are scanned once a level, which would
//! make deep trees quadratic; only leaves are spanned.
//!
//! [`super::quick`] reads files without a mistake; what is here reads the others.

use std::{
    borrow::Cow,
    cell::RefCell,
    fmt,
    marker::PhantomData,
    ops::{Deref, Range},
};

use ron::{Options, error::SpannedError, extensions::Extensions, value::RawValue};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use super::{quick, wording};

/// Something found while reading one file; its place counts from the start of the parsed text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Code of the check it belongs to.
    pub code: &'static str,
    /// Byte range.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// Words under the carets.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places.
    pub also: Vec<(Range<usize>, String)>,
}

/// Findings of one file after which reading it stops: nobody reads more, and it bounds time and memory.
pub const MAX_FOUND: usize = 100;

/// Error text that stands for "already recorded".
const RECORDED: &str = "\u{1}recorded";

struct Context {
    base: usize,
    text_len: usize,
    options: Options,
    found: Vec<Found>,
    broken_ids: Vec<String>,
}

thread_local! {
    static CONTEXT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

fn with_context<R>(f: impl FnOnce(&mut Context) -> R) -> Option<R> {
    CONTEXT.with(|context| context.borrow_mut().as_mut().map(f))
}

/// Records a finding of the file being parsed.
pub(super) fn record(found: Found) {
    with_context(|context| context.found.push(found));
}

/// Whether so much was found that reading on is of no use.
pub(super) fn is_full() -> bool {
    with_context(|context| context.found.len() >= MAX_FOUND).unwrap_or(false)
}

/// The error that says "already recorded".
pub(super) fn recorded<E: serde::de::Error>() -> E {
    E::custom(RECORDED)
}

/// Remembers that an item with this id was written but could not be read, so that nobody calls it unknown.
pub(super) fn note_broken(raw: &str) {
    let id = raw.split_once("id:").and_then(|(_, rest)| {
        let rest = rest.trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(id, _)| id)
    });
    if let Some(id) = id.filter(|id| id.len() <= super::leaf::MAX_ID_CHARS) {
        with_context(|context| context.broken_ids.push(id.to_owned()));
    }
}

/// A value and where it was written. For a text in quotes the place is what stands between them,
/// if anything does.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Byte range in the parsed text.
    pub span: Range<usize>,
}

/// A text and where it was written.
pub type Text = Spanned<String>;

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if is_quick(&deserializer) {
            return deserializer.deserialize_newtype_struct(quick::PLACED, Placed(PhantomData));
        }
        let raw = <&'de RawValue>::deserialize(deserializer)?.get_ron();
        nested(raw).map_err(|_| D::Error::custom(RECORDED))
    }
}

/// Whether this is the quick reader, and not ron: nothing is recorded then, any failure ends it.
pub(super) fn is_quick<'de>(deserializer: &impl Deserializer<'de>) -> bool {
    !deserializer.is_human_readable()
}

/// Takes a value and its place from the quick reader.
struct Placed<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Placed<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, its start and its end")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
        let missing = |part| A::Error::invalid_length(part, &"a value, its start and its end");
        let value = parts.next_element()?.ok_or_else(|| missing(0))?;
        let start: usize = parts.next_element()?.ok_or_else(|| missing(1))?;
        let end: usize = parts.next_element()?.ok_or_else(|| missing(2))?;
        Ok(Spanned { value, span: start..end })
    }
}

/// A text that need not be copied unless it has escapes.
#[derive(Debug)]
pub(super) struct Borrowed<'de>(pub Cow<'de, str>);

impl<'de> Deserialize<'de> for Borrowed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Borrowed<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Borrowed<'de>, E> {
                Ok(Borrowed(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Borrowed<'de>, E> {
                Ok(Borrowed(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Borrowed<'de>, E> {
                Ok(Borrowed(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(Visit)
    }
}

/// Parses a piece of the source; a failure has been recorded and leaves the piece's place.
pub(super) fn nested<'de, T: Deserialize<'de>>(raw: &'de str) -> Result<Spanned<T>, Range<usize>> {
    let body = skip_blank(raw);
    let (offset, options) = with_context(|context| {
        let offset = (body.as_ptr() as usize).wrapping_sub(context.base);
        (if offset <= context.text_len { offset } else { 0 }, context.options.clone())
    })
    .unwrap_or((0, options()));
    let whole = offset..offset + body.trim_end().len();
    let fail = |error: &SpannedError| {
        record(wording::found(body, offset, error));
        Err(whole.clone())
    };
    let mut parser = match ron::Deserializer::from_str_with_options(body, &options) {
        Ok(parser) => parser,
        Err(error) => return fail(&error),
    };
    match T::deserialize(&mut parser) {
        Ok(value) => {
            let written = body[..body.len() - parser.remainder().len()].trim_end();
            let span = place(body, 0..written.len());
            Ok(Spanned { value, span: offset + span.start..offset + span.end })
        }
        Err(ron::Error::Message(text)) if text == RECORDED => Err(whole),
        Err(error) => fail(&parser.span_error(error)),
    }
}

/// The place of a value that was written here: for a text in quotes, what stands between them.
pub(super) fn place(text: &str, written: Range<usize>) -> Range<usize> {
    let bytes = &text.as_bytes()[written.clone()];
    let quoted = bytes.len() >= 2 && bytes.starts_with(b"\"") && bytes.ends_with(b"\"");
    // An empty text is marked with its quotes: there is nothing between them to mark.
    let inset = usize::from(quoted && bytes.len() > 2);
    written.start + inset..written.end - inset
}

/// What parsing one file gave.
pub struct Parsed<T> {
    /// The value, items that could not be read left out; none if the file as a whole could not be read.
    pub value: Option<T>,
    /// Everything found, in the order of the text.
    pub found: Vec<Found>,
    /// Ids of items that could not be read.
    pub broken_ids: Vec<String>,
}

/// Puts the surrounding parse back however this one ends.
struct Restore(Option<Context>);

impl Drop for Restore {
    fn drop(&mut self) {
        let outer = self.0.take();
        CONTEXT.with(|context| *context.borrow_mut() = outer);
    }
}

/// The options all rule files are read with.
fn options() -> Options {
    Options::default().with_default_extension(Extensions::IMPLICIT_SOME)
}

/// Parses a file's text (without a byte order mark) and reports everything found.
pub fn parse<'de, T: Deserialize<'de>>(text: &'de str) -> Parsed<T> {
    let options = options();
    let mut parser = match ron::Deserializer::from_str_with_options(text, &options) {
        Ok(parser) => parser,
        Err(error) => {
            let found = vec![wording::found(text, 0, &error)];
            return Parsed { value: None, found, broken_ids: Vec::new() };
        }
    };
    let mut nested_options = options.clone();
    // `#![enable(...)]` at the top holds for nested parsers too only if handed on.
    nested_options.default_extensions = parser.extensions();
    let context = Context {
        base: text.as_ptr() as usize,
        text_len: text.len(),
        options: nested_options,
        found: Vec::new(),
        broken_ids: Vec::new(),
    };
    let restore = Restore(CONTEXT.with(|current| current.borrow_mut().replace(context)));
    let result = T::deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    let (mut found, broken_ids) =
        with_context(|context| (std::mem::take(&mut context.found), std::mem::take(&mut context.broken_ids)))
            .unwrap_or_default();
    drop(restore);
    let value = match result {
        Ok(value) => Some(value),
        Err(ron::Error::Message(message)) if message == RECORDED => None,
        Err(error) => {
            found.push(wording::found(text, 0, &parser.span_error(error)));
            None
        }
    };
    found.sort_by_key(|found| (found.span.start, found.span.end));
    found.dedup();
    Parsed { value, found, broken_ids }
}

/// The text after blanks and comments at its start.
#[must_use]
pub fn skip_blank(mut text: &str) -> &str {
    loop {
        let trimmed = text.trim_start();
        if let Some(comment) = trimmed.strip_prefix("//") {
            text = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if trimmed.starts_with("/*") {
            text = &trimmed[block_comment_len(trimmed)..];
        } else {
            return trimmed;
        }
    }
}

/// Length of the block comment, comments inside it included, at the start of a text.
#[must_use]
pub fn block_comment_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}
