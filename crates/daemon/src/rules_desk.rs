//! What the console asks about the rules folder, answered: its files, the gate, saving files, comparing.

use std::{path::PathBuf, sync::Arc};

use afterrun_rules::{
    BookHash, folder, load,
    source::{Source, Sources},
};
use afterrun_store::NewRuleEdit;
use afterrun_web::{
    ComparisonSeen, NewComparison, NotCompared, NotSaved, RulesDesk, Save, SaveFile, Tried, file_hash,
};
use async_trait::async_trait;
use tokio::sync::{Mutex, Semaphore};

use crate::{
    clock::Clock,
    comparisons::{Comparisons, Wanted},
    draft,
    reloading::{Looked, Reloading},
    rules_write::{self, NotWritten},
    token::random_text,
    turn::Turns,
};

/// Drafts looked at at a time: each takes a processor for a fraction of a second, and mail must not wait for it.
const DRAFTS_AT_A_TIME: usize = 1;

/// Drafts that may wait. Whoever types on asks again.
const DRAFTS_WAITING: usize = 8;

/// Answers the console's questions about the rules.
#[derive(Clone)]
pub(crate) struct AtTheRulesDesk(Arc<Inner>);

struct Inner {
    turns: Arc<Turns>,
    reloading: Arc<Reloading>,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    may_edit: bool,
    comparisons: Comparisons,
    looking: Semaphore,
    waiting: Semaphore,
    /// Of two who save, the second finds what the first has written.
    saving: Mutex<()>,
}

impl AtTheRulesDesk {
    pub(crate) fn new(
        turns: Arc<Turns>,
        reloading: Arc<Reloading>,
        clock: Arc<dyn Clock>,
        folder: PathBuf,
        may_edit: bool,
    ) -> Self {
        Self(Arc::new(Inner {
            comparisons: Comparisons::new(turns.store.clone()),
            turns,
            reloading,
            clock,
            folder,
            may_edit,
            looking: Semaphore::new(DRAFTS_AT_A_TIME),
            waiting: Semaphore::new(DRAFTS_AT_A_TIME + DRAFTS_WAITING),
            saving: Mutex::default(),
        }))
    }
}

#[async_trait]
impl RulesDesk for AtTheRulesDesk {
    fn may_edit(&self) -> bool {
        self.0.may_edit
    }

    async fn folder(&self) -> Result<Sources, String> {
        self.0.read().await
    }

    async fn try_out(&self, sources: Sources) -> Option<Tried> {
        self.0.try_out(sources).await
    }

    async fn save(&self, save: Save) -> Result<(BookHash, bool), NotSaved> {
        let inner = self.0.clone();
        // A browser that goes away must not stop it half-way.
        let saved = tokio::spawn(async move { inner.save(save).await }).await;
        saved.unwrap_or_else(|_| Err(NotSaved::Failed("it broke off; this is a bug".to_owned())))
    }

    async fn compare(&self, wanted: NewComparison) -> Result<String, NotCompared> {
        self.0.compare(wanted).await
    }

    fn comparison(&self, id: &str) -> Option<ComparisonSeen> {
        self.0.comparisons.seen(id, self.0.clock.now())
    }

    fn comparisons(&self) -> Vec<ComparisonSeen> {
        self.0.comparisons.all(self.0.clock.now())
    }

    fn cancel(&self, id: &str) -> bool {
        self.0.comparisons.cancel(id)
    }
}

impl Inner {
    async fn read(&self) -> Result<Sources, String> {
        let folder = self.folder.clone();
        let read = tokio::task::spawn_blocking(move || folder::read(&folder)).await;
        match read {
            Ok(Ok(sources)) => Ok(sources),
            Ok(Err(why)) => Err(why.to_string()),
            Err(_) => Err("reading it broke off; this is a bug".to_owned()),
        }
    }

    async fn try_out(&self, sources: Sources) -> Option<Tried> {
        let _waits = self.waiting.try_acquire().ok()?;
        let _turn = self.looking.acquire().await.ok()?;
        let before = self.turns.rules.current().book.clone();
        let today = self.clock.now().with_timezone(&before.clinic.time_zone).date_naive();
        tokio::task::spawn_blocking(move || draft::try_out(&sources, &before, today)).await.ok()
    }

