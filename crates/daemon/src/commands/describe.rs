//! `afterrun describe`: what do these rules say, in plain English?

use std::path::PathBuf;

use afterrun_rules::describe::{Described, describe};
use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::{
    Ended,
    layout::wrapped,
    rules_folder::read,
    tool::{Shared, say},
};

/// Reads the rules back in plain English, good enough to sign: all of them, or one.
///
/// Every number of the rules appears, with what it means. Read it, compare it with what you meant, and then sign the
/// file with `approved`.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 done; 1 the rules have errors; 2 wrong usage, or no such rule or folder."
)]
pub(super) struct Describe {
    /// The folder, and, or instead, the id of one rule. A single one is the folder if there is such a folder.
    #[arg(value_name = "RULES or ID", num_args = 0..=2)]
    what: Vec<String>,
    /// As text for people or as JSON for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Describe {
    pub(super) fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let (folder, id) = match self.what.as_slice() {
            [] => (None, None),
            [one] if PathBuf::from(one).is_dir() => (Some(PathBuf::from(one)), None),
            [one] => (None, Some(one.as_str())),
            [folder, id, ..] => (Some(PathBuf::from(folder)), Some(id.as_str())),
        };
        let read = read(folder.as_deref(), shared)?;
        let Some(book) = &read.book else {
            read.say_findings()?;
            say("these rules have errors, so they cannot be read back")?;
            return Ok(Ended::WithFindings);
        };
        let all = describe(book);
        let wanted: Vec<&Described> = all.iter().filter(|rule| id.is_none_or(|id| rule.id == id)).collect();
        if wanted.is_empty() {
            let known: Vec<_> = all.iter().map(|rule| rule.id.as_str()).collect();
            bail!("no rule is called `{}`; there are: {}", id.unwrap_or(""), known.join(", "));
        }
        match self.format {
            Format::Json => {
                let rules: Vec<_> = wanted.into_iter().map(as_json).collect();
                say(serde_json::to_string_pretty(&rules)?)?;
            }
            Format::Text => {
                for rule in wanted {
                    say_rule(rule)?;
                }
            }
        }
        Ok(Ended::Well)
    }
}

fn say_rule(rule: &Described) -> anyhow::Result<()> {
    let place = rule.place.as_ref().map_or_else(String::new, |place| format!("  ({place})"));
    let id = if rule.id == rule.kind { String::new() } else { format!(" {}", rule.id) };
    say(format_args!("{}{id}{place}\n{}\n", rule.kind, wrapped(&rule.text, 2)))
}

fn as_json(rule: &Described) -> serde_json::Value {
    json!({
        "kind": rule.kind,
        "id": rule.id,
        "file": rule.place.as_ref().map(|place| place.file.to_string()),
        "line": rule.place.as_ref().map(|place| place.line),
        "text": rule.text,
    })
}
