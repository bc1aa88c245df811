//! How long it takes until an edit of the rules is judged: reading, checking and the scenarios of the shipped
//! pack, and a folder of a thousand files read cold.

#![expect(clippy::expect_used, reason = "a benchmark prints its table, and what it cannot set up ends it")]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, sync::LazyLock};

use afterrun_rules::{RuleBook, folder, load::load, scenario_run, source::Sources};

static FOLDER: LazyLock<&Path> =
    LazyLock::new(|| Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules")));
static SOURCES: LazyLock<Sources> = LazyLock::new(|| folder::read(&FOLDER).expect("the rules folder"));
static BOOK: LazyLock<RuleBook> = LazyLock::new(|| load(&SOURCES).book.expect("a book"));

/// Rule files of the large folder, besides those of the shipped pack.
const FILES: usize = 1_000;

/// Flags in each of them, as many as the shipped pack's stages.
const FLAGS_A_FILE: usize = 8;

fn main() {
    divan::main();
}

#[divan::bench]
fn read_the_shipped_folder() -> Sources {
    folder::read(&FOLDER).expect("the rules folder")
}

#[divan::bench]
fn load_and_check_the_shipped_pack() -> bool {
    load(&SOURCES).book.is_some()
}

#[divan::bench]
fn run_its_scenarios() -> usize {
    scenario_run::run_all(&BOOK, &BTreeMap::new()).len()
}

/// One file changed: the whole folder is read, hashed, loaded and tested anew, as `reload` does it.
#[divan::bench]
fn judge_an_edit() -> usize {
    let sources = folder::read(&FOLDER).expect("the rules folder");
    let book = load(&sources).book.expect("a book");
    scenario_run::run_all(&book, &BTreeMap::new()).len()
}

/// A thousand rule files from the disk to a checked book.
#[divan::bench(sample_count = 11, sample_size = 1)]
fn read_and_load_a_thousand_files(bencher: divan::Bencher<'_, '_>) {
    let place = tempfile::tempdir().expect("a temporary folder");
    copy(&FOLDER, place.path());
    (0..FILES).for_each(|number| {
        fs::write(place.path().join(format!("pack-{number}.ron")), rule_file(number)).expect("a file");
    });
    bencher.bench_local(|| {
        let loaded = load(&folder::read(place.path()).expect("the folder"));
        assert!(loaded.book.is_some(), "{:?}", loaded.diagnostics.first());
    });
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

fn rule_file(number: usize) -> String {
    let mut text = String::from("RedFlags(\n    flags: [\n");
    for flag in 0..FLAGS_A_FILE {
        let _ = writeln!(
            text,
            r#"        (
            id: "flag-{number}-{flag}",
            title: "Pain that goes on, number {flag} of file {number}",
            basis: ClinicToConfirm,
            when: AtLeast("worst_pain", {least}),
            clear_when: AtMost("worst_pain", 1),
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
