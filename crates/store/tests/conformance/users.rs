//! Users of the console.

use afterrun_store::{NewUser, Role, StoreError};

use super::sample::*;

fn user(email: &str, role: Role) -> NewUser {
    NewUser { email: email.to_owned(), role, password_hash: format!("$argon2id$of {email}") }
}

pub async fn are_found_by_address(store: AnyStore) {
    let key = store.add_user(user("Ann@clinic.example", Role::Clinician), hour(1)).await.unwrap();
    let found = store.user_by_email("ann@CLINIC.example").await.unwrap().unwrap();
    assert_eq!((found.key, found.role, found.added_at), (key, Role::Clinician, hour(1)));
    assert_eq!(
        (&*found.email, &*found.password_hash),
        ("Ann@clinic.example", "$argon2id$of Ann@clinic.example")
    );
    assert!(!format!("{found:?}").contains("argon2"), "the hash is not for logs");
    assert!(store.user_by_email("bob@clinic.example").await.unwrap().is_none());
}

pub async fn are_added_once(store: AnyStore) {
    store.add_user(user("ann@clinic.example", Role::Viewer), hour(1)).await.unwrap();
    let refused = store.add_user(user("ANN@clinic.example", Role::Admin), hour(2)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Exists { what: "user", .. }), "{refused}");
    assert_eq!(store.user_by_email("ann@clinic.example").await.unwrap().unwrap().role, Role::Viewer);
}

pub async fn are_listed_in_pages(store: AnyStore) {
    for name in ["c", "a", "b"] {
        store.add_user(user(&format!("{name}@clinic.example"), Role::Viewer), hour(1)).await.unwrap();
    }
    let first = store.users(None, 2).await.unwrap();
    let second = store.users(first.next.as_deref(), 2).await.unwrap();
    let seen: Vec<_> = first.rows.iter().chain(&second.rows).map(|user| &user.email[..1]).collect();
    assert_eq!((seen, second.next), (vec!["c", "a", "b"], None));
}
