//! Figures for whoever watches the watcher: `/metrics`, in the text format of Prometheus.
//!
//! What happens is counted where it happens, through the functions here; what is the case (queue, rules, holds)
//! is asked for when the page is. No label holds a patient's id, an address or a text: `deploy/README.md` names
//! every figure and the three alerts to set.

use std::{
    fmt::Write,
    sync::{Arc, OnceLock},
    time::Duration,
};

use afterrun_mail::{Class, Outcome, Stage};
use axum::{extract::State, http::header, response::IntoResponse};
use chrono::{DateTime, Utc};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{app::App, clock_guard::CLOCK_HOLD, delivery::HOLD};

/// The content type of the text format, version 0.0.4.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the duration histograms, in seconds: a turn takes milliseconds, a full disk takes seconds.
const SECONDS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];

const RULES_INFO: &str = "afterrun_rule_book_info";
const RULES_AGE: &str = "afterrun_rule_book_age_seconds";
const RELOAD_OK: &str = "afterrun_rules_last_reload_successful";
const DUE_LAG: &str = "afterrun_due_lag_seconds";
const QUEUE: &str = "afterrun_queue_messages";
const QUEUE_AGE: &str = "afterrun_queue_oldest_due_seconds";
const SENDS: &str = "afterrun_sends_total";
const FAILED_ATTEMPTS: &str = "afterrun_failed_attempts_total";
const DECIDE: &str = "afterrun_decide_seconds";
const TURN: &str = "afterrun_turn_seconds";
const TURNS_FAILED: &str = "afterrun_turns_failed_total";
const UNREADABLE: &str = "afterrun_unreadable";
const CIRCUIT: &str = "afterrun_circuit_open";
const HELD: &str = "afterrun_held";
const UNEXPLAINED: &str = "afterrun_unexplained";
const RECONCILED_AT: &str = "afterrun_reconciled_timestamp_seconds";
const LAST_TICK: &str = "afterrun_last_tick_timestamp_seconds";
const LAST_ROUND: &str = "afterrun_last_delivery_timestamp_seconds";
const STORE_OK: &str = "afterrun_store_answers";
const STARTED: &str = "process_start_time_seconds";

/// The recorder of this process; none when it could not be set up.
fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(set_up).as_ref()
}

fn set_up() -> Option<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder);
    match builder {
        Ok(handle) => {
            describe();
            Some(handle)
        }
        Err(why) => {
            tracing::error!(error = %why, "there will be no figures");
            None
        }
    }
}

fn describe() {
    describe_gauge!(RULES_AGE, Unit::Seconds, "since when the rule book is in force");
    describe_gauge!(RELOAD_OK, "1 unless the newest edit of the rules was refused");
    describe_gauge!(DUE_LAG, Unit::Seconds, "how late the most overdue patient's turn is");
    describe_gauge!(QUEUE, "messages in the outbox by state");
    describe_gauge!(QUEUE_AGE, Unit::Seconds, "how long the oldest due message has been due");
    describe_counter!(SENDS, "attempts to hand a message over, by what came of it");
    describe_counter!(FAILED_ATTEMPTS, "attempts that failed, by the stage of the conversation");
    describe_histogram!(DECIDE, Unit::Seconds, "assessing and planning one chart");
    describe_histogram!(TURN, Unit::Seconds, "a whole turn, loading and commit included");
    describe_counter!(TURNS_FAILED, "turns that failed; their patients stay due");
    describe_gauge!(UNREADABLE, "open work items about something stored that cannot be read");
    describe_gauge!(CIRCUIT, "1 while the mail server does not take our mail");
    describe_gauge!(HELD, "1 while mail is held, by whom or what");
    describe_gauge!(UNEXPLAINED, "what the last reconciliation could not explain, by kind");
    describe_gauge!(RECONCILED_AT, Unit::Seconds, "when due was last compared with sent");
    describe_gauge!(LAST_TICK, Unit::Seconds, "when the scheduler last did its work");
    describe_gauge!(LAST_ROUND, Unit::Seconds, "when the delivery last did its work");
    describe_gauge!(STORE_OK, "1 if the database answers");
    describe_gauge!(STARTED, Unit::Seconds, "when the process started");
}

/// Begins to count; what happens before is not counted. `now` is when the process started.
pub fn begin(now: DateTime<Utc>) {
    if recorder().is_some() {
        gauge!(STARTED).set(seconds_of(now));
        // A figure that only appears with the first trouble cannot be watched for a rise.
        for class in CLASSES {
            counter!(SENDS, "outcome" => class_word(class)).increment(0);
        }
        counter!(TURNS_FAILED).increment(0);
    }
}

/// Counts an attempt to hand a message over.
pub fn attempt(outcome: &Outcome) {
    counter!(SENDS, "outcome" => class_word(outcome.class())).increment(1);
    if let Some(stage) = stage_of(outcome) {
        counter!(FAILED_ATTEMPTS, "stage" => stage_word(stage)).increment(1);
    }
}

