//! Charts: what comes back equals what was applied and recorded.

use afterrun_rules::{
    Action, Chart, Decision, Event, Reason, TimedEvent,
    book::TellClinic,
    chart::{CheckIn, Reach},
    decision::{Audience, Entry, EntryState, Facts, Identity, Subject},
};
use afterrun_store::{MessageState, NewMessage, NewPatient, Settlement, StoreError, StoredChart};
use chrono::Duration;

use super::sample::*;

/// Every kind of event there is, in an order in which each has something to act on.
pub const EVENTS: &[&str] = &[
    r#"{"run":{"id":"r1","started_at":"2026-03-27T08:00:00.000001Z","distance_m":21097.5,"duration_s":5400,"kind":{"race":"half-marathon"}}}"#,
    r#"{"run":{"id":"r2","started_at":"2026-03-26T08:00:00Z","distance_m":5000.0,"kind":"training"}}"#,
    r#"{"answer":{"check_in":"morning-after","about_day":"2026-03-28","values":{"feeling":"pain","worst_pain":5,"slept_well":false}}}"#,
    r#"{"answer":{"check_in":"morning-after","about_day":"2026-03-28","values":{"worst_pain":6},"emergencies":["chest-pain"]}}"#,
    r#"{"answer":{"run":"r1","about_day":"2026-03-27","values":{"pain_on_run":4},"emergencies":[]}}"#,
    r#"{"answer":{"check_in":"weekly","about_day":"2026-03-29","values":{}}}"#,
    r#"{"withdraw":{"check_in":"weekly","about_day":"2026-03-29"}}"#,
    r#"{"excuse":{"from":"2026-03-29","to":"2026-03-30","because":"mail server \"down\" – Störung"}}"#,
    r#"{"pause":{"until":"2026-04-10"}}"#,
    r#"{"resume":{}}"#,
    r#"{"pause":{}}"#,
    r#"{"time_zone":{"time_zone":"America/Chicago"}}"#,
    r#"{"run_removed":{"run":"r2"}}"#,
    r#"{"contacted":{"flag":"pain-lasting"}}"#,
    r#"{"contact_withdrawn":{"flag":"pain-lasting"}}"#,
    r#"{"emergency_resolved":{}}"#,
    r#"{"emergency_reopened":{}}"#,
    r#"{"address_dead":{}}"#,
    r#"{"confirmed":{}}"#,
    r#"{"stop":{}}"#,
];

pub async fn give_back_every_kind_of_event(store: AnyStore) {
    let id = enrol(&store).await;
    let mut written: Vec<TimedEvent> = Vec::new();
    for (hours, json) in EVENTS.iter().enumerate() {
        let now = hour(hours as i64) + Duration::microseconds(hours as i64);
        take_turn(&store, &id, now, |turn| turn.events = vec![event(now, json)]).await;
        written.push(event(now, json));
        assert_eq!(serde_json::to_string(&written[hours].event).unwrap(), *json, "the sample says it all");
    }
    assert_eq!(store.events(&id).await.unwrap(), written);
    let mut applied = Chart::new(id.clone(), chrono_tz::Europe::London, hour(0));
    written.iter().for_each(|event| applied.apply(event));
    assert_eq!(store.chart(&id).await.unwrap().chart, applied);
}

/// One turn of a script: events, and decisions on them.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub events: Vec<Event>,
    pub decisions: Vec<(Identity, Action)>,
    /// Entries of the ledger, counted from its start, whose mail is accepted after the turn.
    pub accepted: Vec<usize>,
}

