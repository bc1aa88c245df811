//! A rules folder in memory: what the daemon's would answer, without files.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use afterrun_rules::{
    BookHash, load,
    source::{Source, Sources},
};
use afterrun_web::{
    ComparisonSeen, NewComparison, NotCompared, NotSaved, RulesDesk, Save, SaveFile, Tried, file_hash,
};
use async_trait::async_trait;

/// The folder, and what was asked of it.
#[derive(Default)]
pub struct Folder {
    /// The configuration forbids editing.
    pub closed: AtomicBool,
    pub files: Mutex<Sources>,
    pub saved: Mutex<Vec<Save>>,
    pub compared: Mutex<Vec<NewComparison>>,
    pub comparison: Mutex<Option<ComparisonSeen>>,
    pub cancelled: Mutex<Vec<String>>,
}

impl Folder {
    pub fn holds(&self, files: &[(&str, &str)]) {
        *self.files.lock().unwrap() = Sources::from_texts(files.iter().copied());
        self.closed.store(false, Ordering::Relaxed);
    }
}

#[async_trait]
impl RulesDesk for Folder {
    fn may_edit(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    async fn folder(&self) -> Result<Sources, String> {
        Ok(self.files.lock().unwrap().clone())
    }

    async fn try_out(&self, sources: Sources) -> Option<Tried> {
        let loaded = load::load(&sources);
        Some(Tried {
            hash: sources.hash(),
            is_accepted: loaded.book.is_some(),
            book: loaded.book.map(Arc::new),
            diagnostics: loaded.diagnostics,
            failures: Vec::new(),
        })
    }

    async fn save(&self, save: Save) -> Result<(BookHash, bool), NotSaved> {
        let mut files = self.files.lock().unwrap();
        for SaveFile { file, opened, text } in &save.files {
            let known = files.files.get(&**file).and_then(|source| match source {
                Source::Bytes(bytes) => Some(file_hash(bytes)),
                Source::Unreadable(_) => None,
            });
            if known != *opened {
                return Err(NotSaved::Changed { file: file.clone() });
            }
            match text {
                Some(text) => files.files.insert(file.as_str().into(), Source::Bytes(text.as_bytes().into())),
                None => files.files.remove(&**file),
            };
        }
        self.saved.lock().unwrap().push(save);
        Ok((files.hash(), true))
    }

    async fn compare(&self, wanted: NewComparison) -> Result<String, NotCompared> {
        self.compared.lock().unwrap().push(wanted);
        Ok("c1".to_owned())
    }

    fn comparison(&self, id: &str) -> Option<ComparisonSeen> {
        self.comparison.lock().unwrap().clone().filter(|seen| seen.id == id)
    }

    fn comparisons(&self) -> Vec<ComparisonSeen> {
        self.comparison.lock().unwrap().clone().into_iter().collect()
    }

    fn cancel(&self, id: &str) -> bool {
        self.cancelled.lock().unwrap().push(id.to_owned());
        true
    }
}
