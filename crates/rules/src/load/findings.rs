//! Collects what was found, and turns it into diagnostics: `allow`s applied, places counted in lines.

use std::ops::Range;

use chrono::NaiveDate;

use super::{
    text::FileText,
    written::{At, Written},
};
use crate::{
    checks,
    diagnostic::{Diagnostic, Severity},
    notation::{spanned::Found, wording::suggest},
};

/// Diagnostics of one load: beyond this nobody reads on, and memory must stay bounded.
const MAX_DIAGNOSTICS: usize = 1_000;
/// Errors, and warnings, kept before `allow`s are applied and the list is cut to [`MAX_DIAGNOSTICS`].
const MAX_FINDINGS: usize = 5_000;

/// Names for which similar ones are looked for in one load: comparing is the only costly part of a report.
const MAX_SUGGESTIONS: usize = 50;

/// What was found so far.
#[derive(Default, Debug)]
pub struct Findings {
    list: Vec<Finding>,
    errors: usize,
    warnings: usize,
    suggestions: usize,
    /// The newest finding beyond the limit: it has somebody to finish it, and is not kept.
    beyond: Option<Finding>,
}

/// One finding, its place still in bytes.
#[derive(Debug)]
pub struct Finding {
    at: At,
    found: Found,
}

impl Finding {
    /// Words under the carets.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.found.label = label.into();
        self
    }

    /// What to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.found.help = Some(help.into());
        self
    }

    /// What to do about it, if anything can be said.
    pub fn maybe_help(&mut self, help: Option<String>) -> &mut Self {
        self.found.help = help.or(self.found.help.take());
        self
    }

    /// Another place that belongs to it. Only places in the same file can be shown.
    pub fn also(&mut self, at: &At, words: impl Into<String>) -> &mut Self {
        if at.file == self.at.file {
            self.found.also.push((at.span.clone(), words.into()));
        }
        self
    }
}

impl Findings {
    /// Reports something found by the check of this code.
    pub fn report(&mut self, code: &'static str, at: At, message: impl Into<String>) -> &mut Finding {
        let found = Found {
            code,
            span: at.span.clone(),
            message: message.into(),
            label: "here".into(),
            help: None,
            also: Vec::new(),
        };
        let finding = Finding { at, found };
        let kept = match checks::severity(code) {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if *kept >= MAX_FINDINGS {
            return self.beyond.insert(finding);
        }
        *kept += 1;
        let index = self.list.len();
        self.list.push(finding);
        &mut self.list[index]
    }

    /// "did you mean" for a name, among those known.
    pub fn suggest<'a>(&mut self, found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
        self.suggestions += 1;
        (self.suggestions <= MAX_SUGGESTIONS).then(|| suggest(found, known)).flatten()
    }

    /// Takes in what reading a file found.
    pub fn take(&mut self, file: usize, found: Vec<Found>) {
        let places =
            found.into_iter().map(|found| Finding { at: At { file, span: found.span.clone() }, found });
        self.list.extend(places);
    }

    /// Whether anything found so far keeps the book from going live.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.list.iter().any(|finding| checks::severity(finding.found.code) == Severity::Error)
    }

    /// Whether one of these checks found anything so far.
    #[must_use]
    pub fn has(&self, codes: &[&str]) -> bool {
        self.list.iter().any(|finding| codes.contains(&finding.found.code))
    }

    /// Whether one of these checks found anything inside a place so far.
    #[must_use]
    pub fn has_inside(&self, place: &At, codes: &[&str]) -> bool {
        self.list.iter().any(|finding| {
            let at = &finding.at;
            let inside = at.span.start >= place.span.start && at.span.end <= place.span.end;
            at.file == place.file && inside && codes.contains(&finding.found.code)
        })
    }

    /// The diagnostics, sorted by file and position; allowed warnings left out.
    #[must_use]
    pub fn into_diagnostics(self, written: &Written, today: Option<NaiveDate>) -> Vec<Diagnostic> {
        let accepted = |finding: &Finding| {
            let code = finding.found.code;
            let mut allows = written.allows.iter();
            checks::severity(code) == Severity::Warning
                && allows.any(|allow| allow.covers(code, &finding.at, today))
        };
        let mut all: Vec<Finding> = self.list.into_iter().filter(|finding| !accepted(finding)).collect();
        // Files are in path order, the folder as a whole comes first; errors must survive the cut.
        let place = |finding: &Finding| {
            (
                finding.at.file.wrapping_add(1),
                finding.found.span.start,
                finding.found.span.end,
                finding.found.code,
            )
        };
        all.sort_by_key(|finding| (checks::severity(finding.found.code), place(finding)));
        all.truncate(MAX_DIAGNOSTICS);
        all.sort_by_key(place);
        let mut counter = Counter { file: At::folder().file, at: 0, line: 1, column: 1 };
        let mut diagnostics: Vec<Diagnostic> =
            all.into_iter().map(|finding| diagnostic(finding, written, &mut counter)).collect();
        diagnostics.dedup();
        diagnostics
    }
}

/// Counts lines and columns forward from the last place, so that many findings on one long line stay cheap.
struct Counter {
    file: usize,
    at: usize,
    line: u32,
    column: u32,
}

impl Counter {
    fn line_and_column(&mut self, file: usize, text: &FileText, at: usize) -> (u32, u32) {
        let between = text.text.get(self.at..at);
        match between.filter(|between| self.file == file && !between.contains('\n')) {
            Some(between) => {
                let more = between.chars().count();
                self.column = self.column.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
            }
            None => (self.line, self.column) = text.line_and_column(at),
        }
        (self.file, self.at) = (file, at);
        (self.line, self.column)
    }
}

fn diagnostic(finding: Finding, written: &Written, counter: &mut Counter) -> Diagnostic {
    let Finding { at, found } = finding;
    let file = written.file(at.file);
    let (line, column) = counter.line_and_column(at.file, file, file.clamp(&found.span).start);
    let as_read = |span: &Range<usize>| {
        let span = file.clamp(span);
        span.start + file.skipped..span.end + file.skipped
    };
    Diagnostic {
        code: found.code,
        severity: checks::severity(found.code),
        file: file.path.clone(),
        span: as_read(&found.span),
        line,
        column,
        message: found.message,
        label: found.label,
        help: found.help,
        also: found.also.iter().map(|(span, words)| (as_read(span), words.clone())).collect(),
    }
}
