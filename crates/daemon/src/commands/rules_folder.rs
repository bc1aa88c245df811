//! Finding and showing a rules folder, for `check`, `test`, `describe` and `replay`.

use std::{
    io::{IsTerminal, stdout},
    path::{Path, PathBuf},
};

use afterrun_rules::{
    Diagnostic, RuleBook, Severity, folder, load,
    render_diagnostic::{self, Style},
    source::Sources,
};
use anyhow::Context;

use super::tool::{Shared, say};
use crate::{
    clock::{Clock, SystemClock},
    reloading::text_of,
};

/// A folder as read, and what was found in it.
pub(super) struct Read {
    pub folder: PathBuf,
    pub sources: Sources,
    pub book: Option<RuleBook>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads and checks the folder named, or the configuration's.
pub(super) fn read(named: Option<&Path>, shared: &Shared) -> anyhow::Result<Read> {
    read_after(named, None, shared)
}

/// Reads and checks a folder that is to replace another book.
pub(super) fn read_after(
    named: Option<&Path>,
    before: Option<&RuleBook>,
    shared: &Shared,
) -> anyhow::Result<Read> {
    let folder = match named {
        Some(named) => named.to_owned(),
        None => shared.config()?.rules,
    };
    let sources = folder::read(&folder)
        .with_context(|| format!("cannot read the rules folder {}", folder.display()))?;
    let today = shared.now.unwrap_or_else(|| SystemClock.now()).date_naive();
    let loaded = load::load_after(&sources, Some(today), before);
    Ok(Read { folder, sources, book: loaded.book, diagnostics: loaded.diagnostics })
}

impl Read {
    /// Says every finding, in colour on a terminal, and then how many there are.
    pub(super) fn say_findings(&self) -> anyhow::Result<()> {
        for finding in &self.diagnostics {
            say(self.in_full(finding).trim_end())?;
            say("")?;
        }
        Ok(())
    }

    /// How many errors and warnings there are.
    pub(super) fn counts(&self) -> (usize, usize) {
        let errors = self.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).count();
        (errors, self.diagnostics.len() - errors)
    }

    /// One finding with its place and carets.
    pub(super) fn in_full(&self, finding: &Diagnostic) -> String {
        let style = if stdout().is_terminal() { Style::Colour } else { Style::Plain };
        let prefix = format!("{}/", self.folder.display().to_string().trim_end_matches('/'));
        render_diagnostic::render(finding, text_of(&self.sources, &finding.file).as_deref(), &prefix, style)
    }
}

/// `1 error`, `2 errors`.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
