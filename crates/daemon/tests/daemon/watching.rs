//! Who watches the watcher: the clock, the hourly comparison of due with sent, urgent work that nobody takes, a
//! domain that asks for less, an outage.

use std::time::Duration;

use afterrun::{
    clock::Clock,
    clock_guard::CLOCK_HOLD,
    delivery::HOLD,
    heartbeat::{LAST_ROUND, LAST_TICK},
    reconciliation::{Circumstances, Kind, reconcile},
};
use afterrun_mail::Stage;
use afterrun_rules::{
    BookHash,
    chart::{AnswerEvent, CheckIn, Event, Values},
    ids::PatientId,
};
use afterrun_store::{NewMessage, Turn};
use afterrun_web::Recorder;
use chrono::{DateTime, TimeDelta, Utc};

use crate::support::{World, accepted, at, rejected};

const MONDAY: &str = "2026-05-04T14:00:00Z";
const CALM: Circumstances = Circumstances { held: false, stopped: false };

impl World {
    /// Lets the wall clock and the steady clock go on, by different amounts if need be, and does what is due.
    async fn clocks(&self, wall: TimeDelta, steady: Duration) {
        self.steady.as_ref().unwrap().pass(steady);
        let now = self.clock.now() + wall;
        self.clock.set(now);
        self.app.settle(now).await.unwrap();
    }

    async fn clock_hold(&self) -> Option<String> {
        self.store.setting(CLOCK_HOLD).await.unwrap()
    }

    async fn found(&self, circumstances: Circumstances, now: DateTime<Utc>) -> Vec<(Kind, u64)> {
        let found = reconcile(&self.app.turns, circumstances, now).await.unwrap();
        Kind::ALL.into_iter().map(|kind| (kind, found.count(kind))).filter(|(_, count)| *count > 0).collect()
    }

    async fn emergency(&self, runner: &PatientId) {
        let answer = AnswerEvent {
            check_in: Some("morning-after".into()),
            run: None,
            about_day: self.clock.now().date_naive(),
            values: Values::default(),
            emergencies: Some(vec!["chest-pain".into()]),
        };
        self.tell(runner, Event::Answer(answer)).await;
    }

