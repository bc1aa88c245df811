//! `afterrun backup`: a copy of the database while it is in use.

use std::path::PathBuf;

use afterrun_store::Options;
use clap::Args;

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
        say(format_args!("copied to {}", self.to.display()))?;
        Ok(Ended::Well)
    }
}
