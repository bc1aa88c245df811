//! Pages that keep themselves up to date: `live.js` asks the same address again, and gets the part of the page
//! that changes, or the word that nothing has. Without scripts the page is as it was when it was loaded, and says
//! since when.
//!
//! Asking by itself is not use: it neither keeps a session alive nor opens a new one, and a page whose session
//! has ended goes away by itself.

use std::sync::LazyLock;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{Room, dates, desk, frame, frame::Tab, session::SignedIn, text_operations as text};
use crate::link::token_hash;

/// With a request: the hash of what the page shows. With the answer: the hash of what it is to show.
pub(crate) const LIVE: HeaderName = HeaderName::from_static("x-afterrun-live");

/// With the answer: as of when it is.
const AS_OF: HeaderName = HeaderName::from_static("x-afterrun-as-of");

/// Seconds between two questions: soon enough for work that waits for minutes, and a page every ten seconds for
/// each of a clinic's tens of users is little.
const EVERY: u32 = 10;

/// Digits of a hash: enough that two states of one page never share it.
const DIGITS: usize = 16;

const SCRIPT: &str = include_str!("live.js");

/// A new release brings a new address.
static SCRIPT_VERSION: LazyLock<String> = LazyLock::new(|| digest(SCRIPT));

/// A page for a signed-in user that keeps itself up to date. What changes with the clock alone does not belong
/// into `main`: it would be announced as news.
pub(crate) fn page(room: &Room, me: &SignedIn, tab: Tab, title: &str, main: Markup) -> Response {
    let hash = digest(&main.0);
    let as_of = as_of(room, me.now);
    match me.live.as_deref() {
        Some(seen) => {
            let fresh =
                if seen == hash { StatusCode::NO_CONTENT.into_response() } else { main.into_response() };
            with(with(fresh, LIVE, &hash), AS_OF, &as_of)
        }
        None => frame::page(room, me, tab, title, whole(room, &hash, &as_of, &main)),
    }
}

fn whole(room: &Room, hash: &str, as_of: &str, main: &Markup) -> Markup {
    html! {
        p.live {
            span #live-line { (text::AS_OF) " " (as_of) }
            noscript { " " (text::LOAD_ANEW) }
            span #live-said.unseen role="status" {}
        }
        div #live data-every=(EVERY) data-seen=(hash) data-as-of=(text::AS_OF) data-changed=(text::CHANGED) data-failed=(text::NOT_UPDATED) data-waits=(text::WAITS) {
            (main)
        }
        script src={ (room.href("/console/live.js")) "?v=" (*SCRIPT_VERSION) } defer {}
    }
}

fn as_of(room: &Room, now: DateTime<Utc>) -> String {
    let book = room.recorder.book();
    dates::clock(now, book.clinic.time_zone, dates::way(&book))
}

fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

fn digest(text: &str) -> String {
    desk::hex(&token_hash(text)).chars().take(DIGITS).collect()
}

/// GET: the script.
pub(crate) async fn script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, SCRIPT).into_response()
}
