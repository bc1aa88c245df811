//! Figures of the machinery, each counted within an index.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::{
    Sqlite,
    columns::{Word, micros},
    fault::Answer,
    open,
};
use crate::{Bounces, HASTENED, MailHour, MessageState, Operations, Result};

/// Mails of one rank made due at once: more than leave in a minute.
const HASTENED_AT_MOST: u32 = 500;

#[async_trait]
impl Operations for Sqlite {
    async fn mail_between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<MailHour> {
        self.read(move |db| mail_between(db, from, until)).await
    }

    async fn bounces(&self, since: DateTime<Utc>) -> Result<Bounces> {
        self.read(move |db| bounces(db, since)).await
    }

    async fn hasten(&self, now: DateTime<Utc>) -> Result<u64> {
        self.write(move |db| hasten(db, now)).await
    }

    async fn schema(&self) -> Result<u32> {
        Ok(open::newest_schema())
    }
}

fn mail_between(db: &Connection, from: DateTime<Utc>, until: DateTime<Utc>) -> Answer<MailHour> {
    // Two counts, each of an index alone. No other index may be taken for the first, or it would look at every row.
    let due: i64 = db
        .prepare_cached(
            "SELECT (SELECT count(*) FROM messages INDEXED BY messages_first_due
                     WHERE first_due_at IS NOT NULL AND first_due_at >= ?1 AND first_due_at < ?2)
                 - (SELECT count(*) FROM messages INDEXED BY messages_taken_back
                     WHERE first_due_at IS NOT NULL AND state = 'cancelled' AND first_due_at >= ?1
                         AND first_due_at < ?2)",
        )?
        .query_row([micros(from), micros(until)], |row| row.get(0))?;
    let mut settled = db.prepare_cached(
        "SELECT count(*) FROM messages
         WHERE state = ?1 AND settled_at IS NOT NULL AND settled_at >= ?2 AND settled_at < ?3",
    )?;
    let mut ended = |state: MessageState| -> Answer<u64> {
        let count: i64 =
            settled.query_row(params![state.word(), micros(from), micros(until)], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    };
    Ok(MailHour {
        due: due.unsigned_abs(),
        sent: ended(MessageState::Accepted)?,
        refused: ended(MessageState::Rejected)?,
        given_up: ended(MessageState::Failed)? + ended(MessageState::Quarantined)?,
        cancelled: ended(MessageState::Cancelled)?,
    })
}

fn bounces(db: &Connection, since: DateTime<Utc>) -> Answer<Bounces> {
    let came_back: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM messages
             WHERE state = 'rejected' AND settled_at IS NOT NULL AND settled_at >= ?1 AND end_code = 'bounced'",
        )?
        .query_row([micros(since)], |row| row.get(0))?;
    let dead: i64 = db
        .prepare_cached("SELECT count(*) FROM patients WHERE reach = 'dead' AND stopped_at IS NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(Bounces { came_back: came_back.unsigned_abs(), dead: dead.unsigned_abs() })
}

fn hasten(db: &Connection, now: DateTime<Utc>) -> Answer<u64> {
    let mut update = db.prepare_cached(
        "UPDATE messages SET due_at = ?2 WHERE key IN (
             SELECT key FROM messages
             WHERE state = 'queued' AND rank = ?1 AND due_at > ?2 AND due_at <= ?3 AND attempts > 0
             ORDER BY due_at LIMIT ?4)",
    )?;
    let mut count = 0;
    for rank in 0..4 {
        count += update.execute(params![rank, micros(now), micros(now + HASTENED), HASTENED_AT_MOST])?;
    }
    Ok(count as u64)
}
