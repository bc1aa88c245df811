//! Rule books that were live, with their files, so that a restart needs no folder; who edited them and why; and
//! the newest that were refused.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use afterrun_rules::book::BookHash;

use super::{
    columns::{book_hash, instant, maybe_instant, micros},
    fault::Answer,
    patients::{self, page},
};
use crate::{
    BookFiles, BookSpell, NewRefusedBook, NewRuleEdit, Page, REFUSED_KEPT, RefusedBook, RuleEdit, StoredBook,
};

/// Remembers a book as the one in force; answers since when it has been.
pub(super) fn save(db: &Connection, book: &StoredBook) -> Answer<DateTime<Utc>> {
    let hash = book.hash.0.as_slice();
    if let Some((newest, since)) = newest(db)?
        && newest == hash
    {
        return instant(since);
    }
    keep_files(db, &book.hash, &book.files)?;
    db.prepare_cached("INSERT INTO rule_books_live (hash, since) VALUES (?1, ?2)")?
        .execute(params![hash, micros(book.live_since)])?;
    let seq = db.last_insert_rowid();
    db.prepare_cached(
        "UPDATE rule_edits SET live = ?2 WHERE id =
             (SELECT id FROM rule_edits WHERE hash = ?1 AND live IS NULL ORDER BY id DESC LIMIT 1)",
    )?
    .execute(params![hash, seq])?;
    forget_edit(db, &book.hash)?;
    // With the book, for a crash in between would leave charts that nobody looks at by the new rules.
    patients::make_all_due(db, book.live_since)?;
    instant(micros(book.live_since))
}

/// The book in force.
pub(super) fn last(db: &Connection) -> Answer<Option<StoredBook>> {
    let Some((hash, since)) = newest(db)? else { return Ok(None) };
    let hash = book_hash(&hash)?;
    Ok(Some(StoredBook { hash, files: files(db, &hash)?, live_since: instant(since)? }))
}

fn newest(db: &Connection) -> Answer<Option<(Vec<u8>, i64)>> {
    let query = "SELECT hash, since FROM rule_books_live ORDER BY seq DESC LIMIT 1";
    Ok(db.prepare_cached(query)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Notes who is about to put which content into the folder.
pub(super) fn note_edit(db: &Connection, edit: &NewRuleEdit) -> Answer<()> {
    db.prepare_cached("INSERT INTO rule_edits (hash, at, user, file, reason) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![edit.hash.0.as_slice(), micros(edit.at), edit.by.0, edit.file, edit.reason])?;
    Ok(())
}

/// Takes back what was noted about this content and has not come into force.
pub(super) fn forget_edit(db: &Connection, hash: &BookHash) -> Answer<()> {
    db.prepare_cached("DELETE FROM rule_edits WHERE hash = ?1 AND live IS NULL")?
        .execute([hash.0.as_slice()])?;
    Ok(())
}

/// The files of a book.
pub(super) fn files(db: &Connection, hash: &BookHash) -> Answer<BookFiles> {
    let mut statement = db.prepare_cached("SELECT path, bytes FROM rule_books WHERE hash = ?1")?;
    let files = statement
        .query_map([hash.0.as_slice()], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?.into())))?;
    Ok(files.collect::<rusqlite::Result<_>>()?)
}

fn keep_files(db: &Connection, hash: &BookHash, files: &BookFiles) -> Answer<()> {
    let mut file = db.prepare_cached(
        "INSERT INTO rule_books (hash, path, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    for (path, bytes) in files {
        file.execute(params![hash.0.as_slice(), path, &**bytes])?;
    }
    Ok(())
}

const SPELL: &str = "SELECT l.seq, l.hash, l.since,
        (SELECT n.since FROM rule_books_live n WHERE n.seq > l.seq ORDER BY n.seq LIMIT 1),
        (SELECT b.hash FROM rule_books_live b WHERE b.seq < l.seq ORDER BY b.seq DESC LIMIT 1),
        u.email, e.at, e.file, e.reason
    FROM rule_books_live l LEFT JOIN rule_edits e ON e.live = l.seq AND e.live IS NOT NULL
        LEFT JOIN users u ON u.id = e.user";

/// A page of the books that were in force, newest first.
pub(super) fn spells(db: &Connection, after: Option<&str>, limit: u32) -> Answer<Page<BookSpell>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let query = format!("{SPELL} WHERE l.seq < ?1 ORDER BY l.seq DESC LIMIT ?2");
    let mut statement = db.prepare_cached(&query)?;
    let rows = statement.query_map([before, i64::from(limit) + 1], |row| Ok(spell_of(row)))?;
    let rows: Vec<BookSpell> = rows.map(|row| row?).collect::<Answer<_>>()?;
    Ok(page(rows, limit, |spell| spell.seq.to_string()))
}

