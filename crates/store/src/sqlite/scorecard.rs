//! How rules fared, counted from what became of their work items.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};

use super::{
    columns::{Word, maybe_instant, micros},
    fault::Answer,
};
use crate::{Resolution, RuleCard, Scorecard};

/// From an instant on. As many rows as rules raised anything.
pub(super) fn since(db: &Connection, since: DateTime<Utc>) -> Answer<Scorecard> {
    let check_ins: i64 = db
        .prepare_cached("SELECT count(*) FROM check_ins WHERE opened_at >= ?1")?
        .query_row([micros(since)], |row| row.get(0))?;
    let mut known = db.prepare_cached("SELECT flag FROM rule_scores WHERE flag > '' ORDER BY flag")?;
    let flags = known.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut rules = Vec::new();
    for flag in flags {
        let card = of_rule(db, &flag, since)?;
        rules.extend(Some(card).filter(|card| card.fires > 0));
    }
    Ok(Scorecard { check_ins: u64::try_from(check_ins).unwrap_or(0), rules })
}

fn of_rule(db: &Connection, flag: &str, since: DateTime<Utc>) -> Answer<RuleCard> {
    let mut statement = db.prepare_cached(
        "SELECT created_at, outcome, outcome_at, contacted_at FROM work_items
         WHERE flag = ?1 AND created_at >= ?2 AND flag IS NOT NULL",
    )?;
    let mut card = RuleCard {
        flag: flag.into(),
        fires: 0,
        acted: 0,
        not_needed: 0,
        already_known: 0,
        median_to_contact: None,
        last_acted_at: None,
    };
    let mut times = Vec::new();
    let mut rows = statement.query(params![flag, micros(since)])?;
    while let Some(row) = rows.next()? {
        card.fires += 1;
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
