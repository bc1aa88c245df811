//! Rule books that were live, with their files, so that a restart needs no folder.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    columns::{book_hash, instant, micros},
    fault::Answer,
    patients,
};
use crate::StoredBook;

/// Remembers a book as the one in force; answers since when it has been.
pub(super) fn save(db: &Connection, book: &StoredBook) -> Answer<DateTime<Utc>> {
    let hash = book.hash.0.as_slice();
    if let Some((newest, since)) = newest(db)?
        && newest == hash
    {
        return instant(since);
    }
    let mut file = db.prepare_cached(
        "INSERT INTO rule_books (hash, path, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    for (path, bytes) in &book.files {
        file.execute(params![hash, path, &**bytes])?;
    }
    db.prepare_cached("INSERT INTO rule_books_live (hash, since) VALUES (?1, ?2)")?
        .execute(params![hash, micros(book.live_since)])?;
    // With the book, for a crash in between would leave charts that nobody looks at by the new rules.
    patients::make_all_due(db, book.live_since)?;
    instant(micros(book.live_since))
}

/// The book in force.
pub(super) fn last(db: &Connection) -> Answer<Option<StoredBook>> {
    let Some((hash, since)) = newest(db)? else { return Ok(None) };
    let mut statement = db.prepare_cached("SELECT path, bytes FROM rule_books WHERE hash = ?1")?;
    let files: BTreeMap<String, Arc<[u8]>> = statement
        .query_map([&hash], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?.into())))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(StoredBook { hash: book_hash(&hash)?, files, live_since: instant(since)? }))
}

fn newest(db: &Connection) -> Answer<Option<(Vec<u8>, i64)>> {
    let query = "SELECT hash, since FROM rule_books_live ORDER BY seq DESC LIMIT 1";
    Ok(db.prepare_cached(query)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}
