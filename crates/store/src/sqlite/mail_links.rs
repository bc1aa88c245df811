//! What comes back to a mail: all its links and its return path in one row, found by the place they share.
//!
//! A place is not a key that nobody else could have drawn: whoever finds it taken stores links and return path the way
//! it is done without one (`links`, `bounces`), where they are looked for as well.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    columns::{day, maybe_instant, maybe_micros, micros},
    fault::{Answer, Fault},
    links::{self, Found},
};
use crate::{LinkScope, MailPlace, NewLink};

/// Stores the links of a mail, and where its return path leads. `links` may hold those of other mails.
pub(super) fn insert(
    db: &Connection,
    patient: Option<i64>,
    message: i64,
    place: MailPlace,
    links: &[NewLink],
) -> Answer<Stored> {
    let mut row = Slots::default();
    let mut others = Vec::new();
    for link in links.iter().filter(|link| link.place() == place) {
        let slot = row.slot(&link.scope);
        match slot {
            None => *slot = Some(link),
            Some(_) => others.push(link),
        }
    }
    let stored = row.insert(db, patient, message, place)?;
    if stored == Stored::Otherwise {
        others.extend(row.0.into_iter().flatten());
    }
    if let Some(patient) = patient {
        others.into_iter().try_for_each(|link| links::insert(db, patient, link))?;
    }
    Ok(stored)
}

/// How a mail is found by what comes back to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// By its row.
    Together,
    /// Its place was taken: by each link, and by its return path.
    Otherwise,
}

/// One link of each kind: to a check-in, to the runner's page, to stop, to confirm.
#[derive(Default)]
struct Slots<'a>([Option<&'a NewLink>; 4]);

impl<'a> Slots<'a> {
    fn slot(&mut self, scope: &LinkScope) -> &mut Option<&'a NewLink> {
        let [check_in, my_page, stop, confirm] = &mut self.0;
        match scope {
            LinkScope::CheckIn { .. } => check_in,
            LinkScope::MyPage => my_page,
            LinkScope::Stop => stop,
            LinkScope::Confirm => confirm,
        }
    }

    fn insert(
        &self,
        db: &Connection,
        patient: Option<i64>,
        message: i64,
        place: MailPlace,
    ) -> Answer<Stored> {
        let hash = |link: Option<&'a NewLink>| link.map(|link| secret(&link.token_hash));
        let until = |link: Option<&NewLink>| maybe_micros(link.and_then(|link| link.expires_at));
        let [check_in, my_page, stop, confirm] = self.0;
        let asked = check_in.and_then(|link| match &link.scope {
            LinkScope::CheckIn { check_in, about_day } => Some((check_in.as_str(), about_day.to_string())),
            _ => None,
        });
        let inserted = db
            .prepare_cached(
                "INSERT INTO mail_links (place, message, patient, check_in, about_day, check_in_hash, check_in_until,
                     my_page_hash, my_page_until, stop_hash, stop_until, confirm_hash, confirm_until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                number(place),
                message,
                patient,
                asked.as_ref().map(|(check_in, _)| check_in),
                asked.as_ref().map(|(_, about_day)| about_day),
                hash(check_in),
                until(check_in),
                hash(my_page),
                until(my_page),
                hash(stop),
                until(stop),
                hash(confirm),
                until(confirm),
            ])?;
        Ok(if inserted == 1 { Stored::Together } else { Stored::Otherwise })
    }
}

/// The link with this key, if it is in a mail's row.
pub(super) fn get(db: &Connection, key: &[u8; 32]) -> Answer<Option<Found>> {
    let mut select = db.prepare_cached(
        "SELECT check_in_hash, check_in_until, my_page_hash, my_page_until, stop_hash, stop_until, confirm_hash,
             confirm_until, check_in, about_day, revoked_at IS NOT NULL, stop_revoked_at IS NOT NULL, patient
         FROM mail_links WHERE place = ?1",
    )?;
    let mut rows = select.query([number(MailPlace::of_key(key))])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    // Hashes are compared, so the time it takes tells nothing about any token.
    let is = |column: usize| -> Answer<bool> {
        let hash = row.get_ref(column)?.as_blob_or_null().map_err(|_| Fault::Unreadable("link"))?;
        Ok(hash == Some(secret(key).as_slice()))
    };
    let (column, scope, revoked) = if is(0)? {
        (0, check_in(row)?, 10)
    } else if is(2)? {
        (2, LinkScope::MyPage, 10)
    } else if is(4)? {
        (4, LinkScope::Stop, 11)
    } else if is(6)? {
        (6, LinkScope::Confirm, 10)
    } else {
        return Ok(None);
    };
    let Some(patient) = row.get(12)? else { return Ok(None) };
    let expires_at = maybe_instant(row.get(column + 1)?)?;
    Ok(Some(Found { scope, expires_at, revoked: row.get(revoked)?, patient }))
}

fn check_in(row: &Row<'_>) -> Answer<LinkScope> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(|_| Fault::Unreadable("link scope"));
    Ok(LinkScope::CheckIn { check_in: text(8)?.into(), about_day: day(text(9)?)? })
}

/// The message of the mail at this place, and its envelope sender.
pub(super) fn message_at(db: &Connection, place: MailPlace) -> Answer<Option<(i64, String)>> {
    let mut select = db.prepare_cached(
        "SELECT l.message, m.envelope_from FROM mail_links l JOIN mails m ON m.message = l.message
         WHERE l.place = ?1",
    )?;
    Ok(select.query_row([number(place)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Revokes all links of a patient but those that stop and start again.
pub(super) fn revoke_but_stop(db: &Connection, patient: i64, now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached(
        "UPDATE mail_links SET revoked_at = ?2 WHERE revoked_at IS NULL
             AND place IN (SELECT place FROM messages WHERE patient = ?1 AND place IS NOT NULL)",
    )?
    .execute(params![patient, micros(now)])?;
    Ok(())
}

/// Revokes all links of a patient.
pub(super) fn revoke_all(db: &Connection, patient: i64, now: DateTime<Utc>) -> Answer<()> {
    revoke_but_stop(db, patient, now)?;
    db.prepare_cached(
        "UPDATE mail_links SET stop_revoked_at = ?2 WHERE stop_revoked_at IS NULL
             AND place IN (SELECT place FROM messages WHERE patient = ?1 AND place IS NOT NULL)",
    )?
    .execute(params![patient, micros(now)])?;
    Ok(())
}

/// As it is stored: places have no sign, SQLite's numbers do.
pub(super) fn number(place: MailPlace) -> i64 {
    i64::from_be_bytes(place.0)
}

/// What a link's key holds beside the place, as much of it as is kept.
fn secret(key: &[u8; 32]) -> [u8; 16] {
    let [_, _, _, _, _, _, _, _, secret @ .., _, _, _, _, _, _, _, _] = *key;
    secret
}
