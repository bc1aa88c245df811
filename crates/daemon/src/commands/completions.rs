//! `afterrun completions`: what a shell needs to complete the command line.

use std::io::{Write, stdout};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Arguments, Ended};

/// Prints what your shell needs to complete `afterrun` commands with the Tab key.
///
/// For bash, for example: `afterrun completions bash > ~/.local/share/bash-completion/completions/afterrun`
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self) -> anyhow::Result<Ended> {
        // Into memory first: a reader that goes away is an error to report, not to panic about.
        let mut script = Vec::new();
        generate(self.shell, &mut Arguments::command(), "afterrun", &mut script);
        stdout().lock().write_all(&script)?;
        Ok(Ended::Well)
    }
}
