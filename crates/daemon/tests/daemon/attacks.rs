//! Nights when clocks change, and things that happen between a decision and its mail: no check-in is lost, doubled, or
//! sent at night.

use std::{collections::BTreeMap, fs};

use afterrun::clock::Clock;
use afterrun_rules::{
    TimedEvent,
    chart::{Event, PauseEvent, Reach, Run, RunKind},
    decision::{Audience, Subject},
    ids::PatientId,
};
use afterrun_store::{NewPatient, Units};
use afterrun_web::Recorder;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tokio::task::JoinHandle;

use crate::support::{World, answer, at};

const MONDAY: &str = "2026-05-04T14:00:00Z";
/// Half past seven in Chicago, where check-ins come at seven.
const TUESDAY: &str = "2026-05-05T12:30:00Z";
const ZOE: &str = "zoe@example.org";

impl World {
    async fn runner_in(&self, time_zone: Tz) -> PatientId {
        let new = NewPatient {
            id: None,
            name: "Zoe Berg".into(),
            email: ZOE.into(),
            time_zone,
            language: "en".into(),
            units: Units::Miles,
            reach: Reach::Confirmed,
        };
        self.store.add_patient(new, self.clock.now()).await.unwrap()
    }

    /// Lives on in half hours; when each mail to the runner left.
    async fn live_until(&self, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let mut left = Vec::new();
        while self.clock.now() < until {
            let now = self.clock.now() + TimeDelta::minutes(30);
            let before = self.to_zoe();
            self.pass_to(&now.to_rfc3339()).await;
            left.extend(std::iter::repeat_n(now, self.to_zoe() - before));
        }
        left
    }

    fn to_zoe(&self) -> usize {
        self.left().iter().filter(|(to, _)| to == ZOE).count()
    }

    /// Check-ins by the day they ask about, and how many mails of each left.
    async fn asked_about(&self, runner: &PatientId) -> BTreeMap<NaiveDate, usize> {
        let chart = self.store.chart(runner).await.unwrap().chart;
        let messages = self.messages().await;
        let mut asked = BTreeMap::new();
        for entry in &chart.ledger {
            let Subject::CheckIn { about_day, .. } = &entry.identity.subject else { continue };
            if entry.identity.audience == Audience::Patient {
                let text = entry.identity.to_string();
                let rows: Vec<_> = messages.iter().filter(|row| row.identity_text == text).collect();
                let ids = rows.iter().filter_map(|row| row.mail.as_ref().map(|mail| &mail.message_id));
                let ids: Vec<_> = ids.collect();
                let mails = self.left();
                let sent = mails.iter().filter(|(_, text)| ids.iter().any(|id| text.contains(id.as_str())));
                *asked.entry(*about_day).or_default() += sent.count();
            }
        }
        asked
    }

    /// Something happens between the claim and the gate of the next mail.
    fn meanwhile(&self, act: impl Fn() -> JoinHandle<()> + Send + Sync + 'static) {
        *self.server.meanwhile.lock().unwrap() = Some(Box::new(act));
    }

    fn nothing_meanwhile(&self) {
        *self.server.meanwhile.lock().unwrap() = None;
    }
}

fn is_day(at: DateTime<Utc>, zone: Tz) -> bool {
    let local = at.with_timezone(&zone).time();
    let (from, until) =
        (NaiveTime::from_hms_opt(7, 0, 0).unwrap(), NaiveTime::from_hms_opt(20, 0, 0).unwrap());
    (from..=until).contains(&local)
}

/// A run at noon of the first of these days; there is one check-in about each day after it, by day.
async fn check_night(zone: Tz, first: &str) {
    let first: NaiveDate = first.parse().unwrap();
    let noon = first.and_hms_opt(12, 0, 0).unwrap().and_local_timezone(zone).earliest().unwrap().to_utc();
    let world = World::new(&noon.to_rfc3339()).await;
    let runner = world.runner_in(zone).await;
    world.half_marathon(&runner).await;
    let left = world.live_until(noon + TimeDelta::days(4)).await;
    let asleep: Vec<_> = left.iter().filter(|at| !is_day(**at, zone)).collect();
    assert!(asleep.is_empty(), "{zone} {first}: at night: {asleep:?}");
    let asked = world.asked_about(&runner).await;
    let last = (noon + TimeDelta::days(4)).with_timezone(&zone).date_naive();
    let exists = |day: &NaiveDate| {
        let noon = day.and_hms_opt(12, 0, 0).unwrap();
        noon.and_local_timezone(zone).earliest().is_some()
    };
    let days: Vec<_> = first.iter_days().skip(1).take_while(|day| *day <= last).filter(exists).collect();
    let expected: BTreeMap<_, _> = days.into_iter().map(|day| (day, 1)).collect();
    assert_eq!(asked, expected, "{zone} {first}");
}

