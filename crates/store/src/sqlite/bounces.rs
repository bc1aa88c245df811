//! What a notification of non-delivery changes at a message.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{fault::Answer, mail_links, messages, outbox, patients};
use crate::{Bounced, MailPlace, Message, MessageKey};

/// Begins the line that a notification leaves among the attempts.
const NOTED: &str = "notification";

/// The message whose envelope sender has this part before the @, whatever its domain.
pub(super) fn by_return_path(
    db: &Connection,
    place: Option<MailPlace>,
    local: &str,
) -> Answer<Option<Message>> {
    let at_place = place.map(|place| mail_links::message_at(db, place)).transpose()?.flatten();
    let is_its = |sender: &str| sender.strip_prefix(local).is_some_and(|rest| rest.starts_with('@'));
    let found = match at_place {
        Some((key, sender)) if is_its(&sender) => Some(key),
        _ => by_sender(db, local)?,
    };
    found.map(|key| messages::get(db, MessageKey(key))).transpose()
}

fn by_sender(db: &Connection, local: &str) -> Answer<Option<i64>> {
    let mut select = db.prepare_cached(
        "SELECT message FROM return_paths WHERE envelope_from >= ?1 || '@' AND envelope_from < ?1 || 'A' LIMIT 1",
    )?;
    // `A` is the character after `@`.
    Ok(select.query_row([local], |row| row.get(0)).optional()?)
}

/// Keeps where a mail's return path leads that no place leads to.
pub(super) fn keep_sender(db: &Connection, message: i64, envelope_from: &str) -> Answer<()> {
    db.prepare_cached(
        "INSERT INTO return_paths (envelope_from, message) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?
    .execute(params![envelope_from, message])?;
    Ok(())
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
