//! Rule mutation testing of the shipped pack: no change of a red flag or a recovery window goes unnoticed.

use std::{collections::BTreeMap, path::Path};

use afterrun_rules::{
    RuleBook, folder,
    load::load,
    mutants::{Part, Verdict, mutants, try_all},
};

#[expect(clippy::unwrap_used, clippy::panic, reason = "support code of tests")]
fn shipped() -> RuleBook {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let loaded = load(&folder::read(&folder).unwrap());
    loaded.book.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

#[test]
fn the_scenarios_of_the_shipped_pack_notice_every_change_of_a_flag_or_a_window() {
    let tried = try_all(&shipped(), &BTreeMap::new(), |_, _| {}).unwrap();
    let unnoticed: Vec<String> = tried
        .iter()
        .filter(|tried| tried.verdict == Verdict::Unnoticed)
        .filter(|tried| matches!(tried.mutant.part, Part::RedFlags | Part::Recovery))
        .map(|tried| format!("{}: {}", tried.mutant.rule, tried.mutant.change))
        .collect();
    assert!(unnoticed.is_empty(), "{} of {}:\n{}", unnoticed.len(), tried.len(), unnoticed.join("\n"));
}

#[test]
fn each_change_is_made_once_and_changes_the_book() {
    let book = shipped();
    let before = format!(
        "{:?}{:?}{:?}{:?}{:?}",
        book.clinic, book.questions, book.recovery, book.check_ins, book.flags
    );
    let mut seen = std::collections::BTreeSet::new();
    for (mutant, book) in mutants(&book) {
        let after = format!(
            "{:?}{:?}{:?}{:?}{:?}",
            book.clinic, book.questions, book.recovery, book.check_ins, book.flags
        );
        assert_ne!(before, after, "{mutant:?}");
        assert!(seen.insert(after), "the same change twice: {mutant:?}");
    }
    assert!(seen.len() > 200, "{} changes", seen.len());
}
