//! Who is signed in.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    columns::{instant, micros},
    fault::Answer,
    messages, settings, user_links, users,
};
use crate::{NewMessage, NewUser, Session, User, UserKey};

/// Whether this is the password of somebody who may sign in, now that nothing else can be written.
pub(super) fn is_proved(db: &Connection, user: UserKey, password_hash: &str) -> Answer<bool> {
    let user = users::by_key(db, user)?.filter(User::may_sign_in);
    Ok(user.is_some_and(|user| user.password_hash == password_hash))
}

/// Begins a session; those begun before `forget_before` are forgotten.
pub(super) fn begin(
    db: &Connection,
    token_hash: &[u8; 32],
    user: UserKey,
    proved: &str,
    now: DateTime<Utc>,
    forget_before: DateTime<Utc>,
) -> Answer<bool> {
    if !is_proved(db, user, proved)? {
        return Ok(false);
    }
    db.prepare_cached("DELETE FROM sessions WHERE created_at < ?1")?.execute([micros(forget_before)])?;
    db.prepare_cached(
        "INSERT INTO sessions (token_hash, user, created_at, used_at) VALUES (?1, ?2, ?3, ?3)",
    )?
    .execute(params![token_hash, user.0, micros(now)])?;
    Ok(true)
}

/// The session of a cookie, with its user as of now; none of a user who was let go.
pub(super) fn get(db: &Connection, token_hash: &[u8; 32]) -> Answer<Option<Session>> {
    let found = db
        .prepare_cached("SELECT user, created_at, used_at FROM sessions WHERE token_hash = ?1")?
        .query_row([token_hash], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((user, created_at, used_at)) = found else { return Ok(None) };
    let user = users::by_key(db, UserKey(user))?.filter(|user| user.deactivated_at.is_none());
    let Some(user) = user else { return Ok(None) };
    Ok(Some(Session { user, created_at: instant(created_at)?, used_at: instant(used_at)? }))
}

/// Notes that a session is in use.
pub(super) fn touch(db: &Connection, token_hash: &[u8; 32], now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached("UPDATE sessions SET used_at = ?2 WHERE token_hash = ?1")?
        .execute(params![token_hash, micros(now)])?;
    Ok(())
}

/// Ends one.
pub(super) fn end(db: &Connection, token_hash: &[u8; 32]) -> Answer<()> {
    db.prepare_cached("DELETE FROM sessions WHERE token_hash = ?1")?.execute([token_hash])?;
    Ok(())
}

/// Ends all of a user's.
pub(super) fn end_all(db: &Connection, user: UserKey) -> Answer<()> {
    db.prepare_cached("DELETE FROM sessions WHERE user = ?1")?.execute([user.0])?;
    Ok(())
}

/// Adds a user if there is none at all.
pub(super) fn add_first_user(
    db: &Connection,
    new: &NewUser,
    by: &str,
    now: DateTime<Utc>,
) -> Answer<Option<UserKey>> {
    if db.prepare_cached("SELECT 1 FROM users WHERE id > 0 LIMIT 1")?.exists([])? {
        return Ok(None);
    }
    let key = users::add(db, new, now)?;
    settings::audit(db, now, by, "user-add", &user_links::actor(key))?;
    Ok(Some(key))
}

/// Changes a password; every session and every link of the user ends, and a mail says so.
pub(super) fn set_password(
    db: &Connection,
    user: UserKey,
    password_hash: &str,
    notice: Option<&NewMessage>,
    now: DateTime<Utc>,
) -> Answer<()> {
    db.prepare_cached("UPDATE users SET password_hash = ?2 WHERE id = ?1")?
        .execute(params![user.0, password_hash])?;
    user_links::end_all(db, user)?;
    end_all(db, user)?;
    match notice {
        Some(notice) => messages::insert(db, None, notice, now, None).map(|_| ()),
        None => Ok(()),
    }
}

/// Notes that a user has looked through the work-list.
pub(super) fn looked(db: &Connection, user: &User, now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached("UPDATE users SET looked_at = ?2 WHERE id = ?1")?
        .execute(params![user.key.0, micros(now)])?;
    let who = user_links::actor(user.key);
    settings::audit(db, now, &who, "work-looked", &who)
}
