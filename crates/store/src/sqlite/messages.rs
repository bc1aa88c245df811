//! Rows of the ledger and outbox: putting them in and showing them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use afterrun_rules::{
    book::BookHash,
    decision::{Audience, EntryState, Reason},
    ids::PatientId,
};

use super::{
    bounces, charts,
    columns::{Word, book_hash, instant, maybe_instant, maybe_micros, micros, to_json},
    fault::Answer,
    mail_bytes::{self, Kept},
    mail_links::{self, Stored},
    patients::page,
};
use crate::{Attempt, Mail, Message, MessageKey, MessageState, NewLink, NewMessage, Page, StoreError};

/// Adds a row unless one with this identity and recipient is there. `patient` is a row number.
pub(super) fn insert(
    db: &Connection,
    patient: Option<i64>,
    new: &NewMessage,
    now: DateTime<Utc>,
    book: Option<&BookHash>,
) -> Answer<bool> {
    insert_with(db, patient, new, &With { kept: Kept::of(new).as_ref(), links: &[] }, now, book)
}

/// What lies beside a message.
pub(super) struct With<'a> {
    /// Its mail's bytes as they are to be kept, which takes a while to find out.
    pub kept: Option<&'a Kept>,
    /// The links in its mail, and any others.
    pub links: &'a [NewLink],
}

/// The same with what lies beside it.
pub(super) fn insert_with(
    db: &Connection,
    patient: Option<i64>,
    new: &NewMessage,
    with: &With<'_>,
    now: DateTime<Utc>,
    book: Option<&BookHash>,
) -> Answer<bool> {
    let urgent = new.entry.as_ref().is_some_and(|entry| entry.urgent);
    insert_as(db, patient, new, with, urgent, now, book)
}

/// The same for the clinic's mail that must not wait behind any other although no plan has decided it.
pub(super) fn insert_pressing(db: &Connection, new: &NewMessage, now: DateTime<Utc>) -> Answer<bool> {
    insert_as(db, None, new, &With { kept: Kept::of(new).as_ref(), links: &[] }, true, now, None)
}

fn insert_as(
    db: &Connection,
    patient: Option<i64>,
    new: &NewMessage,
    with: &With<'_>,
    urgent: bool,
    now: DateTime<Utc>,
    book: Option<&BookHash>,
) -> Answer<bool> {
    let entry = new.entry.as_ref();
    let mail = new.mail.as_ref();
    let subject = entry.map(|entry| to_json("subject", &entry.identity.subject)).transpose()?;
    let covered_by = entry.and_then(|entry| entry.covered_by.as_ref());
    let state = initial_state(new);
    let inserted = db
        .prepare_cached(
            "INSERT INTO messages (patient, identity, recipient, audience, state, subject, attempt, decided_at,
                 at, message, urgent, covered_by, covered_by_entry, rank, due_at, stale_at, book, reason_code,
                 reason_text, facts, settled_at, end_code, end_reason, place, first_due_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                 ?21, ?22, ?23, ?24, ?15)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            patient,
            new.identity_text,
            mail.map_or("", |mail| mail.recipient.as_str()),
            new.audience.word(),
            state.word(),
            subject,
            entry.map_or(1, |entry| entry.identity.attempt),
            micros(entry.map_or(now, |entry| entry.decided_at)),
            micros(entry.map_or(now, |entry| entry.at)),
            entry.and_then(|entry| entry.message.as_ref()).map(|id| id.as_str()),
            urgent,
            covered_by.map(ToString::to_string),
            covered_by.map(|identity| to_json("identity", identity)).transpose()?,
            rank(new.audience, urgent),
            mail.map(|mail| micros(mail.due_at)),
            maybe_micros(mail.and_then(|mail| mail.stale_at)),
            book.map(|book| book.0.as_slice()),
            &*new.reason.code,
            &*new.reason.text,
            to_json("facts", &new.facts)?,
            (state == MessageState::Cancelled).then(|| micros(now)),
            (state == MessageState::Cancelled).then_some(&*new.reason.code),
            (state == MessageState::Cancelled).then_some(&*new.reason.text),
            mail.and_then(|mail| mail.place).map(mail_links::number),
        ])?;
    if inserted == 1
        && let Some(mail) = mail
        && let Some(kept) = with.kept
    {
        let key = db.last_insert_rowid();
        mail_bytes::insert(db, key, mail, kept)?;
        leads_back(db, patient, key, mail, with.links)?;
    }
    Ok(inserted == 1)
}

/// Stores how a message is found by what comes back to its mail.
fn leads_back(db: &Connection, patient: Option<i64>, key: i64, mail: &Mail, links: &[NewLink]) -> Answer<()> {
    if let Some(place) = mail.place {
        if mail_links::insert(db, patient, key, place, links)? == Stored::Together {
            return Ok(());
        }
        db.prepare_cached("UPDATE messages SET place = NULL WHERE key = ?1")?.execute([key])?;
    }
    bounces::keep_sender(db, key, &mail.envelope_from)
}

fn initial_state(new: &NewMessage) -> MessageState {
    match new.entry.as_ref().map(|entry| entry.state) {
        Some(EntryState::Covered) => MessageState::Covered,
        Some(EntryState::Cancelled) => MessageState::Cancelled,
        Some(EntryState::Failed) => MessageState::Failed,
        _ if new.mail.is_some() => MessageState::Queued,
        _ => MessageState::Shown,
    }
}

