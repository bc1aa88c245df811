//! Reads fixture folders.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read is a broken test")]

use std::{fs, path::Path};

use afterrun_rules::source::{Source, Sources};

/// Where fixtures lie.
pub fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

/// All files below `tests/fixtures/<name>`.
pub fn folder(name: &str) -> Sources {
    let root = fixtures().join(name);
    let mut sources = Sources::default();
    add(&root, &root, &mut sources);
    sources
}

fn add(root: &Path, below: &Path, sources: &mut Sources) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add(root, &path, sources);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            sources.files.insert(name.into(), Source::Bytes(fs::read(&path).unwrap().into()));
        }
    }
}
