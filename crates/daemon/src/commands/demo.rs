//! `afterrun demo`: everything, with made-up runners, in a folder that goes away.

use anyhow::Context;
use clap::Args;
use tokio::sync::watch;

use super::{
    Ended,
    serve::StopSignals,
    tool::{block_on, say},
};
use crate::demo::{Demo as Demonstration, Stage};

/// Needs nothing: no configuration, no mail server, no database.
#[derive(Args, Debug)]
pub(super) struct Demo {
    /// The port of the page. 0 takes a free one.
    #[arg(long, default_value_t = 8090)]
    port: u16,
}

impl Demo {
    pub(super) fn execute(self) -> anyhow::Result<Ended> {
        let folder = tempfile::Builder::new().prefix("afterrun-demo-").tempdir();
        let folder = folder.context("cannot make a temporary folder")?;
        block_on(async {
            let signals = StopSignals::listen()?;
            let (stop, stopped) = watch::channel(false);
            tokio::select! {
                ended = Demonstration::run(folder.path(), self.port, announce, stopped) => ended,
                () = signals.told_to_stop(stop) => Ok(()),
            }
        })?;
        folder.close().context("cannot remove the temporary folder")?;
        say("stopped; nothing is left behind")?;
        Ok(Ended::Well)
    }
}

fn announce(stage: &Stage) -> anyhow::Result<()> {
    say("A clinic with five made-up runners, its rules, and a clock you turn by hand.")?;
    say("No mail leaves this computer: the mailbox is on the page.")?;
    say("")?;
    say(format_args!("  look here       {}", stage.url))?;
    say(format_args!("  edit the rules  {}", stage.rules.display()))?;
    if stage.rules_are_a_copy {
        say("                  (a copy of the shipped rules; it goes away with the demo)")?;
    }
    say("")?;
    say("Click \"Next morning\" a few times and watch Tom. Ctrl-C ends it.")?;
    say(format_args!("listening on {}", stage.url))
}
