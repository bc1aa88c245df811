//! One round of the delivery: claims what is due, a few at a time, judges it, lets it set out as far as the domains
//! take it, and goes on until nothing is due. Whatever was claimed and did not set out is given back.
//!
//! While messages are on their way the next ones are claimed and judged: as many as a fast server makes necessary,
//! and none in advance for a slow one, where something urgent would wait behind them.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use afterrun_store::{MessageKey, OutboxMessage, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{self, JoinError, JoinHandle, JoinSet};

use super::{Delivery, Flown, InDoubt, Storing, lanes::domain_of, stored};

/// Messages claimed that wait because enough are on their way to their domain. A few, so that others go past.
const WAITING_AT_MOST: usize = 8;

/// Messages claimed in advance at most.
const AHEAD_AT_MOST: usize = 64;

/// How long a message may wait after it was judged.
const JUDGED_FOR: Duration = Duration::from_secs(30);

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
    /// It ended although there may be more to do at once.
    pub more: bool,
}

impl Delivery {
    /// Tries every message that is due once, a few at a time.
    ///
    /// # Errors
    /// When the store cannot be asked. What happens to single messages is recorded with them.
    pub async fn run(self: &Arc<Self>, now: DateTime<Utc>) -> Result<Round, StoreError> {
        let mut air = Air::new(self.transport.at_a_time().max(1));
        let mut failed = None;
        loop {
            if failed.is_none() && self.goes_on(&mut air, now) {
                self.prepare(&mut air, now);
            }
            match air.next().await {
                None => break,
                Some(Happened::Prepared(Ok(messages))) => air.take_on(messages),
                // What is in flight is brought to its end whatever happens: leaving now would put it in doubt.
                Some(Happened::Prepared(Err(why))) => failed = Some(why),
                Some(Happened::Landed(id, flown)) => {
                    air.round.accepted += u32::from(flown.accepted);
                    self.landed(&mut air, id, flown.storing);
                }
                Some(Happened::Crashed(crash)) => {
                    tracing::error!("handing over a message failed inside afterrun; this is a bug");
                    if let Some(key) = self.landed(&mut air, crash.id(), None) {
                        // It may have happened after the final dot.
                        self.failed_here(key, InDoubt::Yes, now, "an internal error").await;
                    }
                }
            }
            self.set_out(&mut air, now).await;
        }
        let waiting: Vec<MessageKey> = air.waiting.iter().map(|waiting| waiting.message.key).collect();
        self.give_back(&waiting).await;
        for storing in air.free {
            stored(storing).await;
        }
        failed.map_or(Ok(air.round), Err)
    }

    /// Whether to claim more now.
    fn goes_on(&self, air: &mut Air, now: DateTime<Utc>) -> bool {
        let long = self.clock.now() - now > ROUND_LASTS;
        if air.round.claimed >= ROUND_AT_MOST || long {
            air.round.more = true;
            return false;
        }
        // One probe at a time while the circuit is open.
        let may = self.open_until().is_none() || air.claimed() == 0;
        may && air.wants_more()
    }

    /// Begins to claim and judge the next messages.
    fn prepare(self: &Arc<Self>, air: &mut Air, now: DateTime<Utc>) {
        let (this, wanted, under_way) = (self.clone(), air.wanted(), air.claimed());
        air.landed = 0;
        air.preparing = Some(tokio::spawn(async move {
            let claimed = this.claim(now, wanted, under_way).await?;
            let count = u32::try_from(claimed.len()).unwrap_or(u32::MAX);
            Ok(Prepared { claimed: count, messages: this.judge_again(claimed, now).await })
        }));
    }

    /// Lets go those that wait and may; gives back those that may not, and those that have waited for too long.
    async fn set_out(self: &Arc<Self>, air: &mut Air, now: DateTime<Utc>) {
        let mut late = Vec::new();
        for waiting in mem::take(&mut air.waiting) {
            let kept = self.with(|state| state.stopping || state.circuit.allows(now, 1) == 0);
            if kept || waiting.since.elapsed() > JUDGED_FOR {
                late.push(waiting.message.key);
            } else if !air.free.is_empty() && self.with(|state| state.lanes.enter(&waiting.domain)) {
                let (key, before) = (waiting.message.key, air.free.pop().flatten());
                let flight = air.flights.spawn(self.clone().fly(waiting.message, before));
                air.aloft.insert(flight.id(), (key, waiting.domain));
            } else {
                air.waiting.push_back(waiting);
            }
        }
        self.give_back(&late).await;
    }

