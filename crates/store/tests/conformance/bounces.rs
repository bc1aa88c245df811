//! Notifications of non-delivery.

use afterrun_rules::decision::EntryState;
use afterrun_store::{Bounced, MessageState, Settlement};

use super::sample::*;

async fn with_accepted(store: &AnyStore) -> (afterrun_rules::ids::PatientId, afterrun_store::MessageKey) {
    let (id, key) = with_claim(store, "w").await;
    store.begin_transmit(key, "w", hour(1), &[]).await.unwrap();
    let accepted = Settlement::Accepted { said: "250 ok".to_owned() };
    assert!(store.settle(key, "w", hour(1), accepted).await.unwrap());
    (id, key)
}

pub async fn find_their_message_by_its_return_path(store: AnyStore) {
    let (_, key) = with_accepted(&store).await;
    let found = store.message_by_return_path(None, "return").await.unwrap().unwrap();
    assert_eq!(found.key, key);
    for other in ["retur", "return@clinic.example", "return@", "returns", "", "%", "RETURN"] {
        assert_eq!(store.message_by_return_path(None, other).await.unwrap(), None, "{other}");
    }
}

pub async fn are_noted_once(store: AnyStore) {
    let (_, key) = with_accepted(&store).await;
    let note = |hours, said| store.note_bounce(key, hour(hours), said, Bounced::Lost);
    assert!(note(2, "550 5.1.1 no such user").await.unwrap());
    assert!(!note(3, "550 5.1.1 no such user").await.unwrap());
    assert!(note(4, "550 5.1.1 nobody here").await.unwrap());
    let attempts = store.attempts(key).await.unwrap();
    let told: Vec<_> = attempts.iter().map(|attempt| attempt.outcome.as_str()).collect();
    assert_eq!(
        told,
        ["accepted: 250 ok", "notification: 550 5.1.1 no such user", "notification: 550 5.1.1 nobody here"]
    );
    assert_eq!(attempts[1].at, hour(2));
}

pub async fn make_an_accepted_message_rejected(store: AnyStore) {
    let (id, key) = with_accepted(&store).await;
    let before = store.chart(&id).await.unwrap().version;
    store.note_bounce(key, hour(2), "550 5.1.1 no such user", Bounced::Lost).await.unwrap();
    let message = store.message(key).await.unwrap();
    assert_eq!(message.state, MessageState::Rejected);
    assert_eq!(message.end_reason.as_deref(), Some("bounced: 550 5.1.1 no such user"));
    assert_eq!(only_entry(&store, &id).await, EntryState::Failed);
    assert!(store.chart(&id).await.unwrap().version > before, "turns under way start over");
    assert_eq!(store.due_patients(hour(2), 10).await.unwrap(), [id]);
}

pub async fn that_are_only_noted_change_no_state(store: AnyStore) {
    let (id, key) = with_accepted(&store).await;
    assert!(store.note_bounce(key, hour(2), "4.4.1 still trying", Bounced::Noted).await.unwrap());
    assert_eq!(store.message(key).await.unwrap().state, MessageState::Accepted);
    assert_eq!(only_entry(&store, &id).await, EntryState::Done);
}
