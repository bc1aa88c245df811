//! One turn of one patient, stored whole or refused whole.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use afterrun_rules::{
    Event, TimedEvent,
    book::BookHash,
    chart::{CheckIn, Reach},
    decision::{Audience, Entry, EntryState, Facts, Identity, Reason},
};

use super::{
    charts,
    columns::{Word, maybe_micros, micros, to_json},
    fault::Answer,
    links,
    mail_bytes::Prepared,
    messages::{self, With},
    outbox, waiting, work_items, work_list,
};
use crate::{NewMessage, StoreError, Turn};

/// Days are counted in UTC since 1970, as schema 10 does.
const MICROS_A_DAY: i64 = 86_400_000_000;

/// Stores a turn.
///
/// # Errors
/// [`StoreError::Conflict`] if the chart has another version by now; then nothing is stored.
pub(super) fn commit(db: &Connection, prepared: &Prepared) -> Answer<()> {
    let Prepared { turn, kept } = prepared;
    let patient = begin(db, turn)?;
    append_events(db, patient, &turn.events, &turn.book)?;
    if turn.takes_in {
        waiting::take_in(db, patient, turn.now)?;
    }
    waiting::keep(db, patient, &turn.waits)?;
    append_check_ins(db, patient, &turn.check_ins)?;
    for (message, kept) in turn.messages.iter().zip(kept) {
        let with = With { kept: kept.as_ref(), links: &turn.links };
        messages::insert_with(db, Some(patient), message, &with, turn.now, Some(&turn.book))?;
    }
    let mut cancelled = false;
    for (identity, reason) in &turn.cancels {
        cancelled |= cancel(db, patient, identity, reason, turn)?;
    }
    if cancelled {
        outbox::cancel_covered(db, patient, turn.now)?;
    }
    links::insert_others(db, patient, &turn.links, &turn.messages)?;
    for item in &turn.work_items {
        work_items::insert(db, patient, item, turn.now)?;
    }
    for timed in &turn.events {
        take_effect(db, patient, timed, turn.now)?;
    }
    Ok(())
}

/// Makes the chart's version the next one; the row number of the patient.
fn begin(db: &Connection, turn: &Turn) -> Answer<i64> {
    let id = turn.patient.as_str();
    let row = match turn.version.row {
        Some(row) => row,
        None => charts::key(db, &turn.patient)?,
    };
    let changed = db
        .prepare_cached(
            "UPDATE patients SET version = version + 1, next_due = ?4
             WHERE key = ?1 AND id = ?2 AND version = ?3 AND erased_at IS NULL",
        )?
        .execute(params![row, id, turn.version.number, maybe_micros(turn.next_due)])?;
    match changed {
        1 => Ok(row),
        _ => {
            // Nobody of that id (any more), or a chart that has changed since.
            charts::key(db, &turn.patient)?;
            Err(StoreError::Conflict(turn.patient.clone()).into())
        }
    }
}

fn append_events(db: &Connection, patient: i64, events: &[TimedEvent], book: &BookHash) -> Answer<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO events (patient, seq, at, kind, body, book)
         VALUES (?1, coalesce((SELECT max(seq) FROM events WHERE patient = ?1), 0) + 1, ?2, ?3, ?4, ?5)",
    )?;
    for timed in events {
        insert.execute(params![
            patient,
            micros(timed.at),
            kind(&timed.event),
            to_json("event", &timed.event)?,
            book.0.as_slice(),
        ])?;
    }
    Ok(())
}

fn append_check_ins(db: &Connection, patient: i64, check_ins: &[CheckIn]) -> Answer<()> {
    if check_ins.is_empty() {
        return Ok(());
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO check_ins (patient, seq, check_in, about_day, opened_at, expires_at, questions, about_run,
             probe)
         VALUES (?1, coalesce((SELECT max(seq) FROM check_ins WHERE patient = ?1), 0) + 1, ?2, ?3, ?4, ?5, ?6,
             ?7, ?8)",
    )?;
    for check_in in check_ins {
        insert.execute(params![
            patient,
            check_in.id.as_str(),
            check_in.about_day.to_string(),
            micros(check_in.opened_at),
            micros(check_in.expires_at),
            to_json("list of questions", &check_in.questions)?,
            check_in.about_run.as_ref().map(|run| run.as_str()),
            check_in.probe,
        ])?;
        count_opened(db, check_in)?;
    }
    Ok(())
}

/// Keeps the count of check-ins opened on each day. What is deleted, a trigger takes off.
fn count_opened(db: &Connection, check_in: &CheckIn) -> Answer<()> {
    let day = micros(check_in.opened_at) / MICROS_A_DAY;
    let changed =
        db.prepare_cached("UPDATE check_in_days SET opened = opened + 1 WHERE day = ?1")?.execute([day])?;
    if changed == 0 {
        db.prepare_cached(
            "INSERT INTO check_in_days (day, opened) VALUES (?1, 1)
             ON CONFLICT (day) DO UPDATE SET opened = opened + 1",
        )?
        .execute([day])?;
    }
    Ok(())
}

