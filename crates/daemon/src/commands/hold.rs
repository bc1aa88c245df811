//! `afterrun hold` and `afterrun release`: the hand on the brake.

use clap::Args;

use super::{
    Ended,
    tool::{Shared, open_store, say},
};
use crate::delivery::HOLD;
use afterrun_store::Options;

/// Stops mail to runners.
#[derive(Args, Debug)]
pub(super) struct Hold {
    /// Why, for whoever finds it.
    reason: Option<String>,
}

/// Lets it go again.
#[derive(Args, Debug)]
pub(super) struct Release {}

impl Hold {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let store = open_store(&shared.config()?, Options::tool())?;
        let reason = self.reason.as_deref().unwrap_or("held by hand");
        store.set_setting(HOLD, Some(reason)).await?;
        store.audit(shared.now(), "command line", "hold", reason).await?;
        say("mail to runners is held; mail to the clinic goes on. `afterrun release` lets it go again")?;
        Ok(Ended::Well)
    }
}

impl Release {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let store = open_store(&shared.config()?, Options::tool())?;
        let held = store.setting(HOLD).await?;
        store.set_setting(HOLD, None).await?;
        store.audit(shared.now(), "command line", "release", held.as_deref().unwrap_or("")).await?;
        match held {
            Some(why) => say(format_args!("mail to runners goes out again (it was held: {why})"))?,
            None => say("mail to runners was not held")?,
        }
        Ok(Ended::Well)
    }
}
