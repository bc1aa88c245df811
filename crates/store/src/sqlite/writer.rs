//! The one writer: a thread with the only connection that writes, and group commit.
//!
//! Jobs that wait are drained into one `BEGIN IMMEDIATE` transaction. A job that fails takes nothing of its
//! neighbours along: when it had written something, the group is undone and run again, each job under a savepoint
//! of its own. (Under savepoints from the first, SQLite would copy every page before each job changes it.)
//! Nobody is answered before the COMMIT, which with `synchronous=FULL` means: before the disk has it.
//! A job that panics is undone like one that fails, and the thread goes on: a store that lives and cannot write is
//! worse than one that is gone.
//!
//! INVARIANT: an answer `Ok` is given only after the transaction that holds the job was committed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread::JoinHandle,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::fault::{Answer, is_disk_trouble};
use crate::{Result, StoreError};

/// Jobs that may wait; more callers wait for room.
const QUEUE: usize = 1024;
/// Jobs in one transaction: beyond this the gain is gone and the first caller waits too long.
const GROUP: usize = 256;

/// What the caller of a job that panicked is told.
const PANICKED: &str = "an internal error, so nothing of this was written; this is a bug";

/// Opens a connection that may write.
pub(super) type Open = Box<dyn Fn() -> Answer<Connection> + Send>;

/// Hands jobs to the writer thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    path: String,
}

impl Writer {
    /// Starts the thread. `open` gives a fresh connection should the disk fail under this one.
    pub(super) fn start(connection: Connection, open: Open, path: String) -> Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let named = path.clone();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(jobs, connection, &open, &named))
            .map_err(|error| StoreError::Backend(format!("no thread for writing: {error}")))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), path })
    }

    /// Runs a job in the next transaction and answers after its commit.
    ///
    /// The job goes through even if the caller stops waiting for it. It may be run more than once, and what the
    /// last run wrote is kept.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Answer<T> + Send + 'static,
    {
        self.answer(self.hand_in(work).await?).await
    }

    /// Runs several jobs, each by itself, and answers when all of them have been committed or undone.
    pub(super) async fn write_each<T, F>(&self, works: impl Iterator<Item = F> + Send) -> Vec<Result<T>>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Answer<T> + Send + 'static,
    {
        let mut waiting = Vec::new();
        for work in works {
            waiting.push(self.hand_in(work).await);
        }
        let mut answers = Vec::with_capacity(waiting.len());
        for handed_in in waiting {
            answers.push(match handed_in {
                Ok(answer) => self.answer(answer).await,
                Err(gone) => Err(gone),
            });
        }
        answers
    }

    /// The database's name in messages.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    async fn hand_in<T, F>(&self, work: F) -> Result<oneshot::Receiver<Result<T>>>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Answer<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Typed { work, done: None, reply };
        let queue = self.queue.as_ref().ok_or_else(|| self.gone())?;
        queue.send(Box::new(job)).await.map_err(|_| self.gone())?;
        Ok(answer)
    }

    async fn answer<T>(&self, answer: oneshot::Receiver<Result<T>>) -> Result<T> {
        answer.await.map_err(|_| self.gone())?
    }

    fn gone(&self) -> StoreError {
        StoreError::Backend(format!("the writer of {} has stopped", self.path))
    }
}

impl Drop for Writer {
    /// Waits for the jobs handed in so far, so that the file is closed when the store is gone.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has answered nobody; its callers know already.
            drop(thread.join());
        }
    }
}

/// One piece of work, its type forgotten.
trait Job: Send {
    /// Does the work.
    fn run(&mut self, connection: &Connection, path: &str) -> Ran;
    /// Tells the caller; `committed` is the fate of the transaction.
    fn reply(self: Box<Self>, committed: std::result::Result<(), &str>);
}

/// How a job went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ran {
    /// Keep what it wrote.
    Keep,
    /// Undo what it wrote.
    Undo,
    /// Undo the whole group: the disk failed.
    Broken,
}