/// Plays a script against the store and against a chart in memory; after each turn both are the same.
pub async fn play(store: AnyStore, script: &[Step]) {
    let id = enrol(&store).await;
    let mut chart = Chart::new(id.clone(), chrono_tz::Europe::London, hour(0));
    for (turn_number, step) in script.iter().enumerate() {
        let now = hour(1 + turn_number as i64);
        let stored = store.chart(&id).await.unwrap();
        let events: Vec<_> =
            step.events.iter().map(|event| TimedEvent { at: now, event: event.clone() }).collect();
        events.iter().for_each(|event| chart.apply(event));
        let (known_entries, known_check_ins) = (chart.ledger.len(), chart.check_ins.len());
        let mut turn = turn(&stored, now);
        turn.events = events;
        for (identity, action) in &step.decisions {
            if !possible(&chart, identity, action) {
                continue;
            }
            let decision = Decision {
                identity: identity.clone(),
                at: now,
                action: action.clone(),
                reason: Reason::new("scripted", "the script says so"),
                facts: Facts::default(),
            };
            chart.record(&decision, now);
            if *action == Action::Cancel {
                turn.cancels.push((identity.clone(), decision.reason));
            }
        }
        if step.events.contains(&Event::Stop {}) {
            stop(&mut chart, now);
        }
        // As a caller does: what is new goes in as it was decided, cancels follow.
        let fresh = chart.ledger[known_entries..].iter().cloned();
        turn.messages = fresh.map(|entry| decided(entry, now)).collect();
        turn.check_ins = chart.check_ins[known_check_ins..].to_vec();
        store.commit(turn).await.unwrap();
        accept(&store, &mut chart, &step.accepted, now).await;
        let StoredChart { patient, chart: read, .. } = store.chart(&id).await.unwrap();
        assert_eq!(read, chart, "after turn {turn_number} of {script:#?}");
        assert_eq!((patient.reach, patient.stopped_at), (chart.reach, chart.stopped_at));
        assert_eq!(patient.time_zone, chart.zone_at(now));
    }
}

/// Whether a plan could decide this: nothing twice, no cancelling of what has been told, and only what is or
/// will be told speaks for another.
fn possible(chart: &Chart, identity: &Identity, action: &Action) -> bool {
    let state =
        |of: &Identity| chart.ledger.iter().find(|entry| entry.identity == *of).map(|entry| entry.state);
    let known = state(identity);
    match action {
        Action::Cancel => known.is_none_or(|state| matches!(state, EntryState::Queued | EntryState::Covered)),
        Action::Covered { by } => {
            known.is_none() && matches!(state(by), Some(EntryState::Queued | EntryState::Done))
        }
        _ => known.is_none(),
    }
}

/// What a stop does to the ledger.
fn stop(chart: &mut Chart, now: chrono::DateTime<chrono::Utc>) {
    let queued =
        |entry: &&Entry| entry.state == EntryState::Queued && entry.identity.audience == Audience::Patient;
    let queued: Vec<_> = chart.ledger.iter().filter(queued).map(|entry| entry.identity.clone()).collect();
    for identity in queued {
        let reason = Reason::new("stopped", "the patient wants no more mail");
        chart.record(
            &Decision { identity, at: now, action: Action::Cancel, reason, facts: Facts::default() },
            now,
        );
    }
}

fn decided(entry: Entry, now: chrono::DateTime<chrono::Utc>) -> NewMessage {
    let with_mail = matches!(entry.state, EntryState::Queued | EntryState::Done);
    from_entry(entry, with_mail.then(|| mail("p1@runner.example", now)))
}

async fn accept(store: &AnyStore, chart: &mut Chart, which: &[usize], now: chrono::DateTime<chrono::Utc>) {
    let chosen: Vec<Identity> =
        which.iter().filter_map(|at| chart.ledger.get(*at)).map(|entry| entry.identity.clone()).collect();
    let claimed = store.claim(claim("w", now)).await.unwrap();
    for message in &claimed {
        let identity = message.identity.as_ref().unwrap();
        if chosen.contains(identity) {
            chart.mark_done(identity);
            leaves_now(chart, identity, now);
            let outcome = Settlement::Accepted { said: "250 ok".to_owned() };
            assert!(store.settle(message.key, "w", now, outcome).await.unwrap());
        }
    }
    let rest: Vec<_> = claimed.iter().map(|message| message.key).collect();
    store.release(&rest, "w").await.unwrap();
}

/// What left later than it was to be done counts on the day it left.
fn leaves_now(chart: &mut Chart, identity: &Identity, now: chrono::DateTime<chrono::Utc>) {
    let left = |entry: Entry| match entry.identity == *identity && identity.audience == Audience::Patient {
        true => Entry { at: entry.at.max(now), ..entry },
        false => entry,
    };
    chart.ledger = std::mem::take(&mut chart.ledger).into_iter().map(left).collect();
}

