//! The operations page: what it says of the machinery, and its buttons.

use afterrun_rules::{Reason, decision::Audience};
use afterrun_store::{Claim, Mail, NewMessage, Settlement};
use afterrun_web::{Machinery, OpenCircuit};
use chrono::TimeDelta;

use crate::clinic::{Clinic, start};

const PAGE: &str = "/console/operations";

async fn mail(clinic: &Clinic, number: u32, ends: Option<Settlement>) {
    let now = *clinic.now.lock().unwrap();
    let mail = Mail {
        recipient: "team@clinic.example".to_owned(),
        due_at: now,
        stale_at: None,
        place: None,
        message_id: format!("<{number}>"),
        envelope_from: "b@clinic.example".to_owned(),
        subject: "Digest".to_owned(),
        bytes: (*b"Digest").into(),
        like: None,
    };
    let message = NewMessage {
        entry: None,
        identity_text: format!("digest/{number}"),
        audience: Audience::Clinic,
        reason: Reason::new("digest", "it was due"),
        facts: Default::default(),
        mail: Some(mail),
    };
    assert!(clinic.store.add_clinic_message(message, now).await.unwrap());
    if let Some(end) = ends {
        let lease_until = now + TimeDelta::minutes(1);
        let claim = Claim {
            worker: "w".to_owned(),
            now,
            lease_until,
            limit: 1,
            pressing_limit: 0,
            hold_patients: false,
            only_emergencies: false,
        };
        let key = clinic.store.claim(claim).await.unwrap()[0].key;
        assert!(clinic.store.settle(key, "w", now, end).await.unwrap());
    }
}

#[tokio::test]
async fn mail_of_two_days_is_counted_by_the_hour() {
    let clinic = Clinic::new().await;
    clinic.signed_in("viewer").await.get(PAGE).await.says("No mail was due or sent");
    clinic.pass(TimeDelta::minutes(90));
    mail(&clinic, 1, Some(Settlement::Accepted { said: "250".to_owned() })).await;
    mail(&clinic, 2, Some(Settlement::Rejected { said: "550".to_owned() })).await;
    mail(&clinic, 3, Some(Settlement::Failed { error: "gone".to_owned() })).await;
    mail(&clinic, 4, None).await;
    let mut viewer = clinic.signed_in("viewer").await;
    let words = "Mon 30 Mar, 10:00: 4 due, 1 sent, 2 refused or given up";
    viewer.get(PAGE).await.is(200).says(words).says("In the last 48 hours 4 mails were due and 1 were sent.");
    clinic.pass(TimeDelta::hours(47));
    let mut viewer = clinic.signed_in("viewer").await;
    viewer.get(PAGE).await.says(words).says("<dt>Due</dt><dd>0</dd>");
    clinic.pass(TimeDelta::hours(2));
    let mut viewer = clinic.signed_in("viewer").await;
    viewer.get(PAGE).await.lacks(words);
}

#[tokio::test]
async fn an_hour_that_is_over_is_counted_again_after_a_while() {
    let clinic = Clinic::new().await;
    mail(&clinic, 1, None).await;
    clinic.pass(TimeDelta::hours(3));
    let mut viewer = clinic.signed_in("viewer").await;
    viewer.get(PAGE).await.says("09:00: 1 due, 0 sent");
    let now = *clinic.now.lock().unwrap();
    let claim = Claim {
        worker: "w".to_owned(),
        now,
        lease_until: now + TimeDelta::minutes(1),
        limit: 1,
        pressing_limit: 0,
        hold_patients: false,
        only_emergencies: false,
    };
    let key = clinic.store.claim(claim).await.unwrap()[0].key;
    let cancelled = Settlement::Cancelled { reason: Reason::new("stale", "late") };
    assert!(clinic.store.settle(key, "w", now, cancelled).await.unwrap());
    viewer.get(PAGE).await.says("09:00: 1 due, 0 sent");
    clinic.pass(TimeDelta::minutes(10));
    viewer.get(PAGE).await.lacks("09:00: 1 due");
}

