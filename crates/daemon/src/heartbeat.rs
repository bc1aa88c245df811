//! Signs of life, kept in the store: when the scheduler and the delivery last did their work. They say after a
//! restart for how long nobody was there, and tell whoever looks at the database that somebody is.

use std::sync::{Mutex, PoisonError};

use afterrun_store::{Store, StoreError};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::figures;

/// The setting that holds when the scheduler last did its work.
pub const LAST_TICK: &str = "heartbeat-tick";

/// The setting that holds when the delivery last did its work.
pub const LAST_ROUND: &str = "heartbeat-delivery";

/// How often it is written down: each time is a write to the disk.
const EVERY: TimeDelta = TimeDelta::minutes(1);

/// Which heart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beat {
    /// The scheduler's.
    Tick,
    /// The delivery's.
    Round,
}

/// Remembers what was written last, so that most beats cost nothing.
#[derive(Debug, Default)]
pub struct Heartbeat(Mutex<[Option<DateTime<Utc>>; 2]>);

impl Heartbeat {
    /// Some work was done at `now`. Written at most once a minute.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn beat(&self, store: &dyn Store, beat: Beat, now: DateTime<Utc>) -> Result<(), StoreError> {
        let (index, key) = match beat {
            Beat::Tick => (0, LAST_TICK),
            Beat::Round => (1, LAST_ROUND),
        };
        match beat {
            Beat::Tick => figures::ticked(now),
            Beat::Round => figures::delivered(now),
        }
        {
            let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(last) = written.get_mut(index) else { return Ok(()) };
            if last.is_some_and(|last| (now - last).abs() < EVERY) {
                return Ok(());
            }
            *last = Some(now);
        }
        store.set_setting(key, Some(&now.to_rfc3339_opts(SecondsFormat::Millis, true))).await
    }
}

/// When somebody was last there, as far as the store knows.
///
/// # Errors
/// When the store fails.
pub async fn last_sign(store: &dyn Store) -> Result<Option<DateTime<Utc>>, StoreError> {
    let (tick, round) = tokio::join!(store.setting(LAST_TICK), store.setting(LAST_ROUND));
    let instant = |text: Option<String>| text.and_then(|text| text.parse::<DateTime<Utc>>().ok());
    Ok(instant(tick?).into_iter().chain(instant(round?)).max())
}

/// The newest instant the store knows of: a sign of life, or a message that was decided.
///
/// # Errors
/// When the store fails.
pub async fn newest(store: &dyn Store) -> Result<Option<DateTime<Utc>>, StoreError> {
    let message = store.messages(None, None, 1).await?.rows.into_iter().next();
    let decided = message.map(|message| message.decided_at);
    Ok(last_sign(store).await?.into_iter().chain(decided).max())
}
