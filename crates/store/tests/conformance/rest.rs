//! Rule books, settings.

use afterrun_rules::BookHash;
use afterrun_store::StoredBook;

use super::sample::*;

fn book(number: u8, hours: i64) -> StoredBook {
    let files = [("clinic.ron", vec![number]), ("messages/check-in.md", vec![0, 255, number])];
    let files = files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes.into())).collect();
    StoredBook { hash: BookHash([number; 32]), files, live_since: hour(hours) }
}

pub async fn books_keep_their_date_until_another_is_live(store: AnyStore) {
    assert_eq!(store.last_good_book().await.unwrap(), None);
    assert_eq!(store.save_book(book(1, 1)).await.unwrap(), hour(1));
    assert_eq!(store.save_book(book(1, 2)).await.unwrap(), hour(1), "a restart changes nothing");
    assert_eq!(store.save_book(book(2, 3)).await.unwrap(), hour(3));
    assert_eq!(store.next_due().await.unwrap(), None);
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(3), |turn| turn.next_due = Some(hour(99))).await;
    let planned = turn(&store.chart(&id).await.unwrap(), hour(4));
    assert_eq!(store.save_book(book(2, 4)).await.unwrap(), hour(3));
    assert_eq!(store.next_due().await.unwrap(), Some(hour(99)), "a restart looks at nobody");
    assert_eq!(store.save_book(book(1, 4)).await.unwrap(), hour(4), "another was live since");
    assert_eq!(store.next_due().await.unwrap(), Some(hour(4)), "every chart is looked at by the new rules");
    assert!(store.commit(planned).await.is_err(), "it was planned by the old ones");
    assert_eq!(store.last_good_book().await.unwrap(), Some(book(1, 4)));
}

pub async fn books_come_back_whole(store: AnyStore) {
    store.save_book(book(1, 1)).await.unwrap();
    store.save_book(book(2, 2)).await.unwrap();
    assert_eq!(store.last_good_book().await.unwrap(), Some(book(2, 2)));
}

pub async fn settings_are_set_and_cleared(store: AnyStore) {
    assert_eq!(store.setting("hold").await.unwrap(), None);
    store.set_setting("hold", Some("since Friday")).await.unwrap();
    store.set_setting("hold", Some("since Saturday")).await.unwrap();
    assert_eq!(store.setting("hold").await.unwrap().as_deref(), Some("since Saturday"));
    let both = store.settings(&["release", "hold"]).await.unwrap();
    assert_eq!(both, [None, Some("since Saturday".to_owned())]);
    store.set_setting("hold", None).await.unwrap();
    assert_eq!(store.setting("hold").await.unwrap(), None);
}

pub async fn the_audit_log_is_read_newest_first(store: AnyStore) {
    for (hours, subject) in [(1, "p1"), (2, "p2"), (3, "p1"), (4, "p1")] {
        store.audit(hour(hours), "command line", "patient-pause", subject).await.unwrap();
    }
    let first = store.audit_log(Some("p1"), None, 2).await.unwrap();
    let second = store.audit_log(Some("p1"), first.next.as_deref(), 2).await.unwrap();
    let seen: Vec<_> = first.rows.iter().chain(&second.rows).map(|line| line.at).collect();
    assert_eq!((seen, second.next), (vec![hour(4), hour(3), hour(1)], None));
    let line = &second.rows[0];
    assert_eq!((&*line.actor, &*line.action, &*line.subject), ("command line", "patient-pause", "p1"));
    assert_eq!(store.audit_log(None, None, 10).await.unwrap().rows.len(), 4);
}

pub async fn the_store_answers(store: AnyStore) {
    store.ping().await.unwrap();
}
