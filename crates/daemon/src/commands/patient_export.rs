//! `afterrun patient export`: everything that is known of a runner, as JSON.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use afterrun_store::Options;
use anyhow::{Context, bail};
use clap::Args;

use super::{
    Ended,
    tool::{Shared, find_patient, open_store, say},
};
use crate::export::everything;

/// Exports a runner.
#[derive(Args, Debug)]
pub(super) struct Export {
    /// Id or mail address.
    patient: String,
    /// A new file, readable by its owner alone; without it standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Export {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let store = open_store(&shared.config()?, Options::tool())?;
        let patient = find_patient(&*store, &self.patient).await?;
        let export = everything(&*store, &patient, shared.now()).await?;
        let text = serde_json::to_string_pretty(&export)?;
        match &self.to {
            Some(path) => write(path, &text)?,
            None => say(text)?,
        }
        store.audit(shared.now(), "command line", "patient-export", patient.id.as_str()).await?;
        Ok(Ended::Well)
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if path.exists() {
        bail!("{} is there already, and an export writes over nothing: name a new file", path.display());
    }
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    })
    .with_context(|| format!("{}", path.display()))
}
