//! Settings, and the audit log.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    columns::{instant, micros},
    fault::Answer,
    patients::page,
};
use crate::{AuditLine, ORIGINS_KEPT, Page, origin};

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
    let line = db.last_insert_rowid();
    if let Some(origin) = origin::current() {
        db.prepare_cached("DELETE FROM audit_origins WHERE at < ?1")?
            .execute([micros(now - ORIGINS_KEPT)])?;
        db.prepare_cached("INSERT INTO audit_origins (line, at, origin) VALUES (?1, ?2, ?3)")?
            .execute(params![line, micros(now), &*origin])?;
    }
    Ok(())
}

const SELECT: &str = "SELECT a.id, a.at, a.actor, a.action, a.subject, o.origin
    FROM audit a LEFT JOIN audit_origins o ON o.line = a.id";

/// A page of the audit log, newest first; of one subject or of all.
pub(super) fn audit_log(
    db: &Connection,
    subject: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Answer<Page<AuditLine>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let most = i64::from(limit) + 1;
    let rows: Vec<AuditLine> = match subject {
        Some(subject) => {
            let query = format!("{SELECT} WHERE a.subject = ?1 AND a.id < ?2 ORDER BY a.id DESC LIMIT ?3");
            let mut statement = db.prepare_cached(&query)?;
            let rows = statement.query_map(params![subject, before, most], |row| Ok(audit_line(row)))?;
            rows.map(|row| row?).collect::<Answer<_>>()?
        }
        None => {
            let query = format!("{SELECT} WHERE a.id < ?1 ORDER BY a.id DESC LIMIT ?2");
            let mut statement = db.prepare_cached(&query)?;
            let rows = statement.query_map([before, most], |row| Ok(audit_line(row)))?;
            rows.map(|row| row?).collect::<Answer<_>>()?
        }
    };
    Ok(page(rows, limit, |line| line.id.to_string()))
}

/// A page of what one actor did, newest first.
pub(super) fn audit_by(
    db: &Connection,
    actor: &str,
    after: Option<&str>,
    limit: u32,
) -> Answer<Page<AuditLine>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let query = format!("{SELECT} WHERE a.actor = ?1 AND a.id < ?2 ORDER BY a.id DESC LIMIT ?3");
    let mut statement = db.prepare_cached(&query)?;
    let rows =
        statement.query_map(params![actor, before, i64::from(limit) + 1], |row| Ok(audit_line(row)))?;
    let rows = rows.map(|row| row?).collect::<Answer<Vec<_>>>()?;
    Ok(page(rows, limit, |line| line.id.to_string()))
}

fn audit_line(row: &Row<'_>) -> Answer<AuditLine> {
    Ok(AuditLine {
        id: row.get(0)?,
        at: instant(row.get(1)?)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        origin: row.get(5)?,
    })
}