pub async fn equal_what_was_applied(store: AnyStore) {
    let day = "2026-03-28".parse().unwrap();
    let stage = |stage: &str, attempt| Identity {
        subject: Subject::Stage { flag: "pain-lasting".into(), stage: stage.into(), evidence_day: day },
        audience: Audience::Patient,
        attempt,
    };
    let send = |message: &str| Action::Send { message: message.into(), urgent: false };
    let check_in = Identity {
        subject: Subject::CheckIn { check_in: "morning-after".into(), about_day: day },
        audience: Audience::Patient,
        attempt: 1,
    };
    let open = Action::OpenCheckIn {
        message: "check-in".into(),
        expires_at: hour(36),
        questions: vec!["feeling".into(), "worst_pain".into()],
        about_run: Some("r1".into()),
        probe: true,
    };
    let tell = Action::TellClinic { level: TellClinic::Today };
    let script = [
        Step {
            events: vec![event(hour(1), EVENTS[0]).event, event(hour(1), EVENTS[2]).event],
            decisions: vec![(plan_of("r1"), send("recovery-plan")), (check_in, open)],
            accepted: vec![0],
        },
        Step {
            decisions: vec![
                (stage("see-us", 1), Action::Send { message: "pain-see-us".into(), urgent: true }),
                (stage("heads-up", 1), Action::Covered { by: stage("see-us", 1) }),
                (to_clinic(stage("see-us", 1)), tell),
            ],
            ..Step::default()
        },
        Step { decisions: vec![(stage("see-us", 1), Action::Cancel)], ..Step::default() },
        Step {
            decisions: vec![(stage("heads-up", 2), send("pain-heads-up")), (plan_of("r9"), Action::Cancel)],
            accepted: vec![5],
            ..Step::default()
        },
    ];
    play(store, &script).await;
}

pub async fn keep_the_zone_and_reach_of_the_enrolment(store: AnyStore) {
    let new = NewPatient { reach: Reach::Unconfirmed, language: "en-GB".to_owned(), ..runner("p1") };
    let id = store.add_patient(new, hour(0)).await.unwrap();
    let moved = r#"{"time_zone":{"time_zone":"America/Chicago"}}"#;
    take_turn(&store, &id, hour(2), |turn| turn.events = vec![event(hour(2), moved)]).await;
    let chart = store.chart(&id).await.unwrap().chart;
    let zones = [(hour(0), chrono_tz::Europe::London), (hour(2), chrono_tz::America::Chicago)];
    assert_eq!(chart.zones, zones);
    assert_eq!((chart.reach, &*chart.language), (Reach::Unconfirmed, "en-GB"));
    assert_eq!((chart.enrolled_at, chart.book_since), (hour(0), hour(0)));
}

pub async fn show_each_state_of_a_message(store: AnyStore) {
    let id = with_mail(&store).await;
    assert_eq!(only_entry(&store, &id).await, EntryState::Queued);
    let key = claim_one(&store, "w", hour(1)).await.key;
    assert_eq!(only_entry(&store, &id).await, EntryState::Queued, "leased");
    assert!(store.begin_transmit(key, "w", hour(1), &[]).await.unwrap());
    assert_eq!(only_entry(&store, &id).await, EntryState::Queued, "transmitting");
    assert!(store.settle(key, "w", hour(1), Settlement::Accepted { said: String::new() }).await.unwrap());
    assert_eq!(only_entry(&store, &id).await, EntryState::Done);
    assert_eq!(store.message(key).await.unwrap().state, MessageState::Accepted);
}

pub async fn have_one_entry_for_many_recipients(store: AnyStore) {
    let id = enrol(&store).await;
    let alert = to_clinic(plan_of("r1"));
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages =
            ["a@clinic.example", "b@clinic.example"].map(|to| message_to(&alert, to, hour(1))).to_vec();
    })
    .await;
    assert_eq!(only_entry(&store, &id).await, EntryState::Done);
    let claimed = store.claim(claim("w", hour(1))).await.unwrap();
    assert_eq!(claimed.len(), 2, "each recipient has a mail");
    for message in claimed {
        let refused = Settlement::Rejected { said: "550 5.1.1 no such user".to_owned() };
        assert!(store.settle(message.key, "w", hour(1), refused).await.unwrap());
    }
    assert_eq!(only_entry(&store, &id).await, EntryState::Done, "the work-list has told the clinic");
}

