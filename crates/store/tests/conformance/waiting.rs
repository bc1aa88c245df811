//! What is told while the clock is in doubt is kept beside the chart until a turn takes it in, and only alerts of
//! emergencies leave meanwhile.

use afterrun_store::{Claim, NewUser, OutboxMessage, Role, Settlement, StoreError, Waiting, WorkChange};
use chrono::TimeDelta;

use super::sample::*;

const RESUME: &str = r#"{"resume": {}}"#;

pub async fn keeps_what_waits_beside_the_chart(store: AnyStore) {
    let id = enrol(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    let waits = |hours, told| Waiting { event: event(hour(hours), RESUME), told };
    take_turn(&store, &id, hour(30), |turn| turn.waits = vec![waits(30, true)]).await;
    let early = turn(&store.chart(&id).await.unwrap(), hour(1));
    take_turn(&store, &id, hour(29), |turn| turn.waits = vec![waits(29, false)]).await;
    let stored = store.chart(&id).await.unwrap();
    assert_eq!(stored.waiting, [waits(30, true), waits(29, false)], "in the order told, not by their times");
    assert_eq!(store.events(&id).await.unwrap(), []);
    assert_eq!(store.waiting_patients(9).await.unwrap(), std::slice::from_ref(&id));
    assert_eq!(store.chart(&other).await.unwrap().waiting, []);
    assert!(matches!(store.commit(early).await, Err(StoreError::Conflict(_))), "planned without them");
    let taken = event(hour(2), RESUME);
    take_turn(&store, &id, hour(2), |turn| (turn.events, turn.takes_in) = (vec![taken.clone()], true)).await;
    let stored = store.chart(&id).await.unwrap();
    assert_eq!((stored.waiting, store.events(&id).await.unwrap()), (vec![], vec![taken]));
    assert!(store.waiting_patients(9).await.unwrap().is_empty());
}

pub async fn moves_what_was_done_by_a_doubted_clock_before_what_came_of_it(store: AnyStore) {
    let new = NewUser {
        email: "ann@clinic.example".to_owned(),
        role: Role::Clinician,
        password_hash: String::new(),
    };
    let ann = store.add_user(new, hour(0)).await.unwrap();
    let id = enrol(&store).await;
    let note = |words: &str| WorkChange::Note(words.to_owned());
    store.change_work(&id, ann, note("before"), hour(1)).await.unwrap();
    let waits = Waiting { event: event(hour(90), RESUME), told: false };
    take_turn(&store, &id, hour(90), |turn| turn.waits = vec![waits.clone(), waits]).await;
    store.change_work(&id, ann, note("by a clock that ran ahead"), hour(90)).await.unwrap();
    let first = hour(2) - TimeDelta::milliseconds(2);
    let taken = [event(first, RESUME), event(hour(2) - TimeDelta::milliseconds(1), RESUME)];
    take_turn(&store, &id, hour(2), |turn| (turn.events, turn.takes_in) = (taken.to_vec(), true)).await;
    let lines = store.work_history(&id, None, 9).await.unwrap().rows;
    let at: Vec<_> = lines.iter().map(|line| line.at).collect();
    assert_eq!(at, [first, hour(1)], "not behind the facts, and nothing else has moved");
}

pub async fn lets_only_emergencies_leave_while_the_clock_is_in_doubt(store: AnyStore) {
    let id = enrol(&store).await;
    let alert =
        |name: &str, hours| clinic_mail(&format!("clinic/{name}"), "team@clinic.example", hour(hours));
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![
            alert("emergency/1", 1),
            alert("emergency/2", 30),
            alert("emergency/3", 2),
            alert("emergencies-in-words", 1),
            alert("lapsed/1", 1),
        ];
    })
    .await;
    let only = Claim { only_emergencies: true, ..claim("w", hour(1)) };
    let taken = store.claim(only.clone()).await.unwrap();
    let due: Vec<_> = taken.iter().map(|message| message.mail.due_at).collect();
    assert_eq!(due, [hour(1), hour(2), hour(30)], "whatever the clock shows");
    let much_later = Claim { now: hour(99), ..only.clone() };
    assert_eq!(store.claim(much_later).await.unwrap(), [], "no lease is taken back");
    for (message, at) in taken.iter().zip([hour(2), hour(40), hour(2)]) {
        let retry = Settlement::Retry { at, error: "451".to_owned(), in_doubt: false };
        assert!(store.settle(message.key, "w", hour(1), retry).await.unwrap());
    }
    let keys = |taken: Vec<OutboxMessage>| taken.iter().map(|message| message.key).collect::<Vec<_>>();
    assert_eq!(keys(store.claim(only.clone()).await.unwrap()), [taken[1].key], "waits by another clock");
    let again = store.claim(Claim { now: hour(2), ..only }).await.unwrap();
    assert_eq!(keys(again), [taken[0].key, taken[2].key]);
}
