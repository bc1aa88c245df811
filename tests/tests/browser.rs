//! A runner's phone: headless Chromium walks through the pages that a mail leads to, and through the demo.
//!
//! The pictures it takes are left in a folder below the target folder, for people to look at; its path is
//! printed.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

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

/// A picture of a page, and that it fits a phone however small and every telephone number can be tapped.
#[track_caller]
fn look(browser: &Browser, name: &str) {
    let plain = "return [...document.querySelectorAll('.phone')].filter(e => !e.querySelector('a[href^=tel]')).length";
    assert_eq!(browser.ask(plain, &[]), 0, "{name} has a telephone number that cannot be tapped");
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
        // The browser's own pages, such as the empty one it begins with, are no requests to anybody.
        let here = ["http://127.0.0.1:", "data:", "chrome"].iter().any(|begin| url.starts_with(begin));
        assert!(here, "a page asked for {url}");
    }
}

#[test]
fn a_check_in_on_a_phone_without_scripts() {
    if !is_ready() {
        return;
    }
    let times = (local("2026-03-27", "07:00"), local("2026-03-27", "10:00"));
    let mut day = ClinicDay::new("", |_| {}, 2, &[Tz::Europe__London], times);
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
    browser.follow("button[type='submit']");
    assert!(browser.shows(".alert"), "{}", browser.words("main"));
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
    browser.follow("button[type='submit']");
    assert!(browser.words("main").contains("555-0100"), "{}", browser.words("main"));
    look(&browser, "5-result");

    // Good news takes four taps: the link, the first answer, none of these, send.
    day.pass(local("2026-03-29", "08:00"), TimeDelta::hours(1));
    browser.open(&day.link(&crowd::address(1), "/c/"));
    browser.tap("[name='q.feeling'][value='fine']");
    assert!(!browser.shows("[name='q.worst_pain']"));
    browser.tap("[name='none']");
    browser.follow("button[type='submit']");
    assert!(!browser.shows(".alert"), "{}", browser.words("main"));
    look(&browser, "6-good-news");

    // Who has reported pain is asked how bad it is, however the first question is answered.
    browser.open(&day.link(&runner, "/c/"));
    assert!(browser.shows("[name='q.worst_pain']"));
    look(&browser, "7-next-morning");

    browser.open(&day.link(&runner, "/p/"));
    look(&browser, "8-my-page");
    browser.open(&day.link(&runner, "/s/"));
    look(&browser, "9-stop");
    browser.follow("main button");
    look(&browser, "10-stopped");
    let list = day.clinic.run(day.now(), &["patient", "list"]);
    assert!(list.contains("stopped on 2026-03-29"), "{list}");
    browser.open(&day.url("/c/no-such-link"));
    look(&browser, "11-no-such-link");
    stayed_here(&browser);
    day.off();
}

/// `afterrun demo` on a free port. Dropping it kills it.
struct Demo {
    child: Child,
    address: String,
}

impl Demo {
    fn start() -> Self {
        let mut command = Command::new(binary());
        let child =
            command.args(["demo", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the demo starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("the demo says where it listens") }
    }

    /// As a person ends it; true if it ended well.
    fn end(mut self) -> bool {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        told.is_ok_and(|status| status.success()) && self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demo_is_walked_through_in_a_browser() {
    if !is_ready() {
        return;
    }
    let demo = Demo::start();
    let browser = Browser::start(Scripts::Allowed, &folder_for_pictures("demo"));
    browser.size(1280, 900);
    browser.open(&demo.address);
    browser.picture("1-start");
    let date = browser.words(".clock .date");
    for morning in 2..=4 {
        browser.follow("button[title^='To nine']");
        assert_ne!(browser.words(".clock .date"), date, "the clock moves");
        browser.picture(&format!("{morning}-morning"));
    }
    assert_eq!(browser.too_wide(), 0);
    assert!(browser.words(".mailbox").contains("check-in"), "{}", browser.words(".mailbox"));

    // A mail, as HTML and as text.
    browser.follow(".mails a.mail");
    assert!(browser.shows("article.letter iframe"));
    browser.tap("article.letter details summary");
    assert!(browser.words("article.letter pre").len() > 100, "{}", browser.words("article.letter pre"));
    browser.picture("5-mail");
    browser.size(390, 844);
    browser.picture("6-at-phone-size");
    assert_eq!(browser.too_wide(), 0, "the demo at phone size");

    // The clinic's console, signed in.
    browser.size(1280, 900);
    browser.tap("form.console button");
    browser.newest_window();
    browser.open(&format!("{}/console", demo.address));
    assert!(browser.words("h1").contains("Work-list"), "{}", browser.words("main"));
    assert!(browser.words("main").contains("Sam"), "{}", browser.words("main"));
    browser.picture("9-console");

    // A runner's phone beside it.
    browser.open(&demo.address);
    browser.tap(".runners article form[action='/demo/open'] button");
    browser.newest_window();
    look(&browser, "7-runner");
    if browser.shows("[name='q.feeling']") {
        browser.tap("[name='q.feeling'][value='fine']");
        browser.tap("[name='none']");
        browser.follow("button[type='submit']");
        assert!(!browser.shows(".alert"), "{}", browser.words("main"));
        look(&browser, "8-answered");
    }
    let page = browser.url();
    assert!(["/c/", "/p/"].iter().any(|part| page.contains(part)), "{page}");
    stayed_here(&browser);
    drop(browser);
    assert!(demo.end(), "the demo ends as it is told");
}
