//! The console of the real binary in a real browser: users by mail, pages that keep themselves up to date, the
//! operations page with a mail server that fails.
//!
//! The pictures it takes are left in a folder below the target folder, for people to look at.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use afterrun_tests::{
    browser::{Browser, Colours, Scripts, missing},
    clinic_day::ClinicDay,
    crowd,
    daemon::binary,
    smtp_server::{At, Fault},
    story::local,
};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

const PASSWORD: &str = "one two three four five";
const NEW: &str = "six seven eight nine ten";
const ANN: &str = "ann@clinic.example";
const BOB: &str = "bob@clinic.example";

/// Whether to go on: on a developer's machine the browser may be missing, in CI it may not.
fn is_ready() -> bool {
    let Some(why) = missing() else { return true };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and CI must not skip this");
    println!("skipped: {why}");
    false
}

fn browser(scripts: Scripts) -> Browser {
    let folder: PathBuf = binary().parent().unwrap_or(Path::new(".")).join("pictures/console");
    std::fs::create_dir_all(&folder).unwrap();
    println!("pictures: {}", folder.display());
    Browser::start(scripts, &folder)
}

/// A clinic with two runners and an admin, at breakfast after their run.
fn clinic() -> ClinicDay {
    let times = (local("2026-03-27", "07:00"), local("2026-03-27", "10:00"));
    let day = ClinicDay::new("", |_| {}, 2, &[Tz::Europe__London], times);
    std::fs::write(day.clinic.folder().join("console-password"), PASSWORD).unwrap();
    let add = ["user", "add", ANN, "--role", "admin", "--password-file", "console-password"];
    day.clinic.run(day.now(), &add);
    day
}

fn sign_in(browser: &Browser, day: &ClinicDay, email: &str, password: &str) {
    browser.open(&day.url("/console/sign-in"));
    browser.write("#email", email);
    browser.write("#password", password);
    browser.follow("main button");
}

/// Pictures of a page on a phone and a desk, light and dark; it fits all of them.
#[track_caller]
fn look(browser: &Browser, name: &str) {
    for (width, height) in [(390, 844), (1280, 900)] {
        browser.size(width, height);
        for (scheme, colours) in [("light", Colours::Light), ("dark", Colours::Dark)] {
            browser.prefer(colours);
            browser.picture(&format!("{name}-{width}-{scheme}"));
        }
        assert_eq!(browser.too_wide(), 0, "{name} is too wide for a window of {width}");
    }
    browser.size(320, 640);
    assert_eq!(browser.too_wide(), 0, "{name} is too wide for a window of 320");
    browser.size(1280, 900);
    browser.prefer(Colours::Light);
}

/// A runner reports a limp.
fn limps(day: &mut ClinicDay, number: usize, at: DateTime<Utc>) {
    let values = ["feeling=pain", "worst_pain=4", "walking=limp", "swelling=none"];
    let address = crowd::address(number);
    let mut command = vec!["answer", "add", &address, "--no-emergency"];
    command.extend(values.iter().flat_map(|value| ["--value", value]));
    day.clinic.run(at, &command);
    day.step_to(at);
}

#[test]
fn users_come_by_invitation_and_come_back_by_mail() {
    if !is_ready() {
        return;
    }
    let mut day = clinic();
    // Nothing here needs a script.
    let browser = browser(Scripts::Blocked);
    browser.open(&day.url("/console"));
    look(&browser, "1-sign-in");
    sign_in(&browser, &day, ANN, PASSWORD);
    browser.open(&day.url("/console/users"));
    browser.write("#email", BOB);
    browser.make("document.querySelector('#role').value = 'clinician'");
    browser.follow("aside button");
    assert!(browser.words("main").contains("The invitation is on its way."), "{}", browser.words("main"));
    look(&browser, "2-user-invited");
    browser.open(&day.url("/console/users"));
    look(&browser, "3-users");

    // Stored, not yet sent: a power cut does not lose it.
    day.off();
    day.step_to(day.now() + TimeDelta::minutes(1));
    let link = day.link(BOB, "/console/password/");
    browser.open(&link);
    look(&browser, "4-welcome");
    browser.write("#new", PASSWORD);
    browser.write("#again", PASSWORD);
    browser.follow("main button");
    assert!(browser.words("main").contains("Your password is set."), "{}", browser.words("main"));
    browser.open(&link);
    assert!(browser.words("main").contains("does not work any more"));
    look(&browser, "5-link-gone");

    browser.open(&day.url("/console/reset"));
    look(&browser, "6-forgotten");
    browser.write("#email", BOB);
    browser.follow("main button");
    look(&browser, "7-forgotten-sent");
    day.step_to(day.now() + TimeDelta::minutes(1));
    let reset = day.link(BOB, "/console/password/");
    assert_ne!(reset, link);
    browser.open(&reset);
    browser.write("#new", NEW);
    browser.write("#again", NEW);
    browser.follow("main button");
    sign_in(&browser, &day, BOB, NEW);
    assert!(browser.words("header.top").contains(BOB), "{}", browser.words("header.top"));
    browser.open(&day.url("/console/account"));
    look(&browser, "8-account");

    sign_in(&browser, &day, ANN, PASSWORD);
    browser.open(&day.url("/console/audit"));
    look(&browser, "9-audit");
    assert!(browser.words("main").contains("took up the invitation"), "{}", browser.words("main"));
    let log = day.clinic.log();
    for secret in [PASSWORD, NEW, ANN, BOB, &link[link.len() - 43..], &reset[reset.len() - 43..]] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    day.off();
}

