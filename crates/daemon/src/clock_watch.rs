//! The clock guard at work: looks at both clocks before anything is decided by time, and holds all mail while
//! the machine's clock cannot be believed. What to believe is decided in `clock_guard`.

use std::sync::Arc;

use afterrun_store::{Store, StoreError};
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use crate::{
    belief::Belief,
    clock::SteadyClock,
    clock_guard::{CLOCK_HOLD, ClockGuard, Doubt, Look},
};

/// Who the audit log says it was.
const ACTOR: &str = "clock guard";

/// Watches the clock of a daemon whose clock runs by itself.
pub struct ClockWatch {
    store: Arc<dyn Store>,
    steady: Arc<dyn SteadyClock>,
    belief: Arc<Belief>,
    state: Mutex<State>,
}

struct State {
    guard: ClockGuard,
    /// The hold stems from a jump seen by this process, so it may end by itself.
    ends_by_itself: bool,
    /// The hold was there when last looked at.
    held: bool,
}

impl ClockWatch {
    /// Begins, comparing the clock with the newest instant in the store. A hold of an earlier process stays.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(
        store: Arc<dyn Store>,
        steady: Arc<dyn SteadyClock>,
        now: DateTime<Utc>,
        newest: Option<DateTime<Utc>>,
        belief: Arc<Belief>,
    ) -> Result<Self, StoreError> {
        let (guard, doubt) = ClockGuard::begin(now, steady.elapsed(), newest);
        let held = store.setting(CLOCK_HOLD).await?.is_some();
        belief.set_guard(&guard, &steady);
        belief.set_held(held || doubt.is_some());
        let state = Mutex::new(State { guard, ends_by_itself: false, held });
        let watch = Self { store, steady, belief, state };
        if let Some(doubt) = doubt.filter(|_| !held) {
            watch.hold(doubt, now).await?;
        }
        Ok(watch)
    }

    /// Looks at the clocks; whoever decides by time asks first. True: the clock cannot be believed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn in_doubt(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.state.lock().await;
        let steady = self.steady.elapsed();
        let held = self.store.setting(CLOCK_HOLD).await?.is_some();
        if state.held && !held {
            tracing::warn!("somebody says that the clock is right: mail goes out again");
            state.guard.believe(now, steady);
            state.ends_by_itself = false;
        }
        state.held = held;
        match state.guard.look(now, steady) {
            Look::Same => {}
            Look::Doubted(doubt) if !held => {
                self.hold(doubt, now).await?;
                (state.held, state.ends_by_itself) = (true, true);
            }
            Look::Doubted(_) => {}
            Look::AgreesAgain if held && state.ends_by_itself => {
                self.store.set_setting(CLOCK_HOLD, None).await?;
                self.store.audit(now, ACTOR, "release", "the clock agrees again").await?;
                tracing::warn!("the clock agrees again: mail goes out again");
                (state.held, state.ends_by_itself) = (false, false);
            }
            Look::AgreesAgain => {}
        }
        self.belief.set_guard(&state.guard, &self.steady);
        self.belief.set_held(state.held);
        Ok(state.held)
    }

    async fn hold(&self, doubt: Doubt, now: DateTime<Utc>) -> Result<(), StoreError> {
        let why = doubt.to_string();
        tracing::error!(
            why,
            "the clock cannot be believed: all mail is held until `afterrun release`, or until it is set right"
        );
        self.store.set_setting(CLOCK_HOLD, Some(&why)).await?;
        self.store.audit(now, ACTOR, "hold", &why).await
    }
}
