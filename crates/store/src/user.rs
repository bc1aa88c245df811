//! The console's users and who of them is signed in.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a user of the console may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Look after patients.
    Clinician,
    /// That, and users and settings.
    Admin,
}

/// How lists name patients to a user: a screen at the front desk is seen by many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// In full.
    #[default]
    Full,
    /// By their initials.
    Initials,
}

impl Names {
    /// A patient's name as a list shows it.
    #[must_use]
    pub fn of(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Full => Cow::Borrowed(name),
            Self::Initials => Cow::Owned(initials(name)),
        }
    }
}

/// First letters of the first and the last word: enough for a colleague, little for a stranger.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let both: String = first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect();
    if both.is_empty() { "?".to_owned() } else { both }
}

/// Row number of a user.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct UserKey(pub i64);

/// A user of the console to add.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Address, already checked.
    pub email: String,
    /// What the user may do.
    pub role: Role,
    /// The password's argon2id hash as PHC text.
    pub password_hash: String,
}

/// A user of the console. Printing it for debugging leaves the hash out.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Row.
    pub key: UserKey,
    /// Address.
    pub email: String,
    /// What the user may do.
    pub role: Role,
    /// The password's argon2id hash as PHC text; empty until an invitation is taken up.
    pub password_hash: String,
    /// When added.
    pub added_at: DateTime<Utc>,
    /// Up to when the user has looked through the work-list.
    pub looked_at: Option<DateTime<Utc>>,
    /// Since when the user may not sign in any more; none: may.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// How lists name patients.
    pub names: Names,
}

impl User {
    /// Has a password and may sign in with it.
    #[must_use]
    pub fn may_sign_in(&self) -> bool {
        self.deactivated_at.is_none() && !self.is_invited()
    }

    /// Has not taken up the invitation yet.
    #[must_use]
    pub fn is_invited(&self) -> bool {
        self.password_hash.is_empty()
    }
}

/// What a link for a user is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserLinkKind {
    /// A first password.
    Invitation,
    /// A new password in place of a forgotten one.
    Reset,
}

/// A link for a user, to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewUserLink {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// What for.
    pub kind: UserLinkKind,
    /// When it closes.
    pub expires_at: DateTime<Utc>,
}

/// A link for a user, as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserLink {
    /// Whose.
    pub user: User,
    /// What for.
    pub kind: UserLinkKind,
    /// When it closes.
    pub expires_at: DateTime<Utc>,
}

/// What is changed about a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserChange {
    /// What the user may do.
    Role(Role),
    /// Ends the user's access: sessions and links end, and what the user saw to is nobody's again.
    Deactivate,
    /// Gives access back.
    Activate,
    /// Ends all sessions.
    EndSessions,
    /// How lists name patients.
    Names(Names),
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserChanged {
    /// Done, and in the audit log.
    Done,
    /// It would have left nobody who may change users.
    LastAdmin,
}

/// Keys whose tries are remembered at a time.
pub const TRIES_KEPT: u32 = 20_000;

/// A try to sign in, or to be sent a link, to count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Try {
    /// SHA-256 of what it is counted by: an account, whether there is one or not, or where it came from.
    pub key: [u8; 32],
    /// How many may be made in a window.
    pub at_most: u32,
}

/// A signed-in user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The user as of now.
    pub user: User,
    /// When the session began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub used_at: DateTime<Utc>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("key", &self.key).field("role", &self.role).finish_non_exhaustive()
    }
}
