//! How many messages to runners left within the last hour: the limit for a whole clinic, against mistakes that
//! no rule foresaw. Mail to the clinic does not count: it is told regardless. Counted in memory, and compared with
//! the store at the start and now and then: the store knows what left before a restart and by other hands.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

/// How often what is counted is compared with the store.
const COMPARE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// The messages of the last hour.
#[derive(Default)]
pub(super) struct HourlyBudget {
    sent: VecDeque<DateTime<Utc>>,
    compared_at: Option<DateTime<Utc>>,
}

impl HourlyBudget {
    /// Counts a message.
    pub(super) fn spend(&mut self, now: DateTime<Utc>) {
        self.sent.push_back(now);
    }

    /// If it is time to ask the store: since when.
    pub(super) fn wants_to_know(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let fresh = self.compared_at.is_some_and(|at| (now - at).abs() < COMPARE_EVERY);
        (!fresh).then(|| now - TimeDelta::hours(1))
    }

    /// What the store says has left, oldest first.
    pub(super) fn learn(&mut self, left: Vec<DateTime<Utc>>, now: DateTime<Utc>) {
        *self = Self { sent: left.into(), compared_at: Some(now) };
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

    #[test]
    fn the_store_is_asked_at_the_start_and_each_minute() {
        let at = |minutes: i64| DateTime::from_timestamp(1_774_512_000 + 60 * minutes, 0).unwrap();
        let mut budget = HourlyBudget::default();
        assert_eq!(budget.wants_to_know(at(60)), Some(at(0)));
        budget.learn(vec![at(1), at(30)], at(60));
        assert_eq!((budget.wants_to_know(at(60)), budget.room(at(60), 5)), (None, 3));
        budget.spend(at(60));
        assert_eq!(budget.room(at(60), 5), 2);
        assert_eq!(budget.wants_to_know(at(61)), Some(at(1)));
        assert_eq!(budget.wants_to_know(at(-60)), Some(at(-120)), "a clock that was set back");
    }
}
