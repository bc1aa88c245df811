//! The whole story, from a run to the clinic's call, through the real binary, real SMTP and real HTTP.

use afterrun_tests::{
    daemon::{get, post},
    story::{Between, World, local, pain},
};

const SAM: &str = "sam@runner.example";
const TEAM: &str = "team@clinic.example";

#[expect(clippy::unwrap_used, reason = "a mail that is missing fails the test")]
/// A half marathon on Friday; pain on each of the next six mornings; then stop.
fn tell(between: Between) -> (World, Vec<String>) {
    let mut world = World::new(local("2026-03-27", "09:00"), between);
    world.run(&["patient", "add", "--name", "Sam Runner", "--email", SAM, "--time-zone", "Europe/London"]);

    // Nothing about health before the address is confirmed.
    let confirm = world.link(SAM, "/a/");
    assert!(!world.arrived()[0].mail.text.to_lowercase().contains("pain"));
    let confirmed = world.fill_in(&confirm, &[("do", "confirm")]);
    assert_eq!(confirmed.status, 200, "{}", confirmed.words());

    world.pass_until(local("2026-03-27", "10:30"));
    world.run(&[
        "run",
        "add",
        SAM,
        "--race",
        "half-marathon",
        "--started",
        "2026-03-27T08:00",
        "--minutes",
        "120",
    ]);
    let plan = &world.arrived().last().unwrap().mail;
    assert!(plan.text.contains("Eat and drink before 12:00"), "{}", plan.text);
    assert!(plan.text.contains("Do not run for 3 to 5 days"), "{}", plan.text);

    let mornings = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02"];
    for morning in mornings {
        world.pass_until(local(morning, "08:00"));
        let check_in = world.link(SAM, "/c/");
        let result = world.fill_in(&check_in, &pain("5"));
        assert_eq!(result.status, 200, "{}", result.words());
        assert!(result.body.contains("555-0100"), "the clinic's number is on the page");
    }

    world.pass_until(local("2026-04-02", "12:00"));
    let stop = world.link(SAM, "/s/");
    let stopped = world.fill_in(&stop, &[("do", "stop")]);
    assert_eq!(stopped.status, 200, "{}", stopped.words());
    world.pass_until(local("2026-04-03", "12:00"));
    let outbox = world.outbox();
    (world, outbox)
}

/// Every message, its day and hour on the runner's clock, its recipient and its reason.
#[rustfmt::skip]
const EXPECTED: &[&str] = &[
    "03-27 09:00 patient sam@runner.example       confirm-address/1774602000 Accepted: Nothing about health is sent before the address is confirmed.",
    "03-27 10:30 patient sam@runner.example       recovery-plan        Accepted: Half marathon on 27 March 2026: 3 to 5 days of rest (window `half-marathon`).",
    "03-28 07:00 patient sam@runner.example       check-in             Accepted: Check-in `morning-after` is due on 28 March 2026.",
    "03-29 07:00 patient sam@runner.example       check-in             Accepted: Check-in `morning-after` is due on 29 March 2026.",
    "03-30 07:00 patient sam@runner.example       check-in             Accepted: Check-in `morning-after` is due on 30 March 2026.",
    "03-31 07:00 patient sam@runner.example       check-in             Accepted: Check-in `morning-after` is due on 31 March 2026.",
    "03-31 08:00 clinic  -                        clinic/stage/pain-lasting/heads-up/2026-03-31 Shown: \u{201c}Pain lasting more than 3 to 5 days\u{201d}: first reported on 28 March 2026 (day 0), still reported on 31 March 2026 (day 3), on 4 days in all; stage `heads-up` asks for day 3 and 2 reports.",
    "03-31 08:00 patient sam@runner.example       pain-heads-up        Accepted: \u{201c}Pain lasting more than 3 to 5 days\u{201d}: first reported on 28 March 2026 (day 0), still reported on 31 March 2026 (day 3), on 4 days in all; stage `heads-up` asks for day 3 and 2 reports.",
    "03-31 14:00 clinic  team@clinic.example      digest/1774962000/1  Accepted: The clinic's digest is due.",
    "04-01 07:00 patient sam@runner.example       check-in             Accepted: Check-in `morning-after` is due on 1 April 2026.",
    "04-02 07:00 patient sam@runner.example       check-in             Accepted: Check-in `morning-after` is due on 2 April 2026.",
    "04-02 08:00 patient sam@runner.example       pain-see-us          Accepted: \u{201c}Pain lasting more than 3 to 5 days\u{201d}: first reported on 28 March 2026 (day 0), still reported on 2 April 2026 (day 5), on 6 days in all; stage `see-us` asks for day 5 and 3 reports.",
    "04-02 14:00 clinic  team@clinic.example      clinic/left/pain-lasting/2026-03-28 Accepted: \u{201c}Pain lasting more than 3 to 5 days\u{201d} is open since 28 March 2026, and the patient has stopped all messages.",
    "04-02 14:00 clinic  team@clinic.example      clinic/stage/pain-lasting/see-us/2026-04-02 Accepted: \u{201c}Pain lasting more than 3 to 5 days\u{201d}: first reported on 28 March 2026 (day 0), still reported on 2 April 2026 (day 5), on 6 days in all; stage `see-us` asks for day 5 and 3 reports.",
];

