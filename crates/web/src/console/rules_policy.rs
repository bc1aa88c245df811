//! What the pages about the rules may load beside the console's style: one small script of our own, and a message in
//! a frame. Everything else stays as forbidden as on every page.

use std::sync::LazyLock;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{Console, desk};
use crate::link::token_hash;

/// The policy of one page, in place of that of every page.
#[derive(Clone, Copy)]
pub(super) struct Policy(&'static str);

/// A page with our script, or with a frame of our own.
const OWN_SCRIPT_AND_FRAME: Policy = Policy(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// A message as a mail program shows it: it brings its own style, loads nothing and does nothing.
const MAIL: Policy = Policy(
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; \
     sandbox",
);

const SCRIPT: &str = include_str!("rules.js");

static SCRIPT_VERSION: LazyLock<String> =
    LazyLock::new(|| desk::hex(&token_hash(SCRIPT)).chars().take(8).collect());

/// Lets a page run our script and show a frame of ours.
pub(super) fn with_script(mut response: Response) -> Response {
    response.extensions_mut().insert(OWN_SCRIPT_AND_FRAME);
    response
}

/// A page that is a message.
pub(super) fn mail(html: String) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    response.extensions_mut().insert(MAIL);
    response
}

/// Puts a page's own policy in the place of the common one.
pub(super) fn apply(response: &mut Response) {
    if let Some(Policy(policy)) = response.extensions_mut().remove::<Policy>() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
}

/// The element that loads the script.
pub(super) fn script(console: &Console) -> Markup {
    html! { script defer src={ (console.href("/console/rules.js")) "?v=" (*SCRIPT_VERSION) } {} }
}

/// GET of the script.
pub(super) async fn serve_script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, SCRIPT).into_response()
}
