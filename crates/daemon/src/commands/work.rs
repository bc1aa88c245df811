//! `afterrun work list`: who needs a look, and why.

use chrono::SecondsFormat;
use clap::{Args, Subcommand};

use super::{
    Ended,
    tool::{Shared, say},
};

/// The clinic's work-list.
#[derive(Subcommand, Debug)]
pub(super) enum Work {
    /// List it, newest first.
    List(List),
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// How many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

impl Work {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let Self::List(list) = self;
        let tool = shared.open().await?;
        let page = tool.turns.store.work_items(None, list.limit).await?;
        if page.rows.is_empty() {
            say("nobody needs a look")?;
        }
        for item in &page.rows {
            let at = item.created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            say(format_args!(
                "{at}  {:<7} {} ({})",
                format!("{:?}", item.level),
                item.patient_name,
                item.patient
            ))?;
            say(format_args!("{:22}{}", "", item.reason.text))?;
        }
        if page.next.is_some() {
            say("and more: give a higher --limit")?;
        }
        Ok(Ended::Well)
    }
}
