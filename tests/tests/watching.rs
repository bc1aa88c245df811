//! What an operator relies on, through the real binary: figures, one word about trouble, a hold when the clock is
//! wrong, a stop that loses and doubles nothing, one daemon on one database.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use afterrun::clock::{Clock, SystemClock};
use afterrun_store::{Options, Sqlite, Store};
use afterrun_tests::{
    daemon::{Clinic, get},
    smtp_server::{At, Fault, ServerOptions, SmtpServer},
    story::{Between, World, local, pain},
};
use chrono::TimeDelta;

const SAM: &str = "sam@runner.example";

/// The longest to wait for something another process does. Waited for in full only when something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a condition that another process brings about.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never came to this: {what}");
        std::thread::yield_now();
    }
}

fn sam_after_a_race() -> World {
    let mut world = World::new(local("2026-03-27", "09:00"), Between::Calm);
    world.run(&["patient", "add", "--name", "Sam Runner", "--email", SAM, "--time-zone", "Europe/London"]);
    let confirm = world.link(SAM, "/a/");
    world.fill_in(&confirm, &[("do", "confirm")]);
    world.run(&[
        "run",
        "add",
        SAM,
        "--race",
        "half-marathon",
        "--started",
        "2026-03-27T07:00",
        "--minutes",
        "90",
    ]);
    world
}

fn figures(world: &mut World) -> String {
    let url = format!("{}/metrics", world.daemon().address);
    let page = get(&url);
    assert_eq!(page.status, 200);
    page.body
}

#[test]
fn the_figures_say_what_happened_and_name_nobody() {
    let mut world = sam_after_a_race();
    world.pass_until(local("2026-03-28", "08:00"));
    let check_in = world.link(SAM, "/c/");
    world.fill_in(&check_in, &pain("5"));
    let text = figures(&mut world);
    let mails = world.arrived().len();
    for line in [
        &format!("afterrun_sends_total{{outcome=\"accepted\"}} {mails}"),
        "afterrun_sends_total{outcome=\"our_fault\"} 0",
        "afterrun_due_lag_seconds 0",
        "afterrun_queue_messages{state=\"due\"} 0",
        "afterrun_queue_oldest_due_seconds 0",
        "afterrun_circuit_open 0",
        "afterrun_held{by=\"operator\"} 0",
        "afterrun_held{by=\"clock\"} 0",
        "afterrun_unexplained{kind=\"overdue_turn\"} 0",
        "afterrun_unexplained{kind=\"overdue_message\"} 0",
        "afterrun_rules_last_reload_successful 1",
        "afterrun_store_answers 1",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not among\n{text}");
    }
    for prefix in [
        "afterrun_rule_book_info{hash=\"",
        "afterrun_rule_book_age_seconds ",
        "afterrun_turn_seconds_count ",
        "afterrun_decide_seconds_count ",
        "afterrun_last_tick_timestamp_seconds 1",
        "afterrun_last_delivery_timestamp_seconds 1",
        "afterrun_reconciled_timestamp_seconds 1",
        "process_start_time_seconds 1",
    ] {
        assert!(text.lines().any(|found| found.starts_with(prefix)), "`{prefix}` is not among\n{text}");
    }
    let ids: Vec<String> = world.run(&["patient", "list"]).split_whitespace().map(str::to_owned).collect();
    for secret in
        ids.iter().map(String::as_str).filter(|word| word.len() > 12).chain(["Sam", "runner.example"])
    {
        assert!(!text.contains(secret), "`{secret}` is in the figures");
    }
    let documented =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/README.md"));
    let documented = documented.unwrap();
    for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(documented.contains(&format!("`{name}`")), "deploy/README.md does not name `{name}`");
    }
    world.stop();
}

#[test]
fn an_operator_hears_once_that_the_mail_server_refuses_us() {
    let mut world = sam_after_a_race();
    world.mail_server().always(At::MailFrom, Some(Fault::reply("550 5.7.1 sender not allowed")));
    world.pass_until(local("2026-03-28", "12:00"));
    let told = |world: &World, words: &str| world.clinic.log().matches(words).count();
    assert_eq!(told(&world, "the mail server does not take our mail"), 1, "{}", world.clinic.log());
    let address = world.daemon().address.clone();
    assert!(figures(&mut world).contains("afterrun_circuit_open 1"));
    assert_eq!(get(&format!("{address}/readyz")).status, 503);
    let page = get(&format!("{address}/c/unknown")).body;
    assert!(page.contains("Messages cannot be sent at the moment."), "{page}");
    world.mail_server().always(At::MailFrom, None);
    let before = world.arrived().len();
    let later = world.now() + TimeDelta::minutes(15);
    world.jump_to(later);
    let later = later + TimeDelta::minutes(15);
    world.jump_to(later);
    assert!(world.arrived().len() > before, "{}", world.clinic.log());
    assert_eq!(told(&world, "the mail server takes our mail again"), 1);
    assert_eq!(get(&format!("{address}/readyz")).status, 200);
    world.stop();
}

