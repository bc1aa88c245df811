//! The outbox: nothing lost, nothing sent twice that need not be.

use std::{collections::BTreeSet, sync::Arc};

use afterrun_rules::{
    Reason,
    decision::{Audience, Entry, EntryState, Identity},
};
use afterrun_store::{Claim, MessageState, QueueDepth, Settlement};
use chrono::Duration;

use super::sample::*;

fn accepted() -> Settlement {
    Settlement::Accepted { said: "250 ok".to_owned() }
}

fn overtaken() -> Reason {
    Reason::new("overtaken", "an answer came first")
}

pub async fn gives_due_mail_once(store: AnyStore) {
    let id = with_mail(&store).await;
    let early = hour(1) - Duration::microseconds(1);
    assert!(store.claim(claim("w", early)).await.unwrap().is_empty());
    let message = claim_one(&store, "w", hour(1)).await;
    assert_eq!(message.patient, Some(id));
    assert_eq!(message.identity, Some(plan_of("r1")));
    assert_eq!(message.mail, mail("p1@runner.example", hour(1)));
    assert_eq!((message.attempts, message.first_attempt_at, message.in_doubt), (0, None, false));
    assert!(store.claim(claim("w", hour(1))).await.unwrap().is_empty());
    assert!(store.claim(claim("v", hour(1))).await.unwrap().is_empty());
}

pub async fn gives_urgent_mail_first(store: AnyStore) {
    let id = enrol(&store).await;
    let urgent_of = |identity: &Identity, hours| {
        let state = match identity.audience {
            Audience::Patient => EntryState::Queued,
            Audience::Clinic => EntryState::Done,
        };
        let entry = Entry { urgent: true, ..entry(identity, hour(hours), state) };
        from_entry(entry, Some(mail("p1@runner.example", hour(hours))))
    };
    let urgent = |run: &str, hours| urgent_of(&plan_of(run), hours);
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![
            message(&plan_of("late"), hour(2)),
            message(&plan_of("early"), hour(1)),
            message_to(&to_clinic(plan_of("alert")), "team@clinic.example", hour(3)),
            urgent("urgent-late", 4),
            urgent("urgent-early", 3),
            urgent_of(&to_clinic(plan_of("urgent-alert")), 4),
        ];
    })
    .await;
    let taken = store.claim(claim("w", hour(5))).await.unwrap();
    let order: Vec<_> = taken.iter().map(|message| message.identity.clone().unwrap().to_string()).collect();
    let expected = [
        "clinic/recovery-plan/urgent-alert",
        "patient/recovery-plan/urgent-early",
        "patient/recovery-plan/urgent-late",
    ];
    assert_eq!(order[..3], expected);
    let expected =
        ["clinic/recovery-plan/alert", "patient/recovery-plan/early", "patient/recovery-plan/late"];
    assert_eq!(order[3..], expected);
    store.release(&taken.iter().map(|message| message.key).collect::<Vec<_>>(), "w").await.unwrap();
    let few = store.claim(Claim { limit: 2, ..claim("w", hour(5)) }).await.unwrap();
    assert_eq!(few.len(), 2);
    assert_eq!(few[1].identity, Some(plan_of("urgent-early")));
}

pub async fn leaves_patient_mail_alone_while_held(store: AnyStore) {
    let id = with_mail(&store).await;
    let alert = to_clinic(plan_of("r1"));
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![message_to(&alert, "team@clinic.example", hour(1))];
    })
    .await;
    let held = Claim { hold_patients: true, ..claim("w", hour(1)) };
    let taken = store.claim(held).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].identity, Some(alert));
    assert_eq!(claim_one(&store, "w", hour(1)).await.identity, Some(plan_of("r1")), "released again");
}

pub async fn drops_stale_mail(store: AnyStore) {
    let id = enrol(&store).await;
    let mut stale = message(&plan_of("r1"), hour(1));
    stale.mail.as_mut().unwrap().stale_at = Some(hour(3));
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![stale, covered(&plan_of("r2"), &plan_of("r1"), hour(1))];
        turn.next_due = Some(hour(99));
    })
    .await;
    let version = store.chart(&id).await.unwrap().version;
    assert!(store.claim(claim("w", hour(3))).await.unwrap().is_empty());
    let stored = store.chart(&id).await.unwrap();
    let states: Vec<_> = stored.chart.ledger.iter().map(|entry| entry.state).collect();
    assert_eq!(states, [EntryState::Cancelled; 2]);
    assert!(stored.version > version, "a turn planned before has to start over");
    assert_eq!(stored.patient.next_due, Some(hour(3)), "somebody has to look again");
    let listed = store.messages(Some(&id), None, 10).await.unwrap().rows;
    assert!(listed[1].end_reason.as_ref().unwrap().starts_with("stale: "), "{listed:?}");
    assert!(listed[0].end_reason.as_ref().unwrap().starts_with("spokesman-cancelled: "), "{listed:?}");
}