    /// Mails to an address so far.
    fn to(&self, address: &str) -> usize {
        self.left().iter().filter(|(to, _)| to == address).count()
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_clock_that_jumps_holds_everything_until_it_is_right_again() {
    let world = World::guarded(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.clocks(TimeDelta::minutes(1), MINUTE).await;
    world.half_marathon(&runner).await;
    let before = world.store.patient(&runner).await.unwrap().next_due;
    world.clocks(TimeDelta::hours(26), MINUTE).await;
    assert_eq!(world.clock_hold().await.as_deref(), Some("the clock was set ahead by 1559 minutes"));
    let notice = world.app.recording.notice().unwrap();
    assert!(notice.contains("clock"), "{notice}");
    assert_eq!(world.tried(), 0, "nothing is sent");
    assert_eq!(world.store.patient(&runner).await.unwrap().next_due, before, "nothing is decided by time");
    world.clocks(TimeDelta::hours(-26) + TimeDelta::minutes(1), MINUTE).await;
    assert_eq!(world.clock_hold().await, None);
    assert_eq!(world.to("zoe@example.org"), 1);
}

#[tokio::test]
async fn a_jump_is_the_time_once_somebody_says_so() {
    let mut world = World::guarded(MONDAY).await;
    world.runner("zoe@example.org").await;
    world.clocks(TimeDelta::hours(2), MINUTE).await;
    assert!(world.clock_hold().await.is_some());
    world.restart().await.unwrap();
    world.clocks(TimeDelta::minutes(1), MINUTE).await;
    assert!(world.clock_hold().await.is_some(), "a restart does not make it right");
    world.store.set_setting(CLOCK_HOLD, None).await.unwrap();
    world.clocks(TimeDelta::minutes(1), MINUTE).await;
    assert_eq!(world.clock_hold().await, None);
    world.clocks(TimeDelta::minutes(1), MINUTE).await;
    assert_eq!(world.clock_hold().await, None);
}

#[tokio::test]
async fn a_start_far_from_what_is_stored_holds_everything() {
    for (start, expected) in [
        ("2026-05-04T13:30:00Z", Some("the clock is behind what was stored last, at 2026-05-04 14:00 UTC")),
        (
            "2026-06-04T14:00:00Z",
            Some("the clock is more than 30 days past what was stored last, at 2026-05-04 14:00 UTC"),
        ),
        ("2026-05-04T13:55:00Z", None),
        ("2026-05-20T14:00:00Z", None),
    ] {
        let mut world = World::guarded(MONDAY).await;
        world.clocks(TimeDelta::zero(), Duration::ZERO).await;
        world.clock.set(at(start));
        world.restart().await.unwrap();
        assert_eq!(world.clock_hold().await.as_deref(), expected, "{start}");
    }
}

#[tokio::test]
async fn a_clock_that_is_driven_may_go_anywhere() {
    let world = World::new(MONDAY).await;
    for now in ["2027-05-04T14:00:00Z", "2026-05-04T14:00:00Z"] {
        world.pass_to(now).await;
        assert_eq!(world.clock_hold().await, None);
    }
}

#[tokio::test]
async fn there_are_signs_of_life_once_a_minute() {
    let world = World::new(MONDAY).await;
    for (now, expected) in
        [(MONDAY, MONDAY), ("2026-05-04T14:00:30Z", MONDAY), ("2026-05-04T14:01:00Z", "2026-05-04T14:01:00Z")]
    {
        world.pass_to(now).await;
        for key in [LAST_TICK, LAST_ROUND] {
            let written = world.store.setting(key).await.unwrap().unwrap();
            assert_eq!(at(&written), at(expected), "{key} at {now}");
        }
    }
}

#[tokio::test]
async fn what_is_due_and_not_done_is_found() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    let later = |minutes| at(MONDAY) + TimeDelta::minutes(minutes);
    assert_eq!(world.found(CALM, later(9)).await, []);
    assert_eq!(world.found(CALM, later(11)).await, [(Kind::OverdueTurn, 1)]);
    world.half_marathon(&runner).await;
    let found = world.found(CALM, later(11)).await;
    assert_eq!(found, [(Kind::OverdueMessage, 1)], "nobody sends the plan");
    for circumstances in [Circumstances { held: true, ..CALM }, Circumstances { stopped: true, ..CALM }] {
        assert_eq!(world.found(circumstances, later(11)).await, [], "{circumstances:?}");
    }
    world.pass_to(&later(11).to_rfc3339()).await;
    assert_eq!(world.found(CALM, later(11)).await, [], "it was sent");
}

#[tokio::test]
async fn a_check_in_that_no_mail_carries_is_found() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to("2026-05-05T13:00:00Z").await;
    let now = world.clock.now();
    assert_eq!(world.found(CALM, now).await, [], "this morning's is carried");
    let stored = world.store.chart(&runner).await.unwrap();
    let check_in = CheckIn {
        id: "morning-after".into(),
        about_day: "2026-05-01".parse().unwrap(),
        opened_at: now,
        expires_at: now + TimeDelta::hours(10),
        questions: Vec::new(),
        about_run: None,
        probe: false,
    };
    let turn = Turn {
        patient: runner,
        version: stored.version,
        now,
        book: BookHash([0; 32]),
        events: Vec::new(),
        waits: Vec::new(),
        takes_in: false,
        check_ins: vec![check_in],
        links: Vec::new(),
        messages: Vec::<NewMessage>::new(),
        cancels: Vec::new(),
        work_items: Vec::new(),
        next_due: Some(now + TimeDelta::hours(1)),
    };
    world.store.commit(turn).await.unwrap();
    assert_eq!(world.found(CALM, now).await, [(Kind::CheckInWithoutMessage, 1)]);
}

#[tokio::test]
async fn whoever_keeps_the_rules_hears_once_a_day() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    *world.server.broken.lock().unwrap() = true;
    world.half_marathon(&runner).await;
    for minutes in [0, 2, 10, 30] {
        world.pass_to(&(at(MONDAY) + TimeDelta::minutes(minutes)).to_rfc3339()).await;
    }
    assert_eq!(world.ledger().await, ["patient/recovery-plan/r1 quarantined"]);
    // The panic left the script's lock as it was; the server works again.
    *world.server.broken.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = false;
    for hours in [2, 3, 4] {
        world.pass_to(&(at(MONDAY) + TimeDelta::hours(hours)).to_rfc3339()).await;
    }
    let editors = world.app.turns.rules.current().book.clinic.editors.clone();
    assert!(!editors.is_empty());
    for editor in &editors {
        assert_eq!(world.to(editor), 1);
    }
    let text = &world.left()[0].1;
    assert!(text.contains("messages put aside after failing several times"), "{text}");
    assert!(!text.contains("zoe") && !text.contains("Zoe"), "nobody is named: {text}");
    assert_eq!(world.app.watcher.found().map(|found| found.total()), Some(1));
}

