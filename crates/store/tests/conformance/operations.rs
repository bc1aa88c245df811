//! Figures of the machinery.

use afterrun_rules::Reason;
use afterrun_store::{Bounced, Bounces, MailHour, Settlement};

use super::sample::*;

pub async fn count_mail_by_the_hour(store: AnyStore) {
    let settlements = [
        Settlement::Accepted { said: "250".to_owned() },
        Settlement::Rejected { said: "550".to_owned() },
        Settlement::Failed { error: "five days".to_owned() },
        Settlement::Quarantined { error: "again".to_owned() },
        Settlement::Cancelled { reason: Reason::new("stale", "late") },
    ];
    for (number, settlement) in settlements.into_iter().enumerate() {
        let mail = clinic_mail(&format!("digest/{number}"), "a@clinic.example", hour(1));
        store.add_clinic_message(mail, hour(0)).await.unwrap();
        let key = claim_one(&store, "w", hour(1)).await.key;
        assert!(store.settle(key, "w", hour(2), settlement).await.unwrap());
    }
    store
        .add_clinic_message(clinic_mail("digest/later", "a@clinic.example", hour(3)), hour(0))
        .await
        .unwrap();
    let between = async |from, until| store.mail_between(hour(from), hour(until)).await.unwrap();
    assert_eq!(between(0, 1).await, MailHour::default());
    assert_eq!(
        between(1, 2).await,
        MailHour { due: 4, ..MailHour::default() },
        "what is taken back is not due"
    );
    let settled = MailHour { due: 0, sent: 1, refused: 1, given_up: 2, cancelled: 1 };
    assert_eq!(between(2, 3).await, settled);
    assert_eq!(between(3, 4).await.due, 1);
}

pub async fn count_an_hour_in_which_nothing_left(store: AnyStore) {
    let (_, key) = with_claim(&store, "w").await;
    let retry = Settlement::Retry { at: hour(5), error: "421".to_owned(), in_doubt: false };
    assert!(store.settle(key, "w", hour(1), retry).await.unwrap());
    let due = async |from| store.mail_between(hour(from), hour(from + 1)).await.unwrap().due;
    assert_eq!((due(1).await, due(5).await), (1, 0), "the hour in which it was first due");
}

pub async fn count_what_came_back(store: AnyStore) {
    let (id, key) = with_claim(&store, "w").await;
    store.settle(key, "w", hour(1), Settlement::Accepted { said: "250".to_owned() }).await.unwrap();
    assert_eq!(store.bounces(hour(0)).await.unwrap(), Bounces::default());
    store.note_bounce(key, hour(2), "5.1.1", Bounced::Lost).await.unwrap();
    take_turn(&store, &id, hour(2), |turn| turn.events = vec![event(hour(2), r#"{"address_dead":{}}"#)])
        .await;
    assert_eq!(store.bounces(hour(0)).await.unwrap(), Bounces { came_back: 1, dead: 1 });
    assert_eq!(store.bounces(hour(2)).await.unwrap().came_back, 0, "settled before");
}

pub async fn hasten_what_waits_for_another_try(store: AnyStore) {
    let (_, key) = with_claim(&store, "w").await;
    let retry = Settlement::Retry { at: hour(2), error: "421".to_owned(), in_doubt: false };
    assert!(store.settle(key, "w", hour(1), retry).await.unwrap());
    let later = clinic_mail("digest/later", "a@clinic.example", hour(2));
    store.add_clinic_message(later, hour(1)).await.unwrap();
    assert_eq!(store.hasten(hour(0)).await.unwrap(), 0, "too far ahead");
    assert_eq!(store.hasten(hour(1)).await.unwrap(), 1, "what was never tried keeps its time");
    assert_eq!(claim_one(&store, "w", hour(1)).await.key, key);
}

pub async fn name_the_schema(store: AnyStore) {
    assert!(store.schema().await.unwrap() >= 5);
}
