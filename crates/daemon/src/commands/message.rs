//! `afterrun message ...`: what is in the outbox, why, and what became of it.

use afterrun_rules::{Reason, decision::Identity};
use afterrun_store::{Message as Stored, MessageKey, MessageState, Turn};
use anyhow::{Context, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};

use super::{
    Ended,
    tool::{Shared, Tool, say},
};

/// Messages.
#[derive(Subcommand, Debug)]
pub(super) enum Message {
    /// The newest messages, of one runner or of all.
    List(List),
    /// One message: why, every attempt, and the mail itself.
    Show(Numbered),
    /// Try a message again that was refused, given up or put aside, once the cause is removed.
    Retry(Numbered),
    /// Do not send a message that still waits.
    Cancel(Numbered),
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// Id or mail address.
    patient: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

#[derive(Args, Debug)]
pub(super) struct Numbered {
    /// Its number, as `message list` shows it.
    message: i64,
}

impl Message {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let tool = shared.open().await?;
        match self {
            Self::List(list) => list.execute(&tool).await?,
            Self::Show(numbered) => show(&tool, MessageKey(numbered.message)).await?,
            Self::Retry(numbered) => retry(&tool, MessageKey(numbered.message)).await?,
            Self::Cancel(numbered) => cancel(&tool, MessageKey(numbered.message)).await?,
        }
        Ok(Ended::Well)
    }
}

impl List {
    async fn execute(self, tool: &Tool) -> anyhow::Result<()> {
        let patient = match &self.patient {
            Some(named) => Some(tool.patient(named).await?.id),
            None => None,
        };
        let page = tool.turns.store.messages(patient.as_ref(), None, self.limit).await?;
        for message in &page.rows {
            let whose = message.patient.as_ref().map_or("the clinic", |id| id.as_str());
            say(format_args!(
                "{:>6}  {}  {:<12} {whose}  {}",
                message.key.0,
                instant(message.decided_at),
                state(message.state),
                message.identity_text,
            ))?;
        }
        Ok(())
    }
}

async fn show(tool: &Tool, key: MessageKey) -> anyhow::Result<()> {
    let message = tool.turns.store.message(key).await?;
    say(format_args!("{}: {}", message.identity_text, state(message.state)))?;
    say(format_args!("why: {}", message.reason.text))?;
    if let Some(end) = &message.end_reason {
        say(format_args!("ended: {end}"))?;
    }
    say(format_args!("decided {} under rules {}", instant(message.decided_at), message.book))?;
    for attempt in tool.turns.store.attempts(key).await? {
        say(format_args!("attempt {}: {}", instant(attempt.at), attempt.outcome))?;
    }
    if let Some(mail) = &message.mail {
        say(format_args!("due {} to {}\n", instant(mail.due_at), mail.recipient))?;
        say(String::from_utf8_lossy(&mail.bytes).replace("\r\n", "\n"))?;
    }
    Ok(())
}

async fn retry(tool: &Tool, key: MessageKey) -> anyhow::Result<()> {
    let store = &tool.turns.store;
    if !store.try_again(key, tool.now).await? {
        let message = store.message(key).await?;
        bail!(
            "message {} cannot be tried again: it is {}, or its runner has stopped",
            key.0,
            state(message.state)
        );
    }
    store.audit(tool.now, "command line", "message-retry", &key.0.to_string()).await?;
    say(format_args!("message {} waits again", key.0))
}

async fn cancel(tool: &Tool, key: MessageKey) -> anyhow::Result<()> {
    let store = &tool.turns.store;
    let message = store.message(key).await?;
    if message.state != MessageState::Queued {
        bail!("message {} does not wait any more: it is {}", key.0, state(message.state));
    }
    let patient = message.patient.clone().context("only messages about a runner can be cancelled")?;
    let stored = store.chart(&patient).await?;
    let identity = identity_of(&message, stored.chart.ledger.iter().map(|entry| &entry.identity))
        .context("this message follows from no decision; it cannot be cancelled")?;
    store
        .commit(Turn {
            patient,
            version: stored.version,
            now: tool.now,
            book: tool.book().hash,
            events: Vec::new(),
            waits: Vec::new(),
            takes_in: false,
            check_ins: Vec::new(),
            links: Vec::new(),
            messages: Vec::new(),
            cancels: vec![(identity, Reason::new("by-hand", "Cancelled by hand."))],
            work_items: Vec::new(),
            next_due: stored.patient.next_due,
        })
        .await?;
    store.audit(tool.now, "command line", "message-cancel", &key.0.to_string()).await?;
    say(format_args!("message {} will not be sent", key.0))
}

fn identity_of<'a>(message: &Stored, mut known: impl Iterator<Item = &'a Identity>) -> Option<Identity> {
    known.find(|identity| identity.to_string() == message.identity_text).cloned()
}

fn state(state: MessageState) -> String {
    let word = serde_json::to_value(state).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or("unknown").to_owned()
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
