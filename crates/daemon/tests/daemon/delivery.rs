//! What becomes of a message, by the outcome of each attempt to hand it over.

use crate::support::{World, at, in_doubt, rejected, unreachable};
use afterrun::{clock::Clock, delivery::HOLD};
use afterrun_mail::{Outcome, Stage};
use afterrun_rules::chart::{AnswerEvent, Event, Reach, Value};
use afterrun_store::MessageState;
use chrono::{DateTime, TimeDelta, Utc};

const MONDAY: &str = "2026-05-04T14:00:00Z";
const PLAN: &str = "patient/recovery-plan/r1";

#[derive(Clone, Copy)]
struct Ends {
    plan: &'static str,
    attempts: &'static [&'static str],
    transmitted: usize,
    work: &'static [&'static str],
    reach: Reach,
}

/// One recovery plan; the clock goes on to whatever is due next, for an hour. It ends the same whether the gate is asked
/// before the server has answered or after it: what was refused is not in doubt, whatever the store had noted before.
async fn check(name: &str, script: Vec<Outcome>, ends: Ends) {
    for asks_first in [false, true] {
        let name = format!("{name}, gate first: {asks_first}");
        check_with(&name, asks_first, script.clone(), ends).await;
    }
}

async fn check_with(name: &str, asks_first: bool, script: Vec<Outcome>, ends: Ends) {
    let world = World::new(MONDAY).await;
    *world.server.asks_first.lock().unwrap() = asks_first;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.script(script);
    let until = at(MONDAY) + TimeDelta::hours(1);
    let mut now = at(MONDAY);
    while now <= until {
        world.pass_to(&now.to_rfc3339()).await;
        let later = world.app.next_due().await.unwrap().filter(|due: &DateTime<Utc>| *due > now);
        now = later.unwrap_or(until + TimeDelta::hours(1));
    }
    assert_eq!(world.ledger().await, [format!("{PLAN} {}", ends.plan)], "{name}");
    let key = world.messages().await[0].key;
    assert_eq!(world.attempts(key).await, ends.attempts, "{name}");
    let transmitted = world.server.transmitted.lock().unwrap().clone();
    assert_eq!(transmitted.len(), ends.transmitted, "{name}");
    assert!(transmitted.windows(2).all(|pair| pair[0] == pair[1]), "{name}: the same bytes each time");
    assert_eq!(world.work().await, ends.work, "{name}");
    assert_eq!(world.store.patient(&runner).await.unwrap().reach, ends.reach, "{name}");
}

#[tokio::test]
async fn accepted_is_done() {
    let ends = Ends {
        plan: "accepted",
        attempts: &["accepted: accepted: 250 ok"],
        transmitted: 1,
        work: &[],
        reach: Reach::Confirmed,
    };
    check("accepted", vec![], ends).await;
}

