//! The frame of every page: the clinic's name, how to reach it and what to do in an emergency are always in
//! the same place (WCAG 3.2.6).

use std::sync::{Arc, PoisonError, RwLock};

use afterrun_rules::{RuleBook, book::Clinic};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, Render, html};
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
    let title = html! { (sheet.title) };
    let style = html! { @if let Some(style) = &sheet.style { style { (PreEscaped(style)) } } };
    let notice = site.recorder.notice();
    let notice = html! { @if let Some(notice) = notice { p.notice role="note" { (notice) } } };
    let slots = [&title.0, &style.0, &notice.0, &sheet.main.0].map(String::as_str);
    let book = site.recorder.book();
    let frame = site.frames.of(&book, || Frame::cut(&whole(site, &book.clinic, [SLOT; 4])));
    let body = frame.fill(slots).map_or_else(|| whole(site, &book.clinic, slots), PreEscaped);
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

/// A page whole.
fn whole(site: &Site, clinic: &Clinic, slots: [&str; 4]) -> Markup {
    let [title, style, notice, main] = slots.map(PreEscaped);
    html! {
        (DOCTYPE)
        html lang=(text::LANGUAGE) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " – " (clinic.name) }
                link rel="stylesheet" href=(style_href(site));
                (style)
            }
            body {
                a.skip href="#main" { (text::SKIP) }
                (notice)
                header.top {
                    p.clinic { (clinic.name) }
                    a.call href={ "tel:" (dialable(&clinic.phone)) } { span.call-word { (text::CALL) " " } (clinic.phone) }
                    p.urgent { strong { (clinic.emergency_line) } " " (text::NOT_WATCHED) }
                }
                main id="main" { (main) }
                footer.bottom {
                    p { (clinic.name) " · " (telephone(&clinic.phone)) }
                    p { (text::FOOT) }
                }
            }
        }
    }
}

/// Stands where a page has something of its own while its frame is made: HTML has no place for this character.
const SLOT: &str = "\0";

/// What all pages under one rule book have in common: what stands before, between and behind their four slots.
pub(crate) struct Frame(Vec<Box<str>>);

impl Frame {
    fn cut(page: &Markup) -> Self {
        Self(page.0.split(SLOT).map(Into::into).collect())
    }

    /// A page; none if the clinic's own words hold what marks a slot.
    fn fill(&self, slots: [&str; 4]) -> Option<String> {
        let (first, rest) = self.0.split_first().filter(|(_, rest)| rest.len() == slots.len())?;
        let fixed: usize = self.0.iter().map(|part| part.len()).sum();
        let own: usize = slots.iter().map(|slot| slot.len()).sum();
        let mut page = String::with_capacity(fixed + own);
        page.push_str(first);
        for (slot, part) in slots.iter().zip(rest) {
            page.push_str(slot);
            page.push_str(part);
        }
        Some(page)
    }
}

/// The frame of the rule book in force, kept until there is another one.
#[derive(Default)]
pub(crate) struct Frames(RwLock<Option<(Arc<RuleBook>, Arc<Frame>)>>);

impl Frames {
    fn of(&self, book: &Arc<RuleBook>, make: impl FnOnce() -> Frame) -> Arc<Frame> {
        // Only a whole frame is ever put there.
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((of, frame)) = kept
            && Arc::ptr_eq(&of, book)
        {
            return frame;
        }
        let frame = Arc::new(make());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some((book.clone(), frame.clone()));
        frame
    }
}

/// A telephone number to tap.
pub(crate) fn telephone(number: &str) -> Markup {
    html! { a href={ "tel:" (dialable(number)) } { (number) } }
}

/// The digits and plus sign of a telephone number.
fn dialable(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// Text of which nearly nothing needs escaping: to ask first is far cheaper than to escape.
pub(crate) struct Said<T>(pub T);

impl<T: AsRef<str>> Render for Said<T> {
    fn render_to(&self, buffer: &mut String) {
        let text = self.0.as_ref();
        // Without a way out of the loop, so that many bytes are looked at in one.
        let is_special = |byte: &u8| matches!(byte, b'&' | b'<' | b'>' | b'"');
        if text.as_bytes().iter().fold(false, |found, byte| found | is_special(byte)) {
            text.render_to(buffer);
        } else {
            buffer.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn said_is_as_escaped() {
        for text in ["", "Rest – café", "a & b", "<b>", "a > b", "\"quoted\"", "it's"] {
            assert_eq!(html! { (Said(text)) }.0, html! { (text) }.0);
        }
    }

    #[test]
    fn a_frame_that_cannot_be_told_from_what_is_in_it_is_not_used() {
        let page = |body: &str| PreEscaped(format!("a{SLOT}b{SLOT}{body}c{SLOT}d{SLOT}e"));
        let slots = ["1", "2", "3", "4"];
        assert_eq!(Frame::cut(&page("")).fill(slots).as_deref(), Some("a1b2c3d4e"));
        assert_eq!(Frame::cut(&page(SLOT)).fill(slots), None);
    }
}
