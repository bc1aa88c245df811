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
    time::Duration,
};

use afterrun_mail::{Class, Envelope, Gate, Transport};
use afterrun_rules::decision::{Audience, Subject};
use afterrun_store::{Claim, Message, MessageKey, OutboxMessage, Settlement, Store, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::task::JoinHandle;

pub use self::round::Round;

use self::{budget::HourlyBudget, lanes::Lanes, ramp::Ramp, settle::About};
use crate::{circuit::Circuit, clock::Clock, clock_guard::CLOCK_HOLD, turn::Turns};

/// Minutes a worker may keep a message: longer than one conversation may take (7 minutes).
const LEASE: TimeDelta = TimeDelta::minutes(15);

/// How often the same message may fail here, before it reaches any server, until a person has to look.
const LOCAL_FAILURES_AT_MOST: u32 = 3;

/// Pauses between tries to note how an attempt ended: long enough for a copy or a tidying of the database, and far
/// shorter than what is left of a lease.
const RECORD_PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(15)];

/// The setting that says that patients' mail is held, and why.
pub const HOLD: &str = "hold";

/// The setting that says from when on messages count against the hourly budget: from the hold that the last
/// spent one led to.
const HOUR_BEGINS: &str = "hour-begins";

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
    /// How many may be claimed, and how many of what is pressing: none when stopping, one probe while the
    /// circuit is open. On the ramp only what is not pressing waits.
    fn allows(&mut self, now: DateTime<Utc>, wanted: u32) -> (u32, u32) {
        if self.stopping {
            return (0, 0);
        }
        let wanted = self.circuit.allows(now, wanted);
        let Some(ramp) = self.ramp else { return (wanted, wanted) };
        let spread = ramp.allows(now, wanted).unwrap_or_else(|| {
            tracing::info!("what had piled up has been spread; sending goes on as always");
            self.ramp = None;
            wanted
        });
        (spread, wanted)
    }

    fn spend(&mut self, claimed: &[OutboxMessage]) {
        let Some(ramp) = &mut self.ramp else { return };
        let waits = |message: &&OutboxMessage| message.audience == Audience::Patient && !message.urgent;
        ramp.spend(u32::try_from(claimed.iter().filter(waits).count()).unwrap_or(u32::MAX));
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

    /// Lets one message try whether the server takes our mail again.
    pub fn try_now(&self, now: DateTime<Utc>) {
        self.with(|state| state.circuit.try_now(now));
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
        let (mut limit, mut pressing_limit) = self.with(|state| state.allows(now, wanted));
        if pressing_limit == 0 {
            return Ok(Vec::new());
        }
        let holds = Holds::of(&*self.turns.store).await?;
        let only_emergencies = holds == Holds::All;
        let per_hour = self.turns.rules.current().book.clinic.limits.all_per_hour;
        let mut hold_patients = holds != Holds::Nothing;
        if !hold_patients {
            let room = self.room(now, per_hour).await?;
            if room == 0 {
                self.hold(per_hour, now).await?;
            }
            match room.saturating_sub(under_way) {
                0 => hold_patients = true,
                room => (limit, pressing_limit) = (limit.min(room), pressing_limit.min(room)),
            }
        }
        let (worker, lease_until) = (self.worker.clone(), now + LEASE);
        let claim =
            Claim { worker, now, lease_until, limit, pressing_limit, hold_patients, only_emergencies };
        let claimed = self.turns.store.claim(claim).await?;
        self.with(|state| state.spend(&claimed));
        Ok(claimed)
    }

    /// How many more may leave for patients within this hour. What is counted here is compared with the store at
    /// the start and each minute after it: a restart forgets nothing, nor does a second process.
    async fn room(&self, now: DateTime<Utc>, per_hour: u32) -> Result<u32, StoreError> {
        if let Some(since) = self.with(|state| state.budget.wants_to_know(now)) {
            let begun = self.turns.store.setting(HOUR_BEGINS).await?;
            let begun = begun.and_then(|begun| begun.parse::<DateTime<Utc>>().ok());
            let since = begun.map_or(since, |begun| since.max(begun));
            let left = self.turns.store.left_for_patients(since, per_hour).await?;
            self.with(|state| state.budget.learn(left, now));
        }
        Ok(self.with(|state| state.budget.room(now, per_hour)))
    }

    /// The budget is spent: whatever it is that writes so much, a human has to look before it goes on.
    async fn hold(&self, per_hour: u32, now: DateTime<Utc>) -> Result<(), StoreError> {
        tracing::error!(
            per_hour,
            "the hourly budget is spent: runners' mail is held until `afterrun release`"
        );
        let why = format!("{per_hour} messages within an hour are the limit");
        let begins = now.to_rfc3339_opts(SecondsFormat::Micros, true);
        self.turns.store.set_setting(HOLD, Some(&why)).await?;
        self.turns.store.set_setting(HOUR_BEGINS, Some(&begins)).await?;
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
                self.failed_here(message.key, InDoubt::No, now, &why.to_string()).await;
                return Flown { accepted: false, storing: before };
            }
        };
        let mut gate = StoreGate {
            store: &*self.turns.store,
            clock: &*self.clock,
            key: message.key,
            audience: message.audience,
            is_emergency: is_emergency(&message),
            worker: &self.worker,
            before,
            shut: false,
        };
        let outcome = self.transport.deliver(&envelope, &message.mail.bytes, &mut gate).await;
        let StoreGate { before, shut, .. } = gate;
        if shut {
            // Cancelled, held, or taken over by another worker, while we talked to the server: nothing was sent.
            tracing::info!(message = message.key.0, "withdrawn before the final dot");
            self.give_back(&[message.key]).await;
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
        let settlement = if times >= LOCAL_FAILURES_AT_MOST && self.put_aside(key, now).await {
            Settlement::Quarantined { error }
        } else {
            let at = crate::circuit::next_try(now, times, chance());
            Settlement::Retry { at, error, in_doubt: in_doubt == InDoubt::Yes }
        };
        self.record(key, now, settlement).await;
    }

    /// Tells the clinic of a message that is about to be put aside. False: it could not be told.
    async fn put_aside(&self, key: MessageKey, now: DateTime<Utc>) -> bool {
        match self.turns.store.message(key).await {
            Ok(message) => {
                let Message { patient, audience, .. } = message;
                let about = About { key, patient, audience, flag: None };
                self.tell_clinic(&about, "mail-put-aside", now).await
            }
            Err(why) => {
                tracing::error!(message = key.0, error = %why, "a message could not be put aside");
                matches!(why, StoreError::NotFound { .. })
            }
        }
    }

    /// Stores how an attempt ended. A store that is busy is asked again, for what a server took and nobody noted
    /// is sent twice. If it fails for good the lease runs out and another worker takes over.
    async fn record(&self, key: MessageKey, now: DateTime<Utc>, settlement: Settlement) {
        let mut pauses = RECORD_PAUSES.iter();
        loop {
            match self.turns.store.settle(key, &self.worker, now, settlement.clone()).await {
                Ok(true) => {}
                Ok(false) => tracing::info!(message = key.0, "settled by somebody else meanwhile"),
                Err(why) => {
                    tracing::error!(message = key.0, error = %why, "an attempt could not be recorded");
                    if let Some(pause) = pauses.next().filter(|_| why.is_transient()) {
                        tokio::time::sleep(*pause).await;
                        continue;
                    }
                }
            }
            return;
        }
    }
}

