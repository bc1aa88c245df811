//! From the outbox to the mail server: claim, judge again, hand over, record how it ended.
//!
//! Record first, send after: a message was rendered and stored by a turn; here its bytes only travel. The
//! commit just before the final dot (`begin_transmit`) makes sure that after a crash at most the messages in
//! flight are in doubt. Leaves out what a reply means (`afterrun_mail::Outcome::class`) and when to be tried
//! again (`circuit`).

mod budget;
mod settle;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use afterrun_mail::{Envelope, Gate, Transport};
use afterrun_rules::{Reason, chart::Reach, decision::Audience};
use afterrun_store::{Claim, MessageKey, OutboxMessage, Settlement, Store, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;

use self::budget::HourlyBudget;
use crate::{
    circuit::Circuit,
    clock::Clock,
    turn::{Extras, TurnError, Turns},
};

/// Minutes a worker may keep a message: longer than two conversations may take (7 minutes each), as a claimed
/// message may have to wait for one.
const LEASE: TimeDelta = TimeDelta::minutes(15);

/// Messages handed over in one round at most, so that whoever drives the rounds gets to look up.
const ROUND_AT_MOST: u32 = 2_000;

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
    local_failures: HashMap<MessageKey, u32>,
    stopping: bool,
}

/// What a round did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Round {
    /// Messages claimed and begun.
    pub claimed: u32,
    /// Messages accepted by the server.
    pub accepted: u32,
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

    /// Tries every message that is due once, a few at a time.
    ///
    /// # Errors
    /// When the store cannot be asked. What happens to single messages is recorded with them.
    pub async fn run(self: &Arc<Self>, now: DateTime<Utc>) -> Result<Round, StoreError> {
        let (mut round, mut trouble) = (Round::default(), None);
        let mut waiting = VecDeque::new();
        let mut flights: JoinSet<(MessageKey, bool)> = JoinSet::new();
        let mut keys = HashMap::new();
        loop {
            let in_flight = u32::try_from(flights.len()).unwrap_or(u32::MAX);
            let next = if trouble.is_none() && round.claimed < ROUND_AT_MOST {
                self.next(now, in_flight, &mut waiting).await
            } else {
                self.give_back(&mut waiting).await.map(|()| Vec::new())
            };
            // What is in flight is brought to its end whatever happens: leaving now would put it in doubt.
            let next = next.unwrap_or_else(|why| {
                trouble = Some(why);
                Vec::new()
            });
            for message in next {
                round.claimed += 1;
                let (this, key) = (self.clone(), message.key);
                let flight = flights.spawn(async move { (key, this.fly(message, now).await) });
                keys.insert(flight.id(), key);
            }
            match flights.join_next().await {
                None => return trouble.map_or(Ok(round), Err),
                Some(Ok((_, accepted))) => round.accepted += u32::from(accepted),
                Some(Err(crash)) => {
                    tracing::error!("handing over a message failed inside afterrun; this is a bug");
                    if let Some(key) = keys.get(&crash.id()) {
                        // It may have happened after the final dot.
                        self.failed_here(*key, InDoubt::Yes, now, "an internal error").await;
                    }
                }
            }
        }
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

    /// What to begin now, while `in_flight` are on their way. One commit claims for a while: what is not begun at
    /// once waits, as many as fly at a time, and is given back as soon as something speaks against it.
    async fn next(
        &self,
        now: DateTime<Utc>,
        in_flight: u32,
        waiting: &mut VecDeque<OutboxMessage>,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let at_a_time = self.transport.at_a_time().max(1);
        let free = at_a_time.saturating_sub(in_flight);
        let allowed = self.with(|state| if state.stopping { 0 } else { state.circuit.allows(now, free) });
        let held = allowed > 0 && self.turns.store.setting(HOLD).await?.is_some();
        let calm = allowed == free && !held;
        if !calm {
            self.give_back(waiting).await?;
        }
        let ready = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
        if ready < allowed {
            let ahead = if calm { at_a_time } else { 0 };
            let taken = in_flight.saturating_add(ready);
            waiting.extend(self.claim(now, allowed - ready + ahead, taken, held).await?);
        }
        let begun = usize::try_from(allowed).unwrap_or(usize::MAX).min(waiting.len());
        Ok(waiting.drain(..begun).collect())
    }

    /// Puts what was claimed and not begun back into the queue.
    async fn give_back(&self, waiting: &mut VecDeque<OutboxMessage>) -> Result<(), StoreError> {
        if waiting.is_empty() {
            return Ok(());
        }
        let keys: Vec<MessageKey> = waiting.drain(..).map(|message| message.key).collect();
        // If this fails their lease runs out.
        self.turns.store.release(&keys, &self.worker).await
    }

    /// Claims as many as the hourly budget lets through while `taken` are claimed already.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        wanted: u32,
        taken: u32,
        held: bool,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut limit = wanted;
        let per_hour = self.turns.rules.current().book.clinic.limits.all_per_hour;
        let mut hold_patients = held;
        if !hold_patients {
            let room = self.with(|state| state.budget.room(now, per_hour));
            if room == 0 {
                self.hold(per_hour).await?;
            }
            match room.saturating_sub(taken) {
                0 => hold_patients = true,
                room => limit = limit.min(room),
            }
        }
        let claim =
            Claim { worker: self.worker.clone(), now, lease_until: now + LEASE, limit, hold_patients };
        self.turns.store.claim(claim).await
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

    /// One message from claim to settlement. True: the server took it.
    async fn fly(&self, message: OutboxMessage, now: DateTime<Utc>) -> bool {
        match self.judge_again(&message, now).await {
            Ok(None) => {}
            Ok(Some(reason)) => {
                tracing::info!(message = message.key.0, reason = %reason.code, "not sent");
                self.record(message.key, now, Settlement::Cancelled { reason }).await;
                return false;
            }
            Err(TurnError::Store(why)) if why.is_transient() => {
                tracing::warn!(message = message.key.0, error = %why, "could not be judged again; later");
                let at = crate::circuit::next_try(now, 1, chance());
                let retry = Settlement::Retry { at, error: why.to_string(), in_doubt: message.in_doubt };
                self.record(message.key, now, retry).await;
                return false;
            }
            Err(why) => {
                self.failed_here(message.key, InDoubt::of(&message), now, &why.to_string()).await;
                return false;
            }
        }
        let envelope = match Envelope::new(&message.mail.envelope_from, &message.mail.recipient) {
            Ok(envelope) => envelope,
            Err(why) => {
                self.failed_here(message.key, InDoubt::of(&message), now, &why.to_string()).await;
                return false;
            }
        };
        let mut gate = StoreGate {
            store: &*self.turns.store,
            clock: &*self.clock,
            key: message.key,
            worker: &self.worker,
            shut: false,
        };
        let outcome = self.transport.deliver(&envelope, &message.mail.bytes, &mut gate).await;
        if gate.shut {
            // Cancelled, or taken over by another worker, while we talked to the server: nothing was sent.
            tracing::info!(message = message.key.0, "withdrawn before the final dot");
            return false;
        }
        self.with(|state| state.local_failures.remove(&message.key));
        self.settle(&message, outcome, self.clock.now()).await
    }

    /// Why a message must not be sent after all, if so.
    async fn judge_again(
        &self,
        message: &OutboxMessage,
        now: DateTime<Utc>,
    ) -> Result<Option<Reason>, TurnError> {
        if message.mail.stale_at.is_some_and(|stale| stale <= now) {
            return Ok(Some(Reason::new("stale", "It could not be sent in time to be of use.")));
        }
        let (Audience::Patient, Some(patient)) = (message.audience, &message.patient) else {
            return Ok(None);
        };
        let taken = self.turns.take(patient, &[], &Extras::default(), now).await?;
        let Some(identity) = &message.identity else { return Ok(None) };
        let overtaken = taken.decisions.iter().find(|decision| {
            decision.identity == *identity && decision.action == afterrun_rules::Action::Cancel
        });
        if let Some(decision) = overtaken {
            return Ok(Some(decision.reason.clone()));
        }
        Ok(match taken.chart.reach {
            Reach::Confirmed => None,
            Reach::Unconfirmed => Some(Reason::new("unconfirmed", "The address has not been confirmed.")),
            Reach::Dead => Some(Reason::new("address-dead", "The address does not take mail.")),
        })
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
    shut: bool,
}

#[async_trait]
impl Gate for StoreGate<'_> {
    async fn before_dot(&mut self) -> bool {
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
