//! Personal links, known by the hash of their token only.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    columns::{day, maybe_instant, maybe_micros, micros},
    fault::{Answer, Fault},
};
use crate::{Link, LinkScope, NewLink};

const CHECK_IN: &str = "check_in";
const MY_PAGE: &str = "my_page";
const STOP: &str = "stop";
const CONFIRM: &str = "confirm";

/// Adds a link; the same token twice is one link.
pub(super) fn insert(db: &Connection, patient: i64, link: &NewLink) -> Answer<()> {
    let (scope, check_in, about_day) = match &link.scope {
        LinkScope::CheckIn { check_in, about_day } => {
            (CHECK_IN, Some(check_in.as_str()), Some(about_day.to_string()))
        }
        LinkScope::MyPage => (MY_PAGE, None, None),
        LinkScope::Stop => (STOP, None, None),
        LinkScope::Confirm => (CONFIRM, None, None),
    };
    db.prepare_cached(
        "INSERT INTO links (token_hash, patient, scope, check_in, about_day, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        link.token_hash.as_slice(),
        patient,
        scope,
        check_in,
        about_day,
        maybe_micros(link.expires_at)
    ])?;
    Ok(())
}

/// Revokes all links of a patient but those that stop and start again.
pub(super) fn revoke_but_stop(db: &Connection, patient: i64, now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached(
        "UPDATE links SET revoked_at = ?2 WHERE patient = ?1 AND scope <> ?3 AND revoked_at IS NULL",
    )?
    .execute(params![patient, micros(now), STOP])?;
    Ok(())
}

/// Revokes all links of a patient.
pub(super) fn revoke_all(db: &Connection, patient: i64, now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached("UPDATE links SET revoked_at = ?2 WHERE patient = ?1 AND revoked_at IS NULL")?
        .execute(params![patient, micros(now)])?;
    Ok(())
}

/// The link with this hash, and the row number of its patient. A stop link follows its address into the newest enrolment: whoever started again
/// and presses "stop" in an old mail means the mail that comes now.
pub(super) fn get(db: &Connection, token_hash: &[u8; 32]) -> Answer<Option<(Link, i64)>> {
    let mut statement = db.prepare_cached(
        "SELECT p.id, l.scope, l.check_in, l.about_day, l.expires_at, l.revoked_at IS NOT NULL, p.key
         FROM links l
         JOIN patients enrolled ON enrolled.key = l.patient
         JOIN patients p ON p.key = CASE l.scope
             WHEN ?2 THEN (SELECT MAX(key) FROM patients WHERE email_key = enrolled.email_key)
             ELSE l.patient END
         WHERE l.token_hash = ?1",
    )?;
    statement.query_row(params![token_hash.as_slice(), STOP], |row| Ok(link(row))).optional()?.transpose()
}

fn link(row: &Row<'_>) -> Answer<(Link, i64)> {
    let unreadable = Fault::Unreadable("link scope");
    let scope = match (row.get::<_, String>(1)?.as_str(), row.get::<_, Option<String>>(2)?) {
        (CHECK_IN, Some(check_in)) => {
            LinkScope::CheckIn { check_in: check_in.into(), about_day: day(&row.get::<_, String>(3)?)? }
        }
        (MY_PAGE, None) => LinkScope::MyPage,
        (STOP, None) => LinkScope::Stop,
        (CONFIRM, None) => LinkScope::Confirm,
        _ => return Err(unreadable),
    };
    let link = Link {
        patient: row.get::<_, String>(0)?.into(),
        scope,
        expires_at: maybe_instant(row.get(4)?)?,
        revoked: row.get(5)?,
    };
    Ok((link, row.get(6)?))
}
