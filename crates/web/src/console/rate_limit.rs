//! How often somebody may try a password: counted by account and by address, in memory.
//!
//! A wrong guess and a right one count alike until the right one is known, so that guesses at the same time
//! cannot slip through. Accounts are counted whether they exist or not.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

/// Tries counted together.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Tries for one account: people mistype, machines guess more. At this rate 15 characters outlast anybody.
pub(crate) const BY_ACCOUNT: u32 = 10;

/// Tries from one address: a clinic signs in from behind one.
pub(crate) const BY_ADDRESS: u32 = 60;

/// Keys remembered; beyond it the counts that have run out go, then those of one try, and only then all: whoever
/// floods us with names must not wash away the count of the account he is after.
const REMEMBERED_AT_MOST: usize = 20_000;

/// Counts tries.
#[derive(Default)]
pub(crate) struct RateLimit(Mutex<HashMap<String, (DateTime<Utc>, u32)>>);

impl RateLimit {
    /// Counts a try; false: there were too many, and it must not be made.
    pub(crate) fn count(&self, key: String, at_most: u32, now: DateTime<Utc>) -> bool {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |began: DateTime<Utc>| now - began >= WINDOW || now < began;
        if tries.len() >= REMEMBERED_AT_MOST {
            tries.retain(|_, (began, _)| !is_over(*began));
            if tries.len() >= REMEMBERED_AT_MOST {
                tries.retain(|_, (_, count)| *count > 1);
            }
            if tries.len() >= REMEMBERED_AT_MOST {
                tries.clear();
            }
        }
        let (began, count) = tries.entry(key).or_insert((now, 0));
        if is_over(*began) {
            (*began, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= at_most
    }

    /// Whoever tried is known now.
    pub(crate) fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn tries_run_out_and_come_back() {
        let limit = RateLimit::default();
        let tries = |minutes| limit.count("a".to_owned(), 2, minute(minutes));
        assert_eq!([tries(0), tries(1), tries(2)], [true, true, false]);
        assert!(limit.count("b".to_owned(), 2, minute(2)), "somebody else's are counted apart");
        assert_eq!([tries(14), tries(15)], [false, true]);
        limit.forget("a");
        assert_eq!([tries(16), tries(16), tries(16)], [true, true, false]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let limit = RateLimit::default();
        for number in 0..=REMEMBERED_AT_MOST {
            limit.count(number.to_string(), 1, minute(0));
        }
        assert!(limit.0.lock().unwrap().len() <= REMEMBERED_AT_MOST);
    }

    #[test]
    fn a_flood_of_names_washes_no_count_away() {
        let limit = RateLimit::default();
        let try_it = || limit.count("account of the admin".to_owned(), 2, minute(0));
        assert_eq!([try_it(), try_it(), try_it()], [true, true, false]);
        for number in 0..3 * REMEMBERED_AT_MOST {
            limit.count(number.to_string(), 1, minute(0));
        }
        assert!(!try_it());
    }
}
