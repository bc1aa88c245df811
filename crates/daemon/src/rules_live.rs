//! The rule book in force, swapped whole, and the edit that was refused, kept for everybody to see.
//!
//! Leaves out watching the folder (`afterrun_rules::reload`) and what follows from a swap (`reloading`).

use std::sync::{Arc, Mutex, PoisonError};

use afterrun_rules::{RuleBook, book::BookHash};
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};

/// A rule book and since when it has been in force.
#[derive(Clone, Debug)]
pub struct Live {
    /// The book.
    pub book: Arc<RuleBook>,
    /// Since when: what `plan` needs to know so that an edit by itself mails nobody.
    pub since: DateTime<Utc>,
}

/// An edit that did not go live.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// Hash of the files, if they could be read.
    pub hash: Option<BookHash>,
    /// When it was refused.
    pub at: DateTime<Utc>,
    /// Every finding, as `check` shows it.
    pub findings: String,
}

/// What everybody asks for the rules in force.
#[derive(Debug)]
pub struct LiveRules {
    live: ArcSwap<Live>,
    rejected: Mutex<Option<Rejected>>,
}

impl LiveRules {
    /// Begins with a book.
    #[must_use]
    pub fn new(book: RuleBook, since: DateTime<Utc>) -> Self {
        Self { live: ArcSwap::from_pointee(Live { book: Arc::new(book), since }), rejected: Mutex::new(None) }
    }

    /// The book in force. Take it once per turn.
    #[must_use]
    pub fn current(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Puts another book in force; a refused edit before it is forgotten.
    pub fn replace(&self, book: RuleBook, since: DateTime<Utc>) {
        self.live.store(Arc::new(Live { book: Arc::new(book), since }));
        self.set_rejected(None);
    }

    /// Remembers, or forgets, a refused edit.
    pub fn set_rejected(&self, rejected: Option<Rejected>) {
        *self.rejected.lock().unwrap_or_else(PoisonError::into_inner) = rejected;
    }

    /// The newest edit that was refused and has not been mended since.
    #[must_use]
    pub fn rejected(&self) -> Option<Rejected> {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
