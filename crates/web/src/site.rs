//! The routes, and what every page needs at hand.

use std::sync::{Arc, LazyLock};

use afterrun_store::Store;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{Recorder, address_confirm, check_in, guard, layout::Frames, link, my_page, shut, stop, text};

/// What the pages are made from.
pub struct Site {
    /// Read only: links and charts.
    pub store: Arc<dyn Store>,
    /// Takes what runners tell us.
    pub recorder: Arc<dyn Recorder>,
    /// The address under which runners reach the pages, such as `https://clinic.example/afterrun`.
    pub base_url: String,
    /// Pages are reached over https only. The runner's pages set no cookie; this turns on
    /// `Strict-Transport-Security`.
    pub secure_cookies: bool,
    pub(crate) frames: Frames,
}

pub(crate) type Shared = Arc<Site>;

impl Site {
    /// See the fields.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        recorder: Arc<dyn Recorder>,
        base_url: String,
        secure_cookies: bool,
    ) -> Self {
        Self { store, recorder, base_url, secure_cookies, frames: Frames::default() }
    }

    /// The path of a page as browsers see it: below the path of `base_url`, if it has one.
    pub(crate) fn href(&self, path: &str) -> String {
        below(&self.base_url, path)
    }
}

/// A path below the path of an address, if it has one.
pub(crate) fn below(base_url: &str, path: &str) -> String {
    let after_scheme = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let prefix = after_scheme.split_once('/').map_or("", |(_, path)| path.trim_matches('/'));
    if prefix.is_empty() { path.to_owned() } else { format!("/{prefix}{path}") }
}

/// The runner's pages. They carry a fallback for unknown addresses; mount them with `merge` into a router
/// without one.
pub fn runner_routes(site: Site) -> Router {
    let site: Shared = Arc::new(site);
    let router = Router::new()
        .route("/c/{token}", get(check_in::show).post(check_in::submit))
        .route("/p/{token}", get(my_page::show).post(my_page::submit))
        .route("/s/{token}", get(stop::show).post(stop::submit))
        .route("/a/{token}", get(address_confirm::show).post(address_confirm::submit))
        .route("/style.css", get(style))
        .fallback(unknown_address)
        .method_not_allowed_fallback(wrong_method)
        .with_state(site.clone());
    guard::around(router, site)
}

const STYLE: &str = include_str!("style.css");

/// Eight hexadecimal digits of the style sheet's hash: a new release brings a new address.
static STYLE_VERSION: LazyLock<String> = LazyLock::new(|| {
    link::token_hash(STYLE).iter().take(4).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
});

pub(crate) fn style_href(site: &Site) -> String {
    format!("{}?v={}", site.href("/style.css"), *STYLE_VERSION)
}

async fn style() -> Response {
    // The only answer that may be kept: it is the same for everybody.
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, STYLE).into_response()
}

async fn unknown_address(State(site): State<Shared>) -> Response {
    shut::unknown(&site)
}

async fn wrong_method(State(site): State<Shared>) -> Response {
    shut::page(&site, StatusCode::METHOD_NOT_ALLOWED, text::WRONG_METHOD_TITLE, &[text::WRONG_METHOD])
}
