//! Personal links, known by the hash of their token only. Those in a mail are kept with it (`mail_links`); here are
//! links made without a mail and by earlier releases, each in a row of its own.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use afterrun_rules::ids::PatientId;

use super::{
    columns::{day, maybe_instant, maybe_micros, micros},
    fault::{Answer, Fault},
    mail_links,
};
use crate::{Link, LinkScope, NewLink, NewMessage};

const CHECK_IN: &str = "check_in";
const MY_PAGE: &str = "my_page";
const STOP: &str = "stop";
const CONFIRM: &str = "confirm";

/// Adds those links that are in none of the mails.
pub(super) fn insert_others(
    db: &Connection,
    patient: i64,
    links: &[NewLink],
    messages: &[NewMessage],
) -> Answer<()> {
    let places = || messages.iter().filter_map(|message| message.mail.as_ref()?.place);
    let others = links.iter().filter(|link| !places().any(|place| place == link.place()));
    others.into_iter().try_for_each(|link| insert(db, patient, link))
}

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
    mail_links::revoke_but_stop(db, patient, now)?;
    db.prepare_cached(
        "UPDATE links SET revoked_at = ?2 WHERE patient = ?1 AND scope <> ?3 AND revoked_at IS NULL",
    )?
    .execute(params![patient, micros(now), STOP])?;
    Ok(())
}

/// Revokes all links of a patient.
pub(super) fn revoke_all(db: &Connection, patient: i64, now: DateTime<Utc>) -> Answer<()> {
    mail_links::revoke_all(db, patient, now)?;
    db.prepare_cached("UPDATE links SET revoked_at = ?2 WHERE patient = ?1 AND revoked_at IS NULL")?
        .execute(params![patient, micros(now)])?;
    Ok(())
}

/// A link as it is stored, here or with its mail: whose it is is known by row number only.
pub(super) struct Found {
    pub scope: LinkScope,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked: bool,
    pub patient: i64,
}

impl Found {
    pub(super) fn of(self, patient: PatientId) -> Link {
        Link { patient, scope: self.scope, expires_at: self.expires_at, revoked: self.revoked }
    }

    /// The link for whoever does not know the patient; none: there is no such patient.
    pub(super) fn of_its_patient(self, db: &Connection) -> Answer<Option<Link>> {
        let mut statement = db.prepare_cached("SELECT id FROM patients WHERE key = ?1")?;
        let id: Option<String> = statement.query_row([self.patient], |row| row.get(0)).optional()?;
        Ok(id.map(|id| self.of(id.into())))
    }
}

/// The link with this hash. A stop link follows its address into the newest enrolment: whoever started again and
/// presses "stop" in an old mail means the mail that comes now.
pub(super) fn find(db: &Connection, token_hash: &[u8; 32]) -> Answer<Option<Found>> {
    let found = match mail_links::get(db, token_hash)? {
        None => by_hash(db, token_hash)?,
        found => found,
    };
    let Some(mut found) = found else { return Ok(None) };
    if found.scope == LinkScope::Stop {
        found.patient = newest_enrolment(db, found.patient)?;
    }
    Ok(Some(found))
}

fn by_hash(db: &Connection, token_hash: &[u8; 32]) -> Answer<Option<Found>> {
    let mut statement = db.prepare_cached(
        "SELECT scope, check_in, about_day, expires_at, revoked_at IS NOT NULL, patient
         FROM links WHERE token_hash = ?1",
    )?;
    statement.query([token_hash.as_slice()])?.next()?.map(of_row).transpose()
}

fn newest_enrolment(db: &Connection, enrolled: i64) -> Answer<i64> {
    let mut statement = db.prepare_cached(
        "SELECT max(p.key) FROM patients enrolled JOIN patients p ON p.email_key = enrolled.email_key
         WHERE enrolled.key = ?1",
    )?;
    Ok(statement.query_row([enrolled], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(enrolled))
}

fn of_row(row: &Row<'_>) -> Answer<Found> {
    let text =
        |column: usize| row.get_ref(column)?.as_str_or_null().map_err(|_| Fault::Unreadable("link scope"));
    let scope = match (text(0)?, text(1)?) {
        (Some(CHECK_IN), Some(check_in)) => {
            LinkScope::CheckIn { check_in: check_in.into(), about_day: day(text(2)?.unwrap_or_default())? }
        }
        (Some(MY_PAGE), None) => LinkScope::MyPage,
        (Some(STOP), None) => LinkScope::Stop,
        (Some(CONFIRM), None) => LinkScope::Confirm,
        _ => return Err(Fault::Unreadable("link scope")),
    };
    let expires_at = maybe_instant(row.get(3)?)?;
    Ok(Found { scope, expires_at, revoked: row.get(4)?, patient: row.get(5)? })
}