struct Typed<T, F> {
    work: F,
    done: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Typed<T, F>
where
    T: Send + 'static,
    F: Fn(&Connection) -> Answer<T> + Send + 'static,
{
    fn run(&mut self, connection: &Connection, path: &str) -> Ran {
        // Unwinding leaves nothing of ours half changed: what the job wrote is undone, and it is answered with an error.
        let Ok(ended) = catch_unwind(AssertUnwindSafe(|| (self.work)(connection))) else {
            tracing::error!(database = path, "a job panicked inside the store; what it wrote is undone");
            self.done = Some(Err(StoreError::Backend(PANICKED.to_owned())));
            return Ran::Undo;
        };
        match ended {
            Ok(value) => {
                self.done = Some(Ok(value));
                Ran::Keep
            }
            Err(fault) => {
                let ran = if fault.is_disk_trouble() { Ran::Broken } else { Ran::Undo };
                self.done = Some(Err(fault.told(path)));
                ran
            }
        }
    }

    fn reply(self: Box<Self>, committed: std::result::Result<(), &str>) {
        let answer = match (self.done, committed) {
            (Some(Err(error)), _) => Err(error),
            (Some(done), Ok(())) => done,
            (_, Err(why)) => Err(StoreError::Backend(why.to_owned())),
            (None, Ok(())) => Err(StoreError::Backend("the job was not run".to_owned())),
        };
        // A caller that no longer waits needs no answer.
        drop(self.reply.send(answer));
    }
}

fn run(mut jobs: mpsc::Receiver<Box<dyn Job>>, connection: Connection, open: &Open, path: &str) {
    let mut writing = Some(connection);
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        // With all processors busy, others get to hand in what they are at; with one free this takes no time. A
        // commit costs much the same for one job as for twenty.
        let mut had = 0;
        while group.len() > had && group.len() < GROUP {
            had = group.len();
            std::thread::yield_now();
            while group.len() < GROUP
                && let Ok(job) = jobs.try_recv()
            {
                group.push(job);
            }
        }
        let committed = match writing.take().map_or_else(open, Ok) {
            Ok(connection) => {
                // Jobs catch their own panics; one outside them loses the handle, which undoes what it holds.
                let committed = catch_unwind(AssertUnwindSafe(|| commit(&connection, &mut group, path)));
                let committed =
                    committed.unwrap_or_else(|_| Err(Trouble { told: PANICKED.to_owned(), reopen: true }));
                // After a failed write or fsync the handle may believe what the disk does not have.
                writing = match &committed {
                    Err(trouble) if trouble.reopen => None,
                    _ => Some(connection),
                };
                committed
            }
            Err(fault) => Err(Trouble { told: fault.told(path).to_string(), reopen: true }),
        };
        if let Err(trouble) = &committed {
            tracing::error!(database = path, error = trouble.told, jobs = group.len(), "nothing was written");
        }
        let fate = committed.as_ref().map_err(|trouble| trouble.told.as_str()).copied();
        group.into_iter().for_each(|job| job.reply(fate));
    }
}

/// Why a whole group was not committed.
struct Trouble {
    told: String,
    reopen: bool,
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self { told: error.to_string(), reopen: is_disk_trouble(&error) }
    }
}

/// One transaction for all jobs of the group.
fn commit(
    connection: &Connection,
    group: &mut [Box<dyn Job>],
    path: &str,
) -> std::result::Result<(), Trouble> {
    if transact(connection, || run_all(connection, group, path))? == Together::No {
        transact(connection, || run_each(connection, group, path))?;
    }
    Ok(())
}

/// Whether what the jobs wrote may be committed as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Together {
    Yes,
    No,
}

/// Runs jobs between BEGIN and COMMIT; undone unless all is well.
fn transact(
    connection: &Connection,
    run: impl FnOnce() -> std::result::Result<Together, Trouble>,
) -> std::result::Result<Together, Trouble> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let together = run().and_then(|together| {
        if together == Together::Yes {
            connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(together)
    });
    if !connection.is_autocommit() {
        // If this fails too, the handle is dropped by the caller or the next BEGIN says so.
        connection
            .execute_batch("ROLLBACK")
            .map_err(|error| Trouble { told: format!("{error}, while undoing"), reopen: true })?;
    }
    together
}

/// Runs the jobs one after the other, as far as the first that wrote something and then failed.
fn run_all(
    connection: &Connection,
    group: &mut [Box<dyn Job>],
    path: &str,
) -> std::result::Result<Together, Trouble> {
    for job in group {
        let before = connection.total_changes();
        let ran = run_one(&mut **job, connection, path)?;
        if ran == Ran::Undo && connection.total_changes() != before {
            return Ok(Together::No);
        }
    }
    Ok(Together::Yes)
}

