//! How many messages left within the last hour: the limit for a whole clinic, against mistakes that no rule
//! foresaw. Kept in memory: what it leads to (the hold) is in the store and outlives a restart.

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

    /// Whether `limit` messages have left within the hour before `now`.
    pub(super) fn is_spent(&mut self, now: DateTime<Utc>, limit: u32) -> bool {
        let since = now - TimeDelta::hours(1);
        while self.sent.front().is_some_and(|at| *at <= since) {
            self.sent.pop_front();
        }
        self.sent.len() >= usize::try_from(limit).unwrap_or(usize::MAX)
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
        assert!(!budget.is_spent(at(10), 3));
        assert!(budget.is_spent(at(59), 2));
        assert!(!budget.is_spent(at(60), 2));
        budget.spend(at(60));
        assert!(budget.is_spent(at(61), 2));
        budget.forget();
        assert!(!budget.is_spent(at(61), 2));
    }
}
