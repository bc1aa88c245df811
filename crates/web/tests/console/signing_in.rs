//! Who gets in, for how long, and what is noted.

use std::time::{Duration, Instant};

use afterrun_store::{NewUser, Role};
use chrono::TimeDelta;

use crate::clinic::{Clinic, PASSWORD, start};

#[tokio::test]
async fn a_right_password_opens_a_session() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.browser();
    browser.get("/console").await.is(200).says("Sign in").lacks("Work-list</a>");
    let answer = browser.sign_in("Clinician@clinic.example", PASSWORD).await;
    assert_eq!(answer.header("location"), "/console");
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-afterrun="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    browser.get("/console").await.is(200).says("Nobody here needs a look.");
    let audit = clinic.audit().await;
    let lines: Vec<_> = audit.iter().rev().map(|line| (&*line.actor, &*line.action)).collect();
    assert_eq!(lines, [("user 2", "sign-in"), ("user 2", "work-list-view")]);
}

#[tokio::test]
async fn without_https_the_cookie_has_no_prefix() {
    let clinic = Clinic::at("http://127.0.0.1:8080").await;
    let answer = clinic.browser().sign_in("viewer@clinic.example", PASSWORD).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("afterrun=") && !cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_get_one_answer() {
    let clinic = Clinic::new().await;
    let wrong = clinic.browser().sign_in("viewer@clinic.example", "five four three two one").await;
    let unknown = clinic.browser().sign_in("nobody@clinic.example", "five four three two one").await;
    wrong.is(422).says("do not belong together");
    assert_eq!(wrong.html.replace("viewer@", "nobody@"), unknown.html);
    assert_eq!((wrong.status, wrong.header("set-cookie")), (unknown.status, ""));
    let audit = clinic.audit().await;
    let lines: Vec<_> = audit.iter().map(|line| (&*line.action, &*line.subject)).collect();
    assert_eq!(lines, [("sign-in-refused", ""), ("sign-in-refused", "")]);
}

/// The quickest of a few: what else the machine does can only slow one down.
async fn quickest(clinic: &std::sync::Arc<Clinic>, email: &str) -> Duration {
    let mut quickest = Duration::MAX;
    for _ in 0..4 {
        let began = Instant::now();
        clinic.browser().sign_in(email, "five four three two one").await.is(422);
        quickest = quickest.min(began.elapsed());
    }
    quickest
}

#[tokio::test]
async fn the_time_of_the_answer_says_nothing_of_accounts() {
    let clinic = Clinic::new().await;
    let invited = NewUser {
        email: "invited@clinic.example".to_owned(),
        role: Role::Viewer,
        password_hash: String::new(),
    };
    clinic.store.add_user(invited, start()).await.unwrap();
    let mut admin = clinic.signed_in("admin").await;
    admin.post("/console/users/2", &[("do", "deactivate"), ("surely", "yes")]).await.is(303);
    let known = quickest(&clinic, "viewer@clinic.example").await;
    // Hashing takes a hundred times as long as all else; without it the answer would come at once.
    for other in ["nobody@clinic.example", "invited@clinic.example", "clinician@clinic.example"] {
        let time = quickest(&clinic, other).await;
        assert!(time > known / 3 && time < known * 3, "{other}: {time:?}, a known account: {known:?}");
    }
}

#[tokio::test]
async fn too_many_tries_are_turned_away_and_let_in_again_later() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.browser();
    for _ in 0..10 {
        browser.sign_in("viewer@clinic.example", "no").await.is(422);
    }
    let refused = browser.sign_in("viewer@clinic.example", PASSWORD).await;
    assert_eq!(refused.is(429).says("Too many tries").header("retry-after"), "900");
    browser.sign_in("clinician@clinic.example", PASSWORD).await.is(303);
    clinic.pass(TimeDelta::minutes(15));
    browser.sign_in("viewer@clinic.example", PASSWORD).await.is(303);
}

#[tokio::test]
async fn a_restart_or_a_second_process_forgets_no_try() {
    let clinic = Clinic::new().await;
    for _ in 0..10 {
        // Each browser talks to a console of its own on the same store.
        clinic.browser().sign_in("viewer@clinic.example", "no").await.is(422);
        clinic.browser().sign_in("nobody@clinic.example", "no").await.is(422);
    }
    let known = clinic.browser().sign_in("Viewer@clinic.example", PASSWORD).await;
    let unknown = clinic.browser().sign_in("Nobody@clinic.example", PASSWORD).await;
    known.is(429).says("Too many tries");
    assert_eq!(known.html.replace("Viewer@", "Nobody@"), unknown.html);
    assert_eq!((known.status, known.header("retry-after")), (unknown.status, "900"));
}

