//! `/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics` (`figures`), for whoever watches
//! the watcher.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{app::App, clock_guard::CLOCK_HOLD, delivery::HOLD, figures};

/// Minutes a due message may wait before `/readyz` says so: three of the scheduler's own slowest steps.
const OLDEST_DUE_MINUTES: i64 = 15;

/// The three addresses.
pub fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures::page))
        .with_state(app)
}

/// What `/readyz` says. Counts, hashes and times only.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    store: &'static str,
    rules: String,
    rules_since: DateTime<Utc>,
    rules_edit_rejected: bool,
    held: bool,
    clock_in_doubt: bool,
    mail_server: &'static str,
    messages_due: u64,
    messages_later: u64,
    messages_in_flight: u64,
    messages_put_aside: u64,
    oldest_due: Option<DateTime<Utc>>,
    unexplained: Option<u64>,
}

async fn ready(State(app): State<Arc<App>>) -> impl IntoResponse {
    let now = app.clock.now();
    let store = &app.turns.store;
    let (alive, depth, hold, clock_hold) =
        tokio::join!(store.ping(), store.queue_depth(now), store.setting(HOLD), store.setting(CLOCK_HOLD));
    let live = app.turns.rules.current();
    let sound = alive.is_ok() && depth.is_ok() && hold.is_ok() && clock_hold.is_ok();
    let clock_in_doubt = clock_hold.ok().flatten().is_some();
    let depth = depth.unwrap_or_default();
    let held = hold.ok().flatten().is_some();
    let late = depth.oldest_due.is_some_and(|due| (now - due).num_minutes() >= OLDEST_DUE_MINUTES);
    let down = app.delivery.trouble().is_some();
    let state = Ready {
        ready: sound && !down && !clock_in_doubt && (!late || held),
        store: if sound { "answers" } else { "does not answer" },
        rules: live.book.hash.short(),
        rules_since: live.since,
        rules_edit_rejected: app.turns.rules.rejected().is_some(),
        held,
        clock_in_doubt,
        mail_server: if down { "does not take our mail" } else { "no trouble known" },
        messages_due: depth.due,
        messages_later: depth.later,
        messages_in_flight: depth.in_flight,
        messages_put_aside: depth.quarantined,
        oldest_due: depth.oldest_due,
        unexplained: app.watcher.found().map(|found| found.total()),
    };
    let status = if state.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(state))
}
