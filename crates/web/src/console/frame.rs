//! The frame of every page of the console, and the pages that say why there is nothing to do.

use std::sync::LazyLock;

use afterrun_store::StoreError;
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use super::{Console, Room, STYLE, Shared, desk, session::FORM_TOKEN, session::SignedIn, text, text_users};
use crate::link::token_hash;

/// Where the navigation says we are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Work,
    Patients,
    Rules,
    Operations,
    Users,
    Account,
    None,
}

const TABS: [(Tab, &str, &str); 6] = [
    (Tab::Work, "/console", text::WORK_LIST),
    (Tab::Patients, "/console/patients", text::RUNNERS),
    (Tab::Rules, "/console/rules", text::RULES),
    (Tab::Operations, "/console/operations", text::OPERATIONS),
    (Tab::Users, "/console/users", text_users::USERS),
    (Tab::Account, "/console/account", text::ACCOUNT),
];

/// Eight digits of the style sheet's hash: a new release brings a new address.
static STYLE_VERSION: LazyLock<String> =
    LazyLock::new(|| desk::hex(&token_hash(STYLE)).chars().take(8).collect());

/// A page for a signed-in user.
pub(crate) fn page(room: &Room, me: &SignedIn, tab: Tab, title: &str, main: Markup) -> Response {
    sheet(room, StatusCode::OK, Some((me, tab)), title, main)
}

/// A page with a status; without a user it has no navigation.
pub(crate) fn sheet(
    room: &Room,
    status: StatusCode,
    me: Option<(&SignedIn, Tab)>,
    title: &str,
    main: Markup,
) -> Response {
    sheet_with(room, status, me, title, html! {}, main)
}

/// The same with more in its head.
pub(crate) fn sheet_with(
    room: &Room,
    status: StatusCode,
    me: Option<(&SignedIn, Tab)>,
    title: &str,
    head: Markup,
    main: Markup,
) -> Response {
    let book = room.recorder.book();
    let body = html! {
        (DOCTYPE)
        html lang=(text::LANGUAGE) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " – " (book.clinic.name) }
                link rel="stylesheet" href={ (room.href("/console/style.css")) "?v=" (*STYLE_VERSION) };
                (head)
            }
            body {
                a.skip href="#main" { (text::SKIP) }
                @if let Some(notice) = room.recorder.notice() { p.notice role="note" { (notice) } }
                header.top {
                    p.brand { strong { (text::PRODUCT) } span { (book.clinic.name) } }
                    @if let Some((me, here)) = me { (navigation(room, me, here)) }
                }
                main #main { (main) }
            }
        }
    };
    (status, body).into_response()
}

fn navigation(room: &Room, me: &SignedIn, here: Tab) -> Markup {
    html! {
        nav aria-label=(text::NAVIGATION) {
            ul {
                @for (tab, path, words) in TABS.iter().copied().filter(|(tab, ..)| *tab != Tab::Users || me.is_admin()) {
                    li { a href=(room.href(path)) aria-current=[(tab == here).then_some("page")] { (words) } }
                }
            }
        }
        form.leave method="post" action=(room.href("/console/sign-out")) {
            (token(me))
            span.who { (me.user.email) }
            button.quiet { (text::SIGN_OUT) }
        }
    }
}

/// The field that every form carries.
pub(crate) fn token(me: &SignedIn) -> Markup {
    html! { input type="hidden" name=(FORM_TOKEN) value=(me.form_token); }
}

/// After a change: shows the page anew, so that reloading does not repeat the change.
pub(crate) fn see_other(console: &Console, path: &str) -> Response {
    let to = HeaderValue::from_str(&console.href(path)).unwrap_or(HeaderValue::from_static("/console"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// A heading and a sentence.
pub(crate) fn says(room: &Room, status: StatusCode, title: &str, words: &str) -> Response {
    let main = html! {
        section.card.narrow {
            h1 { (title) }
            p { (words) }
            p { a href=(room.href("/console")) { (text::BACK_TO_LIST) } }
        }
    };
    sheet(room, status, None, title, main)
}

/// The store does not answer, or says no.
pub(crate) fn unavailable(room: &Room, error: &StoreError) -> Response {
    if matches!(error, StoreError::NotFound { .. }) {
        return not_found(room);
    }
    tracing::error!(%error, "a page of the console could not be made: the store does not answer");
    says(room, StatusCode::SERVICE_UNAVAILABLE, text::UNAVAILABLE_TITLE, text::UNAVAILABLE)
}

/// Nothing is here, or nothing that may be known.
pub(crate) fn not_found(room: &Room) -> Response {
    says(room, StatusCode::NOT_FOUND, text::NOT_FOUND_TITLE, text::NOT_FOUND)
}

/// The address is unknown, for whoever asks.
pub(crate) async fn unknown(State(room): State<Shared>, _: SignedIn) -> Response {
    not_found(&room)
}

/// A form that none of our pages sent, or one of a session that has ended.
pub(crate) fn forged(room: &Room) -> Response {
    says(room, StatusCode::FORBIDDEN, text::FORGED_TITLE, text::FORGED)
}

/// The role does not allow it.
pub(crate) fn not_allowed(room: &Room) -> Response {
    says(room, StatusCode::FORBIDDEN, text::NOT_ALLOWED_TITLE, text::NOT_ALLOWED)
}

/// More was sent than is taken.
pub(crate) fn too_large(room: &Room) -> Response {
    says(room, StatusCode::PAYLOAD_TOO_LARGE, text::TOO_LARGE_TITLE, text::TOO_LARGE)
}

/// Too much to do.
pub(crate) fn busy(room: &Room) -> Response {
    says(room, StatusCode::SERVICE_UNAVAILABLE, text::UNAVAILABLE_TITLE, text::BUSY)
}

/// Our mistake.
pub(crate) fn failed(room: &Room) -> Response {
    says(room, StatusCode::INTERNAL_SERVER_ERROR, text::FAILED_TITLE, text::FAILED)
}
