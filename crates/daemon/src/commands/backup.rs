//! `afterrun backup`: a copy of the database while it is in use.

use std::path::PathBuf;

use afterrun_store::Options;
use chrono::SecondsFormat;
use clap::Args;

use crate::desk::LAST_BACKUP;

use super::{
    Ended,
    tool::{Shared, open_store, say},
};

/// Copies the database.
#[derive(Args, Debug)]
pub(super) struct Backup {
    /// The new file. There must be none of that name.
    to: PathBuf,
}

impl Backup {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let store = open_store(&shared.config()?, Options::tool())?;
        store.backup(&self.to).await?;
        let now = shared.now();
        // After the copy is whole: the console says when there last was one.
        store.set_setting(LAST_BACKUP, Some(&now.to_rfc3339_opts(SecondsFormat::Secs, true))).await?;
        store.audit(now, "command line", "backup", "").await?;
        say(format_args!("copied to {}", self.to.display()))?;
        Ok(Ended::Well)
    }
}