/// The order in which due mail leaves; even numbers go to the clinic.
pub(super) fn rank(audience: Audience, urgent: bool) -> i64 {
    match (audience, urgent) {
        (Audience::Clinic, true) => 0,
        (Audience::Patient, true) => 1,
        (Audience::Clinic, false) => 2,
        (Audience::Patient, false) => 3,
    }
}

const COLUMNS: &str = "m.key, p.id, m.identity, m.audience, m.state, m.message, m.reason_code, m.reason_text,
    m.end_code, m.end_reason, m.decided_at, m.book, m.attempts, m.settled_at, m.recipient, m.due_at, m.stale_at,
    l.message_id, l.envelope_from, l.subject";
const TABLES: &str =
    "messages m LEFT JOIN patients p ON p.key = m.patient LEFT JOIN mails l ON l.message = m.key";

/// A page, newest first, without bytes.
pub(super) fn list(
    db: &Connection,
    patient: Option<&PatientId>,
    after: Option<&str>,
    limit: u32,
) -> Answer<Page<Message>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let most = i64::from(limit) + 1;
    let rows: Vec<Message> = match patient {
        Some(id) => {
            let query = format!(
                "SELECT {COLUMNS} FROM {TABLES} WHERE m.patient = ?1 AND m.key < ?2 ORDER BY m.key DESC LIMIT ?3"
            );
            let mut statement = db.prepare_cached(&query)?;
            let rows = statement
                .query_map(params![charts::key(db, id)?, before, most], |row| Ok(message(row, None)))?;
            rows.map(|row| row?).collect::<Answer<_>>()?
        }
        None => {
            let query =
                format!("SELECT {COLUMNS} FROM {TABLES} WHERE m.key < ?1 ORDER BY m.key DESC LIMIT ?2");
            let mut statement = db.prepare_cached(&query)?;
            let rows = statement.query_map([before, most], |row| Ok(message(row, None)))?;
            rows.map(|row| row?).collect::<Answer<_>>()?
        }
    };
    Ok(page(rows, limit, |message| message.key.0.to_string()))
}

/// A page of those decided under a rule book, newest first, without bytes.
pub(super) fn of_book(
    db: &Connection,
    book: &BookHash,
    after: Option<&str>,
    limit: u32,
) -> Answer<Page<Message>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let query = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE m.book = ?1 AND m.key < ?2 ORDER BY m.key DESC LIMIT ?3"
    );
    let mut statement = db.prepare_cached(&query)?;
    let rows = statement
        .query_map(params![book.0.as_slice(), before, i64::from(limit) + 1], |row| Ok(message(row, None)))?;
    let rows: Vec<Message> = rows.map(|row| row?).collect::<Answer<_>>()?;
    Ok(page(rows, limit, |message| message.key.0.to_string()))
}

/// One, with its bytes.
pub(super) fn get(db: &Connection, key: MessageKey) -> Answer<Message> {
    let query = format!("SELECT {COLUMNS}, l.bytes, l.base FROM {TABLES} WHERE m.key = ?1");
    let found = db
        .prepare_cached(&query)?
        .query_row([key.0], |row| {
            Ok(mail_bytes::of_row(db, row, 20, 21).and_then(|bytes| message(row, bytes)))
        })
        .optional()?;
    found.ok_or_else(|| StoreError::NotFound { what: "message", id: key.0.to_string() })?
}

/// Attempts, oldest first.
pub(super) fn attempts(db: &Connection, key: MessageKey) -> Answer<Vec<Attempt>> {
    let mut statement =
        db.prepare_cached("SELECT at, outcome FROM attempts WHERE message = ?1 ORDER BY seq")?;
    let rows = statement.query_map([key.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (at, outcome) = row?;
        Ok(Attempt { at: instant(at)?, outcome })
    })
    .collect()
}

fn message(row: &Row<'_>, bytes: Option<Arc<[u8]>>) -> Answer<Message> {
    let book: Option<Vec<u8>> = row.get(11)?;
    let end = match (row.get::<_, Option<String>>(8)?, row.get::<_, Option<String>>(9)?) {
        (Some(code), Some(text)) => Some(format!("{code}: {text}")),
        (_, text) => text,
    };
    let mail = match (maybe_instant(row.get(15)?)?, row.get::<_, Option<String>>(17)?) {
        (Some(due_at), Some(message_id)) => Some(Mail {
            recipient: row.get(14)?,
            due_at,
            stale_at: maybe_instant(row.get(16)?)?,
            place: None,
            message_id,
            envelope_from: row.get(18)?,
            subject: row.get(19)?,
            bytes: bytes.unwrap_or_default(),
            like: None,
        }),
        _ => None,
    };
    Ok(Message {
        key: MessageKey(row.get(0)?),
        patient: row.get::<_, Option<String>>(1)?.map(Into::into),
        identity_text: row.get(2)?,
        audience: Word::read(&row.get::<_, String>(3)?)?,
        state: Word::read(&row.get::<_, String>(4)?)?,
        message: row.get::<_, Option<String>>(5)?.map(Into::into),
        reason: reason(row.get(6)?, row.get(7)?),
        end_reason: end,
        decided_at: instant(row.get(10)?)?,
        book: book
            .map(|hash| book_hash(&hash))
            .transpose()?
            .map_or_else(String::new, |hash| hash.to_string()),
        mail,
        attempts: row.get(12)?,
        settled_at: maybe_instant(row.get(13)?)?,
    })
}

/// A reason from its two columns.
pub(super) fn reason(code: String, text: String) -> Reason {
    Reason { code: Arc::from(code), text: Arc::from(text) }
}
