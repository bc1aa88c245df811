//! Users of the console.

use afterrun_store::{Role, Store};
use afterrun_tests::daemon::Clinic;

use super::sample::*;

const SECRET: &str = "four words make one";

#[test]
fn a_password_is_stored_as_a_hash_and_shown_nowhere() {
    let clinic = Clinic::new(None);
    let path = file(&clinic, "password", format!("{SECRET}\n"));
    let arguments = ["user", "add", "ann@clinic.example", "--role", "clinician", "--password-file", &path];
    let added = clinic.try_run(friday(), &arguments);
    assert!(added.status.success(), "{}", stderr(&added));
    assert!(!stdout(&added).contains(SECRET) && !stderr(&added).contains(SECRET));
    let user = ask(&clinic, async |store| store.user_by_email("ann@clinic.example").await.unwrap()).unwrap();
    assert_eq!(user.role, Role::Clinician);
    assert!(user.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", user.password_hash);
    assert!(!holds(&bytes_on_disk(&clinic), SECRET.as_bytes()));
    let list = clinic.run(friday(), &["user", "list"]);
    assert!(list.contains("ann@clinic.example") && list.contains("clinician"), "{list}");
    let again = clinic.try_run(friday(), &arguments);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("already"), "{}", stderr(&again));
}

#[test]
fn a_password_may_come_by_standard_input_and_must_be_long() {
    let clinic = Clinic::new(None);
    let add = |role, password: &str| {
        let arguments = ["user", "add", "bob@clinic.example", "--role", role, "--password-file", "-"];
        clinic.run_with_input(friday(), &arguments, password.as_bytes())
    };
    let short = add("admin", "short\n");
    assert_eq!(short.status.code(), Some(2));
    assert!(stderr(&short).contains("at least 15 characters"), "{}", stderr(&short));
    assert!(!stderr(&short).contains("`short`"));
    assert!(add("admin", SECRET).status.success());
    assert_eq!(add("superuser", SECRET).status.code(), Some(2));
}
