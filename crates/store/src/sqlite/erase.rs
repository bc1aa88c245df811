//! Erasing a patient: the person and every answer go, the numbers stay.
//!
//! Rows that name or describe somebody are deleted or emptied in one transaction; what SQLite leaves of them
//! in free pages and in the write-ahead log goes with [`scrub`].

use std::{collections::BTreeSet, path::Path};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use afterrun_rules::ids::PatientId;

use super::{
    columns::micros,
    fault::{Answer, Fault},
    open, patients,
};
use crate::{Erased, StoreError};

/// Erases a patient and every other enrolment of the same address.
pub(super) fn erase(db: &Connection, id: &PatientId, now: DateTime<Utc>) -> Answer<Vec<Erased>> {
    let patient = patients::get(db, id)?;
    let mut select = db.prepare_cached(
        "SELECT key, id FROM patients WHERE email_key = ?1 AND erased_at IS NULL ORDER BY key",
    )?;
    let found = select.query_map([patient.email.to_lowercase()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    found.into_iter().map(|(key, id)| enrolment(db, key, id.into(), now)).collect()
}

fn enrolment(db: &Connection, key: i64, id: PatientId, now: DateTime<Utc>) -> Answer<Erased> {
    let counted =
        |query: &str| -> Answer<u32> { Ok(db.prepare_cached(query)?.query_row([key], |row| row.get(0))?) };
    let erased = Erased {
        id,
        events: counted("SELECT count(*) FROM events WHERE patient = ?1")?,
        check_ins: counted("SELECT count(*) FROM check_ins WHERE patient = ?1")?,
        messages: counted("SELECT count(*) FROM messages WHERE patient = ?1")?,
        work_items: counted("SELECT count(*) FROM work_items WHERE patient = ?1")?,
    };
    empty_clinic_mail(db, key)?;
    for statement in DELETIONS {
        db.prepare_cached(statement)?.execute([key])?;
    }
    db.prepare_cached(EMPTY_MESSAGES)?.execute(params![key, micros(now)])?;
    db.prepare_cached(
        "UPDATE patients SET name = '', email = '', email_key = '', language = '', initial_time_zone = 'UTC',
             time_zone = 'UTC', stopped_at = coalesce(stopped_at, ?2), next_due = NULL, version = version + 1,
             erased_at = ?2
         WHERE key = ?1",
    )?
    .execute(params![key, micros(now)])?;
    db.prepare_cached(
        "INSERT INTO erasures (patient, at, events, check_ins, messages, work_items) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        key,
        micros(now),
        erased.events,
        erased.check_ins,
        erased.messages,
        erased.work_items
    ])?;
    Ok(erased)
}

const DELETIONS: &[&str] = &[
    "DELETE FROM attempts WHERE message IN (SELECT key FROM messages WHERE patient = ?1)",
    "DELETE FROM mail_links WHERE place IN
        (SELECT place FROM messages WHERE patient = ?1 AND place IS NOT NULL)",
    "DELETE FROM return_paths WHERE message IN (SELECT key FROM messages WHERE patient = ?1) AND envelope_from IN
        (SELECT envelope_from FROM mails WHERE message IN (SELECT key FROM messages WHERE patient = ?1))",
    "DELETE FROM mails WHERE message IN (SELECT key FROM messages WHERE patient = ?1)",
    "DELETE FROM work_history WHERE patient = ?1",
    "DELETE FROM work_list WHERE patient = ?1",
    "DELETE FROM work_items WHERE patient = ?1",
    "DELETE FROM links WHERE patient = ?1",
    "DELETE FROM check_ins WHERE patient = ?1",
    "DELETE FROM events WHERE patient = ?1",
    "DELETE FROM waiting_events WHERE patient = ?1",
];

/// A message keeps its number, when it was, and how it ended. Its number must not be given to another one: a
/// worker may still hold it.
const EMPTY_MESSAGES: &str = "UPDATE messages SET identity = 'erased/' || key, recipient = '', subject = NULL,
        message = NULL, covered_by = NULL, covered_by_entry = NULL, worker = NULL, lease_until = NULL, in_doubt = 0,
        place = NULL, settled_at = coalesce(settled_at, ?2), reason_code = 'erased', reason_text = '', end_code = 'erased',
        end_reason = NULL, facts = '{}',
        state = CASE WHEN state IN ('accepted', 'rejected', 'failed', 'shown') THEN state ELSE 'cancelled' END
    WHERE patient = ?1";

/// A digest, and a word to somebody else about urgent work, hold initials and the title of a flag. One that has
/// left is emptied; one that has not, or may not have, is taken back, and what else was told then is told again.
fn empty_clinic_mail(db: &Connection, key: i64) -> Answer<()> {
    let mut select = db.prepare_cached(
        "SELECT digested_at FROM work_items WHERE patient = ?1 AND digested_at IS NOT NULL
         UNION ALL SELECT escalated_at FROM work_items WHERE patient = ?1 AND escalated_at IS NOT NULL",
    )?;
    let instants =
        select.query_map([key], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<BTreeSet<_>>>()?;
    for told_at in instants {
        db.prepare_cached(
            "UPDATE mails SET subject = '', bytes = x'' WHERE message IN
                 (SELECT key FROM messages WHERE patient IS NULL AND decided_at = ?1)",
        )?
        .execute([told_at])?;
        let taken_back = db
            .prepare_cached(
                "UPDATE messages SET state = 'cancelled', settled_at = ?1, end_code = 'erased', worker = NULL,
                     lease_until = NULL, identity = identity || '/' || key
                 WHERE patient IS NULL AND decided_at = ?1 AND state IN ('queued', 'leased', 'transmitting', 'quarantined')",
            )?
            .execute([told_at])?;
        if taken_back > 0 {
            db.prepare_cached("UPDATE work_items SET digested_at = NULL WHERE digested_at = ?1")?
                .execute([told_at])?;
            db.prepare_cached("UPDATE work_items SET escalated_at = NULL WHERE escalated_at = ?1")?
                .execute([told_at])?;
        }
    }
    Ok(())
}

/// Rewrites the file without its free pages and empties the write-ahead log: what was deleted is gone from the
/// disk as far as SQLite can reach.
pub(super) fn scrub(path: &Path) -> Answer<()> {
    let connection = open::connect(path)?;
    connection.execute_batch("VACUUM")?;
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        let why = "the write-ahead log is in use and still holds what was deleted: try again in a moment";
        return Err(Fault::Store(StoreError::Backend(why.to_owned())));
    }
    Ok(())
}
