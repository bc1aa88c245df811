//! Every check: a page, a folder it finds fault with, one it does not, and what it says, word for word.
//!
//! A fixture is `fixtures/checks/<code>.bad` or `.good` and says how it differs from the sample folder; one file
//! holds several cases, each begun by a line `### name`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a fixture that does not fit is a broken test")]

mod changed;
mod support;

use std::collections::BTreeSet;

use afterrun_rules::{
    book::RuleBook,
    checks::{self, Check},
    diagnostic::Severity,
    load::{load, load_after},
};
use changed::{changed, shown};
use chrono::NaiveDate;
use support::{fixtures, folder};

/// The date on which the cases are checked.
fn today() -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, 11, 1)
}

fn sample() -> RuleBook {
    load(&folder("sample")).book.unwrap()
}

/// The cases of a fixture: name and text.
fn cases(code: &str, kind: &str) -> Vec<(String, String)> {
    let path = fixtures().join(format!("checks/{code}.{kind}"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
    let case = |case: &str| {
        let (name, rest) = case.split_once('\n').unwrap();
        (name.trim().to_owned(), rest.to_owned())
    };
    let cases: Vec<_> = text.split("### ").skip(1).map(case).collect();
    assert!(!cases.is_empty(), "{} has no case", path.display());
    cases
}

#[test]
fn every_check_has_a_page() {
    for check in checks::all() {
        let page = check.page();
        let has_example = page.contains("```") || page.contains("or example") || check.code == "internal";
        assert!(
            page.lines().count() >= 3 && has_example,
            "the page of {} says too little:\n{page}",
            check.code
        );
        assert_eq!(check.code.replace('-', "_") + ".rs", check.source_name, "one check, one file, one name");
    }
}

#[test]
fn every_bad_folder_is_found_fault_with() {
    let before = sample();
    let mut missed = String::new();
    for check in found_by_fixtures() {
        let mut report = String::new();
        for (name, case) in cases(check.code, "bad") {
            let sources = changed(&case);
            let loaded = load_after(&sources, today(), Some(&before));
            let (mine, others): (Vec<_>, Vec<_>) =
                loaded.diagnostics.iter().partition(|found| found.code == check.code);
            if mine.is_empty() {
                missed += &format!("{}: {name}: only\n{}\n", check.code, shown(&sources, others.clone()));
            }
            let has_error = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
            assert_eq!(loaded.book.is_none(), has_error, "{}: {name}", check.code);
            report += &format!("## {name}\n\n{}\n", shown(&sources, mine));
            let codes: BTreeSet<_> = others.iter().map(|found| found.code).collect();
            if !codes.is_empty() {
                report += &format!("(also {})\n\n", codes.into_iter().collect::<Vec<_>>().join(", "));
            }
        }
        insta::assert_snapshot!(check.code.replace('-', "_"), report);
    }
    assert_eq!(missed, "");
}

#[test]
fn no_good_folder_is_found_fault_with() {
    let before = sample();
    let mut blamed = String::new();
    for check in found_by_fixtures() {
        for (name, case) in cases(check.code, "good") {
            let sources = changed(&case);
            let loaded = load_after(&sources, today(), Some(&before));
            let in_the_way: Vec<_> = loaded
                .diagnostics
                .iter()
                .filter(|found| found.code == check.code || found.severity == Severity::Error)
                .collect();
            if !in_the_way.is_empty() || loaded.book.is_none() {
                blamed += &format!("{}: {name}:\n{}\n", check.code, shown(&sources, in_the_way));
            }
        }
    }
    assert_eq!(blamed, "");
}

/// All checks but the one that stands for a mistake of ours, which no folder should bring about.
fn found_by_fixtures() -> impl Iterator<Item = &'static Check> {
    checks::all().iter().filter(|check| check.code != "internal")
}
