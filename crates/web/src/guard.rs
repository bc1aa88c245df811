//! What stands around every page: headers on every response whatever its status, limits on how much and how
//! long, and a page of its own for a failure of ours.
//!
//! Requests are not checked for where they come from: the token in the address is the only authority, and a
//! foreign site does not know it. No token is logged: an entry names the kind of page and the patient's id.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{Arc, LazyLock},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use tokio::{sync::Semaphore, time::timeout};
use tower::{Service, layer::layer_fn};

use crate::{
    shut,
    site::{Shared, Site},
    text,
};

/// Requests worked on at a time: far more than the store needs to be busy, few enough to stay in memory.
const AT_A_TIME: usize = 256;

/// Seconds one request may take: longer than any commit, shorter than a person's patience with a phone.
const LONGEST: Duration = Duration::from_secs(20);

/// The hash of the style written into a page, for its policy.
#[derive(Clone)]
pub(crate) struct InlineStyle(pub String);

struct Limits {
    site: Shared,
    at_a_time: Semaphore,
}

/// Wraps the routes. The headers are outermost, so that refusals and failures carry them too.
///
/// All of it is one layer: each has a price to every request.
pub(crate) fn around(router: Router, site: Shared) -> Router {
    let limits = Arc::new(Limits { site, at_a_time: Semaphore::new(AT_A_TIME) });
    router.layer(layer_fn(move |inner| Guarded { inner, limits: limits.clone() }))
}

/// A route with everything around it.
#[derive(Clone)]
struct Guarded<S> {
    inner: S,
    limits: Arc<Limits>,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let limits = self.limits.clone();
        let begun = catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
        Box::pin(async move {
            let mut response = match begun {
                Ok(page) => within_limits(&limits, page).await,
                Err(_) => failed(&limits.site),
            };
            let style = response.extensions_mut().remove::<InlineStyle>();
            add_headers(response.headers_mut(), style.as_ref(), limits.site.secure_cookies);
            Ok(response)
        })
    }
}

async fn within_limits(
    limits: &Limits,
    page: impl Future<Output = Result<Response, Infallible>>,
) -> Response {
    let Ok(_place) = limits.at_a_time.try_acquire() else {
        return shut::busy(&limits.site, &[text::NOT_STORED]);
    };
    match timeout(LONGEST, unless_it_panics(page)).await {
        Ok(Some(response)) => response,
        Ok(None) => failed(&limits.site),
        // Recording goes on by itself and may have succeeded, so this page claims neither.
        Err(_) => shut::busy(&limits.site, &[text::MAYBE_STORED]),
    }
}

/// The response; none if making it panics. It is not asked again then.
async fn unless_it_panics(page: impl Future<Output = Result<Response, Infallible>>) -> Option<Response> {
    let mut page = pin!(page);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| page.as_mut().poll(context)));
        polled.map_or(Poll::Ready(None), |polled| polled.map(Result::ok))
    })
    .await
}

fn failed(site: &Site) -> Response {
    tracing::error!("a runner's page failed; this is a bug");
    shut::page(site, StatusCode::INTERNAL_SERVER_ERROR, text::FAILED_TITLE, &[text::FAILED])
}

/// From where a page may load what: nothing but our own style sheet, and the style written into it.
fn policy(style: Option<&InlineStyle>) -> Option<HeaderValue> {
    const REST: &str = "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let own = style.map(|InlineStyle(hash)| format!(" 'sha256-{hash}'")).unwrap_or_default();
    HeaderValue::from_str(&format!("default-src 'none'; style-src 'self'{own}; {REST}")).ok()
}

/// The headers of every response; `is_https`: browsers reach us over https only.
pub(crate) fn add_headers(headers: &mut HeaderMap, style: Option<&InlineStyle>, is_https: bool) {
    static OVER_HTTP: LazyLock<HeaderMap> = LazyLock::new(|| fixed(false));
    static OVER_HTTPS: LazyLock<HeaderMap> = LazyLock::new(|| fixed(true));
    // A copy of them all, to which the response's own few are added, is far cheaper than adding each.
    let fixed: &HeaderMap = if is_https { &OVER_HTTPS } else { &OVER_HTTP };
    let own = mem::replace(headers, fixed.clone());
    let mut kept = None;
    for (name, value) in own {
        match (name, &kept) {
            (Some(name), _) => {
                // Whether a page may be kept is its own business; the rest is not.
                let is_its_own = name == header::CACHE_CONTROL || !fixed.contains_key(&name);
                kept = is_its_own.then(|| name.clone());
                if is_its_own {
                    headers.insert(name, value);
                }
            }
            (None, Some(name)) => {
                headers.append(name, value);
            }
            (None, None) => {}
        }
    }
    if style.is_some()
        && let Some(policy) = policy(style)
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// What every response carries.
fn fixed(is_https: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(policy) = policy(None) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_https {
        // One year: RFC 6797 leaves the age to us; browsers' preload lists ask for at least this.
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers
}