#[tokio::test]
async fn nights_when_the_clocks_change_lose_and_double_nothing() {
    for (zone, first) in [
        (Tz::Europe__London, "2026-03-27"),
        (Tz::Europe__London, "2026-10-23"),
        (Tz::America__New_York, "2026-03-06"),
        (Tz::America__New_York, "2026-10-30"),
        (Tz::Australia__Lord_Howe, "2026-04-03"),
        (Tz::Australia__Lord_Howe, "2026-10-02"),
        (Tz::Pacific__Apia, "2011-12-28"),
    ] {
        check_night(zone, first).await;
    }
}

#[tokio::test]
async fn who_travels_while_the_mail_waits_is_asked_once_and_by_day() {
    for (zone, hours) in
        [(Tz::Asia__Tokyo, 0), (Tz::Pacific__Auckland, 3), (Tz::Europe__London, 5), (Tz::Pacific__Apia, 6)]
    {
        let world = World::new(MONDAY).await;
        let runner = world.runner(ZOE).await;
        world.half_marathon(&runner).await;
        world.pass_to(MONDAY).await;
        world.store.set_setting(afterrun::delivery::HOLD, Some("a test")).await.unwrap();
        world.pass_to(TUESDAY).await;
        world.pass_to(&(at(TUESDAY) + TimeDelta::hours(hours)).to_rfc3339()).await;
        world.tell(&runner, Event::TimeZone { time_zone: zone }).await;
        world.store.set_setting(afterrun::delivery::HOLD, None).await.unwrap();
        let left = world.live_until(at(TUESDAY) + TimeDelta::days(3)).await;
        assert!(left.iter().all(|at| is_day(*at, zone)), "{zone}: at night: {left:?}");
        let asked = world.asked_about(&runner).await;
        assert!(asked.values().all(|times| *times <= 1), "{zone}: {asked:?}");
        let missed = asked.iter().filter(|(_, times)| **times == 0);
        assert!(missed.count() <= 1, "{zone}: at most the one whose day was over there: {asked:?}");
        let days: Vec<_> = asked.keys().collect();
        assert!(days.windows(2).all(|pair| *pair[0] + Days::new(1) == *pair[1]), "{zone}: {asked:?}");
    }
}

/// What happens to the runner between the claim of the check-in and its gate.
async fn claimed(what: &'static str) -> (World, PatientId, usize) {
    let world = World::new(MONDAY).await;
    let runner = world.runner(ZOE).await;
    world.half_marathon(&runner).await;
    world.pass_to(MONDAY).await;
    let (app, store, id, file) =
        (world.app.clone(), world.store.clone(), runner.clone(), world.rules.join("clinic.ron"));
    let act = move || {
        let (app, store, id, file) = (app.clone(), store.clone(), id.clone(), file.clone());
        tokio::spawn(async move {
            let now = at(TUESDAY);
            let event = match what {
                "pause" => Event::Pause(PauseEvent { until: None }),
                "stop" => Event::Stop {},
                "zone" => Event::TimeZone { time_zone: Tz::Asia__Tokyo },
                "erase" => {
                    let _ = store.erase_patient(&id, now).await;
                    return;
                }
                "rules" => {
                    let text = fs::read_to_string(&file).unwrap();
                    fs::write(&file, text.replace("all_per_hour: 2000", "all_per_hour: 1999")).unwrap();
                    app.reloading.look_now().await;
                    return;
                }
                _ => {
                    let stored = store.chart(&id).await.unwrap();
                    let turn = afterrun_store::Turn {
                        patient: id,
                        version: stored.version,
                        now,
                        book: app.turns.rules.current().book.hash,
                        events: vec![TimedEvent { at: now, event: Event::AddressChanged {} }],
                        waits: Vec::new(),
                        takes_in: false,
                        check_ins: Vec::new(),
                        links: Vec::new(),
                        messages: Vec::new(),
                        cancels: Vec::new(),
                        work_items: Vec::new(),
                        next_due: Some(now),
                    };
                    let _ = store.commit_address(turn, "new@example.org").await;
                    return;
                }
            };
            let _ = app.recording.record(&id, vec![event]).await;
        })
    };
    world.meanwhile(act);
    let before = world.left().len();
    world.pass_to(TUESDAY).await;
    world.nothing_meanwhile();
    let at_once = world.left().len() - before;
    world.live_until(at(TUESDAY) + TimeDelta::hours(8)).await;
    (world, runner, at_once)
}

#[tokio::test]
async fn mail_that_is_claimed_is_not_sent_to_who_has_stopped_left_or_moved() {
    for what in ["stop", "erase", "address"] {
        let (world, _, at_once) = claimed(what).await;
        assert_eq!((at_once, world.to_zoe()), (0, 1), "{what}: the plan of Monday is all that left");
        assert_eq!(world.left().iter().filter(|(to, _)| to == "new@example.org").count(), 0, "{what}");
    }
}

