//! Erasing a patient.

use afterrun_rules::{Reason, book::TellClinic, ids::PatientId};
use afterrun_store::{LinkScope, MessageState, NewLink, NewWorkItem, StoreError};

use super::sample::*;

fn item(digest_due: Option<i64>) -> NewWorkItem {
    NewWorkItem {
        identity_text: "clinic/stage/x".to_owned(),
        flag: Some("pain-lasting".into()),
        level: TellClinic::Digest,
        reason: Reason::new("stage-reached", "pain was reported on 30 March"),
        digest_due: digest_due.map(hour),
    }
}

/// `p1` with something of everything, a mail queued for `hour(1)`.
async fn with_everything(store: &AnyStore) -> PatientId {
    let id = with_mail(store).await;
    take_turn(store, &id, hour(1), |turn| {
        turn.events = vec![event(
            hour(1),
            r#"{"run":{"id":"r1","started_at":"2026-03-27T08:00:00Z","distance_m":5000.0}}"#,
        )];
        turn.links = vec![NewLink { token_hash: [1; 32], scope: LinkScope::Stop, expires_at: None }];
        turn.work_items = vec![item(Some(2))];
        turn.next_due = Some(hour(3));
    })
    .await;
    id
}

pub async fn takes_the_person_out_of_every_list(store: AnyStore) {
    let id = with_everything(&store).await;
    let key = store.messages(Some(&id), None, 10).await.unwrap().rows[0].key;
    store.erase_patient(&id, hour(4)).await.unwrap();
    let told = [
        store.patient(&id).await.unwrap_err().to_string(),
        store.chart(&id).await.unwrap_err().to_string(),
        store.events(&id).await.unwrap_err().to_string(),
        store.messages(Some(&id), None, 10).await.unwrap_err().to_string(),
        store.patient_work_items(&id, None, 10).await.unwrap_err().to_string(),
        store.erase_patient(&id, hour(5)).await.unwrap_err().to_string(),
    ];
    assert_eq!(told, ["patient `p1` is not known"; 6].map(str::to_owned));
    assert_eq!(store.patient_by_email("p1@runner.example").await.unwrap(), None);
    assert_eq!(store.patient_by_email("").await.unwrap(), None);
    assert!(store.patients(None, 10).await.unwrap().rows.is_empty());
    assert!(store.due_patients(hour(999), 10).await.unwrap().is_empty());
    assert_eq!(store.link(&[1; 32]).await.unwrap(), None);
    assert!(store.work_items(None, 10).await.unwrap().rows.is_empty());
    assert_eq!(store.message_by_return_path(None, "return").await.unwrap(), None);
    assert!(store.attempts(key).await.unwrap().is_empty());
    let left = store.message(key).await.unwrap();
    assert_eq!((left.mail, left.message, &*left.reason.text), (None, None, ""));
    assert_eq!((left.state, left.decided_at), (MessageState::Cancelled, hour(1)));
}

pub async fn keeps_numbers_and_the_id(store: AnyStore) {
    let id = with_everything(&store).await;
    let erased = store.erase_patient(&id, hour(4)).await.unwrap();
    assert_eq!(erased.len(), 1);
    let erased = &erased[0];
    assert_eq!(erased.id, id);
    assert_eq!((erased.events, erased.check_ins, erased.messages, erased.work_items), (1, 0, 1, 1));
    let refused = store.add_patient(runner("p1"), hour(5)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Exists { what: "patient", .. }), "{refused}");
    let again = afterrun_store::NewPatient { id: None, ..runner("p1") };
    assert_ne!(store.add_patient(again, hour(5)).await.unwrap(), id, "the address is free again");
}

