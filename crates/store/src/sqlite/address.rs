//! Another address for a patient.

use rusqlite::{Connection, params};

use super::{
    charts,
    columns::{Word, micros},
    fault::Answer,
    links,
    mail_bytes::Prepared,
    outbox, turns,
};
use crate::{StoreError, Turn};
use afterrun_rules::decision::Audience;

/// Enters the address and stores the turn that says so. The old one goes out of use first, so that the turn's own
/// mail and link, which are for the new one, stay.
pub(super) fn commit(db: &Connection, prepared: &Prepared, email: &str) -> Answer<()> {
    let turn = &prepared.turn;
    let patient = charts::key(db, &turn.patient)?;
    let key = email.to_lowercase();
    let taken = db
        .prepare_cached(
            "SELECT 1 FROM patients WHERE email_key = ?1 AND stopped_at IS NULL AND key <> ?2 AND erased_at IS NULL",
        )?
        .exists(params![key, patient])?;
    if taken {
        return Err(StoreError::Exists { what: "patient", id: email.to_owned() }.into());
    }
    retire(db, patient, turn)?;
    // Earlier enrolments follow, so that whatever is done with the person finds all of them.
    db.prepare_cached(
        "UPDATE patients SET email = ?2, email_key = ?3
         WHERE email_key = (SELECT email_key FROM patients WHERE key = ?1) AND erased_at IS NULL
             AND (key = ?1 OR stopped_at IS NOT NULL)",
    )?
    .execute(params![patient, email, key])?;
    turns::commit(db, prepared)
}

/// No link and no mail to the patient works any more. What is being sent cannot be called back; should it fail,
/// it is stale and is not tried again.
fn retire(db: &Connection, patient: i64, turn: &Turn) -> Answer<()> {
    links::revoke_all(db, patient, turn.now)?;
    db.prepare_cached(
        "UPDATE messages SET state = 'cancelled', settled_at = ?2, end_code = 'address-changed',
             end_reason = 'the patient has another address now', worker = NULL, lease_until = NULL
         WHERE patient = ?1 AND audience = ?3 AND state IN ('queued', 'leased')",
    )?
    .execute(params![patient, micros(turn.now), Audience::Patient.word()])?;
    db.prepare_cached(
        "UPDATE messages SET stale_at = ?2 WHERE patient = ?1 AND audience = ?3 AND state = 'transmitting'",
    )?
    .execute(params![patient, micros(turn.now), Audience::Patient.word()])?;
    outbox::cancel_covered(db, patient, turn.now)
}
