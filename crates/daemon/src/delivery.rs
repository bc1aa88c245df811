//! From the outbox to the mail server: claim, judge again, hand over, record how it ended.
//!
//! Record first, send after: a message was rendered and stored by a turn; here its bytes only travel. The
//! commit just before the final dot (`begin_transmit`) makes sure that after a crash at most the messages in
//! flight are in doubt: one for each connection, for the outcome of the message before it on the same connection
//! is committed earlier. Leaves out what a reply means (`afterrun_mail::Outcome::class`) and when to be tried
//! again (`circuit`).

mod budget;
mod judge;
mod lanes;
mod ramp;
mod round;
mod settle;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use afterrun_mail::{Class, Envelope, Gate, Transport};
use afterrun_store::{Claim, MessageKey, OutboxMessage, Settlement, Store, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;

pub use self::round::Round;

use self::{budget::HourlyBudget, lanes::Lanes, ramp::Ramp};
use crate::{circuit::Circuit, clock::Clock, clock_guard::CLOCK_HOLD, turn::Turns};

/// Minutes a worker may keep a message: longer than one conversation may take (7 minutes).
const LEASE: TimeDelta = TimeDelta::minutes(15);

/// How often the same message may fail here, before it reaches any server, until a person has to look.
const LOCAL_FAILURES_AT_MOST: u32 = 3;

/// The setting that says that patients' mail is held, and why.
pub const HOLD: &str = "hold";

/// Delivers.
pub struct Delivery {
    turns: Arc<Turns>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    worker: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    circuit: Circuit,
    budget: HourlyBudget,
    lanes: Lanes,
    ramp: Option<Ramp>,
    local_failures: HashMap<MessageKey, u32>,
    stopping: bool,
}

impl State {
    /// How many may be claimed: none when stopping, one probe while the circuit is open, some on the ramp.
    fn allows(&mut self, now: DateTime<Utc>, wanted: u32) -> u32 {
        if self.stopping {
            return 0;
        }
        let wanted = self.circuit.allows(now, wanted);
        let Some(ramp) = self.ramp else { return wanted };
        ramp.allows(now, wanted).unwrap_or_else(|| {
            tracing::info!("what had piled up has been spread; sending goes on as always");
            self.ramp = None;
            wanted
        })
    }

    fn spend(&mut self, claimed: usize) {
        if let Some(ramp) = &mut self.ramp {
            ramp.spend(u32::try_from(claimed).unwrap_or(u32::MAX));
        }
    }
}

impl Delivery {
    /// `worker` names this process and its start, uniquely.
    #[must_use]
    pub fn new(
        turns: Arc<Turns>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        worker: String,
    ) -> Arc<Self> {
        Arc::new(Self { turns, transport, clock, worker, state: Mutex::default() })
    }

    /// Spreads what has piled up since the last sign of life, if that was long ago. For clocks that run by
    /// themselves: under one that somebody sets, time would stand still while the rest waits.
    pub fn ramp_after(&self, last: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        self.with(|state| state.ramp = Ramp::after(last, now));
    }

    /// Whether what has piled up is still being spread.
    #[must_use]
    pub fn ramps(&self) -> bool {
        self.with(|state| state.ramp.is_some())
    }

    /// When the circuit lets messages through again, while it does not.
    #[must_use]
    pub fn open_until(&self) -> Option<DateTime<Utc>> {
        self.with(|state| state.circuit.open_until())
    }

    /// Why nothing leaves, while the circuit is open.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.with(|state| state.circuit.why().map(str::to_owned))
    }

    /// Claims nothing any more; what is in flight is finished by the `run` that holds it.
    pub fn stop(&self) {
        self.with(|state| state.stopping = true);
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Claims as many as the circuit and the hourly budget let through while `under_way` are claimed already.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        wanted: u32,
        under_way: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut limit = self.with(|state| state.allows(now, wanted));
        if limit == 0 {
            return Ok(Vec::new());
        }
        let holds = self.holds().await?;
        if holds == Holds::All {
            return Ok(Vec::new());
        }
        let per_hour = self.turns.rules.current().book.clinic.limits.all_per_hour;
        let mut hold_patients = holds == Holds::Patients;
        if !hold_patients {
            let room = self.with(|state| state.budget.room(now, per_hour));
            if room == 0 {
                self.hold(per_hour).await?;
            }
            match room.saturating_sub(under_way) {
                0 => hold_patients = true,
                room => limit = limit.min(room),
            }
        }
        let claim =
            Claim { worker: self.worker.clone(), now, lease_until: now + LEASE, limit, hold_patients };
        let claimed = self.turns.store.claim(claim).await?;
        self.with(|state| state.spend(claimed.len()));
        Ok(claimed)
    }

    /// What is held at the moment, by a person or because of the clock.
    async fn holds(&self) -> Result<Holds, StoreError> {
        let store = &self.turns.store;
        let (clock, by_hand) = tokio::join!(store.setting(CLOCK_HOLD), store.setting(HOLD));
        Ok(match (clock?, by_hand?) {
            (Some(_), _) => Holds::All,
            (None, Some(_)) => Holds::Patients,
            (None, None) => Holds::Nothing,
        })
    }

    /// The budget is spent: whatever it is that writes so much, a human has to look before it goes on.
    async fn hold(&self, per_hour: u32) -> Result<(), StoreError> {
        tracing::error!(
            per_hour,
            "the hourly budget is spent: runners' mail is held until `afterrun release`"
        );
        let why = format!("{per_hour} messages within an hour are the limit");
        self.turns.store.set_setting(HOLD, Some(&why)).await?;
        self.with(|state| state.budget.forget());
        Ok(())
    }

    /// One message on its way, from the connection to the outcome. `before` is what still stores the outcome of the
    /// message before it on the same connection.
    async fn fly(self: Arc<Self>, message: OutboxMessage, before: Option<Storing>) -> Flown {
        let envelope = match Envelope::new(&message.mail.envelope_from, &message.mail.recipient) {
            Ok(envelope) => envelope,
            Err(why) => {
                let now = self.clock.now();
                self.failed_here(message.key, InDoubt::of(&message), now, &why.to_string()).await;
                return Flown { accepted: false, storing: before };
            }
        };
        let mut gate = StoreGate {
            store: &*self.turns.store,
            clock: &*self.clock,
            key: message.key,
            worker: &self.worker,
            before,
            shut: false,
        };
        let outcome = self.transport.deliver(&envelope, &message.mail.bytes, &mut gate).await;
        let StoreGate { before, shut, .. } = gate;
        if shut {
            // Cancelled, or taken over by another worker, while we talked to the server: nothing was sent.
            tracing::info!(message = message.key.0, "withdrawn before the final dot");
            return Flown { accepted: false, storing: before };
        }
        self.with(|state| state.local_failures.remove(&message.key));
        let now = self.clock.now();
        let ended = self.learn(&message, &outcome, now);
        let accepted = ended.class == Class::Accepted;
        // The connection is free for the next message meanwhile; its gate waits for this.
        let storing = tokio::spawn(async move {
            stored(before).await;
            self.settle(&message, ended, now).await;
        });
        Flown { accepted, storing: Some(storing) }
    }

    /// Trouble before any server was asked: another try, and after a few of them a person must look.
    async fn failed_here(&self, key: MessageKey, in_doubt: InDoubt, now: DateTime<Utc>, why: &str) {
        let times = self.with(|state| {
            let times = state.local_failures.entry(key).or_default();
            *times += 1;
            *times
        });
        tracing::error!(message = key.0, times, why, "a message could not be handed over");
        let error = why.to_owned();
        let settlement = if times >= LOCAL_FAILURES_AT_MOST {
            Settlement::Quarantined { error }
        } else {
            let at = crate::circuit::next_try(now, times, chance());
            Settlement::Retry { at, error, in_doubt: in_doubt == InDoubt::Yes }
        };
        self.record(key, now, settlement).await;
    }

    /// Stores how an attempt ended. If that fails the lease runs out and another worker takes over.
    async fn record(&self, key: MessageKey, now: DateTime<Utc>, settlement: Settlement) {
        match self.turns.store.settle(key, &self.worker, now, settlement).await {
            Ok(true) => {}
            Ok(false) => tracing::info!(message = key.0, "settled by somebody else meanwhile"),
            Err(why) => tracing::error!(message = key.0, error = %why, "an attempt could not be recorded"),
        }
    }
}

