//! A few connections for reading, used from the runtime's blocking threads. Readers never wait for the
//! writer and never write.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::fault::Answer;
use crate::{Result, StoreError};

/// The pool.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
    path: Arc<str>,
}

impl Readers {
    /// Pools connections that are set to read only.
    pub(super) fn new(connections: Vec<Connection>, path: &str) -> Self {
        let free = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Arc::new(Mutex::new(connections)), free, path: path.into() }
    }

    /// Runs a job on one snapshot of the database.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Answer<T> + Send + 'static,
    {
        let stopped =
            |error: &dyn std::fmt::Display| StoreError::Backend(format!("a reader stopped: {error}"));
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(|error| stopped(&error))?;
        let (idle, path) = (Arc::clone(&self.idle), Arc::clone(&self.path));
        let job = move || {
            let _permit = permit;
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let borrowed = Borrowed { connection: taken, idle };
            let Some(connection) = &borrowed.connection else {
                return Err(StoreError::Backend("no connection is left for reading".to_owned()));
            };
            snapshot(connection, work).map_err(|fault| fault.told(&path))
        };
        tokio::task::spawn_blocking(job).await.map_err(|error| stopped(&error))?
    }
}

/// A connection that goes back into the pool even if the job with it panics.
struct Borrowed {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A job that panicked has left its snapshot open; if that cannot be let go the next job says so.
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// All statements of the job see the same state.
fn snapshot<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Answer<T>) -> Answer<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let answer = work(connection);
    // Nothing was written: this only lets the snapshot go.
    connection.prepare_cached("ROLLBACK")?.execute([])?;
    answer
}
