//! How often somebody tried to sign in.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{columns::micros, fault::Answer};
use crate::{TRIES_KEPT, Try};

/// Counts one after the other; the place of the first that is one too many, after which none is counted.
pub(super) fn count(
    db: &Connection,
    tries: &[Try],
    window: TimeDelta,
    now: DateTime<Utc>,
) -> Answer<Option<usize>> {
    let (began_after, now) = (micros(now - window), micros(now));
    db.prepare_cached("DELETE FROM tries WHERE began <= ?1")?.execute([began_after])?;
    let mut too_many = None;
    for (place, one) in tries.iter().enumerate() {
        if count_one(db, &one.key, now)? > i64::from(one.at_most) {
            too_many = Some(place);
            break;
        }
    }
    keep_within_bounds(db)?;
    Ok(too_many)
}

/// How often it was tried in this window, this time included.
fn count_one(db: &Connection, key: &[u8; 32], now: i64) -> Answer<i64> {
    let known = db
        .prepare_cached("SELECT began, count FROM tries WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    // A window that begins in the future is of a clock since put right.
    let (began, count) = match known {
        Some((began, count)) if began <= now => (began, count.saturating_add(1)),
        _ => (now, 1),
    };
    db.prepare_cached(
        "INSERT INTO tries (key, began, count) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET began = excluded.began, count = excluded.count",
    )?
    .execute(params![key, began, count])?;
    Ok(count)
}

/// Those tried least go first, of these the oldest: whoever floods us with names must not wash away the count of the
/// account he is after.
fn keep_within_bounds(db: &Connection) -> Answer<()> {
    db.prepare_cached(
        "DELETE FROM tries WHERE key IN (SELECT key FROM tries ORDER BY count DESC, began DESC LIMIT -1 OFFSET ?1)",
    )?
    .execute([TRIES_KEPT])?;
    Ok(())
}

/// Whoever tried is known now.
pub(super) fn forget(db: &Connection, key: &[u8; 32]) -> Answer<()> {
    db.prepare_cached("DELETE FROM tries WHERE key = ?1")?.execute([key])?;
    Ok(())
}