    async fn save(&self, save: Save) -> Result<(BookHash, bool), NotSaved> {
        if !self.may_edit {
            return Err(NotSaved::NotAllowed);
        }
        if save.files.is_empty() || !save.files.iter().all(|file| folder::takes(&file.file)) {
            return Err(NotSaved::NoSuchFile);
        }
        let _alone = self.saving.lock().await;
        let mut sources = self.read().await.map_err(NotSaved::Failed)?;
        let before = sources.hash();
        for SaveFile { file, opened, text } in &save.files {
            let found = match sources.files.get(&**file) {
                Some(Source::Bytes(bytes)) => Some(file_hash(bytes)),
                Some(Source::Unreadable(why)) => return Err(NotSaved::Failed(why.to_string())),
                None => None,
            };
            if found != *opened {
                return Err(NotSaved::Changed { file: file.clone() });
            }
            match text {
                Some(text) => {
                    sources.files.insert(file.as_str().into(), Source::Bytes(text.as_bytes().into()))
                }
                None => sources.files.remove(&**file),
            };
        }
        if sources.hash() == before {
            return Err(NotSaved::Nothing);
        }
        let tried = self.try_out(sources).await.ok_or(NotSaved::Busy)?;
        if !tried.is_accepted {
            return Err(NotSaved::Refused(Box::new(tried)));
        }
        self.write(save, tried.hash).await
    }

    /// Notes who does it, writes, and puts it in force.
    async fn write(&self, save: Save, hash: BookHash) -> Result<(BookHash, bool), NotSaved> {
        let store = &self.turns.store;
        let (file, at) = (save.names(), self.clock.now());
        let edit = NewRuleEdit { hash, by: save.by, at, file, reason: save.reason };
        let unavailable = |error: afterrun_store::StoreError| NotSaved::Failed(error.to_string());
        store.note_edit(edit).await.map_err(unavailable)?;
        let (rules, files) = (self.folder.clone(), save.files);
        let written = tokio::task::spawn_blocking(move || rules_write::replace(&rules, &files));
        let written = written.await.unwrap_or_else(|_| {
            Err(NotWritten::Failed(std::io::Error::other("it broke off; this is a bug")))
        });
        if let Err(why) = written {
            store.forget_edit(&hash).await.map_err(unavailable)?;
            return Err(match why {
                NotWritten::NoSuchFile => NotSaved::NoSuchFile,
                NotWritten::IsLink => NotSaved::IsLink,
                NotWritten::Changed(file) => NotSaved::Changed { file },
                NotWritten::Failed(why) => {
                    tracing::error!(error = %why, "the rules folder cannot be written");
                    NotSaved::Failed(why.to_string())
                }
            });
        }
        let looked = self.reloading.look_now().await;
        Ok((hash, looked == Looked::InForce(hash)))
    }

    async fn compare(&self, wanted: NewComparison) -> Result<String, NotCompared> {
        let old = self.turns.rules.current().book.clone();
        let NewComparison { candidate, sources, by } = wanted;
        if sources.hash() == old.hash {
            return Err(NotCompared::Same);
        }
        let files = sources.clone();
        let loaded = tokio::task::spawn_blocking(move || load::load(&files)).await;
        let loaded = loaded.map_err(|_| NotCompared::Busy)?;
        let Some(new) = loaded.book else {
            return Err(NotCompared::Refused(Box::new(Tried {
                hash: sources.hash(),
                book: None,
                diagnostics: loaded.diagnostics,
                failures: Vec::new(),
                is_accepted: false,
            })));
        };
        // Without randomness there is no id that nobody can guess, and no comparison.
        let id = random_text::<12>().map_err(|_| NotCompared::Busy)?;
        let at = self.clock.now();
        self.comparisons.begin(Wanted { id, candidate, by, at, old, new: Arc::new(new) })
    }
}
