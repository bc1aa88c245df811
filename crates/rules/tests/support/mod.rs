//! Reads fixture folders into sources.

use std::{fs, path::Path};

use afterrun_rules::source::{Source, Sources};

/// All files below `tests/fixtures/<name>`.
pub fn folder(name: &str) -> Sources {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
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