/// Cancels what is queued or covered under an identity; what is in transmission is left alone. An identity
/// never seen is entered as cancelled: decided against before it was queued. False: nothing was left to cancel.
fn cancel(db: &Connection, patient: i64, identity: &Identity, reason: &Reason, turn: &Turn) -> Answer<bool> {
    let identity_text = identity.to_string();
    let changed = db
        .prepare_cached(
        "UPDATE messages SET state = 'cancelled', settled_at = ?3, end_code = ?4, end_reason = ?5, worker = NULL,
             lease_until = NULL
         WHERE coalesce(patient, 0) = ?1 AND identity = ?2 AND state IN ('queued', 'leased', 'covered')",
    )?
    .execute(params![patient, identity_text, micros(turn.now), &*reason.code, &*reason.text])?;
    if changed > 0 {
        return Ok(true);
    }
    let known = db
        .prepare_cached("SELECT 1 FROM messages WHERE coalesce(patient, 0) = ?1 AND identity = ?2")?
        .exists(params![patient, identity_text])?;
    if !known {
        let entry = Entry {
            identity: identity.clone(),
            decided_at: turn.now,
            at: turn.now,
            state: EntryState::Cancelled,
            message: None,
            urgent: false,
            covered_by: None,
        };
        let message = NewMessage {
            entry: Some(entry),
            identity_text,
            audience: identity.audience,
            reason: reason.clone(),
            facts: Facts::default(),
            mail: None,
        };
        messages::insert(db, Some(patient), &message, turn.now, Some(&turn.book))?;
    }
    Ok(!known)
}

/// What an event changes beside the chart: the columns lists are made from, links, the outbox.
fn take_effect(db: &Connection, patient: i64, timed: &TimedEvent, now: DateTime<Utc>) -> Answer<()> {
    let set_reach = |reach: Reach| -> Answer<()> {
        db.prepare_cached("UPDATE patients SET reach = ?2 WHERE key = ?1")?
            .execute(params![patient, reach.word()])?;
        Ok(())
    };
    match &timed.event {
        Event::TimeZone { time_zone } => {
            db.prepare_cached("UPDATE patients SET time_zone = ?2 WHERE key = ?1")?
                .execute(params![patient, time_zone.name()])?;
        }
        Event::Answer(_) => work_list::answered(db, patient)?,
        Event::Confirmed {} => set_reach(Reach::Confirmed)?,
        Event::AddressDead {} => set_reach(Reach::Dead)?,
        Event::AddressChanged {} => set_reach(Reach::Unconfirmed)?,
        Event::Stop {} => stop(db, patient, timed.at, now)?,
        _ => {}
    }
    Ok(())
}

/// Ends the enrolment: no link but the one to start again works, nothing queued for the patient leaves.
fn stop(db: &Connection, patient: i64, at: DateTime<Utc>, now: DateTime<Utc>) -> Answer<()> {
    db.prepare_cached("UPDATE patients SET stopped_at = coalesce(stopped_at, ?2) WHERE key = ?1")?
        .execute(params![patient, micros(at)])?;
    links::revoke_but_stop(db, patient, now)?;
    db.prepare_cached(
        "UPDATE messages SET state = 'cancelled', settled_at = ?2, end_code = ?4, end_reason = ?5, worker = NULL,
             lease_until = NULL
         WHERE patient = ?1 AND audience = ?3 AND state IN ('queued', 'leased')",
    )?
    .execute(params![
        patient,
        micros(now),
        Audience::Patient.word(),
        outbox::STOPPED,
        outbox::WANTS_NO_MORE
    ])?;
    outbox::cancel_covered(db, patient, now)
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Run(_) => "run",
        Event::Answer(_) => "answer",
        Event::Withdraw(_) => "withdraw",
        Event::Excuse(_) => "excuse",
        Event::Pause(_) => "pause",
        Event::Resume {} => "resume",
        Event::TimeZone { .. } => "time_zone",
        Event::RunRemoved { .. } => "run_removed",
        Event::Contacted { .. } => "contacted",
        Event::ContactWithdrawn { .. } => "contact_withdrawn",
        Event::EmergencyResolved {} => "emergency_resolved",
        Event::EmergencyReopened {} => "emergency_reopened",
        Event::Confirmed {} => "confirmed",
        Event::AddressDead {} => "address_dead",
        Event::AddressChanged {} => "address_changed",
        Event::StageOverride(_) => "stage_override",
        Event::ByTelephone(_) => "by_telephone",
        Event::Stop {} => "stop",
    }
}
