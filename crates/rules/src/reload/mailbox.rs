//! What the watching thread can be told, gathered while it is busy and taken all at once.
//!
//! However many hints arrive, they take no more room than one: a checkout of 1,000 files makes 4,000 of them.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Everything told since the last look.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Told {
    /// Something below the folder was touched: the first time and the last.
    pub touched: Option<(Instant, Instant)>,
    /// Hints were lost, or the watch itself: nothing is known of what happened meanwhile.
    pub lost: bool,
    /// Somebody asks for a read at once.
    pub check: bool,
    /// The watch was dropped.
    pub stop: bool,
}

/// Shared between the thread, notify's own thread and the [`Watch`](super::Watch).
#[derive(Default)]
pub(super) struct Mailbox {
    told: Mutex<Told>,
    bell: Condvar,
}

impl Mailbox {
    pub fn touched(&self, at: Instant) {
        self.tell(|told| told.touched = Some((told.touched.map_or(at, |(first, _)| first), at)));
    }

    pub fn lost(&self, at: Instant) {
        self.touched(at);
        self.tell(|told| told.lost = true);
    }

    pub fn check(&self) {
        self.tell(|told| told.check = true);
    }

    pub fn stop(&self) {
        self.tell(|told| told.stop = true);
    }

    pub fn is_stopped(&self) -> bool {
        self.lock().stop
    }

    /// Sleeps until `until`, or until there is something to hear, and takes it.
    pub fn wait(&self, until: Instant) -> Told {
        let patience = until.saturating_duration_since(Instant::now());
        let (mut told, _) = self
            .bell
            .wait_timeout_while(self.lock(), patience, |told| *told == Told::default())
            .unwrap_or_else(PoisonError::into_inner);
        let stop = told.stop;
        std::mem::replace(&mut *told, Told { stop, ..Told::default() })
    }

    fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.lock());
        self.bell.notify_one();
    }

    /// A poisoned lock is taken all the same: what it guards is whole after every line.
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
