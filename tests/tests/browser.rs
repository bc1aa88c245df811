//! A runner's phone: headless Chromium walks through the pages that a mail leads to, and through the demo.
//!
//! The pictures it takes are left in a folder below the target folder, for people to look at; its path is
//! printed.

use std::path::{Path, PathBuf};

use afterrun_tests::{
    browser::{Browser, Scripts, missing},
    clinic_day::ClinicDay,
    crowd,
    daemon::binary,
    story::local,
};
use chrono::TimeDelta;
use chrono_tz::Tz;

/// Whether to go on: on a developer's machine the browser may be missing, in CI it may not.
fn is_ready() -> bool {
    let Some(why) = missing() else { return true };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and CI must not skip this");
    println!("skipped: {why}");
    false
}

fn folder_for_pictures(name: &str) -> PathBuf {
    let folder = binary().parent().unwrap_or(Path::new(".")).join("pictures").join(name);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    println!("pictures: {}", folder.display());
    folder
}

/// A picture of a page, and that it fits a phone however small.
#[track_caller]
fn look(browser: &Browser, name: &str) {
    browser.picture(name);
    browser.size(320, 640);
    let too_wide = browser.too_wide();
    browser.picture(&format!("{name}-320"));
    browser.size(390, 844);
    assert_eq!(too_wide, 0, "{name} is {too_wide} pixels too wide for a window of 320");
    assert_eq!(browser.too_wide(), 0, "{name} is too wide for a window of 390");
}

#[track_caller]
fn stayed_here(browser: &Browser) {
    let asked = browser.requests();
    assert!(asked.iter().any(|url| url.starts_with("http://127.0.0.1:")), "{asked:?}");
    for url in asked {
        let here = url.starts_with("http://127.0.0.1:") || url.starts_with("data:");
        assert!(here, "a page asked for {url}");
    }
}

#[test]
fn a_check_in_on_a_phone_without_scripts() {
    if !is_ready() {
        return;
    }
    let times = (local("2026-03-27", "07:00"), local("2026-03-27", "10:00"));
    let mut day = ClinicDay::new("", |_| {}, 1, &[Tz::Europe__London], times);
    day.pass(local("2026-03-28", "08:00"), TimeDelta::hours(1));
    let runner = crowd::address(0);
    let browser = Browser::start(Scripts::Blocked, &folder_for_pictures("runner"));

    browser.open(&day.link(&runner, "/c/"));
    look(&browser, "1-check-in");
    assert!(!browser.shows("[name='q.worst_pain']"), "asked only after a bad answer");
    browser.tap("[name='q.feeling'][value='pain']");
    for question in ["worst_pain", "swelling", "walking"] {
        assert!(browser.shows(&format!("[name='q.{question}']")), "{question} appears");
    }
    assert!(!browser.shows(".do-now"));
    browser.tap("[name='sign']");
    assert!(browser.shows(".do-now"), "what to do now is said before anything is sent");
    look(&browser, "2-pain-and-a-sign");
    browser.tap("[name='sign']");
    assert!(!browser.shows(".do-now"));

    // Sent too early: nothing is lost, and what is missing is said where it is missing.
    browser.tap("button[type='submit']");
    assert!(browser.shows("[role='alert']"));
    assert_eq!(
        browser.ask("return document.querySelector('[name=\"q.feeling\"]:checked')?.value", &[]),
        "pain"
    );
    look(&browser, "3-not-sent-yet");
    for (question, answer) in [
        ("worst_pain", "5"),
        ("quality", "dull"),
        ("with_movement", "same"),
        ("swelling", "none"),
        ("walking", "normal"),
    ] {
        browser.tap(&format!("[name='q.{question}'][value='{answer}']"));
    }
    browser.tap("[name='none']");
    if browser.shows("[name='q.pain_on_run']") {
        browser.tap("[name='q.pain_on_run'][value='4']");
    }
    browser.write("[name='q.note']", "Hurts more on the stairs.");
    look(&browser, "4-filled-in");
    browser.tap("button[type='submit']");
    assert!(browser.words("main").contains("555-0100"), "{}", browser.words("main"));
    look(&browser, "5-result");

    // Good news takes four taps: the link, the first answer, none of these, send.
    day.pass(local("2026-03-29", "08:00"), TimeDelta::hours(1));
    browser.open(&day.link(&runner, "/c/"));
    look(&browser, "6-next-morning");
    browser.tap("[name='q.feeling'][value='fine']");
    browser.tap("[name='none']");
    browser.tap("button[type='submit']");
    look(&browser, "7-good-news");

    browser.open(&day.link(&runner, "/p/"));
    look(&browser, "8-my-page");
    browser.open(&day.link(&runner, "/s/"));
    look(&browser, "9-stop");
    browser.tap("button[type='submit']");
    look(&browser, "10-stopped");
    let list = day.clinic.run(day.now(), &["patient", "list"]);
    assert!(list.contains("stopped on 2026-03-29"), "{list}");
    browser.open(&day.url("/c/no-such-link"));
    look(&browser, "11-no-such-link");
    stayed_here(&browser);
    day.off();
}
