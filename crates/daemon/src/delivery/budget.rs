//! How many messages to runners left within the last hour: the limit for a whole clinic, against mistakes that
//! no rule foresaw. Mail to the clinic does not count: it is told regardless. Kept in memory: what it leads to (the hold) is in the store and outlives a restart.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

/// The messages of the last hour.
#[derive(Default)]
pub(super) struct HourlyBudget {
    sent: VecDeque<DateTime<Utc>>,
}

impl HourlyBudget {
    /// Counts a message.
    pub(super) fn spend(&mut self, now: DateTime<Utc>) {
        self.sent.push_back(now);
    }

    /// How many more may leave, if `limit` may within any hour.
    pub(super) fn room(&mut self, now: DateTime<Utc>, limit: u32) -> u32 {
        let since = now - TimeDelta::hours(1);
        while self.sent.front().is_some_and(|at| *at <= since) {
            self.sent.pop_front();
        }
        limit.saturating_sub(u32::try_from(self.sent.len()).unwrap_or(u32::MAX))
    }

    /// Begins anew: the human who releases the hold has looked at it.
    pub(super) fn forget(&mut self) {
        self.sent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_later_there_is_room_again() {
        let at = |minutes: i64| DateTime::from_timestamp(1_774_512_000 + 60 * minutes, 0).unwrap();
        let mut budget = HourlyBudget::default();
        budget.spend(at(0));
        budget.spend(at(10));
        assert_eq!(budget.room(at(10), 3), 1);
        assert_eq!(budget.room(at(59), 2), 0);
        assert_eq!(budget.room(at(60), 2), 1);
        budget.spend(at(60));
        assert_eq!(budget.room(at(61), 1), 0);
        budget.forget();
        assert_eq!(budget.room(at(61), 2), 2);
    }
}
