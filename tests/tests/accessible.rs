//! Every page by the rules of WCAG 2.2 AA that a machine can check, by day and by night, and how wide each is.
//!
//! A new page is one line in a list below. The pictures it takes, at the width of a phone and of a desk, are left
//! below the target folder for people to look at.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use afterrun_tests::{
    browser::{Axe, Browser, Colours, Scripts, missing},
    console_day::ConsoleDay,
    crowd,
    daemon::binary,
    story::local,
};
use chrono::TimeDelta;

/// Pages of the console for somebody signed in: name, path. `{0}` to `{3}` are runners, `{message}` a message,
/// `{book}` the rule book in force.
const CONSOLE: &[(&str, &str)] = &[
    ("work-list", "/console"),
    ("work-list-nobody", "/console?show=mine"),
    ("patient-in-pain", "/console/patients/{0}"),
    ("patient-in-danger", "/console/patients/{1}"),
    ("patient-silent", "/console/patients/{2}"),
    ("patient-well", "/console/patients/{3}"),
    ("patient-answer", "/console/patients/{0}/answer"),
    ("scorecard", "/console/scorecard"),
    ("patients", "/console/patients"),
    ("message", "/console/messages/{message}"),
    ("rules", "/console/rules"),
    ("rules-message", "/console/rules/messages/pain-heads-up"),
    ("rules-compare", "/console/rules/compare"),
    ("rules-files", "/console/rules/edit"),
    ("rules-edit", "/console/rules/edit?file=messages/pain-heads-up.md"),
    ("rules-new-file", "/console/rules/edit?file=scenarios/new/story.ron"),
    ("rules-books", "/console/rules/books"),
    ("rules-book", "/console/rules/books/{book}"),
    ("rules-book-messages", "/console/rules/books/{book}/messages"),
    ("operations", "/console/operations"),
    ("account", "/console/account"),
    ("users", "/console/users"),
    ("user", "/console/users/1"),
    ("audit", "/console/audit"),
    ("nothing-here", "/console/patients/nobody"),
];

/// The narrowest window a page has to fit (WCAG 1.4.10), in CSS pixels.
const NARROWEST: u32 = 320;

/// A phone and a desk, by day and by night.
const VIEWS: [(u32, Colours); 4] =
    [(390, Colours::Light), (390, Colours::Dark), (1280, Colours::Dark), (1280, Colours::Light)];

/// Whether to go on: on a developer's machine something may be missing, in CI nothing may.
fn axe() -> Option<Axe> {
    let found = match missing() {
        Some(why) => Err(why.to_owned()),
        None => Axe::read(),
    };
    match found {
        Ok(axe) => Some(axe),
        Err(why) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and CI must not skip this");
            println!("skipped: {why}");
            None
        }
    }
}

/// Looks at pages and remembers what is wrong with them, so that one run tells all of it.
struct Look {
    axe: Axe,
    browser: Browser,
    wrong: Vec<String>,
}

impl Look {
    fn new(axe: Axe, name: &str) -> Self {
        let folder: PathBuf = binary().parent().unwrap_or(Path::new(".")).join("pictures").join(name);
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        println!("pictures: {}", folder.display());
        Self { axe, browser: Browser::start(Scripts::Allowed, &folder), wrong: Vec::new() }
    }

    /// Looks at the page shown.
    fn at(&mut self, name: &str) {
        self.browser.size(NARROWEST, 844);
        self.fits(name, NARROWEST);
        for (width, colours) in VIEWS {
            self.browser.size(width, 844);
            self.browser.prefer(colours);
            self.fits(name, width);
            let found = self.axe.findings(&self.browser);
            self.wrong.extend(found.iter().map(|one| format!("{name}, {width}, {colours:?}: {one}")));
            self.browser.picture(&format!("{name}-{width}-{colours:?}").to_lowercase());
        }
    }

