//! What happens when two do the same at the same time, or one thing while another is under way.

use std::sync::Arc;

use crate::clinic::{Answer, Browser, Clinic, PASSWORD};

const VIEWER: &str = "viewer@clinic.example";
const NEW: &str = "six seven eight nine ten";

/// The same form from several browsers at once; what each is answered.
async fn all_at_once(
    browsers: Vec<Browser>,
    path: &str,
    fields: &[(&'static str, &'static str)],
) -> Vec<Answer> {
    let sent = browsers.into_iter().map(|mut browser| {
        let (path, fields) = (path.to_owned(), fields.to_vec());
        tokio::spawn(async move { browser.post_bare(&path, &fields).await })
    });
    let sent: Vec<_> = sent.collect();
    let mut answers = Vec::new();
    for one in sent {
        answers.push(one.await.unwrap());
    }
    answers
}

fn of_status(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status.as_u16() == status).count()
}

fn browsers(clinic: &Arc<Clinic>) -> Vec<Browser> {
    (0..4).map(|_| clinic.browser()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_link_works_for_one_of_those_who_use_it_at_once() {
    let clinic = Clinic::new().await;
    clinic.browser().post_bare("/console/reset", &[("email", VIEWER)]).await.is(200);
    let path = clinic.link_mailed_to(VIEWER).await.unwrap();
    let answers = all_at_once(browsers(&clinic), &path, &[("password", NEW), ("again", NEW)]).await;
    assert_eq!((of_status(&answers, 200), of_status(&answers, 404)), (1, 3));
    assert!(clinic.link_mailed_to(VIEWER).await.unwrap().starts_with("Password(Link)"), "told once");
    let audit = clinic.audit().await;
    assert_eq!(audit.iter().filter(|line| line.action == "reset-used").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_up_link_makes_one_first_user() {
    let clinic = Clinic::without_users("https://clinic.example").await;
    let (setting, value, path) = clinic.set_up_token();
    clinic.store.set_setting(setting, Some(&value)).await.unwrap();
    let emails = ["a@clinic.example", "b@clinic.example", "c@clinic.example"];
    let sent: Vec<_> = emails
        .into_iter()
        .map(|email| {
            let (mut browser, path) = (clinic.browser(), path.clone());
            let form = [("email", email), ("password", PASSWORD), ("again", PASSWORD)];
            tokio::spawn(async move { browser.post_bare(&path, &form).await })
        })
        .collect();
    let mut answers = Vec::new();
    for one in sent {
        answers.push(one.await.unwrap());
    }
    assert_eq!((of_status(&answers, 303), of_status(&answers, 404)), (1, 2));
    assert_eq!(clinic.store.users(None, 10).await.unwrap().rows.len(), 1);
    assert_eq!(answers.iter().filter(|answer| !answer.header("set-cookie").is_empty()).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_sign_in_at_once_with_one_cookie_get_one_each_and_the_old_one_ends() {
    let clinic = Clinic::new().await;
    let before = clinic.signed_in("viewer").await;
    let answers = all_at_once(
        vec![before.clone(), before.clone()],
        "/console/sign-in",
        &[("email", VIEWER), ("password", PASSWORD)],
    )
    .await;
    let cookies: Vec<_> = answers.iter().map(|answer| answer.header("set-cookie").to_owned()).collect();
    assert_eq!(of_status(&answers, 303), 2);
    assert_ne!(cookies[0], cookies[1]);
    for cookie in cookies {
        let mut browser = before.clone();
        browser.cookie = cookie.split(';').next().map(str::to_owned);
        assert_ne!(browser.cookie, before.cookie);
        browser.get("/console").await.says("Nobody here needs a look.");
    }
    let mut old = before;
    old.get("/console").await.lacks("Nobody here needs a look.");
}

/// While somebody is let in by the old password, it is changed: whenever that happens on the way, nobody is in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_slips_in_while_the_password_is_changed() {
    let clinic = Clinic::new().await;
    let user = clinic.store.user_by_email(VIEWER).await.unwrap().unwrap();
    let mut looks = 0;
    loop {
        let (store, hash, now) =
            (clinic.store.clone(), user.password_hash.clone(), *clinic.now.lock().unwrap());
        store.set_password(user.key, None, &hash, "test", None, now).await.unwrap();
        // The clock is looked at again and again on the way; at one of these looks the password is changed.
        let change = move || {
            let changed = async { store.set_password(user.key, None, "$new", "test", None, now).await };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(changed)).unwrap();
        };
        *clinic.at_look.lock().unwrap() = Some((looks, Box::new(change)));
        let mut browser = clinic.browser();
        let answer = browser.sign_in(VIEWER, PASSWORD).await;
        if clinic.at_look.lock().unwrap().take().is_some() {
            answer.is(303);
            break;
        }
        answer.is(422).says("do not belong together");
        browser.get("/console").await.lacks("Nobody here needs a look.");
        looks += 1;
    }
    assert!(looks >= 3, "{looks}: one look of these comes after the password was checked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_change_the_password_at_once_one_does() {
    let clinic = Clinic::new().await;
    let (mut thief, mut owner) = (clinic.signed_in("viewer").await, clinic.signed_in("viewer").await);
    let (token_one, token_two) = (thief.form_token().await, owner.form_token().await);
    let change = |token: String, new: &'static str, mut browser: Browser| {
        tokio::spawn(async move {
            let form = [
                ("token", &*token),
                ("do", "password"),
                ("old", PASSWORD),
                ("password", new),
                ("again", new),
            ];
            browser.post_bare("/console/account", &form).await
        })
    };
    let one = change(token_one, NEW, thief.clone());
    let two = change(token_two, "eleven twelve thirteen", owner.clone());
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let changed =
        [&one, &two].into_iter().filter(|answer| answer.html.contains("Your password is changed")).count();
    assert_eq!(changed, 1, "{}\n{}", one.html, two.html);
    assert_eq!(clinic.audit().await.iter().filter(|line| line.action == "password-change").count(), 1);
    for browser in [&mut thief, &mut owner] {
        browser.get("/console").await.lacks("Nobody here needs a look.");
    }
}

#[tokio::test]
async fn the_cookie_of_somebody_let_go_stays_dead_when_access_is_given_back() {
    let clinic = Clinic::new().await;
    let (mut viewer, mut admin) = (clinic.signed_in("viewer").await, clinic.signed_in("admin").await);
    let cookie = viewer.cookie.clone();
    admin.post("/console/users/1", &[("do", "deactivate"), ("surely", "yes")]).await.is(303);
    viewer.get("/console").await.lacks("Nobody here needs a look.");
    viewer.sign_in(VIEWER, PASSWORD).await.is(422);
    admin.post("/console/users/1", &[("do", "activate")]).await.is(303);
    viewer.cookie = cookie;
    viewer.get("/console").await.lacks("Nobody here needs a look.");
    viewer.sign_in(VIEWER, PASSWORD).await.is(303);
    viewer.get("/console").await.says("Nobody here needs a look.");
}
