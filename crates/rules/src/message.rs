//! A message text and a patient's facts in, the finished mail out: subject, preview, plain text, HTML.
//!
//! The one renderer for checks, previews and real mail, so that what a clinician saw is what a patient gets.
//! Addresses, headers and MIME belong to the mail crate; which message is due belongs to `plan`.
//!
//! INVARIANT: a value (a patient's name, say) comes out as the characters it consists of. It is carried past
//! the Markdown parser as an opaque character (`template`), so it can neither form markup nor break any. No
//! error of this module contains a value, and nothing that is kept for the next mail does.

mod document;
mod html;
mod placeholder;
mod quick;
pub mod reading_grade;
mod template;
mod text;

use std::{error::Error, fmt, ops::Range};

pub use placeholder::{Filling, Links, PLACEHOLDERS, Person, Placeholder, Use, fill, sample};

use crate::book::{MessageText, RuleBook};

/// A finished mail, short of its headers.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without control characters.
    pub subject: String,
    /// One line shown by mail programs beside the subject.
    pub preview: Option<String>,
    /// The plain text part: lines of at most 72 characters, addresses whole on lines of their own.
    pub text: String,
    /// The HTML part: a whole document without any remote asset.
    pub html: String,
}

impl fmt::Debug for Rendered {
    /// Without the words, so that a mail cannot reach a log this way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, text, html, .. } = self;
        write!(f, "Rendered({} + {} + {} bytes)", subject.len(), text.len(), html.len())
    }
}

/// Which part of a message something is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// The `Subject:` line.
    Subject,
    /// The `Preview:` line.
    Preview,
    /// The Markdown below.
    Body,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subject => "subject",
            Self::Preview => "preview",
            Self::Body => "body",
        })
    }
}

/// Why a message could not be rendered. Names placeholders, never values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RenderError {
    /// The message's id.
    pub message: crate::ids::MessageId,
    /// In which part.
    pub part: Part,
    /// Line of the message file, from 1, if known.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: RenderProblem,
}

/// What can be wrong with a message at the time it is rendered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RenderProblem {
    /// These placeholders are used and have no value here (any of them may be the one that failed).
    NoValue(Vec<String>),
    /// The template does not parse, or uses something that templates here do not have.
    Template(&'static str),
    /// The template takes more steps than a mail may, or writes more than 64 kB.
    TooLong,
    /// The subject came out empty.
    EmptySubject,
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message `{}`, {}", self.message, self.part)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        match &self.why {
            RenderProblem::NoValue(names) if names.is_empty() => f.write_str(": a placeholder has no value"),
            RenderProblem::NoValue(names) => write!(f, ": no value for `{}`", names.join("`, `")),
            RenderProblem::Template(kind) => write!(f, ": {kind}"),
            RenderProblem::TooLong => f.write_str(": the text grows without end"),
            RenderProblem::EmptySubject => f.write_str(": the subject is empty"),
        }
    }
}

impl Error for RenderError {}

/// A message text that is no valid template. Made at load, before there are any values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateError {
    /// Line of the message file, from 1.
    pub line: usize,
    /// What is wrong, lower case, no full stop.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl Error for TemplateError {}

/// Renders a message.
///
/// # Errors
/// When a placeholder that is printed has no value, or the template is faulty; see [`RenderProblem`].
pub fn render(book: &RuleBook, text: &MessageText, filling: &Filling) -> Result<Rendered, RenderError> {
    // A text of the book is rendered for many. Others are made for one mail and may have a name in them.
    let keep = book.messages.get(&text.id).is_some_and(|of_book| std::ptr::eq(of_book, text));
    let expand = |part, source: &str| template::expand(text, part, source, filling, keep);
    let subject = one_line(&expand(Part::Subject, &text.subject)?);
    if subject.is_empty() {
        let why = RenderProblem::EmptySubject;
        return Err(RenderError { message: text.id.clone(), part: Part::Subject, line: Some(1), why });
    }
    let preview = text.preview.as_deref().map(|source| expand(Part::Preview, source)).transpose()?;
    let preview = preview.map(|line| one_line(&line));
    let (text, html) = document::with_tree(&expand(Part::Body, &text.body)?, keep, |body| {
        let page = html::Page {
            language: filling.language(),
            title: &subject,
            sender: &book.clinic.name,
            preview: preview.as_deref(),
            body,
        };
        (text::render(body), html::page(&page))
    });
    Ok(Rendered { text, html, subject, preview })
}

/// Every place at which a message uses a placeholder: name, and byte range in the message file as it is
/// normally written, that is in `Subject: ...\nPreview: ...\n\n` (the second line if there is one) followed
/// by the body.
///
/// # Errors
/// The first syntax error of the templates.
pub fn placeholders_used(text: &MessageText) -> Result<Vec<(String, Range<usize>)>, TemplateError> {
    template::placeholders_used(text)
}

/// The same for one part by itself: byte ranges and lines count from its own beginning.
///
/// # Errors
/// The first syntax error of the template.
pub fn placeholders_in(source: &str) -> Result<Vec<(String, Range<usize>)>, TemplateError> {
    template::placeholders_in(source)
}

/// Values in their slots, white space and control characters to single spaces.
fn one_line(expanded: &template::Expanded) -> String {
    let plain = expanded.printed.fill(&expanded.text);
    let settled = !plain.starts_with(' ') && !plain.ends_with(' ') && !plain.contains("  ");
    if settled && plain.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return plain.into_owned();
    }
    let separates = |c: char| c.is_whitespace() || c.is_control() || is_direction_mark(c);
    plain.split(separates).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Characters that turn the direction of the text after them and so can disguise a line.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
