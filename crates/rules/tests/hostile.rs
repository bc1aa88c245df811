//! Hostile and damaged files: refused at a place, never a panic, never a long wait.

mod support;

use afterrun_rules::{
    diagnostic::Severity,
    load::{Loaded, load},
    render_diagnostic::{Style, render},
    source::{Source, Sources},
};
use proptest::prelude::*;
use support::folder;

/// Loads, and holds against what must be true of any input.
fn load_soundly(sources: &Sources) -> Loaded {
    let loaded = load(sources);
    let has_error = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
    assert_eq!(loaded.book.is_none(), has_error);
    assert!(loaded.diagnostics.len() <= 1_000);
    for found in &loaded.diagnostics {
        assert_ne!(found.code, "internal", "{found:?}");
        let bytes = match sources.files.get(&found.file) {
            Some(Source::Bytes(bytes)) => &**bytes,
            _ => &[],
        };
        if let Ok(text) = std::str::from_utf8(bytes) {
            for span in [&found.span].into_iter().chain(found.also.iter().map(|(span, _)| span)) {
                assert!(text.get(span.clone()).is_some(), "{span:?} of {found:?}");
            }
            assert!(!render(found, Some(text), "rules/", Style::Plain).is_empty());
        }
        assert!(found.message.chars().count() < 400, "{found:?}");
    }
    loaded
}

fn one(path: &str, text: impl Into<Vec<u8>>) -> Sources {
    let mut sources = folder("sample");
    sources.files.insert(path.into(), Source::Bytes(text.into().into()));
    sources
}

fn codes(loaded: &Loaded) -> Vec<&str> {
    loaded.diagnostics.iter().map(|found| found.code).collect()
}

#[test]
fn a_file_of_ten_megabytes_is_refused_by_its_size() {
    let loaded = load_soundly(&one("red-flags.ron", vec![b'('; 10 << 20]));
    assert!(codes(&loaded).contains(&"too-large"), "{:?}", codes(&loaded));
}

#[test]
fn a_million_brackets_are_refused_by_their_depth() {
    for bracket in ["(", "[", "{", "Not("] {
        let text = format!("RedFlags(flags: [(when: {}", bracket.repeat(1_000_000 / bracket.len()));
        let loaded = load_soundly(&one("red-flags.ron", text));
        assert!(codes(&loaded).contains(&"too-large"), "{:?}", codes(&loaded));
    }
}

#[test]
fn a_folder_of_ten_thousand_files_is_refused_by_their_number() {
    let mut sources = folder("sample");
    for number in 0..10_000 {
        sources
            .files
            .insert(format!("many/{number}.ron").into(), Source::Bytes((*b"Emergencies(signs: [])").into()));
    }
    assert_eq!(codes(&load_soundly(&sources)), ["too-large"]);
}

#[test]
fn lists_beyond_their_limits_are_refused() {
    for (before, entry, after) in [
        ("RedFlags(flags: [(id: \"x\", when: AnyOf([", "No(\"x\"),", "]))])"),
        ("RedFlags(flags: [(id: \"x\", when: AnyOf([", "AllOf([No(\"a\"), No(\"b\")]),", "]))])"),
        ("Emergencies(allow: [", "\"\",", "], signs: [])"),
        ("Emergencies(signs: [", "(id: \"x\", ask: \"a\", do_now: \"b\", level: CallNow),", "])"),
        ("Scenarios(scenarios: [(name: \"x\", series: {", "\"x\": \"\",", "}, until_day: 1, messages: [])])"),
    ] {
        let text = format!("{before}{}{after}", entry.repeat(1_000_000 / entry.len()));
        let loaded = load_soundly(&one("extra.ron", text));
        assert!(codes(&loaded).contains(&"too-large"), "{before}: {:?}", codes(&loaded));
    }
}

#[test]
fn more_values_than_anybody_writes_are_refused() {
    let inner = format!("AllOf([{}]),", "No(\"\"),".repeat(499));
    let text = format!("RedFlags(flags: [(id: \"x\", when: AnyOf([{}]))])", inner.repeat(300));
    let loaded = load_soundly(&one("extra.ron", text));
    assert_eq!(codes(&loaded), ["too-large"]);
}

#[test]
fn a_file_of_nothing_but_mistakes_stops_after_a_hundred() {
    for item in [
        "(),",
        "(id: \"a\"),",
        "1,",
        "\"\",",
        "(id: 5),",
        "Not(),",
        "(id: \"a b\", ask: \"\", answer: YesNo),",
    ] {
        for opening in ["Questions(questions: [", "RedFlags(flags: [", "Scenarios(scenarios: ["] {
            let text = format!("{opening}{}])", item.repeat(900_000 / item.len()));
            let loaded = load_soundly(&one("extra.ron", text));
            let mine = loaded.diagnostics.iter().filter(|found| &*found.file == "extra.ron").count();
            assert!((1..=300).contains(&mine), "{mine} findings for {opening}{item}");
        }
    }
}

