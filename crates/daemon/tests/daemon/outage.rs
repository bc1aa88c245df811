//! Time without us: what is past its use is dropped, what matters is sent once, and no silence is held against
//! a runner who was never asked.

use crate::support::{World, at, unreachable};
use afterrun_rules::chart::Event;

#[tokio::test]
async fn days_on_which_we_did_not_run_are_excused() {
    let world = World::new("2026-05-04T14:00:00Z").await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to("2026-05-04T14:00:00Z").await;
    world.pass_to("2026-05-05T12:05:00Z").await;
    world.report_pain(&runner, "2026-05-05", 5).await;
    // Away from Tuesday morning until Friday noon.
    world.pass_to("2026-05-08T17:00:00Z").await;
    let events = world.store.events(&runner).await.unwrap();
    let excused: Vec<String> = events
        .iter()
        .filter_map(|timed| match &timed.event {
            Event::Excuse(excuse) => Some(format!("{}..{} {}", excuse.from, excuse.to, excuse.because)),
            _ => None,
        })
        .collect();
    let because = "Afterrun was not running";
    assert_eq!(
        excused,
        [format!("2026-05-06..2026-05-06 {because}"), format!("2026-05-07..2026-05-07 {because}")]
    );
    let about: Vec<_> = world.ledger().await.into_iter().filter(|line| line.contains("check-in/")).collect();
    let expected =
        ["05-05", "05-08"].map(|day| format!("patient/check-in/morning-after/2026-{day} accepted"));
    assert_eq!(about, expected, "one check-in, about today");
}

#[tokio::test]
async fn a_day_on_which_no_mail_left_is_excused() {
    let world = World::new("2026-05-04T14:00:00Z").await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to("2026-05-04T14:00:00Z").await;
    world.script(std::iter::repeat_n(unreachable(), 1000));
    let mut now = at("2026-05-05T12:00:00Z");
    while now < at("2026-05-06T12:00:00Z") {
        world.pass_to(&now.to_rfc3339()).await;
        now += chrono::TimeDelta::minutes(30);
    }
    world.server.script.lock().unwrap().clear();
    world.pass_to("2026-05-06T12:30:00Z").await;
    let chart = world.store.chart(&runner).await.unwrap().chart;
    let excused: Vec<_> =
        chart.excuses.iter().map(|excuse| (excuse.from.to_string(), excuse.because.to_string())).collect();
    assert_eq!(
        excused,
        [("2026-05-05".to_owned(), "the check-in did not leave before the day ended".to_owned())]
    );
}

#[tokio::test]
async fn a_plan_that_is_a_day_late_is_dropped_with_a_reason() {
    let world = World::new("2026-05-04T14:00:00Z").await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to("2026-05-05T17:00:00Z").await;
    let plan =
        world.messages().await.into_iter().find(|row| row.identity_text.contains("recovery-plan")).unwrap();
    assert_eq!(plan.state, afterrun_store::MessageState::Cancelled);
    assert!(plan.end_reason.is_some(), "dropped without a reason");
    assert!(
        world
            .server
            .transmitted
            .lock()
            .unwrap()
            .iter()
            .all(|(_, bytes)| { !String::from_utf8_lossy(bytes).contains("Your plan for the next days") })
    );
}
