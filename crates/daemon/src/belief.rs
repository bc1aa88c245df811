//! Whether the clock is believed at the moment, for whoever is about to decide by it. Looks at both clocks and asks no
//! store, for every turn asks. What to believe is decided in `clock_guard`, and kept up by `clock_watch`.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, Utc};

use crate::{
    clock::{Clock, SteadyClock},
    clock_guard::ClockGuard,
};

/// What is believed of the clock.
#[derive(Default)]
pub struct Belief {
    clock: Option<Arc<dyn Clock>>,
    held: AtomicBool,
    guard: Mutex<Option<(ClockGuard, Arc<dyn SteadyClock>)>>,
}

impl Belief {
    /// Of this clock.
    #[must_use]
    pub fn of(clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }

    /// Nothing may be decided at this instant, which the clock has shown just now or a while ago.
    #[must_use]
    pub fn is_in_doubt(&self, now: DateTime<Utc>) -> bool {
        self.held.load(Ordering::SeqCst) || self.has_jumped(now)
    }

    fn has_jumped(&self, now: DateTime<Utc>) -> bool {
        let guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((guard, steady)) = guard.as_ref() else { return false };
        let elapsed = steady.elapsed();
        if guard.agrees(now, elapsed) {
            return false;
        }
        // Long work goes on by the instant it began at: that is no jump unless the clock itself shows one.
        let shown = self.clock.as_ref().map_or(now, |clock| clock.now());
        !guard.agrees(shown, elapsed) || guard.is_ahead(now, elapsed)
    }

    /// The hold because of the clock is there, or is not.
    pub fn set_held(&self, held: bool) {
        self.held.store(held, Ordering::SeqCst);
    }

    /// What the clock is compared with from now on.
    pub(crate) fn set_guard(&self, guard: &ClockGuard, steady: &Arc<dyn SteadyClock>) {
        *self.guard.lock().unwrap_or_else(PoisonError::into_inner) = Some((guard.clone(), steady.clone()));
    }
}
