//! Turns taken together when one of them makes us stumble: it alone fails, and none of the others is taken twice.

use std::sync::Arc;

use afterrun_rules::{
    TimedEvent,
    chart::{Event, Reach, Run, RunKind},
    ids::PatientId,
    load,
    source::{Source, Sources},
};
use afterrun_store::{NewPatient, Patient, Sqlite, Store, Units};
use chrono::{DateTime, TimeDelta, Utc};

use super::{Extras, TurnError, Turns};
use crate::{compose::Letterhead, config::Config, rules_live::LiveRules, shipped};

/// A name over which these tests stumble.
const STUMBLE: &str = "Stumble";

/// The seam: a mistake of ours that one chart brings out.
pub(super) fn stumble_over(patient: &Patient) {
    assert_ne!(patient.name, STUMBLE, "on purpose");
}

/// The day on which the runners of the crate's own tests have run.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-05-04T14:00:00Z".parse().unwrap()
}

/// A half marathon that ended before noon.
pub(crate) fn half_marathon() -> TimedEvent {
    let run = Run {
        id: "r1".into(),
        started_at: noon() - TimeDelta::hours(2),
        distance_m: 21_097.5,
        duration_s: None,
        kind: RunKind::Race("half-marathon".into()),
    };
    TimedEvent { at: noon(), event: Event::Run(run) }
}

/// A runner who is due, with a run that is to be planned for.
async fn runner(store: &dyn Store, name: &str, number: u32) -> PatientId {
    let new = NewPatient {
        id: Some(format!("p{number}").into()),
        name: name.into(),
        email: format!("p{number}@example.org"),
        time_zone: chrono_tz::America::Chicago,
        language: "en".into(),
        units: Units::Miles,
        reach: Reach::Confirmed,
    };
    let id = store.add_patient(new, noon()).await.unwrap();
    let stored = store.chart(&id).await.unwrap();
    let turn = afterrun_store::Turn {
        patient: id.clone(),
        version: stored.version,
        now: noon(),
        book: afterrun_rules::BookHash([0; 32]),
        events: vec![half_marathon()],
        waits: Vec::new(),
        takes_in: false,
        check_ins: Vec::new(),
        links: Vec::new(),
        messages: Vec::new(),
        cancels: Vec::new(),
        work_items: Vec::new(),
        next_due: Some(noon()),
    };
    store.commit(turn).await.unwrap();
    id
}

fn turns(store: Arc<dyn Store>) -> Arc<Turns> {
    let folder = tempfile::tempdir().unwrap();
    shipped::write_to(folder.path()).unwrap();
    let sources: Sources = afterrun_rules::folder::read(folder.path()).unwrap();
    assert!(sources.files.values().all(|source| matches!(source, Source::Bytes(_))));
    let book = load::load(&sources).book.unwrap();
    let letterhead = Letterhead::new(&Config::default(), "http://127.0.0.1:1", vec![7; 32]);
    let rules = Arc::new(LiveRules::new(book, noon() - TimeDelta::days(9)));
    let (belief, left_alone) = Default::default();
    Arc::new(Turns { store, rules, letterhead, belief, left_alone })
}

#[tokio::test]
async fn one_that_makes_us_stumble_fails_alone() {
    let store: Arc<dyn Store> = Arc::new(Sqlite::in_memory().unwrap());
    let mut patients = Vec::new();
    for (number, name) in (0..).zip(["Zoe Berg", STUMBLE, "Ada Lund", "Jan Vos"]) {
        patients.push(runner(&*store, name, number).await);
    }
    let turns = turns(store.clone());
    for round in 0..2 {
        let answers = turns.take_each(patients.clone(), noon()).await;
        let well: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(well, [true, false, true, true], "round {round}");
        assert!(matches!(answers[1], Err(TurnError::Crashed)), "{:?}", answers[1]);
        for (patient, expected) in patients.iter().zip([1, 0, 1, 1]) {
            let messages = store.messages(Some(patient), None, 9).await.unwrap().rows.len();
            assert_eq!(messages, expected, "round {round}: {patient} is planned for once");
        }
    }
    let due = store.due_patients(noon(), 9).await.unwrap();
    assert_eq!(due, [patients[1].clone()], "and stays due alone");
    assert!(turns.take(&patients[0], &[], &Extras::default(), noon()).await.is_ok());
}
