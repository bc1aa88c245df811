//! A forgotten password, and an invitation: what the mail's link does, and what the page gives away.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use crate::clinic::{Answer, Browser, Clinic, PASSWORD};

const NEW: &str = "six seven eight nine ten";
const VIEWER: &str = "viewer@clinic.example";

async fn ask(browser: &mut Browser, email: &str) -> Answer {
    browser.post_bare("/console/reset", &[("email", email)]).await
}

fn form(password: &'static str, again: &'static str) -> [(&'static str, &'static str); 2] {
    [("password", password), ("again", again)]
}

#[tokio::test]
async fn whoever_has_another_password_or_role_is_told_by_mail() {
    let clinic = Clinic::new().await;
    let mut viewer = clinic.signed_in("viewer").await;
    let change = |new: &'static str, old: &'static str| {
        [("do", "password"), ("old", old), ("password", new), ("again", new)]
    };
    viewer.post("/console/account", &change(NEW, "wrong")).await.is(422);
    assert_eq!(clinic.link_mailed_to(VIEWER).await, None, "nothing has changed");
    viewer.post("/console/account", &change(NEW, PASSWORD)).await.is(200);
    let told = clinic.link_mailed_to(VIEWER).await.unwrap();
    assert_eq!(told, "Password(SignedIn) at 2026-03-30 14:00:00 UTC");

    let mut browser = clinic.browser();
    ask(&mut browser, VIEWER).await.is(200);
    let path = clinic.link_mailed_to(VIEWER).await.unwrap();
    browser.post_bare(&path, &form(PASSWORD, PASSWORD)).await.is(200);
    assert!(clinic.link_mailed_to(VIEWER).await.unwrap().starts_with("Password(Link)"));
    browser.post_bare(&path, &form(NEW, NEW)).await.is(404);
    assert_eq!(clinic.link_mailed_to(VIEWER).await, None, "the link was used up");

    let mut admin = clinic.signed_in("admin").await;
    admin.post("/console/users/1", &[("do", "role"), ("role", "clinician")]).await.is(303);
    let told = clinic.link_mailed_to(VIEWER).await.unwrap();
    assert!(told.starts_with("Role { to: Clinician, by: \"admin@clinic.example\" }"), "{told}");
    admin.post("/console/users/1", &[("do", "role"), ("role", "clinician")]).await.is(303);
    assert_eq!(clinic.link_mailed_to(VIEWER).await, None, "the role is what it was");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_that_works_once() {
    let clinic = Clinic::new().await;
    let mut signed_in = clinic.signed_in("viewer").await;
    let mut browser = clinic.browser();
    browser.get("/console/sign-in").await.says("I have forgotten my password");
    browser.get("/console/reset").await.is(200);
    ask(&mut browser, "Viewer@clinic.example").await.is(200).says("If there is an account");
    signed_in.get("/console").await.says("Nobody here needs a look.");
    let path = clinic.link_mailed_to(VIEWER).await.unwrap();
    assert!(
        path.starts_with("/console/password/") && path.len() == "/console/password/".len() + 43,
        "{path}"
    );
    for _ in 0..2 {
        browser.get(&path).await.is(200).says("Choose a new password").says(VIEWER);
    }
    browser.post_bare(&path, &form(NEW, "else")).await.is(422).says("differ");
    browser.post_bare(&path, &form("short", "short")).await.is(422).says("at least 15");
    browser.post_bare(&path, &form(NEW, NEW)).await.is(200).says("Your password is changed");
    assert_eq!(browser.cookie, None, "the new password is asked for");
    browser.get(&path).await.is(404).says("does not work any more");
    browser.post_bare(&path, &form(PASSWORD, PASSWORD)).await.is(404);
    signed_in.get("/console").await.says("Sign in").lacks("Nobody here needs a look.");
    browser.sign_in(VIEWER, PASSWORD).await.is(422);
    browser.sign_in(VIEWER, NEW).await.is(303);
    let audit = clinic.audit().await;
    for (actor, action, subject) in [
        ("reset page", "reset-link", "user 1"),
        ("user 1", "reset-used", "user 1"),
        ("user 1", "sign-in", "user 1"),
    ] {
        let noted = audit
            .iter()
            .any(|line| (&*line.actor, &*line.action, &*line.subject) == (actor, action, subject));
        assert!(noted, "{action} in {audit:?}");
    }
}

#[tokio::test]
async fn the_answer_and_its_time_say_nothing_of_accounts() {
    let clinic = Clinic::new().await;
    let mut answers = Vec::new();
    for email in [VIEWER, "nobody@clinic.example", "no address", "", "unwritable@clinic.example"] {
        let began = Instant::now();
        let answer = ask(&mut clinic.browser(), email).await;
        // Either way is done long before, and is waited for.
        assert!(began.elapsed() >= Duration::from_millis(400), "{email}");
        answers.push((answer.status, answer.headers, answer.html));
    }
    for answer in &answers[1..] {
        assert_eq!(*answer, answers[0]);
    }
    assert!(clinic.link_mailed_to(VIEWER).await.is_some());
    assert!(!answers[0].2.contains("clinic.example"), "the address is not said again");
}

#[tokio::test]
async fn a_link_ends_with_its_hour_a_newer_password_and_access() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.browser();
    ask(&mut browser, VIEWER).await;
    let path = clinic.link_mailed_to(VIEWER).await.unwrap();
    clinic.pass(TimeDelta::minutes(59));
    browser.get(&path).await.is(200);
    clinic.pass(TimeDelta::minutes(1));
    browser.get(&path).await.is(404);
    browser.post_bare(&path, &form(NEW, NEW)).await.is(404);

    ask(&mut browser, VIEWER).await;
    let path = clinic.link_mailed_to(VIEWER).await.unwrap();
    let mut viewer = clinic.signed_in("viewer").await;
    let change = [("do", "password"), ("old", PASSWORD), ("password", NEW), ("again", NEW)];
    viewer.post("/console/account", &change).await.is(200);
    assert!(clinic.link_mailed_to(VIEWER).await.unwrap().starts_with("Password(SignedIn)"));
    browser.get(&path).await.is(404);

    ask(&mut browser, VIEWER).await;
    let path = clinic.link_mailed_to(VIEWER).await.unwrap();
    let mut admin = clinic.signed_in("admin").await;
    admin.post("/console/users/1", &[("do", "deactivate"), ("surely", "yes")]).await.is(303);
    browser.get(&path).await.is(404);
    ask(&mut browser, VIEWER).await.is(200).says("If there is an account");
    assert_eq!(clinic.link_mailed_to(VIEWER).await, None, "nothing for whoever was let go");
}

