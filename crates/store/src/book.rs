//! Rule books: those that were in force, who edited them and why, and those that were refused.

use std::{collections::BTreeMap, sync::Arc};

use afterrun_rules::book::BookHash;
use chrono::{DateTime, Utc};

use crate::UserKey;

/// How many refused books are kept, with their files: whoever looks for an older one has an editor's history.
pub const REFUSED_KEPT: u32 = 20;

/// The files of a rule book by path below its folder.
pub type BookFiles = BTreeMap<String, Arc<[u8]>>;

/// Somebody is about to make the rules folder hold another content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRuleEdit {
    /// Hash of the folder as it is to be.
    pub hash: BookHash,
    /// Who.
    pub by: UserKey,
    /// When.
    pub at: DateTime<Utc>,
    /// The file edited, by its path below the folder.
    pub file: String,
    /// Why, in the user's words.
    pub reason: String,
}

/// An edit made in the console.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleEdit {
    /// The user's address.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The file edited.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// A spell in which a book was in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookSpell {
    /// Position in the history.
    pub seq: i64,
    /// Content hash.
    pub hash: BookHash,
    /// From when on.
    pub since: DateTime<Utc>,
    /// Until when; none: it still is.
    pub until: Option<DateTime<Utc>>,
    /// The book in force before it.
    pub before: Option<BookHash>,
    /// The edit it came of; none: the files were changed in the folder.
    pub edit: Option<RuleEdit>,
}

/// A book that the gate refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRefusedBook {
    /// Content hash.
    pub hash: BookHash,
    /// When it was refused.
    pub at: DateTime<Utc>,
    /// Every finding, as `afterrun check` shows it.
    pub findings: String,
    /// Its files.
    pub files: BookFiles,
}

/// A line in the list of refused books.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedBook {
    /// Position in the list.
    pub seq: i64,
    /// Content hash.
    pub hash: BookHash,
    /// When it was refused.
    pub at: DateTime<Utc>,
    /// Every finding, as `afterrun check` shows it.
    pub findings: String,
}