#[test]
fn a_second_daemon_is_refused() {
    let clinic = Clinic::new(None);
    let first = clinic.serve_by_itself();
    let second = clinic.try_run(SystemClock.now(), &["serve", "--port", "0"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success());
    assert!(said.contains("another afterrun uses") && said.contains("afterrun.db"), "{said}");
    assert_eq!(get(&format!("{}/healthz", first.address)).status, 200, "the first goes on");
    first.terminate();
    assert!(first.stop(), "{}", clinic.log());
    let third = clinic.serve_by_itself();
    third.terminate();
    assert!(third.stop(), "{}", clinic.log());
}

#[test]
fn a_stop_finishes_what_is_on_its_way_and_gives_back_the_rest() {
    const RUNNERS: usize = 7;
    const ON_THEIR_WAY: usize = 4;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(SmtpServer::start(ServerOptions::default())).unwrap();
    let clinic = Clinic::new(Some(server.port()));
    let now = SystemClock.now();
    let address = |number: usize| format!("r{number}@runner.example");
    for number in 0..RUNNERS {
        let email = address(number);
        clinic.run(
            now,
            &["patient", "add", "--name", "Sam", "--email", &email, "--time-zone", "Europe/London"],
        );
    }
    server.always(At::Dot, Some(Fault::Held("250 2.0.0 at last\r\n".to_owned())));
    let daemon = clinic.serve_by_itself();
    until("four messages are on their way", || server.taken().len() == ON_THEIR_WAY);
    daemon.terminate();
    until("the daemon has heard", || clinic.log().contains("told to stop"));
    (0..ON_THEIR_WAY).for_each(|_| server.release());
    assert!(daemon.stop(), "{}", clinic.log());
    assert_eq!(server.accepted().len(), ON_THEIR_WAY, "nothing new was begun");

    server.always(At::Dot, None);
    let daemon = clinic.serve_by_itself();
    until("everybody has their mail", || server.accepted().len() >= RUNNERS);
    daemon.terminate();
    assert!(daemon.stop(), "{}", clinic.log());
    for number in 0..RUNNERS {
        assert_eq!(server.count_for(&address(number)), 1, "{}", address(number));
    }
    assert_eq!(server.taken().len(), RUNNERS, "no copy was sent in vain");
    assert!(!clinic.log().contains("took over messages"), "there was nothing to clean up: {}", clinic.log());
}

#[test]
fn a_start_before_what_is_stored_sends_nothing_until_somebody_says_so() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(SmtpServer::start(ServerOptions::default())).unwrap();
    let clinic = Clinic::new(Some(server.port()));
    let add = |at, email: &str| {
        clinic
            .run(at, &["patient", "add", "--name", "Sam", "--email", email, "--time-zone", "Europe/London"]);
    };
    // As if the clock had been a day ahead when this was stored.
    add(SystemClock.now() + TimeDelta::days(1), SAM);
    add(SystemClock.now() - TimeDelta::hours(1), "ann@runner.example");
    std::fs::create_dir_all(clinic.folder().join("data")).unwrap();
    let store = Sqlite::open(&clinic.folder().join("data/afterrun.db"), Options::tool()).unwrap();
    let ahead = (SystemClock.now() + TimeDelta::days(1)).to_rfc3339();
    runtime.block_on(store.set_setting(afterrun::heartbeat::LAST_TICK, Some(&ahead))).unwrap();
    drop(store);
    let daemon = clinic.serve_by_itself();
    assert!(clinic.log().contains("the clock cannot be believed"), "{}", clinic.log());
    let ready = get(&format!("{}/readyz", daemon.address));
    assert_eq!((ready.status, ready.body.contains("\"clock_in_doubt\":true")), (503, true), "{}", ready.body);
    assert!(get(&format!("{}/metrics", daemon.address)).body.contains("afterrun_held{by=\"clock\"} 1"));
    let page = get(&format!("{}/c/unknown", daemon.address)).body;
    assert!(page.contains("the clock of this service has to be looked at"), "{page}");
    assert_eq!(server.connections(), 0);
    let said = clinic.run(SystemClock.now(), &["release"]);
    assert!(said.contains("the clock is behind what was stored last"), "{said}");
    until("what is due is sent", || server.count_for("ann@runner.example") == 1);
    assert_eq!(server.count_for(SAM), 0, "due tomorrow");
    daemon.terminate();
    assert!(daemon.stop(), "{}", clinic.log());
}
