//! What people tell us while the clock is in doubt: recorded at once, decided on once, and by a clock that is believed.
//! An emergency is told at once.

use std::{fs, time::Duration};

use afterrun::{clock::Clock, clock_guard::CLOCK_HOLD};
use afterrun_rules::{
    chart::{Event, PauseEvent, Value},
    ids::PatientId,
};
use afterrun_web::{RecordError, Recorded, Recorder};
use chrono::{DateTime, TimeDelta, Utc};

use crate::support::{World, answer, at};

const MONDAY: &str = "2026-05-04T14:00:00Z";
/// Half past eight in Chicago.
const TUESDAY: &str = "2026-05-05T13:30:00Z";
const MINUTE: Duration = Duration::from_secs(60);
const JUMPS: [TimeDelta; 4] =
    [TimeDelta::hours(26), TimeDelta::days(300), TimeDelta::hours(-26), TimeDelta::minutes(-40)];

impl World {
    /// A runner who was asked this Tuesday morning, under a clock that is believed.
    async fn asked() -> (Self, PatientId) {
        let world = Self::guarded(MONDAY).await;
        let runner = world.runner("zoe@example.org").await;
        world.half_marathon(&runner).await;
        world.real_time(at(MONDAY)).await;
        world.real_time(at(TUESDAY)).await;
        assert_eq!(world.mails_to("zoe@example.org"), 2, "the plan and the check-in");
        (world, runner)
    }

    /// Time passes as it should.
    async fn real_time(&self, until: DateTime<Utc>) {
        let passed = (until - self.clock.now()).to_std().unwrap();
        self.steady.as_ref().unwrap().pass(passed);
        self.clock.set(until);
        self.app.settle(until).await.unwrap();
    }

    /// The clock is set by so much; nobody has looked at it yet.
    fn jump(&self, by: TimeDelta) {
        self.clock.set(self.clock.now() + by);
    }

    async fn settle(&self) {
        self.app.settle(self.clock.now()).await.unwrap();
    }

    async fn record(&self, runner: &PatientId, event: Event) -> Recorded {
        self.app.recording.record(runner, vec![event]).await.unwrap()
    }

    fn mails_to(&self, address: &str) -> usize {
        self.left().iter().filter(|(to, _)| to == address).count()
    }

    /// Events of one kind that are part of the chart.
    async fn answers(&self, runner: &PatientId) -> Vec<DateTime<Utc>> {
        let events = self.store.events(runner).await.unwrap();
        events.iter().filter(|timed| matches!(timed.event, Event::Answer(_))).map(|timed| timed.at).collect()
    }
}

#[tokio::test]
async fn an_answer_is_recorded_and_decided_on_once_the_clock_is_believed_again() {
    let (plain, runner) = World::asked().await;
    plain.record(&runner, answer(9, &[])).await;
    plain.real_time(at(TUESDAY) + TimeDelta::minutes(1)).await;
    let (expected, mails) = (plain.ledger().await, plain.mails_to("zoe@example.org"));
    assert!(expected.iter().any(|line| line.starts_with("patient/stage/")), "{expected:?}");
    for jump in JUMPS {
        let (world, runner) = World::asked().await;
        let before = world.store.patient(&runner).await.unwrap();
        let ledger = world.ledger().await;
        world.jump(jump);
        let recorded = world.record(&runner, answer(9, &[])).await;
        assert!(recorded.waits && recorded.decisions.is_empty(), "{jump}");
        for _ in 0..3 {
            world.settle().await;
        }
        assert!(world.answers(&runner).await.is_empty(), "{jump}: not in the chart yet");
        assert_eq!(world.store.patient(&runner).await.unwrap().next_due, before.next_due, "{jump}");
        assert_eq!((world.ledger().await, world.mails_to("zoe@example.org")), (ledger, 2), "{jump}");
        assert_eq!(world.store.chart(&runner).await.unwrap().waiting.len(), 1, "{jump}");
        world.jump(-jump);
        world.real_time(at(TUESDAY) + TimeDelta::minutes(1)).await;
        assert_eq!(world.ledger().await, expected, "{jump}: as if nothing had been");
        assert_eq!(world.mails_to("zoe@example.org"), mails, "{jump}");
        let answered = world.answers(&runner).await;
        assert!(answered.len() == 1 && answered[0] <= world.clock.now(), "{jump}: {answered:?}");
        world.real_time(at(TUESDAY) + TimeDelta::minutes(9)).await;
        assert_eq!((world.ledger().await, world.answers(&runner).await), (expected.clone(), answered));
    }
}