#[tokio::test]
async fn asking_too_often_sends_no_more_and_says_no_more() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.browser();
    for count in 1..=4 {
        ask(&mut browser, VIEWER).await.is(200).says("If there is an account");
        assert_eq!(clinic.link_mailed_to(VIEWER).await.is_some(), count <= 3, "time {count}");
    }
    clinic.pass(TimeDelta::minutes(15));
    ask(&mut browser, VIEWER).await.is(200);
    assert!(clinic.link_mailed_to(VIEWER).await.is_some());
}

#[tokio::test]
async fn a_new_password_lets_in_whom_guesses_had_shut_out() {
    let clinic = Clinic::new().await;
    let mut browser = clinic.browser();
    for _ in 0..11 {
        browser.sign_in(VIEWER, "no").await;
    }
    browser.sign_in(VIEWER, PASSWORD).await.is(429);
    ask(&mut browser, VIEWER).await;
    let path = clinic.link_mailed_to(VIEWER).await.unwrap();
    browser.post_bare(&path, &form(NEW, NEW)).await.is(200);
    browser.sign_in(VIEWER, NEW).await.is(303);
}

#[tokio::test]
async fn nobody_reads_a_link_out_of_the_outbox() {
    let clinic = Clinic::new().await;
    ask(&mut clinic.browser(), "admin@clinic.example").await;
    let key = clinic.store.messages(None, None, 1).await.unwrap().rows[0].key;
    for name in ["viewer", "clinician", "admin"] {
        let mut browser = clinic.signed_in(name).await;
        browser.get(&format!("/console/messages/{}", key.0)).await.is(404).lacks("/console/password/");
        browser
            .get("/console/operations")
            .await
            .is(200)
            .lacks("/console/password/")
            .lacks("admin@clinic.example sent");
    }
    clinic.link_mailed_to("admin@clinic.example").await.unwrap();
    assert!(
        clinic.store.message(key).await.unwrap().mail.unwrap().bytes.is_empty(),
        "forgotten once it left"
    );
}

#[tokio::test]
async fn an_invitation_makes_an_account_and_can_be_sent_again() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    let invite = |email: &'static str, role: &'static str| [("email", email), ("role", role)];
    for (email, role, words) in [
        ("no address", "viewer", "no email address"),
        ("eve@clinic.example", "owner", "choose what they may do"),
        ("VIEWER@clinic.example", "viewer", "already"),
        ("unwritable@clinic.example", "viewer", "No mail can be written"),
    ] {
        admin.post("/console/users", &invite(email, role)).await.is(422).says(words);
    }
    let answer = admin.post("/console/users", &invite("bob@clinic.example", "clinician")).await;
    let page = answer.is(303).header("location").to_owned();
    admin.get(&page).await.says("The invitation is on its way.").says("invited");
    let first = clinic.link_mailed_to("bob@clinic.example").await.unwrap();
    let mut browser = clinic.browser();
    for password in ["", PASSWORD] {
        browser.sign_in("bob@clinic.example", password).await.is(422);
    }
    clinic.pass(TimeDelta::minutes(20));
    admin.post(page.split('?').next().unwrap(), &[("do", "invite")]).await.is(303);
    let second = clinic.link_mailed_to("bob@clinic.example").await.unwrap();
    browser.get(&first).await.is(404);
    browser.get(&second).await.is(200).says("Welcome");
    browser.post_bare(&second, &form(NEW, NEW)).await.is(200).says("Your password is set");
    browser.sign_in("bob@clinic.example", NEW).await.is(303);
    browser.get("/console/account").await.says("clinician");
    admin.post(page.split('?').next().unwrap(), &[("do", "invite")]).await.is(422);
}
