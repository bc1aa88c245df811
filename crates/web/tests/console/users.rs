//! Users, changed by an admin; the audit log; how lists name runners.

use afterrun_rules::book::TellClinic;
use chrono::TimeDelta;

use crate::clinic::{Clinic, PASSWORD, start};

#[tokio::test]
async fn an_admin_sees_users_and_changes_what_they_may_do() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    admin.get("/console/users").await.is(200).says("viewer@clinic.example").says("may sign in");
    let mut viewer = clinic.signed_in("viewer").await;
    viewer.get("/console").await.lacks("/console/users\"");
    viewer.post("/console/patients/p-17", &[("do", "note"), ("words", "x")]).await.is(403);
    let answer = admin.post("/console/users/1", &[("do", "role"), ("role", "clinician")]).await;
    admin.get(answer.is(303).header("location")).await.says("The role is changed.");
    viewer.post("/console/patients/p-17", &[("do", "note"), ("words", "x")]).await.is(303);
    admin.post("/console/users/1", &[("do", "role"), ("role", "god")]).await.is(422);
    admin.post("/console/users/1", &[("do", "erase")]).await.is(422).says("buttons");
    for path in ["/console/users/99", "/console/users/nobody", "/console/users/-1"] {
        admin.get(path).await.is(404);
        admin.post(path, &[("do", "sessions")]).await.is(404);
    }
}

#[tokio::test]
async fn whoever_is_let_go_is_out_and_comes_back_with_the_same_password() {
    let clinic = Clinic::new().await;
    let (mut admin, mut viewer) = (clinic.signed_in("admin").await, clinic.signed_in("viewer").await);
    admin.post("/console/users/1", &[("do", "deactivate")]).await.is(422).says("tick the box");
    viewer.get("/console").await.says("Nobody here needs a look.");
    admin.post("/console/users/1", &[("do", "deactivate"), ("surely", "yes")]).await.is(303);
    viewer.get("/console").await.says("Sign in").lacks("Nobody here needs a look.");
    let wrong = clinic.browser().sign_in("nobody@clinic.example", PASSWORD).await;
    let gone = viewer.sign_in("viewer@clinic.example", PASSWORD).await;
    assert_eq!(gone.is(422).html.replace("viewer@", "nobody@"), wrong.html, "as if there were no account");
    admin.get("/console/users/1").await.says("no access").lacks("value=\"deactivate\"");
    admin.post("/console/users/1", &[("do", "activate")]).await.is(303);
    viewer.sign_in("viewer@clinic.example", PASSWORD).await.is(303);
    admin.post("/console/users/1", &[("do", "sessions")]).await.is(303);
    viewer.get("/console").await.says("Sign in").lacks("Nobody here needs a look.");
}

#[tokio::test]
async fn the_last_admin_stays() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    for form in [[("do", "role"), ("role", "viewer")], [("do", "deactivate"), ("surely", "yes")]] {
        admin.post("/console/users/3", &form).await.is(422).says("There must be one more admin");
    }
    admin.get("/console/users").await.is(200);
    admin.post("/console/users/2", &[("do", "role"), ("role", "admin")]).await.is(303);
    admin.post("/console/users/3", &[("do", "role"), ("role", "viewer")]).await.is(303);
    admin.get("/console/users").await.is(403);
}

#[tokio::test]
async fn the_audit_log_is_paged_and_filtered_and_notes_that_it_was_read() {
    let clinic = Clinic::new().await;
    let mut clinician = clinic.signed_in("clinician").await;
    for _ in 0..60 {
        clinic.store.audit(start(), "user 2", "chart-view", "p-17").await.unwrap();
    }
    clinician.get("/console/patients/p-17").await.is(200);
    let mut admin = clinic.signed_in("admin").await;
    let all = admin.get("/console/audit").await;
    all.is(200).says("saw the chart").says("clinician@clinic.example").says("Older");
    let next = all.html.split("class=\"more\"><a href=\"").nth(1).unwrap().split('"').next().unwrap();
    let older = admin.get(&next.replace("&amp;", "&")).await;
    older.is(200).says("signed in").lacks("Older");
    let mine = admin.get("/console/audit?user=3").await;
    mine.says("read the audit log").lacks("saw the chart");
    let about = admin.get("/console/audit?user=3&about=p-17").await;
    about.says("saw the chart").lacks("<td>signed in</td>");
    admin.get("/console/audit?about=nobody").await.is(200).lacks("saw the chart");
    let read = clinic.audit().await.into_iter().filter(|line| line.action == "audit-view");
    let about: Vec<_> = read.map(|line| line.subject).collect();
    assert_eq!(about, ["nobody", "p-17", "user 3", "", ""]);
}

#[tokio::test]
async fn lists_name_runners_as_the_user_wants() {
    let clinic = Clinic::new().await;
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    let (mut one, mut other) = (clinic.signed_in("clinician").await, clinic.signed_in("viewer").await);
    let answer = one.post("/console/account", &[("do", "names"), ("names", "initials")]).await;
    one.get(answer.is(303).header("location")).await.says("Lists are shown this way");
    for path in ["/console", "/console/patients"] {
        one.get(path).await.lacks("Rivera").says("S&lt;");
        other.get(path).await.says("Rivera");
    }
    one.get("/console/patients/p-17").await.says("Rivera");
    one.post("/console/account", &[("do", "names"), ("names", "none")]).await.is(422);
    clinic.pass(TimeDelta::minutes(1));
    one.post("/console/account", &[("do", "names"), ("names", "full")]).await.is(303);
    one.get("/console").await.says("Rivera");
}
