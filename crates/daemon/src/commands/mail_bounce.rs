//! `afterrun mail bounce`: one notification of non-delivery from standard input, for a pipe of the mail system.
//!
//! Only a return path that we signed names a message; what else a notification says may be forged. What it says
//! about the message is noted once, however often it comes.

use std::io::Read;

use afterrun_mail::{BOUNCE_BYTES, Bounce, Class, read_bounce, return_path};
use afterrun_rules::{Event, Reason, TimedEvent, book::TellClinic, chart::Reach, decision::Audience};
use afterrun_store::{Bounced, MailPlace, Message, NewWorkItem, Patient, StoreError};
use anyhow::{Context, bail};
use clap::Args;

use super::{
    Ended,
    tool::{Shared, Tool, say},
};
use crate::{
    compose::{RETURN_PATH_PREFIX, next_digest},
    turn::Extras,
};

/// Characters kept of what a notification says; the store keeps no more of an attempt.
const SAID_CHARACTERS: usize = 400;

/// Reads one notification of non-delivery from standard input and does what follows from it.
///
/// Exit code 0: it was taken, or says nothing new. 2: it is none of ours, and nothing was changed. 75: it could
/// not be taken just now; the mail system keeps it and tries again.
#[derive(Args, Debug)]
pub(super) struct MailBounce {
    /// The address the notification arrived at; without it the headers are searched (`Delivered-To` and such).
    #[arg(long, value_name = "ADDRESS")]
    recipient: Option<String>,
}

/// What became of a notification.
enum Taken {
    /// Something was recorded.
    Now(&'static str),
    /// It was recorded before.
    Before,
}

impl MailBounce {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let mut bytes = Vec::new();
        std::io::stdin().take(BOUNCE_BYTES as u64 + 1).read_to_end(&mut bytes).context("standard input")?;
        let tool = match shared.open().await {
            Ok(tool) => tool,
            Err(why) => return try_again(&why),
        };
        let key = &tool.turns.letterhead.return_key;
        let bounce = read_bounce(&bytes, self.recipient.as_deref(), key, RETURN_PATH_PREFIX)?;
        let Some(id) = &bounce.outbox_id else {
            bail!("the notification names no return path that we signed; nothing was changed");
        };
        let path = return_path(key, id, "", RETURN_PATH_PREFIX);
        let local = path.trim_end_matches('@');
        let found = match tool.turns.store.message_by_return_path(MailPlace::of_id(id), local).await {
            Ok(found) => found,
            Err(why) => return try_again(&why.into()),
        };
        let message = found.context("the message that the notification names is not known any more")?;
        match settle(&tool, &message, &bounce).await {
            Ok(Taken::Now(what)) => say(format_args!("message {}: {what}", message.key.0))?,
            Ok(Taken::Before) => say(format_args!("message {}: known already", message.key.0))?,
            Err(why) => return try_again(&why),
        }
        Ok(Ended::Well)
    }
}

fn try_again(why: &anyhow::Error) -> anyhow::Result<Ended> {
    tracing::error!(error = %format!("{why:#}"), "a notification of non-delivery could not be taken");
    Ok(Ended::TryAgain)
}

async fn settle(tool: &Tool, message: &Message, bounce: &Bounce) -> anyhow::Result<Taken> {
    let store = &tool.turns.store;
    let said = said(bounce);
    let noted = format!("notification: {said}");
    if store.attempts(message.key).await?.iter().any(|attempt| attempt.outcome == noted) {
        return Ok(Taken::Before);
    }
    let class = bounce.class();
    let patient = match &message.patient {
        Some(id) => match store.patient(id).await {
            Ok(patient) => Some(patient),
            Err(StoreError::NotFound { .. }) => None,
            Err(why) => return Err(why.into()),
        },
        None => None,
    };
    let (what, bounced) = match class {
        Class::Accepted => ("it arrived", Bounced::Noted),
        Class::Retry | Class::InDoubt => ("it is still on its way", Bounced::Noted),
        Class::DeadAddress => ("the address does not exist", Bounced::Lost),
        Class::Refused => ("it did not arrive", Bounced::Lost),
        Class::OurFault => ("it was refused because of how our mail is set up", Bounced::Lost),
    };
    if bounced == Bounced::Lost {
        tell(tool, message, patient.as_ref(), class).await?;
    }
    // Last, so that a notification that failed half-way is taken whole the next time.
    let first = store.note_bounce(message.key, tool.now, &said, bounced).await?;
    if first {
        store.audit(tool.now, "mail system", "mail-bounce", &message.key.0.to_string()).await?;
    }
    Ok(Taken::Now(what))
}

/// Somebody has to know: the clinic by a work item, the operator by the log.
async fn tell(tool: &Tool, message: &Message, patient: Option<&Patient>, class: Class) -> anyhow::Result<()> {
    if class == Class::OurFault {
        tracing::error!(
            message = message.key.0,
            "a mail was refused because of how our mail is set up (SPF, DKIM, DMARC, reputation); \
             `afterrun doctor` looks at what can be seen from here"
        );
    }
    let Some(patient) = patient else {
        tracing::error!(message = message.key.0, class = ?class, "a mail to the clinic did not arrive");
        return Ok(());
    };
    // In shadow mode, and after a change of address, the mail went elsewhere.
    let recipient = message.mail.as_ref().map_or("", |mail| mail.recipient.as_str());
    let to_patient = message.audience == Audience::Patient && recipient.eq_ignore_ascii_case(&patient.email);
    let dead = class == Class::DeadAddress && to_patient && patient.reach != Reach::Dead;
    let events: Vec<_> =
        dead.then_some(TimedEvent { at: tool.now, event: Event::AddressDead {} }).into_iter().collect();
    let extras =
        Extras { work_items: vec![work_item(tool, message, class, to_patient)], ..Extras::default() };
    tool.turns.take(&patient.id, &events, &extras, tool.now).await?;
    Ok(())
}

fn work_item(tool: &Tool, message: &Message, class: Class, to_patient: bool) -> NewWorkItem {
    let (code, text) = match (class, to_patient) {
        (Class::DeadAddress, true) => (
            "address-dead",
            "A mail came back: this runner's address does not exist. Check-ins pause until there is another.",
        ),
        (Class::OurFault, _) => (
            "mail-our-fault",
            "A mail about this runner came back because of how the clinic's mail is set up, not because of the \
             address. The operator has to look at it; please reach out another way if it matters.",
        ),
        (_, true) => (
            "mail-refused",
            "A mail to this runner came back and did not arrive. Please reach out another way.",
        ),
        (_, false) => {
            ("mail-refused", "A mail to the clinic about this runner came back and did not arrive.")
        }
    };
    NewWorkItem {
        identity_text: format!("{code}/{}", message.key.0),
        flag: None,
        level: TellClinic::Today,
        reason: Reason::new(code, text),
        digest_due: Some(next_digest(&tool.book(), tool.now)),
    }
}

/// What is kept: action, status, and what the other server said, addresses masked.
fn said(bounce: &Bounce) -> String {
    let status = bounce.status.as_deref().unwrap_or("no status");
    let said = format!("{:?} {status} {}", bounce.action, bounce.diagnostic).to_lowercase();
    said.trim().chars().take(SAID_CHARACTERS).collect()
}
