//! When to read the folder: after a hint has settled, again to be sure, at the slow poll, at once when asked.
//!
//! Pure: every instant is an argument.

use std::time::{Duration, Instant};

use super::{Options, mailbox::Told};

/// Decides when the folder is read next.
#[derive(Debug)]
pub(super) struct Rhythm {
    settle: Duration,
    settle_at_most: Duration,
    poll: Duration,
    /// Since when something has been going on that is not yet decided.
    busy_since: Option<Instant>,
    /// The last hint that no read has answered.
    touched: Option<Instant>,
    /// When to read again, to see the same twice.
    again: Option<Instant>,
    /// When to read although nothing was heard.
    poll_at: Instant,
    /// A read is due at once: since when.
    check: Option<Instant>,
    lost: bool,
}

/// What to do before reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Watches {
    /// The watches stand.
    Keep,
    /// Hints were lost: set up all watches anew.
    Renew,
}

impl Rhythm {
    /// The first read is due at once.
    pub fn new(options: &Options, now: Instant) -> Self {
        Self {
            settle: options.settle,
            settle_at_most: options.settle_at_most,
            poll: options.poll,
            busy_since: None,
            touched: None,
            again: None,
            poll_at: now,
            check: Some(now),
            lost: false,
        }
    }

    /// Takes in what was told.
    pub fn hear(&mut self, told: &Told, now: Instant) {
        if let Some((first, last)) = told.touched {
            self.busy_since.get_or_insert(first);
            self.touched = Some(last);
        }
        // A read that confirms another comes soon enough, and confirms nothing if it comes too soon.
        if told.check && self.again.is_none() {
            self.check = Some(now);
        }
        self.lost |= told.lost;
    }

    /// When to read next. An unanswered hint puts it off until all is quiet, but not for ever.
    pub fn due(&self) -> Instant {
        if let Some(asked) = self.check {
            return asked;
        }
        let Some(last) = self.touched else {
            return self.again.unwrap_or(self.poll_at);
        };
        let patience_ends = self.busy_since.unwrap_or(last) + self.settle_at_most;
        (last + self.settle).min(self.again.map_or(patience_ends, |again| again.max(patience_ends)))
    }

    /// A read begins: it answers all hints heard so far.
    pub fn reading(&mut self, now: Instant) -> Watches {
        self.touched = None;
        self.again = None;
        self.check = None;
        self.poll_at = now + self.poll;
        if std::mem::take(&mut self.lost) { Watches::Renew } else { Watches::Keep }
    }

    /// What was read is new: it counts when it is still so a while later.
    pub fn again(&mut self, now: Instant) {
        self.busy_since.get_or_insert(now);
        self.again = Some(now + self.settle);
    }

    /// What was read is decided upon.
    pub fn decided(&mut self) {
        self.busy_since = None;
    }
}
