//! Another address for a patient.

use afterrun_rules::{chart::Reach, decision::EntryState, ids::PatientId};
use afterrun_store::{LinkScope, MessageState, NewLink, Settlement, StoreError, Turn};

use super::sample::*;

const NEW: &str = "New@runner.example";

async fn moving(store: &AnyStore, id: &PatientId, hours: i64) -> Turn {
    let mut turn = turn(&store.chart(id).await.unwrap(), hour(hours));
    turn.events = vec![event(hour(hours), r#"{"address_changed":{}}"#)];
    turn
}

async fn moves(store: &AnyStore, id: &PatientId, hours: i64) {
    let turn = moving(store, id, hours).await;
    store.commit_address(turn, NEW).await.unwrap();
}

pub async fn goes_over_with_all_enrolments(store: AnyStore) {
    let before = enrol(&store).await;
    take_turn(&store, &before, hour(1), |turn| turn.events = vec![event(hour(1), r#"{"stop":{}}"#)]).await;
    let again = afterrun_store::NewPatient { email: "p1@runner.example".to_owned(), ..runner("p2") };
    let id = store.add_patient(again, hour(2)).await.unwrap();
    moves(&store, &id, 3).await;
    let patient = store.patient(&id).await.unwrap();
    assert_eq!((&*patient.email, patient.reach), (NEW, Reach::Unconfirmed));
    assert_eq!(store.chart(&id).await.unwrap().chart.reach, Reach::Unconfirmed);
    assert_eq!(store.patient_by_email("new@runner.example").await.unwrap().map(|found| found.id), Some(id));
    assert_eq!(store.patient_by_email("p1@runner.example").await.unwrap(), None);
    assert_eq!(store.patient(&before).await.unwrap().email, NEW, "the earlier enrolment is the same person");
}

pub async fn retires_links_and_queued_mail(store: AnyStore) {
    let (id, taken) = with_claim(&store, "worker").await;
    let queued = plan_of("r2");
    let link = |number: u8, scope| NewLink { token_hash: [number; 32], scope, expires_at: None };
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![message(&queued, hour(1))];
        turn.links = vec![link(1, LinkScope::MyPage), link(2, LinkScope::Stop)];
    })
    .await;
    let mut turn = moving(&store, &id, 2).await;
    turn.messages = vec![message_to(&plan_of("r3"), NEW, hour(2))];
    turn.links = vec![link(3, LinkScope::Confirm)];
    store.commit_address(turn, NEW).await.unwrap();
    for (number, revoked) in [(1, true), (2, true), (3, false)] {
        assert_eq!(store.link(&[number; 32]).await.unwrap().unwrap().revoked, revoked, "link {number}");
    }
    assert!(!store.begin_transmit(taken, "worker", hour(2), &[]).await.unwrap(), "claimed, and not sent");
    let left = store.claim(claim("worker", hour(3))).await.unwrap();
    assert_eq!(left.iter().map(|message| &*message.mail.recipient).collect::<Vec<_>>(), [NEW]);
    let chart = store.chart(&id).await.unwrap().chart;
    let states: Vec<_> = chart.ledger.iter().map(|entry| entry.state).collect();
    assert_eq!(states, [EntryState::Cancelled, EntryState::Cancelled, EntryState::Queued]);
}

pub async fn is_not_taken_from_somebody_else(store: AnyStore) {
    let id = enrol(&store).await;
    store.add_patient(runner("p2"), hour(0)).await.unwrap();
    let turn = moving(&store, &id, 1).await;
    let refused = store.commit_address(turn, "P2@runner.example").await.unwrap_err();
    assert!(matches!(refused, StoreError::Exists { .. }), "{refused}");
    let patient = store.patient(&id).await.unwrap();
    assert_eq!((&*patient.email, patient.reach), ("p1@runner.example", Reach::Confirmed));
    let mut stale = moving(&store, &id, 1).await;
    stale.version.number = -1;
    let refused = store.commit_address(stale, NEW).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "{refused}");
    assert_eq!(store.patient(&id).await.unwrap().email, "p1@runner.example", "all or nothing");
}

pub async fn does_not_let_old_mail_be_tried_again(store: AnyStore) {
    let (id, in_flight) = with_claim(&store, "worker").await;
    assert!(store.begin_transmit(in_flight, "worker", hour(1), &[]).await.unwrap());
    moves(&store, &id, 2).await;
    // What was on its way when the address changed failed, and would be tried again.
    let retry = Settlement::Retry { at: hour(3), error: "connection lost".to_owned(), in_doubt: true };
    assert!(store.settle(in_flight, "worker", hour(2), retry).await.unwrap());
    assert_eq!(store.claim(claim("worker", hour(4))).await.unwrap(), []);
    assert_eq!(store.message(in_flight).await.unwrap().state, MessageState::Cancelled);

    // One that was refused before is not put back into the queue by hand either.
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    let to_other = message_to(&plan_of("r1"), "p2@runner.example", hour(4));
    take_turn(&store, &other, hour(4), |turn| turn.messages = vec![to_other]).await;
    let refused = claim_one(&store, "worker", hour(4)).await.key;
    let said = Settlement::Rejected { said: "550 5.1.1 no such user".to_owned() };
    store.settle(refused, "worker", hour(4), said).await.unwrap();
    let turn = moving(&store, &other, 5).await;
    store.commit_address(turn, "other@runner.example").await.unwrap();
    assert!(!store.try_again(refused, hour(6)).await.unwrap());
}
