//! Small fixtures that say how they differ from the sample folder; and diagnostics as text.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a fixture that does not fit is a broken test")]

use std::collections::BTreeMap;

use afterrun_rules::{
    diagnostic::Diagnostic,
    render_diagnostic::{Style, render},
    source::{Source, Sources},
};

use crate::support::folder;

/// The sample folder, changed as a fixture says. Its lines:
///
/// - `=== path`: the lines that follow are the whole file (none at all: the file is removed; `=== all` removes every file)
/// - `@@@ path`: the pairs of lines that follow, `- old` and `+ new`, each replace the one place where `old` stands
/// - `!!! path hex`: the bytes put before the file
/// - `??? path why`: the file cannot be read
/// - anything before the first of these is a comment
pub fn changed(fixture: &str) -> Sources {
    let mut texts: BTreeMap<String, Vec<u8>> = folder("sample")
        .files
        .into_iter()
        .map(|(path, source)| match source {
            Source::Bytes(bytes) => (path.to_string(), bytes.to_vec()),
            Source::Unreadable(why) => panic!("{why}"),
        })
        .collect();
    let mut unreadable = Vec::new();
    for section in sections(fixture) {
        let (head, body) = section.split_once('\n').unwrap_or((&section, ""));
        let mut words = head.splitn(3, ' ');
        let (mark, path, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or(""));
        match mark {
            "===" if path == "all" => texts.clear(),
            "===" if body.is_empty() => {
                texts.remove(path).unwrap();
            }
            "===" => {
                texts.insert(path.into(), body.into());
            }
            "@@@" => {
                let bytes = texts.get_mut(path).unwrap_or_else(|| panic!("no file {path}"));
                *bytes = replaced(std::str::from_utf8(bytes).unwrap(), body).into_bytes();
            }
            "!!!" => {
                let bytes = rest.split(' ').map(|hex| u8::from_str_radix(hex, 16).unwrap());
                let file = texts.get_mut(path).unwrap();
                *file = bytes.chain(file.iter().copied()).collect();
            }
            "???" => unreadable.push((path.to_owned(), rest.to_owned())),
            other => panic!("{other}"),
        }
    }
    let mut sources = Sources::default();
    for (path, bytes) in texts {
        sources.files.insert(path.into(), Source::Bytes(bytes.into()));
    }
    for (path, why) in unreadable {
        sources.files.insert(path.into(), Source::Unreadable(why.into()));
    }
    sources
}

fn sections(fixture: &str) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for line in fixture.split_inclusive('\n') {
        if ["=== ", "@@@ ", "!!! ", "??? "].iter().any(|mark| line.starts_with(mark)) {
            sections.push(line.to_owned());
        } else if let Some(section) = sections.last_mut() {
            section.push_str(line);
        }
    }
    sections
}

fn replaced(text: &str, pairs: &str) -> String {
    let mut text = text.to_owned();
    let mut lines = pairs.lines().filter(|line| !line.is_empty());
    while let (Some(old), Some(new)) = (lines.next(), lines.next()) {
        let old = old.strip_prefix("- ").unwrap_or_else(|| panic!("{old}"));
        let new = new.strip_prefix("+").unwrap_or_else(|| panic!("{new}")).trim_start();
        assert_eq!(text.matches(old).count(), 1, "`{old}` stands once in\n{text}");
        text = text.replace(old, new);
    }
    text
}

/// Diagnostics as text, with carets.
pub fn shown<'a>(sources: &Sources, diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> String {
    let text = |path: &str| match sources.files.get(path) {
        Some(Source::Bytes(bytes)) => std::str::from_utf8(bytes).ok(),
        _ => None,
    };
    let one = |found: &Diagnostic| render(found, text(&found.file), "rules/", Style::Plain);
    diagnostics.into_iter().map(one).collect()
}
