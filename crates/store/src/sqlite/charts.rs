//! Charts, rebuilt from what is stored: events applied in order, then check-ins, then the ledger.

use std::{collections::HashSet, sync::LazyLock};

use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use afterrun_rules::{
    Chart, TimedEvent,
    chart::{CheckIn, Reach},
    decision::{Audience, Entry, EntryState, Identity},
    ids::{PatientId, QuestionId},
};

use super::{
    columns::{Word, day, from_json, instant, zone},
    fault::{Answer, Fault},
    patients, waiting,
};
use crate::{ChartVersion, MessageState, StoredChart};

/// Person, chart and version.
pub(super) fn get(db: &Connection, id: &PatientId) -> Answer<StoredChart> {
    static BY_ID: LazyLock<String> = LazyLock::new(|| person_by("id"));
    found_by(db, &BY_ID, id.as_str())?.ok_or_else(|| patients::unknown(id))
}

/// The same for a row number; none: there is no such patient (any more).
pub(super) fn of_key(db: &Connection, key: i64) -> Answer<Option<StoredChart>> {
    static BY_KEY: LazyLock<String> = LazyLock::new(|| person_by("key"));
    found_by(db, &BY_KEY, key)
}

/// Reads what [`person`] needs of whoever has a value in a column.
fn person_by(column: &str) -> String {
    format!(
        "SELECT {}, key, version, initial_time_zone, initial_reach, waiting FROM patients
         WHERE {column} = ?1 AND erased_at IS NULL",
        patients::COLUMNS
    )
}

fn found_by(db: &Connection, query: &str, value: impl ToSql) -> Answer<Option<StoredChart>> {
    let found = db.prepare_cached(query)?.query_row([value], |row| Ok(person(row))).optional()?;
    let Some((key, waits, mut stored)) = found.transpose()? else { return Ok(None) };
    for_each_event(db, key, |event| stored.chart.apply(&event))?;
    check_ins(db, key, &mut stored.chart.check_ins)?;
    stored.chart.ledger = ledger(db, key)?.into();
    if waits {
        stored.waiting = waiting::of(db, key)?;
    }
    Ok(Some(stored))
}

/// All events in order.
pub(super) fn events(db: &Connection, id: &PatientId) -> Answer<Vec<TimedEvent>> {
    let mut all = Vec::new();
    for_each_event(db, key(db, id)?, |event| all.push(event))?;
    Ok(all)
}

/// The row number of a patient.
pub(super) fn key(db: &Connection, id: &PatientId) -> Answer<i64> {
    let mut statement = db.prepare_cached("SELECT key FROM patients WHERE id = ?1 AND erased_at IS NULL")?;
    let found = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
    found.ok_or_else(|| patients::unknown(id))
}

fn person(row: &Row<'_>) -> Answer<(i64, bool, StoredChart)> {
    let patient = patients::patient(row)?;
    let first_zone = text(row, 12, "time zone")?;
    // Nearly everybody lives by the clock they were enrolled with, and to look one up has a price.
    let is_unchanged = first_zone == patient.time_zone.name();
    let first_zone = if is_unchanged { patient.time_zone } else { zone(first_zone)? };
    let mut chart = Chart::new(patient.id.clone(), first_zone, patient.enrolled_at);
    chart.language = patient.language.as_str().into();
    chart.reach = Reach::read(text(row, 13, "reach")?)?;
    let version = ChartVersion { number: row.get(11)?, row: row.get(10)? };
    let stored = StoredChart { patient, chart, version, waiting: Vec::new() };
    Ok((row.get(10)?, row.get(14)?, stored))
}

fn for_each_event(db: &Connection, patient: i64, mut take: impl FnMut(TimedEvent)) -> Answer<()> {
    let mut statement = db.prepare_cached("SELECT at, body FROM events WHERE patient = ?1 ORDER BY seq")?;
    let mut rows = statement.query([patient])?;
    while let Some(row) = rows.next()? {
        take(TimedEvent { at: instant(row.get(0)?)?, event: from_json("event", text(row, 1, "event")?)? });
    }
    Ok(())
}

fn check_ins(db: &Connection, patient: i64, found: &mut Vec<CheckIn>) -> Answer<()> {
    let mut statement = db.prepare_cached(
        "SELECT check_in, about_day, opened_at, expires_at, questions, about_run, probe
         FROM check_ins WHERE patient = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([patient])?;
    while let Some(row) = rows.next()? {
        found.push(check_in(row)?);
    }
    Ok(())
}

fn check_in(row: &Row<'_>) -> Answer<CheckIn> {
    let about_run = row.get_ref(5)?.as_str_or_null().map_err(|_| Fault::Unreadable("run"))?;
    Ok(CheckIn {
        id: text(row, 0, "check-in")?.into(),
        about_day: day(text(row, 1, "date")?)?,
        opened_at: instant(row.get(2)?)?,
        expires_at: instant(row.get(3)?)?,
        questions: questions(text(row, 4, "list of questions")?)?,
        about_run: about_run.map(Into::into),
        probe: row.get(6)?,
    })
}

/// A list of ids in JSON. Nearly all are written without anything that would have to be understood.
fn questions(json: &str) -> Answer<Vec<QuestionId>> {
    plain_ids(json).map_or_else(|| from_json("list of questions", json), Ok)
}

/// The ids between quotation marks, if nothing but a comma stands between two of them.
fn plain_ids(json: &str) -> Option<Vec<QuestionId>> {
    let plain = json.strip_prefix("[\"")?.strip_suffix("\"]")?;
    // Without a way out of the loops, so that many bytes are looked at in one.
    let count = |is: fn(u8) -> bool| plain.bytes().map(|byte| usize::from(is(byte))).sum::<usize>();
    if count(|byte| byte < b' ' || byte == b'\\') > 0 {
        return None;
    }
    let mut ids = Vec::with_capacity(1 + count(|byte| byte == b'"') / 2);
    let mut parts = plain.split('"');
    ids.push(parts.next()?.into());
    while let Some(between) = parts.next() {
        if between != "," {
            return None;
        }
        ids.push(parts.next()?.into());
    }
    Some(ids)
}

/// Entries that are compared one by one; of more their identities are hashed.
const FEW: usize = 16;

/// One entry for each identity, in the order decided; of several recipients the first row speaks.
fn ledger(db: &Connection, patient: i64) -> Answer<Vec<Entry>> {
    let mut statement = db.prepare_cached(
        "SELECT subject, audience, attempt, decided_at, at, state, message, urgent, covered_by_entry,
             end_code, settled_at
         FROM messages WHERE patient = ?1 ORDER BY key",
    )?;
    let mut rows = statement.query([patient])?;
    let mut seen = HashSet::new();
    let mut ledger: Vec<Entry> = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(entry) = entry(row)? else { continue };
        let is_new = if ledger.len() < FEW {
            ledger.iter().all(|known| known.identity != entry.identity)
        } else {
            if seen.is_empty() {
                seen.extend(ledger.iter().map(|known| known.identity.clone()));
            }
            seen.insert(entry.identity.clone())
        };
        if is_new {
            ledger.push(entry);
        }
    }
    fail_covered(&mut ledger);
    Ok(ledger)
}