#[tokio::test]
async fn the_machinery_is_described() {
    let clinic = Clinic::new().await;
    let mut viewer = clinic.signed_in("viewer").await;
    viewer
        .get(PAGE)
        .await
        .says("It takes our mail, as far as is known.")
        .says("It goes out when it is due.")
        .says("none is known")
        .says("They are compared each hour");
    *clinic.machinery.lock().unwrap() = Machinery {
        held: Some("wrong rules <went> live".to_owned()),
        clock_hold: Some("the clock was set back by 60 minutes".to_owned()),
        clock_is_guarded: true,
        circuit: Some(OpenCircuit { why: "535 no".to_owned(), until: start() + TimeDelta::minutes(2) }),
        unexplained: Some(vec![("messages that are due and do not leave", 3)]),
        last_backup: Some(start() - TimeDelta::days(5)),
        last_tick: Some(start()),
        last_round: None,
        time_zones: "2026a",
    };
    viewer
        .get(PAGE)
        .await
        .says("wrong rules &lt;went&gt; live")
        .says("nothing is decided by time")
        .says("set back by 60 minutes")
        .says("535 no")
        .says("The next try is at Mon 30 Mar 2026, 09:02.")
        .says("messages that are due and do not leave</dt><dd>3")
        .says("5 days ago")
        .says("2026a")
        .says("not yet")
        .lacks("value=\"release\"")
        .lacks("value=\"try-now\"");
}

#[tokio::test]
async fn mail_is_held_released_and_tried_with_a_reason_in_the_log() {
    let clinic = Clinic::new().await;
    let mut clinician = clinic.signed_in("clinician").await;
    clinician.post(PAGE, &[("do", "hold")]).await.is(422).says("in a few words");
    clinician.post(PAGE, &[("do", "hold"), ("why", &"x".repeat(501))]).await.is(422);
    let answer = clinician.post(PAGE, &[("do", "hold"), ("why", "wrong rules")]).await;
    clinician
        .get(answer.is(303).header("location"))
        .await
        .says("Mail to runners is held.")
        .says("wrong rules");
    clinician.post(PAGE, &[("do", "release"), ("why", "rules mended")]).await.is(303);
    assert_eq!(clinic.machinery.lock().unwrap().held, None);
    clinician.post(PAGE, &[("do", "try-now")]).await.is(303);
    assert_eq!(*clinic.asked.lock().unwrap(), ["try-now"]);
    clinician.post(PAGE, &[("do", "explode")]).await.is(422);
    let audit = clinic.audit().await;
    let noted: Vec<_> =
        audit.iter().take(3).map(|line| (&*line.actor, &*line.action, &*line.subject)).collect();
    assert_eq!(
        noted,
        [
            ("user 2", "mail-try-now", ""),
            ("user 2", "release", "rules mended"),
            ("user 2", "hold", "wrong rules")
        ]
    );
    let mut viewer = clinic.signed_in("viewer").await;
    for what in ["hold", "release", "try-now"] {
        viewer.post(PAGE, &[("do", what), ("why", "x")]).await.is(403);
    }
    assert_eq!(clinic.machinery.lock().unwrap().held, None);
}

#[tokio::test]
async fn messages_are_paged_and_name_nobody() {
    let clinic = Clinic::new().await;
    for number in 0..25 {
        mail(&clinic, number, None).await;
    }
    let mut viewer = clinic.signed_in("viewer").await;
    let page = viewer.get(PAGE).await;
    page.says("Older messages").lacks("team@clinic.example");
    let next = page.html.split("/console/operations?after=").nth(1).unwrap().split('"').next().unwrap();
    viewer.get(&format!("{PAGE}?after={next}")).await.is(200).lacks("Older messages");
}
