//! Patients: adding, finding, listing, and who is due.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use afterrun_rules::ids::PatientId;

use super::{
    charts,
    columns::{Word, instant, maybe_instant, micros, zone},
    fault::{Answer, Fault},
    links,
    mail_bytes::Kept,
    messages::{self, With},
};
use crate::{Enrolment, NewPatient, Page, Patient, StoreError};

/// Columns read by [`patient`].
pub(super) const COLUMNS: &str =
    "id, name, email, time_zone, language, units, enrolled_at, reach, stopped_at, next_due";

/// A row of [`COLUMNS`].
pub(super) fn patient(row: &Row<'_>) -> Answer<Patient> {
    let text = |column: usize, what| row.get_ref(column)?.as_str().map_err(|_| Fault::Unreadable(what));
    Ok(Patient {
        id: text(0, "patient")?.into(),
        name: text(1, "name")?.to_owned(),
        email: text(2, "address")?.to_owned(),
        time_zone: zone(text(3, "time zone")?)?,
        language: text(4, "language")?.to_owned(),
        units: Word::read(text(5, "unit")?)?,
        enrolled_at: instant(row.get(6)?)?,
        reach: Word::read(text(7, "reach")?)?,
        stopped_at: maybe_instant(row.get(8)?)?,
        next_due: maybe_instant(row.get(9)?)?,
    })
}

/// Adds one, due at once.
pub(super) fn add(db: &Connection, new: &NewPatient, now: DateTime<Utc>) -> Answer<PatientId> {
    let id = match &new.id {
        Some(id) => id.to_string(),
        None => db.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))?,
    };
    let taken = |what, query: &str, value: &str| -> Answer<()> {
        match db.prepare_cached(query)?.exists([value])? {
            true => Err(StoreError::Exists { what, id: value.to_owned() }.into()),
            false => Ok(()),
        }
    };
    let email_key = new.email.to_lowercase();
    taken("patient", "SELECT 1 FROM patients WHERE id = ?1", &id)?;
    taken("address", "SELECT 1 FROM patients WHERE email_key = ?1 AND stopped_at IS NULL", &email_key)?;
    db.prepare_cached(
        "INSERT INTO patients (id, name, email, email_key, language, units, enrolled_at, initial_time_zone,
             initial_reach, time_zone, reach, next_due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?8, ?9, ?7)",
    )?
    .execute(params![
        id,
        new.name,
        new.email,
        email_key,
        new.language,
        new.units.word(),
        micros(now),
        new.time_zone.name(),
        new.reach.word(),
    ])?;
    Ok(id.into())
}

/// Adds several, each with its first messages and links.
pub(super) fn enrol(db: &Connection, enrolments: &[Enrolment], now: DateTime<Utc>) -> Answer<Vec<PatientId>> {
    let enrol = |enrolment: &Enrolment| -> Answer<PatientId> {
        let id = add(db, &enrolment.patient, now)?;
        let key = charts::key(db, &id)?;
        for message in &enrolment.messages {
            let kept = Kept::of(message);
            let with = With { kept: kept.as_ref(), links: &enrolment.links };
            messages::insert_with(db, Some(key), message, &with, now, None)?;
        }
        links::insert_others(db, key, &enrolment.links, &enrolment.messages)?;
        Ok(id)
    };
    enrolments.iter().map(enrol).collect()
}

/// One by id.
pub(super) fn get(db: &Connection, id: &PatientId) -> Answer<Patient> {
    let query = select(" WHERE id = ?1 AND erased_at IS NULL");
    let found = db.prepare_cached(&query)?.query_row([id.as_str()], |row| Ok(patient(row))).optional()?;
    found.ok_or_else(|| unknown(id))?
}

/// The newest enrolment of an address: the running one, for no other is added beside it, else the last that
/// was stopped.
pub(super) fn by_email(db: &Connection, email: &str) -> Answer<Option<Patient>> {
    let query = select(" WHERE email_key = ?1 AND erased_at IS NULL ORDER BY key DESC LIMIT 1");
    let mut statement = db.prepare_cached(&query)?;
    statement.query_row([email.to_lowercase()], |row| Ok(patient(row))).optional()?.transpose()
}

/// A page by id.
pub(super) fn list(db: &Connection, after: &str, limit: u32) -> Answer<Page<Patient>> {
    let query = select(" WHERE id > ?1 AND erased_at IS NULL ORDER BY id LIMIT ?2");
    let mut statement = db.prepare_cached(&query)?;
    let rows = statement.query_map(params![after, i64::from(limit) + 1], |row| Ok(patient(row)))?;
    let rows = rows.map(|row| row?).collect::<Answer<Vec<_>>>()?;
    Ok(page(rows, limit, |patient| patient.id.to_string()))
}

/// Who is due, longest overdue first.
pub(super) fn due(db: &Connection, now: DateTime<Utc>, limit: u32) -> Answer<Vec<PatientId>> {
    let mut statement =
        db.prepare_cached("SELECT id FROM patients WHERE next_due <= ?1 ORDER BY next_due, key LIMIT ?2")?;
    let rows = statement.query_map(params![micros(now), limit], |row| row.get::<_, String>(0))?;
    rows.map(|id| Ok(id?.into())).collect()
}

/// When the next one is due.
pub(super) fn next_due(db: &Connection) -> Answer<Option<DateTime<Utc>>> {
    let query = "SELECT min(next_due) FROM patients WHERE next_due IS NOT NULL";
    maybe_instant(db.prepare_cached(query)?.query_row([], |row| row.get(0))?)
}

/// Makes every running enrolment due. The version moves too: a turn planned on the old rule book must not
/// put the date back.
pub(super) fn make_all_due(db: &Connection, now: DateTime<Utc>) -> Answer<u64> {
    let changed = db
        .prepare_cached(
            "UPDATE patients SET next_due = min(coalesce(next_due, ?1), ?1), version = version + 1
             WHERE stopped_at IS NULL",
        )?
        .execute([micros(now)])?;
    Ok(changed as u64)
}

/// The ledger changed otherwise than by a turn: turns under way have to start over, and somebody has to look.
pub(super) fn look_again(db: &Connection, key: i64, now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached(
        "UPDATE patients SET version = version + 1,
             next_due = CASE WHEN stopped_at IS NULL THEN min(coalesce(next_due, ?2), ?2) ELSE next_due END
         WHERE key = ?1",
    )?
    .execute(params![key, micros(now)])?;
    Ok(())
}

/// The answer for an id that is not there.
pub(super) fn unknown(id: &PatientId) -> Fault {
    StoreError::NotFound { what: "patient", id: id.to_string() }.into()
}

/// Cuts one row more than asked for down to a page with a cursor.
pub(super) fn page<T>(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Page<T> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = if more { rows.last().map(cursor) } else { None };
    Page { rows, next }
}

fn select(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM patients{rest}")
}
