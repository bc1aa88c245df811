//! The console of the real binary: from the set-up link to a resolved item, and what must not get through.

#[cfg(test)]
mod console {
    use afterrun_tests::{
        daemon::{Clinic, Daemon},
        forms::Forms,
        story::local,
    };
    use chrono::{DateTime, TimeDelta, Utc};

    const PASSWORD: &str = "one two three four five";
    const SAM: &str = "sam@runner.example";

    /// A clinic whose runner has limped; the daemon runs.
    fn clinic() -> (Clinic, Daemon, String, DateTime<Utc>) {
        let start = local("2026-03-27", "09:00");
        let clinic = Clinic::new(None);
        let mut daemon = clinic.serve();
        daemon.at(start);
        let id = clinic.run(
            start,
            &[
                "patient",
                "add",
                "--name",
                "Sam Rivera",
                "--email",
                SAM,
                "--time-zone",
                "Europe/London",
                "--confirmed",
            ],
        );
        let id = id.split_whitespace().last().unwrap().to_owned();
        let now = local("2026-03-28", "09:00");
        daemon.at(now);
        clinic.run(
            now,
            &[
                "answer",
                "add",
                SAM,
                "--value",
                "feeling=pain",
                "--value",
                "worst_pain=4",
                "--value",
                "walking=limp",
                "--value",
                "swelling=none",
                "--no-emergency",
            ],
        );
        daemon.at(now);
        (clinic, daemon, id, now)
    }

    fn add_user(clinic: &Clinic, name: &str, now: DateTime<Utc>) {
        let file = clinic.folder().join("password");
        std::fs::write(&file, PASSWORD).unwrap();
        let email = format!("{name}@clinic.example");
        clinic.run(now, &["user", "add", &email, "--role", name, "--password-file", "password"]);
    }

    #[test]
    fn a_first_user_signs_in_and_looks_after_a_runner() {
        let (clinic, mut daemon, id, now) = clinic();
        let log = clinic.log();
        let link = log.lines().find_map(|line| line.split_once("make the first account at ")).unwrap().1;
        let path = link.strip_prefix(&daemon.address).unwrap().trim();
        let mut browser = Forms::new(&daemon);
        let form = [("email", "ann@clinic.example"), ("password", PASSWORD), ("again", PASSWORD)];
        let origin = daemon.address.clone();
        browser.get(path).is(200);
        browser.post_from(&origin, path, &form).is(303);
        browser.get(path).is(404);

        browser.get("/console").says("Sam Rivera").says("Limping");
        let runner = format!("/console/patients/{id}");
        browser.get(&runner).says("still reported on 28 March 2026").says("What happens next");
        browser.post(&runner, &[("do", "take")]).is(303);
        browser.post(&runner, &[("do", "contact"), ("how", "spoke")]).is(303);
        let done = browser.post(&runner, &[("do", "resolve"), ("how", "seen")]);
        browser.get(&done.is(303).location).says("Done, and off the work-list.");
        browser.get("/console").says("Nobody here needs a look.");
        browser.get("/console/rules").is(200).says("limping");
        browser.get("/console/operations").is(200);
        assert!(!clinic.log().contains(PASSWORD) && !clinic.log().contains(SAM));

        let stale = browser.cookie.clone();
        browser.post("/console/sign-out", &[]).is(303);
        browser.cookie = stale;
        browser.get("/console").says("Sign in").lacks("Nobody here needs a look.");
        daemon.at(now + TimeDelta::days(1));
        assert!(daemon.stop());
        let export = clinic.run(now, &["patient", "export", &id]);
        for action in ["chart-view", "work-take", "work-contact", "work-resolve"] {
            assert!(export.contains(action), "{action} is in the audit log:\n{export}");
        }
        assert!(!clinic.serve_and_read_link(), "there is a user now");
    }

    #[test]
    fn a_viewer_a_stranger_and_a_forged_form_change_nothing() {
        let (clinic, daemon, id, now) = clinic();
        add_user(&clinic, "viewer", now);
        add_user(&clinic, "clinician", now);
        let runner = format!("/console/patients/{id}");
        let mut viewer = Forms::new(&daemon);
        viewer.sign_in("viewer@clinic.example", PASSWORD).is(303);
        viewer.get(&runner).is(200).says("Sam Rivera");
        viewer.post(&runner, &[("do", "take")]).is(403);
        viewer.get("/console/patients/guessed").is(404);

        let mut clinician = Forms::new(&daemon);
        clinician.cookie = "afterrun=chosen-by-somebody-else".to_owned();
        clinician.sign_in("clinician@clinic.example", PASSWORD).is(303);
        assert_ne!(clinician.cookie, "afterrun=chosen-by-somebody-else");
        for origin in ["null", "http://evil.example"] {
            clinician.post_from(origin, &runner, &[("do", "take")]).is(403);
        }
        let origin = daemon.address.clone();
        clinician.post_from(&origin, &runner, &[("do", "take")]).is(403).says("cannot be taken");
        let long = "x".repeat(65 * 1024);
        clinician.post(&runner, &[("do", "note"), ("words", &long)]).is(413);
        clinician.get("/console?show=unowned").says("Sam Rivera");

        let mut stranger = Forms::new(&daemon);
        stranger.get(&runner).says("Sign in").lacks("Sam Rivera");
        for _ in 0..10 {
            stranger
                .post("/console/sign-in", &[("email", "viewer@clinic.example"), ("password", "no")])
                .is(422);
        }
        stranger.sign_in("viewer@clinic.example", PASSWORD).is(429);
    }

    trait ReadLink {
        /// Starts the daemon anew; whether it offers the set-up link again.
        fn serve_and_read_link(&self) -> bool;
    }

    impl ReadLink for Clinic {
        fn serve_and_read_link(&self) -> bool {
            let before = self.log().matches("make the first account").count();
            let mut daemon = self.serve();
            daemon.at(local("2026-03-30", "09:00"));
            self.log().matches("make the first account").count() > before
        }
    }
}