#[tokio::test]
async fn tries_from_one_address_are_counted_whatever_the_account() {
    let clinic = Clinic::new().await;
    for number in 0..60 {
        clinic.browser().sign_in(&format!("guess-{number}@clinic.example"), "no").await.is(422);
    }
    clinic.browser().sign_in("viewer@clinic.example", PASSWORD).await.is(429).says("Too many tries");
}

#[tokio::test]
async fn a_session_ends_unused_or_old() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.signed_in("viewer").await;
    clinic.pass(TimeDelta::minutes(29));
    browser.get("/console").await.says("Nobody here needs a look.");
    clinic.pass(TimeDelta::minutes(29));
    browser.get("/console").await.says("Nobody here needs a look.");
    clinic.pass(TimeDelta::minutes(30));
    browser.get("/console").await.says("Sign in").lacks("Nobody here needs a look.");
    let mut browser = clinic.signed_in("viewer").await;
    for _ in 0..35 {
        clinic.pass(TimeDelta::minutes(20));
        browser.get("/console").await.says("Nobody here needs a look.");
    }
    clinic.pass(TimeDelta::minutes(20));
    browser.get("/console").await.says("Sign in").lacks("Nobody here needs a look.");
}

#[tokio::test]
async fn a_cookie_brought_along_is_never_taken_on() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.browser();
    browser.cookie = Some("__Host-afterrun=chosen-by-somebody-else".to_owned());
    browser.sign_in("viewer@clinic.example", PASSWORD).await.is(303);
    let first = browser.cookie.clone();
    assert_ne!(first.as_deref(), Some("__Host-afterrun=chosen-by-somebody-else"));
    browser.sign_in("viewer@clinic.example", PASSWORD).await.is(303);
    assert_ne!(browser.cookie, first);
    browser.cookie = first;
    browser.get("/console").await.says("Sign in").lacks("Nobody here needs a look.");
}

#[tokio::test]
async fn signing_out_ends_one_session_and_everywhere_all() {
    let clinic = Clinic::new().await;
    let (mut one, mut other) = (clinic.signed_in("viewer").await, clinic.signed_in("viewer").await);
    let stale = one.cookie.clone();
    let answer = one.post("/console/sign-out", &[]).await;
    assert!(answer.is(303).header("set-cookie").contains("Max-Age=0"));
    one.cookie = stale;
    one.get("/console").await.lacks("Nobody here needs a look.");
    other.get("/console").await.says("Nobody here needs a look.");
    let mut third = clinic.signed_in("viewer").await;
    third.post("/console/account", &[("do", "everywhere")]).await.is(200);
    other.get("/console").await.lacks("Nobody here needs a look.");
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_every_session() {
    let clinic = Clinic::new().await;
    let (mut one, mut other) = (clinic.signed_in("viewer").await, clinic.signed_in("viewer").await);
    let new = "six seven eight nine ten";
    let form = |old: &'static str, password: &'static str, again: &'static str| {
        [("do", "password"), ("old", old), ("password", password), ("again", again)]
    };
    let path = "/console/account";
    one.post(path, &form("wrong", new, new)).await.is(422).says("another one");
    one.post(path, &form(PASSWORD, new, "else")).await.is(422).says("differ");
    one.post(path, &form(PASSWORD, "short", "short")).await.is(422).says("at least 15");
    one.post(path, &form(PASSWORD, new, new)).await.is(200).says("Your password is changed");
    other.get("/console").await.lacks("Nobody here needs a look.");
    other.sign_in("viewer@clinic.example", PASSWORD).await.is(422);
    other.sign_in("viewer@clinic.example", new).await.is(303);
}

#[tokio::test]
async fn the_first_user_comes_in_by_a_link_that_works_once() {
    let clinic = Clinic::without_users("https://clinic.example").await;
    let mut browser = clinic.browser();
    let (setting, value, path) = clinic.set_up_token();
    browser.get(&path).await.is(404);
    clinic.store.set_setting(setting, Some(&value)).await.unwrap();
    browser.get("/console/set-up/guessed").await.is(404);
    browser.get(&path).await.is(200).says("You are the first user");
    let form = |email: &'static str, again: &'static str| {
        [("email", email), ("password", PASSWORD), ("again", again)]
    };
    browser.post_bare(&path, &form("no address", PASSWORD)).await.is(422).says("no email address");
    browser.post_bare(&path, &form("ann@clinic.example", "else")).await.is(422).says("differ");
    browser.post_bare(&path, &form("ann@clinic.example", PASSWORD)).await.is(303);
    browser.get("/console/account").await.says("admin");
    clinic.store.set_setting(setting, Some(&value)).await.unwrap();
    browser.get(&path).await.is(404);
    browser.post_bare(&path, &form("eve@clinic.example", PASSWORD)).await.is(404);
}
