//! Patients, turns and messages to test with.

use std::sync::Arc;

use afterrun_rules::{
    BookHash, Reason, TimedEvent,
    chart::Reach,
    decision::{Audience, Entry, EntryState, Facts, Identity, Subject},
    ids::PatientId,
};
use afterrun_store::{
    Claim, Mail, MessageKey, NewMessage, NewPatient, OutboxMessage, Store, StoredChart, Turn, Units,
};
use chrono::{DateTime, Duration, Utc};

pub type AnyStore = Arc<dyn Store>;

/// Friday, 27 March 2026, the hours after 9 in the morning.
pub fn hour(hours: i64) -> DateTime<Utc> {
    at("2026-03-27T09:00:00Z") + Duration::hours(hours)
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn runner(id: &str) -> NewPatient {
    NewPatient {
        id: Some(id.into()),
        name: format!("Runner {id}"),
        email: format!("{id}@runner.example"),
        time_zone: chrono_tz::Europe::London,
        language: "en".to_owned(),
        units: Units::Miles,
        reach: Reach::Confirmed,
    }
}

/// Adds `p1`, enrolled at `hour(0)`.
pub async fn enrol(store: &AnyStore) -> PatientId {
    store.add_patient(runner("p1"), hour(0)).await.unwrap()
}

/// A turn on a chart in which nothing happens.
pub fn turn(stored: &StoredChart, now: DateTime<Utc>) -> Turn {
    Turn {
        patient: stored.patient.id.clone(),
        version: stored.version,
        now,
        book: BookHash([7; 32]),
        events: Vec::new(),
        waits: Vec::new(),
        takes_in: false,
        check_ins: Vec::new(),
        links: Vec::new(),
        messages: Vec::new(),
        cancels: Vec::new(),
        work_items: Vec::new(),
        next_due: None,
    }
}

/// Commits a turn that `change` has filled in.
pub async fn take_turn(store: &AnyStore, id: &PatientId, now: DateTime<Utc>, change: impl FnOnce(&mut Turn)) {
    let mut turn = turn(&store.chart(id).await.unwrap(), now);
    change(&mut turn);
    store.commit(turn).await.unwrap();
}

pub fn event(at: DateTime<Utc>, json: &str) -> TimedEvent {
    TimedEvent { at, event: serde_json::from_str(json).unwrap() }
}

/// The recovery plan of a run: the plainest decision there is.
pub fn plan_of(run: &str) -> Identity {
    Identity { subject: Subject::RecoveryPlan { run: run.into() }, audience: Audience::Patient, attempt: 1 }
}

pub fn to_clinic(identity: Identity) -> Identity {
    Identity { audience: Audience::Clinic, ..identity }
}

pub fn entry(identity: &Identity, now: DateTime<Utc>, state: EntryState) -> Entry {
    Entry {
        identity: identity.clone(),
        decided_at: now,
        at: now,
        state,
        message: Some("recovery-plan".into()),
        urgent: false,
        covered_by: None,
    }
}

pub fn mail(recipient: &str, due_at: DateTime<Utc>) -> Mail {
    Mail {
        recipient: recipient.to_owned(),
        due_at,
        stale_at: None,
        place: None,
        message_id: format!("<{recipient}.{}>", due_at.timestamp()),
        envelope_from: "return@clinic.example".to_owned(),
        subject: "Your recovery".to_owned(),
        bytes: (*b"Subject: Your recovery\r\n\r\nRest.\r\n").into(),
        like: None,
    }
}

/// A decision with mail due now.
pub fn message(identity: &Identity, now: DateTime<Utc>) -> NewMessage {
    message_to(identity, "p1@runner.example", now)
}

pub fn message_to(identity: &Identity, recipient: &str, now: DateTime<Utc>) -> NewMessage {
    let state = match identity.audience {
        Audience::Patient => EntryState::Queued,
        Audience::Clinic => EntryState::Done,
    };
    from_entry(entry(identity, now, state), Some(mail(recipient, now)))
}

pub fn from_entry(entry: Entry, mail: Option<Mail>) -> NewMessage {
    NewMessage {
        identity_text: entry.identity.to_string(),
        audience: entry.identity.audience,
        reason: Reason::new("run-logged", "a run was logged"),
        facts: Facts { run: Some("r1".into()), ..Facts::default() },
        entry: Some(entry),
        mail,
    }
}

/// Something told through `by`.
pub fn covered(identity: &Identity, by: &Identity, now: DateTime<Utc>) -> NewMessage {
    let covered_by = Some(by.clone());
    from_entry(Entry { covered_by, ..entry(identity, now, EntryState::Covered) }, None)
}

/// Mail that belongs to no patient.
pub fn clinic_mail(identity_text: &str, recipient: &str, now: DateTime<Utc>) -> NewMessage {
    NewMessage {
        entry: None,
        identity_text: identity_text.to_owned(),
        audience: Audience::Clinic,
        reason: Reason::new("digest", "the digest was due"),
        facts: Facts::default(),
        mail: Some(mail(recipient, now)),
    }
}

pub fn claim(worker: &str, now: DateTime<Utc>) -> Claim {
    let lease_until = now + Duration::minutes(10);
    Claim {
        worker: worker.to_owned(),
        now,
        lease_until,
        limit: 100,
        pressing_limit: 0,
        hold_patients: false,
        only_emergencies: false,
    }
}

/// Enrols `p1` and queues one mail due at `hour(1)`.
pub async fn with_mail(store: &AnyStore) -> PatientId {
    let id = enrol(store).await;
    take_turn(store, &id, hour(1), |turn| turn.messages = vec![message(&plan_of("r1"), hour(1))]).await;
    id
}

/// Claims exactly one message.
pub async fn claim_one(store: &AnyStore, worker: &str, now: DateTime<Utc>) -> OutboxMessage {
    let mut taken = store.claim(claim(worker, now)).await.unwrap();
    assert_eq!(taken.len(), 1, "one message is due");
    taken.remove(0)
}

/// Enrols `p1`, queues one mail and has `worker` claim it at `hour(1)`.
pub async fn with_claim(store: &AnyStore, worker: &str) -> (PatientId, MessageKey) {
    let id = with_mail(store).await;
    (id, claim_one(store, worker, hour(1)).await.key)
}

/// The state of the only ledger entry.
pub async fn only_entry(store: &AnyStore, id: &PatientId) -> EntryState {
    let ledger = store.chart(id).await.unwrap().chart.ledger;
    assert_eq!(ledger.len(), 1);
    ledger[0].state
}
