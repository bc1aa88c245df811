//! What counts as an attempt, and how often a mail is sent whose server never says what it made of it.

use afterrun::{clock::Clock, delivery::HOLD};
use afterrun_store::{MessageKey, MessageState};
use chrono::{DateTime, TimeDelta, Utc};

use crate::support::{World, at, in_doubt, unreachable};

const MONDAY: &str = "2026-05-04T14:00:00Z";
/// Five in the afternoon in Chicago.
const EVENING: &str = "2026-05-04T22:00:00Z";

impl World {
    /// Does whatever is due, at each instant at which something is, until the end of this time.
    pub async fn live_for(&self, time: TimeDelta) {
        let until = self.clock.now() + time;
        loop {
            let now = self.clock.now();
            self.pass_to(&now.to_rfc3339()).await;
            let due = self.app.next_due().await.unwrap().filter(|due: &DateTime<Utc>| *due <= until);
            // What is due and cannot leave is looked at anew a little later.
            match due {
                Some(due) => self.clock.set(due.max(now + TimeDelta::seconds(10))),
                None => break,
            }
        }
        self.pass_to(&until.to_rfc3339()).await;
    }

    async fn first(&self) -> (MessageKey, MessageState, u32) {
        let first = self.messages().await.remove(0);
        (first.key, first.state, first.attempts)
    }
}

#[tokio::test]
async fn a_night_in_the_queue_is_no_attempt() {
    let world = World::new(EVENING).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.script([unreachable()]);
    world.pass_to(EVENING).await;
    world.store.set_setting(HOLD, Some("a test")).await.unwrap();
    for hours in [1, 2, 4] {
        world.pass_to(&(at(EVENING) + TimeDelta::hours(hours)).to_rfc3339()).await;
    }
    world.store.set_setting(HOLD, None).await.unwrap();
    // 21:30 in Chicago.
    for minutes in [0, 1, 10] {
        world.pass_to(&(at("2026-05-05T02:30:00Z") + TimeDelta::minutes(minutes)).to_rfc3339()).await;
    }
    let (key, state, attempts) = world.first().await;
    assert_eq!((state, attempts, world.tried()), (MessageState::Queued, 1, 1), "nothing was tried at night");
    assert_eq!(world.attempts(key).await, ["not sent: not sent, at connect: refused"]);
    world.pass_to("2026-05-05T12:30:00Z").await;
    assert_eq!(
        world.first().await,
        (key, MessageState::Accepted, 2),
        "{:?}",
        world.messages().await[0].end_reason
    );
}

#[tokio::test]
async fn advice_that_nobody_acknowledges_is_sent_three_times_and_then_the_clinic_calls() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.refuse("zoe@example.org", in_doubt());
    world.report_pain(&runner, "2026-05-04", 9).await;
    world.live_for(TimeDelta::hours(6)).await;
    let advice = world.messages().await;
    let advice = advice.iter().find(|one| one.identity_text.starts_with("patient/stage/")).unwrap();
    let copies: Vec<_> = world.left().into_iter().filter(|(to, _)| to == "zoe@example.org").collect();
    let id = &advice.mail.as_ref().unwrap().message_id;
    let copies: Vec<_> = copies.iter().filter(|(_, text)| text.contains(id.as_str())).collect();
    assert_eq!((advice.state, copies.len()), (MessageState::Failed, 3), "{:?}", world.ledger().await);
    assert!(copies.windows(2).all(|pair| pair[0] == pair[1]), "the same bytes each time");
    let attempts = world.store.attempts(advice.key).await.unwrap();
    let waits: Vec<_> = attempts.windows(2).map(|pair| (pair[1].at - pair[0].at).num_minutes()).collect();
    assert_eq!(waits, [10, 60], "with growing distance");
    assert!(world.work().await.contains(&"mail-in-doubt".to_owned()), "{:?}", world.work().await);
    let tried = world.tried();
    world.live_for(TimeDelta::hours(1)).await;
    assert_eq!(world.tried(), tried, "and that was all");
}

#[tokio::test]
async fn an_alert_that_nobody_acknowledges_is_sent_three_times() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.refuse("team@clinic.example", in_doubt());
    world.report_pain(&runner, "2026-05-04", 9).await;
    world.live_for(TimeDelta::hours(3)).await;
    let alerts = world.left().iter().filter(|(to, _)| to == "team@clinic.example").count();
    assert_eq!(alerts, 3, "{:?}", world.ledger().await);
}
