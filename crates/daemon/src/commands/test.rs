//! `afterrun test`: do the rules do what their own scenarios say?

use std::path::PathBuf;

use afterrun_rules::scenario_run::{self, Failure};
use clap::Args;

use super::{
    Ended,
    rules_folder::{counted, read},
    test_mutants,
    tool::{Shared, say},
};
use crate::scenarios;

/// Runs the scenarios of a rules folder: each must lead to exactly the messages it lists.
///
/// For one that does not, shows what was expected, what was sent, and the story day by day.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 all as written (and, with --mutants, no change of a red flag or a recovery \
                        window unnoticed); 1 otherwise, or the rules have errors; 2 wrong usage, or the folder \
                        cannot be read."
)]
pub(super) struct Test {
    /// The folder; without it the configuration's, `rules` by default.
    rules: Option<PathBuf>,
    /// Then change each number, word and operator of the rules in turn, and name the changes that no scenario
    /// notices: each is a mistake that could be made without anybody seeing it. Takes a while.
    #[arg(long)]
    mutants: bool,
}

impl Test {
    pub(super) fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let read = read(self.rules.as_deref(), shared)?;
        let Some(book) = &read.book else {
            read.say_findings()?;
            say("these rules have errors, so their scenarios were not run")?;
            return Ok(Ended::WithFindings);
        };
        let others = match scenarios::other_books(book, &read.sources) {
            Ok(others) => others,
            Err(findings) => {
                for finding in &findings {
                    say(read.in_full(finding).trim_end())?;
                }
                say("rules that a scenario puts in force have errors")?;
                return Ok(Ended::WithFindings);
            }
        };
        let failures = scenario_run::run_all(book, &others);
        for failure in &failures {
            say_failure(failure)?;
        }
        let run = counted(book.scenarios.len(), "scenario");
        if failures.is_empty() {
            say(format_args!("{run}, all as written"))?;
            return if self.mutants { test_mutants::execute(book, &others) } else { Ok(Ended::Well) };
        }
        say(format_args!("{run}, {} not as written", failures.len()))?;
        Ok(Ended::WithFindings)
    }
}

fn say_failure(failure: &Failure) -> anyhow::Result<()> {
    say(format_args!("scenario `{}` ({})", failure.name, failure.place))?;
    if failure.expected != failure.sent {
        say_messages("expected", &failure.expected)?;
        say_messages("sent", &failure.sent)?;
    }
    if let Some(clinic) = failure.clinic_in_words() {
        say(format_args!("  {clinic}"))?;
    }
    for (day, flag, wanted, found) in &failure.states {
        say(format_args!("  on day {day} `{flag}` should be {wanted:?} and is {found:?}"))?;
    }
    say("  day by day:")?;
    for line in failure.trace.lines() {
        say(format_args!("    {line}"))?;
    }
    say("")
}

fn say_messages(what: &str, messages: &[(i64, afterrun_rules::ids::MessageId)]) -> anyhow::Result<()> {
    say(format_args!("  {what}:"))?;
    for (day, message) in messages {
        say(format_args!("    day {day}  {message}"))?;
    }
    if messages.is_empty() { say("    nothing") } else { Ok(()) }
}
