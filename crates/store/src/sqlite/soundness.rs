//! Whether the file is sound: at start as far as a moment goes, and whole, in the background, soon after a start
//! that had too little time for it, and once a day.
//!
//! A clinic's file is read whole within that moment; only a large one is not. Damage found at start refuses the
//! file; damage found later is logged, and said to whoever asks whether the store is well ([`Checker::found`]).
//! Nothing is ever repaired or replaced here.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError, TryRecvError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, InterruptHandle, OptionalExtension};

use super::{
    fault::{Answer, Fault},
    open,
};
use crate::{Result, StoreError};

/// How long the check at start may take: nobody waits longer for a restart because of it.
pub(super) const AT_START: Duration = Duration::from_millis(300);

/// Rows looked at from each end of each table when there was no time for all.
const ROWS_AT_EACH_END: u32 = 50;

/// Wait after a start before the whole file is read: first comes what is due.
const AFTER_START: Duration = Duration::from_secs(5);

/// How often the whole file is read.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How much of the file a check has read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// As much as there was time for, and both ends of every table.
    Part,
}

/// Reads as much of the file as there is time for.
///
/// # Errors
/// [`StoreError::Damaged`] if what was read is not sound.
pub(super) fn check(connection: &Connection, path: &str, within: Duration) -> Result<Extent> {
    let handle = connection.get_interrupt_handle();
    let found = thread::scope(|scope| {
        let (done, waiting) = mpsc::channel::<()>();
        // If there is no thread for the alarm, the check takes the time it takes. It rings until it is heard:
        // SQLite forgets what comes before a statement begins.
        let _ = thread::Builder::new().name("store-alarm".to_owned()).spawn_scoped(scope, move || {
            while waiting.recv_timeout(within) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
            }
        });
        let found = whole(connection);
        drop(done);
        found
    });
    let looked = match found {
        Err(fault) if is_interrupted(&fault) => both_ends(connection).map(|()| Extent::Part),
        Err(fault) => Err(fault),
        Ok(None) => Ok(Extent::Whole),
        Ok(Some(found)) => Err(StoreError::Damaged { path: path.to_owned(), found }.into()),
    };
    looked.map_err(|fault| fault.told(path))
}

/// What is wrong with the file, if anything: every page is read.
fn whole(connection: &Connection) -> Answer<Option<String>> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

/// Reads some rows at both ends of every table, which leads through the tree from its root on either side.
fn both_ends(connection: &Connection) -> Answer<()> {
    let mut select =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let tables: Vec<String> = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut key =
        connection.prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk LIMIT 1")?;
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    for table in tables {
        let first: Option<String> = key.query_row([&table], |row| row.get(0)).optional()?;
        let (table, order) = (quoted(&table), quoted(first.as_deref().unwrap_or("rowid")));
        for direction in ["ASC", "DESC"] {
            let query =
                format!("SELECT * FROM {table} ORDER BY {order} {direction} LIMIT {ROWS_AT_EACH_END}");
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
        }
    }
    Ok(())
}

/// When to read the whole file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// How long after the start for the first time.
    first: Duration,
    /// How long after that again.
    every: Duration,
}

impl Rhythm {
    /// What suits a file of which so much was read at start.
    pub(super) fn after(start: Extent) -> Self {
        let first = if start == Extent::Whole { EVERY } else { AFTER_START };
        Self { first, every: EVERY }
    }
}

/// The thread that reads the whole file from time to time.
#[derive(Debug)]
pub(super) struct Checker {
    shared: Arc<Shared>,
    /// Dropped to end the thread.
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checker {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if there is no thread for it.
    pub(super) fn start(path: &Path, rhythm: Rhythm) -> Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let shared = Arc::new(Shared { path: path.to_owned(), ..Shared::default() });
        let work = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("store-checker".to_owned())
            .spawn(move || work.run(&stopped, rhythm))
            .map_err(|error| StoreError::Backend(format!("no thread for checking: {error}")))?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// What the last whole check found wrong.
    pub(super) fn found(&self) -> Option<String> {
        self.shared.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Checker {
    /// Breaks off a check under way.
    fn drop(&mut self) {
        self.stop = None;
        let Some(thread) = self.thread.take() else { return };
        while !thread.is_finished() {
            self.shared.interrupt();
            thread::sleep(Duration::from_millis(1));
        }
        // A thread that panicked has nothing that anybody needs any more.
        drop(thread.join());
    }
}

/// What the thread and whoever asks share.
#[derive(Default)]
struct Shared {
    path: PathBuf,
    found: Mutex<Option<String>>,
    reading: Mutex<Option<InterruptHandle>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("path", &self.path).field("found", &self.found).finish_non_exhaustive()
    }
}

/// How a look at the whole file ended.
enum Looked {
    Sound,
    Damaged(String),
    /// The store is being closed.
    BrokenOff,
}

impl Shared {
    fn run(&self, stopped: &mpsc::Receiver<()>, rhythm: Rhythm) {
        let mut wait = rhythm.first;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            let began = Instant::now();
            let path = self.path.display();
            match self.look(stopped) {
                Ok(Looked::BrokenOff) => return,
                Ok(Looked::Sound) => {
                    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    tracing::info!(database = %path, milliseconds, "the whole database was read and is sound");
                    self.note(None);
                }
                Ok(Looked::Damaged(found)) => {
                    tracing::error!(database = %path, found, "the database is damaged: stop, and restore a backup");
                    self.note(Some(found));
                }
                Err(why) => {
                    tracing::warn!(database = %path, error = %why, "the database could not be checked")
                }
            }
            wait = rhythm.every;
        }
    }

    fn note(&self, found: Option<String>) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// On a connection of its own, so that nobody waits for it.
    fn look(&self, stopped: &mpsc::Receiver<()>) -> Result<Looked> {
        let shown = self.path.display().to_string();
        let connection = open::connect_to_read(&self.path).map_err(|fault| fault.told(&shown))?;
        // From here on whoever closes the store breaks the reading off.
        self.set_reading(Some(connection.get_interrupt_handle()));
        let found = match stopped.try_recv() {
            Err(TryRecvError::Disconnected) => return Ok(Looked::BrokenOff),
            _ => whole(&connection),
        };
        self.set_reading(None);
        match found {
            Ok(None) => Ok(Looked::Sound),
            Ok(Some(found)) => Ok(Looked::Damaged(found)),
            Err(fault) if is_interrupted(&fault) => Ok(Looked::BrokenOff),
            Err(fault) => match fault.told(&shown) {
                StoreError::Damaged { found, .. } => Ok(Looked::Damaged(found)),
                other => Err(other),
            },
        }
    }

    fn set_reading(&self, handle: Option<InterruptHandle>) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = handle;
    }

