//! Pages that say why there is nothing to do here, and what helps instead.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use maud::{Markup, html};

use crate::{
    RecordError,
    layout::{self, Sheet},
    link::{Closed, NoLink},
    site::Site,
    text,
};

/// Seconds after which trying again makes sense.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("30");

/// A heading and some sentences.
pub(crate) fn page(site: &Site, status: StatusCode, title: &str, says: &[&str]) -> Response {
    let main = html! {
        section.card {
            h1 { (title) }
            @for sentence in says { p { (sentence) } }
            (call_us(site))
        }
    };
    layout::page(site, Sheet { status, title, style: None, main })
}

/// No such link, and no hint why.
pub(crate) fn unknown(site: &Site) -> Response {
    page(site, StatusCode::NOT_FOUND, text::UNKNOWN_TITLE, &[text::UNKNOWN, text::UNKNOWN_HELP])
}

/// Not now.
pub(crate) fn busy(site: &Site, says: &[&str]) -> Response {
    let mut response = page(site, StatusCode::SERVICE_UNAVAILABLE, text::BUSY_TITLE, says);
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

/// Nothing behind the token, or nobody to ask.
pub(crate) fn no_link(site: &Site, why: &NoLink) -> Response {
    match why {
        NoLink::Unknown => unknown(site),
        NoLink::Unavailable => busy(site, &[text::NOTHING_SHOWN]),
    }
}

/// A link that worked once.
pub(crate) fn closed(site: &Site, why: Closed) -> Response {
    closed_until(site, why, None)
}

/// The same, with when we expect to ask again.
pub(crate) fn closed_until(site: &Site, why: Closed, next: Option<&str>) -> Response {
    match why {
        Closed::Revoked => {
            page(site, StatusCode::GONE, text::REVOKED_TITLE, &[text::REVOKED, text::REVOKED_AGAIN])
        }
        Closed::Expired => {
            let main = html! {
                section.card {
                    h1 { (text::EXPIRED_TITLE) }
                    p { (text::EXPIRED) @if let Some(next) = next { " " (text::next_ask(next)) } }
                    (ask_fresh_link(text::FRESH_BUTTON))
                    (call_us(site))
                }
            };
            layout::page(
                site,
                Sheet { status: StatusCode::GONE, title: text::EXPIRED_TITLE, style: None, main },
            )
        }
    }
}

/// The button that has a fresh link mailed.
pub(crate) fn ask_fresh_link(words: &str) -> Markup {
    html! {
        form method="post" { button.quiet name="do" value="fresh-link" { (words) } }
    }
}

/// What came of asking for a fresh link.
pub(crate) fn fresh_link(site: &Site, outcome: Result<(), RecordError>) -> Response {
    match outcome {
        Ok(()) => page(site, StatusCode::OK, text::FRESH_TITLE, &[text::FRESH]),
        Err(error) => not_recorded(site, &error, &[text::FRESH_FAILED]),
    }
}

/// Nothing was recorded: says so, and in the person's words why.
pub(crate) fn not_recorded(site: &Site, error: &RecordError, says: &[&str]) -> Response {
    match error {
        RecordError::Refused(words) => {
            let mut all = vec![words.as_str()];
            all.extend(says);
            page(site, StatusCode::UNPROCESSABLE_ENTITY, text::REFUSED_TITLE, &all)
        }
        RecordError::Busy(_) | RecordError::Unavailable(_) => busy(site, says),
    }
}

/// The clinic's telephone, in a sentence.
pub(crate) fn call_us(site: &Site) -> Markup {
    let book = site.recorder.book();
    html! { p { (text::WORSE_CALL) " " strong.phone { (layout::telephone(&book.clinic.phone)) } "." } }
}