/// Whether a server may have taken a message in this attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InDoubt {
    Yes,
    No,
}

/// What is not to leave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Nothing,
    Patients,
    All,
}

impl Holds {
    /// At the moment, by a person or because of the clock.
    async fn of(store: &dyn Store) -> Result<Self, StoreError> {
        let held = store.settings(&[CLOCK_HOLD, HOLD]).await?;
        Ok(match held.as_slice() {
            [Some(_), ..] => Self::All,
            [_, Some(_)] => Self::Patients,
            _ => Self::Nothing,
        })
    }
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

/// An alert of an emergency, which leaves whatever the clock shows.
fn is_emergency(message: &OutboxMessage) -> bool {
    let subject = message.identity.as_ref().map(|identity| &identity.subject);
    message.audience == Audience::Clinic && matches!(subject, Some(Subject::Emergency { .. }))
}

/// Asks the store, just before the final dot, whether it may be sent.
struct StoreGate<'a> {
    store: &'a dyn Store,
    clock: &'a dyn Clock,
    key: MessageKey,
    audience: Audience,
    is_emergency: bool,
    worker: &'a str,
    before: Option<Storing>,
    shut: bool,
}

impl StoreGate<'_> {
    /// The settings that keep this message back, should somebody have put mail on hold since it was claimed.
    fn held_by(&self) -> &'static [&'static str] {
        match self.audience {
            Audience::Patient => &[CLOCK_HOLD, HOLD],
            Audience::Clinic if self.is_emergency => &[],
            Audience::Clinic => &[CLOCK_HOLD],
        }
    }
}

#[async_trait]
impl Gate for StoreGate<'_> {
    async fn before_dot(&mut self) -> bool {
        let (before, now) = (self.before.take(), self.clock.now());
        let begin = self.store.begin_transmit(self.key, self.worker, now, self.held_by());
        // Both are on disk before the dot, and most often by the same commit.
        let ((), begun) = tokio::join!(stored(before), begin);
        let open = match begun {
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
