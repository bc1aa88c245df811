//! The few open connections. A session is out of the pool while in use: a future dropped in mid conversation
//! takes its connection with it instead of leaving it half used to the next message.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::session::Session;

/// How long a connection may wait for another message. Servers hang up after a minute or more.
const IDLE: Duration = Duration::from_secs(30);
/// How long a connection is used: a restarted or moved relay is noticed, and its load spreads again.
const LIFETIME: Duration = Duration::from_secs(300);
/// How many messages go over one connection: a usual limit of large providers.
const MESSAGES: u32 = 100;

/// Open sessions that wait, and permits for new ones.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<(Session, Instant)>>,
    permits: Semaphore,
}

impl Pool {
    pub(super) fn new(max_connections: usize) -> Self {
        // The range is checked with the rest of the configuration.
        Self { idle: Mutex::default(), permits: Semaphore::new(max_connections.clamp(1, 100)) }
    }

    /// Waits until fewer than the maximum are in use. Take the session after the permit.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.permits.acquire().await.ok()
    }

    /// The session used last, if it is still fresh. Older ones are closed.
    pub(super) fn take(&self) -> Option<Session> {
        let mut idle = self.lock();
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(session, _)| session)
    }

    /// Takes back a session whose last conversation ended cleanly.
    pub(super) fn put(&self, session: Session) {
        if session.born().elapsed() < LIFETIME && session.messages() < MESSAGES {
            self.lock().push((session, Instant::now()));
        }
    }

    /// All waiting sessions.
    pub(super) fn drain(&self) -> Vec<Session> {
        self.lock().drain(..).map(|(session, _)| session).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Session, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
