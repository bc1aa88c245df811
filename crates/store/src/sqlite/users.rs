//! Who may use the console.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    columns::{Word, instant, maybe_instant, micros},
    fault::Answer,
    patients::page,
};
use crate::{Names, NewUser, Page, Role, StoreError, User, UserKey};

impl Word for Role {
    const WHAT: &'static str = "role";
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Viewer, "viewer"), (Self::Clinician, "clinician"), (Self::Admin, "admin")];
}

impl Word for Names {
    const WHAT: &'static str = "way of naming";
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Full, "full"), (Self::Initials, "initials")];
}

const COLUMNS: &str = "id, email, role, password_hash, added_at, looked_at, deactivated_at, names";

/// Adds one.
pub(super) fn add(db: &Connection, new: &NewUser, now: DateTime<Utc>) -> Answer<UserKey> {
    let email_key = new.email.to_lowercase();
    if db.prepare_cached("SELECT 1 FROM users WHERE email_key = ?1")?.exists([&email_key])? {
        return Err(StoreError::Exists { what: "user", id: new.email.clone() }.into());
    }
    db.prepare_cached(
        "INSERT INTO users (email, email_key, role, password_hash, added_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![new.email, email_key, new.role.word(), new.password_hash, micros(now)])?;
    Ok(UserKey(db.last_insert_rowid()))
}

/// One by address, letter case ignored.
pub(super) fn by_email(db: &Connection, email: &str) -> Answer<Option<User>> {
    let query = format!("SELECT {COLUMNS} FROM users WHERE email_key = ?1");
    let mut statement = db.prepare_cached(&query)?;
    statement.query_row([email.to_lowercase()], |row| Ok(user(row))).optional()?.transpose()
}

/// One by row.
pub(super) fn by_key(db: &Connection, key: UserKey) -> Answer<Option<User>> {
    let query = format!("SELECT {COLUMNS} FROM users WHERE id = ?1");
    let mut statement = db.prepare_cached(&query)?;
    statement.query_row([key.0], |row| Ok(user(row))).optional()?.transpose()
}

/// A page in the order added.
pub(super) fn list(db: &Connection, after: Option<&str>, limit: u32) -> Answer<Page<User>> {
    let after: i64 = after.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let query = format!("SELECT {COLUMNS} FROM users WHERE id > ?1 ORDER BY id LIMIT ?2");
    let mut statement = db.prepare_cached(&query)?;
    let rows = statement.query_map([after, i64::from(limit) + 1], |row| Ok(user(row)))?;
    let rows = rows.map(|row| row?).collect::<Answer<Vec<_>>>()?;
    Ok(page(rows, limit, |user| user.key.0.to_string()))
}

fn user(row: &Row<'_>) -> Answer<User> {
    Ok(User {
        key: UserKey(row.get(0)?),
        email: row.get(1)?,
        role: Word::read(&row.get::<_, String>(2)?)?,
        password_hash: row.get(3)?,
        added_at: instant(row.get(4)?)?,
        looked_at: maybe_instant(row.get(5)?)?,
        deactivated_at: maybe_instant(row.get(6)?)?,
        names: Word::read(&row.get::<_, String>(7)?)?,
    })
}