pub async fn ends_as_settled(store: AnyStore) {
    let error = || "the text".to_owned();
    let cases = [
        (accepted(), MessageState::Accepted, EntryState::Done, None, Some("accepted: 250 ok")),
        (
            Settlement::Rejected { said: error() },
            MessageState::Rejected,
            EntryState::Failed,
            Some("the text"),
            Some("rejected: the text"),
        ),
        (
            Settlement::Failed { error: error() },
            MessageState::Failed,
            EntryState::Failed,
            Some("the text"),
            Some("failed: the text"),
        ),
        (
            Settlement::Quarantined { error: error() },
            MessageState::Quarantined,
            EntryState::Failed,
            Some("the text"),
            Some("put aside: the text"),
        ),
        (
            Settlement::Cancelled { reason: overtaken() },
            MessageState::Cancelled,
            EntryState::Cancelled,
            Some("overtaken: an answer came first"),
            None,
        ),
    ];
    for (number, (outcome, state, entry, end_reason, attempt)) in cases.into_iter().enumerate() {
        let id = store.add_patient(runner(&format!("q{number}")), hour(0)).await.unwrap();
        take_turn(&store, &id, hour(1), |turn| turn.messages = vec![message(&plan_of("r1"), hour(1))]).await;
        let key = claim_one(&store, "w", hour(1)).await.key;
        assert!(store.settle(key, "w", hour(2), outcome.clone()).await.unwrap(), "{outcome:?}");
        let settled = store.message(key).await.unwrap();
        assert_eq!((settled.state, settled.settled_at), (state, Some(hour(2))), "{outcome:?}");
        assert_eq!(settled.end_reason.as_deref(), end_reason, "{outcome:?}");
        assert_eq!(only_entry(&store, &id).await, entry, "{outcome:?}");
        let attempts = store.attempts(key).await.unwrap();
        let told: Vec<_> = attempts.iter().map(|attempt| (attempt.at, attempt.outcome.as_str())).collect();
        assert_eq!(told, attempt.map(|outcome| (hour(2), outcome)).into_iter().collect::<Vec<_>>());
        assert_eq!(settled.attempts as usize, attempts.len());
        assert!(!store.settle(key, "w", hour(3), accepted()).await.unwrap(), "settled is settled");
        assert!(store.claim(claim("w", hour(9))).await.unwrap().is_empty(), "{outcome:?}");
    }
}

pub async fn tries_again_when_told(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    let retry = Settlement::Retry { at: hour(2), error: "451 later".to_owned(), in_doubt: false };
    assert!(store.settle(key, "w", hour(1), retry).await.unwrap());
    assert_eq!(only_entry(&store, &id).await, EntryState::Queued);
    assert_eq!(store.next_message_due().await.unwrap(), Some(hour(2)));
    assert!(store.claim(claim("w", hour(2) - Duration::seconds(1))).await.unwrap().is_empty());
    let again = claim_one(&store, "w", hour(2)).await;
    assert_eq!((again.attempts, again.first_attempt_at, again.in_doubt), (1, Some(hour(1)), false));
    assert_eq!(again.mail.bytes, mail("p1@runner.example", hour(1)).bytes, "the same bytes");
    assert!(store.settle(key, "w", hour(2), accepted()).await.unwrap());
    let told: Vec<_> =
        store.attempts(key).await.unwrap().into_iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(told, ["not sent: 451 later", "accepted: 250 ok"]);
}

