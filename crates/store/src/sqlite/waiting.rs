//! What was told while the clock was in doubt: kept beside the chart until a turn takes it in.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};

use afterrun_rules::{TimedEvent, ids::PatientId};

use super::{
    columns::{from_json, instant, micros, to_json},
    fault::Answer,
};
use crate::Waiting;

/// Keeps events, after those that wait already.
pub(super) fn keep(db: &Connection, patient: i64, waits: &[Waiting]) -> Answer<()> {
    if waits.is_empty() {
        return Ok(());
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO waiting_events (patient, seq, at, body, told)
         VALUES (?1, coalesce((SELECT max(seq) FROM waiting_events WHERE patient = ?1), 0) + 1, ?2, ?3, ?4)",
    )?;
    for waiting in waits {
        let TimedEvent { at, event } = &waiting.event;
        insert.execute(params![patient, micros(*at), to_json("waiting event", event)?, waiting.told])?;
    }
    db.prepare_cached("UPDATE patients SET waiting = 1 WHERE key = ?1")?.execute([patient])?;
    Ok(())
}

/// They have become part of the chart. What the clinic was told meanwhile bears the times of the doubted clock: what
/// lies ahead of `now` would not be looked at, tried or passed on for as long.
pub(super) fn take_in(db: &Connection, patient: i64, now: DateTime<Utc>) -> Answer<()> {
    // What people did stays before the facts that came of it, each of which counts from a millisecond before the next.
    let waited: i64 = db
        .prepare_cached("SELECT count(*) FROM waiting_events WHERE patient = ?1")?
        .query_row([patient], |row| row.get(0))?;
    db.prepare_cached("UPDATE work_history SET at = min(at, ?2) WHERE patient = ?1 AND at > ?2")?
        .execute(params![patient, micros(now - TimeDelta::milliseconds(waited))])?;
    db.prepare_cached("DELETE FROM waiting_events WHERE patient = ?1")?.execute([patient])?;
    db.prepare_cached("UPDATE patients SET waiting = 0 WHERE key = ?1")?.execute([patient])?;
    for no_later in [
        "UPDATE messages SET decided_at = min(decided_at, ?2), at = min(at, ?2), due_at = min(due_at, ?2),
             settled_at = min(settled_at, ?2), first_attempt_at = min(first_attempt_at, ?2)
         WHERE patient = ?1 AND decided_at > ?2",
        "UPDATE work_items SET created_at = min(created_at, ?2) WHERE patient = ?1 AND created_at > ?2",
        "UPDATE work_list SET due_at = min(due_at, ?2), raised_at = min(raised_at, ?2)
         WHERE patient = ?1 AND raised_at > ?2",
    ] {
        db.prepare_cached(no_later)?.execute(params![patient, micros(now)])?;
    }
    Ok(())
}

/// What waits, in the order it was told.
pub(super) fn of(db: &Connection, patient: i64) -> Answer<Vec<Waiting>> {
    let mut select =
        db.prepare_cached("SELECT at, body, told FROM waiting_events WHERE patient = ?1 ORDER BY seq")?;
    let rows = select.query_map([patient], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)))?;
    rows.map(|row| {
        let (at, body, told) = row?;
        let event = TimedEvent { at: instant(at)?, event: from_json("waiting event", &body)? };
        Ok(Waiting { event, told })
    })
    .collect()
}

/// Patients of whom something waits.
pub(super) fn patients(db: &Connection, limit: u32) -> Answer<Vec<PatientId>> {
    let mut select = db.prepare_cached("SELECT id FROM patients WHERE waiting = 1 ORDER BY key LIMIT ?1")?;
    let rows = select.query_map([limit], |row| row.get::<_, String>(0))?;
    rows.map(|id| Ok(id?.into())).collect()
}
