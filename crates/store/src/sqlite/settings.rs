//! Settings, and the audit log.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{columns::micros, fault::Answer};

/// A setting.
pub(super) fn get(db: &Connection, key: &str) -> Answer<Option<String>> {
    let mut statement = db.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

/// Sets or clears a setting.
pub(super) fn set(db: &Connection, key: &str, value: Option<&str>) -> Answer<()> {
    match value {
        Some(value) => db
            .prepare_cached(
                "INSERT INTO settings (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![key, value])?,
        None => db.prepare_cached("DELETE FROM settings WHERE key = ?1")?.execute([key])?,
    };
    Ok(())
}

/// Appends a line to the audit log.
pub(super) fn audit(
    db: &Connection,
    now: DateTime<Utc>,
    actor: &str,
    action: &str,
    subject: &str,
) -> Answer<()> {
    db.prepare_cached("INSERT INTO audit (at, actor, action, subject) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![micros(now), actor, action, subject])?;
    Ok(())
}
