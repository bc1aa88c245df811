//! What the clinic sees and gets: message lists, mail of its own, work items, digests.

use afterrun_rules::{BookHash, Reason, book::TellClinic, decision::Audience};
use afterrun_store::{MessageKey, MessageState, NewWorkItem, StoreError, hash_text};

use chrono::TimeDelta;

use super::sample::*;

fn item(identity_text: &str, digest_due: Option<i64>) -> NewWorkItem {
    NewWorkItem {
        identity_text: identity_text.to_owned(),
        flag: Some("pain-lasting".into()),
        level: TellClinic::Digest,
        reason: Reason::new("stage-reached", "pain was reported on 30 March"),
        digest_due: digest_due.map(hour),
    }
}

pub async fn messages_are_listed_newest_first(store: AnyStore) {
    let id = enrol(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    for run in ["a", "b", "c", "d", "e"] {
        for whose in [&id, &other] {
            take_turn(&store, whose, hour(1), |turn| turn.messages = vec![message(&plan_of(run), hour(1))])
                .await;
        }
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.messages(Some(&id), after.as_deref(), 2).await.unwrap();
        assert!(page.rows.len() <= 2);
        assert!(page.rows.iter().all(|message| message.patient.as_ref() == Some(&id)));
        seen.extend(page.rows.into_iter().map(|message| message.identity_text));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["e", "d", "c", "b", "a"].map(|run| plan_of(run).to_string()));
    let all = store.messages(None, None, 4).await.unwrap();
    assert_eq!(all.rows.len(), 4);
    assert_eq!(store.messages(None, all.next.as_deref(), 100).await.unwrap().rows.len(), 6);
}

pub async fn messages_show_their_mail(store: AnyStore) {
    let id = with_mail(&store).await;
    let listed = store.messages(Some(&id), None, 10).await.unwrap().rows.remove(0);
    assert_eq!((listed.state, listed.audience), (MessageState::Queued, Audience::Patient));
    assert_eq!(listed.message, Some("recovery-plan".into()));
    assert_eq!(listed.reason, Reason::new("run-logged", "a run was logged"));
    assert_eq!(listed.book, hash_text(&BookHash([7; 32])));
    let whole = mail("p1@runner.example", hour(1));
    let shown = listed.mail.unwrap();
    assert!(shown.bytes.is_empty(), "lists leave the bytes out");
    assert_eq!((shown.recipient, shown.subject), (whole.recipient.clone(), whole.subject.clone()));
    assert_eq!(store.message(listed.key).await.unwrap().mail, Some(whole));
    let missing = store.message(MessageKey(999_999)).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { what: "message", .. }), "{missing}");
}

pub async fn mail_is_added_once_a_recipient(store: AnyStore) {
    let add = |identity: &'static str, to: &'static str| {
        store.add_clinic_message(clinic_mail(identity, to, hour(1)), hour(1))
    };
    assert!(add("digest/2026-03-27", "a@clinic.example").await.unwrap());
    assert!(add("digest/2026-03-27", "b@clinic.example").await.unwrap());
    assert!(!add("digest/2026-03-27", "a@clinic.example").await.unwrap());
    assert!(add("digest/2026-03-28", "a@clinic.example").await.unwrap());
    let taken = store.claim(claim("w", hour(1))).await.unwrap();
    assert_eq!(taken.len(), 3);
    assert!(taken.iter().all(|message| message.patient.is_none() && message.identity.is_none()));
}

pub async fn work_items_are_added_once(store: AnyStore) {
    let id = enrol(&store).await;
    for hours in [1, 2] {
        take_turn(&store, &id, hour(hours), |turn| turn.work_items = vec![item("clinic/stage/x", None)])
            .await;
    }
    let listed = store.work_items(None, 10).await.unwrap().rows;
    assert_eq!(listed.len(), 1);
    let found = &listed[0];
    assert_eq!((&found.patient, found.patient_name.as_str()), (&id, "Runner p1"));
    assert_eq!((found.created_at, found.level, found.state.as_str()), (hour(1), TellClinic::Digest, "new"));
    assert_eq!((&found.flag, &found.reason), (&Some("pain-lasting".into()), &item("", None).reason));
}

pub async fn work_items_are_listed_in_pages(store: AnyStore) {
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.work_items = ["a", "b", "c"].map(|identity| item(identity, None)).to_vec();
    })
    .await;
    let first = store.work_items(None, 2).await.unwrap();
    let second = store.work_items(first.next.as_deref(), 2).await.unwrap();
    assert_eq!(second.next, None);
    let seen: Vec<_> =
        first.rows.iter().chain(&second.rows).map(|item| item.identity_text.as_str()).collect();
    assert_eq!(seen, ["c", "b", "a"]);
}