    fn interrupt(&self) {
        if let Some(handle) = &*self.reading.lock().unwrap_or_else(PoisonError::into_inner) {
            handle.interrupt();
        }
    }
}

fn is_interrupted(fault: &Fault) -> bool {
    matches!(fault, Fault::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        io::{Seek, SeekFrom, Write},
    };

    use super::*;
    use crate::{Options, Sqlite, Store};

    const LONG: Duration = Duration::from_secs(600);

    /// A database with that many patients, closed.
    fn database(folder: &Path, patients: u32) -> PathBuf {
        let path = folder.join("afterrun.db");
        drop(Sqlite::open(&path, Options::daemon()).unwrap());
        let connection = open::connect(&path).unwrap();
        connection
            .execute(
                "INSERT INTO patients (id, name, email, email_key, language, units, enrolled_at, initial_time_zone,
                     initial_reach, time_zone, reach)
                 WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
                 SELECT 'p' || n, '', n, n, 'en', 'miles', 0, 'UTC', 'confirmed', 'UTC', 'confirmed' FROM number",
                [patients],
            )
            .unwrap();
        path
    }

    /// Overwrites a page.
    fn spoil(path: &Path, page: u64) {
        let mut file = File::options().write(true).open(path).unwrap();
        file.seek(SeekFrom::Start((page - 1) * 4096)).unwrap();
        file.write_all(&[0xff; 4096]).unwrap();
    }

    /// The page in the middle of the table of patients, far from either end of it.
    fn middle_page(path: &Path) -> u64 {
        let pages = std::fs::metadata(path).unwrap().len() / 4096;
        let bytes = std::fs::read(path).unwrap();
        // A leaf of a table (type 13) with rows of the middle.
        let is_leaf = |page: &u64| bytes[(*page as usize - 1) * 4096] == 13;
        (pages / 2..pages).find(is_leaf).unwrap()
    }

    #[test]
    fn a_file_too_large_for_a_moment_is_read_in_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path(), 30_000);
        let connection = open::connect(&path).unwrap();
        assert_eq!(check(&connection, "a", LONG).unwrap(), Extent::Whole);
        assert_eq!(check(&connection, "a", Duration::from_micros(1)).unwrap(), Extent::Part);
        drop(connection);
        spoil(&path, middle_page(&path));
        let connection = open::connect(&path).unwrap();
        let refused = check(&connection, "a", LONG).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    }

    #[test]
    fn both_ends_are_read_however_little_time_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path(), 30_000);
        let connection = open::connect(&path).unwrap();
        let root: i64 = connection
            .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'", [], |row| row.get(0))
            .unwrap();
        drop(connection);
        spoil(&path, root as u64);
        let connection = open::connect(&path).unwrap();
        let refused = check(&connection, "a", Duration::from_micros(1)).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    }

    #[tokio::test]
    async fn damage_found_while_running_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path(), 30_000);
        spoil(&path, middle_page(&path));
        // As if there had been no time for it at start.
        let mut store = Sqlite::open(&path, Options::tool()).unwrap();
        let rhythm = Rhythm { first: Duration::ZERO, every: LONG };
        let checker = Checker::start(&path, rhythm).unwrap();
        while checker.found().is_none() {
            thread::yield_now();
        }
        store.ping().await.unwrap();
        store.checker = Some(checker);
        let told = store.ping().await.unwrap_err();
        assert!(matches!(told, StoreError::Damaged { .. }), "{told}");
    }

    #[test]
    fn closing_does_not_wait_for_the_check() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path(), 30_000);
        for first in [Duration::ZERO, Duration::from_micros(300), LONG] {
            drop(Checker::start(&path, Rhythm { first, every: LONG }).unwrap());
        }
    }
}
