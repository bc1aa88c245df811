//! Turns: whole or not at all, once, and in the order they were planned.

use std::sync::Arc;

use afterrun_rules::{Reason, book::TellClinic, decision::EntryState};
use afterrun_store::{LinkScope, MessageState, NewLink, NewWorkItem, StoreError};

use super::sample::*;

pub async fn on_an_old_version_are_refused_whole(store: AnyStore) {
    let id = enrol(&store).await;
    let before = store.chart(&id).await.unwrap();
    take_turn(&store, &id, hour(1), |turn| turn.next_due = Some(hour(5))).await;
    let mut late = turn(&before, hour(2));
    late.events = vec![event(hour(2), r#"{"pause":{}}"#)];
    late.messages = vec![message(&plan_of("r1"), hour(2))];
    late.links = vec![NewLink { token_hash: [1; 32], scope: LinkScope::MyPage, expires_at: None }];
    late.work_items = vec![NewWorkItem {
        identity_text: "clinic/x".to_owned(),
        flag: None,
        level: TellClinic::Now,
        reason: Reason::new("x", "x"),
        digest_due: None,
    }];
    late.next_due = Some(hour(3));
    let refused = store.commit(late).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Conflict(whose) if *whose == id), "{refused}");
    assert!(refused.is_transient());
    let after = store.chart(&id).await.unwrap();
    assert_eq!((after.patient.next_due, after.chart), (Some(hour(5)), before.chart));
    assert!(store.messages(None, None, 10).await.unwrap().rows.is_empty());
    assert!(store.work_items(None, 10).await.unwrap().rows.is_empty());
    assert_eq!(store.link(&[1; 32]).await.unwrap(), None);
}

pub async fn twice_are_stored_once(store: AnyStore) {
    let id = enrol(&store).await;
    let mut once = turn(&store.chart(&id).await.unwrap(), hour(1));
    once.events = vec![event(hour(1), r#"{"pause":{}}"#)];
    store.commit(once.clone()).await.unwrap();
    assert!(matches!(store.commit(once).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.events(&id).await.unwrap().len(), 1);
}

pub async fn with_a_known_identity_add_no_message(store: AnyStore) {
    let id = with_mail(&store).await;
    take_turn(&store, &id, hour(2), |turn| turn.messages = vec![message(&plan_of("r1"), hour(2))]).await;
    let listed = store.messages(Some(&id), None, 10).await.unwrap().rows;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].decided_at, hour(1), "the first stays");
    // The same matter of another patient is another matter.
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    take_turn(&store, &other, hour(2), |turn| turn.messages = vec![message(&plan_of("r1"), hour(2))]).await;
    assert_eq!(store.messages(None, None, 10).await.unwrap().rows.len(), 2);
}

pub async fn cancel_what_is_queued_and_what_it_covers(store: AnyStore) {
    let id = with_mail(&store).await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![
            covered(&plan_of("r2"), &plan_of("r1"), hour(1)),
            message(&plan_of("r3"), hour(1)),
            covered(&plan_of("r4"), &plan_of("r3"), hour(1)),
        ];
    })
    .await;
    let overtaken = Reason::new("overtaken", "the run was deleted");
    take_turn(&store, &id, hour(2), |turn| turn.cancels = vec![(plan_of("r1"), overtaken)]).await;
    let ledger = store.chart(&id).await.unwrap().chart.ledger;
    use EntryState::{Cancelled, Covered, Queued};
    let states: Vec<_> = ledger.iter().map(|entry| entry.state).collect();
    assert_eq!(states, [Cancelled, Cancelled, Queued, Covered]);
    let claimed = store.claim(claim("w", hour(2))).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].identity, Some(plan_of("r3")));
    let listed = store.messages(Some(&id), None, 10).await.unwrap().rows;
    let told = listed.iter().find(|message| message.identity_text == plan_of("r1").to_string()).unwrap();
    assert_eq!(told.end_reason.as_deref(), Some("overtaken: the run was deleted"));
    assert_eq!(told.settled_at, Some(hour(2)));
}

pub async fn enter_what_was_never_queued_as_cancelled(store: AnyStore) {
    let id = enrol(&store).await;
    let late = Reason::new("too-late", "the run was logged a week later");
    take_turn(&store, &id, hour(1), |turn| turn.cancels = vec![(plan_of("r1"), late.clone())]).await;
    assert_eq!(only_entry(&store, &id).await, EntryState::Cancelled);
    let listed = store.messages(Some(&id), None, 10).await.unwrap().rows.remove(0);
    assert_eq!((listed.state, listed.reason, listed.mail), (MessageState::Cancelled, late, None));
}

pub async fn that_stop_cancel_mail_to_the_patient_only(store: AnyStore) {
    let id = with_mail(&store).await;
    let alert = to_clinic(plan_of("r1"));
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![
            message_to(&alert, "team@clinic.example", hour(1)),
            covered(&plan_of("r2"), &plan_of("r1"), hour(1)),
        ];
    })
    .await;
    take_turn(&store, &id, hour(2), |turn| turn.events = vec![event(hour(2), r#"{"stop":{}}"#)]).await;
    let claimed = store.claim(claim("w", hour(2))).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].identity, Some(alert));
    let states: Vec<_> =
        store.chart(&id).await.unwrap().chart.ledger.into_iter().map(|entry| entry.state).collect();
    assert_eq!(states, [EntryState::Cancelled, EntryState::Done, EntryState::Cancelled]);
}

