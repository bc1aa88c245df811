//! The files of a rules folder in, a checked rule book or diagnostics out. All or nothing: one error anywhere
//! and there is no book.
//!
//! Three steps: `read` reads every file as far as it can be read, `checks` look at all of it together,
//! `build` turns what is free of errors into a [`RuleBook`]. No clock: the date that sign-offs and dated
//! `allow`s are held against is an argument.

pub(crate) mod build;
pub(crate) mod build_care;
pub(crate) mod build_scenarios;
pub mod findings;
mod read;
pub mod sign_offs;
pub mod text;
pub mod written;

pub use read::{MAX_FILE_BYTES, MAX_FOLDER_BYTES};

use chrono::NaiveDate;

use crate::{
    book::RuleBook,
    checks::{self, Input},
    diagnostic::{Diagnostic, Severity},
    source::Sources,
};
use findings::Findings;

/// What loading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The book; some if and only if no diagnostic is an error.
    pub book: Option<RuleBook>,
    /// Everything found, by file and position.
    pub diagnostics: Vec<Diagnostic>,
}

/// Loads and checks without knowing the date: sign-offs past their date are not noticed, dated `allow`s hold.
#[must_use]
pub fn load(sources: &Sources) -> Loaded {
    load_after(sources, None, None)
}

/// Loads and checks as of a date.
#[must_use]
pub fn load_at(sources: &Sources, today: Option<NaiveDate>) -> Loaded {
    load_after(sources, today, None)
}

/// Loads and checks as of a date, against the book that is to be replaced: a question must not change what an
/// old answer under its id means.
#[must_use]
pub fn load_after(sources: &Sources, today: Option<NaiveDate>, before: Option<&RuleBook>) -> Loaded {
    let mut findings = Findings::default();
    let written = read::read(sources, &mut findings);
    checks::run_all(&Input { written: &written, today, before }, &mut findings);
    let mut book = None;
    if !findings.has_error() {
        book = build::build(&written, sources.hash());
        if book.is_none() {
            findings
                .report(
                    "internal",
                    written::At::folder(),
                    "this rule book passed every check and still could not be put together",
                )
                .label("please report this")
                .help("this is a mistake in Afterrun, not in the rules; please report it");
        }
    }
    let diagnostics = findings.into_diagnostics(&written, today);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        book = None;
    }
    Loaded { book, diagnostics }
}