/// The newest spell of a book.
pub(super) fn spell(db: &Connection, hash: &BookHash) -> Answer<Option<BookSpell>> {
    let query = format!("{SPELL} WHERE l.hash = ?1 ORDER BY l.seq DESC LIMIT 1");
    let found = db.prepare_cached(&query)?.query_row([hash.0.as_slice()], |row| Ok(spell_of(row)));
    found.optional()?.transpose()
}

fn spell_of(row: &Row<'_>) -> Answer<BookSpell> {
    let before: Option<Vec<u8>> = row.get(4)?;
    let edit = match (row.get::<_, Option<String>>(5)?, row.get::<_, Option<i64>>(6)?) {
        (Some(by), Some(at)) => {
            Some(RuleEdit { by, at: instant(at)?, file: row.get(7)?, reason: row.get(8)? })
        }
        _ => None,
    };
    Ok(BookSpell {
        seq: row.get(0)?,
        hash: book_hash(&row.get::<_, Vec<u8>>(1)?)?,
        since: instant(row.get(2)?)?,
        until: maybe_instant(row.get(3)?)?,
        before: before.map(|hash| book_hash(&hash)).transpose()?,
        edit,
    })
}

/// Keeps a refused book, and forgets the oldest.
pub(super) fn save_refused(db: &Connection, book: &NewRefusedBook) -> Answer<()> {
    let newest = db
        .prepare_cached("SELECT hash, findings FROM rule_books_refused ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    if newest.is_some_and(|(hash, findings)| hash == book.hash.0 && findings == book.findings) {
        return Ok(());
    }
    keep_files(db, &book.hash, &book.files)?;
    db.prepare_cached("INSERT INTO rule_books_refused (hash, at, findings) VALUES (?1, ?2, ?3)")?
        .execute(params![book.hash.0.as_slice(), micros(book.at), book.findings])?;
    let too_old: Vec<(i64, Vec<u8>)> = db
        .prepare_cached("SELECT seq, hash FROM rule_books_refused ORDER BY seq DESC LIMIT -1 OFFSET ?1")?
        .query_map([REFUSED_KEPT], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (seq, hash) in too_old {
        db.prepare_cached("DELETE FROM rule_books_refused WHERE seq = ?1")?.execute([seq])?;
        // A book that was in force, or was refused again, keeps its files.
        db.prepare_cached(
            "DELETE FROM rule_books WHERE hash = ?1
                 AND NOT EXISTS (SELECT 1 FROM rule_books_live WHERE hash = ?1)
                 AND NOT EXISTS (SELECT 1 FROM rule_books_refused WHERE hash = ?1)",
        )?
        .execute([hash])?;
    }
    Ok(())
}

/// A page of the refused books, newest first.
pub(super) fn refused(db: &Connection, after: Option<&str>, limit: u32) -> Answer<Page<RefusedBook>> {
    let before: i64 = after.map_or(i64::MAX, |cursor| cursor.parse().unwrap_or(i64::MAX));
    let mut statement = db.prepare_cached(
        "SELECT seq, hash, at, findings FROM rule_books_refused WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
    )?;
    let rows = statement.query_map([before, i64::from(limit) + 1], |row| Ok(refused_of(row)))?;
    let rows: Vec<RefusedBook> = rows.map(|row| row?).collect::<Answer<_>>()?;
    Ok(page(rows, limit, |book| book.seq.to_string()))
}

fn refused_of(row: &Row<'_>) -> Answer<RefusedBook> {
    Ok(RefusedBook {
        seq: row.get(0)?,
        hash: book_hash(&row.get::<_, Vec<u8>>(1)?)?,
        at: instant(row.get(2)?)?,
        findings: row.get(3)?,
    })
}
