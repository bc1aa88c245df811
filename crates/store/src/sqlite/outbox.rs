//! The outbox: claiming under a lease, the fence before the final dot, how attempts ended.
//!
//! INVARIANT: a message is `transmitting` on disk before its final dot is sent, and only the worker that
//! holds its lease can put it there.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use afterrun_rules::decision::{Audience, Identity};

use super::{
    columns::{Word, from_json, instant, maybe_instant, micros, to_json},
    fault::{Answer, Fault},
    mail_bytes,
    messages::rank,
    patients, settings, unreadable, user_links,
};
use crate::{Claim, Mail, MessageKey, MessageState, OutboxMessage, QueueDepth, Settlement, UNREADABLE};

/// End code of mail that was past its usefulness before it could leave.
pub(super) const STALE: &str = "stale";
/// End code of mail to somebody who has stopped, and what it says.
pub(super) const STOPPED: &str = "stopped";
pub(super) const WANTS_NO_MORE: &str = "the patient wants no more mail";
/// Stale rows dropped in one claim; the next claim takes the next ones.
const STALE_AT_ONCE: u32 = 500;
/// Ranks below this one are urgent or for the clinic.
const PRESSING_RANKS: i64 = 3;
/// Longest text kept of what a server said, in characters.
const SAID: usize = 500;

/// Takes due messages. Leases that ran out are taken back first, and stale mail is cancelled.
pub(super) fn claim(db: &Connection, claim: &Claim) -> Answer<Vec<OutboxMessage>> {
    if claim.only_emergencies {
        return claim_emergencies(db, claim);
    }
    let expired = in_flight(db, "lease_until <= ?1", micros(claim.now))?;
    give_back(db, &expired, claim.now)?;
    cancel_stale(db, claim.now)?;
    let mut taken = Vec::new();
    for rank in 0..4 {
        let to_clinic = rank % 2 == 0;
        if to_clinic || !claim.hold_patients {
            let limit =
                if rank < PRESSING_RANKS { claim.limit.max(claim.pressing_limit) } else { claim.limit };
            let room = limit.saturating_sub(taken.len() as u32);
            taken.extend(claim_rank(db, claim, rank, room)?);
        }
    }
    Ok(taken)
}

/// Takes alerts of emergencies by a clock that nobody believes: what was never tried is due whatever that clock shows,
/// and so is what waits for longer than two hours, for no wait between two tries is so long.
fn claim_emergencies(db: &Connection, claim: &Claim) -> Answer<Vec<OutboxMessage>> {
    let condition = "m.identity >= 'clinic/emergency/' AND m.identity < 'clinic/emergency0'
         AND (m.attempts = 0 OR m.due_at <= ?2 OR m.due_at > ?2 + 7200000000)";
    let mut taken = Vec::new();
    for rank in [rank(Audience::Clinic, true), rank(Audience::Clinic, false)] {
        let room = claim.limit.max(claim.pressing_limit).saturating_sub(taken.len() as u32);
        taken.extend(claim_where(db, claim, rank, room, condition)?);
    }
    Ok(taken)
}

fn claim_rank(db: &Connection, claim: &Claim, rank: i64, room: u32) -> Answer<Vec<OutboxMessage>> {
    let condition = "m.due_at <= ?2 AND (m.stale_at IS NULL OR m.stale_at > ?2)";
    claim_where(db, claim, rank, room, condition)
}

