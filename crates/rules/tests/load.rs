//! Loading: the sample of the rule language becomes a book; a wrong name becomes the promised diagnostic.

mod support;

use afterrun_rules::{
    load::load,
    render_diagnostic::{Style, render},
    source::{Source, Sources},
};

/// All diagnostics of a folder as text.
fn shown(sources: &Sources) -> String {
    let loaded = load(sources);
    let text = |path: &str| match sources.files.get(path) {
        Some(Source::Bytes(bytes)) => std::str::from_utf8(bytes).ok(),
        _ => None,
    };
    loaded.diagnostics.iter().map(|found| render(found, text(&found.file), "rules/", Style::Plain)).collect()
}

#[test]
fn the_sample_becomes_a_book() {
    let sources = support::folder("sample");
    assert_eq!(shown(&sources), "");
    let book = load(&sources).book.unwrap();
    assert_eq!(book.hash, sources.hash());
    insta::assert_debug_snapshot!(book);
}

#[test]
fn an_unknown_message_is_marked_word_for_word() {
    let sources = Sources::from_texts([(
        "red-flags.ron",
        "RedFlags(flags: [(id: \"pain-lasting\", title: \"Pain\", basis: Seed, when: AtLeast(\"worst_pain\", 3),
    bridge_silent_days: 2, clear_reports: 2, stages: [
 (id: \"heads-up\", after_days: 3, min_reports: 2, send: \"pain-headsup\"),
])])",
    ), ("messages/pain-heads-up.md", "Subject: Hello\n\n{{ stop_link }}")]);
    insta::assert_snapshot!(shown(&sources));
}
