//! Comparisons of rule books over the clinic's own charts, in the background of the console: one at a time, each with
//! its progress, any of them stopped when asked.
//!
//! They are kept in memory alone and forgotten soon: what they say is about people. Nothing is sent or stored.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use afterrun_rules::{
    RuleBook,
    compare::{Comparing, Comparison},
};
use afterrun_store::{Store, StoreError};
use afterrun_web::{Candidate, ComparisonSeen, ComparisonState, NotCompared};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{runtime::Handle, sync::Semaphore};

use crate::compare_history::{self, PAGE};

/// Comparisons that may wait or run. More would only wait longer.
const GOING_ON_AT_MOST: usize = 4;

/// Comparisons remembered.
const KEPT_AT_MOST: usize = 20;

/// How long one is remembered after it began: what it says about people must not outlive its use.
const KEPT_FOR: TimeDelta = TimeDelta::hours(2);

/// What is to be compared, and who asks.
pub(crate) struct Wanted {
    pub id: String,
    pub candidate: Candidate,
    pub by: String,
    pub at: DateTime<Utc>,
    pub old: Arc<RuleBook>,
    pub new: Arc<RuleBook>,
}

/// The comparisons of this process.
pub(crate) struct Comparisons {
    store: Arc<dyn Store>,
    jobs: Mutex<VecDeque<Arc<Job>>>,
    /// Comparing takes a processor for itself; mail must not wait for it.
    one_at_a_time: Arc<Semaphore>,
}

struct Job {
    wanted: Wanted,
    cancelled: AtomicBool,
    begun: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    end: Mutex<Option<End>>,
}

enum End {
    Done(Arc<Comparison>),
    Cancelled,
    Failed(String),
}

impl Comparisons {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, jobs: Mutex::default(), one_at_a_time: Arc::new(Semaphore::new(1)) }
    }

    /// Begins one in the background. Needs a tokio runtime.
    pub(crate) fn begin(&self, wanted: Wanted) -> Result<String, NotCompared> {
        let job = Arc::new(Job {
            wanted,
            cancelled: AtomicBool::new(false),
            begun: AtomicBool::new(false),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            end: Mutex::default(),
        });
        {
            let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            forget_old(&mut jobs, job.wanted.at);
            if jobs.iter().filter(|job| job.state().is_going_on()).count() >= GOING_ON_AT_MOST {
                return Err(NotCompared::Busy);
            }
            jobs.push_front(job.clone());
        }
        let (store, one_at_a_time) = (self.store.clone(), self.one_at_a_time.clone());
        let id = job.wanted.id.clone();
        tokio::spawn(async move {
            // Fails only when the semaphore is closed, which nobody does.
            let Ok(_turn) = one_at_a_time.acquire_owned().await else { return };
            let at_work = job.clone();
            let handle = Handle::current();
            let worked = tokio::task::spawn_blocking(move || at_work.work(&*store, &handle)).await;
            let end = match worked {
                Ok(Ok(Some(comparison))) => End::Done(Arc::new(comparison)),
                Ok(Ok(None)) => End::Cancelled,
                Ok(Err(why)) => End::Failed(why.to_string()),
                Err(_) => End::Failed("the comparison broke off; this is a bug".to_owned()),
            };
            *job.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
        });
        Ok(id)
    }

    pub(crate) fn seen(&self, id: &str, now: DateTime<Utc>) -> Option<ComparisonSeen> {
        self.all(now).into_iter().find(|seen| seen.id == id)
    }

    /// Newest first.
    pub(crate) fn all(&self, now: DateTime<Utc>) -> Vec<ComparisonSeen> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut jobs, now);
        jobs.iter().map(|job| job.seen()).collect()
    }

    pub(crate) fn cancel(&self, id: &str) -> bool {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let found = jobs.iter().find(|job| job.wanted.id == id && job.state().is_going_on());
        found.is_some_and(|job| !job.cancelled.swap(true, Ordering::Relaxed))
    }
}

impl Drop for Comparisons {
    /// The program ends: no comparison keeps it from doing so.
    fn drop(&mut self) {
        for job in self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner) {
            job.cancelled.store(true, Ordering::Relaxed);
        }
    }
}

fn forget_old(jobs: &mut VecDeque<Arc<Job>>, now: DateTime<Utc>) {
    jobs.retain(|job| job.state().is_going_on() || now - job.wanted.at < KEPT_FOR);
    while jobs.len() >= KEPT_AT_MOST && jobs.back().is_some_and(|job| !job.state().is_going_on()) {
        jobs.pop_back();
    }
}

impl Job {
    /// Lives through every chart; none: cancelled. Blocks.
    fn work(&self, store: &dyn Store, handle: &Handle) -> Result<Option<Comparison>, StoreError> {
        let is_cancelled = || self.cancelled.load(Ordering::Relaxed);
        let pages = |mut take: Box<dyn FnMut(afterrun_store::Patient) -> Result<(), StoreError> + '_>| {
            let mut after = None;
            while !is_cancelled() {
                let page = handle.block_on(store.patients(after.as_deref(), PAGE))?;
                for patient in page.rows {
                    if is_cancelled() {
                        break;
                    }
                    take(patient)?;
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            Ok::<(), StoreError>(())
        };
        pages(Box::new(|_| {
            self.total.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }))?;
        self.begun.store(true, Ordering::Relaxed);
        let mut comparing = Comparing::new(&self.wanted.old, &self.wanted.new);
        pages(Box::new(|patient| {
            match handle.block_on(compare_history::chart(store, &patient.id, self.wanted.at)) {
                Ok(chart) => comparing.add(&chart),
                // Erased since the list was read.
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
            self.done.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok((!is_cancelled()).then(|| comparing.finish()))
    }

    fn state(&self) -> ComparisonState {
        match &*self.end.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(End::Done(comparison)) => ComparisonState::Done(comparison.clone()),
            Some(End::Cancelled) => ComparisonState::Cancelled,
            Some(End::Failed(why)) => ComparisonState::Failed(why.clone()),
            None if self.cancelled.load(Ordering::Relaxed) => ComparisonState::Cancelled,
            None if !self.begun.load(Ordering::Relaxed) => ComparisonState::Waiting,
            None => {
                let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
                ComparisonState::Running { done, total: total.max(done) }
            }
        }
    }

    fn seen(&self) -> ComparisonSeen {
        let Wanted { id, candidate, by, at, old, new } = &self.wanted;
        let flags = old.flags.iter().chain(&new.flags);
        let titles: BTreeMap<_, _> =
            flags.map(|flag| (flag.id.to_string(), flag.title.to_string())).collect();
        ComparisonSeen {
            id: id.clone(),
            candidate: candidate.clone(),
            by: by.clone(),
            at: *at,
            old: old.hash,
            new: new.hash,
            titles,
            state: self.state(),
        }
    }
}
