//! My page and its buttons.

use std::sync::Arc;

use afterrun_rules::{
    Action, Decision, Event, Reason,
    chart::{PauseEvent, RunKind},
    decision::{Audience, Facts, Identity, Subject},
};
use afterrun_store::Units;
use insta::assert_snapshot;

use crate::support::{Browser, Failure, Fake, at, day, told, word};

const PATH: &str = "/p/tok-my-page-91ab";

const RUN: &[(&str, &str)] = &[
    ("do", "log-run"),
    ("run", ""),
    ("date", "2026-03-30"),
    ("time", "07:15"),
    ("distance", "6.2"),
    ("kind", "training"),
    ("minutes", "58"),
];

fn with(field: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    RUN.iter().map(|pair| if pair.0 == field { (field, value) } else { *pair }).collect()
}

async fn post(fake: &Arc<Fake>, fields: &[(&str, &str)]) -> crate::support::Answer {
    Browser(fake.router()).post(PATH, fields).await
}

fn last_run(fake: &Fake) -> afterrun_rules::chart::Run {
    match fake.events.lock().unwrap().last() {
        Some(Event::Run(run)) => run.clone(),
        other => panic!("no run but {other:?}"),
    }
}

#[tokio::test]
async fn the_page() {
    let fake = Fake::new();
    let page = Browser(fake.router()).get(PATH).await;
    page.is(200);
    assert_snapshot!(page.pretty());
}

#[tokio::test]
async fn a_run_is_logged_in_the_runners_zone_and_units() {
    let fake = Fake::new();
    post(&fake, RUN).await.is(200).says("Your run is stored.");
    let run = last_run(&fake);
    assert_eq!(run.started_at, at("2026-03-30T12:15:00Z"));
    assert!((run.distance_m - 9977.9328).abs() < 0.001, "{}", run.distance_m);
    assert_eq!(run.duration_s, Some(58 * 60));
    assert_eq!(run.kind, RunKind::Training);

    let fake = Fake::new();
    fake.patient.lock().unwrap().units = Units::Kilometres;
    post(&fake, &with("distance", "10,5")).await.is(200).says("10.5 km");
    assert!((last_run(&fake).distance_m - 10_500.0).abs() < 0.001);
}

