//! What stands around every page of the console: headers, limits, a page for a failure of ours, and the check
//! that a form was sent by one of our own pages.

use std::{any::Any, sync::Arc, time::Duration};

use afterrun_store::from_origin;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use tokio::{sync::Semaphore, time::timeout};
use tower_http::catch_panic::CatchPanicLayer;

use super::{Room, Shared, frame, proxies, rules_policy};
use crate::guard::{InlineStyle, add_headers};

/// Requests worked on at a time: a clinic has tens of users, not hundreds.
const AT_A_TIME: usize = 64;

/// Longest a request may take.
const LONGEST: Duration = Duration::from_secs(20);

/// Nothing from elsewhere and nothing written into a page; the one script is `live.js`, and it asks us only.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Wraps the routes; the headers are outermost.
pub(super) fn around(router: Router, room: Shared) -> Router {
    let for_failures = room.clone();
    let failure = move |_: Box<dyn Any + Send>| {
        tracing::error!("a page of the console failed; this is a bug");
        frame::failed(&for_failures)
    };
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let limits = move |State(room): State<Shared>, request: Request, next: Next| {
        let places = places.clone();
        async move {
            let Ok(_place) = places.try_acquire() else { return frame::busy(&room) };
            timeout(LONGEST, next.run(request)).await.unwrap_or_else(|_| frame::busy(&room))
        }
    };
    router
        .layer(CatchPanicLayer::custom(failure))
        .layer(from_fn_with_state(room.clone(), with_origin))
        .layer(from_fn_with_state(room.clone(), limits))
        .layer(from_fn_with_state(room.clone(), from_here_only))
        .layer(from_fn_with_state(room, with_headers))
}

/// Every line of the audit log that is written on the way says where the request came from.
async fn with_origin(State(room): State<Shared>, request: Request, next: Next) -> Response {
    let origin = proxies::origin(&room.proxies, request.extensions(), request.headers());
    from_origin(&origin, next.run(request)).await
}

async fn from_here_only(State(room): State<Shared>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && !is_from_here(&room, request.headers()) {
        tracing::warn!("a form of the console was sent from elsewhere, and refused");
        return frame::forged(&room);
    }
    next.run(request).await
}

/// Whether a browser says that the form comes from our own pages. One that says nothing is refused: every
/// browser since 2020 names the origin of a POST.
fn is_from_here(room: &Room, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site_is_ours = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let Some(origin) = text("origin") else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let base = room.base_url.split_once("://").map(|(_, rest)| rest);
    let ours = base.and_then(|rest| rest.split('/').next());
    let is_ours = authority.is_some() && (authority == text("host") || authority == ours);
    site_is_ours && is_ours
}

async fn with_headers(State(room): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let style = response.extensions_mut().remove::<InlineStyle>();
    add_headers(response.headers_mut(), style.as_ref(), room.is_https());
    let policy = style.and_then(|InlineStyle(hash)| {
        HeaderValue::try_from(
            POLICY.replace("style-src 'self'", &format!("style-src 'self' 'sha256-{hash}'")),
        )
        .ok()
    });
    let policy = policy.unwrap_or(HeaderValue::from_static(POLICY));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    // `no-referrer` would make browsers hide the origin of our own forms.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    rules_policy::apply(&mut response);
    response
}
