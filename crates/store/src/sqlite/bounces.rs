//! What a notification of non-delivery changes at a message.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{fault::Answer, messages, outbox, patients};
use crate::{Bounced, Message, MessageKey};

/// Begins the line that a notification leaves among the attempts.
const NOTED: &str = "notification";

/// The message whose envelope sender has this part before the @, whatever its domain.
pub(super) fn by_return_path(db: &Connection, local: &str) -> Answer<Option<Message>> {
    let mut select = db.prepare_cached(
        "SELECT message FROM mails WHERE envelope_from >= ?1 || '@' AND envelope_from < ?1 || 'A' LIMIT 1",
    )?;
    // `A` is the character after `@`.
    let found = select.query_row([local], |row| row.get(0)).optional()?;
    found.map(|key| messages::get(db, MessageKey(key))).transpose()
}

/// Notes what a notification says. False: the same was noted before.
pub(super) fn note(
    db: &Connection,
    key: MessageKey,
    now: DateTime<Utc>,
    said: &str,
    bounced: Bounced,
) -> Answer<bool> {
    let said = outbox::shortened(said);
    let outcome = format!("{NOTED}: {said}");
    let known = db
        .prepare_cached("SELECT 1 FROM attempts WHERE message = ?1 AND outcome = ?2")?
        .exists(params![key.0, outcome])?;
    if known {
        return Ok(false);
    }
    outbox::attempt(db, key.0, now, NOTED, &said)?;
    if bounced == Bounced::Lost {
        let changed = db
            .prepare_cached(
                "UPDATE messages SET state = 'rejected', end_code = 'bounced', end_reason = ?2
                 WHERE key = ?1 AND state = 'accepted'",
            )?
            .execute(params![key.0, said])?;
        let patient: Option<i64> = db
            .prepare_cached("SELECT patient FROM messages WHERE key = ?1")?
            .query_row([key.0], |row| row.get(0))?;
        if let (1, Some(patient)) = (changed, patient) {
            patients::look_again(db, patient, now)?;
        }
    }
    Ok(true)
}
