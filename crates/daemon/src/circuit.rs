//! The breaker between the outbox and a mail server that is down or does not want us, and the times at which
//! a single message is tried again. Pure: time and chance are arguments.

use chrono::{DateTime, TimeDelta, Utc};

/// Minutes to wait after the first, second, ... failed attempt: quick at first, as most trouble is short.
const RETRY_MINUTES: [i64; 5] = [1, 5, 15, 30, 60];

/// How far a wait may be stretched or shortened, in percent, so that a queue does not come back all at once.
const JITTER_PERCENT: i64 = 20;

/// How long the circuit stays open the first time; doubled with every failed probe.
const OPEN_SECONDS: i64 = 30;

/// How long it stays open at most: an operator who repairs the server should not wait longer.
const OPEN_SECONDS_LONGEST: i64 = 600;

/// Failures in a row, each of a different message, after which the server itself is taken to be down.
const FAILURES_IN_A_ROW: u32 = 5;

/// When to try a message again after `attempts` attempts. `chance` is any number; its value spreads the wait.
#[must_use]
pub fn next_try(now: DateTime<Utc>, attempts: u32, chance: u64) -> DateTime<Utc> {
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let minutes = RETRY_MINUTES.get(step).or(RETRY_MINUTES.last()).copied().unwrap_or(60);
    let seconds = minutes * 60;
    let width = 2 * JITTER_PERCENT + 1;
    let percent = 100 - JITTER_PERCENT + i64::try_from(chance % width.unsigned_abs()).unwrap_or(0);
    now + TimeDelta::seconds(seconds * percent / 100)
}

/// The breaker.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Circuit {
    failures: u32,
    open: Option<Open>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Open {
    until: DateTime<Utc>,
    seconds: i64,
    why: String,
}

/// What a failure changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Nothing to tell.
    None,
    /// The circuit was closed and is open now: tell the operator, once.
    Opened,
    /// The circuit was open and is closed now.
    Closed,
}

impl Circuit {
    /// How many messages may be handed over now: all while closed, one probe when the time has come, none
    /// while open.
    #[must_use]
    pub fn allows(&self, now: DateTime<Utc>, wanted: u32) -> u32 {
        match &self.open {
            None => wanted,
            // A clock that was set back must not keep it open.
            Some(open)
                if now >= open.until || open.until - now > TimeDelta::seconds(OPEN_SECONDS_LONGEST) =>
            {
                wanted.min(1)
            }
            Some(_) => 0,
        }
    }

    /// A person says that it may work again: one probe may go now, and failing it costs the shortest wait.
    pub fn try_now(&mut self, now: DateTime<Utc>) {
        if let Some(open) = &mut self.open {
            (open.until, open.seconds) = (now, OPEN_SECONDS / 2);
        }
    }

    /// When messages may be handed over again, while open.
    #[must_use]
    pub fn open_until(&self) -> Option<DateTime<Utc>> {
        self.open.as_ref().map(|open| open.until)
    }

    /// Why it is open.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.open.as_ref().map(|open| open.why.as_str())
    }

    /// The server took a message, or refused one for a reason of that message's own: it works.
    pub fn worked(&mut self) -> Change {
        self.failures = 0;
        if self.open.take().is_some() { Change::Closed } else { Change::None }
    }

    /// The server could not be reached, or was busy.
    pub fn failed(&mut self, now: DateTime<Utc>, why: &str) -> Change {
        self.failures = self.failures.saturating_add(1);
        if self.open.is_some() || self.failures >= FAILURES_IN_A_ROW {
            self.trip(now, why)
        } else {
            Change::None
        }
    }

    /// The server does not want anything from us: opens at once.
    pub fn trip(&mut self, now: DateTime<Utc>, why: &str) -> Change {
        let (seconds, change) = match &self.open {
            // Several messages were in flight: the later failures tell nothing new.
            Some(open) if now < open.until => return Change::None,
            Some(open) => ((open.seconds * 2).min(OPEN_SECONDS_LONGEST), Change::None),
            None => (OPEN_SECONDS, Change::Opened),
        };
        self.open = Some(Open { until: now + TimeDelta::seconds(seconds), seconds, why: why.to_owned() });
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_512_000 + seconds, 0).unwrap()
    }

    #[test]
    fn waits_grow_and_are_spread_by_a_fifth() {
        let cases = [(1, 60), (2, 300), (3, 900), (4, 1800), (5, 3600), (6, 3600), (u32::MAX, 3600)];
        for (attempts, seconds) in cases {
            let waits: Vec<i64> = (0..200)
                .map(|chance| (next_try(at(0), attempts, chance * 7919) - at(0)).num_seconds())
                .collect();
            assert_eq!(waits.iter().min(), Some(&(seconds * 80 / 100)), "after {attempts}");
            assert_eq!(waits.iter().max(), Some(&(seconds * 120 / 100)), "after {attempts}");
        }
    }

    #[test]
    fn one_probe_at_a_time_until_the_server_works_again() {
        let mut circuit = Circuit::default();
        assert_eq!(circuit.allows(at(0), 4), 4);
        assert_eq!(circuit.trip(at(0), "535"), Change::Opened);
        assert_eq!(circuit.trip(at(0), "535"), Change::None, "told once");
        assert_eq!(circuit.allows(at(29), 4), 0);
        assert_eq!(circuit.allows(at(30), 4), 1);
        assert_eq!(circuit.trip(at(30), "535"), Change::None);
        assert_eq!(circuit.open_until(), Some(at(90)), "doubled");
        assert_eq!(circuit.allows(at(90), 4), 1);
        assert_eq!(circuit.worked(), Change::Closed);
        assert_eq!(circuit.allows(at(90), 4), 4);
    }

    #[test]
    fn a_person_may_ask_for_a_probe() {
        let mut circuit = Circuit::default();
        circuit.try_now(at(0));
        assert_eq!(circuit.allows(at(0), 4), 4, "nothing to try while it is closed");
        circuit.trip(at(0), "535");
        circuit.trip(at(30), "535");
        assert_eq!(circuit.allows(at(31), 4), 0);
        circuit.try_now(at(31));
        assert_eq!(circuit.allows(at(31), 4), 1, "one, not all");
        circuit.trip(at(31), "535");
        assert_eq!(circuit.open_until(), Some(at(61)), "the shortest wait");
        circuit.try_now(at(32));
        assert_eq!((circuit.worked(), circuit.allows(at(32), 4)), (Change::Closed, 4));
    }

    #[test]
    fn stays_open_ten_minutes_at_most() {
        let mut circuit = Circuit::default();
        let mut now = at(0);
        for _ in 0..12 {
            circuit.trip(now, "down");
            now = circuit.open_until().unwrap();
        }
        circuit.trip(now, "down");
        assert_eq!(circuit.open_until().unwrap() - now, TimeDelta::seconds(600));
    }

    #[test]
    fn a_single_failure_is_a_messages_own_trouble() {
        let mut circuit = Circuit::default();
        for _ in 0..4 {
            assert_eq!(circuit.failed(at(0), "no answer"), Change::None);
        }
        assert_eq!(circuit.allows(at(0), 4), 4);
        assert_eq!(circuit.failed(at(0), "no answer"), Change::Opened);
        assert_eq!(circuit.allows(at(0), 4), 0);
    }
}