    fn landed(&self, air: &mut Air, id: task::Id, storing: Option<Storing>) -> Option<MessageKey> {
        let (key, domain) = air.aloft.remove(&id)?;
        self.with(|state| state.lanes.leave(&domain));
        air.free.push(storing);
        air.dry = false;
        air.landed += 1;
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

type Preparing = JoinHandle<Result<Prepared, StoreError>>;

/// Messages claimed, and those of them that may leave.
struct Prepared {
    claimed: u32,
    messages: Vec<OutboxMessage>,
}

/// A message that may leave as soon as there is room.
struct Waiting {
    message: OutboxMessage,
    domain: String,
    since: Instant,
}

/// What a round waits for.
enum Happened {
    Prepared(Result<Prepared, StoreError>),
    Landed(task::Id, Flown),
    Crashed(JoinError),
}

/// The messages a round is busy with.
struct Air {
    round: Round,
    preparing: Option<Preparing>,
    /// Claimed and judged; the domain of some has enough on its way.
    waiting: VecDeque<Waiting>,
    flights: JoinSet<Flown>,
    aloft: HashMap<task::Id, (MessageKey, String)>,
    /// Room for another flight each, with the outcome of the last one that is still being stored.
    free: Vec<Option<Storing>>,
    /// The last claim brought nothing, and nothing has landed since.
    dry: bool,
    /// How many have landed since the last claim began.
    landed: usize,
    /// How many are claimed in advance.
    ahead: usize,
}

impl Air {
    fn new(at_a_time: u32) -> Self {
        Self {
            round: Round::default(),
            preparing: None,
            waiting: VecDeque::new(),
            flights: JoinSet::new(),
            aloft: HashMap::new(),
            free: (0..at_a_time).map(|_| None).collect(),
            dry: false,
            landed: 0,
            ahead: 0,
        }
    }

    /// Whether there is a reason to claim more.
    fn wants_more(&self) -> bool {
        // With room left, those that wait do so for their domain.
        let enough = if self.free.is_empty() { self.ahead / 2 } else { WAITING_AT_MOST + self.ahead };
        self.preparing.is_none() && !self.dry && self.waiting.len() < enough
    }

    /// How many to claim.
    fn wanted(&self) -> u32 {
        let room = self.free.len() + self.ahead;
        u32::try_from(room.saturating_sub(self.waiting.len()).max(1)).unwrap_or(1)
    }

    /// How many are claimed and not settled.
    fn claimed(&self) -> u32 {
        u32::try_from(self.flights.len() + self.waiting.len()).unwrap_or(u32::MAX)
    }

    fn take_on(&mut self, prepared: Prepared) {
        // While these were prepared so many would have found a place: that many in advance keep all busy.
        self.ahead = (2 * self.landed).min(AHEAD_AT_MOST);
        self.round.claimed += prepared.claimed;
        self.dry = prepared.claimed == 0;
        let since = Instant::now();
        self.waiting.extend(prepared.messages.into_iter().map(|message| {
            let domain = domain_of(&message.mail.recipient);
            Waiting { message, domain, since }
        }));
    }

    /// The next that happens; none: nothing is under way.
    async fn next(&mut self) -> Option<Happened> {
        tokio::select! {
            prepared = joined(&mut self.preparing), if self.preparing.is_some() => {
                self.preparing = None;
                Some(Happened::Prepared(prepared))
            }
            Some(flown) = self.flights.join_next_with_id(), if !self.flights.is_empty() => Some(match flown {
                Ok((id, flown)) => Happened::Landed(id, flown),
                Err(crash) => Happened::Crashed(crash),
            }),
            else => None,
        }
    }
}

async fn joined(preparing: &mut Option<Preparing>) -> Result<Prepared, StoreError> {
    match preparing {
        Some(preparing) => preparing.await.unwrap_or_else(|_| {
            Err(StoreError::Backend("claiming messages failed inside afterrun; this is a bug".to_owned()))
        }),
        None => Ok(Prepared { claimed: 0, messages: Vec::new() }),
    }
}
