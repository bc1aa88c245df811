//! Mail by the hour over the last two days. Hours that are over are counted once and then remembered for a while:
//! little about them changes, and counting two days of a large clinic for every look would be slow.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use afterrun_store::{MailHour, StoreError};
use chrono::{DateTime, TimeDelta, Utc};

use super::Room;

/// Hours shown.
pub(crate) const HOURS: i64 = 48;

/// How long a count of an hour that is over is taken for right: a bounce or a cancel may change it later.
const KEPT_FOR: TimeDelta = TimeDelta::minutes(10);

/// Hours counted anew at each look: the one that runs, and the one before, in which much is still settled.
const ALWAYS_COUNTED: i64 = 2;

/// What was counted of an hour, and when.
type Counted = (DateTime<Utc>, MailHour);

/// Hours by the instant they begin.
#[derive(Default)]
pub(super) struct Remembered(Mutex<BTreeMap<DateTime<Utc>, Counted>>);

/// The hours until now, oldest first; each with the instant it begins.
pub(crate) async fn until(
    room: &Room,
    now: DateTime<Utc>,
) -> Result<Vec<(DateTime<Utc>, MailHour)>, StoreError> {
    let past = now.timestamp().rem_euclid(3600);
    let this =
        now - TimeDelta::seconds(past) - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()));
    let mut hours = Vec::new();
    for back in (0..HOURS).rev() {
        let from = this - TimeDelta::hours(back);
        let known = room.hours.get(from, now).filter(|_| back >= ALWAYS_COUNTED);
        let counted = match known {
            Some(known) => known,
            None => {
                // What lies ahead is not due yet; a mail due this very instant is.
                let end = (from + TimeDelta::hours(1)).min(now + TimeDelta::microseconds(1));
                let counted = room.store.mail_between(from, end).await?;
                room.hours.put(from, now, counted);
                counted
            }
        };
        hours.push((from, counted));
    }
    Ok(hours)
}

/// All of them together.
pub(crate) fn sum(hours: &[(DateTime<Utc>, MailHour)]) -> MailHour {
    hours.iter().fold(MailHour::default(), |sum, (_, hour)| MailHour {
        due: sum.due + hour.due,
        sent: sum.sent + hour.sent,
        refused: sum.refused + hour.refused,
        given_up: sum.given_up + hour.given_up,
        cancelled: sum.cancelled + hour.cancelled,
    })
}

impl Remembered {
    fn get(&self, hour: DateTime<Utc>, now: DateTime<Utc>) -> Option<MailHour> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, counted) = known.get(&hour)?;
        (now >= *at && now - *at < KEPT_FOR).then_some(*counted)
    }

    fn put(&self, hour: DateTime<Utc>, now: DateTime<Utc>, counted: MailHour) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known, _| (now - *known).num_hours().abs() <= HOURS);
        known.insert(hour, (now, counted));
    }
}
