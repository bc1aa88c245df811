//! Opening the file: made whole or not at all, locked, checked, migrated forward.
//!
//! A file that is no sound database is refused and left as it is: nothing here ever replaces one.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rusqlite::{Connection, config::DbConfig};

use super::{
    fault::{Answer, Fault},
    soundness::{self, Extent},
};
use crate::{Result, StoreError};

/// Numbered schemas; `PRAGMA user_version` says how many of them a file has.
const SCHEMAS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
    include_str!("schema/0010.sql"),
    include_str!("schema/0011.sql"),
    include_str!("schema/0012.sql"),
    include_str!("schema/0013.sql"),
];
/// How long a connection waits while another process writes.
const BUSY: Duration = Duration::from_secs(5);
/// Statements kept prepared by each connection: more than there are in this crate.
const STATEMENTS: usize = 128;

/// Bytes of the write-ahead log kept on disk after a burst.
const LOG_KEPT: i64 = 64 << 20;
/// Pages of the write-ahead log (of 4 KiB) after which it is moved into the database: pages changed many times in a
/// busy minute are moved once.
const LOG_PAGES: i64 = 4_000;
/// Memory for pages of the connection that writes, in KiB: the upper parts of all trees of a large clinic. Whoever
/// reads forgets all pages with each commit of another, so more than SQLite's 2 MiB would be in vain there.
const PAGES_KIB: i64 = 16 << 10;

/// Who opens the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The one long-running process: takes the lock `<database>.lock`, checks the file.
    Daemon,
    /// A command that may run beside it: takes no lock, waits up to 5 s for the other's writes.
    Tool,
}

/// How to open a database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Who opens it.
    pub mode: Mode,
    /// Connections for reading, at least one.
    pub readers: u32,
    /// Connections, each with a thread, for reading a few rows at a time; at least one.
    pub look_ups: u32,
}

impl Options {
    /// For the daemon: the lock, a check of the file, four readers (a page and a sweep each leave one
    /// for the health check and one to spare), and two for look-ups (one may wait for the disk).
    #[must_use]
    pub const fn daemon() -> Self {
        Self { mode: Mode::Daemon, readers: 4, look_ups: 2 }
    }

    /// For a command that may run beside the daemon.
    #[must_use]
    pub const fn tool() -> Self {
        Self { mode: Mode::Tool, readers: 1, look_ups: 1 }
    }
}

/// A lock held until dropped.
#[derive(Debug)]
pub(super) struct Lock(
    #[expect(dead_code, reason = "held for its lock, which closing the file releases")] File,
);

/// A database that may be used.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The daemon's lock.
    pub lock: Option<Lock>,
    /// How much of the file was checked; nothing for a tool.
    pub checked: Option<Extent>,
}

/// Prepares the file for use: parent folder, lock, soundness, schema.
pub(super) fn prepare(path: &Path, mode: Mode) -> Result<Prepared> {
    let shown = path.display().to_string();
    let refused = |error: io::Error| StoreError::Backend(format!("cannot use {shown}: {error}"));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(refused)?;
    }
    let lock = match mode {
        Mode::Daemon => Some(lock(path)?),
        Mode::Tool => None,
    };
    match std::fs::metadata(path) {
        Ok(found) if found.len() == 0 => {
            return Err(StoreError::Damaged { path: shown, found: "the file is empty".to_owned() });
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path)?,
        Err(error) => return Err(refused(error)),
    }
    let connection = connect(path).map_err(|fault| fault.told(&shown))?;
    let checked = match mode {
        Mode::Daemon => Some(soundness::check(&connection, &shown, soundness::AT_START)?),
        Mode::Tool => None,
    };
    migrate(&connection, path, lock.is_some())?;
    Ok(Prepared { lock, checked })
}

/// A connection for writing.
pub(super) fn connect(path: &Path) -> Answer<Connection> {
    use rusqlite::OpenFlags;
    // Without SQLITE_OPEN_CREATE: a file that has vanished must not come back empty.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
    Ok(connection)
}

/// The connection of the writer.
pub(super) fn connect_to_write(path: &Path) -> Answer<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "cache_size", -PAGES_KIB)?;
    Ok(connection)
}

/// A connection for writing after another one failed. On a full disk the write-ahead log may hold more than
/// the database needs: moving it over makes room to go on with.
pub(super) fn reconnect(path: &Path) -> Answer<Connection> {
    let connection = connect_to_write(path)?;
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be moved into the database");
    }
    Ok(connection)
}

/// A connection that refuses to write.
pub(super) fn connect_to_read(path: &Path) -> Answer<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A database that lives as long as its one connection.
pub(super) fn connect_in_memory() -> Answer<Connection> {
    let connection = Connection::open_in_memory()?;
    set_up(&connection)?;
    apply(&connection, SCHEMAS)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> Answer<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // NORMAL may lose the last commits when the power goes: a mail sent and not recorded.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
    // Every statement is planned once, without looking at the values it is run with. Otherwise SQLite plans it
    // anew each time a value changes, which here is each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // What is deleted is overwritten, not only unlinked.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    Ok(())
}

fn lock(path: &Path) -> Result<Lock> {
    let beside = with_suffix(path, ".lock");
    let failed = |error: io::Error| StoreError::Backend(format!("cannot lock {}: {error}", beside.display()));
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).mode(0o600).open(&beside).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::Locked(path.display().to_string())),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Makes the database under another name and then gives it its own, so that a crash leaves either a whole
/// database or none, and an empty file is always a sign of damage.
fn create(path: &Path) -> Result<()> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let new = with_suffix(path, &format!(".new-{}-{number}", std::process::id()));
    let failed = |error: io::Error| StoreError::Backend(format!("cannot create {}: {error}", path.display()));
    let made = create_at(&new)
        .map_err(|fault| fault.told(&new.display().to_string()))
        .and_then(|()| publish(&new, path).map_err(failed));
    // What is left behind under the temporary name is only clutter.
    drop(std::fs::remove_file(&new));
    made
}

