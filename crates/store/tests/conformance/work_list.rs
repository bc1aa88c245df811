//! The work-list: one row a patient.

use afterrun_rules::{Reason, book::TellClinic, ids::PatientId};
use afterrun_store::{
    Contact, NewUser, NewWorkItem, Resolution, Role, Urgency, UserKey, WorkChange, WorkFilter, WorkState,
};

use chrono::TimeDelta;

use super::sample::*;

async fn ann(store: &AnyStore) -> UserKey {
    let new = NewUser {
        email: "ann@clinic.example".to_owned(),
        role: Role::Clinician,
        password_hash: String::new(),
    };
    store.add_user(new, hour(0)).await.unwrap()
}

fn item(identity: &str, level: TellClinic, code: &str) -> NewWorkItem {
    NewWorkItem {
        identity_text: identity.to_owned(),
        flag: Some("pain-lasting".into()),
        level,
        reason: Reason::new(code, format!("because of {identity}")),
        digest_due: None,
    }
}

async fn raise(store: &AnyStore, id: &PatientId, hours: i64, item: NewWorkItem) {
    take_turn(store, id, hour(hours), |turn| turn.work_items = vec![item]).await;
}

async fn today(store: &AnyStore, id: &PatientId, hours: i64) {
    raise(store, id, hours, item(&format!("at-{hours}"), TellClinic::Today, "stage-reached")).await;
}

async fn shown(store: &AnyStore, filter: WorkFilter, hours: i64) -> Vec<String> {
    let page = store.work_list(filter, None, 50, hour(hours)).await.unwrap();
    page.rows.iter().map(|row| row.patient.to_string()).collect()
}

async fn state(store: &AnyStore, id: &PatientId) -> WorkState {
    store.work_row(id).await.unwrap().unwrap().state
}

/// `watch`, `next`, `same` and `now`, each named for its urgency, raised in this order.
async fn four(store: &AnyStore) {
    let all = [
        ("watch", TellClinic::Digest, "lapsed"),
        ("next", TellClinic::Digest, "stage-reached"),
        ("same", TellClinic::Today, "stage-reached"),
        ("now", TellClinic::Now, "emergency"),
    ];
    for (hours, (name, level, code)) in all.into_iter().enumerate() {
        let id = store.add_patient(runner(name), hour(0)).await.unwrap();
        raise(store, &id, hours as i64, item(name, level, code)).await;
    }
}

pub async fn has_one_row_a_patient_most_urgent_first(store: AnyStore) {
    four(&store).await;
    let id = enrol(&store).await;
    today(&store, &id, 1).await;
    raise(&store, &id, 2, item("less", TellClinic::Digest, "lapsed")).await;
    assert_eq!(shown(&store, WorkFilter::Open, 5).await, ["now", "p1", "same", "next", "watch"]);
    let row = store.work_row(&id).await.unwrap().unwrap();
    assert_eq!((row.urgency, row.open_items, row.state), (Urgency::SameDay, 2, WorkState::New));
    assert_eq!((&*row.reason.text, row.raised_at), ("because of at-1", hour(2)));
    assert_eq!(row.due_at, hour(1) + Urgency::SameDay.within());
    assert_eq!((row.is_overdue(hour(24)), row.is_overdue(hour(25))), (false, true));
    assert_eq!(row.patient_name, "Runner p1");
}

