//! The frame of every page: the clinic's name, how to reach it and what to do in an emergency are always in
//! the same place (WCAG 3.2.6).

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::{
    guard::InlineStyle,
    site::{Site, style_href},
    text,
};

/// One page.
pub(crate) struct Sheet<'a> {
    pub status: StatusCode,
    /// Shown by the browser; says nothing about health.
    pub title: &'a str,
    /// Style rules made for this page.
    pub style: Option<String>,
    pub main: Markup,
}

/// A page with its frame.
pub(crate) fn page(site: &Site, sheet: Sheet<'_>) -> Response {
    let book = site.recorder.book();
    let clinic = &book.clinic;
    let body = html! {
        (DOCTYPE)
        html lang=(text::LANGUAGE) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (sheet.title) " – " (clinic.name) }
                link rel="stylesheet" href=(style_href(site));
                @if let Some(style) = &sheet.style { style { (PreEscaped(style)) } }
            }
            body {
                a.skip href="#main" { (text::SKIP) }
                @if let Some(notice) = site.recorder.notice() { p.notice role="note" { (notice) } }
                header.top {
                    p.clinic { (clinic.name) }
                    a.call href={ "tel:" (dialable(&clinic.phone)) } { span.call-word { (text::CALL) " " } (clinic.phone) }
                    p.urgent { strong { (clinic.emergency_line) } " " (text::NOT_WATCHED) }
                }
                main id="main" { (sheet.main) }
                footer.bottom {
                    p { (clinic.name) " · " (telephone(&clinic.phone)) }
                    p { (text::FOOT) }
                }
            }
        }
    };
    let mut response = (sheet.status, body).into_response();
    if let Some(style) = sheet.style {
        let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        response.extensions_mut().insert(InlineStyle(hash));
    }
    response
        .headers_mut()
        .insert(header::CONTENT_LANGUAGE, axum::http::HeaderValue::from_static(text::LANGUAGE));
    response
}

/// A telephone number to tap.
pub(crate) fn telephone(number: &str) -> Markup {
    html! { a href={ "tel:" (dialable(number)) } { (number) } }
}

/// The digits and plus sign of a telephone number.
fn dialable(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}
