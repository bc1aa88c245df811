//! Who is signed in to the console.

use afterrun_store::{NewUser, Role, UserKey};

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
    store.begin_session(&TOKEN, key, hour(1), hour(-12)).await.unwrap();
    let found = store.session(&TOKEN).await.unwrap().unwrap();
    assert_eq!((found.user.key, found.user.role), (key, Role::Clinician));
    assert_eq!((found.created_at, found.used_at), (hour(1), hour(1)));
    assert_eq!(store.session(&OTHER).await.unwrap(), None);
}

pub async fn are_touched_and_ended(store: AnyStore) {
    let key = ann(&store).await;
    for token in [TOKEN, OTHER] {
        store.begin_session(&token, key, hour(1), hour(-12)).await.unwrap();
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
    store.begin_session(&TOKEN, key, hour(1), hour(-12)).await.unwrap();
    store.begin_session(&OTHER, bob, hour(1), hour(-12)).await.unwrap();
    store.set_password(key, "$new", "user 1", None, hour(2)).await.unwrap();
    assert_eq!(store.user_by_email("ann@clinic.example").await.unwrap().unwrap().password_hash, "$new");
    assert_eq!(store.user_by_email("bob@clinic.example").await.unwrap().unwrap().password_hash, "$old");
    assert_eq!(store.session(&TOKEN).await.unwrap(), None);
    assert!(store.session(&OTHER).await.unwrap().is_some(), "somebody else's stays");
}

pub async fn that_are_old_are_forgotten(store: AnyStore) {
    let key = ann(&store).await;
    store.begin_session(&TOKEN, key, hour(1), hour(-12)).await.unwrap();
    store.begin_session(&OTHER, key, hour(20), hour(8)).await.unwrap();
    assert_eq!(store.session(&TOKEN).await.unwrap(), None);
    assert!(store.session(&OTHER).await.unwrap().is_some());
}

pub async fn begin_with_one_first_user(store: AnyStore) {
    let key = store.add_first_user(new("ann@clinic.example"), hour(0)).await.unwrap();
    assert!(key.is_some());
    assert_eq!(store.add_first_user(new("bob@clinic.example"), hour(1)).await.unwrap(), None);
    let users = store.users(None, 10).await.unwrap().rows;
    assert_eq!(users.iter().map(|user| user.email.as_str()).collect::<Vec<_>>(), ["ann@clinic.example"]);
    assert_eq!(users[0].looked_at, None);
    store.set_looked(&users[0], hour(5)).await.unwrap();
    assert_eq!(store.user_by_email("ann@clinic.example").await.unwrap().unwrap().looked_at, Some(hour(5)));
}
