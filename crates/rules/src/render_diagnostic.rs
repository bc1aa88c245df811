//! Shows diagnostics: as text with carets under the words, in rustc's look, or as JSON.
//!
//! Leaves out: reading files. The caller hands over the source text; without it only the place is named.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::{
    diagnostic::{Diagnostic, Severity},
    load::text::BYTE_ORDER_MARK,
};

/// Plain text or colours for a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// No escape codes.
    Plain,
    /// ANSI colours.
    Colour,
}

/// Most of a file that is shown around a finding, in bytes. Lines longer than this are named, not shown:
/// drawing costs time with the length of what is drawn, and nobody reads it.
const MAX_SHOWN_BYTES: usize = 16 << 10;

/// One diagnostic as text, ending in a newline. `source` is the whole file as read; the path is shown as
/// `prefix` + path, `prefix` being for example `rules/`.
#[must_use]
pub fn render(diagnostic: &Diagnostic, source: Option<&str>, prefix: &str, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Colour => Renderer::styled(),
    };
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&*diagnostic.message).id(diagnostic.code);
    let path = format!("{prefix}{}", diagnostic.file);
    let mut group = match source.and_then(|source| excerpt(diagnostic, source)) {
        Some(excerpt) => title.element(snippet(diagnostic, &excerpt, path)),
        None if diagnostic.file.is_empty() => title.element(Origin::path(prefix.to_owned())),
        None => {
            let (line, column) = (diagnostic.line as usize, diagnostic.column as usize);
            title.element(Origin::path(path).line(line).char_column(column))
        }
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(&**help));
    }
    let mut shown = renderer.render(&[group]);
    shown.push('\n');
    shown
}

/// The lines of a file that a diagnostic is about.
struct Excerpt<'a> {
    text: &'a str,
    /// Where it starts in the file.
    offset: usize,
    /// Its first line's number.
    line: usize,
    /// Places besides the main one that lie within.
    also: Vec<(Range<usize>, &'a str)>,
}

fn excerpt<'a>(diagnostic: &'a Diagnostic, source: &'a str) -> Option<Excerpt<'a>> {
    let bare_from = source.len() - source.strip_prefix(BYTE_ORDER_MARK).unwrap_or(source).len();
    let lines_of = |span: &Range<usize>| {
        let end = source.floor_char_boundary(span.end.min(source.len()));
        let start = source.floor_char_boundary(span.start.min(end));
        let from = source[..start].rfind('\n').map_or(bare_from, |at| at + 1).min(start);
        let until = source[end..].find('\n').map_or(source.len(), |at| end + at);
        from..until
    };
    let main = lines_of(&diagnostic.span);
    let mut whole = main.clone();
    let mut also = Vec::new();
    for (span, words) in &diagnostic.also {
        let lines = lines_of(span);
        let wider = whole.start.min(lines.start)..whole.end.max(lines.end);
        if wider.len() <= MAX_SHOWN_BYTES {
            whole = wider;
            also.push((span.clone(), words.as_str()));
        }
    }
    let text = &source[whole.clone()];
    let fits = main.len() <= MAX_SHOWN_BYTES && !text.trim().is_empty();
    let before = source[whole.start..main.start].bytes().filter(|byte| *byte == b'\n').count();
    let line = (diagnostic.line as usize).saturating_sub(before).max(1);
    fits.then_some(Excerpt { text, offset: whole.start, line, also })
}

fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    excerpt: &Excerpt<'a>,
    path: String,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = excerpt.text;
    let inside = |span: &Range<usize>| {
        let at = |at: usize| text.floor_char_boundary(at.saturating_sub(excerpt.offset).min(text.len()));
        at(span.start)..at(span.end).max(at(span.start))
    };
    let primary = AnnotationKind::Primary.span(inside(&diagnostic.span)).label(&*diagnostic.label);
    let also = excerpt.also.iter();
    let context = also.map(|(span, words)| AnnotationKind::Context.span(inside(span)).label(*words));
    Snippet::source(text).path(path).line_start(excerpt.line).annotation(primary).annotations(context)
}

/// All diagnostics as one JSON array, for the console and `--format json`.
///
/// # Errors
/// None that a diagnostic can cause; serde's signature.
pub fn to_json(diagnostics: &[Diagnostic]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(diagnostics)
}
