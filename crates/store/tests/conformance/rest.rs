//! Rule books, settings.

use afterrun_rules::BookHash;
use afterrun_store::{NewUser, ORIGINS_KEPT, Role, StoredBook, from_origin};
use chrono::Duration;

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

pub async fn the_audit_log_knows_where_from_for_a_year(store: AnyStore) {
    let ann = NewUser {
        email: "ann@clinic.example".to_owned(),
        role: Role::Viewer,
        password_hash: "$a".to_owned(),
    };
    let key = store.add_user(ann, hour(0)).await.unwrap();
    store.audit(hour(0), "command line", "hold", "").await.unwrap();
    from_origin("192.0.2.7", async {
        store.audit(hour(1), "user 1", "sign-in", "user 1").await.unwrap();
        store.set_password(key, Some("$a"), "$b", "user 1", None, hour(1)).await.unwrap();
    })
    .await;
    from_origin("2001:db8:1:2", store.audit(hour(2), "user 1", "sign-out", "user 1")).await.unwrap();
    from_origin("", store.audit(hour(2), "user 1", "sign-in", "user 1")).await.unwrap();
    let known = [None, Some("2001:db8:1:2"), Some("192.0.2.7"), Some("192.0.2.7"), None];
    assert_eq!(origins(&store).await, known);
    let year = hour(1) + ORIGINS_KEPT + Duration::minutes(1);
    from_origin("192.0.2.8", store.audit(year, "user 1", "sign-in", "user 1")).await.unwrap();
    let known = [Some("192.0.2.8"), None, Some("2001:db8:1:2"), None, None, None];
    assert_eq!(origins(&store).await, known, "the lines stay");
    let by = store.audit_by("user 1", None, 1).await.unwrap().rows;
    assert_eq!(by[0].origin.as_deref(), Some("192.0.2.8"));
    let about = store.audit_log(Some("user 1"), None, 1).await.unwrap().rows;
    assert_eq!(about, by);
}

async fn origins(store: &AnyStore) -> Vec<Option<&'static str>> {
    let lines = store.audit_log(None, None, 20).await.unwrap().rows;
    let known = ["192.0.2.7", "192.0.2.8", "2001:db8:1:2"];
    let named = |origin: String| *known.iter().find(|one| **one == origin).unwrap();
    lines.into_iter().map(|line| line.origin.map(named)).collect()
}

pub async fn the_store_answers(store: AnyStore) {
    store.ping().await.unwrap();
}
