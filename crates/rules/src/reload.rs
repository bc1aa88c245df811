//! A rules folder as a stream of verdicts: each new content is judged once, as soon as it has come to rest.
//!
//! Holds no rule book and swaps nothing: whoever listens keeps the last good one. Knows nothing of rules
//! either: the gate that is handed in does.
//!
//! # How, and what was tried
//!
//! Events are hints only. A hint starts a short wait for quiet, then the whole folder is read until two reads
//! a moment apart are equal, then the hash decides whether there is anything to judge. A slow poll does the
//! same without a hint. Watches are set up before the read that counts.
//!
//! - Watching files dies with the first atomic save (write beside it, rename over it). Folders are watched.
//! - A folder watch follows a folder that is renamed away, and ends with one that is removed: no event comes
//!   from its successor. So the parent is watched as well, and a changed inode renews all watches.
//! - A write through a hard link outside, a change on another machine's mount, a link to a file elsewhere: no
//!   event at all. The poll finds them.
//! - The event queue overflows at 16,384 events and says `Rescan`: everything is set up and read anew.
//! - A debouncer does not help: it reported plain reads (a reloader then wakes itself for ever), it fired in
//!   the middle of a slow write, and a checkout of 200 files came as two batches. Batches are not
//!   transactions; two equal reads are the nearest thing to one.

mod hints;
mod mailbox;
mod rhythm;
mod standing;
#[cfg(test)]
mod tests;

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use self::{
    hints::{Hints, Notify},
    mailbox::Mailbox,
    rhythm::{Rhythm, Watches},
    standing::{Gate, Next, Seen, Standing},
};
use crate::{
    book::BookHash,
    diagnostic::{Diagnostic, Severity},
    folder::{self, Identity, Visited},
    source::Sources,
};

/// What became of the folder's content.
#[derive(Debug)]
pub enum Verdict<T> {
    /// New content, and the gate let it pass: it is live from now on.
    Loaded {
        /// The files.
        sources: Sources,
        /// What the gate made of them.
        value: T,
    },
    /// New content, and the gate refused it. What was live stays so.
    Rejected {
        /// The files.
        sources: Sources,
        /// Why.
        diagnostics: Vec<Diagnostic>,
    },
    /// The folder itself cannot be read, most likely because there is none. What was live stays so.
    Unreadable {
        /// In words an operator can act on.
        why: String,
    },
    /// After `Rejected` or `Unreadable`: the folder holds again exactly what is live. Not judged again.
    Restored,
}

/// How patient to be.
#[derive(Clone)]
pub struct Options {
    /// Quiet this long means that a save is over; also the time between two reads that must be equal.
    pub settle: Duration,
    /// Something that never comes to rest is read after this long all the same.
    pub settle_at_most: Duration,
    /// Time between two reads when nothing was heard.
    pub poll: Duration,
    /// Hears when changes are noticed by the poll alone, with the reason, and when that is over.
    pub note: Note,
}

/// Something an operator should know of the watch itself, in words fit for a log.
pub type Note = Arc<dyn Fn(&str) + Send + Sync>;

impl Default for Options {
    /// 100 ms covers the pauses seen inside one save or checkout and keeps an edit well below a second; the
    /// poll is what a clinician on a network mount waits.
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(100),
            settle_at_most: Duration::from_secs(1),
            poll: Duration::from_secs(2),
            note: Arc::new(|_| {}),
        }
    }
}

/// A watched folder. Dropping it ends the watch: the gate or sink call that is running, if any, is the last.
#[must_use = "dropping it ends the watch"]
pub struct Watch {
    mailbox: Arc<Mailbox>,
    thread: JoinHandle<()>,
}

impl Watch {
    /// Reads the folder at once, whatever was heard of it.
    pub fn check_now(&self) {
        self.mailbox.check();
    }

    /// Whether the watch still runs. It ends by itself only if the sink panicked.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }
}

impl Drop for Watch {
    /// Does not wait for the thread: the sink may be waiting for whoever drops this.
    fn drop(&mut self) {
        self.mailbox.stop();
    }
}

/// Watches a folder on a thread of its own and tells what becomes of its content.
///
/// `known` is the content that is live already: the folder found unchanged brings no verdict. `gate` is given
/// every new content once (parse, checks, scenarios). `sink` is given every verdict, in order, and may block.
///
/// # Errors
/// The path is empty, or no thread can be had. A folder that does not exist is a [`Verdict::Unreadable`]: it
/// may come.
pub fn watch<T: Send + 'static>(
    folder: PathBuf,
    options: Options,
    known: Option<BookHash>,
    gate: impl Fn(&Sources) -> Result<T, Vec<Diagnostic>> + Send + 'static,
    sink: impl Fn(Verdict<T>) + Send + 'static,
) -> io::Result<Watch> {
    let folder = std::path::absolute(folder)?;
    let mailbox = Arc::<Mailbox>::default();
    let hints = Box::new(Notify::new(folder.clone(), mailbox.clone()));
    let eyes = Eyes::new(folder, hints, options.note.clone());
    start(eyes, mailbox, &options, known, gate, sink)
}

