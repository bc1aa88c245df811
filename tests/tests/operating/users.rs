//! Users of the console.

use afterrun_store::{Role, Store, UserKey};
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

#[test]
fn a_password_is_set_anew_when_no_mail_can_be_sent() {
    let clinic = Clinic::new(None);
    let path = file(&clinic, "password", format!("{SECRET}\n"));
    let add = ["user", "add", "ann@clinic.example", "--role", "admin", "--password-file", &path];
    clinic.run(friday(), &add);
    let hash =
        || ask(&clinic, async |store| store.user_by_email("ann@clinic.example").await.unwrap()).unwrap();
    let before = hash();
    ask(&clinic, async |store| {
        store.begin_session(&[1; 32], UserKey(1), &before.password_hash, friday(), friday()).await.unwrap()
    });
    let other = file(&clinic, "other", "five words make it longer\n");
    let set = |email: &str, path: &str| {
        clinic.try_run(friday(), &["user", "password", email, "--password-file", path])
    };
    assert_eq!(set("bob@clinic.example", &other).status.code(), Some(2));
    let short = file(&clinic, "short", "short\n");
    assert_eq!(set("ann@clinic.example", &short).status.code(), Some(2));
    assert_eq!(hash().password_hash, before.password_hash);
    assert!(set("Ann@clinic.example", &other).status.success());
    assert_ne!(hash().password_hash, before.password_hash);
    let session = ask(&clinic, async |store| store.session(&[1; 32]).await.unwrap());
    assert_eq!(session, None);
    let log = ask(&clinic, async |store| store.audit_log(Some("user 1"), None, 10).await.unwrap().rows);
    assert_eq!((&*log[0].actor, &*log[0].action), ("command line", "password-change"));
    let mails = ask(&clinic, async |store| store.messages(None, None, 10).await.unwrap().rows);
    assert_eq!(mails.len(), 1, "the user is told once, and not of what was refused");
    let mail = ask(&clinic, async |store| store.message(mails[0].key).await.unwrap()).mail.unwrap();
    assert_eq!((&*mail.recipient, &*mail.subject), ("ann@clinic.example", "Your password was changed"));
    let text = afterrun_mail::show_mail(&mail.bytes).unwrap().text;
    for words in ["changed on Friday", "afterrun user password", "If it was not you", "tell an admin"] {
        assert!(text.contains(words), "`{words}` is missing in:\n{text}");
    }
    assert!(!text.contains("http"), "no link:\n{text}");
}

#[test]
fn a_backup_is_remembered_once_it_is_whole() {
    let clinic = Clinic::new(None);
    let last = || ask(&clinic, async |store| store.setting("last-backup").await.unwrap());
    clinic.run(friday(), &["user", "list"]);
    assert_eq!(last(), None);
    clinic.run(friday(), &["backup", "copy.db"]);
    let at = last().unwrap();
    assert_eq!(at.parse::<chrono::DateTime<chrono::Utc>>().unwrap(), friday());
    assert!(!clinic.try_run(friday() + chrono::TimeDelta::hours(1), &["backup", "copy.db"]).status.success());
    assert_eq!(last().unwrap(), at, "a copy that was not made does not count");
    let log = ask(&clinic, async |store| store.audit_log(None, None, 10).await.unwrap().rows);
    assert_eq!(log.iter().filter(|line| line.action == "backup").count(), 1);
}
