//! Links for users of the console: made with the mail that carries them, used once.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    columns::{Word, instant, micros},
    fault::Answer,
    messages, sessions, settings, users,
};
use crate::{NewMessage, NewUser, NewUserLink, USER_LINK, User, UserKey, UserLink, UserLinkKind};

impl Word for UserLinkKind {
    const WHAT: &'static str = "kind of link";
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Invitation, "invitation"), (Self::Reset, "reset")];
}

/// How the audit log names a user.
pub(super) fn actor(user: UserKey) -> String {
    format!("user {}", user.0)
}

/// Adds a user without a password, and the link to choose one.
pub(super) fn invite(
    db: &Connection,
    new: &NewUser,
    link: &NewUserLink,
    mail: &NewMessage,
    by: UserKey,
    now: DateTime<Utc>,
) -> Answer<UserKey> {
    let key = users::add(db, new, now)?;
    settings::audit(db, now, &actor(by), "user-add", &actor(key))?;
    add(db, key, link, mail, &actor(by), now)?;
    Ok(key)
}

/// Adds a link and its mail; every expired one goes. An invitation ends the one before; a reset does not, for
/// anybody may ask for one and must not be able to shut out who asked first.
pub(super) fn add(
    db: &Connection,
    user: UserKey,
    link: &NewUserLink,
    mail: &NewMessage,
    by: &str,
    now: DateTime<Utc>,
) -> Answer<()> {
    if link.kind == UserLinkKind::Invitation {
        db.prepare_cached("DELETE FROM user_links WHERE user = ?1 AND kind = ?2")?
            .execute(params![user.0, link.kind.word()])?;
    }
    db.prepare_cached("DELETE FROM user_links WHERE expires_at <= ?1")?.execute([micros(now)])?;
    db.prepare_cached("INSERT INTO user_links (token_hash, user, kind, expires_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![link.token_hash, user.0, link.kind.word(), micros(link.expires_at)])?;
    messages::insert(db, None, mail, now, None)?;
    settings::audit(db, now, by, &format!("{}-link", link.kind.word()), &actor(user))
}

/// What a link opens.
pub(super) fn get(db: &Connection, token_hash: &[u8; 32], now: DateTime<Utc>) -> Answer<Option<UserLink>> {
    let found: Option<(i64, String, i64)> = db
        .prepare_cached(
            "SELECT user, kind, expires_at FROM user_links WHERE token_hash = ?1 AND expires_at > ?2",
        )?
        .query_row(params![token_hash, micros(now)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((user, kind, expires_at)) = found else { return Ok(None) };
    let user = users::by_key(db, UserKey(user))?.filter(|user| user.deactivated_at.is_none());
    let Some(user) = user else { return Ok(None) };
    Ok(Some(UserLink { user, kind: Word::read(&kind)?, expires_at: instant(expires_at)? }))
}

/// Uses a link up.
pub(super) fn take(
    db: &Connection,
    token_hash: &[u8; 32],
    password_hash: &str,
    notice: Option<&NewMessage>,
    now: DateTime<Utc>,
) -> Answer<Option<User>> {
    let Some(link) = get(db, token_hash, now)? else { return Ok(None) };
    let key = link.user.key;
    sessions::set_password(db, key, password_hash, notice, now)?;
    settings::audit(db, now, &actor(key), &format!("{}-used", link.kind.word()), &actor(key))?;
    users::by_key(db, key)
}

/// Ends all links of a user.
pub(super) fn end_all(db: &Connection, user: UserKey) -> Answer<()> {
    db.prepare_cached("DELETE FROM user_links WHERE user = ?1")?.execute([user.0])?;
    Ok(())
}

/// Forgets the text of a mail if it carries a link for a user: it will not be sent again, and nobody else is to
/// read it.
pub(super) fn forget_mail(db: &Connection, message: i64) -> Answer<()> {
    db.prepare_cached(
        "UPDATE mails SET bytes = x'' WHERE message = ?1
             AND EXISTS (SELECT 1 FROM messages WHERE key = ?1 AND substr(identity, 1, length(?2)) = ?2)",
    )?
    .execute(params![message, USER_LINK])?;
    Ok(())
}