fn claim_where(
    db: &Connection,
    claim: &Claim,
    rank: i64,
    room: u32,
    condition: &str,
) -> Answer<Vec<OutboxMessage>> {
    let query = format!(
        "SELECT m.key, p.id, m.subject, m.audience, m.attempt, m.recipient, m.due_at, m.stale_at, l.message_id,
             l.envelope_from, l.subject, l.bytes, m.attempts, m.first_attempt_at, m.in_doubt, m.urgent, m.unanswered,
             m.patient, l.base
         FROM messages m LEFT JOIN patients p ON p.key = m.patient LEFT JOIN mails l ON l.message = m.key
         WHERE m.state = 'queued' AND m.rank = ?1 AND {condition}
         ORDER BY m.due_at, m.key LIMIT ?3"
    );
    let mut select = db.prepare_cached(&query)?;
    let mut found = Vec::new();
    let mut rows = select.query(params![rank, micros(claim.now), room])?;
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(0)?;
        // Read first: a row that cannot be read is somebody's.
        let whose: Option<i64> = row.get(17)?;
        let audience = Word::read(&row.get::<_, String>(3)?).unwrap_or(Audience::Clinic);
        found.push((key, whose, audience, claimed(db, key, row)));
    }
    let mut lease = db.prepare_cached(
        "UPDATE messages SET state = 'leased', worker = ?2, lease_until = ?3 WHERE key = ?1",
    )?;
    let mut taken = Vec::new();
    for (key, whose, audience, message) in found {
        match message {
            Ok(message) => {
                lease.execute(params![key, claim.worker, micros(claim.lease_until)])?;
                taken.push(message);
            }
            // One row that cannot be read must not hold up all others.
            Err(Fault::Unreadable(what)) => {
                tracing::error!(message = key, what, "a message cannot be read and is put aside");
                let text = format!("its {what} cannot be read");
                end(db, key, MessageState::Quarantined, claim.now, Some(UNREADABLE), &text)?;
                if let Some(patient) = whose {
                    unreadable::mail_put_aside(db, patient, key, audience, claim.now)?;
                    ledger_changed(db, whose, claim.now)?;
                }
            }
            Err(other) => return Err(other),
        }
    }
    Ok(taken)
}

fn claimed(db: &Connection, key: i64, row: &Row<'_>) -> Answer<OutboxMessage> {
    let unreadable = |_| Fault::Unreadable("mail");
    let audience = Word::read(&row.get::<_, String>(3)?)?;
    let identity = match row.get::<_, Option<String>>(2)? {
        Some(json) => {
            Some(Identity { subject: from_json("subject", &json)?, audience, attempt: row.get(4)? })
        }
        None => None,
    };
    Ok(OutboxMessage {
        key: MessageKey(key),
        patient: row.get::<_, Option<String>>(1)?.map(Into::into),
        identity,
        audience,
        mail: Mail {
            recipient: row.get(5)?,
            due_at: instant(row.get(6)?)?,
            stale_at: maybe_instant(row.get(7)?)?,
            place: None,
            message_id: row.get(8).map_err(unreadable)?,
            envelope_from: row.get(9).map_err(unreadable)?,
            subject: row.get(10).map_err(unreadable)?,
            bytes: mail_bytes::of_row(db, row, 11, 18)?.ok_or(Fault::Unreadable("mail"))?,
            like: None,
        },
        attempts: row.get(12)?,
        first_attempt_at: maybe_instant(row.get(13)?)?,
        in_doubt: row.get(14)?,
        urgent: row.get(15)?,
        unanswered: row.get(16)?,
    })
}

