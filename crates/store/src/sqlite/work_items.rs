//! What a clinician has to do, and which of it goes into the digest.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Params, Row, params};

use super::{
    columns::{Word, instant, maybe_instant, maybe_micros, micros},
    fault::Answer,
    messages,
    patients::page,
    work_list,
};
use crate::{NewMessage, NewWorkItem, Page, WorkItem};

const SELECT: &str = "SELECT w.id, p.id, p.name, w.identity, w.flag, w.level, w.reason_code, w.reason_text,
    w.created_at, w.state FROM work_items w JOIN patients p ON p.key = w.patient";

/// Adds an item; the same identity twice is one item.
pub(super) fn insert(db: &Connection, patient: i64, item: &NewWorkItem, now: DateTime<Utc>) -> Answer<()> {
    let added = db.prepare_cached(
        "INSERT INTO work_items (patient, identity, flag, level, reason_code, reason_text, created_at, digest_due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        patient,
        item.identity_text,
        item.flag.as_ref().map(|flag| flag.as_str()),
        item.level.word(),
        &*item.reason.code,
        &*item.reason.text,
        micros(now),
        maybe_micros(item.digest_due),
    ])?;
    if added == 1 {
        work_list::raise(db, patient, db.last_insert_rowid(), item, now)?;
    }
    Ok(())
}

/// A page, newest first.
pub(super) fn list(db: &Connection, after: Option<&str>, limit: u32) -> Answer<Page<WorkItem>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let query = format!("{SELECT} WHERE w.id < ?1 ORDER BY w.id DESC LIMIT ?2");
    let rows = select(db, &query, params![before, i64::from(limit) + 1])?;
    Ok(page(rows, limit, |item| item.id.to_string()))
}

/// A page of one patient's, newest first.
pub(super) fn of_patient(
    db: &Connection,
    patient: i64,
    after: Option<&str>,
    limit: u32,
) -> Answer<Page<WorkItem>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let query = format!("{SELECT} WHERE w.patient = ?1 AND w.id < ?2 ORDER BY w.id DESC LIMIT ?3");
    let rows = select(db, &query, params![patient, before, i64::from(limit) + 1])?;
    Ok(page(rows, limit, |item| item.id.to_string()))
}

/// Open ones about what cannot be read, newest first.
pub(super) fn unreadable(db: &Connection, limit: u32) -> Answer<Vec<WorkItem>> {
    let query = format!(
        "{SELECT} WHERE w.reason_code = 'unreadable' AND w.state <> 'resolved' ORDER BY w.id DESC LIMIT ?1"
    );
    select(db, &query, params![limit])
}

/// Items due in a digest and not yet in one, longest due first.
pub(super) fn for_digest(db: &Connection, now: DateTime<Utc>, limit: u32) -> Answer<Vec<WorkItem>> {
    let query = format!(
        "{SELECT} WHERE w.digest_due <= ?1 AND w.digest_due IS NOT NULL AND w.digested_at IS NULL
         ORDER BY w.digest_due, w.id LIMIT ?2"
    );
    select(db, &query, params![micros(now), limit])
}

/// Adds the digest's messages and marks its items, in one.
pub(super) fn add_digest(
    db: &Connection,
    items: &[i64],
    messages: &[NewMessage],
    now: DateTime<Utc>,
) -> Answer<()> {
    let mut mark =
        db.prepare_cached("UPDATE work_items SET digested_at = ?2 WHERE id = ?1 AND digested_at IS NULL")?;
    let mut marked = 0;
    for item in items {
        marked += mark.execute(params![item, micros(now)])?;
    }
    // Another process that was faster has told them all.
    if marked > 0 {
        for message in messages {
            messages::insert(db, None, message, now, None)?;
        }
    }
    Ok(())
}

/// Items that cannot wait, that nobody has taken and that were told to nobody else, oldest first.
pub(super) fn unacknowledged(
    db: &Connection,
    created_by: DateTime<Utc>,
    limit: u32,
) -> Answer<Vec<WorkItem>> {
    let query = format!(
        "{SELECT} WHERE w.level = 'now' AND w.state = 'new' AND w.escalated_at IS NULL AND w.created_at <= ?1
           AND NOT EXISTS (SELECT 1 FROM work_list l WHERE l.patient = w.patient AND l.state <> 'new')
         ORDER BY w.created_at, w.id LIMIT ?2"
    );
    select(db, &query, params![micros(created_by), limit])
}

/// Marks an item as told to somebody else and adds the messages that do, in one.
pub(super) fn add_escalation(
    db: &Connection,
    item: i64,
    messages: &[NewMessage],
    now: DateTime<Utc>,
) -> Answer<()> {
    let marked = db
        .prepare_cached("UPDATE work_items SET escalated_at = ?2 WHERE id = ?1 AND escalated_at IS NULL")?
        .execute(params![item, micros(now)])?;
    if marked == 1 {
        for message in messages {
            messages::insert_pressing(db, message, now)?;
        }
    }
    Ok(())
}

/// When the next item goes into a digest, or has waited for `waits` without being taken and told to anybody else.
pub(super) fn next_due(db: &Connection, waits: Option<TimeDelta>) -> Answer<Option<DateTime<Utc>>> {
    let digest: Option<i64> = db
        .prepare_cached(
            "SELECT min(digest_due) FROM work_items WHERE digest_due IS NOT NULL AND digested_at IS NULL",
        )?
        .query_row([], |row| row.get(0))?;
    let Some(waits) = waits else { return maybe_instant(digest) };
    let oldest = unacknowledged(db, DateTime::<Utc>::MAX_UTC, 1)?.into_iter().next();
    let escalated = oldest.and_then(|item| item.created_at.checked_add_signed(waits));
    Ok(maybe_instant(digest)?.into_iter().chain(escalated).min())
}

fn select(db: &Connection, query: &str, values: impl Params) -> Answer<Vec<WorkItem>> {
    let mut statement = db.prepare_cached(query)?;
    let rows = statement.query_map(values, |row| Ok(work_item(row)))?;
    rows.map(|row| row?).collect()
}

fn work_item(row: &Row<'_>) -> Answer<WorkItem> {
    Ok(WorkItem {
        id: row.get(0)?,
        patient: row.get::<_, String>(1)?.into(),
        patient_name: row.get(2)?,
        identity_text: row.get(3)?,
        flag: row.get::<_, Option<String>>(4)?.map(Into::into),
        level: Word::read(&row.get::<_, String>(5)?)?,
        reason: messages::reason(row.get(6)?, row.get(7)?),
        created_at: instant(row.get(8)?)?,
        state: row.get(9)?,
    })
}
