//! Commands while the clock is in doubt: what would bear its time is refused whole, what is told is kept and exported.

use std::{fs, path::Path};

use afterrun::clock_guard::CLOCK_HOLD;
use afterrun_store::{Options, Sqlite, Store};
use serde_json::Value;

use crate::command_line::{afterrun, check, clinic};

const NOW: [&str; 2] = ["--now", "2026-05-04T14:00:00Z"];
const REFUSED: [&str; 3] =
    ["the clock of this machine is in doubt", "nothing has been changed", "afterrun release"];

/// The daemon has come to doubt the clock.
fn doubt(folder: &Path) {
    let store = Sqlite::open(&folder.join("data/afterrun.db"), Options::tool()).unwrap();
    let set = store.set_setting(CLOCK_HOLD, Some("the clock was set ahead by 1560 minutes"));
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(set).unwrap();
}

fn add(email: &str) -> Vec<&str> {
    [&["patient", "add", "--name", "Zoe Berg", "--email", email, "--confirmed"], &NOW[..]].concat()
}

#[test]
fn nobody_is_enrolled_and_no_address_changes_until_the_clock_is_believed() {
    let clinic = clinic();
    let folder = clinic.path();
    check(folder, &add("zoe@example.org"), 0, &[]);
    fs::write(folder.join("runners.csv"), "name,email\nAda Lund,ada@example.org\n").unwrap();
    doubt(folder);
    check(folder, &add("kim@example.org"), 2, &REFUSED);
    check(folder, &["patient", "import", "runners.csv"], 2, &REFUSED);
    check(folder, &["patient", "import", "runners.csv", "--yes"], 2, &REFUSED);
    check(folder, &["patient", "address", "zoe@example.org", "new@example.org"], 2, &REFUSED);
    let listed = String::from_utf8(afterrun(folder, &["patient", "list"]).stdout).unwrap();
    assert!(listed.lines().count() == 1 && listed.contains("zoe@example.org"), "{listed}");
    check(folder, &["release"], 0, &["set ahead by 1560 minutes"]);
    check(folder, &add("kim@example.org"), 0, &[]);
    check(folder, &["patient", "import", "runners.csv", "--yes"], 0, &["enrolled 1 runner"]);
}

#[test]
fn an_export_has_what_waits() {
    let clinic = clinic();
    let folder = clinic.path();
    check(folder, &add("zoe@example.org"), 0, &[]);
    doubt(folder);
    let pain = ["answer", "add", "zoe@example.org", "--value", "feeling=pain", "--value", "worst_pain=5"];
    check(folder, &[&pain[..], &NOW].concat(), 0, &["it is decided on when the clock is believed again"]);
    let exported = || -> Value {
        let text = afterrun(folder, &["patient", "export", "zoe@example.org"]).stdout;
        serde_json::from_slice::<Value>(&text).unwrap()["enrolments"][0].take()
    };
    let enrolment = exported();
    let waiting = enrolment["waiting_events"].as_array().unwrap();
    assert_eq!(waiting.len(), 2, "the answer, and that it was given on the telephone: {enrolment}");
    assert_eq!(waiting[0]["answer"]["values"]["worst_pain"], 5, "{enrolment}");
    assert_eq!(
        enrolment["chart"]["events"].as_array().unwrap().len(),
        0,
        "not in the chart yet: {enrolment}"
    );
    check(folder, &["release"], 0, &[]);
    check(
        folder,
        &[
            "answer",
            "add",
            "zoe@example.org",
            "--value",
            "feeling=fine",
            "--value",
            "worst_pain=0",
            NOW[0],
            NOW[1],
        ],
        0,
        &[],
    );
    let enrolment = exported();
    assert_eq!(enrolment["waiting_events"].as_array().unwrap().len(), 0, "{enrolment}");
    assert_eq!(enrolment["chart"]["events"].as_array().unwrap().len(), 4, "{enrolment}");
}