#[test]
fn the_work_list_keeps_itself_up_to_date() {
    if !is_ready() {
        return;
    }
    let mut day = clinic();
    day.pass(local("2026-03-28", "08:00"), TimeDelta::hours(4));
    let browser = browser(Scripts::Allowed);
    sign_in(&browser, &day, ANN, PASSWORD);
    browser.size(1280, 900);
    assert!(browser.words("main").contains("Nobody here needs a look."), "{}", browser.words("main"));
    assert!(browser.words(".live").starts_with("As of 03:00:00"), "{}", browser.words(".live"));
    let kept = "return document.querySelector('#live') === window.part";
    browser.make("window.part = document.querySelector('#live')");

    limps(&mut day, 0, local("2026-03-28", "08:05"));
    browser.wait_for("return document.querySelector('#live').innerText.includes('Runner0x')");
    browser.wait_for("return document.querySelector('#live-line').innerText.includes('03:05:00')");
    browser.wait_for("return document.querySelector('#live-said').innerText.includes('has changed')");
    assert_eq!(browser.ask(kept, &[]), true, "the page was not loaded anew");

    // Who has put the focus into a form is left alone; what came meanwhile is shown afterwards.
    browser.make("document.querySelector('#live form button').focus()");
    limps(&mut day, 1, local("2026-03-28", "08:10"));
    for _ in 0..20 {
        browser.make("document.dispatchEvent(new Event('visibilitychange'))");
        assert!(!browser.words("#live").contains("Runner1x"), "{}", browser.words("#live"));
    }
    assert!(browser.words("#live-line").starts_with("Waits while"), "{}", browser.words("#live-line"));
    browser.make("document.activeElement.blur(); document.dispatchEvent(new Event('visibilitychange'))");
    browser.wait_for("return document.querySelector('#live').innerText.includes('Runner1x')");
    look(&browser, "10-work-list");

    // Whoever has been away for half an hour sees the sign-in page, and nothing of the runners.
    day.step_to(local("2026-03-28", "08:41"));
    browser.make("document.dispatchEvent(new Event('visibilitychange'))");
    browser.wait_for("return !!document.querySelector('#password')");
    assert!(!browser.words("body").contains("Runner0x"));
    day.off();
}

#[test]
fn operations_show_a_mail_server_that_fails_and_try_it_again() {
    if !is_ready() {
        return;
    }
    let mut day = clinic();
    day.smtp.always(At::MailFrom, Some(Fault::reply("550 5.7.1 not from here")));
    day.pass(local("2026-03-28", "08:00"), TimeDelta::hours(1));
    day.clinic.run(day.now(), &["backup", "copy.db"]);
    let browser = browser(Scripts::Allowed);
    sign_in(&browser, &day, ANN, PASSWORD);
    browser.open(&day.url("/console/operations"));
    for words in
        ["It does not take our mail", "not from here", "Sat 28 Mar 2026, 03:00", "Somebody sets it by hand"]
    {
        assert!(browser.words("main").contains(words), "{words}: {}", browser.words("main"));
    }
    look(&browser, "11-operations-down");

    day.smtp.always(At::MailFrom, None);
    browser.follow("button[value='try-now']");
    assert!(browser.words("main").contains("One message is tried now."), "{}", browser.words("main"));
    day.step_to(day.now() + TimeDelta::seconds(1));
    browser.wait_for("return document.querySelector('#live').innerText.includes('It takes our mail')");
    day.pass(local("2026-03-28", "08:20"), TimeDelta::minutes(10));
    browser.open(&day.url("/console/operations"));

    // Held by a reason somebody types; the page stays as it is meanwhile.
    browser.tap("aside details summary");
    browser.write("#why", "wrong rules went live");
    browser.make("document.dispatchEvent(new Event('visibilitychange'))");
    assert_eq!(browser.ask("return document.querySelector('#why').value", &[]), "wrong rules went live");
    browser.follow("button[value='hold']");
    assert!(browser.words("body").contains("wrong rules went live"), "{}", browser.words("main"));
    assert_eq!(day.setting("hold").as_deref(), Some("wrong rules went live"));
    look(&browser, "12-operations-held");
    browser.write("#why", "mended");
    browser.follow("button[value='release']");
    assert_eq!(day.setting("hold"), None);
    browser.open(&day.url("/console/operations"));
    look(&browser, "13-operations");
    day.off();
}