#[tokio::test]
async fn trouble_that_passes_is_tried_again() {
    let ends = Ends {
        plan: "accepted",
        attempts: &[
            "not sent: not sent, at connect: refused",
            "not sent: rejected at RCPT TO: 450 4.2.0 no",
            "accepted: accepted: 250 ok",
        ],
        transmitted: 1,
        work: &[],
        reach: Reach::Confirmed,
    };
    check("greylisted", vec![unreachable(), rejected(Stage::Recipient, 450, "4.2.0")], ends).await;
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_the_clinics_business() {
    let ends = Ends {
        plan: "rejected",
        attempts: &["rejected: rejected at RCPT TO: 550 5.1.1 no"],
        transmitted: 0,
        work: &["address-dead"],
        reach: Reach::Dead,
    };
    check("no such user", vec![rejected(Stage::Recipient, 550, "5.1.1")], ends).await;
}

#[tokio::test]
async fn a_message_refused_for_good_is_the_clinics_business_and_nobodys_fault() {
    let ends = Ends {
        plan: "rejected",
        attempts: &["rejected: rejected at final dot: 554 5.6.0 no"],
        transmitted: 1,
        work: &["mail-refused"],
        reach: Reach::Confirmed,
    };
    check("refused", vec![rejected(Stage::Dot, 554, "5.6.0")], ends).await;
}

#[tokio::test]
async fn a_wrong_password_is_our_fault_alone() {
    let ends = Ends {
        plan: "accepted",
        attempts: &[
            "not sent: rejected at AUTH: 535 5.7.8 no",
            "not sent: rejected at AUTH: 535 5.7.8 no",
            "accepted: accepted: 250 ok",
        ],
        transmitted: 1,
        work: &[],
        reach: Reach::Confirmed,
    };
    let wrong = || rejected(Stage::Auth, 535, "5.7.8");
    check("wrong password", vec![wrong(), wrong()], ends).await;
}

#[tokio::test]
async fn in_doubt_once_is_sent_again_byte_for_byte() {
    let ends = Ends {
        plan: "accepted",
        attempts: &["in doubt: in doubt: no answer", "accepted: accepted: 250 ok"],
        transmitted: 2,
        work: &[],
        reach: Reach::Confirmed,
    };
    check("in doubt", vec![in_doubt()], ends).await;
}

#[tokio::test]
async fn in_doubt_twice_is_given_up_unless_it_must_arrive() {
    let ends = Ends {
        plan: "failed",
        attempts: &[
            "in doubt: in doubt: no answer",
            "failed: twice without a clear answer, so it may have arrived: in doubt: no answer",
        ],
        transmitted: 2,
        work: &["mail-in-doubt"],
        reach: Reach::Confirmed,
    };
    check("in doubt twice", vec![in_doubt(), in_doubt()], ends).await;
}

#[tokio::test]
async fn while_the_server_does_not_want_us_one_message_at_a_time_is_tried() {
    let world = World::new(MONDAY).await;
    for number in 0..6 {
        let runner = world.runner(&format!("zoe{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    world.script(std::iter::repeat_n(rejected(Stage::MailFrom, 550, "5.7.1"), 4));
    world.pass_to(MONDAY).await;
    assert!(world.tried() <= 4, "those in flight when the first was refused");
    let tried = world.tried();
    world.pass_to("2026-05-04T14:00:29Z").await;
    assert_eq!(world.tried(), tried, "the circuit is open");
    world.server.script.lock().unwrap().clear();
    world.pass_to("2026-05-04T14:00:31Z").await;
    assert!(
        world.ledger().await.iter().all(|line| line.ends_with(" accepted")),
        "{:?}",
        world.ledger().await
    );
    assert_eq!(world.work().await, [""; 0], "no runner is blamed");
}

#[tokio::test]
async fn greylisted_recipients_do_not_keep_the_others_waiting() {
    let world = World::new(MONDAY).await;
    for number in 0..8 {
        let runner = world.runner(&format!("zoe{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    world.script(std::iter::repeat_n(rejected(Stage::Recipient, 450, "4.2.0"), 7));
    world.pass_to(MONDAY).await;
    assert_eq!(world.tried(), 8);
    assert_eq!(world.server.transmitted.lock().unwrap().len(), 1);
    assert_eq!(world.app.delivery.open_until(), None);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_left_alone_for_a_while() {
    let world = World::new(MONDAY).await;
    for number in 0..12 {
        let runner = world.runner(&format!("zoe{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    world.script(std::iter::repeat_n(unreachable(), 100));
    world.pass_to(MONDAY).await;
    assert!(world.tried() < 12, "{} tried", world.tried());
    assert!(world.app.delivery.trouble().unwrap().contains("connect"));
}

#[tokio::test]
async fn held_mail_waits_and_the_clinic_still_hears() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.store.set_setting(HOLD, Some("a test")).await.unwrap();
    world.report_pain(&runner, "2026-05-04", 9).await;
    world.pass_to(MONDAY).await;
    let to = |messages: &[(String, Vec<u8>)]| messages.iter().map(|(to, _)| to.clone()).collect::<Vec<_>>();
    let sent = to(&world.server.transmitted.lock().unwrap());
    assert!(!sent.is_empty() && sent.iter().all(|to| to == "team@clinic.example"), "{sent:?}");
    world.store.set_setting(HOLD, None).await.unwrap();
    world.pass_to("2026-05-04T14:10:00Z").await;
    assert!(to(&world.server.transmitted.lock().unwrap()).contains(&"zoe@example.org".to_owned()));
}

#[tokio::test]
async fn stopping_while_the_mail_is_on_its_way_keeps_it_back() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    let (app, who) = (world.app.clone(), runner.clone());
    let stop = move || {
        let (app, who) = (app.clone(), who.clone());
        tokio::spawn(async move {
            let event = afterrun_rules::TimedEvent { at: at(MONDAY), event: Event::Stop {} };
            app.turns.take(&who, &[event], &Default::default(), at(MONDAY)).await.unwrap();
        })
    };
    *world.server.meanwhile.lock().unwrap() = Some(Box::new(stop));
    world.pass_to(MONDAY).await;
    assert_eq!(world.tried(), 1);
    assert!(world.server.transmitted.lock().unwrap().is_empty());
    assert_eq!(world.ledger().await, [format!("{PLAN} cancelled")]);
}

/// The gate is shut while the server refuses: nothing was sent and nothing is known, so the message waits as if nobody
/// had tried it.
#[tokio::test]
async fn what_is_held_and_refused_at_once_is_given_back() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    *world.server.asks_first.lock().unwrap() = true;
    world.hold_meanwhile();
    world.script(vec![rejected(Stage::Recipient, 550, "5.1.1")]);
    world.pass_to(MONDAY).await;
    assert_eq!(world.tried(), 1);
    assert_eq!(world.ledger().await, [format!("{PLAN} queued")]);
    let key = world.messages().await[0].key;
    assert_eq!(world.attempts(key).await, [""; 0]);
    assert_eq!(world.work().await, [""; 0], "nobody is blamed");

    *world.server.meanwhile.lock().unwrap() = None;
    world.store.set_setting(HOLD, None).await.unwrap();
    world.pass_to(MONDAY).await;
    assert_eq!(world.ledger().await, [format!("{PLAN} accepted")]);
}

#[tokio::test]
async fn a_message_that_breaks_us_is_put_aside_and_the_others_go_on() {
    let world = World::new(MONDAY).await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    *world.server.broken.lock().unwrap() = true;
    for minutes in [0, 3, 12, 40] {
        world.pass_to(&(at(MONDAY) + TimeDelta::minutes(minutes)).to_rfc3339()).await;
    }
    assert_eq!(world.tried(), 3);
    assert_eq!(world.ledger().await, [format!("{PLAN} quarantined")]);
}

#[tokio::test]
async fn the_hourly_budget_holds_patients_mail_until_a_human_looks() {
    let world = World::new(MONDAY).await;
    let clinic = std::fs::read_to_string(world.rules.join("clinic.ron")).unwrap();
    std::fs::write(world.rules.join("clinic.ron"), clinic.replace("all_per_hour: 2000", "all_per_hour: 2"))
        .unwrap();
    world.app.reloading.look_now().await;
    for number in 0..4 {
        let runner = world.runner(&format!("zoe{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    world.pass_to(MONDAY).await;
    let sent = || world.server.transmitted.lock().unwrap().len();
    assert_eq!(sent(), 2);
    assert!(world.store.setting(HOLD).await.unwrap().unwrap().contains("are the limit"));
    world.pass_to("2026-05-04T15:30:00Z").await;
    assert_eq!(sent(), 2, "an hour later it is still held");
}

#[tokio::test]
async fn what_waits_behind_others_is_given_back_when_mail_is_held() {
    let world = World::new(MONDAY).await;
    for number in 0..12 {
        let runner = world.runner(&format!("runner-{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    // An operator holds all mail while the first messages are on their way and others wait for them.
    world.hold_meanwhile();
    world.pass_to(MONDAY).await;
    assert_eq!(world.server.transmitted.lock().unwrap().len(), 0, "not even those on their way");
    let depth = world.store.queue_depth(at(MONDAY)).await.unwrap();
    assert_eq!((depth.due, depth.in_flight), (12, 0), "all are queued, not leased");

    *world.server.meanwhile.lock().unwrap() = None;
    world.store.set_setting(HOLD, None).await.unwrap();
    world.pass_to(MONDAY).await;
    assert_eq!(world.server.transmitted.lock().unwrap().len(), 12);
}

#[tokio::test]
async fn what_waits_is_given_back_when_the_server_goes_down() {
    let world = World::new(MONDAY).await;
    for number in 0..12 {
        let runner = world.runner(&format!("runner-{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    world.server.script.lock().unwrap().extend(std::iter::repeat_with(unreachable).take(12));
    world.pass_to(MONDAY).await;
    // Five failures open the circuit; those already flying end, and nothing new is begun.
    let tried = world.tried();
    assert!((5..9).contains(&tried), "{tried} tried");
    let depth = world.store.queue_depth(at(MONDAY)).await.unwrap();
    assert_eq!((depth.due + depth.later, depth.in_flight), (12, 0));
}

#[tokio::test]
async fn a_round_ends_however_slow_the_server_is() {
    let world = World::new(MONDAY).await;
    for number in 0..12 {
        let runner = world.runner(&format!("runner-{number}@example.org")).await;
        world.half_marathon(&runner).await;
    }
    let clock = world.clock.clone();
    *world.server.meanwhile.lock().unwrap() = Some(Box::new(move || {
        clock.set(clock.now() + TimeDelta::minutes(3));
        tokio::spawn(async {})
    }));
    let mut rounds = 0;
    while world.server.transmitted.lock().unwrap().len() < 12 {
        let round = world.app.delivery.run(world.clock.now());
        let round = tokio::time::timeout(std::time::Duration::from_secs(60), round).await;
        assert!(round.expect("the round ends").unwrap().accepted > 0);
        rounds += 1;
    }
    assert!(rounds > 1, "whoever drives the rounds gets to look up");
    assert_eq!(world.tried(), 12, "each was sent once");
    assert!(world.messages().await.iter().all(|message| message.state == MessageState::Accepted));
}

#[tokio::test]
async fn an_alert_that_says_now_leaves_before_urgent_mail_to_runners() {
    let world = World::new(MONDAY).await;
    let (zoe, ada) =
        (world.runner("zoe@example.org").await, world.named("Ada Lund", "ada@example.org").await);
    world.pass_to(MONDAY).await;
    // First the advice to one runner, urgent, and then the signs that another ticks.
    world.report_pain(&zoe, "2026-05-04", 9).await;
    let answer = AnswerEvent {
        check_in: Some("morning-after".into()),
        run: None,
        about_day: "2026-05-04".parse().unwrap(),
        values: [("feeling".into(), Value::Word("fine".into()))].into_iter().collect(),
        emergencies: Some(vec!["chest-pain".into()]),
    };
    world.tell(&ada, Event::Answer(answer)).await;
    let before = world.left().len();
    world.pass_to(MONDAY).await;
    let left = world.left();
    let emergency =
        left[before..].iter().position(|(_, text)| text.contains("emergency signs ticked")).unwrap();
    let advice = left[before..].iter().position(|(to, _)| to == "zoe@example.org").unwrap();
    assert!(emergency < advice, "{:?}", left.iter().map(|(to, _)| to).collect::<Vec<_>>());
}