    fn fits(&mut self, name: &str, width: u32) {
        let too_wide = self.browser.too_wide();
        if too_wide > 0 {
            self.wrong.push(format!("{name} is {too_wide} pixels too wide for a window of {width}"));
        }
    }

    #[track_caller]
    fn end(self) {
        assert!(self.wrong.is_empty(), "{} things are wrong:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

/// The number of the newest message to a runner.
fn newest_message(day: &ConsoleDay, browser: &Browser) -> String {
    browser.open(&day.day.url(&day.page_of(0)));
    let script = "return document.querySelector('a[href*=\"/console/messages/\"]').href.split('/').pop()";
    browser.ask(script, &[]).as_str().unwrap_or_default().to_owned()
}

/// The hash of the rules in force.
fn book_in_force(day: &ConsoleDay, browser: &Browser) -> String {
    browser.open(&day.day.url("/console/rules"));
    let script = "return document.querySelector('a[href*=\"/console/rules/books/\"]').href.split('/').pop()";
    browser.ask(script, &[]).as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_page_of_the_console_is_accessible() {
    let Some(axe) = axe() else { return };
    let day = ConsoleDay::new();
    let mut look = Look::new(axe, "console");

    let log = day.day.clinic.log();
    let set_up =
        log.lines().find_map(|line| line.split_once("make the first account at ")).expect("a link").1;
    look.browser.open(set_up.trim());
    look.at("set-up");
    let ann = day.add_user("ann", "admin");
    look.browser.open(&day.day.url("/console/sign-in"));
    look.at("sign-in");
    look.browser.open(&day.day.url("/console/reset"));
    look.at("reset");

    day.sign_in(&look.browser, &ann);
    let message = newest_message(&day, &look.browser);
    let book = book_in_force(&day, &look.browser);
    for (name, path) in CONSOLE {
        let path = path.replace("{message}", &message).replace("{book}", &book);
        let runners =
            (0..4).fold(path, |path, number| path.replace(&format!("{{{number}}}"), day.id(number)));
        look.browser.open(&day.day.url(&runners));
        if *name == "rules-edit" {
            look.browser.tap("details.fate summary");
        }
        look.at(name);
    }
    look.end();
}

#[test]
fn every_page_of_a_runner_is_accessible() {
    let Some(axe) = axe() else { return };
    let mut day = ConsoleDay::new();
    let mut look = Look::new(axe, "runner-pages");
    let runner = crowd::address(0);

    look.browser.open(&day.day.link(&runner, "/c/"));
    look.at("check-in");
    look.browser.follow("button[type='submit']");
    look.at("check-in-not-sent");
    look.browser.tap("[name='q.feeling'][value='pain']");
    look.browser.tap("[name='sign']");
    look.at("check-in-sign-ticked");
    look.browser.follow("button[type='submit']");
    look.at("check-in-emergency");

    let run = ["run", "add", &crowd::address(3), "--distance", "8mi", "--started", "2026-04-02T06:30"];
    day.day.clinic.run(day.day.now(), &run);
    day.pass(local("2026-04-03", "08:00"), TimeDelta::hours(23));
    look.browser.open(&day.day.link(&crowd::address(3), "/c/"));
    look.browser.tap("[name='q.feeling'][value='fine']");
    look.browser.tap("[name='none']");
    look.browser.follow("button[type='submit']");
    look.at("check-in-good-news");
    for (name, part) in [("my-page", "/p/"), ("stop", "/s/")] {
        look.browser.open(&day.day.link(&runner, part));
        look.at(name);
    }
    look.browser.follow("main button");
    look.at("stopped");
    look.browser.open(&day.day.url("/c/no-such-link"));
    look.at("no-such-link");

    let new = ["patient", "add", "--name", "Kim Lee", "--email", "kim@runner.example"];
    day.day.clinic.run(day.day.now(), &new);
    let now = day.day.now();
    day.day.step_to(now);
    look.browser.open(&day.day.link("kim@runner.example", "/a/"));
    look.at("confirm");
    look.browser.follow("main button");
    look.at("confirmed");
    look.end();
}