#[tokio::test]
async fn urgent_work_that_nobody_takes_goes_to_somebody_else_once() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to("2026-05-05T13:00:00Z").await;
    world.emergency(&runner).await;
    let escalate = world.app.turns.rules.current().book.clinic.escalate.clone().unwrap();
    let minutes = i64::from(escalate.after_minutes);
    let emergency = world.clock.now();
    let after = |minutes: i64| (emergency + TimeDelta::minutes(minutes)).to_rfc3339();
    world.pass_to(&after(minutes - 1)).await;
    assert_eq!(world.to(&escalate.to[0]), 0);
    for later in [minutes, minutes + 1, 5 * minutes] {
        world.pass_to(&after(later)).await;
        assert_eq!(world.to(&escalate.to[0]), 1, "after {later} minutes");
    }
    let mails = world.left();
    let (_, text) = mails.iter().find(|(to, _)| *to == *escalate.to[0]).unwrap();
    assert!(text.contains("ZB") && !text.contains("Zoe") && !text.contains("chest"), "{text}");
}

#[tokio::test]
async fn a_domain_that_asks_for_less_does_not_hold_up_the_rest() {
    let world = World::new(MONDAY).await;
    for number in 0..6 {
        for domain in ["slow.example", "quick.example"] {
            let runner = world.runner(&format!("r{number}@{domain}")).await;
            world.half_marathon(&runner).await;
        }
    }
    world.script([
        rejected(Stage::Recipient, 421, "4.7.0"),
        rejected(Stage::Recipient, 421, "4.7.0"),
        accepted(),
    ]);
    world.pass_to(MONDAY).await;
    assert_eq!(world.left().len(), 10, "each is tried once");
    world.pass_to("2026-05-04T14:05:00Z").await;
    assert_eq!(world.left().len(), 12);
}

#[tokio::test]
async fn what_piled_up_in_an_outage_is_spread_over_minutes() {
    let mut world = World::guarded(MONDAY).await;
    world.clocks(TimeDelta::zero(), Duration::ZERO).await;
    for number in 0..50 {
        let runner = world.runner(&format!("r{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    world.clock.set(at("2026-05-04T17:00:00Z"));
    world.restart().await.unwrap();
    let mut left = Vec::new();
    for _ in 0..3 {
        world.clocks(TimeDelta::zero(), Duration::ZERO).await;
        left.push(world.left().len());
        world.clocks(TimeDelta::minutes(1), MINUTE).await;
    }
    assert_eq!(left, [20, 50, 50]);
    assert!(world.app.delivery.ramps());
    world.clocks(TimeDelta::minutes(9), 9 * MINUTE).await;
    let runner = world.runner("late@example.org").await;
    world.half_marathon(&runner).await;
    world.clocks(TimeDelta::zero(), Duration::ZERO).await;
    assert_eq!((world.to("late@example.org"), world.app.delivery.ramps()), (1, false));
}

#[tokio::test]
async fn a_hold_by_hand_is_no_doubt_about_the_clock() {
    let world = World::guarded(MONDAY).await;
    world.store.set_setting(HOLD, Some("looking")).await.unwrap();
    world.clocks(TimeDelta::hours(1), 60 * MINUTE).await;
    assert_eq!(world.clock_hold().await, None);
    assert_eq!(world.app.recording.notice().as_deref(), Some("Messages are on hold at the moment."));
}