pub async fn takes_every_enrolment_of_the_address(store: AnyStore) {
    let first = enrol(&store).await;
    take_turn(&store, &first, hour(1), |turn| turn.events = vec![event(hour(1), r#"{"stop":{}}"#)]).await;
    let mut again = runner("p2");
    again.email = "P1@runner.example".to_owned();
    let second = store.add_patient(again, hour(2)).await.unwrap();
    let erased = store.erase_patient(&second, hour(3)).await.unwrap();
    let ids: Vec<_> = erased.into_iter().map(|erased| erased.id).collect();
    assert_eq!(ids, [first, second]);
    assert!(store.patients(None, 10).await.unwrap().rows.is_empty());
}

pub async fn stops_what_is_queued_and_claimed(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    let stale = store.chart(&id).await.unwrap();
    store.erase_patient(&id, hour(2)).await.unwrap();
    assert!(!store.begin_transmit(key, "w", hour(2), &[]).await.unwrap(), "the dot must not be sent");
    assert!(store.claim(claim("v", hour(9))).await.unwrap().is_empty());
    assert!(store.commit(turn(&stale, hour(3))).await.is_err(), "a turn planned before finds nobody");
    let next = store.add_patient(runner("p3"), hour(4)).await.unwrap();
    take_turn(&store, &next, hour(4), |turn| turn.messages = vec![message(&plan_of("r1"), hour(4))]).await;
    assert_ne!(claim_one(&store, "w", hour(4)).await.key, key, "a number is never used twice");
}

pub async fn empties_or_takes_back_digests(store: AnyStore) {
    let id = with_everything(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    for (whose, identity) in [(&id, "early"), (&other, "early"), (&id, "late"), (&other, "late")] {
        let item = NewWorkItem { identity_text: identity.to_owned(), ..item(Some(2)) };
        take_turn(&store, whose, hour(1), |turn| turn.work_items = vec![item]).await;
    }
    let due = store.digest_items(hour(9), 10).await.unwrap();
    let of = |identity: &str| -> Vec<i64> {
        due.iter().filter(|item| item.identity_text == identity).map(|item| item.id).collect()
    };
    let digest = |name: &str, hours| vec![clinic_mail(name, "team@clinic.example", hour(hours))];
    store.add_digest(&of("early"), digest("digest/early", 2), hour(2)).await.unwrap();
    let sent = store.claim(claim("w", hour(2))).await.unwrap();
    let sent = sent.iter().find(|message| message.patient.is_none()).unwrap().key;
    store.begin_transmit(sent, "w", hour(2), &[]).await.unwrap();
    let accepted = afterrun_store::Settlement::Accepted { said: "250 ok".to_owned() };
    store.settle(sent, "w", hour(2), accepted).await.unwrap();
    store.add_digest(&of("late"), digest("digest/late", 5), hour(5)).await.unwrap();

    store.erase_patient(&id, hour(6)).await.unwrap();
    let message = store.message(sent).await.unwrap();
    assert_eq!(message.state, MessageState::Accepted);
    assert!(message.mail.unwrap().bytes.is_empty());
    let clinic = store.claim(claim("v", hour(6))).await.unwrap();
    assert!(clinic.iter().all(|message| message.patient.is_some()), "the digest that waited does not leave");
    let left = store.digest_items(hour(6), 10).await.unwrap();
    let left: Vec<_> = left.iter().map(|item| (&item.patient, item.identity_text.as_str())).collect();
    assert_eq!(left, [(&other, "late")], "what else was in it comes in the next");
}

pub async fn leaves_others_alone(store: AnyStore) {
    let id = with_everything(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    take_turn(&store, &other, hour(1), |turn| {
        turn.messages = vec![message_to(&plan_of("r1"), "p2@runner.example", hour(1))];
        turn.work_items = vec![item(Some(2))];
    })
    .await;
    let before =
        (store.chart(&other).await.unwrap(), store.patient_work_items(&other, None, 9).await.unwrap());
    store.erase_patient(&id, hour(2)).await.unwrap();
    let after =
        (store.chart(&other).await.unwrap(), store.patient_work_items(&other, None, 9).await.unwrap());
    assert_eq!(before, after);
    assert_eq!(claim_one(&store, "w", hour(2)).await.patient, Some(other));
}

pub async fn takes_back_what_is_being_told_of_the_patient(store: AnyStore) {
    let id = with_everything(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    for whose in [&id, &other] {
        let now = NewWorkItem { level: TellClinic::Now, identity_text: "now".to_owned(), ..item(None) };
        take_turn(&store, whose, hour(1), |turn| turn.work_items = vec![now]).await;
        let digest = NewWorkItem { identity_text: "digest".to_owned(), ..item(Some(2)) };
        take_turn(&store, whose, hour(1), |turn| turn.work_items = vec![digest]).await;
    }
    let due = store.digest_items(hour(2), 10).await.unwrap();
    let ids: Vec<i64> = due.iter().map(|item| item.id).collect();
    let mail = |name: &str| vec![clinic_mail(name, "team@clinic.example", hour(2))];
    store.add_digest(&ids, mail("digest/1"), hour(2)).await.unwrap();
    for item in store.unacknowledged_items(hour(2), 10).await.unwrap() {
        store.add_escalation(item.id, mail(&format!("escalation/{}", item.id)), hour(3)).await.unwrap();
    }
    let clinic = store.claim(claim("w", hour(3))).await.unwrap();
    let clinic: Vec<_> =
        clinic.iter().filter(|message| message.patient.is_none()).map(|one| one.key).collect();
    assert_eq!(clinic.len(), 3);
    assert!(store.begin_transmit(clinic[0], "w", hour(3), &[]).await.unwrap());

    store.erase_patient(&id, hour(3)).await.unwrap();
    let retry = afterrun_store::Settlement::Retry { at: hour(4), error: "451".to_owned(), in_doubt: false };
    assert!(
        !store.settle(clinic[0], "w", hour(3), retry).await.unwrap(),
        "an emptied digest is not tried again"
    );
    assert!(store.claim(claim("v", hour(9))).await.unwrap().iter().all(|message| message.patient.is_some()));
    for key in clinic {
        let emptied = store.message(key).await.unwrap().mail.unwrap();
        assert_eq!((emptied.subject.as_str(), emptied.bytes.len()), ("", 0));
    }
    let again: Vec<_> =
        store.unacknowledged_items(hour(9), 10).await.unwrap().into_iter().map(|item| item.patient).collect();
    assert_eq!(again, std::slice::from_ref(&other), "who is left is told of again");
    let digest = store.digest_items(hour(9), 10).await.unwrap();
    assert_eq!(digest.iter().map(|item| &item.patient).collect::<Vec<_>>(), [&other]);
}
