//! Days on which silence was ours: a check-in was due and no mail server had accepted it before its day
//! ended, so the runner never had the chance to answer.
//!
//! Worked out from the ledger on every turn, the one just before a late sending included. That turn finds the
//! check-in still queued after its day, so no lateness slips through, and nothing else need be remembered.

use std::collections::{BTreeMap, BTreeSet};

use afterrun_rules::{
    Action, RuleBook,
    chart::{Chart, Excuse},
    decision::{Audience, EntryState, Subject},
    story,
};
use chrono::{DateTime, Days, NaiveDate, Utc};

/// An answer may be about a day this long ago; an older silence changes nothing that could still be told.
const DAYS_BACK: u64 = 14;

/// Turns imagined for the time of an outage: some four a day for as many days as matter.
const TURNS_IMAGINED: u32 = 64;

/// The excuses that the chart ought to hold and does not.
#[must_use]
pub fn owed(chart: &Chart, now: DateTime<Utc>) -> Vec<Excuse> {
    let today = chart.local_date(now);
    let Some(earliest) = today.checked_sub_days(Days::new(DAYS_BACK)) else { return Vec::new() };
    let mut reached: BTreeMap<NaiveDate, bool> = BTreeMap::new();
    for entry in &chart.ledger {
        let Subject::CheckIn { about_day, .. } = &entry.identity.subject else { continue };
        if entry.identity.audience == Audience::Patient && (earliest..today).contains(about_day) {
            *reached.entry(*about_day).or_default() |=
                matches!(entry.state, EntryState::Done | EntryState::Covered);
        }
    }
    let excused = |day: NaiveDate| chart.excuses.iter().any(|excuse| excuse.from <= day && day <= excuse.to);
    let answered = |day: NaiveDate| chart.answers.iter().any(|answer| answer.about_day == day);
    let ours = |(day, reached): (NaiveDate, bool)| {
        (!reached && !excused(day) && !answered(day) && !chart.is_paused(day)).then(|| Excuse {
            from: day,
            to: day,
            because: "the check-in did not leave before the day ended".into(),
        })
    };
    reached.into_iter().filter_map(ours).collect()
}

/// Excuses for check-ins that were never even opened, because nobody took this patient's turn when it was due
/// (`due_since`): what would have been asked on the days since, had Afterrun been running.
#[must_use]
pub fn while_away(
    book: &RuleBook,
    chart: &Chart,
    due_since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Vec<Excuse> {
    let today = chart.local_date(now);
    let earliest = today.checked_sub_days(Days::new(DAYS_BACK)).unwrap_or(today);
    let Some(mut at) = due_since.filter(|due| chart.local_date(*due) < today) else { return Vec::new() };
    let mut imagined = chart.clone();
    let mut missed = BTreeSet::new();
    for _ in 0..TURNS_IMAGINED {
        let (decisions, next) = story::settle(book, &mut imagined, at);
        for decision in &decisions {
            if let (Action::OpenCheckIn { .. }, Subject::CheckIn { about_day, .. }) =
                (&decision.action, &decision.identity.subject)
            {
                missed.insert(*about_day);
            }
        }
        match next {
            Some(next) if chart.local_date(next) < today => at = next,
            _ => break,
        }
    }
    let silent = |day: &NaiveDate| {
        !chart.excuses.iter().any(|excuse| excuse.from <= *day && *day <= excuse.to)
            && !chart.answers.iter().any(|answer| answer.about_day == *day)
    };
    let excuse = |day| Excuse { from: day, to: day, because: "Afterrun was not running".into() };
    missed.range(earliest..today).copied().filter(silent).map(excuse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterrun_rules::decision::{Entry, Identity};
    use chrono_tz::Tz;

    const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 28).unwrap();

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn chart(states: &[(&str, EntryState)]) -> Chart {
        let mut chart = Chart::new("p".into(), Tz::Europe__London, at("2026-03-01T09:00:00Z"));
        for (check_in, state) in states {
            chart.ledger.push(Entry {
                identity: Identity {
                    subject: Subject::CheckIn { check_in: (*check_in).into(), about_day: DAY },
                    audience: Audience::Patient,
                    attempt: 1,
                },
                decided_at: at("2026-03-28T07:00:00Z"),
                at: at("2026-03-28T07:00:00Z"),
                state: *state,
                message: None,
                urgent: false,
                covered_by: None,
            });
        }
        chart
    }

    fn check(states: &[(&str, EntryState)], now: &str, expected: &[NaiveDate]) {
        let found: Vec<NaiveDate> = owed(&chart(states), at(now)).iter().map(|excuse| excuse.from).collect();
        assert_eq!(found, expected, "{states:?} at {now}");
    }

    #[test]
    fn a_day_is_excused_when_no_check_in_left_before_it_ended() {
        use EntryState::{Cancelled, Done, Failed, Queued};
        check(&[("morning", Queued)], "2026-03-28T23:59:00Z", &[]);
        check(&[("morning", Queued)], "2026-03-29T00:00:00Z", &[DAY]);
        check(&[("morning", Failed)], "2026-03-29T08:00:00Z", &[DAY]);
        check(&[("morning", Done)], "2026-03-29T08:00:00Z", &[]);
        check(&[("morning", Done), ("weekly", Cancelled)], "2026-03-29T08:00:00Z", &[]);
        check(&[("morning", Queued)], "2026-04-30T08:00:00Z", &[]);
        check(&[], "2026-03-29T08:00:00Z", &[]);
    }

    #[test]
    fn once_excused_is_enough() {
        let mut chart = chart(&[("morning", EntryState::Queued)]);
        let now = at("2026-03-29T08:00:00Z");
        chart.excuses = owed(&chart, now);
        assert_eq!(chart.excuses.len(), 1);
        assert_eq!(owed(&chart, now), []);
    }
}