#[tokio::test]
async fn mail_that_is_claimed_is_sent_once_or_with_reason_not_at_all() {
    for (what, expected) in [("pause", 0), ("zone", 0), ("rules", 1)] {
        let (world, runner, _) = claimed(what).await;
        let asked = world.asked_about(&runner).await;
        let times = asked.get(&"2026-05-05".parse().unwrap()).copied().unwrap_or_default();
        assert!(times <= 1 && times >= expected, "{what}: {asked:?} {:?}", world.ledger().await);
        if times == 0 {
            let ended =
                world.messages().await.into_iter().filter(|row| row.identity_text.contains("/check-in/"));
            let reasons: Vec<_> = ended.map(|row| (row.state, row.end_reason)).collect();
            assert!(reasons.iter().all(|(_, why)| why.is_some()), "{what}: {reasons:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_at_the_same_time_are_all_kept_and_decided_on_once() {
    let world = World::new(MONDAY).await;
    let runner = world.runner(ZOE).await;
    world.half_marathon(&runner).await;
    world.pass_to(TUESDAY).await;
    let taps: Vec<_> = (0..6)
        .map(|_| {
            let (app, id) = (world.app.clone(), runner.clone());
            tokio::spawn(async move { app.recording.record(&id, vec![answer(9, &["chest-pain"])]).await })
        })
        .collect();
    for tap in taps {
        tap.await.unwrap().unwrap();
    }
    world.pass_to(TUESDAY).await;
    let chart = world.store.chart(&runner).await.unwrap().chart;
    let kept = chart.answer_to(&"morning-after".into(), "2026-05-05".parse().unwrap()).unwrap();
    assert_eq!(kept.revision, 6, "each is kept");
    let count =
        |begins: &str, ledger: &[String]| ledger.iter().filter(|line| line.starts_with(begins)).count();
    let ledger = world.ledger().await;
    assert_eq!((count("clinic/emergency", &ledger), count("patient/stage", &ledger)), (1, 1), "{ledger:?}");
    assert_eq!(world.work().await.iter().filter(|code| *code == "emergency").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_the_moment_of_expiry_counts_once() {
    let world = World::new(MONDAY).await;
    let runner = world.runner(ZOE).await;
    world.half_marathon(&runner).await;
    world.pass_to(MONDAY).await;
    world.pass_to(TUESDAY).await;
    let open = world.store.chart(&runner).await.unwrap().chart.check_ins.remove(0);
    for offset in [-1, 0, 1] {
        let moment = open.expires_at + TimeDelta::milliseconds(offset);
        world.clock.set(moment);
        let (app, id) = (world.app.clone(), runner.clone());
        let told = tokio::spawn(async move { app.recording.record(&id, vec![answer(9, &[])]).await });
        world.app.settle(moment).await.unwrap();
        told.await.unwrap().unwrap();
        world.app.settle(moment).await.unwrap();
    }
    let ledger = world.ledger().await;
    let stages = ledger.iter().filter(|line| line.starts_with("patient/stage/")).count();
    assert_eq!(stages, 1, "{ledger:?}");
    assert!(world.asked_about(&runner).await.values().all(|times| *times <= 1));
}

#[tokio::test]
async fn old_runs_that_are_imported_late_change_no_check_in() {
    let world = World::new(MONDAY).await;
    let runner = world.runner(ZOE).await;
    world.half_marathon(&runner).await;
    world.pass_to(MONDAY).await;
    world.pass_to(TUESDAY).await;
    let before = world.asked_about(&runner).await;
    let old = |id: &str, days: i64| {
        let started_at = world.clock.now() - TimeDelta::days(days);
        let run = Run {
            id: id.into(),
            started_at,
            distance_m: 30_000.0,
            duration_s: None,
            kind: RunKind::Training,
        };
        TimedEvent { at: world.clock.now(), event: Event::Run(run) }
    };
    let events = [(runner.clone(), vec![old("old-1", 3), old("old-2", 8), old("old-3", 13)])];
    world.app.turns.take_all(&events, world.clock.now(), &|| ()).await.unwrap();
    let left = world.live_until(at(TUESDAY) + TimeDelta::hours(8)).await;
    assert_eq!(world.asked_about(&runner).await, before, "asked once about today");
    let plans = world
        .ledger()
        .await
        .into_iter()
        .filter(|line| line.contains("recovery-plan/old"))
        .collect::<Vec<_>>();
    assert!(
        plans.iter().all(|line| !line.ends_with(" accepted")),
        "no plan for a run of long ago: {plans:?}"
    );
    assert!(left.len() <= 1, "a reminder at most: {left:?}");
    world.live_until(at(TUESDAY) + TimeDelta::days(2)).await;
    let asked = world.asked_about(&runner).await;
    assert!(asked.len() == 3 && asked.values().all(|times| *times == 1), "{asked:?}");
}