pub async fn tries_again_what_a_person_has_mended(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    assert!(!store.try_again(key, hour(1)).await.unwrap(), "a worker has it");
    let aside = Settlement::Quarantined { error: "broken".to_owned() };
    assert!(store.settle(key, "w", hour(1), aside).await.unwrap());
    assert!(store.try_again(key, hour(2)).await.unwrap());
    assert_eq!(only_entry(&store, &id).await, EntryState::Queued);
    let again = claim_one(&store, "w", hour(2)).await;
    assert_eq!((again.key, again.attempts), (key, 1));
    assert!(store.settle(key, "w", hour(2), accepted()).await.unwrap());
    assert!(!store.try_again(key, hour(3)).await.unwrap(), "what was sent is not sent again");
}

pub async fn does_not_try_again_after_a_stop(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    let failed = Settlement::Failed { error: "given up".to_owned() };
    assert!(store.settle(key, "w", hour(1), failed).await.unwrap());
    take_turn(&store, &id, hour(2), |turn| turn.events = vec![event(hour(2), r#"{"stop": {}}"#)]).await;
    assert!(!store.try_again(key, hour(3)).await.unwrap());
}

pub async fn keeps_what_is_in_doubt(store: AnyStore) {
    let (_, key) = with_claim(&store, "w").await;
    assert!(store.begin_transmit(key, "w", hour(1), &[]).await.unwrap());
    let retry = Settlement::Retry { at: hour(2), error: "no answer".to_owned(), in_doubt: true };
    assert!(store.settle(key, "w", hour(1), retry).await.unwrap());
    let again = claim_one(&store, "w", hour(2)).await;
    assert!(again.in_doubt);
    assert_eq!(again.first_attempt_at, Some(hour(1)));
    store.release(&[key], "w").await.unwrap();
    assert!(claim_one(&store, "w", hour(2)).await.in_doubt, "giving it back changes nothing");
    let unreached = Settlement::Retry { at: hour(3), error: "refused".to_owned(), in_doubt: false };
    assert!(store.settle(key, "w", hour(2), unreached).await.unwrap());
    let third = claim_one(&store, "w", hour(3)).await;
    assert_eq!((third.in_doubt, third.unanswered), (true, 1), "an attempt that got nowhere changes nothing");
}

pub async fn counts_no_attempt_for_a_wait(store: AnyStore) {
    let (_, key) = with_claim(&store, "w").await;
    assert!(store.settle(key, "w", hour(1), Settlement::Wait { until: hour(9) }).await.unwrap());
    assert_eq!(store.claim(claim("w", hour(8))).await.unwrap(), []);
    let later = claim_one(&store, "w", hour(9)).await;
    assert_eq!((later.attempts, later.first_attempt_at, later.in_doubt), (0, None, false));
    assert_eq!(store.attempts(key).await.unwrap(), []);
    assert!(!store.settle(key, "v", hour(9), Settlement::Wait { until: hour(10) }).await.unwrap());
}

pub async fn takes_back_a_lease_that_ran_out(store: AnyStore) {
    let (_, key) = with_claim(&store, "gone").await;
    let lease_until = hour(1) + Duration::minutes(10);
    let just_before = lease_until - Duration::microseconds(1);
    assert!(store.claim(claim("w", just_before)).await.unwrap().is_empty());
    let again = claim_one(&store, "w", lease_until).await;
    assert_eq!((again.key, again.in_doubt, again.attempts), (key, false, 0));
    assert!(store.begin_transmit(key, "w", lease_until, &[]).await.unwrap());
    let later = lease_until + Duration::minutes(10);
    let third = claim_one(&store, "v", later).await;
    assert_eq!((third.key, third.in_doubt, third.attempts), (key, true, 1), "it was being sent");
}

pub async fn fences_off_a_lost_lease(store: AnyStore) {
    let (_, key) = with_claim(&store, "old").await;
    let lease_until = hour(1) + Duration::minutes(10);
    assert!(!store.begin_transmit(key, "old", lease_until, &[]).await.unwrap(), "the lease has run out");
    assert!(!store.begin_transmit(key, "new", hour(1), &[]).await.unwrap(), "it is not this worker's");
    let again = claim_one(&store, "new", lease_until).await;
    assert!(!store.begin_transmit(key, "old", lease_until, &[]).await.unwrap());
    assert!(!store.settle(key, "old", lease_until, accepted()).await.unwrap());
    store.release(&[key], "old").await.unwrap();
    assert!(store.begin_transmit(again.key, "new", lease_until, &[]).await.unwrap());
    assert!(!store.begin_transmit(again.key, "new", lease_until, &[]).await.unwrap(), "the dot is sent once");
    assert!(store.settle(key, "new", lease_until, accepted()).await.unwrap());
}

pub async fn does_not_send_while_a_setting_holds_it(store: AnyStore) {
    let (_, key) = with_claim(&store, "w").await;
    store.set_setting("clock", Some("it jumped")).await.unwrap();
    assert!(!store.begin_transmit(key, "w", hour(1), &["hold", "clock"]).await.unwrap());
    store.set_setting("clock", None).await.unwrap();
    assert!(
        store.begin_transmit(key, "w", hour(1), &["hold", "clock"]).await.unwrap(),
        "it is still the worker's"
    );
}

pub async fn does_not_send_what_was_cancelled(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    take_turn(&store, &id, hour(1), |turn| turn.cancels = vec![(plan_of("r1"), overtaken())]).await;
    assert!(!store.begin_transmit(key, "w", hour(1), &[]).await.unwrap());
    assert!(!store.settle(key, "w", hour(1), accepted()).await.unwrap());
    store.release(&[key], "w").await.unwrap();
    assert_eq!(only_entry(&store, &id).await, EntryState::Cancelled);
    assert!(store.claim(claim("w", hour(9))).await.unwrap().is_empty());
}

pub async fn does_not_cancel_what_is_being_sent(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![covered(&plan_of("r2"), &plan_of("r1"), hour(1))];
    })
    .await;
    assert!(store.begin_transmit(key, "w", hour(1), &[]).await.unwrap());
    take_turn(&store, &id, hour(1), |turn| {
        turn.cancels = vec![(plan_of("r1"), overtaken())];
        turn.events = vec![event(hour(1), r#"{"stop":{}}"#)];
    })
    .await;
    assert!(store.settle(key, "w", hour(1), accepted()).await.unwrap());
    let states: Vec<_> =
        store.chart(&id).await.unwrap().chart.ledger.into_iter().map(|entry| entry.state).collect();
    assert_eq!(states, [EntryState::Done, EntryState::Covered]);
}

pub async fn takes_back_what_is_released(store: AnyStore) {
    let (_, key) = with_claim(&store, "w").await;
    store.release(&[key], "another").await.unwrap();
    assert!(store.claim(claim("v", hour(1))).await.unwrap().is_empty(), "not another's to give back");
    store.release(&[key], "w").await.unwrap();
    let again = claim_one(&store, "v", hour(1)).await;
    assert_eq!((again.key, again.attempts), (key, 0));
    assert!(store.begin_transmit(key, "v", hour(1), &[]).await.unwrap());
    store.release(&[key], "v").await.unwrap();
    assert_eq!(store.message(key).await.unwrap().state, MessageState::Transmitting, "too late");
}

pub async fn recovers_what_a_lost_worker_held(store: AnyStore) {
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = ["r1", "r2", "r3"].map(|run| message(&plan_of(run), hour(1))).to_vec();
    })
    .await;
    let one = |worker: &str| Claim { limit: 1, ..claim(worker, hour(1)) };
    let leased = store.claim(one("lost")).await.unwrap().remove(0);
    let sending = store.claim(one("lost")).await.unwrap().remove(0);
    let other = store.claim(one("alive")).await.unwrap().remove(0);
    assert!(store.begin_transmit(sending.key, "lost", hour(1), &[]).await.unwrap());
    assert_eq!(store.recover(&["alive".to_owned()], hour(1)).await.unwrap(), (1, 1));
    let taken = store.claim(claim("w", hour(1))).await.unwrap();
    let told: Vec<_> =
        taken.iter().map(|message| (message.key, message.in_doubt, message.attempts)).collect();
    assert_eq!(told, [(leased.key, false, 0), (sending.key, true, 1)]);
    assert_eq!(store.attempts(sending.key).await.unwrap()[0].at, hour(1));
    assert!(store.begin_transmit(other.key, "alive", hour(1), &[]).await.unwrap(), "untouched");
    assert_eq!(store.recover(&["alive".to_owned(), "w".to_owned()], hour(1)).await.unwrap(), (0, 0));
    assert_eq!(store.recover(&[], hour(1)).await.unwrap(), (2, 1));
}

pub async fn never_gives_one_message_to_two_workers(store: AnyStore) {
    const MESSAGES: usize = 60;
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = (0..MESSAGES).map(|run| message(&plan_of(&format!("r{run}")), hour(1))).collect();
    })
    .await;
    let workers: Vec<_> = (0..6)
        .map(|worker| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let name = format!("w{worker}");
                let mut sent = Vec::new();
                loop {
                    let taken = store.claim(Claim { limit: 3, ..claim(&name, hour(1)) }).await.unwrap();
                    if taken.is_empty() {
                        return sent;
                    }
                    for message in taken {
                        assert!(store.begin_transmit(message.key, &name, hour(1), &[]).await.unwrap());
                        assert!(store.settle(message.key, &name, hour(1), accepted()).await.unwrap());
                        sent.push(message.key);
                    }
                }
            })
        })
        .collect();
    let mut sent = Vec::new();
    for worker in workers {
        sent.extend(worker.await.unwrap());
    }
    assert_eq!(sent.len(), MESSAGES);
    assert_eq!(sent.into_iter().collect::<BTreeSet<_>>().len(), MESSAGES);
}

