//! The files of a rules folder as bytes: what `folder` reads, `load` takes and the store keeps.

use std::{collections::BTreeMap, sync::Arc};

use crate::book::BookHash;

/// One file as read, or why it could not be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// Its bytes.
    Bytes(Arc<[u8]>),
    /// In words a clinician can act on: no permission, too large, a dangling link.
    Unreadable(Arc<str>),
}

/// All files of a rules folder by path below it, parts separated by `/`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources {
    /// The files.
    pub files: BTreeMap<Arc<str>, Source>,
}

impl Sources {
    /// Files given as text, for tests and embedded defaults.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files =
            texts.into_iter().map(|(path, text)| (path.into(), Source::Bytes(text.as_bytes().into())));
        Self { files: files.collect() }
    }

    /// BLAKE3 over paths and contents, lengths included, so that no two folders share a hash by accident.
    #[must_use]
    pub fn hash(&self) -> BookHash {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for (path, source) in &self.files {
            part(path.as_bytes());
            match source {
                Source::Bytes(bytes) => part(bytes),
                Source::Unreadable(why) => part(why.as_bytes()),
            }
        }
        BookHash(*hasher.finalize().as_bytes())
    }
}
