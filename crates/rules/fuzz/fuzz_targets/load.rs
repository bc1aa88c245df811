//! Whatever stands in a rules folder, loading it ends, does not panic, and says the same twice; every diagnostic can
//! be shown; and what the quick reader takes, `ron` reads the same.
//!
//! An input is a list of files, each under a line `=== path`, that replace or join the files of a sound rule
//! book, so that an edit of one file is seen by all the checks that look at several.
//!
//! ```text
//! cargo install cargo-fuzz && cd crates/rules
//! RUSTC_BOOTSTRAP=1 cargo fuzz run load --sanitizer none fuzz/corpus/load fuzz/seeds/load -- \
//!     -dict=fuzz/load.dict -max_len=8192 -timeout=20 -max_total_time=300
//! ```

#![no_main]

use std::{path::Path, sync::LazyLock};

use afterrun_rules::{
    Severity, folder,
    load::load,
    notation::quick::beside_ron::ask_both,
    render_diagnostic::{Style, render, to_json},
    source::{Source, Sources},
};
use libfuzzer_sys::fuzz_target;

/// A sound rule book, small enough to be loaded a thousand times a second.
const SOUND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/sample");

static BASE: LazyLock<Sources> =
    LazyLock::new(|| folder::read(Path::new(SOUND)).expect("the sample is there"));

fuzz_target!(|input: &[u8]| {
    let sources = edited(input);
    for (path, source) in &sources.files {
        if let Source::Bytes(bytes) = source
            && BASE.files.get(path) != Some(source)
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            let _ = ask_both(text);
        }
    }
    let loaded = load(&sources);
    let has_error = loaded.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(loaded.book.is_none(), has_error, "a book if and only if there is no error");
    for diagnostic in &loaded.diagnostics {
        let text = match sources.files.get(&diagnostic.file) {
            Some(Source::Bytes(bytes)) => std::str::from_utf8(bytes).ok(),
            _ => None,
        };
        let shown = render(diagnostic, text, "rules/", Style::Plain);
        assert!(shown.contains(diagnostic.code), "{shown}");
    }
    assert!(to_json(&loaded.diagnostics).is_ok());
    assert_eq!(load(&sources).diagnostics, loaded.diagnostics, "the same folder, the same words");
});

fn edited(input: &[u8]) -> Sources {
    let mut sources = BASE.clone();
    let mut rest = input;
    while let Some(after) = rest.strip_prefix(b"=== ") {
        let end = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
        let path = String::from_utf8_lossy(&after[..end]);
        let content = after.get(end + 1..).unwrap_or_default();
        let next = content.windows(5).position(|bytes| bytes == b"\n=== ");
        let (content, others) = content.split_at(next.map_or(content.len(), |at| at + 1));
        sources.files.insert(path.as_ref().into(), Source::Bytes(content.into()));
        rest = others;
    }
    sources
}
