//! Confirming that an address is the right one. Until then whoever reads the mailbox may be a stranger, so
//! the page says nothing about health, and no name.

use axum::{extract::State, http::StatusCode, response::Response};
use maud::{Markup, html};

use afterrun_rules::{Event, chart::Reach};

use crate::{
    fields::Fields,
    layout::{self, Sheet},
    link::{self, Door, Token},
    shut,
    site::{Shared, Site},
    text,
};

/// GET.
pub(crate) async fn show(State(site): State<Shared>, Token(token): Token) -> Response {
    let open = match link::open(&site, &token, Door::Confirm).await {
        Ok(open) => open,
        Err(why) => return shut::no_link(&site, &why),
    };
    match open.closed {
        Some(_) => closed(&site),
        None if open.chart.stopped_at.is_some() => page(&site, StatusCode::OK, &declined()),
        None if open.chart.reach == Reach::Confirmed => page(&site, StatusCode::OK, &confirmed()),
        None => page(&site, StatusCode::OK, &ask()),
    }
}

/// POST.
pub(crate) async fn submit(State(site): State<Shared>, Token(token): Token, fields: Fields) -> Response {
    let open = match link::open(&site, &token, Door::Confirm).await {
        Ok(open) => open,
        Err(why) => return shut::no_link(&site, &why),
    };
    if open.closed.is_some() {
        return closed(&site);
    }
    let stopped = open.chart.stopped_at.is_some();
    let (event, done) = match fields.what() {
        "confirm" if !stopped => (Event::Confirmed {}, confirmed()),
        "not-me" => (Event::Stop {}, declined()),
        _ if stopped => return page(&site, StatusCode::OK, &declined()),
        _ => return page(&site, StatusCode::UNPROCESSABLE_ENTITY, &ask()),
    };
    let is_known = match event {
        Event::Confirmed {} => open.chart.reach == Reach::Confirmed,
        _ => stopped,
    };
    if !is_known && let Err(error) = site.recorder.record(&open.patient.id, vec![event]).await {
        tracing::warn!(patient = %open.patient.id, %error, "a confirmation was not stored");
        return shut::not_recorded(&site, &error, &[text::NOT_STORED_TRY_AGAIN]);
    }
    page(&site, StatusCode::OK, &done)
}

fn closed(site: &Site) -> Response {
    shut::page(site, StatusCode::GONE, text::EXPIRED_TITLE, &[text::CONFIRM_CLOSED])
}

fn page(site: &Site, status: StatusCode, main: &Markup) -> Response {
    layout::page(site, Sheet { status, title: text::CONFIRM_TITLE, style: None, main: main.clone() })
}

fn ask() -> Markup {
    html! {
        section.card {
            h1 { (text::CONFIRM_TITLE) }
            p { (text::CONFIRM_ASK) }
            form method="post" {
                button.main name="do" value="confirm" { (text::CONFIRM) }
                button.quiet name="do" value="not-me" { (text::NOT_ME) }
            }
        }
    }
}

fn confirmed() -> Markup {
    html! { section.card { h1 { (text::CONFIRMED_TITLE) } p role="status" { (text::CONFIRMED) } } }
}

fn declined() -> Markup {
    html! { section.card { h1 { (text::DECLINED_TITLE) } p role="status" { (text::DECLINED) } } }
}
