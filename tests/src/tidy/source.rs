//! What holds for the files themselves: headers, length, forbidden words, foreign resources.

use super::{Finding, SourceFile};

/// The longest file that needs no reason. A reader holds about this much in mind.
pub const MAX_LINES: usize = 500;

/// How a longer file says why; the reason follows on the same line.
pub const LONG_BECAUSE: &str = "Long because: ";

/// What may stand at the top of the repository: the customer's layout, then what any repository has.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "crates",
    "rules",
    "deploy",
    "tests",
    "README.md",
    ".ci",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "SECURITY.md",
    "clippy.toml",
    "rust-toolchain.toml",
    "rustfmt.toml",
];

/// Every entry at the top is the customer's or an ordinary repository file.
pub fn top_level(paths: &[String]) -> Vec<Finding> {
    let mut entries: Vec<&str> = paths.iter().map(|path| path.split('/').next().unwrap_or(path)).collect();
    entries.dedup();
    entries
        .into_iter()
        .filter(|entry| !TOP_LEVEL.contains(entry))
        .map(|entry| Finding::in_file(entry, "does not belong at the top of the repository"))
        .collect()
}

/// A Rust file opens with `//!`, saying what it is for.
pub fn header(file: &SourceFile) -> Vec<Finding> {
    let opens = file.text.strip_prefix("//!").and_then(|rest| rest.lines().next());
    match opens {
        _ if !is_rust(file) => Vec::new(),
        Some(line) if !line.trim().is_empty() => Vec::new(),
        _ => vec![Finding::on_line(&file.path, 1, "open the file with `//!` and say what it is for")],
    }
}

/// A Rust file is at most [`MAX_LINES`] long, or says why it is longer.
pub fn length(file: &SourceFile) -> Vec<Finding> {
    let lines = file.text.lines().count();
    let reason = file
        .text
        .lines()
        .filter(|line| line.trim_start().starts_with("//"))
        .filter_map(|line| line.split_once(LONG_BECAUSE))
        .any(|(_, reason)| !reason.trim().is_empty());
    if !is_rust(file) || lines <= MAX_LINES || reason {
        return Vec::new();
    }
    let message = format!("{lines} lines: split it, or say `// {LONG_BECAUSE}...`");
    vec![Finding::in_file(&file.path, message)]
}

/// Things put off, silenced or switched off: none of them is committed.
pub fn put_off(file: &SourceFile) -> Vec<Finding> {
    // Prose may speak of these words; this list may not contain them, for it is read too.
    if file.path.ends_with(".md") && !file.path.starts_with("rules/") {
        return Vec::new();
    }
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let attributes = [
        (concat!("#[", "ignore"), "a test runs, or goes"),
        (concat!("#[", "allow("), "use `#[expect(..., reason = \"...\")]`"),
        (concat!("#![", "allow("), "use `#![expect(..., reason = \"...\")]`"),
    ];
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for word in words.into_iter().filter(|word| has_word(line, word)) {
            findings.push(Finding::on_line(&file.path, index + 1, format!("`{word}`: do it or leave it")));
        }
        if !is_rust(file) {
            continue;
        }
        for (attribute, help) in attributes.into_iter().filter(|(attribute, _)| line.contains(attribute)) {
            findings.push(Finding::on_line(&file.path, index + 1, format!("`{attribute}`: {help}")));
        }
    }
    findings
}

/// No path that only exists on somebody's own machine.
pub fn own_machine(file: &SourceFile) -> Vec<Finding> {
    let places =
        [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("\\Us", "ers\\")];
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for place in places.into_iter().filter(|place| line.contains(place)) {
            findings.push(Finding::on_line(
                &file.path,
                index + 1,
                format!("a path below `{place}` is one machine's"),
            ));
        }
    }
    findings
}

/// Pages load nothing from elsewhere: a patient's browser talks to the clinic alone.
///
/// Looks at everything under `crates/web` and at the demo's sources, comments left out. A plain link to
/// an example domain is text; a script, style, font or image from any other host is not.
pub fn foreign_resource(file: &SourceFile) -> Vec<Finding> {
    // The pages' tests name what must not be there.
    let is_page = file.path.starts_with("crates/web/") && !file.path.starts_with("crates/web/tests/")
        || (file.path.starts_with("crates/daemon/") && file.path.contains("demo"));
    if !is_page || file.path.ends_with(".md") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        let loads = ["src=\"http", "src=\"//", "url(http", "url(\"http", "url(//", "@import"];
        if loads.iter().any(|load| line.contains(load)) {
            findings.push(Finding::on_line(&file.path, index + 1, "loads a resource from elsewhere"));
        } else if let Some(host) = hosts(line).find(|host| !is_placeholder(host)) {
            let message = format!("`{host}`: pages name no host but example ones");
            findings.push(Finding::on_line(&file.path, index + 1, message));
        }
    }
    findings
}

fn is_rust(file: &SourceFile) -> bool {
    file.path.ends_with(".rs")
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|part| part == word)
}

/// The hosts of the absolute addresses in a line, without port.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    let after_scheme = |scheme| line.split(scheme).skip(1);
    after_scheme("http://").chain(after_scheme("https://")).map(|rest| {
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-').unwrap_or(rest.len());
        &rest[..end]
    })
}

/// Hosts that load nothing: reserved for examples (RFC 2606), this machine, a name built at run time
/// (empty here, as in `https://{host}`), and the name of the SVG notation.
fn is_placeholder(host: &str) -> bool {
    let reserved = ["example", "example.com", "example.org", "example.net", "test", "invalid", "localhost"];
    host.is_empty()
        || host == "127.0.0.1"
        || host == "www.w3.org"
        || reserved.iter().any(|name| host == *name || host.ends_with(&format!(".{name}")))
}