fn cancel_stale(db: &Connection, now: DateTime<Utc>) -> Answer<()> {
    let mut select = db.prepare_cached(
        "SELECT key, patient FROM messages
         WHERE state = 'queued' AND stale_at IS NOT NULL AND stale_at <= ?1 ORDER BY stale_at LIMIT ?2",
    )?;
    let stale: Vec<(i64, Option<i64>)> = select
        .query_map(params![micros(now), STALE_AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (key, patient) in stale {
        end(
            db,
            key,
            MessageState::Cancelled,
            now,
            Some(STALE),
            "it was past its usefulness before it could leave",
        )?;
        match patient {
            Some(_) => ledger_changed(db, patient, now)?,
            None => user_links::forget_mail(db, key)?,
        }
    }
    Ok(())
}

/// Commits that the final dot is about to be sent.
pub(super) fn begin_transmit(
    db: &Connection,
    key: MessageKey,
    worker: &str,
    now: DateTime<Utc>,
    held_by: &[&'static str],
) -> Answer<bool> {
    for setting in held_by {
        if settings::get(db, setting)?.is_some() {
            return Ok(false);
        }
    }
    let changed = db
        .prepare_cached(
            "UPDATE messages SET state = 'transmitting', first_attempt_at = coalesce(first_attempt_at, ?3)
             WHERE key = ?1 AND worker = ?2 AND state = 'leased' AND lease_until > ?3",
        )?
        .execute(params![key.0, worker, micros(now)])?;
    Ok(changed == 1)
}

/// Records how an attempt ended, if the worker still holds the message.
pub(super) fn settle(
    db: &Connection,
    key: MessageKey,
    worker: &str,
    now: DateTime<Utc>,
    outcome: &Settlement,
) -> Answer<bool> {
    let held: Option<Option<i64>> = db
        .prepare_cached(
            "SELECT patient FROM messages
             WHERE key = ?1 AND worker = ?2 AND state IN ('leased', 'transmitting')",
        )?
        .query_row(params![key.0, worker], |row| row.get(0))
        .optional()?;
    let Some(patient) = held else { return Ok(false) };
    let key = key.0;
    if patient.is_none() && !matches!(outcome, Settlement::Retry { .. } | Settlement::Wait { .. }) {
        user_links::forget_mail(db, key)?;
    }
    match outcome {
        Settlement::Accepted { said } => accepted(db, key, now, said)?,
        Settlement::Retry { at, error, in_doubt } => {
            attempt(db, key, now, if *in_doubt { "in doubt" } else { "not sent" }, error)?;
            if *in_doubt {
                db.prepare_cached("UPDATE messages SET unanswered = unanswered + 1 WHERE key = ?1")?
                    .execute([key])?;
            }
            queue_again(db, key, Some(*at), *in_doubt, now)?;
        }
        Settlement::Wait { until } => queue_again(db, key, Some(*until), false, now)?,
        Settlement::Rejected { said } => {
            attempt(db, key, now, "rejected", said)?;
            end(db, key, MessageState::Rejected, now, None, said)?;
            ledger_changed(db, patient, now)?;
        }
        Settlement::Failed { error } => {
            attempt(db, key, now, "failed", error)?;
            end(db, key, MessageState::Failed, now, None, error)?;
            ledger_changed(db, patient, now)?;
        }
        Settlement::Quarantined { error } => {
            attempt(db, key, now, "put aside", error)?;
            end(db, key, MessageState::Quarantined, now, None, error)?;
            ledger_changed(db, patient, now)?;
        }
        // No attempt: it was judged again before anything was sent.
        Settlement::Cancelled { reason } => {
            end(db, key, MessageState::Cancelled, now, Some(&reason.code), &reason.text)?;
            ledger_changed(db, patient, now)?;
        }
    }
    Ok(true)
}

/// How most attempts end, in two statements.
fn accepted(db: &Connection, key: i64, now: DateTime<Utc>, said: &str) -> Answer<()> {
    db.prepare_cached(
        "UPDATE messages SET state = 'accepted', settled_at = ?2, end_code = NULL, end_reason = NULL,
             worker = NULL, lease_until = NULL, in_doubt = 0, attempts = attempts + 1,
             first_attempt_at = coalesce(first_attempt_at, ?2)
         WHERE key = ?1",
    )?
    .execute(params![key, micros(now)])?;
    note_attempt(db, key, now, "accepted", said)
}

/// When messages to patients left, oldest first: of the newest `limit` after an instant. One that came back
/// afterwards had left, too.
pub(super) fn left_for_patients(
    db: &Connection,
    after: DateTime<Utc>,
    limit: u32,
) -> Answer<Vec<DateTime<Utc>>> {
    let mut select = db.prepare_cached(
        "SELECT settled_at FROM messages
         WHERE audience = 'patient' AND (state = 'accepted' OR end_code = 'bounced') AND settled_at > ?1
         ORDER BY settled_at DESC LIMIT ?2",
    )?;
    let found = select.query_map(params![micros(after), limit], |row| row.get(0))?;
    let mut left = found.map(|at| instant(at?)).collect::<Answer<Vec<_>>>()?;
    left.reverse();
    Ok(left)
}

/// Gives back what was claimed and not begun.
pub(super) fn release(db: &Connection, keys: &[MessageKey], worker: &str) -> Answer<()> {
    let mut update = db.prepare_cached(
        "UPDATE messages SET state = 'queued', worker = NULL, lease_until = NULL
         WHERE key = ?1 AND worker = ?2 AND state = 'leased'",
    )?;
    keys.iter().try_for_each(|key| update.execute(params![key.0, worker]).map(drop).map_err(Fault::from))
}

/// Puts a message that ended badly back into the queue.
pub(super) fn try_again(db: &Connection, key: MessageKey, now: DateTime<Utc>) -> Answer<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE messages SET state = 'queued', due_at = ?2, settled_at = NULL, end_code = NULL,
                 end_reason = NULL, unanswered = 0
             WHERE key = ?1 AND state IN ('failed', 'rejected', 'quarantined')
                 AND EXISTS (SELECT 1 FROM mails WHERE message = messages.key AND length(bytes) > 0)
                 AND NOT EXISTS (SELECT 1 FROM patients p WHERE p.key = messages.patient
                     AND messages.audience = 'patient' AND p.stopped_at IS NOT NULL)
                 AND NOT EXISTS (SELECT 1 FROM events e WHERE e.patient = messages.patient
                     AND messages.audience = 'patient' AND e.kind = 'address_changed'
                     AND e.at >= messages.decided_at)",
        )?
        .execute(params![key.0, micros(now)])?;
    if changed == 0 {
        return Ok(false);
    }
    let patient = db
        .prepare_cached("SELECT patient FROM messages WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0))?;
    ledger_changed(db, patient, now)?;
    Ok(true)
}

/// Gives back everything held by workers that are not alive: (not begun, in transmission).
pub(super) fn recover(db: &Connection, alive: &[String], now: DateTime<Utc>) -> Answer<(u64, u64)> {
    let alive = to_json("worker", &alive)?;
    let found = in_flight(db, "worker NOT IN (SELECT value FROM json_each(?1))", alive)?;
    give_back(db, &found, now)
}

/// When the next queued message is due.
pub(super) fn next_due(db: &Connection) -> Answer<Option<DateTime<Utc>>> {
    let mut statement =
        db.prepare_cached("SELECT min(due_at) FROM messages WHERE state = 'queued' AND rank = ?1")?;
    let mut earliest = None;
    for rank in 0..4 {
        let due: Option<i64> = statement.query_row([rank], |row| row.get(0))?;
        earliest = earliest.into_iter().chain(due).min();
    }
    maybe_instant(earliest)
}

/// Messages by state.
pub(super) fn depth(db: &Connection, now: DateTime<Utc>) -> Answer<QueueDepth> {
    let count =
        |query: &str| -> Answer<i64> { Ok(db.prepare_cached(query)?.query_row([], |row| row.get(0))?) };
    let (due, later, oldest): (Option<i64>, Option<i64>, Option<i64>) = db
        .prepare_cached(
            "SELECT sum(due_at <= ?1), sum(due_at > ?1), min(due_at) FROM messages WHERE state = 'queued'",
        )?
        .query_row([micros(now)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let in_flight = count("SELECT count(*) FROM messages WHERE state IN ('leased', 'transmitting')")?;
    let quarantined = count("SELECT count(*) FROM messages WHERE state = 'quarantined'")?;
    Ok(QueueDepth {
        due: due.unwrap_or(0) as u64,
        later: later.unwrap_or(0) as u64,
        in_flight: in_flight as u64,
        quarantined: quarantined as u64,
        oldest_due: maybe_instant(oldest.filter(|oldest| *oldest <= micros(now)))?,
    })
}

/// Covered entries whose spokesman was cancelled have not been told after all.
pub(super) fn cancel_covered(db: &Connection, patient: i64, now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached(
        "UPDATE messages SET state = 'cancelled', settled_at = ?2, end_code = 'spokesman-cancelled',
             end_reason = 'the message that spoke for it was cancelled'
         WHERE patient = ?1 AND state = 'covered'
             AND EXISTS (SELECT 1 FROM messages s WHERE coalesce(s.patient, 0) = ?1
                 AND s.identity = messages.covered_by AND s.state = 'cancelled')
             AND NOT EXISTS (SELECT 1 FROM messages s WHERE coalesce(s.patient, 0) = ?1
                 AND s.identity = messages.covered_by AND s.state <> 'cancelled')",
    )?
    .execute(params![patient, micros(now)])?;
    Ok(())
}

fn ledger_changed(db: &Connection, patient: Option<i64>, now: DateTime<Utc>) -> Answer<()> {
    let Some(patient) = patient else { return Ok(()) };
    cancel_covered(db, patient, now)?;
    patients::look_again(db, patient, now)
}

/// Rows with a worker that meet a condition, and whether their final dot may be out.
fn in_flight(db: &Connection, condition: &str, value: impl rusqlite::ToSql) -> Answer<Vec<(i64, bool)>> {
    let query = format!(
        "SELECT key, state = 'transmitting' FROM messages WHERE state IN ('leased', 'transmitting') AND {condition}"
    );
    let mut statement = db.prepare_cached(&query)?;
    let rows = statement.query_map([value], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn give_back(db: &Connection, rows: &[(i64, bool)], now: DateTime<Utc>) -> Answer<(u64, u64)> {
    let mut counts = (0, 0);
    for (key, transmitting) in rows {
        if *transmitting {
            attempt(db, *key, now, "in doubt", "the worker was lost while sending")?;
            queue_again(db, *key, None, true, now)?;
            counts.1 += 1;
        } else {
            db.prepare_cached(
                "UPDATE messages SET state = 'queued', worker = NULL, lease_until = NULL WHERE key = ?1",
            )?
            .execute([key])?;
            counts.0 += 1;
        }
    }
    Ok(counts)
}

/// Back into the queue, unless its patient has stopped while it was on its way.
fn queue_again(
    db: &Connection,
    key: i64,
    at: Option<DateTime<Utc>>,
    in_doubt: bool,
    now: DateTime<Utc>,
) -> Answer<()> {
    db.prepare_cached(
        "UPDATE messages SET state = 'queued', worker = NULL, lease_until = NULL, due_at = coalesce(?2, due_at),
             in_doubt = in_doubt OR ?3
         WHERE key = ?1",
    )?
    .execute(params![key, at.map(micros), in_doubt])?;
    let stopped = db
        .prepare_cached(
            "SELECT 1 FROM messages m JOIN patients p ON p.key = m.patient
             WHERE m.key = ?1 AND m.audience = 'patient' AND p.stopped_at IS NOT NULL",
        )?
        .exists([key])?;
    if stopped {
        end(db, key, MessageState::Cancelled, now, Some(STOPPED), WANTS_NO_MORE)?;
    }
    Ok(())
}

/// Adds a line to a message's attempts.
pub(super) fn attempt(
    db: &Connection,
    key: i64,
    now: DateTime<Utc>,
    outcome: &str,
    said: &str,
) -> Answer<()> {
    db.prepare_cached(
        "UPDATE messages SET attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, ?2)
         WHERE key = ?1",
    )?
    .execute(params![key, micros(now)])?;
    note_attempt(db, key, now, outcome, said)
}

/// The line itself; its number is that of the attempt.
fn note_attempt(db: &Connection, key: i64, now: DateTime<Utc>, outcome: &str, said: &str) -> Answer<()> {
    db.prepare_cached(
        "INSERT INTO attempts (message, seq, at, outcome) SELECT ?1, attempts, ?2, ?3 FROM messages WHERE key = ?1",
    )?
    .execute(params![key, micros(now), format!("{outcome}: {}", shortened(said))])?;
    Ok(())
}

fn end(
    db: &Connection,
    key: i64,
    state: MessageState,
    now: DateTime<Utc>,
    code: Option<&str>,
    reason: &str,
) -> Answer<()> {
    let reason = (state != MessageState::Accepted).then(|| shortened(reason));
    db.prepare_cached(
        "UPDATE messages SET state = ?2, settled_at = ?3, end_code = ?4, end_reason = ?5, worker = NULL,
             lease_until = NULL, in_doubt = 0
         WHERE key = ?1",
    )?
    .execute(params![key, state.word(), micros(now), code, reason])?;
    Ok(())
}

/// As much of a server's words as is kept.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(SAID).collect()
}
