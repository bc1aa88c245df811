//! Another address for a runner, entered by the clinic while the real program runs: nothing about health goes to
//! either address, old links open nothing, and once the new one is confirmed care goes on there.

use afterrun_tests::{clinic_day::ClinicDay, crowd, daemon, mailbox::ReceivedMail, story::local};
use chrono::TimeDelta;
use chrono_tz::Tz;

const NEW: &str = "moved@runner.example";

/// A runner in pain, at night: what the limp of this evening leads to waits for the morning.
fn at_night() -> (ClinicDay, String) {
    let times = (local("2026-03-27", "07:30"), local("2026-03-27", "10:00"));
    let mut day = ClinicDay::new("", |_| {}, 1, &[Tz::Europe__London], times);
    day.pass(local("2026-03-28", "22:00"), TimeDelta::hours(1));
    let runner = crowd::address(0);
    let answer = ["answer", "add", &runner, "--value", "feeling=pain", "--value", "worst_pain=5"];
    let limp = ["--value", "walking=limp", "--value", "swelling=none", "--no-emergency"];
    day.clinic.run(day.now(), &[&answer[..], &limp[..]].concat());
    (day, runner)
}

/// What went to an address since, by subject.
fn subjects(day: &ClinicDay, to: &str) -> Vec<String> {
    let mails = day.arrived().iter().filter(|(_, mail)| mail.to == [to]);
    mails.map(|(_, mail)| ReceivedMail::read(&mail.bytes).subject).collect()
}

#[test]
fn the_old_one_gets_nothing_any_more_and_the_new_one_nothing_about_health_until_confirmed() {
    let (mut day, old) = at_night();
    let before = subjects(&day, &old);
    assert!(before.len() >= 2, "plan and check-in: {before:?}");
    let (check_in, page, stop) = (day.link(&old, "/c/"), day.link(&old, "/p/"), day.link(&old, "/s/"));
    assert_eq!(daemon::get(&page).status, 200);

    let said = day.clinic.run(day.now(), &["patient", "address", &old, NEW]);
    assert!(said.contains("nothing about health before its owner has confirmed it"), "{said}");
    day.pass(local("2026-03-30", "12:00"), TimeDelta::hours(1));
    assert_eq!(subjects(&day, &old), before, "not one mail more");
    let asked = subjects(&day, NEW);
    assert_eq!(asked.len(), 1, "one mail asks to confirm: {asked:?}");
    for link in [&check_in, &page, &stop] {
        let shown = daemon::get(link);
        assert_ne!(shown.status, 200, "{link} opens nothing any more");
        assert!(!shown.words().contains("pain"), "{}", shown.words());
    }
    let list = day.clinic.run(day.now(), &["patient", "list"]);
    assert!(list.contains(NEW) && list.contains("address not confirmed") && !list.contains(&old), "{list}");

    // The limp goes on, and the owner of the new address confirms it: advice goes there.
    let confirm = day.link(NEW, "/a/");
    assert_eq!(daemon::post(&confirm, &[("do", "confirm")]).status, 200);
    let limp = ["answer", "add", NEW, "--value", "feeling=pain", "--value", "walking=limp", "--no-emergency"];
    day.clinic.run(day.now(), &limp);
    day.pass(local("2026-03-31", "12:00"), TimeDelta::hours(1));
    assert!(day.count_to(NEW) > 1, "{:?}", subjects(&day, NEW));
    assert_eq!(subjects(&day, &old), before);
    let export = day.clinic.run(day.now(), &["patient", "export", NEW]);
    assert!(export.contains("address_changed") && export.contains("patient-address"), "{export}");
    day.off();
}

#[test]
fn an_address_that_will_not_do_changes_nothing() {
    let (mut day, old) = at_night();
    day.clinic.run(day.now(), &["patient", "add", "--name", "Kim Lee", "--email", NEW, "--confirmed"]);
    for (new, why) in [
        ("nobody", "no mail address"),
        (NEW, "another runner is enrolled with this address"),
        (old.to_uppercase().as_str(), "this is the address already"),
    ] {
        let refused = day.clinic.try_run(day.now(), &["patient", "address", &old, new]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(why), "{new}: {said}");
    }
    day.pass(local("2026-03-29", "12:00"), TimeDelta::hours(1));
    let advised = subjects(&day, &old);
    assert!(advised.len() >= 3, "what waited for the morning has come: {advised:?}");
    day.off();
}