pub async fn tell_the_clinic_whatever_becomes_of_its_mail(store: AnyStore) {
    let id = enrol(&store).await;
    let alert = to_clinic(plan_of("r1"));
    let mut stale = message_to(&alert, "team@clinic.example", hour(1));
    stale.mail.as_mut().unwrap().stale_at = Some(hour(2));
    take_turn(&store, &id, hour(1), |turn| turn.messages = vec![stale]).await;
    assert!(store.claim(claim("w", hour(2))).await.unwrap().is_empty());
    assert_eq!(only_entry(&store, &id).await, EntryState::Done, "the work-list shows it all the same");
}

pub async fn show_what_a_decision_took_back_from_the_clinic(store: AnyStore) {
    let id = enrol(&store).await;
    let alert = to_clinic(plan_of("r1"));
    take_turn(&store, &id, hour(1), |turn| {
        turn.messages = vec![message_to(&alert, "team@clinic.example", hour(9))];
    })
    .await;
    let reason = Reason::new("overtaken", "the answer was withdrawn");
    take_turn(&store, &id, hour(2), |turn| turn.cancels = vec![(alert, reason)]).await;
    assert_eq!(only_entry(&store, &id).await, EntryState::Cancelled);
}

pub async fn keep_microseconds(store: AnyStore) {
    let enrolled = at("2026-03-27T09:00:00.123456Z");
    let id = store.add_patient(runner("p1"), enrolled).await.unwrap();
    let due = at("2026-03-28T07:00:00.000001Z");
    take_turn(&store, &id, enrolled, |turn| {
        turn.next_due = Some(due);
        turn.events = vec![event(due, r#"{"resume":{}}"#)];
        turn.messages = vec![message(&plan_of("r1"), due)];
    })
    .await;
    let stored = store.chart(&id).await.unwrap();
    assert_eq!((stored.chart.enrolled_at, stored.patient.next_due), (enrolled, Some(due)));
    assert_eq!(stored.chart.ledger[0].at, due);
    assert_eq!(store.events(&id).await.unwrap()[0].at, due);
}

pub async fn list_the_check_ins_opened_since(store: AnyStore) {
    let ids = [enrol(&store).await, store.add_patient(runner("p2"), hour(0)).await.unwrap()];
    let opened = |hours: i64| CheckIn {
        id: "morning-after".into(),
        about_day: at("2026-03-28T00:00:00Z").date_naive() + Duration::days(hours),
        opened_at: hour(hours),
        expires_at: hour(hours + 10),
        questions: vec!["feeling".into()],
        about_run: None,
        probe: false,
    };
    for hours in [1, 2, 3] {
        for id in &ids {
            take_turn(&store, id, hour(hours), |turn| turn.check_ins = vec![opened(hours)]).await;
        }
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.check_ins_opened(hour(2), after.as_deref(), 3).await.unwrap();
        seen.extend(page.rows.into_iter().map(|opened| (opened.opened_at, opened.patient)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected: Vec<_> =
        [2, 3].into_iter().flat_map(|h| ids.iter().map(move |id| (hour(h), id.clone()))).collect();
    assert_eq!(seen, expected);
    let first = store.check_ins_opened(hour(3), None, 1).await.unwrap().rows.remove(0);
    assert_eq!((first.check_in, first.about_day), ("morning-after".into(), opened(3).about_day));
}

pub async fn of_several_patients_are_those_of_each(store: AnyStore) {
    for name in ["p1", "p2"] {
        store.add_patient(runner(name), hour(0)).await.unwrap();
    }
    take_turn(&store, &"p2".into(), hour(1), |turn| turn.events = vec![event(hour(1), r#"{"pause":{}}"#)])
        .await;
    let charts = store.charts(&["p2".into(), "nobody".into(), "p1".into()]).await.unwrap();
    let [Ok(second), Err(unknown), Ok(first)] = &charts[..] else { panic!("{charts:?}") };
    assert!(matches!(unknown, StoreError::NotFound { what: "patient", .. }), "{unknown}");
    assert_eq!(*second, store.chart(&"p2".into()).await.unwrap());
    assert_eq!(*first, store.chart(&"p1".into()).await.unwrap());
    assert!(store.charts(&[]).await.unwrap().is_empty());
}
