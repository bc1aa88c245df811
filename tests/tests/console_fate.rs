//! A file of the rules renamed and deleted by clicking, in a real browser: looked at first, refused where a rule needs
//! it, and done where none does.

#[cfg(test)]
mod console_fate {
    use std::path::{Path, PathBuf};

    use afterrun_tests::{
        browser::{Browser, Scripts, missing},
        daemon::{Clinic, Daemon, binary},
        story::local,
    };

    const PASSWORD: &str = "one two three four five";
    const WHO: &str = "clinician@clinic.example";
    const NEEDED: &str = "messages/we-missed-you.md";
    const STORY: &str = "scenarios/severe-pain.ron";
    const MOVED: &str = "scenarios/urgent/severe-pain.ron";

    /// Whether to go on: on a developer's machine the browser may be missing, in CI it may not.
    fn is_ready() -> bool {
        let Some(why) = missing() else { return true };
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and CI must not skip this");
        println!("skipped: {why}");
        false
    }

    fn pictures() -> PathBuf {
        let folder = binary().parent().unwrap_or(Path::new(".")).join("pictures/console-fate");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn signed_in(scripts: Scripts) -> (Clinic, Daemon, Browser) {
        let now = local("2026-03-30", "10:00");
        let clinic = Clinic::configured("edit_rules: InConsole,");
        let mut daemon = clinic.serve();
        daemon.at(now);
        std::fs::write(clinic.folder().join("password"), PASSWORD).unwrap();
        clinic.run(now, &["user", "add", WHO, "--role", "clinician", "--password-file", "password"]);
        let browser = Browser::start(scripts, &pictures());
        browser.size(1280, 900);
        browser.open(&format!("{}/console/sign-in", daemon.address));
        browser.write("[name=email]", WHO);
        browser.write("[name=password]", PASSWORD);
        browser.follow("main form button");
        (clinic, daemon, browser)
    }

    /// Opens a file in the editor, and what can become of it.
    fn open(browser: &Browser, daemon: &Daemon, file: &str) {
        browser.open(&format!("{}/console/rules/edit?file={file}", daemon.address));
        assert!(!browser.shows("button[value=delete]"), "nobody deletes by a slip");
        browser.tap(".fate summary");
        browser.wait_for("return document.querySelector('.fate').open");
    }

    /// Everything the page says.
    fn said(browser: &Browser) -> String {
        browser.words("main")
    }

    #[test]
    fn a_file_is_looked_at_renamed_and_deleted_by_clicks() {
        if !is_ready() {
            return;
        }
        let (clinic, mut daemon, browser) = signed_in(Scripts::Allowed);
        let at = |file: &str| clinic.folder().join("rules").join(file);
        let in_force = daemon.reload();

        // A rule sends this message: that is seen as soon as deleting it is chosen, and it stays when told to go.
        open(&browser, &daemon, NEEDED);
        browser.tap("[name=fate][value=delete]");
        browser.wait_for("return document.getElementById('result').innerText.includes('unknown-message')");
        assert!(browser.words("#result").contains("would be refused"), "{}", said(&browser));
        browser.picture("looked-at");
        browser.write("#reason", "nobody reads it");
        browser.follow("button[value=delete]");
        assert!(said(&browser).contains("Not saved"), "{}", said(&browser));
        assert!(at(NEEDED).exists());
        assert_eq!(daemon.reload(), in_force);

        // A story of its own gets another name.
        open(&browser, &daemon, STORY);
        let _ = browser.ask("document.getElementById('new-name').value = ''; return 0", &[]);
        browser.write("#new-name", MOVED);
        browser.tap("[name=fate][value=rename]");
        browser.wait_for("return document.getElementById('result').innerText.includes('would go live')");
        assert!(browser.words("#result").contains("What you changed"), "{}", said(&browser));
        browser.write("#reason", "where it belongs");
        browser.follow("button[value=rename]");
        assert!(said(&browser).contains("Saved, and in force."), "{}", said(&browser));
        assert!(at(MOVED).exists() && !at(STORY).exists());

        // And goes.
        open(&browser, &daemon, MOVED);
        browser.tap("[name=fate][value=delete]");
        browser.wait_for("return document.getElementById('result').innerText.includes('would go live')");
        browser.write("#reason", "told elsewhere");
        browser.follow("button[value=delete]");
        assert!(said(&browser).contains("Saved, and in force."), "{}", said(&browser));
        assert!(said(&browser).contains("told elsewhere"), "{}", said(&browser));
        assert!(!at(MOVED).exists());
        browser.open(&format!("{}/console/rules/edit", daemon.address));
        assert!(!said(&browser).contains("severe-pain.ron"), "{}", said(&browser));
        assert_ne!(daemon.reload(), in_force);
        assert!(daemon.stop());
    }

    #[test]
    fn without_scripts_the_same_is_done_by_the_buttons() {
        if !is_ready() {
            return;
        }
        let (clinic, daemon, browser) = signed_in(Scripts::Blocked);
        let at = |file: &str| clinic.folder().join("rules").join(file);
        open(&browser, &daemon, NEEDED);
        browser.tap("[name=fate][value=delete]");
        browser.follow(".saving button[value=check]");
        assert!(browser.words("#result").contains("unknown-message"), "{}", said(&browser));
        assert!(browser.shows("button[value=delete]"), "what was chosen is still in sight");
        browser.open(&format!("{}/console/rules/edit?file={STORY}", daemon.address));
        browser.tap(".fate summary");
        browser.write("#reason", "told elsewhere");
        browser.follow("button[value=delete]");
        assert!(said(&browser).contains("Saved, and in force."), "{}", said(&browser));
        assert!(!at(STORY).exists() && at(NEEDED).exists());
        assert!(daemon.stop());
    }
}
