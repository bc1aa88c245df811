//! Stop: one button, one click from the mail program (RFC 8058), and the way back.
//!
//! A fetch never stops anything, and neither does a form sent without its button: some mail scanners submit
//! the forms they find.

use axum::{extract::State, http::StatusCode, response::Response};
use maud::{Markup, html};

use afterrun_rules::Event;

use crate::{
    RecordError,
    fields::Fields,
    layout::{self, Sheet},
    link::{self, Closed, Door, Open, Token},
    shut,
    site::{Shared, Site},
    text,
};

/// GET.
pub(crate) async fn show(State(site): State<Shared>, Token(token): Token) -> Response {
    match link::open(&site, &token, Door::Stop).await {
        Err(why) => shut::no_link(&site, &why),
        Ok(open) if open.closed == Some(Closed::Revoked) => revoked(&site, &open),
        Ok(open) if open.chart.stopped_at.is_some() => page(&site, StatusCode::OK, &stopped()),
        Ok(_) => page(&site, StatusCode::OK, &ask(&site)),
    }
}

/// POST: stops, or starts again. An old link stops too: whoever has the mail may always end it.
pub(crate) async fn submit(State(site): State<Shared>, Token(token): Token, fields: Fields) -> Response {
    let open = match link::open(&site, &token, Door::Stop).await {
        Ok(open) => open,
        Err(why) => return shut::no_link(&site, &why),
    };
    if open.closed == Some(Closed::Revoked) {
        return revoked(&site, &open);
    }
    let is_stopped = open.chart.stopped_at.is_some();
    match fields.what() {
        "start-again" if is_stopped => match site.recorder.start_again(&open.patient.id).await {
            Ok(()) => page(&site, StatusCode::OK, &started()),
            Err(error) => failed(&site, &open, &error),
        },
        "start-again" => page(&site, StatusCode::OK, &started()),
        what if what == "stop" || fields.is_one_click() => {
            // Once is enough: a second press, or the mail program's after ours, finds it done.
            if !is_stopped
                && let Err(error) = site.recorder.record(&open.patient.id, vec![Event::Stop {}]).await
            {
                return failed(&site, &open, &error);
            }
            page(&site, StatusCode::OK, &stopped())
        }
        _ => page(&site, StatusCode::UNPROCESSABLE_ENTITY, &ask(&site)),
    }
}

/// A link taken back: says so, unless there is nothing left to stop.
fn revoked(site: &Site, open: &Open) -> Response {
    if open.chart.stopped_at.is_some() {
        return shut::page(site, StatusCode::OK, text::STOPPED_TITLE, &[text::STOPPED]);
    }
    shut::closed(site, Closed::Revoked)
}

fn failed(site: &Site, open: &Open, error: &RecordError) -> Response {
    tracing::warn!(patient = %open.patient.id, %error, "stop or start again was not stored");
    shut::not_recorded(site, error, &[text::NOT_STORED_TRY_AGAIN])
}

fn page(site: &Site, status: StatusCode, main: &Markup) -> Response {
    layout::page(site, Sheet { status, title: text::STOP_TITLE, style: None, main: main.clone() })
}

fn ask(site: &Site) -> Markup {
    html! {
        section.card {
            h1 { (text::STOP_TITLE) }
            p { (text::STOP_ASK) }
            form method="post" { button.main name="do" value="stop" { (text::STOP) } }
            (shut::call_us(site))
        }
    }
}

fn stopped() -> Markup {
    html! {
        section.card {
            h1 { (text::STOPPED_TITLE) }
            p role="status" { (text::STOPPED) }
            p { (text::STOPPED_CARE) }
            form method="post" { button.quiet name="do" value="start-again" { (text::START_AGAIN) } }
        }
    }
}

fn started() -> Markup {
    html! { section.card { h1 { (text::STARTED_TITLE) } p role="status" { (text::STARTED) } } }
}
