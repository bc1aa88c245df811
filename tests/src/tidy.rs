//! The rules of the house as functions from text to findings.
//!
//! Each check is pure, so that `tests/tests/tidy.rs` can run it both over the repository and over a
//! planted fault. What the compiler and clippy already refuse is left to them.

pub mod architecture;
pub mod packages;
pub mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

/// One file of the repository, with its path from the top, always with `/`.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path from the top of the repository.
    pub path: String,
    /// The content; files that are not UTF-8 are left out of a [`Tree`].
    pub text: String,
}

/// What a developer would commit: tracked files, and new ones that `.gitignore` does not name.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Where the repository is on this machine.
    pub root: PathBuf,
    /// Every path, text or not, sorted.
    pub paths: Vec<String>,
    /// The text files, in the order of `paths`.
    pub files: Vec<SourceFile>,
}

/// Something that breaks a rule of the house.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// File, and line where that makes sense (`crates/rules/src/book.rs:12`).
    pub place: String,
    /// What is wrong and what to do, lower case, no full stop.
    pub message: String,
}

impl Finding {
    /// A finding about a whole file.
    pub fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self { place: path.to_owned(), message: message.into() }
    }

    /// A finding about one line, counted from 1.
    pub fn on_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { place: format!("{path}:{line}"), message: message.into() }
    }
}

impl Tree {
    /// The top of the repository this crate was built from.
    pub fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/")).to_owned()
    }

    /// Reads the repository this crate was built from.
    ///
    /// # Errors
    /// When git cannot list the files, or one of them cannot be read.
    pub fn read() -> std::io::Result<Self> {
        let root = Self::root();
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()?;
        if !listed.status.success() {
            let why = String::from_utf8_lossy(&listed.stderr).into_owned();
            return Err(std::io::Error::other(format!("git could not list the files: {why}")));
        }
        let names = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut paths: Vec<String> = names.split('\0').filter(|n| !n.is_empty()).map(str::to_owned).collect();
        paths.sort();
        paths.dedup();
        // A file deleted but not yet committed is still listed.
        paths.retain(|path| root.join(path).exists());
        let mut files = Vec::new();
        for path in &paths {
            let bytes = std::fs::read(root.join(path))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(SourceFile { path: path.clone(), text });
            }
        }
        Ok(Self { root, paths, files })
    }

    /// The text of one file, if the repository has it.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Whether a file or a folder of this name is in the repository.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.paths.iter().any(|known| known == path || known.starts_with(&folder))
    }
}
