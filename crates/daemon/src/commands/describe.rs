//! `afterrun describe`: what do these rules say, in plain English?

use std::path::PathBuf;

use afterrun_rules::describe::{Described, describe};
use anyhow::bail;
use clap::Args;

use super::{
    Ended,
    rules_folder::read,
    tool::{Shared, say},
};

/// Columns of the text: what reads well on any terminal.
const COLUMNS: usize = 96;

/// Reads a rules folder back in plain English.
#[derive(Args, Debug)]
pub(super) struct Describe {
    /// The folder, and, or instead, the id of one rule. A single one is the folder if there is such a folder.
    #[arg(value_name = "RULES or ID", num_args = 0..=2)]
    what: Vec<String>,
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
        for rule in wanted {
            let place = rule.place.as_ref().map(|place| format!("  ({place})")).unwrap_or_default();
            say(format_args!("{} `{}`{place}", rule.kind, rule.id))?;
            for paragraph in rule.text.lines() {
                say(indented(paragraph))?;
            }
            say("")?;
        }
        Ok(Ended::Well)
    }
}

/// Wrapped at [`COLUMNS`], two spaces in front of each line.
fn indented(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("  ");
    for word in text.split_whitespace() {
        if line.len() > 2 && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("  ");
        }
        if line.len() > 2 {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines + &line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_wrapped() {
        let wrapped = indented(&"word ".repeat(40));
        assert!(wrapped.lines().all(|line| line.len() <= COLUMNS));
        assert_eq!(wrapped.split_whitespace().count(), 40);
    }
}
