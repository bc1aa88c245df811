//! Common attacks, tried at every address the console has. The addresses are read from the router's own source, so
//! that a new one cannot be forgotten: without a line in [`ROUTES`] a test fails.

use std::collections::BTreeSet;

use axum::http::{Method, Request, header, request::Builder};

use crate::clinic::{Answer, Browser, Clinic};

const ROUTER: &str = include_str!("../../src/console/mod.rs");
const ORIGIN: &str = "https://clinic.example";

/// Who may use an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Who {
    Anyone,
    Viewer,
    Clinician,
    Admin,
}

use Who::{Admin, Anyone, Clinician, Viewer};

/// An address as the router has it, one of its kind, and who may GET and POST there.
struct Route {
    pattern: &'static str,
    example: &'static str,
    get: Option<Who>,
    post: Option<Who>,
}

const fn route(pattern: &'static str, example: &'static str, get: Option<Who>, post: Option<Who>) -> Route {
    Route { pattern, example, get, post }
}

const ROUTES: &[Route] = &[
    route("/console", "/console", Some(Viewer), None),
    route("/console/looked", "/console/looked", None, Some(Viewer)),
    route("/console/sign-in", "/console/sign-in", Some(Anyone), Some(Anyone)),
    route("/console/sign-out", "/console/sign-out", None, Some(Viewer)),
    route("/console/set-up/{token}", "/console/set-up/guessed", Some(Anyone), Some(Anyone)),
    route("/console/reset", "/console/reset", Some(Anyone), Some(Anyone)),
    route("/console/password/{token}", "/console/password/guessed", Some(Anyone), Some(Anyone)),
    route("/console/account", "/console/account", Some(Viewer), Some(Viewer)),
    route("/console/patients", "/console/patients", Some(Viewer), None),
    route("/console/patients/{id}", "/console/patients/p-17", Some(Viewer), Some(Clinician)),
    route("/console/messages/{key}", "/console/messages/1", Some(Viewer), None),
    route("/console/rules", "/console/rules", Some(Viewer), None),
    route("/console/operations", "/console/operations", Some(Viewer), Some(Clinician)),
    route("/console/users", "/console/users", Some(Admin), Some(Admin)),
    route("/console/users/{key}", "/console/users/1", Some(Admin), Some(Admin)),
    route("/console/audit", "/console/audit", Some(Admin), None),
    route("/console/live.js", "/console/live.js", Some(Anyone), None),
    route("/console/style.css", "/console/style.css", Some(Anyone), None),
    route("/console/{*elsewhere}", "/console/else/where", Some(Viewer), None),
];

/// What the router's source says: address, whether it has GET, whether it has POST.
fn of_source() -> BTreeSet<(String, bool, bool)> {
    let routes = ROUTER.split(".route(").skip(1);
    let part = |text: &str| {
        let mut parts = text.splitn(3, '"');
        let pattern = parts.nth(1).unwrap().to_owned();
        let methods = parts.next().unwrap().split(".with_state").next().unwrap();
        (pattern, methods.contains("get("), methods.contains("post("))
    };
    routes.map(part).collect()
}

#[test]
fn every_address_of_the_router_is_tried() {
    let tried =
        ROUTES.iter().map(|route| (route.pattern.to_owned(), route.get.is_some(), route.post.is_some()));
    assert_eq!(tried.collect::<BTreeSet<_>>(), of_source());
    let elsewhere = ["merge(", "nest(", "route_service(", "fallback(", "any(", "put(", "delete(", "patch("];
    for way in elsewhere {
        assert!(!ROUTER.contains(way), "`{way}` adds addresses that this test does not see");
    }
}

/// Whoever asks: nobody, or one of each role.
async fn everybody(clinic: &std::sync::Arc<Clinic>) -> Vec<(Who, Browser)> {
    vec![
        (Anyone, clinic.browser()),
        (Viewer, clinic.signed_in("viewer").await),
        (Clinician, clinic.signed_in("clinician").await),
        (Admin, clinic.signed_in("admin").await),
    ]
}

fn request(method: Method, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "clinic.example")
}

