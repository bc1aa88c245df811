//! Hints from the operating system that something in the folder changed. Never more than hints: what counts
//! is what is read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use notify::{
    Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};

use super::mailbox::Mailbox;
use crate::folder::Visited;

/// Where hints come from.
pub(super) trait Hints: Send {
    /// Watches exactly these folders from now on. When it fails, some or none of them are watched; the words
    /// say why.
    fn arm(&mut self, places: &[Visited]) -> Result<(), String>;
}

/// Hints from notify.
pub(super) struct Notify {
    /// Absolute. Whatever happens elsewhere (beside it, in its parent) is none of our business.
    folder: PathBuf,
    mailbox: Arc<Mailbox>,
    watcher: Option<RecommendedWatcher>,
}

impl Notify {
    pub fn new(folder: PathBuf, mailbox: Arc<Mailbox>) -> Self {
        Self { folder, mailbox, watcher: None }
    }
}

impl Hints for Notify {
    /// A new watcher each time: a watch that follows a folder renamed away cannot be told from one that stands.
    /// The old one goes only when the new one is in place.
    fn arm(&mut self, places: &[Visited]) -> Result<(), String> {
        let (folder, mailbox) = (self.folder.clone(), self.mailbox.clone());
        let hear = move |event| match meaning(event, &folder) {
            Meaning::Nothing => {}
            Meaning::Touched => mailbox.touched(Instant::now()),
            Meaning::Lost => mailbox.lost(Instant::now()),
        };
        let mut watcher = RecommendedWatcher::new(hear, Config::default()).map_err(in_words)?;
        // Not recursive: notify's own recursion goes through every link to the end of the disk, and misses
        // folders that are created quickly inside one another.
        let armed = places
            .iter()
            .map(|place| watcher.watch(&place.path, RecursiveMode::NonRecursive).map_err(in_words))
            .fold(Ok(()), Result::and);
        self.watcher = Some(watcher);
        armed
    }
}

/// What an event means to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    Nothing,
    /// Content may have changed.
    Touched,
    /// Nobody knows what happened.
    Lost,
}

/// Reading the folder makes events as well, and must not wake us. What happens beside the folder, where its
/// parent may hold a busy database, must not either.
pub(super) fn meaning(event: notify::Result<Event>, folder: &Path) -> Meaning {
    let Ok(event) = event else { return Meaning::Lost };
    if event.need_rescan() {
        return Meaning::Lost;
    }
    let changes = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    let concerns = event.paths.is_empty() || event.paths.iter().any(|path| path.starts_with(folder));
    if changes && concerns { Meaning::Touched } else { Meaning::Nothing }
}

fn in_words(error: notify::Error) -> String {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system's limit of watched files is reached (fs.inotify.max_user_watches)".to_owned()
        }
        notify::ErrorKind::Io(error) => error.to_string(),
        kind => format!("{kind:?}"),
    }
}
