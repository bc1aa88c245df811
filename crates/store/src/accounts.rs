//! What a store does for the console's users beyond signing them in: inviting, changing, letting go, and giving
//! a new password to whoever forgot the old one.
//!
//! Each change is noted in the audit log together with the change itself. The mail that carries a link goes
//! through the outbox like any other; see [`USER_LINK`] for what becomes of its text.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    AuditLine, NewMessage, NewUser, NewUserLink, Page, Result, Try, User, UserChange, UserChanged, UserKey,
    UserLink,
};

/// Begins the identity of every mail that carries a link for a user. Once such a mail has been sent or given up,
/// the store forgets its bytes: they hold the only copy of the token.
pub const USER_LINK: &str = "user-link/";

/// Users of the console.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// The user in a row.
    async fn user(&self, key: UserKey) -> Result<Option<User>>;
    /// Adds a user who has no password yet, with the link to choose one and the mail that carries it.
    ///
    /// # Errors
    /// [`StoreError::Exists`](crate::StoreError::Exists) for an address seen before, letter case ignored.
    async fn invite_user(
        &self,
        user: NewUser,
        link: NewUserLink,
        mail: NewMessage,
        by: UserKey,
        now: DateTime<Utc>,
    ) -> Result<UserKey>;
    /// Makes a link for a user, and adds the mail that carries it. An invitation ends the one before. `by` is who
    /// the audit log names.
    async fn add_user_link(
        &self,
        user: UserKey,
        link: NewUserLink,
        mail: NewMessage,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<()>;
    /// What a link opens, unless it has expired or its user was let go.
    async fn user_link(&self, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<Option<UserLink>>;
    /// Uses a link up: sets the password, ends all links and all sessions of the user, and adds the mail that says
    /// so. None: it opens nothing, and nothing has changed.
    async fn use_user_link(
        &self,
        token_hash: &[u8; 32],
        password_hash: &str,
        notice: Option<NewMessage>,
        now: DateTime<Utc>,
    ) -> Result<Option<User>>;
    /// Changes a user, never so that no active admin with a password is left. The mail that says so is added if it
    /// is changed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound) for a row that is no user.
    async fn change_user(
        &self,
        user: UserKey,
        change: UserChange,
        by: UserKey,
        notice: Option<NewMessage>,
        now: DateTime<Utc>,
    ) -> Result<UserChanged>;
    /// Counts tries, one after the other, each with those of its key in a window that begins with the first of them.
    /// Gives the place of the first that is one too many; those after it are not counted. Windows that are over
    /// are forgotten, and so are, beyond [`TRIES_KEPT`](crate::TRIES_KEPT), those of the fewest tries.
    async fn count_tries(
        &self,
        tries: &[Try],
        window: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Option<usize>>;
    /// Forgets what was tried under a key: whoever tried is known now.
    async fn forget_tries(&self, key: &[u8; 32]) -> Result<()>;
    /// The audit log of what one actor did, newest first.
    async fn audit_by(&self, actor: &str, after: Option<&str>, limit: u32) -> Result<Page<AuditLine>>;
}