fn post(path: &str) -> Builder {
    request(Method::POST, path)
        .header(header::ORIGIN, ORIGIN)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

/// What must not have happened is seen here: all there is, but for lines about reading and signing in.
async fn state(clinic: &Clinic) -> String {
    let harmless =
        ["view", "sign-in", "sign-in-refused", "sign-in-limited", "reset-unknown", "reset-limited"];
    let audit = clinic.audit().await.into_iter().map(|line| line.action);
    let audit: Vec<_> = audit.filter(|action| !harmless.iter().any(|word| action.ends_with(word))).collect();
    let users = clinic.store.users(None, 100).await.unwrap().rows;
    let machinery = clinic.machinery.lock().unwrap().clone();
    let events = clinic.events.lock().unwrap().clone();
    let messages = clinic.store.messages(None, None, 100).await.unwrap().rows.len();
    format!("{audit:?} {users:?} {machinery:?} {events:?} {messages}")
}

#[track_caller]
fn is_closed(answer: &Answer, is_stranger: bool, what: &str) {
    if is_stranger {
        assert_eq!(answer.status, 200, "{what}");
        answer.says("action=\"/console/sign-in\"").lacks("Rivera").lacks("aria-label=\"Console\"");
    } else {
        assert_eq!(answer.status, 403, "{what}");
        answer.lacks("Rivera").lacks("@clinic.example</a>");
    }
}

#[tokio::test]
async fn pages_open_to_the_roles_they_are_for() {
    let clinic = Clinic::new().await;
    for (who, mut browser) in everybody(&clinic).await {
        for route in ROUTES {
            let what = format!("GET {} as {who:?}", route.example);
            let answer = browser.send(request(Method::GET, route.example), String::new()).await;
            match route.get {
                Some(needed) if who >= needed => {
                    assert_ne!(answer.status, 403, "{what}");
                    assert!(answer.status == 200 || answer.status == 404, "{what}: {}", answer.status);
                }
                Some(_) => is_closed(&answer, who == Anyone, &what),
                None => assert_eq!(answer.status, 405, "{what}"),
            }
            let head = browser.send(request(Method::HEAD, route.example), String::new()).await;
            assert_eq!((head.status, head.html.as_str()), (answer.status, ""), "HEAD {what}");
        }
    }
}

#[tokio::test]
async fn forms_are_taken_from_the_roles_they_are_for() {
    for route in ROUTES.iter().filter(|route| route.post.is_some()) {
        let clinic = Clinic::new().await;
        let before = state(&clinic).await;
        for (who, mut browser) in everybody(&clinic).await {
            let what = format!("POST {} as {who:?}", route.example);
            let token = browser.form_token().await;
            let form = format!("token={token}&do=hold&why=x&words=x&email=x%40x.example&role=admin");
            let answer = browser.send(post(route.example), form).await;
            if route.post.is_some_and(|needed| who >= needed) {
                assert_ne!(answer.status, 403, "{what}");
                assert!(answer.status.as_u16() < 500, "{what}: {}", answer.status);
                break;
            }
            is_closed(&answer, who == Anyone, &what);
            assert_eq!(state(&clinic).await, before, "{what}");
        }
    }
}

#[tokio::test]
async fn forms_from_elsewhere_without_token_or_with_anothers_are_refused_everywhere() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    let mut other = clinic.signed_in("clinician").await;
    let (own, others) = (admin.form_token().await, other.form_token().await);
    let before = state(&clinic).await;
    for route in ROUTES.iter().filter(|route| route.post.is_some()) {
        let form =
            |token: &str| format!("token={token}&do=hold&why=x&email=x%40x.example&role=admin&surely=yes");
        for origin in [
            "null",
            "https://evil.example",
            "https://clinic.example.evil.example",
            "https://evil.example/clinic.example",
            "",
        ] {
            let request = request(Method::POST, route.example).header(header::ORIGIN, origin);
            let answer = admin.send(request, form(&own)).await;
            assert_eq!(answer.status, 403, "{} from `{origin}`", route.example);
        }
        let bare = request(Method::POST, route.example);
        assert_eq!(admin.send(bare, form(&own)).await.status, 403, "{} from nowhere", route.example);
        let cross = post(route.example).header("sec-fetch-site", "cross-site");
        assert_eq!(admin.send(cross, form(&own)).await.status, 403, "{} across sites", route.example);
        if route.post != Some(Anyone) {
            for token in ["", "guessed", &others, &own[1..]] {
                let answer = admin.send(post(route.example), form(token)).await;
                assert_eq!(answer.status, 403, "{} with the token `{token}`", route.example);
            }
        }
    }
    assert_eq!(state(&clinic).await, before);
}

