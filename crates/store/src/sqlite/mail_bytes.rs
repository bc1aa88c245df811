//! The bytes of a mail as they are kept: as they are, or as their difference from a base.
//!
//! What is read is held against a checksum and the length of what was written: a base that is another one, or a
//! difference that has suffered, makes a mail that cannot be read and never another mail.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, ffi::SQLITE_CONSTRAINT_FOREIGNKEY, params};

use super::fault::{Answer, Fault};
use crate::{
    Mail, MailBase, NewMessage, Turn,
    mail_base::{key_of, restored},
};

/// What a difference begins with: checksum and length of the mail, little-endian.
const HEAD: usize = 6;

/// Bases kept on each thread, some kilobytes each: more than the messages a morning is made of.
const KEPT_AT_MOST: usize = 64;

/// A mail's bytes as they are to be kept.
#[derive(Debug)]
pub(super) struct Kept {
    /// What they are a difference from; none: they are the mail.
    base: Option<Arc<MailBase>>,
    bytes: Arc<[u8]>,
}

impl Kept {
    /// Of a message's mail, if it has one. Takes a while, so it is not done by the thread all wait for where there
    /// are many.
    pub(super) fn of(message: &NewMessage) -> Option<Self> {
        message.mail.as_ref().map(|mail| {
            let like = mail.like.as_ref().and_then(|base| Some((base, difference(base, &mail.bytes)?)));
            match like {
                Some((base, bytes)) => Self { base: Some(Arc::clone(base)), bytes },
                None => Self { base: None, bytes: Arc::clone(&mail.bytes) },
            }
        })
    }
}

/// A turn, and the bytes of its messages' mails as they are to be kept.
#[derive(Debug)]
pub(super) struct Prepared {
    pub turn: Turn,
    pub kept: Vec<Option<Kept>>,
}

impl From<Turn> for Prepared {
    fn from(turn: Turn) -> Self {
        Self { kept: turn.messages.iter().map(Kept::of).collect(), turn }
    }
}

fn difference(base: &MailBase, mail: &[u8]) -> Option<Arc<[u8]>> {
    let length = u16::try_from(mail.len()).ok()?;
    let ([a, b, c, d], [e, f]) = (crc32fast::hash(mail).to_le_bytes(), length.to_le_bytes());
    base.difference_behind(&[a, b, c, d, e, f], mail).map(Arc::from)
}

/// Adds the row of a mail, and its base if that is not there yet.
pub(super) fn insert(db: &Connection, message: i64, mail: &Mail, kept: &Kept) -> Answer<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO mails (message, message_id, envelope_from, subject, bytes, base)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let base = kept.base.as_ref();
    let mut row = || {
        let key = base.map(|base| base.key());
        insert.execute(params![message, mail.message_id, mail.envelope_from, mail.subject, &*kept.bytes, key])
    };
    match (row(), base) {
        // The reference to the base says so: there is none yet.
        (Err(error), Some(base)) if refers_to_nothing(&error) => {
            db.prepare_cached("INSERT INTO mail_bases (key, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                .execute(params![base.key(), base.bytes()])?;
            row()?;
        }
        (inserted, _) => drop(inserted?),
    }
    Ok(())
}

fn refers_to_nothing(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
        && error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_FOREIGNKEY)
}

/// A mail's bytes from the columns `bytes` and `base` at these places; none if there is no mail.
///
/// # Errors
/// [`Fault::Unreadable`] if they are not what was written.
pub(super) fn of_row(db: &Connection, row: &Row<'_>, bytes: usize, base: usize) -> Answer<Option<Arc<[u8]>>> {
    let unreadable = |_| Fault::Unreadable("mail");
    let bytes = row.get_ref(bytes)?.as_blob_or_null().map_err(|_| Fault::Unreadable("mail"))?;
    let base: Option<i64> = row.get(base).map_err(unreadable)?;
    match (bytes, base) {
        (None, _) => Ok(None),
        // One that was emptied is empty.
        (Some(bytes), Some(base)) if !bytes.is_empty() => Ok(Some(whole(&base_of(db, base)?, bytes)?)),
        (Some(bytes), _) => Ok(Some(bytes.into())),
    }
}

/// The mail that differs so from the base.
fn whole(base: &[u8], kept: &[u8]) -> Answer<Arc<[u8]>> {
    let read = || {
        let (head, difference) = kept.split_first_chunk::<HEAD>()?;
        let [a, b, c, d, e, f] = *head;
        let mail = restored(base, difference, u16::from_le_bytes([e, f]).into())?;
        (crc32fast::hash(&mail) == u32::from_le_bytes([a, b, c, d])).then_some(mail)
    };
    read().map(Arc::from).ok_or(Fault::Unreadable("mail"))
}

/// The bytes of a base.
fn base_of(db: &Connection, key: i64) -> Answer<Arc<[u8]>> {
    thread_local! {
        // The key is made from the bytes, so what is in here holds for every file and after every undoing.
        static KEPT: RefCell<HashMap<i64, Arc<[u8]>>> = RefCell::default();
    }
    if let Some(bytes) = KEPT.with_borrow(|kept| kept.get(&key).cloned()) {
        return Ok(bytes);
    }
    let found: Option<Vec<u8>> = db
        .prepare_cached("SELECT bytes FROM mail_bases WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let bytes = found.filter(|bytes| key_of(bytes) == key).ok_or(Fault::Unreadable("mail"))?;
    let bytes: Arc<[u8]> = bytes.into();
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= KEPT_AT_MOST {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&bytes));
    });
    Ok(bytes)
}
