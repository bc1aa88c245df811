//! A large folder within every limit: the shipped pack and a thousand files beside it, as large as those on
//! which `ron` was measured by itself (5,351 bytes a file), and like the pack mostly scenarios.

use std::{fmt::Write as _, fs, ops::Range, path::Path};

/// Files of flags, and flags in each: 500 are allowed in all.
const FLAG_FILES: usize = 100;
const FLAGS_A_FILE: usize = 4;

/// Files of scenarios, and scenarios in each: 5,000 are allowed in all.
const SCENARIO_FILES: usize = 900;
const SCENARIOS_A_FILE: usize = 5;

/// Writes the folder.
pub fn write(shipped: &Path, to: &Path) {
    copy(shipped, to);
    let write = |name: String, text: String| fs::write(to.join(name), text).expect("a file");
    (0..FLAG_FILES).for_each(|file| write(format!("flags-{file}.ron"), flags(file)));
    (0..SCENARIO_FILES).for_each(|file| write(format!("scenarios-{file}.ron"), scenarios(file)));
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file");
        }
    }
}

fn flags(file: usize) -> String {
    let mut text = String::from("// Flags of one more complaint.\nRedFlags(\n    flags: [\n");
    for flag in (0..FLAGS_A_FILE).map(|flag| file * FLAGS_A_FILE + flag) {
        let _ = writeln!(
            text,
            r#"        (
            id: "flag-{flag}",
            title: "Pain that goes on, number {flag}",
            basis: ClinicToConfirm,
            when: AtLeast("worst_pain", {least}),      // to confirm
            clear_when: AtMost("worst_pain", 1), // to confirm
            bridge_silent_days: 2,
            clear_reports: 2,
            stages: [
                (id: "heads-up", after_days: 3, min_reports: 2, send: "pain-heads-up", tell_clinic: Digest),
                (id: "see-us", after_days: 5, min_reports: 3, send: "pain-see-us", tell_clinic: Today),
            ],
            on_resolved: (send: "pain-settled"),
        ),"#,
            least = 3 + flag % 6,
        );
    }
    text.push_str("    ],\n)\n");
    text
}

fn scenarios(file: usize) -> String {
    let first = file * SCENARIOS_A_FILE;
    scenarios_numbered(first..first + SCENARIOS_A_FILE)
}

/// The largest file there may be: a little below 1 MiB.
pub fn largest_file() -> String {
    scenarios_numbered(0..900)
}

fn scenarios_numbered(numbers: Range<usize>) -> String {
    let flags = FLAG_FILES * FLAGS_A_FILE;
    let mut text = String::from("// What must come of it.\nScenarios(\n    scenarios: [\n");
    for number in numbers {
        let flag = number % flags;
        let _ = writeln!(
            text,
            r#"        (
            name: "scenario {number} of flag {flag}: two weeks of pain, an answer that came late, and all clear",
            day_0: "2026-03-27",
            time_zone: "Europe/London", // the clocks go forward on day 2
            runs: [(day: 0, at: "07:30", km: 10), (day: 4, km: 5.5)],
            series: {{"worst_pain": "5 5 5 _ 5 5 5 5 5 _ 2 1 1 0"}},
            events: [
                Late(about_day: 3, received_day: 5, answers: {{"worst_pain": 6}}),
                Pause(from_day: 20, until_day: 22),
            ],
            until_day: 30,
            messages: [
                (day: 3, send: "pain-heads-up"),
                (day: 5, send: "pain-see-us"),
                (day: 12, send: "pain-settled"),
            ],
            states: [
                (day: 2, flag: "flag-{flag}", is: Watching),
                (day: 3, flag: "flag-{flag}", is: Told("heads-up")),
                (day: 5, flag: "flag-{flag}", is: Told("see-us")),
                (day: 13, flag: "flag-{flag}", is: Resolved),
            ],
        ),"#,
        );
    }
    text.push_str("    ],\n)\n");
    text
}