#[tokio::test]
async fn of_two_answers_the_later_is_in_force() {
    let (world, runner) = World::asked().await;
    world.jump(TimeDelta::hours(26));
    world.record(&runner, answer(9, &[])).await;
    world.record(&runner, answer(0, &[])).await;
    world.jump(TimeDelta::hours(-26));
    // Nobody has looked at the clock since: the answer that comes first by a good clock takes the others in.
    let recorded = world.record(&runner, answer(1, &[])).await;
    assert!(!recorded.waits);
    let chart = world.store.chart(&runner).await.unwrap();
    let answer = chart.chart.answer_to(&"morning-after".into(), "2026-05-05".parse().unwrap()).unwrap();
    assert_eq!(answer.revision, 3);
    assert_eq!(answer.values.get("worst_pain"), Some(&Value::Number(1)));
    assert_eq!((chart.waiting.len(), world.answers(&runner).await.len()), (0, 3));
}

#[tokio::test]
async fn a_restart_keeps_what_waits() {
    let (mut world, runner) = World::asked().await;
    world.jump(TimeDelta::hours(26));
    world.record(&runner, answer(9, &[])).await;
    world.settle().await;
    world.restart().await.unwrap();
    assert!(world.record(&runner, answer(8, &[])).await.waits, "from the first moment on");
    world.settle().await;
    assert!(world.answers(&runner).await.is_empty());
    world.store.set_setting(CLOCK_HOLD, None).await.unwrap();
    world.settle().await;
    assert_eq!(world.answers(&runner).await.len(), 2);
    let stages = world.ledger().await.iter().filter(|line| line.starts_with("patient/stage/")).count();
    assert_eq!(stages, 1, "{:?}", world.ledger().await);
}

#[tokio::test]
async fn an_emergency_is_told_at_once_and_once() {
    for jump in JUMPS {
        let (world, runner) = World::asked().await;
        world.jump(jump);
        let recorded = world.record(&runner, answer(9, &["chest-pain"])).await;
        assert!(recorded.waits && recorded.chart.has_open_emergency(), "{jump}");
        world.record(&runner, answer(9, &["chest-pain"])).await;
        world.settle().await;
        world.settle().await;
        assert_eq!(world.mails_to("team@clinic.example"), 1, "{jump}: while the clock is in doubt");
        assert_eq!(world.work().await, ["emergency"], "{jump}");
        assert_eq!(world.mails_to("zoe@example.org"), 2, "{jump}: nothing else leaves");
        world.jump(-jump);
        world.real_time(at(TUESDAY) + TimeDelta::minutes(2)).await;
        let emergencies = world.work().await.iter().filter(|code| *code == "emergency").count();
        let told = world.ledger().await;
        let told =
            told.iter().filter(|line| line.contains("emergency") && line.ends_with("accepted")).count();
        assert_eq!((emergencies, told), (1, 1), "{jump}: {:?}", world.ledger().await);
        assert!(world.store.chart(&runner).await.unwrap().chart.has_open_emergency(), "{jump}");
        // Ticked anew by a clock that is believed, it is the same one; with other ticks it is another.
        world.record(&runner, answer(9, &["chest-pain"])).await;
        world.record(&runner, answer(9, &["chest-pain", "fever"])).await;
        let emergencies = world.work().await.iter().filter(|code| *code == "emergency").count();
        assert_eq!(emergencies, 2, "{jump}");
    }
}