/// Runs each job under a savepoint, and undoes those that fail.
fn run_each(
    connection: &Connection,
    group: &mut [Box<dyn Job>],
    path: &str,
) -> std::result::Result<Together, Trouble> {
    for job in group {
        connection.prepare_cached("SAVEPOINT job")?.execute([])?;
        if run_one(&mut **job, connection, path)? == Ran::Undo {
            connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        connection.prepare_cached("RELEASE job")?.execute([])?;
    }
    Ok(Together::Yes)
}

fn run_one(job: &mut dyn Job, connection: &Connection, path: &str) -> std::result::Result<Ran, Trouble> {
    let ran = job.run(connection, path);
    if ran == Ran::Broken || connection.is_autocommit() {
        // SQLite undoes the whole transaction by itself when the disk fails or is full.
        return Err(Trouble { told: "the database undid the transaction".to_owned(), reopen: true });
    }
    Ok(ran)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;
    use crate::sqlite::fault::Fault;

    type Work = fn(&Connection) -> Answer<i64>;

    fn add_1(db: &Connection) -> Answer<i64> {
        Ok(db.execute("INSERT INTO t VALUES (1)", [])? as i64)
    }

    fn add_2_and_fail(db: &Connection) -> Answer<i64> {
        db.execute("INSERT INTO t VALUES (2)", [])?;
        Err(Fault::Store(StoreError::Conflict("p1".into())))
    }

    fn add_3(db: &Connection) -> Answer<i64> {
        Ok(db.execute("INSERT INTO t VALUES (3)", [])? as i64)
    }

    fn fill_the_disk(db: &Connection) -> Answer<i64> {
        db.execute("INSERT INTO t VALUES (4)", [])?;
        Ok(db.execute("INSERT INTO t VALUES (zeroblob(1000000))", [])? as i64)
    }

    fn add_5_and_panic(db: &Connection) -> Answer<i64> {
        db.execute("INSERT INTO t VALUES (5)", [])?;
        panic!("on purpose")
    }

    /// Ends the transaction under the group, as SQLite itself does when the disk fails.
    fn lose_the_transaction(db: &Connection) -> Answer<i64> {
        db.execute_batch("ROLLBACK")?;
        Ok(0)
    }

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (x ANY) STRICT; PRAGMA max_page_count = 10").unwrap();
        connection
    }

    fn values(connection: &Connection) -> Vec<i64> {
        let mut statement = connection.prepare("SELECT x FROM t ORDER BY rowid").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    /// Runs the jobs as one group; which of them were told that all is well, and what is in the table.
    fn check(works: &[Work], told_well: &[bool], stored: &[i64]) {
        let connection = table();
        let mut group: Vec<Box<dyn Job>> = Vec::new();
        let mut answers = Vec::new();
        for work in works {
            let (reply, answer) = oneshot::channel();
            group.push(Box::new(Typed { work: *work, done: None, reply }));
            answers.push(answer);
        }
        let committed = commit(&connection, &mut group, "test.db");
        assert!(connection.is_autocommit(), "no transaction is left open");
        let fate = committed.as_ref().map_err(|trouble| trouble.told.as_str()).copied();
        group.into_iter().for_each(|job| job.reply(fate));
        let told: Vec<_> = answers.iter_mut().map(|answer| answer.try_recv().unwrap().is_ok()).collect();
        assert_eq!((told.as_slice(), values(&connection).as_slice()), (told_well, stored));
    }

    #[test]
    fn a_job_that_fails_takes_no_neighbour_along() {
        check(&[add_1, add_2_and_fail, add_3], &[true, false, true], &[1, 3]);
    }

    #[test]
    fn a_job_that_panics_takes_no_neighbour_along() {
        check(&[add_1, add_5_and_panic, add_3], &[true, false, true], &[1, 3]);
        check(&[add_5_and_panic], &[false], &[]);
    }

    #[tokio::test]
    async fn after_a_panic_the_writer_goes_on_and_the_caller_hears_that_nothing_was_written() {
        let again = || Err(StoreError::Backend("not opened again".to_owned()).into());
        let writer = Writer::start(table(), Box::new(again), "test.db".to_owned()).unwrap();
        let told = writer.write(add_5_and_panic).await.unwrap_err();
        assert!(told.to_string().contains("nothing of this was written"), "{told}");
        assert!(told.is_transient(), "whoever keeps trying loses nothing");
        assert_eq!(writer.write(add_1).await.unwrap(), 1);
        let stored = writer.write(|db: &Connection| Ok(values(db))).await.unwrap();
        assert_eq!(stored, [1]);
        let jobs = [add_1 as Work, add_5_and_panic, add_3].into_iter();
        let told: Vec<bool> = writer.write_each(jobs).await.iter().map(Result::is_ok).collect();
        assert_eq!(told, [true, false, true], "of several handed in together each by itself");
    }

    #[test]
    fn a_full_disk_leaves_nothing_half_written() {
        // SQLite undoes the whole transaction then, so the neighbours are told to try again.
        check(&[add_1, fill_the_disk, add_3], &[false, false, false], &[]);
        check(&[fill_the_disk], &[false], &[]);
    }

    #[test]
    fn nobody_is_told_well_when_the_transaction_is_lost() {
        check(&[add_1, lose_the_transaction, add_3], &[false, false, false], &[]);
        check(&[add_1, add_2_and_fail, lose_the_transaction], &[false, false, false], &[]);
    }

    #[tokio::test]
    async fn a_handle_that_failed_is_replaced() {
        let opened = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&opened);
        let open = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(table())
        };
        let writer = Writer::start(table(), Box::new(open), "test.db".to_owned()).unwrap();
        assert!(writer.write(add_2_and_fail).await.is_err());
        assert_eq!(opened.load(Ordering::SeqCst), 0, "the job failed, not the disk");
        let lost = writer.write(lose_the_transaction).await.unwrap_err();
        assert!(matches!(lost, StoreError::Backend(_)), "{lost}");
        assert_eq!(writer.write(add_1).await.unwrap(), 1);
        assert_eq!(opened.load(Ordering::SeqCst), 1);
    }
}
