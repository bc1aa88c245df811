//! The quick reader against ron, on every file there is and on damaged ones: what it takes, ron takes, and both
//! read the same at the same places.

use std::{fs, path::Path, sync::LazyLock};

use proptest::prelude::*;

use super::beside_ron::{Answer, ask_both};
use crate::notation::scan;

/// Every rule file of the shipped pack and of the fixtures, those of other notations taken apart.
static TEXTS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    collect(&root.join("../../rules"), &mut texts);
    collect(&root.join("tests/fixtures"), &mut texts);
    texts
});

fn collect(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if let Ok(text) = fs::read_to_string(&path) {
            // The fixtures of the checks hold several files, each under a line with its path.
            let pieces = text.split("\n=== ").map(|piece| match piece.split_once('\n') {
                Some((first, rest)) if !first.contains('(') && first.ends_with(".ron") => rest,
                _ => piece,
            });
            into.extend(pieces.map(|piece| (path.display().to_string(), piece.to_owned())));
        }
    }
}

#[test]
fn what_it_takes_ron_reads_the_same() {
    let answers: Vec<_> = TEXTS.iter().map(|(_, text)| ask_both(text)).collect();
    let count = |answer| answers.iter().filter(|given| **given == answer).count();
    assert!(count(Answer::Taken) > 25, "{} taken", count(Answer::Taken));
    assert!(count(Answer::LeftToRon) > 5, "{} left to ron", count(Answer::LeftToRon));
}

#[test]
fn it_takes_all_of_the_shipped_pack() {
    let pack = TEXTS.iter().filter(|(path, _)| path.contains("../../rules/") && path.ends_with(".ron"));
    let left: Vec<_> =
        pack.clone().filter(|(_, text)| ask_both(text) != Answer::Taken).map(|(path, _)| path).collect();
    assert!(pack.count() > 10);
    assert_eq!(left, Vec::<&String>::new());
}

#[test]
fn unusual_notation_is_left_to_ron_or_read_the_same() {
    let sign =
        |ask: &str| format!("Emergencies(signs: [(id: \"a\", ask: {ask}, do_now: \"b\", level: CallNow)])");
    let check = |text: String, expected| assert_eq!(ask_both(&text), expected, "{text}");
    check(sign("\"a\\n\\t\\\"\\\\\\'ä\""), Answer::Taken);
    check(sign("\"Grüße 🩺 “so”\""), Answer::Taken);
    check(sign("\"\""), Answer::LeftToRon);
    check(sign("\"\\u{e4}\""), Answer::LeftToRon);
    check(sign("r#\"raw\"#"), Answer::LeftToRon);
    check(sign("/* why */ \"a\""), Answer::LeftToRon);
    check(sign("// why\n\"a\" // because\n"), Answer::Taken);
    check(format!("#![enable(unwrap_newtypes)]\n{}", sign("\"a\"")), Answer::LeftToRon);
    check(format!("\r\n// so\r\n{}\r\n", sign("\"a\"").replace(' ', "\r\n")), Answer::Taken);
    check(format!("{} // no line end", sign("\"a\"")), Answer::LeftToRon);
    check(format!("{} x", sign("\"a\"")), Answer::LeftToRon);
    check("Emergencies(signs: [],)".into(), Answer::Taken);
    check("Emergencies(signs: [],,)".into(), Answer::LeftToRon);
    check("Emergencies(signs: [] allow: [])".into(), Answer::LeftToRon);
    check("Emergencies ( allow: Some([]), signs: [] )".into(), Answer::LeftToRon);
    check("Emergencies ( allow : [ ] , signs : [ ] )".into(), Answer::Taken);
}

#[test]
fn numbers_mean_the_same() {
    for (number, expected) in [
        ("7", Answer::Taken),
        ("0", Answer::Taken),
        ("4294967295", Answer::Taken),
        ("4294967296", Answer::LeftToRon),
        ("-7", Answer::LeftToRon),
        ("007", Answer::LeftToRon),
        ("0x10", Answer::LeftToRon),
        ("1_000", Answer::LeftToRon),
        ("+7", Answer::LeftToRon),
        ("7u32", Answer::LeftToRon),
        ("7.0", Answer::LeftToRon),
        ("\"7\"", Answer::LeftToRon),
    ] {
        let text = format!(
            "Recovery(windows: [(id: \"a\", title: \"b\", when: Distance(from_miles: 26.21875, below_km: 50,), \
             rest_days: (min: {number}, max: 9), basis: Seed)])"
        );
        assert_eq!(ask_both(&text), expected, "{text}");
        let text = text.replace("26.21875", &format!("{number}.50"));
        assert_ne!(ask_both(&text), Answer::Unasked, "{text}");
        assert_ne!(ask_both(&text.replace("50,", ".5")), Answer::Unasked);
    }
}

#[test]
fn depth_and_number_of_words_are_bounded_as_ever() {
    let nested = |depth: usize| {
        let when = format!("{}No(\"a\"){}", "Not(".repeat(depth), ")".repeat(depth));
        format!(
            "RedFlags(flags: [(id: \"a\", title: \"b\", basis: Seed, when: {when}, bridge_silent_days: 1, \
             clear_reports: 1, stages: [])])"
        )
    };
    let most = scan::MAX_DEPTH - 4;
    assert_eq!(ask_both(&nested(most)), Answer::Taken);
    assert_eq!(ask_both(&nested(most + 1)), Answer::LeftToRon);
    let words = |words: usize| {
        let list = format!("AllOf([{}]),", "No(\"a\"),".repeat(499));
        let around = 15;
        let rest = "Yes(\"a\"),".repeat((words - 100 * 999 - around) / 2);
        nested(0).replace("No(\"a\")", &format!("AnyOf([{}{rest}])", list.repeat(100)))
    };
    assert_eq!(ask_both(&words(scan::MAX_WORDS)), Answer::Taken);
    assert_eq!(ask_both(&words(scan::MAX_WORDS + 2)), Answer::LeftToRon);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Any one piece of a file replaced by a piece of another, or by a word of the notation.
    #[test]
    fn damaged_files_are_read_the_same(
        file in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        len in 0_usize..20,
        (other, from, take) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..30),
        word in prop::sample::select(vec!["", ",", "(", ")", " ", "//", "\"", "\\", "-", "0", ".", "Some(", "None", "_"]),
    ) {
        let texts = &*TEXTS;
        let piece = |text: &'static str, at: &prop::sample::Index, len: usize| {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            start..text.ceil_char_boundary((start + len).min(text.len()))
        };
        let (text, other) = (&*file.get(texts).1, &*other.get(texts).1);
        let new = format!("{word}{}", &other[piece(other, &from, if word.is_empty() { take } else { 0 })]);
        let mut damaged = text.to_owned();
        damaged.replace_range(piece(text, &at, len), &new);
        let _ = ask_both(&damaged);
    }
}
