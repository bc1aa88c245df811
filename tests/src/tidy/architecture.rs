//! What `ARCHITECTURE.md` says must be true: paths exist, crates and dependencies are named.

use super::{Finding, Tree};

/// The document that is held against the code.
pub const DOCUMENT: &str = "ARCHITECTURE.md";

/// Endings that make a bare word in code the name of a file.
const FILE_ENDINGS: &[&str] = &[".rs", ".ron", ".md", ".toml", ".sql", ".css", ".service", ".yaml", ".cf"];

/// Every path named in code (inline or fenced) and every relative link leads somewhere.
pub fn paths_exist(document: &str, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, word) in code_words(document) {
        if !names_something(&word, tree) {
            findings.push(Finding::on_line(DOCUMENT, line, format!("`{word}` is not in the repository")));
        }
    }
    findings
}

/// Every package of the workspace is named, in code.
pub fn packages_named(document: &str, packages: &[String]) -> Vec<Finding> {
    packages
        .iter()
        .filter(|package| !document.contains(&format!("`{package}`")))
        .map(|package| Finding::in_file(DOCUMENT, format!("says nothing of the package `{package}`")))
        .collect()
}

/// Every dependency of the workspace stands in the section on dependencies, in code, with its job.
pub fn dependencies_named(document: &str, cargo_toml: &str) -> Vec<Finding> {
    let Some(section) = section(document, "dependencies") else {
        return vec![Finding::in_file(DOCUMENT, "has no section on dependencies")];
    };
    workspace_dependencies(cargo_toml)
        .into_iter()
        .filter(|name| !name.starts_with("afterrun"))
        .filter(|name| {
            !code_spans(&section).iter().any(|(_, span)| span.split([' ', ',']).any(|word| word == name))
        })
        .map(|name| Finding::in_file(DOCUMENT, format!("the section on dependencies does not name `{name}`")))
        .collect()
}

/// The names in `[workspace.dependencies]`, in order of the file.
pub fn workspace_dependencies(cargo_toml: &str) -> Vec<String> {
    cargo_toml
        .lines()
        .skip_while(|line| line.trim() != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().trim_matches('"').to_owned())
        .filter(|name| !name.starts_with('#'))
        .collect()
}

/// The text below the first heading that contains `title` (any case), up to the next heading as high.
fn section(document: &str, title: &str) -> Option<String> {
    let depth = |line: &str| line.bytes().take_while(|byte| *byte == b'#').count();
    let mut lines =
        document.lines().skip_while(|line| depth(line) == 0 || !line.to_lowercase().contains(title));
    let heading = lines.next()?;
    let ends = |line: &&str| depth(line) == 0 || depth(line) > depth(heading);
    Some(lines.take_while(ends).collect::<Vec<_>>().join("\n"))
}

/// Words that claim to be a place in the repository, with their line.
fn code_words(document: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut fenced = false;
    for (index, line) in document.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            words.extend(split_code(line).map(|word| (index + 1, word)));
        }
    }
    for (line, span) in code_spans(document) {
        words.extend(split_code(&span).map(|word| (line, word)));
    }
    for (index, line) in document.lines().enumerate() {
        let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let inside =
            links.filter(|link| !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:"));
        words.extend(inside.map(|link| (index + 1, link.to_owned())));
    }
    words
}

/// The inline code of a document outside fences, with its line.
fn code_spans(document: &str) -> Vec<(usize, String)> {
    let mut spans = Vec::new();
    let mut fenced = false;
    for (index, line) in document.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            spans.extend(line.split('`').skip(1).step_by(2).map(|span| (index + 1, span.to_owned())));
        }
    }
    spans
}

fn split_code(code: &str) -> impl Iterator<Item = String> {
    let between = |c: char| c.is_whitespace() || "()[],;|\"'=&$".contains(c);
    code.split(between)
        .map(|word| word.trim_end_matches(['.', ':']).to_owned())
        .filter(|word| !word.is_empty())
}

/// Whether a word is no claim about the repository, or one that is true.
///
/// A pattern (`rules/*.ron`, `checks/<name>.rs`) is true when its folder exists; a bare file name when
/// some folder has it.
fn names_something(word: &str, tree: &Tree) -> bool {
    let word = word.split(".rs:").next().map_or(word.to_owned(), |stem| match stem.len() < word.len() {
        true => format!("{stem}.rs"),
        false => word.to_owned(),
    });
    let word = word.strip_prefix("./").unwrap_or(&word);
    let is_file = FILE_ENDINGS.iter().any(|ending| word.ends_with(ending) && word.len() > ending.len());
    let first = word.split('/').next().unwrap_or(word);
    let is_path = word.contains('/') && !first.is_empty() && (is_file || tree.has(first));
    let pattern = word.find(['*', '<', '{', '…']);
    match pattern {
        Some(at) if is_path => {
            let folder = word[..at].rsplit_once('/').map_or("", |(folder, _)| folder);
            folder.is_empty() || tree.has(folder)
        }
        Some(_) => true,
        None if is_path => tree.has(word) || word.ends_with('/') && tree.has(word.trim_end_matches('/')),
        None if is_file => tree.paths.iter().any(|path| path.rsplit('/').next() == Some(word)),
        None => true,
    }
}