#[tokio::test]
async fn other_methods_and_overrides_do_nothing() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    let token = admin.form_token().await;
    let before = state(&clinic).await;
    let form = format!("token={token}&_method=POST&do=hold&why=x");
    for route in ROUTES {
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
            let request = request(method.clone(), route.example).header(header::ORIGIN, ORIGIN);
            let answer = admin.send(request, form.clone()).await;
            assert_eq!(answer.status, 405, "{method} {}", route.example);
        }
        for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
            let request = request(Method::GET, &format!("{}?{form}", route.example)).header(name, "POST");
            let answer = admin.send(request, form.clone()).await;
            let plain = if route.get.is_some() { [200, 404] } else { [405, 405] };
            assert!(plain.contains(&answer.status.as_u16()), "{name} {}: {}", route.example, answer.status);
        }
    }
    assert_eq!(state(&clinic).await, before);
}

#[tokio::test]
async fn a_cookie_that_is_stale_guessed_or_odd_opens_nothing() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    let live = admin.cookie.clone().unwrap();
    admin.post("/console/sign-out", &[]).await.is(303);
    let token = live.split_once('=').unwrap().1;
    let cookies = [
        live.clone(),
        format!("afterrun={token}"),
        format!("__Secure-afterrun={token}"),
        "__Host-afterrun=".to_owned(),
        "__Host-afterrun=' OR 1=1 --".to_owned(),
        format!("__Host-afterrun={}", "x".repeat(8000)),
        format!("__Host-afterrun=guessed; __Host-afterrun={token}"),
        "=;=;;;__Host-afterrun".to_owned(),
    ];
    for cookie in cookies {
        for route in ROUTES.iter().filter(|route| route.get.is_some_and(|who| who > Anyone)) {
            let mut browser = clinic.browser();
            browser.cookie = Some(cookie.clone());
            let answer = browser.send(request(Method::GET, route.example), String::new()).await;
            is_closed(&answer, true, &format!("{} with `{cookie:.40}`", route.example));
        }
    }
}

#[tokio::test]
async fn malformed_and_oversized_bodies_are_refused_and_change_nothing() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    let token = admin.form_token().await;
    let before = state(&clinic).await;
    let bodies = [
        String::new(),
        format!("token={token}"),
        format!("token={token}&do=%ff%fe%00&why=%00&email=%0d%0aBcc:x&role=%00"),
        format!("token={token}&do"),
        format!("token={token}&{}", "a=b&".repeat(9000)),
        format!("{{\"token\":\"{token}\",\"do\":\"hold\"}}"),
        format!("--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n--x--"),
        "%".repeat(1000),
        "&=&=&".repeat(1000),
        format!("token={token}&why={}", "x".repeat(64 * 1024)),
    ];
    for route in ROUTES.iter().filter(|route| route.post.is_some() && !route.pattern.ends_with("/sign-out")) {
        for (number, body) in bodies.iter().enumerate() {
            for kind in [
                "application/x-www-form-urlencoded",
                "application/json",
                "multipart/form-data; boundary=x",
                "text/plain",
            ] {
                if route.pattern.ends_with("/looked")
                    || (route.pattern.ends_with("/reset") && kind != "text/plain")
                {
                    continue;
                }
                let request = request(Method::POST, route.example).header(header::ORIGIN, ORIGIN);
                let answer = admin.send(request.header(header::CONTENT_TYPE, kind), body.clone()).await;
                let code = answer.status.as_u16();
                let what = format!("{} body {number} as {kind}: {code}", route.example);
                // Asking for a reset gets its one answer whatever it says.
                let answered = route.pattern.ends_with("/reset") && code == 200;
                assert!(answered || (400..500).contains(&code), "{what}");
            }
        }
    }
    assert_eq!(state(&clinic).await, before);
}