#[tokio::test]
async fn an_emergency_of_just_before_leaves_too_and_is_tried_again() {
    for jump in JUMPS {
        let (world, runner) = World::asked().await;
        world.record(&runner, answer(9, &["chest-pain"])).await;
        world.jump(jump);
        world.refuse("team@clinic.example", crate::support::unreachable());
        world.settle().await;
        assert_eq!(
            (world.mails_to("team@clinic.example"), world.mails_to("zoe@example.org")),
            (0, 2),
            "{jump}"
        );
        *world.server.refuses.lock().unwrap() = None;
        for _ in 0..3 {
            world.jump(TimeDelta::minutes(1));
            world.steady.as_ref().unwrap().pass(MINUTE);
            world.settle().await;
        }
        let alerts = world.left();
        let alerts: Vec<_> =
            alerts.iter().filter(|(_, text)| text.contains("emergency signs ticked")).collect();
        assert_eq!(alerts.len(), 1, "{jump}");
    }
}

#[tokio::test]
async fn escalation_of_an_emergency_does_not_wait_for_the_doubted_time() {
    let (world, runner) = World::asked().await;
    world.jump(TimeDelta::days(300));
    world.record(&runner, answer(0, &["chest-pain"])).await;
    world.settle().await;
    world.jump(-TimeDelta::days(300));
    let escalate = world.app.turns.rules.current().book.clinic.escalate.clone().unwrap();
    let minutes = TimeDelta::minutes(i64::from(escalate.after_minutes));
    world.real_time(at(TUESDAY) + TimeDelta::minutes(1)).await;
    world.real_time(at(TUESDAY) + TimeDelta::minutes(2) + minutes).await;
    assert_eq!(world.mails_to(&escalate.to[0]), 1);
}

#[tokio::test]
async fn who_stops_meanwhile_gets_nothing_afterwards() {
    let (world, runner) = World::asked().await;
    world.record(&runner, answer(9, &[])).await;
    world.jump(TimeDelta::hours(26));
    world.record(&runner, Event::Stop {}).await;
    world.jump(TimeDelta::hours(-26));
    world.real_time(at(TUESDAY) + TimeDelta::minutes(1)).await;
    assert_eq!(world.mails_to("zoe@example.org"), 2, "{:?}", world.ledger().await);
    assert!(world.store.patient(&runner).await.unwrap().stopped_at.is_some());
}

#[tokio::test]
async fn a_pause_of_a_week_is_one_from_the_day_it_is_taken_in() {
    let (world, runner) = World::asked().await;
    world.jump(TimeDelta::days(300));
    let until = (world.clock.now().date_naive()) + TimeDelta::days(7);
    world.record(&runner, Event::Pause(PauseEvent { until: Some(until) })).await;
    world.jump(-TimeDelta::days(300));
    world.real_time(at(TUESDAY) + TimeDelta::minutes(1)).await;
    let chart = world.store.chart(&runner).await.unwrap().chart;
    assert_eq!(chart.pauses[0].until, Some("2026-05-12".parse().unwrap()));
}

#[tokio::test]
async fn what_needs_the_time_is_refused_meanwhile() {
    let (world, runner) = World::asked().await;
    world.jump(TimeDelta::hours(26));
    let refused = world.app.recording.send_fresh_link(&runner).await;
    assert!(matches!(refused, Err(RecordError::Unavailable(_))), "{refused:?}");
    assert!(world.app.recording.clock_in_doubt());
    world.jump(TimeDelta::hours(-26));
    assert!(!world.app.recording.clock_in_doubt());
    world.app.recording.send_fresh_link(&runner).await.unwrap();
}

#[tokio::test]
async fn new_rules_wait_so_that_they_do_not_count_from_a_time_ahead() {
    let (world, runner) = World::asked().await;
    let before = world.app.turns.rules.current().book.hash;
    world.jump(TimeDelta::hours(26));
    world.settle().await;
    let file = world.rules.join("clinic.ron");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("all_per_hour: 2000", "all_per_hour: 1999")).unwrap();
    world.app.reloading.look_now().await;
    world.settle().await;
    assert_eq!(world.app.turns.rules.current().book.hash, before, "they wait");
    world.jump(TimeDelta::hours(-26));
    world.real_time(at(TUESDAY) + TimeDelta::minutes(1)).await;
    let live = world.app.turns.rules.current();
    assert_ne!(live.book.hash, before);
    assert!(live.since <= world.clock.now(), "{}", live.since);
    world.record(&runner, answer(9, &[])).await;
    world.real_time(at(TUESDAY) + TimeDelta::minutes(2)).await;
    assert!(world.ledger().await.iter().any(|line| line.starts_with("patient/stage/")));
}
