//! Hints from the operating system that something in the folder changed. Never more than hints: what counts
//! is what is read.

use std::{path::PathBuf, sync::Arc, time::Instant};

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
        let hear = move |event: notify::Result<Event>| match event {
            Ok(event) if event.need_rescan() => mailbox.lost(Instant::now()),
            Ok(event) if matters(&event) && concerns(&event, &folder) => mailbox.touched(Instant::now()),
            Ok(_) => {}
            Err(_) => mailbox.lost(Instant::now()),
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

/// Whether an event can mean that content changed. Reading the folder makes events too, and must not wake us.
fn matters(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

/// Whether an event happened to the folder or below it. Its parent may hold a busy database.
fn concerns(event: &Event, folder: &std::path::Path) -> bool {
    event.paths.is_empty() || event.paths.iter().any(|path| path.starts_with(folder))
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