pub async fn planned_on_an_old_rule_book_are_refused(store: AnyStore) {
    let id = enrol(&store).await;
    let planned = turn(&store.chart(&id).await.unwrap(), hour(1));
    store.make_all_due(hour(1)).await.unwrap();
    assert!(matches!(store.commit(planned).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.next_due().await.unwrap(), Some(hour(0)), "still due");
}

pub async fn of_eight_writers_lose_nothing(store: AnyStore) {
    const EACH: i64 = 10;
    let id = enrol(&store).await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (store, id) = (Arc::clone(&store), id.clone());
            tokio::spawn(async move {
                for number in 0..EACH {
                    let run = format!(
                        r#"{{"run":{{"id":"w{writer}-{number}","started_at":"2026-03-27T08:00:00Z","distance_m":1.0}}}}"#
                    );
                    loop {
                        let mut turn = turn(&store.chart(&id).await.unwrap(), hour(1));
                        turn.events = vec![event(hour(1), &run)];
                        match store.commit(turn).await {
                            Ok(()) => break,
                            Err(StoreError::Conflict(_)) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let stored = store.chart(&id).await.unwrap();
    assert_eq!(stored.chart.runs.len() as i64, 8 * EACH);
    assert_eq!(store.events(&id).await.unwrap().len() as i64, 8 * EACH, "each once");
    assert_eq!(stored.version.number, 8 * EACH);
}

pub async fn of_many_patients_do_not_sink_each_other(store: AnyStore) {
    let mut turns = Vec::new();
    for number in 0..40 {
        let id = store.add_patient(runner(&format!("p{number:02}")), hour(0)).await.unwrap();
        let mut turn = turn(&store.chart(&id).await.unwrap(), hour(1));
        turn.events = vec![event(hour(1), r#"{"pause":{}}"#)];
        turn.version.number += number % 2;
        turns.push((number, id, turn));
    }
    let committed: Vec<_> = turns
        .into_iter()
        .map(|(number, id, turn)| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { (number, id, store.commit(turn).await) })
        })
        .collect();
    for task in committed {
        let (number, id, committed) = task.await.unwrap();
        assert_eq!(committed.is_ok(), number % 2 == 0, "{number}: {committed:?}");
        assert_eq!(store.events(&id).await.unwrap().len(), usize::from(committed.is_ok()));
    }
}

pub async fn of_several_patients_are_stored_all_or_none(store: AnyStore) {
    let mut turns = Vec::new();
    for name in ["p1", "p2"] {
        let id = store.add_patient(runner(name), hour(0)).await.unwrap();
        let mut turn = turn(&store.chart(&id).await.unwrap(), hour(1));
        turn.events = vec![event(hour(1), r#"{"pause":{}}"#)];
        turns.push(turn);
    }
    let mut stale = turns.clone();
    stale[1].version.number += 1;
    assert!(matches!(store.commit_all(stale).await, Err(StoreError::Conflict(_))));
    assert!(store.events(&"p1".into()).await.unwrap().is_empty(), "nothing was stored");
    store.commit_all(turns).await.unwrap();
    for name in ["p1", "p2"] {
        assert_eq!(store.events(&name.into()).await.unwrap().len(), 1);
    }
}

pub async fn of_several_patients_are_stored_each_by_itself(store: AnyStore) {
    let mut turns = Vec::new();
    for name in ["p1", "p2", "p3"] {
        let id = store.add_patient(runner(name), hour(0)).await.unwrap();
        let mut turn = turn(&store.chart(&id).await.unwrap(), hour(1));
        turn.events = vec![event(hour(1), r#"{"pause":{}}"#)];
        turns.push(turn);
    }
    turns[1].version.number += 1;
    let answers = store.commit_each(turns).await;
    assert!(
        matches!(&answers[..], [Ok(()), Err(StoreError::Conflict(whose)), Ok(())] if whose.as_str() == "p2")
    );
    for (name, events) in [("p1", 1), ("p2", 0), ("p3", 1)] {
        assert_eq!(store.events(&name.into()).await.unwrap().len(), events, "{name}");
    }
    assert!(store.commit_each(Vec::new()).await.is_empty());
}

pub async fn find_their_chart_wherever_it_was_seen(store: AnyStore) {
    let id = enrol(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    let seen = store.chart(&id).await.unwrap();
    let pause = |row| {
        let mut turn = turn(&seen, hour(1));
        turn.events = vec![event(hour(1), r#"{"pause":{}}"#)];
        turn.version.row = row;
        turn
    };
    // Where somebody else's chart of the same version lies, and where none does.
    let others = store.chart(&other).await.unwrap().version.row;
    assert_ne!(others, seen.version.row);
    for row in [others, Some(99)] {
        let refused = store.commit(pause(row)).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Conflict(whose) if *whose == id), "{row:?}: {refused}");
    }
    assert!(store.events(&other).await.unwrap().is_empty());
    store.commit(pause(None)).await.unwrap();
    assert_eq!(store.events(&id).await.unwrap().len(), 1);
    let mut nobodys = pause(seen.version.row);
    nobodys.patient = "p9".into();
    let refused = store.commit(nobodys).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound { what: "patient", .. }), "{refused}");
}
