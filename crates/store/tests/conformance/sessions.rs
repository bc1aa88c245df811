//! Who is signed in to the console.

use afterrun_store::{NewUser, Role, UserChange, UserKey};

use super::sample::*;

const TOKEN: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];

async fn ann(store: &AnyStore) -> UserKey {
    store.add_user(new("ann@clinic.example"), hour(0)).await.unwrap()
}

fn new(email: &str) -> NewUser {
    NewUser { email: email.to_owned(), role: Role::Clinician, password_hash: "$old".to_owned() }
}

pub async fn are_found_by_their_hash(store: AnyStore) {
    let key = ann(&store).await;
    store.begin_session(&TOKEN, key, "$old", hour(1), hour(-12)).await.unwrap();
    let found = store.session(&TOKEN).await.unwrap().unwrap();
    assert_eq!((found.user.key, found.user.role), (key, Role::Clinician));
    assert_eq!((found.created_at, found.used_at), (hour(1), hour(1)));
    assert_eq!(store.session(&OTHER).await.unwrap(), None);
}

pub async fn are_touched_and_ended(store: AnyStore) {
    let key = ann(&store).await;
    for token in [TOKEN, OTHER] {
        store.begin_session(&token, key, "$old", hour(1), hour(-12)).await.unwrap();
    }
    store.touch_session(&TOKEN, hour(2)).await.unwrap();
    let found = store.session(&TOKEN).await.unwrap().unwrap();
    assert_eq!((found.created_at, found.used_at), (hour(1), hour(2)));
    store.end_session(&TOKEN).await.unwrap();
    assert_eq!(store.session(&TOKEN).await.unwrap(), None);
    store.touch_session(&TOKEN, hour(3)).await.unwrap();
    assert_eq!(store.session(&TOKEN).await.unwrap(), None, "what has ended does not come back");
    assert!(store.session(&OTHER).await.unwrap().is_some());
    store.end_sessions(key).await.unwrap();
    assert_eq!(store.session(&OTHER).await.unwrap(), None);
}

pub async fn end_with_a_new_password(store: AnyStore) {
    let key = ann(&store).await;
    let bob = store.add_user(new("bob@clinic.example"), hour(0)).await.unwrap();
    store.begin_session(&TOKEN, key, "$old", hour(1), hour(-12)).await.unwrap();
    store.begin_session(&OTHER, bob, "$old", hour(1), hour(-12)).await.unwrap();
    store.set_password(key, Some("$old"), "$new", "user 1", None, hour(2)).await.unwrap();
    assert_eq!(store.user_by_email("ann@clinic.example").await.unwrap().unwrap().password_hash, "$new");
    assert_eq!(store.user_by_email("bob@clinic.example").await.unwrap().unwrap().password_hash, "$old");
    assert_eq!(store.session(&TOKEN).await.unwrap(), None);
    assert!(store.session(&OTHER).await.unwrap().is_some(), "somebody else's stays");
}

pub async fn that_are_old_are_forgotten(store: AnyStore) {
    let key = ann(&store).await;
    store.begin_session(&TOKEN, key, "$old", hour(1), hour(-12)).await.unwrap();
    store.begin_session(&OTHER, key, "$old", hour(20), hour(8)).await.unwrap();
    assert_eq!(store.session(&TOKEN).await.unwrap(), None);
    assert!(store.session(&OTHER).await.unwrap().is_some());
}

pub async fn begin_with_one_first_user(store: AnyStore) {
    let key = store.add_first_user(new("ann@clinic.example"), "the link", hour(0)).await.unwrap().unwrap();
    assert_eq!(store.add_first_user(new("bob@clinic.example"), "the link", hour(1)).await.unwrap(), None);
    let audit = store.audit_log(None, None, 10).await.unwrap().rows;
    let lines: Vec<_> = audit.iter().map(|line| (&*line.actor, &*line.action, &*line.subject)).collect();
    assert_eq!(lines, [("the link", "user-add", &*format!("user {}", key.0))], "with the first one only");
    let users = store.users(None, 10).await.unwrap().rows;
    assert_eq!(users.iter().map(|user| user.email.as_str()).collect::<Vec<_>>(), ["ann@clinic.example"]);
    assert_eq!(users[0].looked_at, None);
    store.set_looked(&users[0], hour(5)).await.unwrap();
    assert_eq!(store.user_by_email("ann@clinic.example").await.unwrap().unwrap().looked_at, Some(hour(5)));
}

pub async fn begin_with_the_password_that_was_proved(store: AnyStore) {
    let key = ann(&store).await;
    let begin = |token, proved| store.begin_session(token, key, proved, hour(3), hour(-12));
    // Somebody proves the old password; meanwhile it is changed.
    assert!(store.set_password(key, None, "$new", "command line", None, hour(2)).await.unwrap());
    assert!(!begin(&TOKEN, "$old").await.unwrap());
    assert_eq!(store.session(&TOKEN).await.unwrap(), None);
    assert!(!store.set_password(key, Some("$old"), "$thief", "user 1", None, hour(3)).await.unwrap());
    assert_eq!(store.user(key).await.unwrap().unwrap().password_hash, "$new");
    assert!(begin(&TOKEN, "$new").await.unwrap());
    // Or is let go.
    store.change_user(key, UserChange::Deactivate, key, None, hour(3)).await.unwrap();
    assert!(!begin(&OTHER, "$new").await.unwrap());
    assert!(!store.set_password(key, Some("$new"), "$newer", "user 1", None, hour(3)).await.unwrap());
    store.change_user(key, UserChange::Activate, key, None, hour(4)).await.unwrap();
    for token in [TOKEN, OTHER] {
        assert_eq!(
            store.session(&token).await.unwrap(),
            None,
            "nothing waits for the day access is given back"
        );
    }
    // Nobody who has not taken up the invitation has a password to prove.
    let bob = NewUser { password_hash: String::new(), ..new("bob@clinic.example") };
    let bob = store.add_user(bob, hour(0)).await.unwrap();
    assert!(!store.begin_session(&OTHER, bob, "", hour(3), hour(-12)).await.unwrap());
}
