//! The command line: one file a command. Here are only its shape and how a command ends.
//!
//! Exit codes of every command: 0 done, 1 findings or failures, 2 wrong usage or input/output trouble, 3
//! warnings under `--strict`, 75 (only `mail bounce`) try again later.

mod answer;
mod backup;
mod chart_file;
mod check;
mod compare;
mod completions;
mod demo;
mod describe;
mod doctor;
mod hold;
mod layout;
mod mail;
mod mail_bounce;
mod man;
mod message;
mod patient;
mod patient_erase;
mod patient_export;
mod patient_import;
mod patient_pause;
mod progress;
mod replay;
mod rules_folder;
mod run;
mod run_import;
mod serve;
mod table;
mod test;
mod test_mutants;
mod tool;
mod user;
mod why;
mod work;

use std::{path::PathBuf, process::ExitCode};

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};

/// Looks after runners between their runs.
///
/// A running clinic writes down, as plain files, what it tells every runner after a run and what would worry
/// it. Afterrun writes to the runners, asks how the body feels, and says when somebody should be seen.
#[derive(Parser, Debug)]
#[command(name = "afterrun", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 findings or failures; 2 wrong usage or input/output trouble; 3 warnings \
                        under --strict."
)]
pub struct Arguments {
    /// The configuration; without it `afterrun.ron` in this folder if there is one, else the defaults.
    #[arg(long, global = true, value_name = "FILE", env = "AFTERRUN_CONFIG")]
    config: Option<PathBuf>,
    /// The time to act at, instead of now.
    #[arg(long, global = true, hide = true, value_name = "INSTANT")]
    now: Option<DateTime<Utc>>,
    #[command(subcommand)]
    command: Command,
}

/// A command without words of its own here is described where it is.
#[derive(Subcommand, Debug)]
enum Command {
    /// Try everything out in five minutes, with made-up runners and a clock you turn by hand.
    Demo(demo::Demo),
    Check(check::Check),
    Describe(describe::Describe),
    Test(test::Test),
    Replay(replay::Replay),
    Compare(compare::Compare),
    Why(why::Why),
    /// Run: watch the rules, ask the runners, send the mail, serve the pages.
    Serve(serve::Serve),
    /// Add and look after runners.
    #[command(subcommand)]
    Patient(patient::Patient),
    /// Log runs.
    #[command(subcommand)]
    Run(run::Run),
    /// Enter answers given on the telephone.
    #[command(subcommand)]
    Answer(answer::Answer),
    /// See which runners need a look, and why.
    #[command(subcommand)]
    Work(work::Work),
    /// Hold all mail to runners, at once, until `release`.
    Hold(hold::Hold),
    /// Let mail to runners go out again.
    Release(hold::Release),
    /// See what is in the outbox, and what became of it.
    #[command(subcommand)]
    Message(message::Message),
    /// Try whether mail leaves, and take in what could not be delivered.
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Who may use the clinic's console.
    #[command(subcommand)]
    User(user::User),
    /// Look at everything Afterrun needs on this machine, and say what to fix.
    Doctor(doctor::Doctor),
    /// Copy the database to a file while it is in use.
    Backup(backup::Backup),
    Completions(completions::Completions),
    Man(man::Man),
}

/// How a command that found nothing worse ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Done.
    Well,
    /// There are findings or failures.
    WithFindings,
    /// There are warnings, and they were to count.
    WithWarnings,
    /// Not just now: whoever called should try again.
    TryAgain,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::SUCCESS,
            Ended::WithFindings => Self::from(1),
            Ended::WithWarnings => Self::from(3),
            // EX_TEMPFAIL of sysexits.h: mail systems keep what they were about to hand over.
            Ended::TryAgain => Self::from(75),
        }
    }
}

/// Carries out a command.
///
/// # Errors
/// Wrong usage beyond what the argument parser sees, or input/output trouble.
pub fn execute(arguments: Arguments) -> anyhow::Result<Ended> {
    let shared = tool::Shared { config: arguments.config, now: arguments.now };
    match arguments.command {
        Command::Demo(demo) => demo.execute(),
        Command::Check(check) => check.execute(&shared),
        Command::Describe(describe) => describe.execute(&shared),
        Command::Test(test) => test.execute(&shared),
        Command::Replay(replay) => replay.execute(&shared),
        Command::Compare(compare) => compare.execute(&shared),
        Command::Why(why) => why.execute(&shared),
        Command::Serve(serve) => serve.execute(&shared),
        Command::Patient(patient) => tool::block_on(patient.execute(&shared)),
        Command::Run(run) => tool::block_on(run.execute(&shared)),
        Command::Answer(answer) => tool::block_on(answer.execute(&shared)),
        Command::Work(work) => tool::block_on(work.execute(&shared)),
        Command::Hold(hold) => tool::block_on(hold.execute(&shared)),
        Command::Release(release) => tool::block_on(release.execute(&shared)),
        Command::Message(message) => tool::block_on(message.execute(&shared)),
        Command::Mail(mail) => tool::block_on(mail.execute(&shared)),
        Command::User(user) => tool::block_on(user.execute(&shared)),
        Command::Doctor(doctor) => tool::block_on(doctor.execute(&shared)),
        Command::Backup(backup) => tool::block_on(backup.execute(&shared)),
        Command::Completions(completions) => completions.execute(),
        Command::Man(man) => man.execute(),
    }
}