#[test]
fn a_half_marathon_and_pain_that_stays() {
    let (world, outbox) = tell(Between::Calm);
    let outbox: Vec<&str> = outbox.iter().map(String::as_str).collect();
    assert_eq!(outbox, EXPECTED, "\n{}", outbox.join("\n"));

    // What the clinic's outbox says left is what the mail server got, message by message.
    let to_sam = world.arrived().iter().filter(|arrived| arrived.to == SAM).count();
    let to_team = world.arrived().iter().filter(|arrived| arrived.to == TEAM).count();
    let said = |to: &str| outbox.iter().filter(|line| line.contains(to) && line.contains("Accepted")).count();
    assert_eq!((to_sam, to_team), (said(SAM), said(TEAM)));
    for arrived in world.arrived() {
        let subject = arrived.mail.subject.to_lowercase();
        for word in ["pain", "injur", "flag", "swelling", "limp"] {
            assert!(!subject.contains(word), "subject {subject}");
        }
    }
    let chart = get(&world.link(TEAM, "/console/patients/"));
    assert!(
        chart.body.contains("Sign in") && !chart.body.contains("Sam"),
        "whoever follows the link signs in first"
    );
    world.stop();
}

#[test]
fn killed_between_any_two_steps_the_story_is_the_same() {
    let (calm_world, calm) = tell(Between::Calm);
    let (killed_world, killed) = tell(Between::Killed);
    assert_eq!(killed, calm);
    let received = |world: &World| -> Vec<(String, String)> {
        world.arrived().iter().map(|arrived| (arrived.to.clone(), arrived.mail.subject.clone())).collect()
    };
    assert_eq!(received(&killed_world), received(&calm_world));
}

#[test]
fn looking_at_links_changes_nothing() {
    let mut world = World::new(local("2026-03-27", "09:00"), Between::Calm);
    world.run(&[
        "patient",
        "add",
        "--name",
        "Sam Runner",
        "--email",
        SAM,
        "--time-zone",
        "Europe/London",
        "--confirmed",
    ]);
    world.run(&["run", "add", SAM, "--race", "half-marathon", "--started", "2026-03-27T07:00"]);
    world.pass_until(local("2026-03-28", "08:00"));
    let before = world.outbox();
    for part in ["/c/", "/s/", "/p/"] {
        let link = world.link(SAM, part);
        for _ in 0..3 {
            assert_eq!(get(&link).status, 200);
        }
    }
    world.settle();
    assert_eq!(world.outbox(), before);
    // A form without the emergency list is refused, and says so at the field.
    let link = world.link(SAM, "/c/");
    let refused = post(&link, &[("q.feeling", "fine")]);
    assert_eq!(refused.status, 422, "{}", refused.words());
    world.stop();
}

#[test]
fn an_edit_takes_effect_and_a_broken_one_keeps_the_last_good_rules() {
    let mut world = World::new(local("2026-03-27", "09:00"), Between::Calm);
    let flags = world.clinic.folder().join("rules/red-flags.ron");
    let text = std::fs::read_to_string(&flags).unwrap();
    let before = world.daemon().reload();

    std::fs::write(&flags, text.replace("\"pain-heads-up\"", "\"pain-headsup\"")).unwrap();
    assert_eq!(world.daemon().reload(), "rejected");
    let log = world.clinic.log();
    assert!(log.contains("error[unknown-message]: no message is called `pain-headsup`"), "{log}");
    assert!(log.contains("did you mean `pain-heads-up`?"), "{log}");

    std::fs::write(&flags, &text).unwrap();
    assert_eq!(world.daemon().reload(), before);
    std::fs::write(&flags, format!("// A remark changes the files, and so the rule book.\n{text}")).unwrap();
    let after = world.daemon().reload();
    assert!(after.starts_with("reloaded ") && after != before, "{after}");
    world.stop();
}

#[test]
fn an_edit_while_the_daemon_is_down_loses_no_check_in() {
    let mut world = World::new(local("2026-03-27", "09:00"), Between::Killed);
    let enrol =
        ["patient", "add", "--name", "Sam", "--email", SAM, "--time-zone", "Europe/London", "--confirmed"];
    world.run(&enrol);
    world.run(&["run", "add", SAM, "--race", "half-marathon", "--started", "2026-03-27T07:00"]);
    world.pass_until(local("2026-03-28", "06:00"));
    let flags = world.clinic.folder().join("rules/red-flags.ron");
    let text = std::fs::read_to_string(&flags).unwrap();
    std::fs::write(&flags, format!("// A remark.\n{text}")).unwrap();
    // The daemon is killed, and starts again with the edit, an hour and a half later.
    world.jump_to(local("2026-03-28", "07:30"));
    let check_ins: Vec<_> = world.outbox().into_iter().filter(|line| line.contains("check-in ")).collect();
    assert_eq!(check_ins.len(), 1, "{check_ins:?}");
    assert!(check_ins[0].contains("Accepted"), "{check_ins:?}");
}
