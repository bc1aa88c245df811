//! A folder of rules, sent as a zip, is compared in the background: the page follows by itself and ends in the report,
//! unless somebody cancels. In a real browser.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests")]

use std::{
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use afterrun_store::Store;
use afterrun_tests::{
    browser::{Browser, Scripts, missing},
    crowd,
    daemon::{Clinic, Daemon, binary},
    forms::Forms,
    story::local,
};
use chrono::TimeDelta;
use zip::{ZipWriter, write::SimpleFileOptions};

const PASSWORD: &str = "one two three four five";

/// Enough that a comparison of all of them is looked at more than once.
const RUNNERS: usize = 3_000;

/// Keeps what the page has said of its progress, also when it is loaded anew.
const NOTE: &str = "const said = () => {
        const words = document.querySelector('#progress')?.innerText.split('\\n')[0] ?? '';
        const known = JSON.parse(sessionStorage.said ?? '[]');
        if (words && known.at(-1) !== words) sessionStorage.said = JSON.stringify([...known, words]);
    };
    said();
    new MutationObserver(said).observe(document.querySelector('#progress'), {childList: true, subtree: true})";

fn browser() -> Browser {
    let folder: PathBuf = binary().parent().unwrap_or(Path::new(".")).join("pictures/console-upload");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    println!("pictures: {}", folder.display());
    let browser = Browser::start(Scripts::Allowed, &folder);
    browser.size(1280, 900);
    browser
}

/// A clinic with many runners and two people who look after them.
fn clinic() -> (Clinic, Daemon) {
    let now = local("2026-03-30", "10:00");
    let clinic = Clinic::configured("edit_rules: InConsole,");
    let mut daemon = clinic.serve();
    daemon.at(now);
    for name in ["ann", "ben"] {
        std::fs::write(clinic.folder().join("password"), PASSWORD).expect("the file can be written");
        let email = format!("{name}@clinic.example");
        clinic.run(now, &["user", "add", &email, "--role", "clinician", "--password-file", "password"]);
    }
    // None of them gets a turn, since the clock stands.
    let many = crowd::unasked(RUNNERS);
    let store = clinic.store();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(store.enrol(many, now - TimeDelta::days(200))).expect("they can be added");
    (clinic, daemon)
}

/// The clinic's folder as somebody has it on a desk, a little changed, in a zip.
fn archive(clinic: &Clinic) -> PathBuf {
    let rules = clinic.folder().join("rules");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut folders = vec![rules.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&rules).expect("below it").to_str().expect("text").to_owned();
            let text = std::fs::read_to_string(&path).expect("text");
            let text = text.replace("Pain lasting more than 3 to 5 days", "Pain that stays for days");
            zip.start_file(format!("rules/{name}"), SimpleFileOptions::default()).expect("a zip");
            zip.write_all(text.as_bytes()).expect("a zip");
        }
    }
    let path = clinic.folder().join("from-my-desk.zip");
    std::fs::write(&path, zip.finish().expect("a zip").into_inner()).expect("it can be written");
    path
}

fn upload(browser: &Browser, daemon: &Daemon, name: &str, archive: &Path) {
    browser.open(&format!("{}/console/sign-in", daemon.address));
    browser.write("[name=email]", &format!("{name}@clinic.example"));
    browser.write("[name=password]", PASSWORD);
    browser.follow("main form button");
    browser.open(&format!("{}/console/rules/compare", daemon.address));
    browser.write("[name=archive]", archive.to_str().expect("text"));
    browser.follow("form[action$=upload] button");
}

#[test]
fn an_uploaded_folder_is_compared_and_the_page_follows_by_itself() {
    if let Some(why) = missing() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and CI must not skip this");
        println!("skipped: {why}");
        return;
    }
    let (clinic, daemon) = clinic();
    let archive = archive(&clinic);

    // The first of two: the second waits for it.
    let ben = browser();
    upload(&ben, &daemon, "ben", &archive);
    assert!(ben.words("h1").contains("from-my-desk.zip"), "{}", ben.words("main"));
    let ann = browser();
    upload(&ann, &daemon, "ann", &archive);
    ann.make(NOTE);
    ann.picture("1-waits");
    ben.follow("button[value=cancel]");
    assert!(ben.words("main").contains("It was cancelled."), "{}", ben.words("main"));
    ben.picture("2-cancelled");

    // From here on nobody touches the second page.
    ann.wait_for("return !document.getElementById('progress')");
    let words = ann.words("main");
    assert!(words.contains(&format!("{RUNNERS} charts were compared.")), "{words}");
    ann.picture("3-report");
    let said = ann.ask("return sessionStorage.said", &[]).as_str().unwrap_or_default().to_owned();
    let said: Vec<String> = serde_json::from_str(&said).expect("it has said something");
    assert!(said.len() > 1, "the progress did not move: {said:?}");
    let charts: Vec<u64> = said.iter().filter_map(|words| words.split(' ').next()?.parse().ok()).collect();
    assert!(charts.is_sorted() && charts.last() > Some(&0), "it goes forward: {said:?}");

    // Both are in the list, and nothing was written or put in force.
    let mut forms = Forms::new(&daemon);
    forms.sign_in("ben@clinic.example", PASSWORD).is(303);
    forms.get("/console/rules/compare").is(200).says("ann@clinic.example").says("ben@clinic.example");
    let rules = std::fs::read_to_string(clinic.folder().join("rules/red-flags.ron")).expect("it is there");
    assert!(rules.contains("Pain lasting more than 3 to 5 days"));
    forms.get("/console/rules").says("Pain lasting more than 3 to 5 days").lacks("Pain that stays for days");
    assert!(daemon.stop());
}
