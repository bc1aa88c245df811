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
    let text = source.map(|source| source.strip_prefix(BYTE_ORDER_MARK).unwrap_or(source));
    let mut group = match text.filter(|text| !text.trim().is_empty()) {
        Some(text) => title.element(snippet(diagnostic, source, text, path)),
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

fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    source: Option<&str>,
    text: &'a str,
    path: String,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let skipped = source.map_or(0, |source| source.len() - text.len());
    let inside = |span: &Range<usize>| {
        let at = |at: usize| text.floor_char_boundary(at.saturating_sub(skipped).min(text.len()));
        at(span.start)..at(span.end).max(at(span.start))
    };
    let primary = AnnotationKind::Primary.span(inside(&diagnostic.span)).label(&*diagnostic.label);
    let also = diagnostic.also.iter();
    let context = also.map(|(span, words)| AnnotationKind::Context.span(inside(span)).label(&**words));
    Snippet::source(text).path(path).line_start(1).annotation(primary).annotations(context)
}

/// All diagnostics as one JSON array, for the console and `--format json`.
///
/// # Errors
/// None that a diagnostic can cause; serde's signature.
pub fn to_json(diagnostics: &[Diagnostic]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(diagnostics)
}
