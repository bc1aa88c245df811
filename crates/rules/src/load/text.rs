//! The text of one rule file and the lines in it.

use std::{ops::Range, sync::Arc};

/// Byte order mark that some Windows editors write first.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Bytes of a usual line: only a guess at how many lines there will be.
const USUAL_LINE_BYTES: usize = 32;

/// One file's text without a byte order mark.
#[derive(Clone, Debug, Default)]
pub struct FileText {
    /// Path below the rules folder.
    pub path: Arc<str>,
    /// The text.
    pub text: String,
    /// Bytes left out before the text.
    pub skipped: usize,
    /// Where each line starts.
    line_starts: Vec<usize>,
}

impl FileText {
    /// Takes a text apart into lines.
    #[must_use]
    pub fn new(path: Arc<str>, mut text: String) -> Self {
        let skipped = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        text.drain(..skipped);
        let mut line_starts = Vec::with_capacity(1 + text.len() / USUAL_LINE_BYTES);
        line_starts.push(0);
        line_starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { path, skipped, text, line_starts }
    }

    /// Line and column, both from 1, the column in characters.
    #[must_use]
    pub fn line_and_column(&self, at: usize) -> (u32, u32) {
        let at = self.text.floor_char_boundary(at.min(self.text.len()));
        let line = self.line_starts.partition_point(|start| *start <= at).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count()) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// A byte range that is surely inside the text.
    #[must_use]
    pub fn clamp(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = self.text.ceil_char_boundary(span.end.min(self.text.len())).max(start);
        start..end
    }
}