pub async fn says_when_the_next_is_due(store: AnyStore) {
    assert_eq!(store.next_message_due().await.unwrap(), None);
    let id = with_mail(&store).await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![message_to(&to_clinic(plan_of("r1")), "team@clinic.example", hour(4))];
    })
    .await;
    assert_eq!(store.next_message_due().await.unwrap(), Some(hour(1)));
    claim_one(&store, "w", hour(1)).await;
    assert_eq!(store.next_message_due().await.unwrap(), Some(hour(4)));
}

pub async fn counts_its_states(store: AnyStore) {
    assert_eq!(store.queue_depth(hour(1)).await.unwrap(), QueueDepth::default());
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(0), |turn| {
        turn.messages = (1..=5).map(|n| message(&plan_of(&format!("r{n}")), hour(n))).collect();
    })
    .await;
    let taken = store.claim(Claim { limit: 2, ..claim("w", hour(2)) }).await.unwrap();
    let aside = Settlement::Quarantined { error: "no template".to_owned() };
    assert!(store.settle(taken[0].key, "w", hour(2), aside).await.unwrap());
    let depth = QueueDepth { due: 2, later: 1, in_flight: 1, quarantined: 1, oldest_due: Some(hour(3)) };
    assert_eq!(store.queue_depth(hour(4)).await.unwrap(), depth);
    let depth = QueueDepth { due: 0, later: 3, oldest_due: None, ..depth };
    assert_eq!(store.queue_depth(hour(2)).await.unwrap(), depth);
}