fn start<T: Send + 'static>(
    mut eyes: Eyes,
    mailbox: Arc<Mailbox>,
    options: &Options,
    known: Option<BookHash>,
    gate: impl Fn(&Sources) -> Result<T, Vec<Diagnostic>> + Send + 'static,
    sink: impl Fn(Verdict<T>) + Send + 'static,
) -> io::Result<Watch> {
    let mut rhythm = Rhythm::new(options, Instant::now());
    let mut standing = Standing::new(known);
    let ours = mailbox.clone();
    let turns = move || {
        loop {
            let told = ours.wait(rhythm.due());
            let now = Instant::now();
            rhythm.hear(&told, now);
            if told.stop {
                return;
            }
            if now < rhythm.due() {
                continue;
            }
            let seen = eyes.read(rhythm.reading(now));
            let verdict = match standing.read(seen) {
                Next::Again => {
                    rhythm.again(Instant::now());
                    continue;
                }
                Next::Rest => None,
                Next::Restored => Some(Verdict::Restored),
                Next::Unreadable(why) => Some(Verdict::Unreadable { why }),
                Next::Judge(sources, hash) => {
                    let (verdict, answer) = judge(&gate, sources);
                    standing.judged(hash, answer);
                    Some(verdict)
                }
            };
            rhythm.decided();
            if let Some(verdict) = verdict
                && !ours.is_stopped()
            {
                sink(verdict);
            }
        }
    };
    let thread = thread::Builder::new().name("rules-reload".to_owned()).spawn(turns)?;
    Ok(Watch { mailbox, thread })
}

/// Asks the gate. A panic in it is our mistake, and must not end the reloading of rules unnoticed.
fn judge<T>(gate: &impl Fn(&Sources) -> Result<T, Vec<Diagnostic>>, sources: Sources) -> (Verdict<T>, Gate) {
    let answer = catch_unwind(AssertUnwindSafe(|| gate(&sources)));
    match answer.unwrap_or_else(|_| Err(vec![our_mistake()])) {
        Ok(value) => (Verdict::Loaded { sources, value }, Gate::Passed),
        Err(diagnostics) => (Verdict::Rejected { sources, diagnostics }, Gate::Refused),
    }
}

fn our_mistake() -> Diagnostic {
    Diagnostic {
        code: "internal-error",
        severity: Severity::Error,
        file: ".".into(),
        span: 0..0,
        line: 1,
        column: 1,
        message: "Afterrun failed while it checked these rules, so they do not go live".to_owned(),
        label: String::new(),
        help: Some("undo the last edit, and please report this with the log and the rules folder".to_owned()),
        also: Vec::new(),
    }
}

/// Reads the folder and keeps the watches on what was read.
struct Eyes {
    folder: PathBuf,
    hints: Box<dyn Hints>,
    note: Note,
    /// What is watched; `None` if the watches do not stand.
    armed: Option<Vec<Visited>>,
    /// Why the poll alone must do, when it must.
    blind: Option<String>,
}

impl Eyes {
    fn new(folder: PathBuf, hints: Box<dyn Hints>, note: Note) -> Self {
        Self { folder, hints, note, armed: None, blind: None }
    }

    /// Reads the folder with all watches in place before the read began: a write that the read does not see
    /// is heard. While folders come and go faster than that, three turns are enough; hints bring the next.
    fn read(&mut self, watches: Watches) -> Seen {
        if watches == Watches::Renew {
            self.armed = None;
        }
        let mut reading = folder::walk(&self.folder);
        for _ in 0..3 {
            let folders = reading.as_ref().map_or(&[][..], |reading| &reading.folders);
            let places = places(&self.folder, folders);
            if self.armed.as_ref() == Some(&places) || !self.arm(places) {
                break;
            }
            reading = folder::walk(&self.folder);
        }
        reading.map(|reading| reading.sources).map_err(|error| in_words(&self.folder, &error))
    }

    /// Whether the watches are in place now.
    fn arm(&mut self, places: Vec<Visited>) -> bool {
        match self.hints.arm(&places) {
            Ok(()) => {
                self.armed = Some(places);
                if self.blind.take().is_some() {
                    (self.note)("the rules folder is watched again");
                }
                true
            }
            Err(why) => {
                self.armed = None;
                if self.blind.as_ref() != Some(&why) {
                    (self.note)(&format!("the rules folder cannot be watched, only polled: {why}"));
                    self.blind = Some(why);
                }
                false
            }
        }
    }
}

/// What to watch: the parent, in which the folder is replaced as a whole, then the folder and those below.
fn places(folder: &Path, below: &[Visited]) -> Vec<Visited> {
    // A path that ends in `..` has no parent in which it could be replaced by name.
    let parent = folder.file_name().and_then(|_| folder.parent());
    let parent = parent
        .and_then(|path| Some(Visited { path: path.to_owned(), identity: Identity::of(path)? }))
        .filter(|parent| below.first().is_none_or(|folder| folder.identity != parent.identity));
    parent.into_iter().chain(below.iter().cloned()).collect()
}

fn in_words(folder: &Path, error: &io::Error) -> String {
    let folder = folder.display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("the rules folder `{folder}` does not exist"),
        io::ErrorKind::NotADirectory => format!("`{folder}` is not a folder"),
        io::ErrorKind::PermissionDenied => format!("Afterrun has no permission to read `{folder}`"),
        _ => format!("the rules folder `{folder}` cannot be read: {error}"),
    }
}
