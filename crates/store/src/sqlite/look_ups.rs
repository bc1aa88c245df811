//! Short reads: a few rows by their key, as every answered check-in and every page needs them.
//!
//! Moving such a read to another thread and beginning a snapshot for it costs more than the read, and after each
//! commit a connection reads its pages anew. So whatever waits is answered together, from one snapshot, by a thread
//! that goes on without being woken as long as there is something to do. Reads that may take long use `readers`.
//!
//! INVARIANT: a snapshot begins after the reads in it were asked for, so each sees all that was committed before.

use std::{
    collections::VecDeque,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::fault::Answer;
use crate::{Result, StoreError};

/// Reads that may wait for a busy thread before another one is woken: a cold page of the file keeps one busy for
/// long enough that others should not wait behind it.
const CROWD: usize = 16;

/// Threads that answer.
#[derive(Debug)]
pub(super) struct LookUps {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
    path: Arc<str>,
}

/// A read, its type forgotten. Without a connection it says why nothing could be read.
type Job = Box<dyn FnOnce(std::result::Result<&Connection, &str>) + Send>;

/// Where reads wait.
#[derive(Default)]
struct Desk {
    line: Mutex<Line>,
    bell: Condvar,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    /// Threads that wait for the bell.
    idle: usize,
    /// How many of them it was rung for.
    rung: usize,
    threads: usize,
    closed: bool,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl LookUps {
    /// Starts a thread for each connection; they are set to read only.
    pub(super) fn start(connections: Vec<Connection>, path: &str) -> Result<Self> {
        let desk = Arc::new(Desk::default());
        desk.lock().threads = connections.len();
        let mut threads = Vec::with_capacity(connections.len());
        for connection in connections {
            let answering = desk.clone();
            let thread = std::thread::Builder::new()
                .name("store-look-ups".to_owned())
                .spawn(move || answering.answer(&connection))
                .map_err(|error| StoreError::Backend(format!("no thread for reading: {error}")))?;
            threads.push(thread);
        }
        Ok(Self { desk, threads, path: path.into() })
    }

    /// Reads a few rows on one snapshot of the database.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Answer<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let path = self.path.clone();
        self.desk.hand_in(Box::new(move |connection| {
            let answer = match connection {
                Ok(connection) => work(connection).map_err(|fault| fault.told(&path)),
                Err(why) => Err(StoreError::Backend(why.to_owned())),
            };
            // Whoever no longer waits needs no answer.
            drop(reply.send(answer));
        }));
        answer.await.map_err(|_| StoreError::Backend("a read stopped half-way; this is a bug".to_owned()))?
    }
}

impl Drop for LookUps {
    /// Waits for the reads under way, so that the file is closed when the store is gone.
    fn drop(&mut self) {
        self.desk.lock().closed = true;
        self.desk.bell.notify_all();
        for thread in self.threads.drain(..) {
            // A read that panics is caught where it is run.
            drop(thread.join());
        }
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Line> {
        // Jobs run without the lock, so that none can leave anything half done under it.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand_in(&self, job: Job) {
        let mut line = self.lock();
        line.jobs.push_back(job);
        let asleep = line.idle - line.rung.min(line.idle);
        if asleep == line.threads || (asleep > 0 && line.jobs.len() > CROWD) {
            line.rung += 1;
            drop(line);
            self.bell.notify_one();
        }
    }

    /// What waits, once something does; nothing: it is closed.
    fn next(&self) -> VecDeque<Job> {
        let mut line = self.lock();
        while line.jobs.is_empty() && !line.closed {
            line.idle += 1;
            line = self.bell.wait(line).unwrap_or_else(PoisonError::into_inner);
            line.idle -= 1;
            line.rung = line.rung.saturating_sub(1);
        }
        mem::take(&mut line.jobs)
    }

    fn answer(&self, connection: &Connection) {
        loop {
            let jobs = self.next();
            if jobs.is_empty() {
                return;
            }
            let begun = run(connection, "BEGIN");
            for job in jobs {
                let snapshot = begun.as_ref().map(|()| connection).map_err(String::as_str);
                if catch_unwind(AssertUnwindSafe(|| job(snapshot))).is_err() {
                    tracing::error!("a read failed inside afterrun; this is a bug");
                }
            }
            // Nothing was written: this only lets the snapshot go.
            if begun.is_ok()
                && let Err(error) = run(connection, "ROLLBACK")
            {
                tracing::error!(error, "a snapshot was not let go");
            }
        }
    }
}

fn run(connection: &Connection, statement: &str) -> std::result::Result<(), String> {
    let ran = connection.prepare_cached(statement).and_then(|mut statement| statement.execute([]));
    ran.map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> LookUps {
        let connections = (0..2).map(|_| Connection::open_in_memory().unwrap()).collect();
        LookUps::start(connections, "test.db").unwrap()
    }

    fn answer(db: &Connection, number: i64) -> Answer<i64> {
        Ok(db.query_row("SELECT ?1 + 1", [number], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn each_gets_its_own_answer() {
        let look_ups = Arc::new(two());
        let mut asked = tokio::task::JoinSet::new();
        for number in 0..500 {
            let look_ups = look_ups.clone();
            asked.spawn(async move { (number, look_ups.read(move |db| answer(db, number)).await) });
        }
        let mut answers = 0;
        while let Some(answered) = asked.join_next().await {
            let (number, answer) = answered.unwrap();
            assert_eq!(answer.unwrap(), number + 1);
            answers += 1;
        }
        assert_eq!(answers, 500);
    }

    #[tokio::test]
    async fn a_read_that_fails_or_panics_takes_no_other_along() {
        let look_ups = two();
        let none =
            look_ups.read(|db| Ok(db.query_row("SELECT x FROM nowhere", [], |row| row.get::<_, i64>(0))?));
        assert!(none.await.is_err());
        for _ in 0..3 {
            let panics = look_ups.read(|_| -> Answer<()> { panic!("on purpose") }).await.unwrap_err();
            assert!(panics.to_string().contains("half-way"), "{panics}");
        }
        assert_eq!(look_ups.read(|db| answer(db, 1)).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn one_that_takes_long_does_not_hold_up_a_crowd() {
        let look_ups = Arc::new(two());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let slow = {
            let look_ups = look_ups.clone();
            tokio::spawn(async move {
                let waits = move |db: &Connection| {
                    let _ = begun.send(());
                    let _ = wait.recv();
                    answer(db, 1)
                };
                look_ups.read(waits).await
            })
        };
        has_begun.await.unwrap();
        let crowd: Vec<_> = (0..=CROWD as i64)
            .map(|number| {
                let look_ups = look_ups.clone();
                tokio::spawn(async move { look_ups.read(move |db| answer(db, number)).await })
            })
            .collect();
        for (number, read) in (0_i64..).zip(crowd) {
            assert_eq!(read.await.unwrap().unwrap(), number + 1);
        }
        go.send(()).unwrap();
        assert_eq!(slow.await.unwrap().unwrap(), 2);
    }
}
