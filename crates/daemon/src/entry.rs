//! What the `afterrun` program does from its first to its last line; a function, so that the tests' own build
//! of the program is the same program.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::commands::{Arguments, execute};

/// Reads the command line, sets up the log, carries out the command.
#[must_use]
pub fn enter() -> ExitCode {
    let arguments = Arguments::parse();
    // Logs hold ids only and go to standard error; standard output is for what a command was asked for.
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("AFTERRUN_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    match execute(arguments) {
        Ok(ended) => ended.into(),
        Err(why) => {
            // Nowhere is left to complain if even this cannot be written.
            let _ = writeln!(std::io::stderr(), "afterrun: {why:#}");
            ExitCode::from(2)
        }
    }
}