pub async fn is_listed_in_pages(store: AnyStore) {
    four(&store).await;
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = store.work_list(WorkFilter::Open, after.as_deref(), 1, hour(5)).await.unwrap();
        assert!(page.rows.len() <= 1);
        seen.extend(page.rows.into_iter().map(|row| row.patient.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["now", "same", "next", "watch"]);
    let nonsense = store.work_list(WorkFilter::Open, Some("x.y"), 10, hour(5)).await.unwrap();
    assert_eq!(nonsense.rows.len(), 4, "a cursor that is none begins at the top");
}

pub async fn is_filtered(store: AnyStore) {
    four(&store).await;
    let ann = ann(&store).await;
    store.change_work(&"same".into(), ann, WorkChange::Take, hour(5)).await.unwrap();
    let until = WorkChange::Snooze { until: hour(30), why: "on holiday".to_owned() };
    store.change_work(&"next".into(), ann, until, hour(5)).await.unwrap();
    take_turn(&store, &"watch".into(), hour(6), |turn| {
        turn.events = vec![event(hour(6), r#"{"address_dead":{}}"#)];
    })
    .await;
    let cases: [(WorkFilter, i64, &[&str]); 8] = [
        (WorkFilter::Open, 7, &["now", "same", "watch"]),
        (WorkFilter::Open, 30, &["now", "same", "next", "watch"]),
        (WorkFilter::Of(ann), 7, &["same"]),
        (WorkFilter::Unowned, 7, &["now", "watch"]),
        (WorkFilter::Quiet, 7, &["watch"]),
        (WorkFilter::Bounced, 7, &["watch"]),
        (WorkFilter::Since(hour(1)), 7, &["now", "same"]),
        (WorkFilter::Snoozed, 7, &["next"]),
    ];
    for (filter, hours, expected) in cases {
        assert_eq!(shown(&store, filter, hours).await, expected, "{filter:?} at {hours}");
    }
}

pub async fn follows_what_people_do(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    assert!(!store.change_work(&id, ann, WorkChange::Take, hour(1)).await.unwrap(), "nothing to do yet");
    assert_eq!(store.work_row(&id).await.unwrap(), None);
    today(&store, &id, 1).await;
    let steps = [
        (WorkChange::Take, WorkState::Acknowledged, true),
        (WorkChange::Contact(Contact::NoAnswer), WorkState::Contacted, true),
        (WorkChange::Take, WorkState::Contacted, true),
        (WorkChange::HandBack, WorkState::New, false),
        (WorkChange::Snooze { until: hour(9), why: "calls back".to_owned() }, WorkState::Snoozed, false),
        (WorkChange::Contact(Contact::Spoke), WorkState::Contacted, true),
        (WorkChange::Note("wears new shoes".to_owned()), WorkState::Contacted, true),
        (WorkChange::Resolve(Resolution::Advised), WorkState::Resolved, true),
    ];
    for (change, state, is_owned) in steps {
        assert!(store.change_work(&id, ann, change.clone(), hour(2)).await.unwrap(), "{change:?}");
        let row = store.work_row(&id).await.unwrap().unwrap();
        assert_eq!((row.state, row.owner.is_some()), (state, is_owned), "after {change:?}");
    }
    assert!(shown(&store, WorkFilter::Open, 9).await.is_empty());
    let row = store.work_row(&id).await.unwrap().unwrap();
    assert_eq!((row.open_items, row.owner), (0, Some((ann, "ann@clinic.example".to_owned()))));
    assert!(!store.change_work(&id, ann, WorkChange::Take, hour(3)).await.unwrap(), "it is done");
    assert_eq!(store.patient_work_items(&id, None, 9).await.unwrap().rows[0].state, "resolved");
}

pub async fn is_opened_anew_by_what_is_as_urgent(store: AnyStore) {
    let ann = ann(&store).await;
    for (name, change) in [
        ("a", WorkChange::Resolve(Resolution::Settled)),
        ("b", WorkChange::Contact(Contact::Spoke)),
        ("c", WorkChange::Snooze { until: hour(99), why: "later".to_owned() }),
        ("d", WorkChange::Take),
    ] {
        let id = store.add_patient(runner(name), hour(0)).await.unwrap();
        today(&store, &id, 1).await;
        store.change_work(&id, ann, change, hour(2)).await.unwrap();
        raise(&store, &id, 3, item("worse", TellClinic::Today, "stage-reached")).await;
        let row = store.work_row(&id).await.unwrap().unwrap();
        assert_eq!((row.state, &*row.reason.text), (WorkState::New, "because of worse"), "{name}");
        assert_eq!((row.due_at, row.snoozed_until), (hour(3) + Urgency::SameDay.within(), None), "{name}");
        let newest = store.work_history(&id, None, 1).await.unwrap().rows.remove(0);
        assert_eq!((&*newest.what, newest.by, &*newest.detail), ("reopen", None, "because of worse"));
    }
    assert_eq!(shown(&store, WorkFilter::Open, 4).await.len(), 4);
}

pub async fn is_left_alone_by_what_is_less_urgent(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    today(&store, &id, 1).await;
    store.change_work(&id, ann, WorkChange::Contact(Contact::Spoke), hour(2)).await.unwrap();
    raise(&store, &id, 3, item("less", TellClinic::Digest, "lapsed")).await;
    assert_eq!(state(&store, &id).await, WorkState::Contacted);
    store.change_work(&id, ann, WorkChange::Resolve(Resolution::Seen), hour(4)).await.unwrap();
    raise(&store, &id, 5, item("again", TellClinic::Digest, "lapsed")).await;
    let row = store.work_row(&id).await.unwrap().unwrap();
    assert_eq!((row.state, row.urgency), (WorkState::New, Urgency::Watch), "what was done is done");
}

pub async fn keeps_its_history(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    assert!(store.change_work(&id, ann, WorkChange::Note("first".to_owned()), hour(1)).await.unwrap());
    today(&store, &id, 2).await;
    store.change_work(&id, ann, WorkChange::Contact(Contact::LeftMessage), hour(3)).await.unwrap();
    let first = store.work_history(&id, None, 1).await.unwrap();
    let second = store.work_history(&id, first.next.as_deref(), 1).await.unwrap();
    let seen: Vec<_> = first
        .rows
        .iter()
        .chain(&second.rows)
        .map(|line| (line.at, line.by.as_deref(), &*line.what, &*line.detail))
        .collect();
    let by = Some("ann@clinic.example");
    assert_eq!(seen, [(hour(3), by, "contact", "left-message"), (hour(1), by, "note", "first")]);
    assert_eq!(second.next, None);
}

pub async fn is_audited(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    store.change_work(&id, ann, WorkChange::Take, hour(1)).await.unwrap();
    store.change_work(&id, ann, WorkChange::Note("painful left knee".to_owned()), hour(1)).await.unwrap();
    let lines = store.audit_log(Some("p1"), None, 10).await.unwrap().rows;
    assert_eq!(lines.len(), 1, "what could not be done is not noted");
    assert_eq!((&*lines[0].actor, &*lines[0].action), (&*format!("user {}", ann.0), "work-note"));
}

pub async fn forgets_an_erased_patient(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    today(&store, &id, 1).await;
    store.change_work(&id, ann, WorkChange::Note("painful left knee".to_owned()), hour(2)).await.unwrap();
    store.erase_patient(&id, hour(3)).await.unwrap();
    assert!(shown(&store, WorkFilter::Open, 4).await.is_empty());
    assert!(store.work_history(&id, None, 9).await.is_err());
    assert!(store.change_work(&id, ann, WorkChange::Note("x".to_owned()), hour(4)).await.is_err());
}

pub async fn knows_who_fell_silent(store: AnyStore) {
    let id = enrol(&store).await;
    raise(&store, &id, 1, item("silence", TellClinic::Digest, "lapsed")).await;
    assert!(store.work_row(&id).await.unwrap().unwrap().quiet);
    let answer =
        r#"{"answer":{"check_in":"morning-after","about_day":"2026-03-27","values":{"worst_pain":1}}}"#;
    take_turn(&store, &id, hour(2), |turn| turn.events = vec![event(hour(2), answer)]).await;
    assert!(!store.work_row(&id).await.unwrap().unwrap().quiet);
}

pub async fn keeps_what_somebody_took_from_being_escalated(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    raise(&store, &id, 1, item("first", TellClinic::Now, "emergency")).await;
    assert_eq!(store.unacknowledged_items(hour(9), 10).await.unwrap().len(), 1);
    store.change_work(&id, ann, WorkChange::Take, hour(2)).await.unwrap();
    assert_eq!(store.unacknowledged_items(hour(9), 10).await.unwrap(), []);
    raise(&store, &id, 3, item("second", TellClinic::Now, "emergency")).await;
    assert_eq!(store.unacknowledged_items(hour(9), 10).await.unwrap().len(), 2, "something new has come");
}

pub async fn puts_what_waits_before_what_was_contacted(store: AnyStore) {
    let ann = ann(&store).await;
    for (name, hours) in [("first", 1), ("second", 2), ("third", 3)] {
        let id = store.add_patient(runner(name), hour(0)).await.unwrap();
        today(&store, &id, hours).await;
    }
    store.change_work(&"first".into(), ann, WorkChange::Contact(Contact::Spoke), hour(4)).await.unwrap();
    assert_eq!(shown(&store, WorkFilter::Open, 40).await, ["second", "third", "first"]);
    let one = store.work_list(WorkFilter::Open, None, 2, hour(40)).await.unwrap();
    let rest = store.work_list(WorkFilter::Open, one.next.as_deref(), 2, hour(40)).await.unwrap();
    assert_eq!(rest.rows.iter().map(|row| row.patient.to_string()).collect::<Vec<_>>(), ["first"]);
}

pub async fn keeps_what_was_done_otherwise(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    let did = WorkChange::Did("pause", "until Friday".to_owned());
    assert!(store.change_work(&id, ann, did, hour(1)).await.unwrap(), "no open work is needed for it");
    let line = store.work_history(&id, None, 1).await.unwrap().rows.remove(0);
    assert_eq!((&*line.what, &*line.detail), ("pause", "until Friday"));
    assert_eq!(
        store.audit_log(Some("p1"), None, 9).await.unwrap().rows,
        [],
        "whoever did it has noted it before"
    );
}

pub async fn keeps_a_scorecard(store: AnyStore) {
    let ann = ann(&store).await;
    for (hours, name, change) in [
        (1, "a", Some(Resolution::Acted)),
        (2, "b", Some(Resolution::Seen)),
        (3, "c", Some(Resolution::NotNeeded)),
        (4, "d", Some(Resolution::AlreadyKnown)),
        (5, "e", None),
    ] {
        let id = store.add_patient(runner(name), hour(0)).await.unwrap();
        today(&store, &id, hours).await;
        if name == "b" {
            let tried = WorkChange::Contact(Contact::NoAnswer);
            store.change_work(&id, ann, tried, hour(hours + 1)).await.unwrap();
        }
        if let Some(resolution) = change {
            let done_at = hour(hours + 2 * hours);
            store.change_work(&id, ann, WorkChange::Resolve(resolution), done_at).await.unwrap();
        }
        take_turn(&store, &id, hour(hours), |turn| turn.check_ins = vec![check_in(hours)]).await;
    }
    let all = store.scorecard(hour(0)).await.unwrap();
    assert_eq!((all.check_ins, all.rules.len()), (5, 1));
    let card = &all.rules[0];
    assert_eq!((card.flag.as_str(), card.fires, card.acted), ("pain-lasting", 5, 2));
    assert_eq!((card.not_needed, card.already_known, card.resolved()), (1, 1, 4));
    // Two were acted on, after two and four hours; no answer is no contact.
    assert_eq!(card.median_to_contact, Some(TimeDelta::hours(2)));
    assert_eq!((card.first_fired_at, card.last_fired_at), (Some(hour(1)), Some(hour(5))));
    assert_eq!(card.last_acted_at, Some(hour(6)));
    assert_eq!(card.per_hundred(all.check_ins), Some(100.0));
    let later = store.scorecard(hour(4)).await.unwrap();
    assert_eq!((later.check_ins, later.rules[0].fires, later.rules[0].acted), (2, 2, 0));
    assert_eq!((later.rules[0].first_fired_at, later.rules[0].median_to_contact), (Some(hour(4)), None));
    assert_eq!(store.scorecard(hour(9)).await.unwrap().rules, []);
    let before = store.scorecard(hour(0) - TimeDelta::hours(30)).await.unwrap();
    assert_eq!((before.check_ins, before.rules), (5, all.rules.clone()), "over midnight");
    store.erase_patient(&"e".into(), hour(20)).await.unwrap();
    for since in [hour(0), hour(0) - TimeDelta::hours(30)] {
        let left = store.scorecard(since).await.unwrap();
        assert_eq!((left.check_ins, left.rules[0].fires), (4, 4), "of those who are left");
        assert_eq!(left.rules[0].last_fired_at, Some(hour(4)));
    }
}

fn check_in(hours: i64) -> afterrun_rules::chart::CheckIn {
    afterrun_rules::chart::CheckIn {
        id: "morning-after".into(),
        about_day: hour(hours).date_naive(),
        opened_at: hour(hours),
        expires_at: hour(hours + 36),
        questions: vec!["worst_pain".into()],
        about_run: None,
        probe: false,
    }
}

pub async fn is_opened_again_by_a_person(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    assert!(
        !store.change_work(&id, ann, WorkChange::Reopen, hour(1)).await.unwrap(),
        "there never was any work"
    );
    today(&store, &id, 1).await;
    store.change_work(&id, ann, WorkChange::Resolve(Resolution::Settled), hour(2)).await.unwrap();
    today(&store, &id, 3).await;
    assert!(!store.change_work(&id, ann, WorkChange::Reopen, hour(3)).await.unwrap(), "it is open");
    store.change_work(&id, ann, WorkChange::Resolve(Resolution::NotNeeded), hour(4)).await.unwrap();
    assert!(store.change_work(&id, ann, WorkChange::Reopen, hour(5)).await.unwrap());
    let row = store.work_row(&id).await.unwrap().unwrap();
    assert_eq!((row.state, row.open_items), (WorkState::Acknowledged, 1), "what was done before stays done");
    assert_eq!(row.owner, Some((ann, "ann@clinic.example".to_owned())));
    assert_eq!(shown(&store, WorkFilter::Open, 5).await, ["p1"]);
    let card = store.scorecard(hour(0)).await.unwrap().rules.remove(0);
    assert_eq!((card.fires, card.resolved()), (2, 1));
    assert_eq!(store.work_history(&id, None, 1).await.unwrap().rows[0].what, "open-again");
}

pub async fn says_how_somebody_tried_and_why_it_is_put_off(store: AnyStore) {
    let (ann, id) = (ann(&store).await, enrol(&store).await);
    today(&store, &id, 1).await;
    let long_after = hour(100);
    let steps = [
        (WorkChange::Contact(Contact::NoAnswer), Some(Contact::NoAnswer), None, true),
        (WorkChange::Note("rings again".to_owned()), Some(Contact::NoAnswer), None, true),
        (WorkChange::Contact(Contact::Spoke), Some(Contact::Spoke), None, false),
        (WorkChange::Snooze { until: hour(9), why: "calls back".to_owned() }, None, Some("calls back"), true),
        (WorkChange::Take, None, None, true),
        (WorkChange::Contact(Contact::LeftMessage), Some(Contact::LeftMessage), None, true),
        (WorkChange::HandBack, None, None, true),
    ];
    for (change, contact, why, is_overdue) in steps {
        store.change_work(&id, ann, change.clone(), hour(2)).await.unwrap();
        let row = store.work_row(&id).await.unwrap().unwrap();
        assert_eq!((row.contact, row.snoozed_why.as_deref()), (contact, why), "after {change:?}");
        assert_eq!(row.is_overdue(long_after), is_overdue, "after {change:?}");
    }
}
