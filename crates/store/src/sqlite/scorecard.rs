//! How rules fared, counted from what became of their work items.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};

use super::{
    columns::{Word, maybe_instant, micros},
    fault::Answer,
};
use crate::{Resolution, RuleCard, Scorecard};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// From an instant on. As many rows as rules raised anything.
pub(super) fn since(db: &Connection, since: DateTime<Utc>) -> Answer<Scorecard> {
    let since = micros(since);
    let mut rules = Vec::new();
    let mut flag = String::new();
    let mut next = db.prepare_cached("SELECT min(flag) FROM work_items WHERE flag > ?1")?;
    while let Some(known) = next.query_row([&flag], |row| row.get::<_, Option<String>>(0))? {
        flag = known;
        let card = of_rule(db, &flag, since)?;
        rules.extend(Some(card).filter(|card| card.fires > 0));
    }
    Ok(Scorecard { check_ins: check_ins(db, since)?, rules })
}

/// The first day that is later than an instant as a whole; what lies before is counted by the row.
fn first_whole_day(since: i64) -> i64 {
    since.div_euclid(DAY) + i64::from(since.rem_euclid(DAY) > 0)
}

fn check_ins(db: &Connection, since: i64) -> Answer<u64> {
    let day = first_whole_day(since);
    let whole: i64 = db
        .prepare_cached("SELECT coalesce(sum(opened), 0) FROM check_in_days WHERE day >= ?1")?
        .query_row([day], |row| row.get(0))?;
    let part: i64 = db
        .prepare_cached("SELECT count(*) FROM check_ins WHERE opened_at >= ?1 AND opened_at < ?2")?
        .query_row([since, day * DAY], |row| row.get(0))?;
    Ok(u64::try_from(whole + part).unwrap_or(0))
}

/// Work items that a rule raised, and when the first and the last of them were.
fn fires(db: &Connection, flag: &str, since: i64) -> Answer<(u64, [Option<i64>; 2])> {
    let day = first_whole_day(since);
    let whole: i64 = db
        .prepare_cached("SELECT coalesce(sum(raised), 0) FROM work_item_days WHERE flag = ?1 AND day >= ?2")?
        .query_row(params![flag, day], |row| row.get(0))?;
    let part: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM work_items
             WHERE flag = ?1 AND created_at >= ?2 AND created_at < ?3 AND flag IS NOT NULL",
        )?
        .query_row(params![flag, since, day * DAY], |row| row.get(0))?;
    // Each by itself: one look into the index, where both together would read all of it.
    let [first, last] = ["min", "max"].map(|which| {
        let query = format!(
            "SELECT {which}(created_at) FROM work_items WHERE flag = ?1 AND created_at >= ?2 AND flag IS NOT NULL"
        );
        db.prepare_cached(&query)?.query_row(params![flag, since], |row| row.get(0))
    });
    Ok((u64::try_from(whole + part).unwrap_or(0), [first?, last?]))
}

fn of_rule(db: &Connection, flag: &str, since: i64) -> Answer<RuleCard> {
    let (fires, [first_fired_at, last_fired_at]) = fires(db, flag, since)?;
    let mut card = RuleCard {
        flag: flag.into(),
        fires,
        first_fired_at: maybe_instant(first_fired_at)?,
        last_fired_at: maybe_instant(last_fired_at)?,
        acted: 0,
        not_needed: 0,
        already_known: 0,
        median_to_contact: None,
        last_acted_at: None,
    };
    let mut statement = db.prepare_cached(
        "SELECT created_at, outcome, outcome_at, contacted_at FROM work_items
         WHERE flag = ?1 AND created_at >= ?2 AND flag IS NOT NULL
             AND (outcome IS NOT NULL OR contacted_at IS NOT NULL)",
    )?;
    let mut times = Vec::new();
    let mut rows = statement.query(params![flag, since])?;
    while let Some(row) = rows.next()? {
        let created: i64 = row.get(0)?;
        times.extend(row.get::<_, Option<i64>>(3)?.map(|contacted| contacted - created));
        let Some(outcome) = row.get::<_, Option<String>>(1)? else { continue };
        match Resolution::read(&outcome)? {
            resolution if resolution.is_useful() => {
                card.acted += 1;
                card.last_acted_at = card.last_acted_at.max(maybe_instant(row.get(2)?)?);
            }
            Resolution::AlreadyKnown => card.already_known += 1,
            _ => card.not_needed += 1,
        }
    }
    times.sort_unstable();
    // Of two in the middle the earlier one.
    card.median_to_contact =
        times.get(times.len().saturating_sub(1) / 2).map(|time| TimeDelta::microseconds(*time));
    Ok(card)
}
