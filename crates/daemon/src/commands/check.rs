//! `afterrun check`: is this rules folder sound?

use std::path::PathBuf;

use afterrun_rules::{checks, render_diagnostic};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::{
    Ended,
    rules_folder::{counted, read, read_after},
    tool::{Shared, say},
};

/// Checks a rules folder: every finding with its file, line and what to do about it.
///
/// Errors keep the rules from going live; warnings are for somebody to look at. `--explain CODE` tells more about one
/// kind of finding.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 no errors; 1 errors; 2 wrong usage, or the folder cannot be read; 3 warnings \
                        under --strict."
)]
pub(super) struct Check {
    /// The folder; without it the configuration's, `rules` by default.
    rules: Option<PathBuf>,
    /// The rules that these are to replace: finds questions whose meaning changes under the same id.
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
    /// Let warnings count: exit with 3 if there are any.
    #[arg(long)]
    strict: bool,
    /// As text for people or as JSON for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Explain what one kind of finding means, such as `unknown-message`, and what to write instead.
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Check {
    pub(super) fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        if let Some(code) = &self.explain {
            return explain(code);
        }
        let before = match &self.against {
            Some(old) => {
                let old = read(Some(old), shared)?;
                let named = old.folder.display().to_string();
                Some(
                    old.book
                        .with_context(|| format!("{named} has errors, so nothing can be held against it"))?,
                )
            }
            None => None,
        };
        let read = read_after(self.rules.as_deref(), before.as_ref(), shared)?;
        let (errors, warnings) = read.counts();
        match self.format {
            Format::Json => say(render_diagnostic::to_json(&read.diagnostics)?)?,
            Format::Text => {
                read.say_findings()?;
                let found = format!("{}, {}", counted(errors, "error"), counted(warnings, "warning"));
                match &read.book {
                    Some(book) => say(format_args!(
                        "{}: {found}; {}, {}, {} (book {})",
                        read.folder.display(),
                        counted(book.flags.len(), "flag"),
                        counted(book.messages.len(), "message"),
                        counted(book.scenarios.len(), "scenario"),
                        book.hash.short(),
                    ))?,
                    None => {
                        say(format_args!("{}: {found}; these rules cannot go live", read.folder.display()))?
                    }
                }
            }
        }
        Ok(match (errors, warnings) {
            (1.., _) => Ended::WithFindings,
            (0, 1..) if self.strict => Ended::WithWarnings,
            _ => Ended::Well,
        })
    }
}

fn explain(code: &str) -> anyhow::Result<Ended> {
    let Some(check) = checks::find(code) else {
        let known: Vec<_> = checks::all().iter().map(|check| check.code).collect();
        bail!("no finding is called `{code}`; there are: {}", known.join(", "));
    };
    say(check.page().trim_end())?;
    Ok(Ended::Well)
}