/// Notes how long assessing and planning one chart took.
pub fn decided(took: Duration) {
    histogram!(DECIDE).record(took.as_secs_f64());
}

/// Notes how long a turn took.
pub fn turn_taken(took: Duration) {
    histogram!(TURN).record(took.as_secs_f64());
}

/// Counts turns that failed.
pub fn turns_failed(count: u32) {
    counter!(TURNS_FAILED).increment(u64::from(count));
}

/// The scheduler did its work.
pub fn ticked(now: DateTime<Utc>) {
    gauge!(LAST_TICK).set(seconds_of(now));
}

/// The delivery did its work.
pub fn delivered(now: DateTime<Utc>) {
    gauge!(LAST_ROUND).set(seconds_of(now));
}

/// What a reconciliation could not explain: kinds and how many of each.
pub fn reconciled(now: DateTime<Utc>, counts: impl IntoIterator<Item = (&'static str, u64)>) {
    gauge!(RECONCILED_AT).set(seconds_of(now));
    for (kind, count) in counts {
        gauge!(UNEXPLAINED, "kind" => kind).set(count as f64);
    }
}

/// Work items counted at most.
const COUNTED_AT_MOST: u32 = 1000;

/// `GET /metrics`.
pub async fn page(State(app): State<Arc<App>>) -> impl IntoResponse {
    take_stock(&app).await;
    let mut text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    // Written by hand: a registered gauge would go on showing every hash there ever was.
    let hash = app.turns.rules.current().book.hash.short();
    let _ = writeln!(
        text,
        "# HELP {RULES_INFO} the rule book in force, by its hash; always 1\n# TYPE {RULES_INFO} gauge\n\
         {RULES_INFO}{{hash=\"{hash}\"}} 1"
    );
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], text)
}

/// Asks for what is the case now.
async fn take_stock(app: &App) {
    let now = app.clock.now();
    let store = &app.turns.store;
    let (alive, depth, due, unreadable, hold, clock_hold) = tokio::join!(
        store.ping(),
        store.queue_depth(now),
        store.next_due(),
        store.unreadable(COUNTED_AT_MOST),
        store.setting(HOLD),
        store.setting(CLOCK_HOLD)
    );
    let live = app.turns.rules.current();
    gauge!(RULES_AGE).set(seconds_between(live.since, now));
    gauge!(RELOAD_OK).set(flag(app.turns.rules.rejected().is_none()));
    gauge!(CIRCUIT).set(flag(app.delivery.trouble().is_some()));
    gauge!(STORE_OK).set(flag(alive.is_ok()));
    if let Ok(due) = due {
        gauge!(DUE_LAG).set(due.map_or(0.0, |due| seconds_between(due, now)));
    }
    if let Ok(unreadable) = unreadable {
        gauge!(UNREADABLE).set(unreadable.len() as f64);
    }
    if let Ok(depth) = depth {
        let states = [
            ("due", depth.due),
            ("later", depth.later),
            ("in_flight", depth.in_flight),
            ("put_aside", depth.quarantined),
        ];
        for (state, count) in states {
            gauge!(QUEUE, "state" => state).set(count as f64);
        }
        gauge!(QUEUE_AGE).set(depth.oldest_due.map_or(0.0, |due| seconds_between(due, now)));
    }
    for (by, held) in [("operator", hold), ("clock", clock_hold)] {
        if let Ok(held) = held {
            gauge!(HELD, "by" => by).set(flag(held.is_some()));
        }
    }
}

const CLASSES: [Class; 6] =
    [Class::Accepted, Class::Retry, Class::DeadAddress, Class::Refused, Class::OurFault, Class::InDoubt];

fn class_word(class: Class) -> &'static str {
    match class {
        Class::Accepted => "accepted",
        Class::Retry => "retry",
        Class::DeadAddress => "dead_address",
        Class::Refused => "refused",
        Class::OurFault => "our_fault",
        Class::InDoubt => "in_doubt",
    }
}

fn stage_of(outcome: &Outcome) -> Option<Stage> {
    match outcome {
        Outcome::Accepted { .. } => None,
        Outcome::Rejected { stage, .. } | Outcome::NotSent { stage, .. } => Some(*stage),
        Outcome::Unknown { .. } => Some(Stage::Dot),
    }
}

fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "connect",
        Stage::Greeting => "greeting",
        Stage::Hello => "hello",
        Stage::Tls => "tls",
        Stage::Auth => "auth",
        Stage::MailFrom => "mail_from",
        Stage::Recipient => "recipient",
        Stage::Data => "data",
        Stage::Body => "body",
        Stage::Dot => "dot",
    }
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn seconds_of(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

/// Seconds that have passed; none while the instant lies ahead.
fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).num_milliseconds().max(0) as f64 / 1000.0
}
