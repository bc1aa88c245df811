//! Watching the watcher: signs of life, the clock, what an outage did, and the hourly comparison of due with
//! sent. The loops in `app` call it; nothing here decides about care.

use std::sync::{Arc, Mutex, PoisonError};

use afterrun_store::StoreError;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    clock::SteadyClock,
    clock_guard::CLOCK_HOLD,
    clock_watch::ClockWatch,
    delivery::{Delivery, HOLD},
    heartbeat::{Beat, Heartbeat, last_sign, newest},
    outage::Outage,
    reconciliation::{Circumstances, Found, reconcile},
    scheduler::Ticked,
    turn::{TurnError, Turns},
};

/// How often due is compared with sent.
const RECONCILE_EVERY: TimeDelta = TimeDelta::hours(1);

/// How long after a start the first comparison waits: what piled up meanwhile must get its turn before.
const RECONCILE_AFTER_START: TimeDelta = TimeDelta::minutes(15);

/// Watches.
pub struct Watcher {
    turns: Arc<Turns>,
    delivery: Arc<Delivery>,
    heartbeat: Heartbeat,
    /// None for a clock that somebody drives.
    clock: Option<ClockWatch>,
    state: Mutex<State>,
}

struct State {
    /// When the next comparison is due.
    reconcile_at: DateTime<Utc>,
    found: Option<Found>,
    /// An outage whose report is still to come.
    outage: Option<Outage>,
    excused: u32,
}

impl Watcher {
    /// Begins. With a steady clock, the machine's is guarded, and what piled up in an outage is spread.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(
        turns: Arc<Turns>,
        delivery: Arc<Delivery>,
        steady: Option<Arc<dyn SteadyClock>>,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let store = &turns.store;
        let last = last_sign(&**store).await?;
        let (clock, reconcile_at) = match steady {
            Some(steady) => {
                delivery.ramp_after(last, now);
                let newest = newest(&**store).await?;
                let belief = turns.belief.clone();
                let watch = ClockWatch::begin(store.clone(), steady, now, newest, belief).await?;
                (Some(watch), now + RECONCILE_AFTER_START)
            }
            None => (None, now),
        };
        let outage = Outage::between(last, now);
        let state = Mutex::new(State { reconcile_at, found: None, outage, excused: 0 });
        Ok(Self { turns, delivery, heartbeat: Heartbeat::default(), clock, state })
    }

    /// Whether nothing may be decided by time now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clock_in_doubt(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        match &self.clock {
            Some(clock) => clock.in_doubt(now).await,
            None => {
                let held = self.turns.store.setting(CLOCK_HOLD).await?.is_some();
                self.turns.belief.set_held(held);
                Ok(held)
            }
        }
    }

    /// Whether the clock is compared with one that cannot be set.
    #[must_use]
    pub fn guards_the_clock(&self) -> bool {
        self.clock.is_some()
    }

    /// What the last comparison found; none before the first.
    #[must_use]
    pub fn found(&self) -> Option<Found> {
        self.with(|state| state.found.clone())
    }

    /// After a tick of the scheduler.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ticked(&self, ticked: Ticked, now: DateTime<Utc>) -> Result<(), TurnError> {
        self.heartbeat.beat(&*self.turns.store, Beat::Tick, now).await?;
        let excused = self.with(|state| {
            state.excused = state.excused.saturating_add(ticked.excused);
            state.excused
        });
        if ticked.more {
            return Ok(());
        }
        if let Some(outage) = self.with(|state| state.outage.take()) {
            outage.report(&*self.turns.store, excused, now).await?;
        }
        Ok(())
    }

    /// After a round of the delivery.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delivered(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.heartbeat.beat(&*self.turns.store, Beat::Round, now).await
    }

    /// Compares due with sent, once an hour. Call it when what is due has been done.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reconcile_if_due(&self, now: DateTime<Utc>) -> Result<(), TurnError> {
        let due = self.with(|state| {
            // A clock that was set back must not keep us from looking.
            let due = now >= state.reconcile_at || state.reconcile_at - now > RECONCILE_EVERY;
            if due {
                state.reconcile_at = now + RECONCILE_EVERY;
            }
            due
        });
        if !due {
            return Ok(());
        }
        let circumstances = Circumstances {
            held: self.turns.store.setting(HOLD).await?.is_some(),
            stopped: self.delivery.trouble().is_some() || self.delivery.ramps(),
        };
        let found = reconcile(&self.turns, circumstances, now).await?;
        self.with(|state| state.found = Some(found));
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
