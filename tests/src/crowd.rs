//! Many runners at once, put into a clinic's database through the store, for tests in which numbers count.
//!
//! Only facts are put there (who is enrolled, what was run); everything that follows from them is the daemon's
//! work.

use std::sync::Arc;

use afterrun_rules::{
    Event, TimedEvent,
    book::BookHash,
    chart::{Reach, Run, RunKind},
    ids::PatientId,
};
use afterrun_store::{ChartVersion, Enrolment, Message, NewPatient, Store, Turn, Units};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio::task::JoinSet;

/// Messages read at a time.
const PAGE: u32 = 500;

/// The address of the runner with this number.
#[must_use]
pub fn address(number: usize) -> String {
    format!("runner-{number}@runner.example")
}

/// The first name of the runner with this number; no other name begins with it.
#[must_use]
pub fn first_name(number: usize) -> String {
    format!("Runner{number}x")
}

/// That many runners in London who have not run yet, to be enrolled at once: nothing is due for them.
pub fn unasked(count: usize) -> Vec<Enrolment> {
    let patient = |number| NewPatient {
        id: Some(format!("many-{number}").as_str().into()),
        name: format!("Runner {number}"),
        email: format!("many-{number}@runner.example"),
        time_zone: Tz::Europe__London,
        language: "en".to_owned(),
        units: Units::Miles,
        reach: Reach::Confirmed,
    };
    let enrolment = |number| Enrolment { patient: patient(number), messages: Vec::new(), links: Vec::new() };
    (0..count).map(enrolment).collect()
}

/// Enrols that many runners, each with a confirmed address and a half marathon; the zones go round.
///
/// # Panics
///
/// The store refuses.
pub async fn enrol(
    store: &Arc<dyn Store>,
    count: usize,
    zones: &[Tz],
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) {
    enrol_at(store, count, address, zones, started_at, now).await;
}

/// The same, the runner with a number at the address this function says.
///
/// # Panics
///
/// The store refuses.
#[expect(clippy::expect_used, reason = "support code of tests")]
pub async fn enrol_at(
    store: &Arc<dyn Store>,
    count: usize,
    address: fn(usize) -> String,
    zones: &[Tz],
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let store = store.clone();
        let time_zone = zones.get(number % zones.len().max(1)).copied().unwrap_or(Tz::UTC);
        tasks.spawn(async move {
            let patient = NewPatient {
                id: None,
                name: format!("{} Example", first_name(number)),
                email: address(number),
                time_zone,
                language: "en".to_owned(),
                units: Units::Miles,
                reach: Reach::Confirmed,
            };
            let id = store.add_patient(patient, now).await.expect("a runner is enrolled");
            let version = store.chart(&id).await.expect("the chart").version;
            let run = Run {
                id: format!("run-{number}").as_str().into(),
                started_at,
                distance_m: 21_097.5,
                duration_s: Some(7_200),
                kind: RunKind::Race("half-marathon".into()),
            };
            store.commit(turn(id, version, Event::Run(run), now)).await.expect("the run is logged");
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("the runner is enrolled");
    }
}

fn turn(patient: PatientId, version: ChartVersion, event: Event, now: DateTime<Utc>) -> Turn {
    Turn {
        patient,
        version,
        now,
        book: BookHash([0; 32]),
        events: vec![TimedEvent { at: now, event }],
        waits: Vec::new(),
        takes_in: false,
        check_ins: Vec::new(),
        links: Vec::new(),
        messages: Vec::new(),
        cancels: Vec::new(),
        work_items: Vec::new(),
        next_due: Some(now),
    }
}

/// The whole outbox, without bytes, newest first.
///
/// # Panics
///
/// The store refuses.
#[expect(clippy::expect_used, reason = "support code of tests")]
pub async fn outbox(store: &dyn Store) -> Vec<Message> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.messages(None, after.as_deref(), PAGE).await.expect("the outbox can be read");
        all.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}
