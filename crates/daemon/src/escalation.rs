//! A word to somebody else when nobody has taken an urgent item from the work-list in time. Once an item: a
//! second address that hears the same every hour soon hears nothing.

use std::sync::Arc;

use afterrun_rules::{Reason, decision::Audience};
use afterrun_store::NewMessage;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    clinic_mail,
    compose::When,
    turn::{TurnError, Turns},
};

/// Items looked at in one go; the rest follows within a second.
const AT_ONCE: u32 = 50;

/// Tells `escalate.to` of every item that has waited for longer than `escalate.after_minutes`. Returns how many
/// items that were.
///
/// # Errors
/// When the store fails.
pub async fn escalate(turns: &Arc<Turns>, now: DateTime<Utc>) -> Result<u32, TurnError> {
    let live = turns.rules.current();
    let Some(escalate) = &live.book.clinic.escalate else { return Ok(0) };
    let waited = TimeDelta::minutes(i64::from(escalate.after_minutes));
    let items = turns.store.unacknowledged_items(now - waited, AT_ONCE).await?;
    for item in &items {
        let text =
            clinic_mail::escalation(item, &live.book, escalate.after_minutes, &turns.letterhead.base_url);
        let when = When { due_at: now, stale_at: None };
        let mails = turns.letterhead.to_clinic(&live.book, &escalate.to, &text, when)?;
        let message = |mail| NewMessage {
            entry: None,
            identity_text: format!("escalation/{}", item.id),
            audience: Audience::Clinic,
            reason: Reason::new(
                "unacknowledged",
                "Nobody has taken an urgent item from the work-list in time.",
            ),
            facts: Default::default(),
            mail: Some(mail),
        };
        let messages = mails.into_iter().map(message).collect();
        turns.store.add_escalation(item.id, messages, now).await?;
        tracing::warn!(item = item.id, patient = %item.patient, "nobody has taken an urgent item; somebody else is told");
    }
    Ok(u32::try_from(items.len()).unwrap_or(AT_ONCE))
}
