//! One round of the delivery: claims what is due, a few at a time, lets it set out as far as the domains take it,
//! and goes on until nothing is due. Whatever was claimed and did not set out is given back.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use afterrun_store::{MessageKey, OutboxMessage, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{self, JoinSet};

use super::{Delivery, InDoubt, LEASE, lanes::domain_of};

/// Messages claimed that wait because enough are on their way to their domain. A few, so that others go past.
const WAITING_AT_MOST: usize = 8;

/// What must be left of a lease when a message sets out: longer than one conversation may take.
const LEASE_LEFT: TimeDelta = TimeDelta::minutes(8);

/// Messages handed over in one round at most, so that whoever drives the rounds gets to look up.
const ROUND_AT_MOST: u32 = 2_000;

/// How long a round claims more: it judges by the instant it began at, and must not send by it into the night.
const ROUND_LASTS: TimeDelta = TimeDelta::minutes(2);

/// What a round did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Round {
    /// Messages claimed.
    pub claimed: u32,
    /// Messages accepted by the server.
    pub accepted: u32,
}

impl Delivery {
    /// Tries every message that is due once, a few at a time.
    ///
    /// # Errors
    /// When the store cannot be asked. What happens to single messages is recorded with them.
    pub async fn run(self: &Arc<Self>, now: DateTime<Utc>) -> Result<Round, StoreError> {
        let mut air = Air { at_a_time: self.transport.at_a_time().max(1), ..Air::default() };
        let mut failed = None;
        loop {
            let over = self.clock.now() - now > ROUND_LASTS;
            let wanted = if failed.is_none() && !over { air.room() } else { 0 };
            let mut took = false;
            match self.claim(now, wanted, air.claimed()).await {
                Ok(claimed) => took = air.take_on(claimed),
                // What is in flight is brought to its end whatever happens: leaving now would put it in doubt.
                Err(why) => failed = Some(why),
            }
            self.set_out(&mut air, now).await;
            if took && air.room() > 0 && self.open_until().is_none() {
                // Some may wait for their domain; others go past them.
                continue;
            }
            match air.flights.join_next_with_id().await {
                None => break,
                Some(Ok((id, accepted))) => {
                    air.round.accepted += u32::from(accepted);
                    self.landed(&mut air, id);
                }
                Some(Err(crash)) => {
                    tracing::error!("handing over a message failed inside afterrun; this is a bug");
                    if let Some(key) = self.landed(&mut air, crash.id()) {
                        // It may have happened after the final dot.
                        self.failed_here(key, InDoubt::Yes, now, "an internal error").await;
                    }
                }
            }
        }
        let waiting: Vec<MessageKey> = air.waiting.iter().map(|(message, _)| message.key).collect();
        self.give_back(&waiting).await;
        match failed {
            Some(why) => Err(why),
            None => Ok(air.round),
        }
    }

    /// Lets go those that wait and may; gives back those that have waited for too long.
    async fn set_out(self: &Arc<Self>, air: &mut Air, now: DateTime<Utc>) {
        let mut late = Vec::new();
        for (message, domain) in std::mem::take(&mut air.waiting) {
            let kept = self.with(|state| state.stopping || state.circuit.allows(now, 1) == 0);
            if kept || self.clock.now() - now > LEASE - LEASE_LEFT {
                late.push(message.key);
            } else if air.in_flight() < air.at_a_time && self.with(|state| state.lanes.enter(&domain)) {
                let (this, key) = (self.clone(), message.key);
                let flight = air.flights.spawn(async move { this.fly(message, now).await });
                air.aloft.insert(flight.id(), (key, domain));
            } else {
                air.waiting.push_back((message, domain));
            }
        }
        self.give_back(&late).await;
    }

    fn landed(&self, air: &mut Air, id: task::Id) -> Option<MessageKey> {
        let (key, domain) = air.aloft.remove(&id)?;
        self.with(|state| state.lanes.leave(&domain));
        Some(key)
    }

    /// Puts back what was claimed and not begun.
    pub(super) async fn give_back(&self, keys: &[MessageKey]) {
        if keys.is_empty() {
            return;
        }
        if let Err(why) = self.turns.store.release(keys, &self.worker).await {
            tracing::warn!(error = %why, "claimed messages could not be given back; their leases run out");
        }
    }
}

/// The messages a round is busy with.
#[derive(Default)]
struct Air {
    /// How many the transport takes at the same time.
    at_a_time: u32,
    round: Round,
    /// Claimed, and their domain has enough on its way.
    waiting: VecDeque<(OutboxMessage, String)>,
    flights: JoinSet<bool>,
    aloft: HashMap<task::Id, (MessageKey, String)>,
}

impl Air {
    fn in_flight(&self) -> u32 {
        u32::try_from(self.flights.len()).unwrap_or(u32::MAX)
    }

    /// How many more may be claimed.
    fn room(&self) -> u32 {
        if self.round.claimed >= ROUND_AT_MOST || self.waiting.len() >= WAITING_AT_MOST {
            return 0;
        }
        self.at_a_time.saturating_sub(self.in_flight())
    }

    /// How many are claimed and not settled.
    fn claimed(&self) -> u32 {
        self.in_flight().saturating_add(u32::try_from(self.waiting.len()).unwrap_or(0))
    }

    /// True if there is anything.
    fn take_on(&mut self, claimed: Vec<OutboxMessage>) -> bool {
        let any = !claimed.is_empty();
        self.round.claimed += u32::try_from(claimed.len()).unwrap_or(ROUND_AT_MOST);
        let with_domain = |message: OutboxMessage| {
            let domain = domain_of(&message.mail.recipient);
            (message, domain)
        };
        self.waiting.extend(claimed.into_iter().map(with_domain));
        any
    }
}
