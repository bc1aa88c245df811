//! Patients.

use afterrun_rules::chart::Reach;
use afterrun_store::{Enrolment, LinkScope, NewLink, StoreError};
use chrono::Duration;

use super::sample::*;

pub async fn are_found_by_id_and_by_address(store: AnyStore) {
    let id = store.add_patient(runner("p1"), hour(0)).await.unwrap();
    let by_id = store.patient(&id).await.unwrap();
    assert_eq!(by_id.name, "Runner p1");
    assert_eq!((by_id.enrolled_at, by_id.reach, by_id.stopped_at), (hour(0), Reach::Confirmed, None));
    assert_eq!(by_id.next_due, Some(hour(0)), "a new patient is due at once");
    let by_address = store.patient_by_email("P1@Runner.Example").await.unwrap();
    assert_eq!(by_address, Some(by_id));
    assert_eq!(store.patient_by_email("p2@runner.example").await.unwrap(), None);
}

pub async fn have_one_running_enrolment_for_an_address(store: AnyStore) {
    let first = store.add_patient(runner("p1"), hour(0)).await.unwrap();
    let mut again = runner("p2");
    again.email = "P1@RUNNER.example".to_owned();
    let refused = store.add_patient(again.clone(), hour(1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Exists { what: "address", .. }), "{refused}");
    let same_id = store.add_patient(runner("p1"), hour(1)).await.unwrap_err();
    assert!(matches!(same_id, StoreError::Exists { what: "patient", .. }), "{same_id}");
    take_turn(&store, &first, hour(2), |turn| turn.events = vec![event(hour(2), r#"{"stop":{}}"#)]).await;
    let stopped = store.patient_by_email("p1@runner.example").await.unwrap().unwrap();
    assert_eq!(stopped.id, first);
    let second = store.add_patient(again, hour(3)).await.unwrap();
    assert_eq!(store.patient_by_email("p1@runner.example").await.unwrap().unwrap().id, second);
}

pub async fn get_a_random_id_when_none_is_given(store: AnyStore) {
    let mut ids = std::collections::BTreeSet::new();
    for name in ["p1", "p2", "p3"] {
        let new = afterrun_store::NewPatient { id: None, ..runner(name) };
        ids.insert(store.add_patient(new, hour(0)).await.unwrap());
    }
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.as_str().len() >= 22), "{ids:?}");
}

pub async fn are_listed_in_pages(store: AnyStore) {
    for name in ["p3", "p1", "p5", "p2", "p4"] {
        store.add_patient(runner(name), hour(0)).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.patients(after.as_deref(), 2).await.unwrap();
        assert!(page.rows.len() <= 2);
        seen.extend(page.rows.iter().map(|patient| patient.id.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["p1", "p2", "p3", "p4", "p5"]);
    assert_eq!(store.patients(None, 5).await.unwrap().next, None, "a full last page has no next");
}

pub async fn are_due_longest_overdue_first(store: AnyStore) {
    assert_eq!(store.next_due().await.unwrap(), None);
    for (name, due) in [("p1", Some(3)), ("p2", Some(1)), ("p3", None), ("p4", Some(9))] {
        let id = store.add_patient(runner(name), hour(0)).await.unwrap();
        take_turn(&store, &id, hour(0), |turn| turn.next_due = due.map(hour)).await;
    }
    assert_eq!(store.next_due().await.unwrap(), Some(hour(1)));
    let due = |now, limit| store.due_patients(now, limit);
    assert!(due(hour(1) - Duration::microseconds(1), 10).await.unwrap().is_empty());
    assert_eq!(due(hour(3), 10).await.unwrap(), ["p2", "p1"]);
    assert_eq!(due(hour(3), 1).await.unwrap(), ["p2"]);
}

pub async fn all_become_due_but_not_the_stopped(store: AnyStore) {
    for name in ["p1", "p2", "p3"] {
        let id = store.add_patient(runner(name), hour(0)).await.unwrap();
        take_turn(&store, &id, hour(0), |turn| {
            if name == "p2" {
                turn.events = vec![event(hour(0), r#"{"stop":{}}"#)];
            }
            turn.next_due = (name == "p3").then(|| hour(1));
        })
        .await;
    }
    assert_eq!(store.make_all_due(hour(2)).await.unwrap(), 2);
    // The one already overdue keeps its place.
    assert_eq!(store.due_patients(hour(2), 10).await.unwrap(), ["p3", "p1"]);
    assert_eq!(store.patient(&"p3".into()).await.unwrap().next_due, Some(hour(1)));
}

pub async fn follow_events_in_lists(store: AnyStore) {
    let new = afterrun_store::NewPatient { reach: Reach::Unconfirmed, ..runner("p1") };
    let id = store.add_patient(new, hour(0)).await.unwrap();
    let read = || store.patient(&id);
    assert_eq!(read().await.unwrap().reach, Reach::Unconfirmed);
    let cases = [r#"{"confirmed":{}}"#, r#"{"time_zone":{"time_zone":"Pacific/Apia"}}"#, r#"{"stop":{}}"#];
    for (hours, json) in cases.into_iter().enumerate() {
        let now = hour(1 + hours as i64);
        take_turn(&store, &id, now, |turn| turn.events = vec![event(now, json)]).await;
    }
    let listed = read().await.unwrap();
    assert_eq!((listed.reach, listed.time_zone), (Reach::Confirmed, chrono_tz::Pacific::Apia));
    assert_eq!(listed.stopped_at, Some(hour(3)));
    take_turn(&store, &id, hour(9), |turn| {
        turn.events = vec![event(hour(9), r#"{"stop":{}}"#), event(hour(9), r#"{"address_dead":{}}"#)];
    })
    .await;
    let listed = read().await.unwrap();
    assert_eq!((listed.stopped_at, listed.reach), (Some(hour(3)), Reach::Dead), "the first stop counts");
}

pub async fn that_do_not_exist_are_named(store: AnyStore) {
    let nobody = "nobody".into();
    let told = [
        store.patient(&nobody).await.unwrap_err().to_string(),
        store.chart(&nobody).await.unwrap_err().to_string(),
        store.events(&nobody).await.unwrap_err().to_string(),
        store.messages(Some(&nobody), None, 10).await.unwrap_err().to_string(),
    ];
    assert_eq!(told, ["patient `nobody` is not known"; 4].map(str::to_owned));
    let id = enrol(&store).await;
    let mut lost = turn(&store.chart(&id).await.unwrap(), hour(1));
    lost.patient = nobody;
    assert!(matches!(store.commit(lost).await, Err(StoreError::NotFound { .. })));
}

pub async fn are_enrolled_all_or_none(store: AnyStore) {
    let enrolment = |id: &str, number| Enrolment {
        patient: runner(id),
        messages: vec![message_to(&plan_of("r1"), &format!("{id}@runner.example"), hour(0))],
        links: vec![NewLink { token_hash: [number; 32], scope: LinkScope::Confirm, expires_at: None }],
    };
    enrol(&store).await;
    let refused = store.enrol(vec![enrolment("p2", 2), enrolment("p1", 1)], hour(0)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Exists { what: "patient", .. }), "{refused}");
    assert_eq!(store.patients(None, 10).await.unwrap().rows.len(), 1);
    assert_eq!(store.link(&[2; 32]).await.unwrap(), None);
    let ids = store.enrol(vec![enrolment("p2", 2), enrolment("p3", 3)], hour(0)).await.unwrap();
    assert_eq!(ids, ["p2", "p3"]);
    assert_eq!(store.link(&[3; 32]).await.unwrap().unwrap().patient.as_str(), "p3");
    assert_eq!(store.claim(claim("w", hour(0))).await.unwrap().len(), 2);
}
