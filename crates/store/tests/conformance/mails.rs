//! A mail's bytes: what was written is what is read and sent, however a store keeps it.

use std::sync::Arc;

use afterrun_store::{Mail, MailBase, NewMessage};

use super::sample::*;

/// A mail's text to somebody; most of it is the same for all.
pub fn text(name: &str) -> Vec<u8> {
    let fixed = "Rest for three days, and drink and eat something within the hour.\r\n".repeat(20);
    format!("Subject: Your recovery\r\nTo: {name} <{name}@runner.example>\r\n\r\nHello {name},\r\n{fixed}")
        .into_bytes()
}

/// What [`text`] is like.
pub fn base() -> Arc<MailBase> {
    Arc::new(MailBase::new(&text("somebody")).unwrap())
}

/// A message about a run with these bytes.
pub fn with_bytes(run: &str, bytes: &[u8], like: Option<Arc<MailBase>>) -> NewMessage {
    let mail = Mail { bytes: bytes.into(), like, ..mail("p1@runner.example", hour(1)) };
    let new = message(&plan_of(run), hour(1));
    NewMessage { mail: Some(mail), ..new }
}

pub async fn come_back_byte_for_byte(store: AnyStore) {
    let id = enrol(&store).await;
    let unlike =
        Arc::new(MailBase::new(b"Subject: something else\r\n\r\nof which nothing is alike\r\n").unwrap());
    let empty = Arc::new(MailBase::new(b"").unwrap());
    let any_bytes: Vec<u8> = (0..70_000_u32).map(|number| (number.wrapping_mul(number) >> 7) as u8).collect();
    let written = [
        ("plain", text("Alexandra"), None),
        ("like", text("Alexandra"), Some(base())),
        ("the-same", text("somebody"), Some(base())),
        ("unlike", text("Zoe"), Some(unlike)),
        ("like-nothing", text("Jo"), Some(empty)),
        ("long", any_bytes, Some(base())),
        ("short", b"x".to_vec(), Some(base())),
        ("nothing", Vec::new(), Some(base())),
    ];
    take_turn(&store, &id, hour(1), |turn| {
        let message = |(run, bytes, like): &(&str, Vec<u8>, _)| with_bytes(run, bytes, Clone::clone(like));
        turn.messages = written.iter().map(message).collect();
    })
    .await;
    let taken = store.claim(claim("w", hour(1))).await.unwrap();
    assert_eq!(taken.len(), written.len());
    for (message, (run, bytes, _)) in taken.iter().zip(&written) {
        assert!(*message.mail.bytes == **bytes, "{run}, claimed");
        let shown = store.message(message.key).await.unwrap();
        assert!(*shown.mail.unwrap().bytes == **bytes, "{run}, shown");
    }
}

pub async fn are_the_same_at_every_attempt(store: AnyStore) {
    let id = enrol(&store).await;
    let bytes = text("Alexandra");
    take_turn(&store, &id, hour(1), |turn| turn.messages = vec![with_bytes("r1", &bytes, Some(base()))])
        .await;
    for worker in ["one", "two", "three"] {
        let taken = claim_one(&store, worker, hour(1)).await;
        assert_eq!(*taken.mail.bytes, *bytes);
        store.release(&[taken.key], worker).await.unwrap();
    }
}

pub async fn of_a_turn_that_was_refused_leave_the_next_one_whole(store: AnyStore) {
    let id = enrol(&store).await;
    let stored = store.chart(&id).await.unwrap();
    let with = |bytes: &[u8]| {
        let mut turn = turn(&stored, hour(1));
        turn.messages = vec![with_bytes("r1", bytes, Some(base()))];
        turn
    };
    // All or none, so that what the first wrote is undone.
    let refused = store.commit_all(vec![with(&text("Ada")), with(&text("Ada"))]).await;
    assert!(refused.is_err());
    store.commit(with(&text("Jo"))).await.unwrap();
    assert_eq!(*claim_one(&store, "w", hour(1)).await.mail.bytes, *text("Jo"));
}

pub async fn of_many_writers_share_what_they_have_in_common(store: AnyStore) {
    let mut writers = Vec::new();
    for number in 0..8 {
        let store = Arc::clone(&store);
        writers.push(tokio::spawn(async move {
            let id = store.add_patient(runner(&format!("p{number}")), hour(0)).await.unwrap();
            let bytes = text(&format!("runner-{number}"));
            let new = |turn: &mut afterrun_store::Turn| {
                turn.messages = vec![with_bytes("r1", &bytes, Some(base()))]
            };
            take_turn(&store, &id, hour(1), new).await;
            id
        }));
    }
    let mut expected = Vec::new();
    for (number, writer) in writers.into_iter().enumerate() {
        expected.push((writer.await.unwrap(), text(&format!("runner-{number}"))));
    }
    let taken = store.claim(claim("w", hour(1))).await.unwrap();
    assert_eq!(taken.len(), 8);
    for message in taken {
        let (_, bytes) = expected.iter().find(|(id, _)| Some(id) == message.patient.as_ref()).unwrap();
        assert_eq!(*message.mail.bytes, **bytes);
    }
}
