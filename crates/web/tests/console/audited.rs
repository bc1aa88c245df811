//! Whatever changes something, and whatever shows a chart, writes a line into the audit log that says who and from where.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

use afterrun_rules::book::TellClinic;
use afterrun_store::{ORIGINS_KEPT, Try};
use afterrun_web::{ComparisonState, file_hash, token_hash};
use axum::{extract::ConnectInfo, http::Request};
use chrono::TimeDelta;

use crate::clinic::{Browser, Clinic, PASSWORD};

const RUNNER: &str = "/console/patients/p-17";
const FILE: &str = "red-flags.ron";
const TEXT: &str = "RedFlags(\n    flags: [],\n)\n";
const NEW: &str = "six seven eight nine ten";
const PROXY: &str = "10.89.0.7:4711";

/// A form: who sends it, where to, what is in it, and the action that has to be in the log then.
type Case = (&'static str, &'static str, Vec<(&'static str, String)>, &'static str);

/// Every route that takes a form, in an order in which each works. The first entry names it as the router does.
fn cases() -> Vec<(&'static str, Case)> {
    let fields = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    let runner = |what: &str, rest: &[(&'static str, &str)], action| {
        let mut all = fields(&[("do", what)]);
        all.extend(fields(rest));
        ("/console/patients/{id}", ("clinician", RUNNER, all, action))
    };
    let edit = |what: &str| {
        fields(&[
            ("file", FILE),
            ("text", "RedFlags()"),
            ("opened", &file_hash(TEXT.as_bytes())),
            ("reason", "why"),
            ("do", what),
        ])
    };
    let user = |what: &str, rest: &[(&'static str, &str)], action| {
        let mut all = fields(&[("do", what)]);
        all.extend(fields(rest));
        ("/console/users/{key}", ("admin", "/console/users/1", all, action))
    };
    let account = |what: &str, rest: &[(&'static str, &str)], action| {
        let mut all = fields(&[("do", what)]);
        all.extend(fields(rest));
        ("/console/account", ("clinician", "/console/account", all, action))
    };
    let operate = |what: &str, action| {
        let all = fields(&[("do", what), ("why", "a reason")]);
        ("/console/operations", ("admin", "/console/operations", all, action))
    };
    let answer = fields(&[("q.feeling", "fine"), ("none", "1")]);
    vec![
        ("/console/looked", ("viewer", "/console/looked", Vec::new(), "work-looked")),
        runner("take", &[], "work-take"),
        runner("hand-back", &[], "work-hand-back"),
        runner("contact", &[("how", "spoke")], "work-contact"),
        runner("snooze", &[("until", "2026-04-02"), ("why", "away")], "work-snooze"),
        runner("note", &[("words", "a note")], "work-note"),
        runner("resolve", &[("how", "advised")], "work-resolve"),
        runner("open-again", &[], "work-open-again"),
        runner("pause", &[("until", "2026-04-02")], "pause"),
        runner("resume", &[], "resume"),
        runner("time-zone", &[("zone", "Europe/Berlin")], "time-zone"),
        runner("address", &[("email", "new@runner.example")], "patient-address"),
        (
            "/console/patients/{id}/answer",
            ("clinician", "/console/patients/p-17/answer", answer, "telephone"),
        ),
        (
            "/console/patients/{id}/export",
            ("clinician", "/console/patients/p-17/export", Vec::new(), "patient-export"),
        ),
        runner("stop", &[("surely", "yes")], "stop"),
        (
            "/console/rules/compare",
            ("clinician", "/console/rules/compare", fields(&[("do", "folder")]), "rules-compare"),
        ),
        (
            "/console/rules/compare/{id}",
            ("clinician", "/console/rules/compare/c1", fields(&[("do", "cancel")]), "rules-compare-cancel"),
        ),
        ("/console/rules/edit", ("clinician", "/console/rules/edit", edit("save"), "rules-edit")),
        operate("hold", "hold"),
        operate("release", "release"),
        operate("try-now", "mail-try-now"),
        (
            "/console/users",
            (
                "admin",
                "/console/users",
                fields(&[("email", "new@clinic.example"), ("role", "viewer")]),
                "invitation-link",
            ),
        ),
        user("role", &[("role", "clinician")], "user-role-clinician"),
        user("reset", &[], "reset-link"),
        user("sessions", &[], "user-end-sessions"),
        user("deactivate", &[("surely", "yes")], "user-deactivate"),
        user("activate", &[], "user-activate"),
        account("names", &[("names", "initials")], "user-names-initials"),
        account("password", &[("old", PASSWORD), ("password", NEW), ("again", NEW)], "password-change"),
    ]
}

/// Routes that take a form and are tested elsewhere, or change nothing.
const OTHERS: [&str; 6] = [
    "/console/sign-in",          // `signing_in`
    "/console/sign-out",         // below
    "/console/set-up/{token}",   // below
    "/console/reset",            // below
    "/console/password/{token}", // below
    "/console/rules/edit/draft", // looks, and keeps nothing
];

fn from_afar(browser: &Browser, address: &str) -> Browser {
    let peer: SocketAddr = PROXY.parse().unwrap();
    let forwarded = address.to_owned();
    let name = move |mut request: Request<axum::body::Body>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        request
    };
    let router = browser.router.clone().layer(axum::middleware::map_request(move |request| {
        let request = name(request);
        async move { request }
    }));
    Browser { router, cookie: browser.cookie.clone(), origin: browser.origin.clone() }
}

async fn clinic() -> Arc<Clinic> {
    let clinic = Clinic::new().await;
    clinic.rules.holds(&[(FILE, TEXT)]);
    clinic.raise("pain", TellClinic::Today, "stage-reached").await;
    clinic
}

#[tokio::test]
async fn whatever_changes_something_is_in_the_log_with_who_and_from_where() {
    let clinic = clinic().await;
    for (number, (route, (who, path, fields, action))) in cases().into_iter().enumerate() {
        let address = format!("203.0.113.{}", number + 1);
        let mut browser = from_afar(&clinic.signed_in(who).await, &address);
        if action == "rules-compare-cancel" {
            let running = ComparisonState::Running { done: 3, total: 8 };
            *clinic.rules.comparison.lock().unwrap() = Some(crate::rules_pages::seen(running));
        }
        let before = clinic.audit().await[0].id;
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = browser.post(path, &fields).await;
        assert!(answer.status.as_u16() < 400, "{route}, {action}: {}\n{}", answer.status, answer.html);
        let lines = clinic.audit().await.into_iter().filter(|line| line.id > before);
        let line = lines.into_iter().find(|line| line.action == action);
        let line = line.unwrap_or_else(|| panic!("{route} wrote no `{action}`"));
        let key = ["viewer", "clinician", "admin"].iter().position(|name| *name == who).unwrap() + 1;
        assert_eq!(line.actor, format!("user {key}"), "{route}, {action}");
        assert_eq!(line.origin, Some(address), "{route}, {action}");
        clinic.pass(TimeDelta::minutes(6));
    }
}

#[test]
fn no_route_that_takes_a_form_is_left_out() {
    let router = include_str!("../../src/console/mod.rs");
    let posts = router.split(".route(").skip(1).filter(|route| route.contains("post("));
    let known: BTreeSet<&str> = cases().iter().map(|(route, _)| *route).chain(OTHERS).collect();
    let named = |route: &'static str| route.split('"').nth(1).unwrap();
    let routes: BTreeSet<&str> = posts.map(named).collect();
    // An archive begins a comparison by the same function as the folder does.
    let missing: Vec<_> =
        routes.difference(&known).filter(|route| **route != "/console/rules/compare/upload").collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(known.is_subset(&routes), "{:?}", known.difference(&routes));
}

#[tokio::test]
async fn whoever_is_not_signed_in_leaves_a_line_with_an_origin_too() {
    let clinic = clinic().await;
    let mut browser = from_afar(&clinic.browser(), "203.0.113.1, 2001:db8:1:2:3::4");
    browser.sign_in("viewer@clinic.example", "no").await.is(422);
    browser.sign_in("viewer@clinic.example", PASSWORD).await.is(303);
    browser.post("/console/sign-out", &[]).await.is(303);
    browser.post_bare("/console/reset", &[("email", "viewer@clinic.example")]).await.is(200);
    browser.post_bare("/console/reset", &[("email", "nobody@clinic.example")]).await.is(200);
    let path = clinic.link_mailed_to("viewer@clinic.example").await.unwrap();
    browser.post_bare(&path, &[("password", NEW), ("again", NEW)]).await.is(200);
    let lines = clinic.audit().await;
    let mut actions: Vec<_> = lines.iter().map(|line| &*line.action).collect();
    actions.reverse();
    assert_eq!(
        actions,
        ["sign-in-refused", "sign-in", "sign-out", "reset-link", "reset-unknown", "reset-used"]
    );
    assert!(lines.iter().all(|line| line.origin.as_deref() == Some("2001:db8:1:2")), "{lines:?}");
    let mut admin = clinic.signed_in("admin").await;
    admin.get("/console/audit").await.is(200).says("2001:db8:1:2");
    clinic.pass(ORIGINS_KEPT + TimeDelta::days(1));
    let mut admin = from_afar(&clinic.signed_in("admin").await, "203.0.113.5");
    admin.get("/console/audit").await.is(200).lacks("2001:db8:1:2").says("chose a new password by link");
}

#[tokio::test]
async fn the_first_user_leaves_a_line_with_an_origin() {
    let clinic = Clinic::without_users("https://clinic.example").await;
    let (setting, value, path) = clinic.set_up_token();
    clinic.store.set_setting(setting, Some(&value)).await.unwrap();
    let mut browser = from_afar(&clinic.browser(), "203.0.113.1");
    let form = [("email", "ann@clinic.example"), ("password", PASSWORD), ("again", PASSWORD)];
    browser.post_bare(&path, &form).await.is(303);
    let lines = clinic.audit().await;
    let known: Vec<_> = lines.iter().map(|line| (&*line.action, line.origin.as_deref())).collect();
    assert_eq!(known, [("sign-in", Some("203.0.113.1")), ("user-add", Some("203.0.113.1"))]);
}

#[tokio::test]
async fn every_look_into_a_chart_is_in_the_log_before_it_is_shown() {
    let clinic = clinic().await;
    let mut browser = from_afar(&clinic.signed_in("clinician").await, "203.0.113.9");
    let message = clinic.message_to_the_runner().await;
    let looks = [
        (RUNNER.to_owned(), "chart-view"),
        (format!("{RUNNER}?messages=3"), "chart-view"),
        (format!("{RUNNER}/answer"), "chart-view"),
        (format!("/console/messages/{message}"), "message-view"),
    ];
    for (path, action) in looks {
        let before = clinic.audit().await[0].id;
        browser.get(&path).await.is(200);
        let line = clinic.audit().await.into_iter().next().unwrap();
        assert!(line.id > before, "{path}");
        let found = (&*line.action, &*line.subject, line.origin.as_deref());
        assert_eq!(found, (action, "p-17", Some("203.0.113.9")), "{path}");
    }
}

#[tokio::test]
async fn a_list_that_a_person_opens_is_one_line_and_a_poll_is_none() {
    let clinic = clinic().await;
    let mut browser = from_afar(&clinic.signed_in("viewer").await, "203.0.113.9");
    for (path, action) in [
        ("/console", "work-list-view"),
        ("/console?show=mine", "work-list-view"),
        ("/console/patients", "patient-list-view"),
        ("/console/patients?email=sam@runner.example", "patient-list-view"),
    ] {
        let before = clinic.audit().await[0].id;
        browser.get(path).await.is(200);
        let lines: Vec<_> = clinic.audit().await.into_iter().filter(|line| line.id > before).collect();
        let [line] = &lines[..] else { panic!("{path}: {lines:?}") };
        assert_eq!((&*line.action, &*line.actor), (action, "user 1"), "{path}");
        assert_eq!(line.origin.as_deref(), Some("203.0.113.9"), "{path}");
    }
    let before = clinic.audit().await[0].id;
    let poll = Request::get("/console").header("x-afterrun-live", "something else");
    browser.send(poll, String::new()).await.is(200).says("because of pain");
    assert_eq!(clinic.audit().await[0].id, before, "nobody opened anything");
    let mut admin = clinic.signed_in("admin").await;
    admin.get("/console/audit").await.says("saw the work-list").says("saw the list of runners");
}

#[tokio::test]
async fn whoever_is_turned_away_for_asking_too_much_leaves_a_line() {
    let clinic = clinic().await;
    let mut browser = from_afar(&clinic.browser(), "203.0.113.1");
    let now = *clinic.now.lock().unwrap();
    for _ in 0..20 {
        let tries = [Try { key: token_hash("reset from 203.0.113.1"), at_most: 20 }];
        assert_eq!(clinic.store.count_tries(&tries, TimeDelta::minutes(15), now).await.unwrap(), None);
    }
    let before = clinic.audit().await.first().map_or(0, |line| line.id);
    browser.post_bare("/console/reset", &[("email", "viewer@clinic.example")]).await.is(429);
    let line = clinic.audit().await.into_iter().next().unwrap();
    assert!(line.id > before);
    let found = (&*line.action, &*line.subject, line.origin.as_deref());
    assert_eq!(found, ("reset-limited", "", Some("203.0.113.1")));
}
