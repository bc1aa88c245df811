//! Turning the clock: from one moment at which something is due to the next, so that a week passes exactly as
//! it would by itself, only faster.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::Demo;

/// Moments in one turn of the clock. A week with a handful of runners has some hundred and fifty.
const MOMENTS_AT_MOST: u32 = 2_000;

/// How far to turn the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leap {
    /// To nine on the next morning, when the answers of that day are in.
    NextMorning,
    /// To half past six this evening, or the next one; what silence tells has gone out by then.
    Evening,
    /// Seven days on.
    Week,
}

impl Leap {
    /// The instant it leads to, on the clinic's clock.
    pub(super) fn target(self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let today = now.with_timezone(&zone).date_naive();
        let at = |day: chrono::NaiveDate, hour, minute| {
            let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
            afterrun_rules::schedule::instant(zone, day.and_time(time))
        };
        match self {
            Self::NextMorning => at(today.succ_opt().unwrap_or(today), 9, 0),
            Self::Evening => {
                let evening = at(today, 18, 30);
                if evening > now { evening } else { at(today.succ_opt().unwrap_or(today), 18, 30) }
            }
            Self::Week => now + TimeDelta::days(7),
        }
    }
}

impl Demo {
    /// Turns the clock. One at a time: two clicks make two turns, one after the other.
    pub(super) async fn leap(&self, leap: Leap) -> anyhow::Result<()> {
        let _turn = self.turning.lock().await;
        let zone = self.app.turns.rules.current().book.clinic.time_zone;
        let target = leap.target(self.now(), zone);
        for _ in 0..MOMENTS_AT_MOST {
            self.settle().await?;
            match self.next_moment().await? {
                Some(next) if next < target => self.clock.set(next),
                _ => break,
            }
        }
        self.clock.set(target);
        self.settle().await
    }

    /// Does what is due now; what the runners of the cast answer brings more.
    pub(super) async fn settle(&self) -> anyhow::Result<()> {
        let now = self.now();
        self.app.settle(now).await?;
        while self.cast.answer(&self.app, now).await? {
            self.app.settle(now).await?;
        }
        Ok(())
    }

    /// The next instant after now at which anything happens.
    async fn next_moment(&self) -> anyhow::Result<Option<DateTime<Utc>>> {
        let now = self.now();
        let clinic = &self.app.turns.rules.current().book.clinic;
        let today = now.with_timezone(&clinic.time_zone).date_naive();
        let digest = clinic.digest.next_after(now, clinic.time_zone, today);
        let due = self.app.next_due().await?;
        let answer = self.cast.next_answer(&self.app).await?;
        let later = [due, answer, digest].into_iter().flatten().filter(|at| *at > now);
        Ok(later.min())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaps_go_forward_on_the_clinics_clock() {
        let zone = Tz::America__Chicago;
        let cases = [
            ("2026-05-04T14:00:00Z", Leap::NextMorning, "2026-05-05T14:00:00Z"),
            ("2026-05-05T03:00:00Z", Leap::NextMorning, "2026-05-05T14:00:00Z"),
            ("2026-05-04T14:00:00Z", Leap::Evening, "2026-05-04T23:30:00Z"),
            ("2026-05-04T23:30:00Z", Leap::Evening, "2026-05-05T23:30:00Z"),
            ("2026-05-04T14:00:00Z", Leap::Week, "2026-05-11T14:00:00Z"),
        ];
        for (now, leap, expected) in cases {
            assert_eq!(
                leap.target(now.parse().unwrap(), zone),
                expected.parse::<DateTime<Utc>>().unwrap(),
                "{leap:?} from {now}"
            );
        }
    }
}
