//! What the pages ask of the rest of the program.

use std::sync::Arc;

use afterrun_rules::{Chart, Decision, Event, RuleBook, assess::Assessment, book::BookHash, ids::PatientId};
use afterrun_store::StoredChart;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// What followed from the events just recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The chart with the events and decisions in it.
    pub chart: Chart,
    /// What was decided because of them.
    pub decisions: Vec<Decision>,
    /// When they were recorded.
    pub now: DateTime<Utc>,
    /// When the plan could next change, if anything is planned.
    pub next_due: Option<DateTime<Utc>>,
    /// Nothing but an emergency was decided on: that waits until the clock is believed again.
    pub waits: bool,
    /// What the chart amounts to at `now`, by the rule book of this hash; none: nobody has said.
    pub assessed: Option<(BookHash, Assessment)>,
}

/// Why nothing was recorded. In each case nothing of what was handed over has been stored.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Too much to do at the moment: the same again a little later may succeed.
    #[error("busy: {0}")]
    Busy(String),
    /// The store is out of order: the same again later may succeed.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Not acceptable, in words for the person.
    #[error("refused: {0}")]
    Refused(String),
}

/// Records what runners tell us. The daemon implements this.
#[async_trait]
pub trait Recorder: Send + Sync + 'static {
    /// Stores the events and what follows from them durably, then answers. Once begun it goes on by itself: a phone
    /// that hangs up, or our time limit, does not cut it short. A fault inside is [`RecordError::Unavailable`].
    ///
    /// # Errors
    /// See [`RecordError`].
    async fn record(&self, patient: &PatientId, events: Vec<Event>) -> Result<Recorded, RecordError>;

    /// The same for whoever has just read the chart: it is not read again unless something has happened since.
    ///
    /// # Errors
    /// See [`RecordError`].
    async fn record_on(&self, seen: StoredChart, events: Vec<Event>) -> Result<Recorded, RecordError> {
        self.record(&seen.patient.id, events).await
    }

    /// Starts a new enrolment for somebody who stopped.
    ///
    /// # Errors
    /// See [`RecordError`].
    async fn start_again(&self, patient: &PatientId) -> Result<(), RecordError>;

    /// Mails a fresh link for the newest open check-in, or the patient's page, to the address on file. Limited
    /// in rate by the implementation.
    ///
    /// # Errors
    /// See [`RecordError`].
    async fn send_fresh_link(&self, patient: &PatientId) -> Result<(), RecordError>;

    /// The rule book in force.
    fn book(&self) -> Arc<RuleBook>;

    /// The time by the daemon's clock.
    fn now(&self) -> DateTime<Utc>;

    /// Whether the daemon's clock is not believed at the moment: nothing may be called too late by it.
    fn clock_in_doubt(&self) -> bool {
        false
    }

    /// Shown as a banner on every page when set (mail is captured, held, or sent to the clinic instead).
    fn notice(&self) -> Option<String>;
}
