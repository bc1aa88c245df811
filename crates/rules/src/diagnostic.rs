//! One finding about a rule file, free of any way to show it. `render` shows it as text, `serde` as JSON.

use std::{ops::Range, sync::Arc};

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The book cannot go live.
    Error,
    /// The book can go live; somebody should look.
    Warning,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diagnostic {
    /// Stable name, kebab case: the check's page and `allow` use it.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Path below the rules folder.
    pub file: Arc<str>,
    /// Byte range in the file as read.
    pub span: Range<usize>,
    /// Line of the start, from 1.
    pub line: u32,
    /// Column of the start in characters, from 1.
    pub column: u32,
    /// What is wrong: lower case, no full stop, the user's text in backticks.
    pub message: String,
    /// Short words under the carets.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that belong to it: (byte range in the same file, words).
    pub also: Vec<(Range<usize>, String)>,
}
