//! A clock that is plainly wrong must not make a week's messages leave at once. The daemon notes every minute
//! when it was last seen alive; a clock that then lies before that, or very far after it, is not believed until
//! a human says so.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// The setting that holds when the daemon was last seen alive.
pub const LAST_SEEN: &str = "last-seen";

/// How often that is noted.
pub const NOTE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How far the clock may go back: corrections by time servers are seconds, rarely minutes.
const BACK_AT_MOST: TimeDelta = TimeDelta::minutes(10);

/// How long the daemon may have been away: after that nothing that waited is of use to anybody, and a machine
/// without a battery for its clock is the likelier story.
const AWAY_AT_MOST: TimeDelta = TimeDelta::days(30);

/// Why the clock is not to be believed, if so.
#[must_use]
pub fn doubt(last_seen: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<String> {
    let last_seen = last_seen?;
    let shown = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if now < last_seen - BACK_AT_MOST {
        return Some(format!("the clock says {} and said {} before", shown(now), shown(last_seen)));
    }
    (now > last_seen + AWAY_AT_MOST)
        .then(|| format!("afterrun was last seen at {} and the clock says {}", shown(last_seen), shown(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_doubted_that_went_back_or_far_ahead() {
        let now: DateTime<Utc> = "2026-05-04T14:00:00Z".parse().unwrap();
        let cases = [
            (None, false),
            (Some(TimeDelta::zero()), false),
            (Some(TimeDelta::minutes(10)), false),
            (Some(TimeDelta::minutes(11)), true),
            (Some(TimeDelta::days(-30)), false),
            (Some(TimeDelta::days(-31)), true),
        ];
        for (ahead, doubted) in cases {
            let last_seen = ahead.map(|ahead| now + ahead);
            assert_eq!(doubt(last_seen, now).is_some(), doubted, "last seen {last_seen:?}");
        }
    }
}