#[test]
fn many_unknown_names_are_found_in_little_time() {
    let leaf = "No(\"worst_pane\"),";
    let text = format!(
        "RedFlags(flags: [(id: \"many\", title: \"Many\", basis: Seed, when: AnyOf([{}]), bridge_silent_days: 2, clear_reports: 1,
         stages: [(id: \"a\", after_days: 0, min_reports: 1, send: \"pain-see-us\")])])",
        format!("AllOf([{}]),", leaf.repeat(499)).repeat(25)
    );
    let loaded = load_soundly(&one("extra.ron", text));
    assert!(codes(&loaded).contains(&"unknown-question"));
}

#[test]
fn long_texts_are_cut_short_in_messages() {
    let long = "x".repeat(500_000);
    for text in [
        format!("{long}(flags: [])"),
        format!("RedFlags({long}: [])"),
        format!("RedFlags(flags: [(when: {long}(1))])"),
        format!("Emergencies(signs: [(id: \"{long}\", ask: \"a\", do_now: \"b\", level: CallNow)])"),
        format!(
            "Scenarios(scenarios: [(name: \"a\", series: {{\"{long}\": \"{long}\"}}, until_day: 1, messages: [(day: 0, send: \"{long}\")])])"
        ),
    ] {
        load_soundly(&one("extra.ron", text));
    }
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = "Emergencies(signs: [(id: \"\u{1b}[31mred\", ask: \"a\", do_now: \"b\", level: CallNow)])";
    let sources = one("extra.ron", text);
    let loaded = load_soundly(&sources);
    let found = loaded.diagnostics.iter().find(|found| &*found.file == "extra.ron").unwrap();
    assert!(!render(found, Some(text), "", Style::Plain).contains('\u{1b}'), "{found:?}");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_not_move_places() {
    let text = "RedFlags(\n    // Grüße 🩺\n    flags: [(idd: 1)],\n)";
    let mut places = Vec::new();
    for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
        let loaded = load_soundly(&one("extra.ron", text.clone()));
        let found = loaded.diagnostics.iter().find(|found| found.code == "unknown-field").unwrap();
        assert_eq!(&text[found.span.clone()], "idd");
        places.push((found.line, found.column));
        let shown = render(found, Some(&text), "rules/", Style::Plain);
        assert!(shown.contains("--> rules/extra.ron:3:14"), "{shown}");
    }
    assert_eq!(places, [(3, 14); 3]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Any one piece of a sample file replaced by any other text.
    #[test]
    fn a_damaged_file_is_never_a_panic(file in 0_usize..15, at in 0.0..1.0_f64, len in 0_usize..40, new in damage()) {
        let mut sources = folder("sample");
        let path = sources.files.keys().nth(file % sources.files.len()).unwrap().clone();
        let mut bytes = match &sources.files[&path] {
            Source::Bytes(bytes) => bytes.to_vec(),
            Source::Unreadable(_) => Vec::new(),
        };
        let start = ((bytes.len() as f64) * at) as usize;
        let end = (start + len).min(bytes.len());
        bytes.splice(start..end, new.into_bytes());
        sources.files.insert(path, Source::Bytes(bytes.into()));
        load_soundly(&sources);
    }

    #[test]
    fn noise_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        load_soundly(&one("extra.ron", bytes.clone()));
        load_soundly(&one("messages/extra.md", bytes));
    }

    #[test]
    fn words_of_the_notation_in_any_order_are_never_a_panic(words in proptest::collection::vec(word(), 0..40)) {
        let text = words.concat();
        load_soundly(&one("extra.ron", text.clone()));
        load_soundly(&one("extra.ron", format!("RedFlags(flags: [(id: \"x\", when: {text}")));
        load_soundly(&one("messages/extra.md", format!("Subject: {{{{ first_name }}}}\n\n{text}")));
    }
}

fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        "r#\"",
        "\"#",
        "//",
        "/*",
        "*/",
        "\n",
        " ",
        "“",
        "”",
        "’",
        "🩺",
        "ü",
        "-",
        "1",
        "999999999999",
        "-3",
        "0x",
        "1.5",
        "inf",
        "NaN",
        "'",
        "'a'",
        "b\"x\"",
        "true",
        "None",
        "Some",
        "#![enable(unwrap_newtypes)]",
        "RedFlags",
        "Questions",
        "Clinic",
        "flags",
        "questions",
        "id",
        "when",
        "AtLeast",
        "AllOf",
        "Not",
        "worst_pain",
        "\"worst_pain\"",
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        " if ",
        " endif ",
        " also ",
        "|",
        "first_name",
        "stop_link",
        ".",
        "..=",
    ])
}

fn damage() -> impl Strategy<Value = String> {
    proptest::collection::vec(word(), 0..5).prop_map(|words| words.concat())
}
