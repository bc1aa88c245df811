//! The console's users and who of them is signed in.

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
    /// The password's argon2id hash as PHC text.
    pub password_hash: String,
    /// When added.
    pub added_at: DateTime<Utc>,
    /// Up to when the user has looked through the work-list.
    pub looked_at: Option<DateTime<Utc>>,
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
