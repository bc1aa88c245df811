//! Coming back after an outage: what has piled up leaves over minutes, not at once. A provider that has heard
//! nothing for a day and then gets everything in a second takes us for somebody else. What is urgent is claimed
//! first and so does not wait behind the rest.

use chrono::{DateTime, TimeDelta, Utc};

/// Hours off after which there is a ramp. A restart or a short repair needs none.
const OFF_AT_LEAST: TimeDelta = TimeDelta::hours(2);

/// Messages in the first minute; each minute after it, twice as many.
const FIRST_MINUTE: u32 = 20;

/// Minutes until there is no limit any more: by then ten thousand have left.
const MINUTES: i64 = 9;

/// The ramp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ramp {
    since: DateTime<Utc>,
    sent: u32,
}

impl Ramp {
    /// If there is to be one, when the last sign of life was then.
    pub(super) fn after(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Self> {
        last.filter(|last| now - *last > OFF_AT_LEAST).map(|_| Self { since: now, sent: 0 })
    }

    /// How many of those wanted may be handed over now; none: the ramp has ended.
    pub(super) fn allows(&self, now: DateTime<Utc>, wanted: u32) -> Option<u32> {
        let minute = (now - self.since).num_minutes().max(0);
        if minute >= MINUTES {
            return None;
        }
        let shift = u32::try_from(minute).unwrap_or(0) + 1;
        let by_now = FIRST_MINUTE * (2_u32.pow(shift) - 1);
        Some(wanted.min(by_now.saturating_sub(self.sent)))
    }

    /// Counts what was claimed.
    pub(super) fn spend(&mut self, claimed: u32) {
        self.sent = self.sent.saturating_add(claimed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_512_000 + 60 * minutes, 0).unwrap()
    }

    #[test]
    fn only_a_long_outage_has_one() {
        assert_eq!(Ramp::after(None, at(0)), None, "the very first start");
        assert_eq!(Ramp::after(Some(at(-120)), at(0)), None);
        assert!(Ramp::after(Some(at(-121)), at(0)).is_some());
    }

    #[test]
    fn each_minute_lets_twice_as_many_go() {
        let mut ramp = Ramp::after(Some(at(-600)), at(0)).unwrap();
        let mut left = Vec::new();
        for minute in 0..9 {
            let mut sent = 0;
            while let Some(go @ 1..) = ramp.allows(at(minute), 4) {
                ramp.spend(go);
                sent += go;
            }
            left.push(sent);
        }
        assert_eq!(left, [20, 40, 80, 160, 320, 640, 1280, 2560, 5120]);
        assert_eq!(ramp.allows(at(9), 4), None);
    }
}
