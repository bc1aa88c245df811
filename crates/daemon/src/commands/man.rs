//! `afterrun man`: manual pages, made from the same words as `--help`.

use std::{
    fs,
    io::{Write, stdout},
    path::PathBuf,
};

use anyhow::Context;
use clap::{Args, CommandFactory};

use super::{Arguments, Ended, tool::say};

/// Writes the manual pages.
#[derive(Args, Debug)]
pub(super) struct Man {
    /// A folder for one page a command; without it the main page goes to standard output.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Man {
    pub(super) fn execute(self) -> anyhow::Result<Ended> {
        let command = Arguments::command();
        match self.out {
            Some(folder) => {
                let named = folder.display().to_string();
                fs::create_dir_all(&folder).with_context(|| format!("cannot make {named}"))?;
                clap_mangen::generate_to(command, &folder)
                    .with_context(|| format!("cannot write to {named}"))?;
                say(format_args!("manual pages are in {named}"))?;
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(command).render(&mut page)?;
                stdout().lock().write_all(&page)?;
            }
        }
        Ok(Ended::Well)
    }
}