/// What a message that came to nothing spoke for has not been told either.
fn fail_covered(ledger: &mut [Entry]) {
    let failed = |entry: &&Entry| entry.state == EntryState::Failed;
    let silent: Vec<Identity> = ledger.iter().filter(failed).map(|entry| entry.identity.clone()).collect();
    if silent.is_empty() {
        return;
    }
    let covered = ledger.iter_mut().filter(|entry| entry.state == EntryState::Covered);
    for entry in covered {
        if entry.covered_by.as_ref().is_some_and(|by| silent.contains(by)) {
            entry.state = EntryState::Failed;
        }
    }
}

fn entry(row: &Row<'_>) -> Answer<Option<Entry>> {
    let Some(subject) = row.get_ref(0)?.as_str_or_null().map_err(|_| Fault::Unreadable("subject"))? else {
        return Ok(None);
    };
    let audience = Audience::read(text(row, 1, "audience")?)?;
    let state = MessageState::read(text(row, 5, "message state")?)?;
    let stale = row.get_ref(9)?.as_str_or_null().ok().flatten() == Some(super::outbox::STALE);
    let covered_by = row.get_ref(8)?.as_str_or_null().map_err(|_| Fault::Unreadable("identity"))?;
    let message = row.get_ref(6)?.as_str_or_null().map_err(|_| Fault::Unreadable("message"))?;
    // A message that waited counts on the day it left: a day's budget is what the runner gets that day.
    let left = match (audience, state) {
        (Audience::Patient, MessageState::Accepted) => row.get::<_, Option<i64>>(10)?,
        _ => None,
    };
    Ok(Some(Entry {
        identity: Identity { subject: from_json("subject", subject)?, audience, attempt: row.get(2)? },
        decided_at: instant(row.get(3)?)?,
        at: instant(row.get::<_, i64>(4)?.max(left.unwrap_or(i64::MIN)))?,
        state: entry_state(audience, state, stale),
        message: message.map(Into::into),
        urgent: row.get(7)?,
        covered_by: covered_by.map(|json| from_json("identity", json)).transpose()?,
    }))
}

/// What a row means for the ledger. The clinic has been told as soon as its work-list shows the matter,
/// whatever becomes of the mail about it; only a decision takes it back.
fn entry_state(audience: Audience, state: MessageState, stale: bool) -> EntryState {
    use MessageState as S;
    match (audience, state) {
        (_, S::Covered) => EntryState::Covered,
        (Audience::Clinic, S::Cancelled) if !stale => EntryState::Cancelled,
        (Audience::Clinic, _) | (_, S::Accepted | S::Shown) => EntryState::Done,
        (_, S::Queued | S::Leased | S::Transmitting) => EntryState::Queued,
        (_, S::Cancelled) => EntryState::Cancelled,
        (_, S::Rejected | S::Failed | S::Quarantined) => EntryState::Failed,
    }
}

/// A text column without copying it.
fn text<'row>(row: &'row Row<'_>, column: usize, what: &'static str) -> Answer<&'row str> {
    row.get_ref(column)?.as_str().map_err(|_| Fault::Unreadable(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<&[&str]>) {
        let read = questions(json).ok();
        let expected: Option<Vec<QuestionId>> =
            expected.map(|ids| ids.iter().map(|id| (*id).into()).collect());
        assert_eq!(read, expected, "{json}");
        assert_eq!(read, serde_json::from_str(json).ok(), "{json}: as serde reads it");
    }

    #[test]
    fn questions_are_read_as_json() {
        check(r"[]", Some(&[]));
        check(r#"["feeling"]"#, Some(&["feeling"]));
        check(r#"["feeling","worst_pain","note"]"#, Some(&["feeling", "worst_pain", "note"]));
        check(r#"["feeling", "note"]"#, Some(&["feeling", "note"]));
        check(r#"["a,b","\u0063","é"]"#, Some(&["a,b", "c", "é"]));
        check(r#"["a\",\"b"]"#, Some(&["a\",\"b"]));
        check(r#"["feeling"note"]"#, None);
        check(r#"["feeling"x","note"]"#, None);
        check("[\"a\nb\"]", None);
        check(r#"[""]"#, Some(&[""]));
        check(r#"["a",7,"b"]"#, None);
        check("", None);
    }
}