fn create_at(new: &Path) -> Answer<()> {
    let failed = |error: io::Error| Fault::Store(StoreError::Backend(error.to_string()));
    let mut options = OpenOptions::new();
    let file = options.create_new(true).write(true).mode(0o600).open(new).map_err(failed)?;
    let connection = Connection::open(new)?;
    set_up(&connection)?;
    apply(&connection, SCHEMAS)?;
    connection.close().map_err(|(_, error)| error)?;
    file.sync_all().map_err(failed)
}

/// Gives the finished file its name, unless another process was faster: its database is as good as ours.
fn publish(new: &Path, path: &Path) -> io::Result<()> {
    match std::fs::hard_link(new, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        // A file system without hard links; only there could the faster one be replaced.
        Err(_) => std::fs::rename(new, path)?,
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The newest schema this release knows, which every database it has opened has.
pub(super) const fn newest_schema() -> u32 {
    SCHEMAS.len() as u32
}

/// Brings the schema up to date. A schema older than this release's is changed only by whoever holds the
/// lock, for a daemon of an older release may be running.
fn migrate(connection: &Connection, path: &Path, locked: bool) -> Result<()> {
    let shown = path.display().to_string();
    let known = SCHEMAS.len() as i64;
    let found = version(connection).map_err(|fault| fault.told(&shown))?;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    if found == 0 {
        let found = "it holds no tables of Afterrun".to_owned();
        return Err(StoreError::Damaged { path: shown, found });
    }
    if found < known {
        let _held = if locked { None } else { Some(lock(path)?) };
        apply(connection, SCHEMAS).map_err(|fault| fault.told(&shown))?;
    }
    Ok(())
}

fn version(connection: &Connection) -> Answer<i64> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Applies the schemas the database does not have yet, all or none.
fn apply(connection: &Connection, schemas: &[&str]) -> Answer<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    // Read again inside the transaction: another process may have been faster.
    let applied = version(connection).and_then(|found| {
        let mut missing = schemas.iter().skip(usize::try_from(found).unwrap_or(0));
        missing.try_for_each(|schema| connection.execute_batch(schema))?;
        connection.pragma_update(None, "user_version", schemas.len() as i64)?;
        Ok(connection.execute_batch("COMMIT")?)
    });
    if applied.is_err() {
        // The error that counts is the first one.
        drop(connection.execute_batch("ROLLBACK"));
    }
    applied
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE a (x); INSERT INTO a VALUES (1)";
    const SECOND: &str = "ALTER TABLE a ADD COLUMN y DEFAULT 2";

    fn tables(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_schema_is_brought_forward_with_what_it_holds() {
        let connection = Connection::open_in_memory().unwrap();
        apply(&connection, &[FIRST]).unwrap();
        assert_eq!(version(&connection).unwrap(), 1);
        apply(&connection, &[FIRST, SECOND]).unwrap();
        assert_eq!(version(&connection).unwrap(), 2);
        let row = connection.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?)));
        assert_eq!(row, Ok((1, 2)));
    }

    #[test]
    fn work_from_before_the_console_is_on_its_list() {
        let connection = Connection::open_in_memory().unwrap();
        apply(&connection, &SCHEMAS[..2]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO patients (key, id, name, email, email_key, language, units, enrolled_at,
                     initial_time_zone, initial_reach, time_zone, reach)
                     VALUES (1, 'p1', 'Sam', 'a', 'a', 'en', 'miles', 0, 'UTC', 'confirmed', 'UTC', 'confirmed');
                 INSERT INTO work_items (patient, identity, flag, level, reason_code, reason_text, created_at)
                     VALUES (1, 'a', 'pain', 'today', 'stage-reached', '', 7), (1, 'b', 'pain', 'digest', 'lapsed', '', 9);",
            )
            .unwrap();
        apply(&connection, SCHEMAS).unwrap();
        let row = connection.query_row("SELECT open, urgency, raised_at, state FROM work_list", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
        });
        assert_eq!(row, Ok((1, 1, 9, "new".to_owned())));
        let raised = connection.query_row("SELECT flag, day, raised FROM work_item_days", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        });
        assert_eq!(raised, Ok(("pain".to_owned(), 0, 2)));
    }

    #[test]
    fn a_schema_that_fails_changes_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        apply(&connection, &[FIRST]).unwrap();
        let broken = "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)";
        assert!(apply(&connection, &[FIRST, SECOND, broken]).is_err());
        assert_eq!((version(&connection).unwrap(), tables(&connection)), (1, 1));
        assert!(connection.prepare("SELECT y FROM a").is_err(), "the second was undone with the third");
        assert!(connection.is_autocommit());
    }

    #[test]
    fn an_older_schema_is_left_to_whoever_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("afterrun.db");
        drop(prepare(&path, Mode::Daemon).unwrap());
        let held = lock(&path).unwrap();
        let connection = connect(&path).unwrap();
        // As a database of a release before the first would look.
        connection.pragma_update(None, "user_version", -1).unwrap();
        let refused = prepare(&path, Mode::Tool).unwrap_err();
        assert!(matches!(refused, StoreError::Locked(_)), "{refused}");
        drop(held);
        assert_eq!(version(&connection).unwrap(), -1);
    }
}