#[tokio::test]
async fn nothing_that_is_sent_ends_up_in_headers_or_as_markup() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    let evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let split = "x%0d%0aSet-Cookie:%20evil=1";
    for route in ROUTES.iter().filter(|route| route.get.is_some()) {
        for value in [evil, split] {
            let names = ["email", "after", "show", "next", "done", "user", "about", "messages", "history"];
            let query: Vec<_> = names.iter().map(|name| format!("{name}={value}")).collect();
            let mut paths = vec![format!("{}?{}", route.example, query.join("&"))];
            if route.pattern.contains("{id}")
                || route.pattern.contains("{token}")
                || route.pattern.contains("{key}")
            {
                let (front, _) = route.example.rsplit_once('/').unwrap();
                paths.push(format!("{front}/{value}"));
            }
            for path in paths {
                let answer = admin.send(request(Method::GET, &path), String::new()).await;
                assert!(answer.status.as_u16() < 500, "{path}: {}", answer.status);
                answer.lacks("<script>alert");
                let all: Vec<_> = answer.headers.values().map(|value| value.to_str().unwrap()).collect();
                assert!(!all.iter().any(|value| value.contains("evil")), "{path}: {all:?}");
            }
        }
    }
    for next in
        ["//evil.example", "https://evil.example", "/console/\r\nSet-Cookie: evil=1", "/console/../../evil"]
    {
        let form =
            [("email", "viewer@clinic.example"), ("password", crate::clinic::PASSWORD), ("next", next)];
        let answer = clinic.browser().post_bare("/console/sign-in", &form).await;
        assert_eq!(answer.is(303).header("location"), "/console", "{next}");
    }
}

#[tokio::test]
async fn every_answer_carries_every_header() {
    let clinic = Clinic::new().await;
    for (who, mut browser) in everybody(&clinic).await {
        for route in ROUTES {
            let origin = |builder: Builder| builder.header(header::ORIGIN, ORIGIN);
            for request in [
                request(Method::GET, route.example),
                request(Method::POST, route.example),
                origin(request(Method::DELETE, route.example)),
            ] {
                let answer = browser.send(request, String::new()).await;
                let what = format!("{} as {who:?}: {}", route.example, answer.status);
                let is_file = route.pattern.ends_with(".css") || route.pattern.ends_with(".js");
                let kept = is_file && answer.status == 200;
                for (name, value) in [
                    ("x-content-type-options", "nosniff"),
                    ("referrer-policy", "same-origin"),
                    ("cross-origin-opener-policy", "same-origin"),
                    ("cross-origin-resource-policy", "same-origin"),
                    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
                    ("strict-transport-security", "max-age=31536000"),
                    ("x-robots-tag", "noindex, nofollow"),
                    ("cache-control", if kept { "public, max-age=86400" } else { "no-store" }),
                ] {
                    assert_eq!(answer.header(name), value, "{name} of {what}");
                }
                let policy = answer.header("content-security-policy");
                for part in [
                    "default-src 'none'",
                    "script-src 'self'",
                    "frame-ancestors 'none'",
                    "base-uri 'none'",
                    "form-action 'self'",
                ] {
                    assert!(policy.contains(part), "{part} of {what}");
                }
                assert!(!policy.contains("unsafe"), "{what}");
                assert_eq!((answer.header("server"), answer.header("x-powered-by")), ("", ""), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn cookies_are_for_this_host_this_site_and_no_script() {
    let clinic = Clinic::new().await;
    let form = [("email", "viewer@clinic.example"), ("password", crate::clinic::PASSWORD)];
    let mut browser = clinic.browser();
    let signed_in = browser.post_bare("/console/sign-in", &form).await;
    let signed_out = browser.post("/console/sign-out", &[]).await;
    for answer in [&signed_in, &signed_out] {
        let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
        let [cookie] = cookies[..] else { panic!("one cookie: {cookies:?}") };
        let parts: Vec<_> = cookie.to_str().unwrap().split("; ").collect();
        assert!(parts[0].starts_with("__Host-afterrun="), "{parts:?}");
        for part in ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"] {
            assert!(parts.contains(&part), "{part} in {parts:?}");
        }
        assert!(!parts.iter().any(|part| part.starts_with("Domain")), "{parts:?}");
    }
    let value = signed_in.header("set-cookie").split(';').next().unwrap().len() - "__Host-afterrun=".len();
    assert_eq!(value, 43, "256 bits");
}

#[tokio::test]
async fn ids_next_to_known_ones_lead_nowhere() {
    let clinic = Clinic::new().await;
    let mut admin = clinic.signed_in("admin").await;
    for path in [
        "/console/patients/p-16",
        "/console/patients/P-17",
        "/console/patients/p-17%00",
        "/console/patients/1",
        "/console/users/0",
        "/console/users/4",
        "/console/users/01x",
        "/console/users/9223372036854775808",
        "/console/messages/0",
        "/console/messages/9223372036854775807",
    ] {
        admin.get(path).await.is(404).lacks("Rivera");
    }
}
