//! The story a newcomer lives through, from the run to "please come and see us", with the clinic's side.

use crate::support::World;

#[tokio::test]
async fn pain_that_stays_is_told_on_day_3_and_day_5_and_once_each() {
    let world = World::new("2026-05-04T14:00:00Z").await;
    let runner = world.runner("zoe@example.org").await;
    world.half_marathon(&runner).await;
    world.pass_to("2026-05-04T14:01:00Z").await;
    for day in 5..=11 {
        world.pass_to(&format!("2026-05-{day:02}T12:00:00Z")).await;
        world.report_pain(&runner, &format!("2026-05-{day:02}"), 5).await;
        world.pass_to(&format!("2026-05-{day:02}T12:40:00Z")).await;
        world.pass_to(&format!("2026-05-{day:02}T23:30:00Z")).await;
    }
    let told: Vec<_> = world.ledger().await.into_iter().filter(|line| line.contains("/stage/")).collect();
    assert_eq!(
        told,
        [
            "patient/stage/pain-lasting/heads-up/2026-05-08 accepted",
            "clinic/stage/pain-lasting/heads-up/2026-05-08 shown",
            "patient/stage/pain-lasting/see-us/2026-05-10 accepted",
            "clinic/stage/pain-lasting/see-us/2026-05-10 accepted",
        ]
        .map(str::to_owned)
        .into_iter()
        .collect::<Vec<_>>()
        .tap_sorted(&told),
    );
    let digests = world.ledger().await.into_iter().filter(|line| line.starts_with("digest/")).count();
    assert_eq!(digests, 1, "the heads-up is in one digest");
}

/// The same lines in the order found: which of two decisions of one turn comes first is the plan's business.
trait TapSorted {
    fn tap_sorted(self, like: &[String]) -> Vec<String>;
}

impl TapSorted for Vec<String> {
    fn tap_sorted(mut self, like: &[String]) -> Vec<String> {
        self.sort_by_key(|line| like.iter().position(|known| known == line).unwrap_or(usize::MAX));
        self
    }
}

#[tokio::test]
async fn mails_to_the_clinic_say_no_more_than_they_must() {
    let world = World::new("2026-05-04T14:00:00Z").await;
    let runner = world.runner("zoe@example.org").await;
    world.report_pain(&runner, "2026-05-04", 9).await;
    world.pass_to("2026-05-04T14:01:00Z").await;
    let transmitted = world.server.transmitted.lock().unwrap().clone();
    let alerts: Vec<String> = transmitted
        .iter()
        .filter(|(to, _)| to == "team@clinic.example")
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        assert!(alert.contains("ZB"), "initials");
        for secret in ["Zoe", "Berg", "zoe@example.org", "worst_pain"] {
            assert!(!alert.contains(secret), "`{secret}` in a mail to the clinic");
        }
    }
}
