//! What to make of a reading: whether it is news, whether it can be believed, what has already been told.
//!
//! Pure: it sees readings, never the folder.

use crate::{book::BookHash, source::Sources};

/// A folder as read: its files, or why it could not be read at all.
pub(super) type Seen = Result<Sources, String>;

/// Decides what a reading means.
#[derive(Debug)]
pub(super) struct Standing {
    /// The content that is live, whatever the folder holds now.
    live: Option<BookHash>,
    /// What was told last of the folder.
    told: Told,
    /// News seen once.
    once: Option<Seen>,
}

#[derive(PartialEq, Eq, Debug)]
enum Told {
    Nothing,
    Live,
    Rejected(BookHash),
    Unreadable(String),
}

/// What to do about a reading.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Nothing: it has been told.
    Rest,
    /// Read again: this is new, and somebody may still be writing.
    Again,
    /// Give it to the gate, and come back with its answer.
    Judge(Sources, BookHash),
    /// Tell that the folder holds what is live once more.
    Restored,
    /// Tell that the folder cannot be read.
    Unreadable(String),
}

/// The gate's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gate {
    Passed,
    Refused,
}

impl Standing {
    /// `known` is the content that is live already, if any.
    pub fn new(known: Option<BookHash>) -> Self {
        Self { live: known, told: if known.is_some() { Told::Live } else { Told::Nothing }, once: None }
    }

    /// Takes a reading.
    pub fn read(&mut self, seen: Seen) -> Next {
        let hash = seen.as_ref().ok().map(Sources::hash);
        let is_live = hash.is_some() && hash == self.live;
        let is_told = match (&self.told, &seen) {
            (Told::Live, Ok(_)) => is_live,
            (Told::Rejected(rejected), Ok(_)) => hash == Some(*rejected),
            (Told::Unreadable(told), Err(why)) => told == why,
            _ => false,
        };
        if is_told {
            self.once = None;
            return Next::Rest;
        }
        if self.once.as_ref() != Some(&seen) {
            self.once = Some(seen);
            return Next::Again;
        }
        self.once = None;
        match seen {
            Err(why) => {
                self.told = Told::Unreadable(why.clone());
                Next::Unreadable(why)
            }
            Ok(_) if is_live => {
                self.told = Told::Live;
                Next::Restored
            }
            Ok(sources) => {
                let hash = sources.hash();
                Next::Judge(sources, hash)
            }
        }
    }

    /// Takes the gate's answer to [`Next::Judge`].
    pub fn judged(&mut self, hash: BookHash, gate: Gate) {
        match gate {
            Gate::Passed => {
                self.live = Some(hash);
                self.told = Told::Live;
            }
            Gate::Refused => self.told = Told::Rejected(hash),
        }
    }
}
