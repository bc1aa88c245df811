//! `afterrun hold` and `afterrun release`: the hand on the brake.

use clap::Args;

use super::{
    Ended,
    tool::{Shared, open_store, say},
};
use crate::{clock_guard::CLOCK_HOLD, delivery::HOLD};
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
        let mut held = Vec::new();
        for key in [HOLD, CLOCK_HOLD] {
            held.extend(store.setting(key).await?);
            store.set_setting(key, None).await?;
        }
        let why = held.join("; ");
        store.audit(shared.now(), "command line", "release", &why).await?;
        if held.is_empty() {
            say("mail was not held")?;
        } else {
            say(format_args!("mail goes out again (it was held: {why})"))?;
        }
        Ok(Ended::Well)
    }
}