/// Whether a server may have a message already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InDoubt {
    Yes,
    No,
}

impl InDoubt {
    fn of(message: &OutboxMessage) -> Self {
        if message.in_doubt { Self::Yes } else { Self::No }
    }
}

/// What is not to leave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Nothing,
    Patients,
    All,
}

/// The outcome of a message being stored.
type Storing = JoinHandle<()>;

/// Waits until an outcome is stored.
async fn stored(storing: Option<Storing>) {
    let Some(storing) = storing else { return };
    if storing.await.is_err() {
        tracing::error!("recording an attempt failed inside afterrun; this is a bug");
    }
}

/// What came of a flight.
struct Flown {
    /// The server took the message.
    accepted: bool,
    /// What is still being stored of this flight, or of the one before it.
    storing: Option<Storing>,
}

/// A number nobody can foresee, to spread retries; not for secrets. Zero when the system has none to give.
fn chance() -> u64 {
    getrandom::u64().unwrap_or(0)
}

/// Asks the store, just before the final dot, whether it may be sent.
struct StoreGate<'a> {
    store: &'a dyn Store,
    clock: &'a dyn Clock,
    key: MessageKey,
    worker: &'a str,
    before: Option<Storing>,
    shut: bool,
}

#[async_trait]
impl Gate for StoreGate<'_> {
    async fn before_dot(&mut self) -> bool {
        stored(self.before.take()).await;
        let answer = self.store.begin_transmit(self.key, self.worker, self.clock.now()).await;
        let open = match answer {
            Ok(open) => open,
            Err(why) => {
                tracing::error!(message = self.key.0, error = %why, "the store did not let the final dot go");
                false
            }
        };
        self.shut = !open;
        open
    }
}
