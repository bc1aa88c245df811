//! Whether the machine's clock can be believed. A clock that is wrong by a day asks runners about the wrong day,
//! lets episodes end in silence and drops mail as stale; so while it cannot be believed, nothing is decided by
//! time and nothing is sent.
//!
//! Between two looks the wall clock is compared with one that cannot be set. At the start, when there is nothing
//! to compare with, it is compared with what the store remembers. Pure: both clocks are arguments. A clock that
//! somebody drives (tests, the demonstration) has no guard.

use std::{fmt, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

/// The setting that says that all mail is held because of the clock, and why.
pub const CLOCK_HOLD: &str = "clock-hold";

/// How far the clock may be set between two looks. Corrections by NTP are below a second, a summer time that
/// was set by hand is an hour; a suspended machine counts as a jump, too.
const JUMP: TimeDelta = TimeDelta::minutes(10);

/// How long Afterrun may have been off before a person has to say that the date is right.
const AWAY_AT_MOST: TimeDelta = TimeDelta::days(30);

/// Why the clock is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// It moved by this against the clock that cannot be set.
    Jumped(TimeDelta),
    /// It shows an instant before the newest thing in the store.
    BeforeTheNewest(DateTime<Utc>),
    /// It shows an instant long after the newest thing in the store.
    LongAfterTheNewest(DateTime<Utc>),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jumped(by) => {
                let way = if *by < TimeDelta::zero() { "back" } else { "ahead" };
                write!(f, "the clock was set {way} by {} minutes", by.num_minutes().abs())
            }
            Self::BeforeTheNewest(newest) => write!(
                f,
                "the clock is behind what was stored last, at {}",
                newest.format("%Y-%m-%d %H:%M UTC")
            ),
            Self::LongAfterTheNewest(newest) => write!(
                f,
                "the clock is more than {} days past what was stored last, at {}",
                AWAY_AT_MOST.num_days(),
                newest.format("%Y-%m-%d %H:%M UTC")
            ),
        }
    }
}

/// What a look at the clocks says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Nothing new: the clock is believed, or still is not.
    Same,
    /// The clock is not believed from now on.
    Doubted(Doubt),
    /// A jump has undone itself.
    AgreesAgain,
}

/// Both clocks at a moment when they were believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Believed {
    wall: DateTime<Utc>,
    steady: Duration,
}

/// The guard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockGuard {
    believed: Believed,
    /// A doubt that ends when the clocks agree again, or when somebody says so.
    jumped: bool,
}

impl ClockGuard {
    /// Begins with what both clocks show; `newest` is the newest instant in the store.
    #[must_use]
    pub fn begin(
        wall: DateTime<Utc>,
        steady: Duration,
        newest: Option<DateTime<Utc>>,
    ) -> (Self, Option<Doubt>) {
        let doubt = newest.and_then(|newest| match wall - newest {
            gap if gap < -JUMP => Some(Doubt::BeforeTheNewest(newest)),
            gap if gap > AWAY_AT_MOST => Some(Doubt::LongAfterTheNewest(newest)),
            _ => None,
        });
        (Self { believed: Believed { wall, steady }, jumped: false }, doubt)
    }

    /// Looks at both clocks.
    pub fn look(&mut self, wall: DateTime<Utc>, steady: Duration) -> Look {
        let off = self.off(wall, steady);
        let agrees = off.abs() <= JUMP;
        match (self.jumped, agrees) {
            (false, true) => {
                self.believed = Believed { wall, steady };
                Look::Same
            }
            (false, false) => {
                self.jumped = true;
                Look::Doubted(Doubt::Jumped(off))
            }
            (true, true) => {
                self.believe(wall, steady);
                Look::AgreesAgain
            }
            (true, false) => Look::Same,
        }
    }

    /// Whether both clocks have gone on by the same since they were last believed.
    #[must_use]
    pub fn agrees(&self, wall: DateTime<Utc>, steady: Duration) -> bool {
        self.off(wall, steady).abs() <= JUMP
    }

    /// Whether the wall clock is ahead of what is believed.
    #[must_use]
    pub fn is_ahead(&self, wall: DateTime<Utc>, steady: Duration) -> bool {
        self.off(wall, steady) > JUMP
    }

    fn off(&self, wall: DateTime<Utc>, steady: Duration) -> TimeDelta {
        let passed =
            TimeDelta::from_std(steady.saturating_sub(self.believed.steady)).unwrap_or(TimeDelta::MAX);
        (wall - self.believed.wall) - passed
    }

    /// Somebody says that what the clock shows now is right.
    pub fn believe(&mut self, wall: DateTime<Utc>, steady: Duration) {
        *self = Self { believed: Believed { wall, steady }, jumped: false };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_512_000 + 60 * minutes, 0).unwrap()
    }

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    /// Wall clock and steady clock, in minutes, and what is said.
    fn check(looks: &[(i64, u64, Look)]) {
        let (mut guard, doubt) = ClockGuard::begin(at(0), minutes(0), None);
        assert_eq!(doubt, None);
        for (wall, steady, expected) in looks {
            assert_eq!(guard.look(at(*wall), minutes(*steady)), *expected, "{wall} {steady} of {looks:?}");
        }
    }

    fn jump(minutes: i64) -> Look {
        Look::Doubted(Doubt::Jumped(TimeDelta::minutes(minutes)))
    }

    #[test]
    fn a_clock_that_keeps_time_is_believed() {
        check(&[(1, 1, Look::Same), (600, 600, Look::Same)]);
        check(&[(11, 1, Look::Same), (-8, 2, jump(-20))]);
        check(&[(9, 0, Look::Same), (18, 0, Look::Same), (27, 0, Look::Same)]);
    }

    #[test]
    fn a_jump_is_told_once_and_ends_when_it_is_undone() {
        check(&[(61, 1, jump(60)), (62, 2, Look::Same), (3, 3, Look::AgreesAgain), (4, 4, Look::Same)]);
        check(&[(-119, 1, jump(-120)), (2, 2, Look::AgreesAgain)]);
        check(&[(61, 1, jump(60)), (1000, 2, Look::Same), (3, 3, Look::AgreesAgain), (64, 4, jump(60))]);
    }

    #[test]
    fn a_jump_that_somebody_confirms_is_the_time() {
        let (mut guard, _) = ClockGuard::begin(at(0), minutes(0), None);
        assert_eq!(guard.look(at(100), minutes(1)), jump(99));
        guard.believe(at(101), minutes(2));
        assert_eq!(guard.look(at(102), minutes(3)), Look::Same);
        assert_eq!(guard.look(at(4), minutes(4)), jump(-99));
    }

    #[test]
    fn the_start_is_compared_with_the_store() {
        let begin = |newest: Option<i64>| ClockGuard::begin(at(0), minutes(7), newest.map(at)).1;
        let days = |days: i64| days * 24 * 60;
        assert_eq!(begin(None), None);
        assert_eq!(begin(Some(0)), None);
        assert_eq!(begin(Some(10)), None, "clocks of two machines differ a little");
        assert_eq!(begin(Some(11)), Some(Doubt::BeforeTheNewest(at(11))));
        assert_eq!(begin(Some(-days(30))), None);
        assert_eq!(begin(Some(-days(30) - 1)), Some(Doubt::LongAfterTheNewest(at(-days(30) - 1))));
    }
}
