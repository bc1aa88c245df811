//! Users of the console, changed.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};

use super::{
    Sqlite,
    columns::{Word, micros},
    fault::Answer,
    messages, sessions, settings, tries, user_links,
    user_links::actor,
    users,
};
use crate::{
    Accounts, AuditLine, NewMessage, NewUser, NewUserLink, Page, Result, Role, StoreError, Try, User,
    UserChange, UserChanged, UserKey, UserLink,
};

#[async_trait]
impl Accounts for Sqlite {
    async fn user(&self, key: UserKey) -> Result<Option<User>> {
        self.read(move |db| users::by_key(db, key)).await
    }

    async fn invite_user(
        &self,
        user: NewUser,
        link: NewUserLink,
        mail: NewMessage,
        by: UserKey,
        now: DateTime<Utc>,
    ) -> Result<UserKey> {
        self.write(move |db| user_links::invite(db, &user, &link, &mail, by, now)).await
    }

    async fn add_user_link(
        &self,
        user: UserKey,
        link: NewUserLink,
        mail: NewMessage,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let by = by.to_owned();
        self.write(move |db| user_links::add(db, user, &link, &mail, &by, now)).await
    }

    async fn user_link(&self, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<Option<UserLink>> {
        let token_hash = *token_hash;
        self.read(move |db| user_links::get(db, &token_hash, now)).await
    }

    async fn use_user_link(
        &self,
        token_hash: &[u8; 32],
        password_hash: &str,
        notice: Option<NewMessage>,
        now: DateTime<Utc>,
    ) -> Result<Option<User>> {
        let (token_hash, password_hash) = (*token_hash, password_hash.to_owned());
        self.write(move |db| user_links::take(db, &token_hash, &password_hash, notice.as_ref(), now)).await
    }

    async fn change_user(
        &self,
        user: UserKey,
        change: UserChange,
        by: UserKey,
        notice: Option<NewMessage>,
        now: DateTime<Utc>,
    ) -> Result<UserChanged> {
        self.write(move |db| {
            let changed = change_user(db, user, change, by, now)?;
            if let Some(notice) = notice.as_ref().filter(|_| changed == UserChanged::Done) {
                messages::insert(db, None, notice, now, None)?;
            }
            Ok(changed)
        })
        .await
    }

    async fn count_tries(
        &self,
        tries: &[Try],
        window: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Option<usize>> {
        let tries = tries.to_vec();
        self.write(move |db| tries::count(db, &tries, window, now)).await
    }

    async fn forget_tries(&self, key: &[u8; 32]) -> Result<()> {
        let key = *key;
        self.write(move |db| tries::forget(db, &key)).await
    }

    async fn audit_by(&self, actor: &str, after: Option<&str>, limit: u32) -> Result<Page<AuditLine>> {
        let (actor, after) = (actor.to_owned(), after.map(str::to_owned));
        self.read(move |db| settings::audit_by(db, &actor, after.as_deref(), limit)).await
    }
}

fn change_user(
    db: &Connection,
    key: UserKey,
    change: UserChange,
    by: UserKey,
    now: DateTime<Utc>,
) -> Answer<UserChanged> {
    let Some(user) = users::by_key(db, key)? else {
        return Err(StoreError::NotFound { what: "user", id: key.0.to_string() }.into());
    };
    let leaves = match change {
        UserChange::Role(role) => role != Role::Admin,
        UserChange::Deactivate => true,
        _ => false,
    };
    if leaves && user.role == Role::Admin && user.may_sign_in() && !has_other_admin(db, key)? {
        return Ok(UserChanged::LastAdmin);
    }
    let set = |column: &str, value: &dyn rusqlite::ToSql| -> Answer<()> {
        let update = format!("UPDATE users SET {column} = ?2 WHERE id = ?1");
        db.prepare_cached(&update)?.execute(params![key.0, value])?;
        Ok(())
    };
    let action = match change {
        UserChange::Role(role) => {
            set("role", &role.word())?;
            format!("user-role-{}", role.word())
        }
        UserChange::Deactivate => {
            set("deactivated_at", &micros(now))?;
            sessions::end_all(db, key)?;
            user_links::end_all(db, key)?;
            hand_back(db, key)?;
            "user-deactivate".to_owned()
        }
        UserChange::Activate => {
            set("deactivated_at", &rusqlite::types::Null)?;
            "user-activate".to_owned()
        }
        UserChange::EndSessions => {
            sessions::end_all(db, key)?;
            "user-end-sessions".to_owned()
        }
        UserChange::Names(names) => {
            set("names", &names.word())?;
            format!("user-names-{}", names.word())
        }
    };
    settings::audit(db, now, &actor(by), &action, &actor(key))?;
    Ok(UserChanged::Done)
}

/// Somebody else is an admin who can sign in.
fn has_other_admin(db: &Connection, key: UserKey) -> Answer<bool> {
    let mut select = db.prepare_cached(
        "SELECT 1 FROM users
         WHERE role = 'admin' AND deactivated_at IS NULL AND password_hash <> '' AND id <> ?1 LIMIT 1",
    )?;
    Ok(select.exists([key.0])?)
}

/// What the user saw to is nobody's: work that waits for somebody who is gone would wait for ever.
fn hand_back(db: &Connection, key: UserKey) -> Answer<()> {
    db.prepare_cached(
        "UPDATE work_list SET owner = NULL, state = CASE state WHEN 'acknowledged' THEN 'new' ELSE state END
         WHERE owner = ?1 AND open = 1",
    )?
    .execute([key.0])?;
    Ok(())
}