#[tokio::test]
async fn a_race_the_book_knows() {
    let fake = Fake::new();
    post(&fake, &with("kind", "race:5k")).await.is(200);
    assert_eq!(last_run(&fake).kind, RunKind::Race("5k".into()));
    let fake = Fake::new();
    post(&fake, &with("kind", "race:moon")).await.is(422);
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn the_same_form_twice_is_one_run() {
    let fake = Fake::new();
    post(&fake, RUN).await.is(200);
    let first = last_run(&fake).id;
    post(&fake, RUN).await.is(200);
    assert_eq!(last_run(&fake).id, first);
    assert_eq!(fake.chart.lock().unwrap().runs.len(), 2);
    post(&fake, &with("time", "06:00")).await.is(200);
    assert_ne!(last_run(&fake).id, first);
}

#[tokio::test]
async fn a_run_moved_to_another_start_is_not_overwritten_by_a_new_one_there() {
    let fake = Fake::new();
    post(&fake, RUN).await.is(200);
    let first = last_run(&fake).id;
    let mut moved = with("time", "06:00");
    moved[1] = ("run", first.as_str());
    post(&fake, &moved).await.is(200);
    assert_eq!(last_run(&fake).id, first);
    post(&fake, RUN).await.is(200);
    assert_ne!(last_run(&fake).id, first);
    assert_eq!(fake.chart.lock().unwrap().runs.len(), 3);
}

#[tokio::test]
async fn correcting_shows_the_run_and_keeps_what_was_not_touched() {
    let fake = Fake::new();
    let page = Browser(fake.router()).get(&format!("{PATH}?edit=r1")).await;
    page.says("value=\"2026-03-29\"").says("value=\"08:00\"").says("value=\"13.1\"").says("value=\"115\"");
    let fields = [
        ("do", "log-run"),
        ("run", "r1"),
        ("date", "2026-03-29"),
        ("time", "08:05"),
        ("distance", "13.1"),
        ("kind", "race:half-marathon"),
        ("minutes", ""),
    ];
    post(&fake, &fields).await.is(200);
    let run = last_run(&fake);
    assert_eq!((run.id.as_str(), run.started_at), ("r1", at("2026-03-29T13:05:00Z")));
    // 13.1 was shown for 21,097.5 m: untouched, it stays that.
    assert!((run.distance_m - 21_097.5).abs() < 0.001, "{}", run.distance_m);
    assert_eq!(run.duration_s, None);
}

#[tokio::test]
async fn what_is_wrong_with_a_run_is_said_at_the_field() {
    for (field, value, words) in [
        ("date", "", "Please give the day of your run."),
        ("date", "2026-03-15", "We take runs of the last 14 days."),
        ("date", "2026-03-31", "This lies in the future."),
        ("time", "", "Please give the time it started."),
        ("time", "25:00", "Please give the time it started."),
        ("distance", "", "Please give the distance as a number"),
        ("distance", "0", "Please give the distance as a number"),
        ("distance", "-3", "Please give the distance as a number"),
        ("distance", "NaN", "Please give the distance as a number"),
        ("distance", "inf", "Please give the distance as a number"),
        ("distance", "9978", "Please give the distance as a number"),
        ("minutes", "an hour", "Please give whole minutes"),
        ("kind", "", "Please choose one."),
        ("run", "no-such-run", "This run is not in your list any more."),
    ] {
        let fake = Fake::new();
        let page = post(&fake, &with(field, value)).await;
        page.is(422).says(words).says("Not stored yet.");
        assert!(fake.is_untouched(), "{field}={value}");
    }
}

#[tokio::test]
async fn a_run_is_deleted() {
    let fake = Fake::new();
    post(&fake, &[("do", "delete-run"), ("run", "r1")])
        .await
        .is(200)
        .says("The run is deleted.")
        .says("No run yet.");
    assert_eq!(*fake.events.lock().unwrap(), [Event::RunRemoved { run: "r1".into() }]);
    post(&fake, &[("do", "delete-run"), ("run", "r1")]).await.is(422);
    assert_eq!(fake.events.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn pause_and_go_on() {
    for (choice, until, words) in [
        ("7", Some(day("2026-04-06")), "No check-ins until Monday 6 April."),
        ("open", None, "No check-ins until you go on."),
    ] {
        let fake = Fake::new();
        post(&fake, &[("do", "pause"), ("for", choice)]).await.is(200).says(words);
        assert_eq!(*fake.events.lock().unwrap(), [Event::Pause(PauseEvent { until })]);
        post(&fake, &[("do", "resume")]).await.is(200).lacks(words);
    }
    for choice in ["0", "91", "-1", "", "soon"] {
        let fake = Fake::new();
        post(&fake, &[("do", "pause"), ("for", choice)]).await.is(422);
        assert!(fake.is_untouched(), "{choice}");
    }
}

#[tokio::test]
async fn the_time_zone_is_changed_to_one_that_exists() {
    let fake = Fake::new();
    Browser(fake.router()).get(&format!("{PATH}?zones")).await.says("<option value=\"Pacific/Auckland\">");
    post(&fake, &[("do", "time-zone"), ("zone", "Europe/London")]).await.is(200).says("Europe: London");
    assert_eq!(*fake.events.lock().unwrap(), [Event::TimeZone { time_zone: chrono_tz::Europe::London }]);
    post(&fake, &[("do", "time-zone"), ("zone", "Moon/Tycho")]).await.is(422);
    assert_eq!(fake.events.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_unknown_button_changes_nothing() {
    let fake = Fake::new();
    for fields in [&[][..], &[("do", "drop-table")], &[("do", "delete-run")]] {
        post(&fake, fields).await.is(422);
    }
    assert!(fake.is_untouched());
}

#[tokio::test]
async fn what_was_not_stored_is_not_called_done() {
    for failure in [Failure::Busy, Failure::Unavailable] {
        let fake = Fake::new();
        fake.fail(failure);
        post(&fake, RUN)
            .await
            .is(503)
            .says("This was NOT stored")
            .says("value=\"6.2\"")
            .lacks("Your run is stored");
        assert!(fake.is_untouched());
    }
}

#[tokio::test]
async fn running_again_is_not_offered_while_a_told_flag_is_open() {
    let fake = Fake::new();
    let cleared = Decision {
        identity: Identity {
            subject: Subject::RunAgain { run: "r1".into(), about_day: day("2026-03-30") },
            audience: Audience::Patient,
            attempt: 1,
        },
        at: at("2026-03-30T13:00:00Z"),
        action: Action::Send { message: "run-again".into(), urgent: false },
        reason: Reason::new("green", ""),
        facts: Facts::default(),
    };
    fake.chart.lock().unwrap().record(&cleared, at("2026-03-30T13:00:00Z"));
    let browser = Browser(fake.router());
    browser.get(PATH).await.says("You may run again from tomorrow on.");
    fake.reported(&["2026-03-30"], &[("feeling", word("pain")), ("swelling", word("joint"))]);
    let told = told("swelling", "Swelling in a joint or tendon", "2026-03-30", "2026-03-30");
    fake.chart.lock().unwrap().record(&told, at("2026-03-30T13:30:00Z"));
    let page = browser.get(PATH).await;
    page.lacks("You may run again").says("Please step back for now");
    page.says("Swelling in a joint or tendon (since today)");
    assert_snapshot!("held_back", page.pretty());
}

#[tokio::test]
async fn a_short_run_does_not_shorten_the_rest_after_a_long_one() {
    let fake = Fake::new();
    post(&fake, &with("distance", "2")).await.is(200).says("Recovering from your 13.1 mile race on Sunday");
}

#[tokio::test]
async fn who_stopped_can_look_but_not_change() {
    let fake = Fake::new();
    fake.happened("2026-03-30T13:00:00Z", Event::Stop {});
    Browser(fake.router()).get(PATH).await.is(200).says("You stopped our emails").lacks("Log a run");
    post(&fake, RUN).await.is(422).says("nothing was stored");
    assert!(fake.is_untouched());
}
