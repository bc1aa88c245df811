//! What stands around every page: headers on every response whatever its status, limits on how much and how
//! long, and a page of its own for a failure of ours.
//!
//! Requests are not checked for where they come from: the token in the address is the only authority, and a
//! foreign site does not know it. No token is logged: an entry names the kind of page and the patient's id.

use std::{
    any::Any,
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use tokio::{sync::Semaphore, time::timeout};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{shut, site::Shared, text};

/// Requests worked on at a time: far more than the store needs to be busy, few enough to stay in memory.
const AT_A_TIME: usize = 256;

/// Seconds one request may take: longer than any commit, shorter than a person's patience with a phone.
const LONGEST: Duration = Duration::from_secs(20);

/// The hash of the style written into a page, for its policy.
#[derive(Clone)]
pub(crate) struct InlineStyle(pub String);

#[derive(Clone)]
struct Limits {
    site: Shared,
    at_a_time: Arc<Semaphore>,
}

/// Wraps the routes; the headers are outermost, so that refusals and failures carry them too.
pub(crate) fn around(router: Router, site: Shared) -> Router {
    let limits = Limits { site: site.clone(), at_a_time: Arc::new(Semaphore::new(AT_A_TIME)) };
    let for_failures = site.clone();
    let failure = move |_: Box<dyn Any + Send>| {
        tracing::error!("a runner's page failed; this is a bug");
        shut::page(&for_failures, StatusCode::INTERNAL_SERVER_ERROR, text::FAILED_TITLE, &[text::FAILED])
    };
    router
        .layer(CatchPanicLayer::custom(failure))
        .layer(from_fn_with_state(limits, within_limits))
        .layer(from_fn_with_state(site, with_headers))
}

async fn within_limits(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let Ok(_place) = limits.at_a_time.try_acquire() else {
        return shut::busy(&limits.site, &[text::NOT_STORED]);
    };
    match timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        // Recording goes on by itself and may have succeeded, so this page claims neither.
        Err(_) => shut::busy(&limits.site, &[text::MAYBE_STORED]),
    }
}

async fn with_headers(State(site): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let style = response.extensions_mut().remove::<InlineStyle>();
    add_headers(response.headers_mut(), style.as_ref(), site.secure_cookies);
    response
}

/// From where a page may load what: nothing but our own style sheet, and the style written into it.
fn policy(style: Option<&InlineStyle>) -> Option<HeaderValue> {
    const REST: &str = "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    static WITHOUT_INLINE: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
        HeaderValue::from_str(&format!("default-src 'none'; style-src 'self'; {REST}")).ok()
    });
    match style {
        None => WITHOUT_INLINE.clone(),
        Some(InlineStyle(hash)) => {
            let policy = format!("default-src 'none'; style-src 'self' 'sha256-{hash}'; {REST}");
            HeaderValue::from_str(&policy).ok()
        }
    }
}

/// The headers of every response; `is_https`: browsers reach us over https only.
pub(crate) fn add_headers(headers: &mut HeaderMap, style: Option<&InlineStyle>, is_https: bool) {
    headers.reserve(12);
    if let Some(policy) = policy(style) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_https {
        // One year: RFC 6797 leaves the age to us; browsers' preload lists ask for at least this.
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
