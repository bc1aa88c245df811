//! A clinic with something to do: runners in pain, in danger, silent and well, and people who look after them.
//!
//! For tests of the console's pages; what the runners answer goes in by the command line, as on the telephone.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{browser::Browser, clinic_day::ClinicDay, crowd, daemon::Clinic, story::local};

/// The password of everybody in it.
pub const PASSWORD: &str = "one two three four five";

/// Runners, by number: in pain and limping for a week, an emergency sign, silent after pain, well.
const RUNNERS: usize = 4;

/// The clinic on a Thursday at nine in London.
pub struct ConsoleDay {
    /// Clock, mail server and daemon.
    pub day: ClinicDay,
    ids: Vec<String>,
}

impl ConsoleDay {
    /// Lives through the week before.
    ///
    /// # Panics
    ///
    /// Something of it does not start.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same after a change to the clinic's files.
    ///
    /// # Panics
    ///
    /// Something of it does not start.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn with(change: impl FnOnce(&Clinic)) -> Self {
        let times = (local("2026-03-27", "07:30"), local("2026-03-27", "10:00"));
        let mut day = ClinicDay::new("edit_rules: InConsole,", change, RUNNERS, &[Tz::Europe__London], times);
        let morning = |number: i64| local("2026-03-28", "08:00") + TimeDelta::days(number);
        let answer = |day: &mut ClinicDay, runner: usize, values: &[&str], emergency: &str| {
            let runner = crowd::address(runner);
            let mut arguments = vec!["answer", "add", &runner];
            values.iter().for_each(|value| arguments.extend(["--value", value]));
            match emergency {
                "" => arguments.push("--no-emergency"),
                sign => arguments.extend(["--emergency", sign]),
            }
            day.clinic.run(day.now(), &arguments);
        };
        for (number, pain) in (0_i64..).zip([3, 4, 5, 5, 6, 6]) {
            day.pass(morning(number), TimeDelta::hours(12));
            let pain = format!("worst_pain={pain}");
            let walking = if number > 2 { "walking=limp" } else { "walking=normal" };
            if number != 2 {
                answer(&mut day, 0, &["feeling=pain", &pain, walking, "swelling=none"], "");
            }
            if number < 1 {
                answer(&mut day, 2, &["feeling=pain", "worst_pain=6", "walking=limp", "swelling=joint"], "");
            }
            answer(&mut day, 3, &["feeling=fine"], "");
        }
        answer(
            &mut day,
            1,
            &["feeling=pain", "worst_pain=7", "walking=normal", "swelling=none"],
            "swollen-calf",
        );
        day.pass(local("2026-04-02", "09:00"), TimeDelta::hours(1));
        let list = day.clinic.run(day.now(), &["patient", "list"]);
        let id = |number: usize| {
            let line = list.lines().find(|line| line.contains(&crowd::address(number))).expect("a runner");
            line.split_whitespace().next().unwrap_or_default().to_owned()
        };
        Self { ids: (0..RUNNERS).map(id).collect(), day }
    }

    /// The id of the runner with this number.
    #[must_use]
    pub fn id(&self, number: usize) -> &str {
        &self.ids[number]
    }

    /// The path of a runner's page in the console.
    #[must_use]
    pub fn page_of(&self, number: usize) -> String {
        format!("/console/patients/{}", self.ids[number])
    }

    /// Adds somebody who may do what the role says; answers with the address to sign in with.
    ///
    /// # Panics
    ///
    /// The password cannot be written.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn add_user(&self, name: &str, role: &str) -> String {
        let clinic = &self.day.clinic;
        std::fs::write(clinic.folder().join("user-password"), PASSWORD).expect("the password is written");
        let email = format!("{name}@clinic.example");
        let arguments = ["user", "add", &email, "--role", role, "--password-file", "user-password"];
        clinic.run(self.day.now(), &arguments);
        email
    }

    /// Signs a browser in.
    pub fn sign_in(&self, browser: &Browser, email: &str) {
        browser.open(&self.day.url("/console/sign-in"));
        browser.write("#email", email);
        browser.write("#password", PASSWORD);
        browser.follow("main button");
    }

    /// Lets time pass.
    pub fn pass(&mut self, until: DateTime<Utc>, step: TimeDelta) {
        self.day.pass(until, step);
    }
}

impl Default for ConsoleDay {
    fn default() -> Self {
        Self::new()
    }
}
