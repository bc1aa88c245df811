//! The rules in the console of the real binary: an edit that is refused, one that goes live, what a comparison says of
//! the clinic's own history, and what must not get through. In a real browser, with scripts and without.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use afterrun_store::Store;
use afterrun_tests::{
    browser::{Browser, Colours, Scripts, missing},
    crowd,
    daemon::{Clinic, Daemon, binary},
    forms::{Forms, value_of},
    story::local,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

const PASSWORD: &str = "one two three four five";
const RUNNER: &str = "sam@runner.example";

/// Longest wait for something that goes on in the background.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether to go on: on a developer's machine the browser may be missing, in CI it may not.
fn is_ready() -> bool {
    let Some(why) = missing() else { return true };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and CI must not skip this");
    println!("skipped: {why}");
    false
}

fn folder_for_pictures() -> PathBuf {
    let folder = binary().parent().unwrap_or(Path::new(".")).join("pictures/console-rules");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    println!("pictures: {}", folder.display());
    folder
}

/// A clinic that may be edited in the console, with a user of each role and a runner in pain since 27 March; now it is
/// the 30th, 10:00 in London.
fn clinic() -> (Clinic, Daemon, DateTime<Utc>) {
    let start = local("2026-03-26", "09:00");
    let clinic = Clinic::configured("edit_rules: InConsole,");
    let mut daemon = clinic.serve();
    daemon.at(start);
    clinic.run(
        start,
        &[
            "patient",
            "add",
            "--name",
            "Sam Rivera",
            "--email",
            RUNNER,
            "--time-zone",
            "Europe/London",
            "--confirmed",
        ],
    );
    let mut now = start;
    for day in 27..=30 {
        now = local(&format!("2026-03-{day}"), "10:00");
        daemon.at(now);
        let values = ["feeling=pain", "worst_pain=5", "walking=normal", "swelling=none"];
        let mut answer = vec!["answer", "add", RUNNER, "--no-emergency"];
        answer.extend(values.iter().flat_map(|value| ["--value", value]));
        clinic.run(now, &answer);
        daemon.at(now);
    }
    for role in ["viewer", "clinician", "admin"] {
        std::fs::write(clinic.folder().join("password"), PASSWORD).expect("the file can be written");
        let email = format!("{role}@clinic.example");
        clinic.run(now, &["user", "add", &email, "--role", role, "--password-file", "password"]);
    }
    (clinic, daemon, now)
}

/// A window in which somebody of this role has signed in.
fn signed_in(daemon: &Daemon, role: &str) -> Forms {
    let mut forms = Forms::new(daemon);
    forms.sign_in(&format!("{role}@clinic.example"), PASSWORD).is(303);
    forms
}

/// The content of a file that the editor was opened with, as its form says it.
fn content_of(forms: &mut Forms, file: &str) -> String {
    let page = forms.get(&format!("/console/rules/edit?file={file}"));
    value_of(&page.is(200).body, "opened")
}

/// Signs in a real browser.
fn sign_in(browser: &Browser, daemon: &Daemon, role: &str) {
    browser.open(&format!("{}/console/sign-in", daemon.address));
    browser.write("[name=email]", &format!("{role}@clinic.example"));
    browser.write("[name=password]", PASSWORD);
    browser.follow("main form button");
}

/// Puts a text into the editor as somebody who types would.
fn type_text(browser: &Browser, from: &str, to: &str) {
    let script = "const t = document.getElementById('text'); \
        if (!t.value.includes(arguments[0])) return false; \
        t.value = t.value.replace(arguments[0], arguments[1]); \
        t.dispatchEvent(new Event('input', {bubbles: true})); return true;";
    let done = browser.ask(script, &[json!(from), json!(to)]);
    assert_eq!(done, true, "the text nowhere says `{from}`");
}

#[track_caller]
fn wait_for(browser: &Browser, selector: &str, words: &str) {
    let since = Instant::now();
    while !browser.words(selector).contains(words) {
        assert!(since.elapsed() < PATIENCE, "`{words}` does not come in: {}", browser.words(selector));
        std::thread::yield_now();
    }
}

/// Pictures of a page on a phone and on a desk, by day and by night; it fits the smallest phone.
#[track_caller]
fn look(browser: &Browser, name: &str) {
    for (width, height) in [(390, 844), (1280, 900)] {
        browser.size(width, height);
        for (scheme, colours) in [("light", Colours::Light), ("dark", Colours::Dark)] {
            browser.prefer(colours);
            browser.picture(&format!("{name}-{width}-{scheme}"));
        }
    }
    browser.prefer(Colours::Light);
    browser.size(320, 640);
    let too_wide = browser.too_wide();
    browser.size(1280, 900);
    assert_eq!(too_wide, 0, "{name} is {too_wide} pixels too wide for a window of 320");
}

#[test]
fn a_clinician_edits_badly_then_well_and_sees_it_live() {
    if !is_ready() {
        return;
    }
    let (clinic, mut daemon, now) = clinic();
    let browser = Browser::start(Scripts::Allowed, &folder_for_pictures());
    browser.size(1280, 900);
    sign_in(&browser, &daemon, "clinician");
    browser.open(&format!("{}/console/rules", daemon.address));
    look(&browser, "1-rules");
    browser.open(&format!("{}/console/rules/messages/pain-heads-up", daemon.address));
    look(&browser, "2-message");
    browser.open(&format!("{}/console/rules/edit", daemon.address));
    look(&browser, "3-files");

    // Badly: what is wrong is said while typing, with its place, and nothing can be saved.
    browser.follow("a[href*='file=red-flags.ron']");
    assert!(browser.words("#result").contains("Nothing is changed yet"));
    type_text(&browser, "send: \"pain-heads-up\"", "send: \"pain-headsup\"");
    wait_for(&browser, "#result", "unknown-message");
    wait_for(&browser, "#result", "did you mean `pain-heads-up`");
    look(&browser, "4-edit-bad");
    browser.tap("#result li button");
    let marked =
        "const t = document.getElementById('text'); return t.value.slice(t.selectionStart, t.selectionEnd)";
    assert_eq!(browser.ask(marked, &[]), "pain-headsup");
    browser.write("#reason", "to see it refused");
    browser.follow("button[value=save]");
    assert!(browser.words("#result").contains("Not saved"), "{}", browser.words("#result"));
    assert!(
        browser
            .ask("return document.getElementById('text').value", &[])
            .as_str()
            .is_some_and(|text| text.contains("pain-headsup")),
        "the text is still there"
    );
    let before = daemon.reload();

    // A threshold that a scenario watches is refused until the scenario is changed with it.
    type_text(&browser, "send: \"pain-headsup\"", "send: \"pain-heads-up\"");
    wait_for(&browser, "#result", "Nothing is changed yet");
    type_text(
        &browser,
        "after_days: 3, min_reports: 2, send: \"pain-heads-up\"",
        "after_days: 4, min_reports: 2, send: \"pain-heads-up\"",
    );
    wait_for(&browser, "#result", "no longer come out as written");
    wait_for(&browser, "#result", "still reported 4 calendar days");
    look(&browser, "5-edit-scenario");
    type_text(
        &browser,
        "after_days: 4, min_reports: 2, send: \"pain-heads-up\"",
        "after_days: 3, min_reports: 2, send: \"pain-heads-up\"",
    );

    // Well, in two files at once.
    type_text(&browser, "Pain lasting more than 3 to 5 days", "Pain that stays for days");
    wait_for(&browser, "#result", "would go live");
    let _ = browser.ask("document.getElementById('pick').value = 'messages/pain-heads-up.md'; return 0", &[]);
    browser.follow("button[value=another]");
    type_text(&browser, "A note about your check-ins", "A word about your check-ins");
    wait_for(&browser, "#result", "would go live");
    wait_for(&browser, "#result", "A word about your check-ins");
    look(&browser, "6-edit-well");
    let _ = browser.ask("document.getElementById('reason').value = ''; return 0", &[]);
    browser.write("#reason", "plainer words");
    browser.follow("button[value=save]");
    assert!(browser.words("main").contains("Saved, and in force."), "{}", browser.words("main"));
    assert!(browser.words("main").contains("plainer words"));
    look(&browser, "7-saved");
    let after = daemon.reload();
    assert_ne!(before, after);
    assert!(
        std::fs::read_to_string(clinic.folder().join("rules/red-flags.ron"))
            .expect("it is there")
            .contains("Pain that stays for days")
    );
    browser.open(&format!("{}/console/rules", daemon.address));
    assert!(
        browser
            .words("main")
            .contains("clinician@clinic.example, who edited messages/pain-heads-up.md, red-flags.ron here"),
        "{}",
        browser.words("main")
    );
    daemon.at(now + TimeDelta::minutes(1));

    // An edit in the folder that is refused is shown with what was changed.
    clinic.edit("rules/red-flags.ron", "bridge_silent_days: 2,", "bridge_silent_day: 2,");
    assert_eq!(daemon.reload(), "rejected");
    browser.open(&format!("{}/console/rules", daemon.address));
    look(&browser, "8-rejected");
    assert!(browser.words(".refusal .findings").contains("bridge_silent_day"));
    assert!(
        browser.words(".refusal .diff").contains("bridge_silent_day: 2,"),
        "what was changed stands beside it"
    );
    browser.follow(".refusal a");
    assert!(browser.words(".diff").contains("bridge_silent_day: 2,"));
    look(&browser, "9-rejected-diff");
    browser.open(&format!("{}/console/rules/books", daemon.address));
    look(&browser, "10-history");
    let history = browser.words("main");
    assert!(history.contains("plainer words") && history.contains("in the folder"), "{history}");
    for url in browser.requests() {
        let here = ["http://127.0.0.1:", "data:", "chrome"].iter().any(|begin| url.starts_with(begin));
        assert!(here, "a page asked for {url}");
    }
    assert!(daemon.stop());
}

#[test]
fn the_editor_works_without_scripts() {
    if !is_ready() {
        return;
    }
    let (clinic, daemon, _) = clinic();
    let browser = Browser::start(Scripts::Blocked, &folder_for_pictures());
    sign_in(&browser, &daemon, "admin");
    browser.open(&format!("{}/console/rules/edit?file=messages/we-missed-you.md", daemon.address));
    let text = browser.words("#text");
    assert!(text.is_empty() || text.contains("Subject"), "{text}");
    browser.write("#text", "{{ no_such_thing }} ");
    browser.follow(".saving button[value=check]");
    assert!(browser.words("#result").contains("unknown-placeholder"), "{}", browser.words("#result"));
    browser.open(&format!("{}/console/rules/edit?file=messages/we-missed-you.md", daemon.address));
    browser.write("#text", "Until soon.\n");
    browser.write("#reason", "a friendly end");
    browser.follow(".saving button[value=save]");
    assert!(browser.words("main").contains("Saved, and in force."), "{}", browser.words("main"));
    let saved = std::fs::read_to_string(clinic.folder().join("rules/messages/we-missed-you.md"))
        .expect("it is there");
    assert!(saved.contains("Until soon.\n") && !saved.contains('\r'), "{saved}");
}

#[test]
fn a_comparison_shows_who_is_flagged_otherwise() {
    if !is_ready() {
        return;
    }
    let (_clinic, daemon, _) = clinic();
    let browser = Browser::start(Scripts::Allowed, &folder_for_pictures());
    browser.size(1280, 900);
    sign_in(&browser, &daemon, "clinician");
    browser.open(&format!("{}/console/rules/compare", daemon.address));
    look(&browser, "11-compare");
    browser.open(&format!("{}/console/rules/edit?file=red-flags.ron", daemon.address));
    type_text(
        &browser,
        "after_days: 3, min_reports: 2, send: \"pain-heads-up\"",
        "after_days: 4, min_reports: 2, send: \"pain-heads-up\"",
    );
    browser.tap("button[value=compare]");
    browser.newest_window();
    browser.size(1280, 900);
    wait_for(&browser, "main", "1 chart was compared");
    let words = browser.words("main");
    let no_longer = words.split("Newly flagged").next().unwrap_or_default();
    assert!(no_longer.contains("Sam Rivera") && no_longer.contains("Mon 30 Mar 2026"), "{words}");
    look(&browser, "12-compared");

    // The other way round the same runner is newly flagged: an archive of the rules, earlier by a day.
    let mut forms = signed_in(&daemon, "clinician");
    let listed = forms.get("/console/rules/compare");
    listed.is(200).says("a draft of red-flags.ron").says("finished");
    let opened = content_of(&mut forms, "red-flags.ron");
    let text = std::fs::read_to_string(_clinic.folder().join("rules/red-flags.ron")).expect("it is there");
    let stricter = text.replace("when: AtLeast(\"worst_pain\", 8)", "when: AtLeast(\"worst_pain\", 5)");
    assert_ne!(text, stricter, "the pack has the flag severe-pain");
    let draft = [("file", "red-flags.ron"), ("text", &*stricter), ("opened", &*opened), ("do", "compare")];
    let begun = forms.post("/console/rules/edit", &draft);
    let page = begun.is(303).location.clone();
    let since = Instant::now();
    loop {
        let answer = forms.get(&page);
        if answer.body.contains("chart was compared") {
            let newly = answer.body.split_once("<h2>Newly flagged").map_or("", |(_, rest)| rest);
            let newly = newly.split_once("<h2>Later").map_or(newly, |(section, _)| section);
            assert!(newly.contains("Sam Rivera"), "{}", answer.body);
            break;
        }
        answer.says("http-equiv=\"refresh\"");
        assert!(since.elapsed() < PATIENCE, "{}", answer.body);
        std::thread::yield_now();
    }
}

#[test]
fn a_comparison_is_cancelled() {
    let (clinic, daemon, now) = clinic();
    // More than can be lived through while this test looks on; none of them gets a turn, since the clock stands.
    let many = crowd::unasked(4_000);
    let store = clinic.store();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(store.enrol(many, now - TimeDelta::days(300))).expect("they can be added");
    drop(store);

    let mut forms = signed_in(&daemon, "clinician");
    let opened = content_of(&mut forms, "red-flags.ron");
    let draft =
        [("file", "red-flags.ron"), ("text", "RedFlags(flags: [])"), ("opened", &*opened), ("do", "compare")];
    forms.post("/console/rules/edit", &draft).is(422).says("nothing can be compared");
    let text = std::fs::read_to_string(clinic.folder().join("rules/clinic.ron")).expect("it is there");
    let opened = content_of(&mut forms, "clinic.ron");
    let text = format!("{text}// the same\n");
    let draft = [("file", "clinic.ron"), ("text", &*text), ("opened", &*opened), ("do", "compare")];
    let page = forms.post("/console/rules/edit", &draft).is(303).location.clone();
    forms.get(&page).is(200).says("http-equiv=\"refresh\"").says("Cancel");
    signed_in(&daemon, "viewer").post(&page, &[("do", "cancel")]).is(403);
    forms.post(&page, &[("do", "cancel")]).is(303);
    forms.get(&page).is(200).says("It was cancelled.");
    assert!(daemon.stop(), "a comparison does not keep the program from ending");
}

#[test]
fn what_must_not_be_written_is_not() {
    let (clinic, mut daemon, _) = clinic();
    let rules = clinic.folder().join("rules");
    let secret = clinic.folder().join("secret.ron");
    std::fs::write(&secret, "secret").expect("it can be written");
    symlink(&secret, rules.join("link.ron")).expect("it can be linked");
    let in_force = daemon.reload();
    let mut forms = signed_in(&daemon, "clinician");
    let save = |file: &'static str, text: &'static str, opened: String| {
        [
            ("file".to_owned(), file.to_owned()),
            ("text".to_owned(), text.to_owned()),
            ("opened".to_owned(), opened),
            ("reason".to_owned(), "because".to_owned()),
            ("do".to_owned(), "save".to_owned()),
        ]
    };
    let post = |forms: &mut Forms, fields: &[(String, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        forms.post("/console/rules/edit", &fields)
    };

    // Out of the folder, by path and by link.
    for path in ["../secret.ron", "messages/../../secret.ron", "/etc/passwd.ron"] {
        post(&mut forms, &save(path, "taken over", String::new())).is(404);
    }
    assert_eq!(in_force, "rejected", "a link to something that is no rule file");
    std::fs::remove_file(rules.join("link.ron")).expect("it is there");
    std::fs::rename(rules.join("messages/we-missed-you.md"), clinic.folder().join("away.md"))
        .expect("it is there");
    symlink("../../away.md", rules.join("messages/we-missed-you.md")).expect("it can be linked");
    let in_force = daemon.reload();
    assert!(in_force.starts_with("reloaded"), "{in_force}");
    let text = std::fs::read_to_string(clinic.folder().join("away.md")).expect("it is there");
    let text: &'static str = Box::leak(format!("{text}\nTaken over.\n").into_boxed_str());
    let opened = content_of(&mut forms, "messages/we-missed-you.md");
    post(&mut forms, &save("messages/we-missed-you.md", text, opened))
        .is(422)
        .says("is a link to another place");
    assert_eq!(std::fs::read_to_string(&secret).expect("it is there"), "secret");

    // Over somebody else's change.
    let opened = content_of(&mut forms, "clinic.ron");
    clinic.edit("rules/clinic.ron", "555-0100", "555-0199");
    let in_force = daemon.reload();
    post(&mut forms, &save("clinic.ron", "Clinic()", opened.clone()))
        .is(422)
        .says("clinic.ron has been changed since you opened it")
        .says("555-0199");
    let theirs = std::fs::read_to_string(rules.join("clinic.ron")).expect("it is there");
    assert!(theirs.contains("555-0199"));

    // By somebody who may only look, and without a reason.
    let mut viewer = signed_in(&daemon, "viewer");
    viewer.get("/console/rules/edit?file=clinic.ron").is(403);
    post(&mut viewer, &save("clinic.ron", "Clinic()", opened)).is(403);
    viewer.post("/console/rules/compare", &[("do", "folder")]).is(403);
    viewer.get("/console/rules/books").is(200).says("in the folder");
    assert_eq!(daemon.reload(), in_force);

    // A message in its frame may do nothing at all.
    let page = viewer.get("/console/rules/messages/pain-heads-up");
    page.is(200).says("sandbox=\"\"");
    assert!(page.policy.contains("frame-src 'self'") && !page.policy.contains("unsafe"), "{}", page.policy);
    let alone = viewer.get("/console/rules/messages/pain-heads-up/html");
    assert!(
        alone.is(200).policy.contains("sandbox") && !alone.policy.contains("script-src"),
        "{}",
        alone.policy
    );
}