pub async fn looks_again_when_mail_fails(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    let planned = turn(&store.chart(&id).await.unwrap(), hour(1));
    assert_eq!(store.next_due().await.unwrap(), None);
    assert!(
        store.settle(key, "w", hour(2), Settlement::Failed { error: "5 days".to_owned() }).await.unwrap()
    );
    assert_eq!(store.next_due().await.unwrap(), Some(hour(2)));
    assert!(store.commit(planned).await.is_err(), "it was planned on a ledger that has changed");
}

pub async fn plans_again_what_a_cancelled_message_covered(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![covered(&plan_of("r2"), &plan_of("r1"), hour(1))];
    })
    .await;
    let outcome = Settlement::Cancelled { reason: overtaken() };
    assert!(store.settle(key, "w", hour(1), outcome).await.unwrap());
    let states: Vec<_> =
        store.chart(&id).await.unwrap().chart.ledger.into_iter().map(|entry| entry.state).collect();
    assert_eq!(states, [EntryState::Cancelled; 2]);
}

pub async fn does_not_queue_again_after_a_stop(store: AnyStore) {
    let retry = |hours| Settlement::Retry { at: hour(hours), error: "451".to_owned(), in_doubt: false };
    let (id, key) = with_claim(&store, "w").await;
    assert!(store.begin_transmit(key, "w", hour(1), &[]).await.unwrap());
    take_turn(&store, &id, hour(1), |turn| turn.events = vec![event(hour(1), r#"{"stop": {}}"#)]).await;
    assert!(store.settle(key, "w", hour(1), retry(2)).await.unwrap());
    assert!(store.claim(claim("w", hour(3))).await.unwrap().is_empty());
    let ended = store.message(key).await.unwrap();
    assert_eq!(ended.state, MessageState::Cancelled);
    assert_eq!(ended.end_reason.unwrap(), "stopped: the patient wants no more mail");
    assert_eq!(store.attempts(key).await.unwrap().len(), 1, "the attempt is known");
}

pub async fn does_not_recover_mail_of_who_stopped(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    assert!(store.begin_transmit(key, "w", hour(1), &[]).await.unwrap());
    take_turn(&store, &id, hour(1), |turn| turn.events = vec![event(hour(1), r#"{"stop": {}}"#)]).await;
    store.recover(&[], hour(2)).await.unwrap();
    assert!(store.claim(claim("v", hour(3))).await.unwrap().is_empty());
    assert_eq!(store.message(key).await.unwrap().state, MessageState::Cancelled);
}

pub async fn tells_nothing_through_a_message_that_failed(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![covered(&plan_of("r2"), &plan_of("r1"), hour(1))];
    })
    .await;
    let states = || async {
        let ledger = store.chart(&id).await.unwrap().chart.ledger;
        ledger.into_iter().map(|entry| entry.state).collect::<Vec<_>>()
    };
    assert_eq!(states().await, [EntryState::Queued, EntryState::Covered]);
    let refused = Settlement::Rejected { said: "552 full".to_owned() };
    assert!(store.settle(key, "w", hour(1), refused).await.unwrap());
    assert_eq!(states().await, [EntryState::Failed; 2]);
    assert!(store.try_again(key, hour(2)).await.unwrap());
    assert_eq!(states().await, [EntryState::Queued, EntryState::Covered], "a person tries again");
}

pub async fn counts_a_late_message_on_the_day_it_left(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    assert!(store.begin_transmit(key, "w", hour(1), &[]).await.unwrap());
    assert!(store.settle(key, "w", hour(30), accepted()).await.unwrap());
    let ledger = store.chart(&id).await.unwrap().chart.ledger;
    assert_eq!((ledger[0].decided_at, ledger[0].at), (hour(1), hour(30)));
}

pub async fn knows_what_left_for_patients(store: AnyStore) {
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(0), |turn| {
        turn.messages = (1..=4).map(|n| message(&plan_of(&format!("r{n}")), hour(1))).collect();
        turn.messages.push(message_to(&to_clinic(plan_of("r1")), "team@clinic.example", hour(1)));
    })
    .await;
    for (number, taken) in store.claim(claim("w", hour(1))).await.unwrap().into_iter().enumerate() {
        // The first is for the clinic, the last is refused.
        let ends = if number == 4 { Settlement::Rejected { said: "no".to_owned() } } else { accepted() };
        let now = hour(1) + Duration::minutes(number as i64);
        assert!(store.begin_transmit(taken.key, "w", now, &[]).await.unwrap());
        assert!(store.settle(taken.key, "w", now, ends).await.unwrap());
        if number == 2 {
            store.note_bounce(taken.key, hour(5), "550", afterrun_store::Bounced::Lost).await.unwrap();
        }
    }
    let minutes = |minutes| hour(1) + Duration::minutes(minutes);
    let left = |after, limit| store.left_for_patients(after, limit);
    assert_eq!(left(hour(0), 9).await.unwrap(), [1, 2, 3].map(minutes));
    assert_eq!(left(hour(0), 2).await.unwrap(), [2, 3].map(minutes), "the newest");
    assert_eq!(left(minutes(2), 9).await.unwrap(), [minutes(3)], "after, not at");
}

pub async fn gives_what_is_pressing_beyond_the_limit(store: AnyStore) {
    let id = enrol(&store).await;
    let urgent = Entry { urgent: true, ..entry(&plan_of("urgent"), hour(1), EntryState::Queued) };
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![
            message(&plan_of("r1"), hour(1)),
            message_to(&to_clinic(plan_of("alert")), "team@clinic.example", hour(1)),
            from_entry(urgent, Some(mail("p1@runner.example", hour(1)))),
        ];
    })
    .await;
    let pressing = Claim { limit: 0, pressing_limit: 9, ..claim("w", hour(1)) };
    let taken = store.claim(pressing).await.unwrap();
    let given: Vec<_> =
        taken.iter().map(|one| (one.identity.clone().unwrap().to_string(), one.urgent)).collect();
    let expected = [("patient/recovery-plan/urgent", true), ("clinic/recovery-plan/alert", false)];
    assert_eq!(given, expected.map(|(identity, urgent)| (identity.to_owned(), urgent)));
    assert_eq!(claim_one(&store, "w", hour(1)).await.identity, Some(plan_of("r1")));
}