pub async fn work_items_of_one_patient_are_listed(store: AnyStore) {
    let id = enrol(&store).await;
    let other = store.add_patient(runner("p2"), hour(0)).await.unwrap();
    for (whose, identity) in [(&id, "a"), (&other, "b"), (&id, "c"), (&id, "d")] {
        take_turn(&store, whose, hour(1), |turn| turn.work_items = vec![item(identity, None)]).await;
    }
    let first = store.patient_work_items(&id, None, 2).await.unwrap();
    let second = store.patient_work_items(&id, first.next.as_deref(), 2).await.unwrap();
    let seen: Vec<_> =
        first.rows.iter().chain(&second.rows).map(|item| item.identity_text.as_str()).collect();
    assert_eq!((seen, second.next), (vec!["d", "c", "a"], None));
}

pub async fn digests_take_items_once(store: AnyStore) {
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.work_items = vec![item("late", Some(5)), item("early", Some(2)), item("told-at-once", None)];
    })
    .await;
    assert!(store.digest_items(hour(1), 10).await.unwrap().is_empty());
    let due = store.digest_items(hour(5), 10).await.unwrap();
    let names: Vec<_> = due.iter().map(|item| item.identity_text.as_str()).collect();
    assert_eq!(names, ["early", "late"]);
    assert_eq!(store.digest_items(hour(5), 1).await.unwrap().len(), 1);
    let digest = || vec![clinic_mail("digest/2026-03-27", "team@clinic.example", hour(5))];
    store.add_digest(&[due[0].id], digest(), hour(5)).await.unwrap();
    store.add_digest(&[due[0].id], digest(), hour(6)).await.unwrap();
    assert_eq!(store.claim(claim("w", hour(6))).await.unwrap().len(), 1, "one mail, however often");
    let other = vec![clinic_mail("digest/of-another-process", "team@clinic.example", hour(6))];
    store.add_digest(&[due[0].id], other, hour(6)).await.unwrap();
    assert!(store.claim(claim("v", hour(6))).await.unwrap().is_empty(), "what was told is not told again");
    let left = store.digest_items(hour(6), 10).await.unwrap();
    assert_eq!(left.iter().map(|item| item.identity_text.as_str()).collect::<Vec<_>>(), ["late"]);
}

pub async fn work_items_that_cannot_wait_are_escalated_once(store: AnyStore) {
    let id = enrol(&store).await;
    for (hours, name, level) in [
        (1, "now", TellClinic::Now),
        (2, "later", TellClinic::Now),
        (1, "today", TellClinic::Today),
        (1, "digest", TellClinic::Digest),
    ] {
        let item = NewWorkItem { level, ..item(name, None) };
        take_turn(&store, &id, hour(hours), |turn| turn.work_items = vec![item]).await;
    }
    let after = |minutes| store.next_work_due(Some(TimeDelta::minutes(minutes)));
    assert_eq!(after(90).await.unwrap(), Some(hour(1) + TimeDelta::minutes(90)));
    assert_eq!(store.next_work_due(None).await.unwrap(), None);
    let with_digest = NewWorkItem { level: TellClinic::Digest, ..item("soon", Some(2)) };
    take_turn(&store, &id, hour(2), |turn| turn.work_items = vec![with_digest]).await;
    assert_eq!(store.next_work_due(None).await.unwrap(), Some(hour(2)));
    assert_eq!(after(90).await.unwrap(), Some(hour(2)));
    assert_eq!(after(30).await.unwrap(), Some(hour(1) + TimeDelta::minutes(30)));
    assert!(store.unacknowledged_items(hour(0), 10).await.unwrap().is_empty());
    let due = store.unacknowledged_items(hour(1), 10).await.unwrap();
    assert_eq!(due.iter().map(|item| item.identity_text.as_str()).collect::<Vec<_>>(), ["now"]);
    let mails = |whose: &'static str| vec![clinic_mail("escalation/1", whose, hour(2))];
    store.add_escalation(due[0].id, mails("lead@clinic.example"), hour(2)).await.unwrap();
    store.add_escalation(due[0].id, mails("other@clinic.example"), hour(3)).await.unwrap();
    let claimed = store.claim(claim("w", hour(3))).await.unwrap();
    assert_eq!(claimed.len(), 1, "one mail, however often");
    assert!(claimed[0].urgent, "which waits behind no other");
    let left = store.unacknowledged_items(hour(3), 10).await.unwrap();
    assert_eq!(left.iter().map(|item| item.identity_text.as_str()).collect::<Vec<_>>(), ["later"]);
}
