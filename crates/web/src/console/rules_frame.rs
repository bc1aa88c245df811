//! What the pages about the rules have in common: the ways between them, dates, a book's hash as a link.

use afterrun_rules::BookHash;
use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};

use super::{Room, dates, rules_text as text};

/// One of the pages about the rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    InForce,
    Compare,
    Edit,
    History,
}

const WAYS: [(Way, &str, &str); 4] = [
    (Way::InForce, "/console/rules", text::TAB_IN_FORCE),
    (Way::Compare, "/console/rules/compare", text::TAB_COMPARE),
    (Way::Edit, "/console/rules/edit", text::TAB_EDIT),
    (Way::History, "/console/rules/books", text::TAB_HISTORY),
];

/// The ways between the pages about the rules.
pub(super) fn ways(room: &Room, here: Way) -> Markup {
    html! {
        nav.filters aria-label=(text::RULES_PAGES) {
            ul {
                @for (way, path, words) in WAYS {
                    li { a href=(room.href(path)) aria-current=[(way == here).then_some("page")] { (words) } }
                }
            }
        }
    }
}

/// An instant on the clinic's clock.
pub(super) fn when(room: &Room, at: DateTime<Utc>) -> String {
    let book = room.recorder.book();
    dates::date_and_time(at, book.clinic.time_zone, dates::way(&book))
}

/// Since when rules are in force; the first ones ever have no beginning.
pub(super) fn since(room: &Room, since: DateTime<Utc>) -> String {
    if since <= DateTime::UNIX_EPOCH { text::FROM_THE_START.to_owned() } else { when(room, since) }
}

/// A date as the clinic writes it.
pub(super) fn day(room: &Room, day: NaiveDate) -> String {
    dates::way(&room.recorder.book()).short_date(day)
}

/// A book by its hash, leading to its page.
pub(super) fn book_link(room: &Room, hash: &BookHash) -> Markup {
    html! { a href=(room.href(&format!("/console/rules/books/{hash}"))) { code { (hash.short()) } } }
}

/// Findings as `afterrun check` shows them, carets and all.
pub(super) fn findings(shown: &str) -> Markup {
    html! { pre.findings tabindex="0" { (shown.trim_end()) } }
}

/// A hash as addresses write it.
pub(super) fn read_hash(digits: &str) -> Option<BookHash> {
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0_u8; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    // `from_str_radix` takes a sign.
    (BookHash(bytes).to_string() == digits).then_some(BookHash(bytes))
}
