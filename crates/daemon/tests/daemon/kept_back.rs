//! What must not leave, however late it is found out: held mail, mail of somebody who has stopped, mail for a
//! runner in shadow mode.

use afterrun::{
    clock::Clock,
    config::Mode,
    delivery::HOLD,
    turn::{Extras, TurnError},
};
use afterrun_rules::{
    TimedEvent,
    chart::{Event, Reach},
};
use afterrun_store::MessageState;
use afterrun_web::Recorder;
use chrono::TimeDelta;

use crate::support::{World, at};

const NOON: &str = "2026-05-04T14:00:00Z";

#[tokio::test]
async fn a_hold_keeps_back_what_is_on_its_way() {
    let world = World::new(NOON).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.hold_meanwhile();
    world.pass_to(NOON).await;
    assert_eq!((world.tried(), world.left().len()), (1, 0), "held between the claim and the final dot");
    let depth = world.store.queue_depth(at(NOON)).await.unwrap();
    assert_eq!((depth.due, depth.in_flight), (1, 0), "queued again, not leased");
    *world.server.meanwhile.lock().unwrap() = None;
    world.store.set_setting(HOLD, None).await.unwrap();
    world.pass_to(NOON).await;
    assert_eq!(world.left().len(), 1);
}

#[tokio::test]
async fn a_hold_lets_the_clinic_hear() {
    let world = World::new(NOON).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to(NOON).await;
    world.report_pain(&runner, "2026-05-04", 9).await;
    world.hold_meanwhile();
    world.server.transmitted.lock().unwrap().clear();
    world.pass_to(NOON).await;
    let to: Vec<_> = world.left().into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["team@clinic.example"]);
}

#[tokio::test]
async fn no_link_leaves_after_a_stop() {
    let world = World::new(NOON).await;
    let runner = world.runner("zoe@example.org").await;
    world.pass_to(NOON).await;
    world.app.recording.send_fresh_link(&runner).await.unwrap();
    // The server answers 451 to the final dot, and the runner stops in the same moment.
    let app = world.app.clone();
    let who = runner.clone();
    world.server.after_the_gate.lock().unwrap().replace(Box::new(move || {
        let (app, who) = (app.clone(), who.clone());
        tokio::spawn(async move {
            let stop = TimedEvent { at: at(NOON), event: Event::Stop {} };
            let taken = app.turns.take(&who, &[stop], &Extras::default(), at(NOON)).await;
            assert!(!matches!(taken, Err(TurnError::Store(_))));
        })
    }));
    world.script([crate::support::rejected(afterrun_mail::Stage::Dot, 451, "4.3.0")]);
    world.pass_to(NOON).await;
    world.server.after_the_gate.lock().unwrap().take();
    let before = world.tried();
    world.pass_to("2026-05-04T15:00:00Z").await;
    assert_eq!(world.tried(), before, "nothing is tried again for somebody who has stopped");
    assert_eq!(world.messages().await[0].state, MessageState::Cancelled);
}

#[tokio::test]
async fn shadow_mode_keeps_back_what_was_written_before_it() {
    let mut world = World::new(NOON).await;
    let runner = world.runner_with("zoe@example.org", Reach::Confirmed).await;
    world.half_marathon(&runner).await;
    world.restart_in(Mode::Shadow).await.unwrap();
    world.pass_to(NOON).await;
    let to: Vec<_> = world.left().into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["team@clinic.example"], "the clinic gets it instead, once");
}

#[tokio::test]
async fn shadow_mode_works_for_a_runner_with_the_clinics_own_address() {
    let mut world = World::new(NOON).await;
    let runner = world.runner_with("team@clinic.example", Reach::Confirmed).await;
    world.half_marathon(&runner).await;
    world.restart_in(Mode::Shadow).await.unwrap();
    world.pass_to(NOON).await;
    assert_eq!(world.left().len(), 1);
}

#[tokio::test]
async fn a_slow_server_does_not_carry_a_round_into_the_night() {
    // Three minutes before the send window closes in Chicago; each conversation takes a minute.
    let evening = "2026-05-05T00:57:00Z";
    let world = World::new(evening).await;
    for number in 0..12 {
        let runner = world.runner(&format!("runner-{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    let clock = world.clock.clone();
    let slow = move || {
        let clock = clock.clone();
        tokio::spawn(async move { clock.set(clock.now() + TimeDelta::minutes(1)) })
    };
    *world.server.meanwhile.lock().unwrap() = Some(Box::new(slow));
    world.pass_to(evening).await;
    let sent = world.left().len();
    assert!((1..=6).contains(&sent), "{sent} left");
    *world.server.meanwhile.lock().unwrap() = None;
    let night = world.clock.now();
    assert!(night > at("2026-05-05T01:00:00Z"));
    world.app.settle(night).await.unwrap();
    assert_eq!(world.left().len(), sent, "the rest waits for the morning");
    let depth = world.store.queue_depth(night).await.unwrap();
    assert_eq!((depth.in_flight, depth.due + depth.later), (0, 12 - sent as u64));
}

#[tokio::test]
async fn who_starts_again_at_a_dead_address_is_asked_to_confirm_it() {
    let world = World::new(NOON).await;
    let runner = world.runner("zoe@example.org").await;
    world.tell(&runner, Event::AddressDead {}).await;
    world.tell(&runner, Event::Stop {}).await;
    world.app.recording.start_again(&runner).await.unwrap();
    world.pass_to(NOON).await;
    let left = world.left();
    let confirmations = left.iter().filter(|(to, text)| {
        to == "zoe@example.org" && text.contains("Subject: Please confirm your email address")
    });
    assert_eq!(confirmations.count(), 1, "{left:#?}");
    let again = world.store.patient_by_email("zoe@example.org").await.unwrap().unwrap();
    assert_eq!((again.reach, again.stopped_at), (Reach::Unconfirmed, None));
}
