//! What Afterrun remembers: events of every patient, check-ins, the outbox, work items, rule books.
//!
//! One trait, [`Store`], and a conformance suite (`tests/conformance`) that every backend passes. Nothing in
//! the trait assumes one process or one writer: a turn names the chart version it was planned on and is
//! refused when another turn came first; a claimed message is fenced by the worker's name and its lease.
//!
//! Runs, answers, pauses and excuses are kept as the events they came in and nothing is ever overwritten: a
//! chart is rebuilt by the same [`Chart::apply`](afterrun_rules::Chart::apply) that `replay` uses.
//!
//! Leaves out: anything that decides (that is `afterrun-rules`), mail, web.

#[cfg(test)]
extern crate self as afterrun_store;

mod accounts;
#[cfg(test)]
#[macro_use]
#[path = "../tests/conformance/mod.rs"]
mod conformance;
pub mod book;
mod link;
mod mail_base;
pub mod model;
mod opened;
mod operations;
mod origin;
mod sqlite;
pub mod user;
pub mod work;

pub use accounts::{Accounts, USER_LINK};
pub use book::*;
pub use link::{Link, LinkScope, MailPlace, NewLink};
pub use mail_base::MailBase;
pub use model::*;
pub use opened::OpenedCheckIn;
pub use operations::{Bounces, HASTENED, MailHour, Operations};
pub use origin::{ORIGINS_KEPT, from_origin};
pub use sqlite::{Mode, Options, Sqlite};
pub use user::*;
pub use work::*;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use afterrun_rules::{book::BookHash, ids::PatientId};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another turn of the same patient was committed in between: load the chart and plan again.
    #[error("the chart of patient `{0}` has changed meanwhile")]
    Conflict(PatientId),
    /// No such row.
    #[error("{what} `{id}` is not known")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Something that has to be unique exists already.
    #[error("{what} `{id}` exists already")]
    Exists {
        /// Kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The database was made by a newer release.
    #[error("the database has schema {found}, this release knows {known}: install the newer release")]
    NewerSchema {
        /// Schema found.
        found: i64,
        /// Newest schema known.
        known: i64,
    },
    /// The file is not, or no longer, a sound database.
    #[error("the database {path} is damaged: {found}")]
    Damaged {
        /// Its path.
        path: String,
        /// What the check said.
        found: String,
    },
    /// A stored value cannot be read back; all others can. Never names the value.
    #[error("a stored {0} cannot be read")]
    Unreadable(&'static str),
    /// Another process uses the database.
    #[error("another afterrun uses {0}")]
    Locked(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Backend(String),
}

impl StoreError {
    /// Trying the same again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Backend(_))
    }
}

/// Reason code of work items about something stored that cannot be read.
pub const UNREADABLE: &str = "unreadable";

/// Result of a store call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A page of a list: rows in order, and the cursor of the next page if there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// At most as many rows as were asked for.
    pub rows: Vec<T>,
    /// Hand this to the next call; none: that was all.
    pub next: Option<String>,
}

/// The store. Every list is bounded; every time is an argument, and what is finer than a microsecond is cut
/// off. A call whose caller stops waiting may still take effect.
#[async_trait]
pub trait Store: Accounts + Operations + Send + Sync + 'static {
    // Patients and charts.

    /// Adds a patient, due at once, so that the first turn finds out what comes first.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for an id seen before or an address with a running enrolment.
    async fn add_patient(&self, patient: NewPatient, now: DateTime<Utc>) -> Result<PatientId>;
    /// Adds patients, each with the messages and links of its first turn: all of them or none.
    ///
    /// # Errors
    /// As [`Store::add_patient`], for the first that cannot be added.
    async fn enrol(&self, enrolments: Vec<Enrolment>, now: DateTime<Utc>) -> Result<Vec<PatientId>>;
    /// One patient.
    async fn patient(&self, id: &PatientId) -> Result<Patient>;
    /// The newest enrolment of this address, letter case ignored; it may have been stopped.
    async fn patient_by_email(&self, email: &str) -> Result<Option<Patient>>;
    /// Patients by id.
    async fn patients(&self, after: Option<&str>, limit: u32) -> Result<Page<Patient>>;
    /// Person and chart, rebuilt from events, check-ins and ledger, with the version to commit against.
    async fn chart(&self, id: &PatientId) -> Result<StoredChart>;
    /// The same for several patients at a time, in the order asked for.
    async fn charts(&self, ids: &[PatientId]) -> Result<Vec<Result<StoredChart>>> {
        let mut charts = Vec::with_capacity(ids.len());
        for id in ids {
            charts.push(self.chart(id).await);
        }
        Ok(charts)
    }
    /// All events of a patient in the order they became known.
    async fn events(&self, id: &PatientId) -> Result<Vec<afterrun_rules::TimedEvent>>;
    /// Check-ins opened at or after an instant, of all patients, in the order they were opened.
    async fn check_ins_opened(
        &self,
        since: DateTime<Utc>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<OpenedCheckIn>>;
    /// Stores one turn whole, or refuses it whole with [`StoreError::Conflict`].
    ///
    /// A message whose identity and recipient, and a work item whose identity, are known already is left out
    /// without a word. A cancel takes what is queued, claimed or covered, and what it covered; what is being
    /// sent is left alone, and an identity never seen is entered as cancelled. A stop revokes the patient's
    /// links but those of scope [`LinkScope::Stop`] and cancels queued mail to the patient. What a turn keeps
    /// beside the chart (`waits`) takes effect with the turn that takes it in.
    async fn commit(&self, turn: Turn) -> Result<()>;
    /// Stores turns of different patients, each by itself: how it went, in the order given. One that is refused
    /// keeps none of the others from being stored.
    async fn commit_each(&self, turns: Vec<Turn>) -> Vec<Result<()>> {
        let mut answers = Vec::with_capacity(turns.len());
        for turn in turns {
            answers.push(self.commit(turn).await);
        }
        answers
    }
    /// Stores turns of several patients: all of them, or none when one is refused.
    async fn commit_all(&self, turns: Vec<Turn>) -> Result<()>;
    /// Stores a turn that holds [`Event::AddressChanged`](afterrun_rules::Event::AddressChanged) together with the
    /// new address, in one: all links until now are revoked, and no mail written until now leaves, not even one
    /// that is being sent and would be tried again. Earlier enrolments of the old address follow.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for an address with a running enrolment.
    async fn commit_address(&self, turn: Turn, email: &str) -> Result<()>;
    /// Patients whose `next_due` has come, longest overdue first.
    async fn due_patients(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<PatientId>>;
    /// Patients of whom something was told while the clock was in doubt, and waits for a turn.
    async fn waiting_patients(&self, limit: u32) -> Result<Vec<PatientId>>;
    /// The smallest `next_due` of all patients.
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>>;
    /// Makes every active patient due now (after the rule book changed), and turns planned before conflict.
    async fn make_all_due(&self, now: DateTime<Utc>) -> Result<u64>;

    /// Erases a patient and every other enrolment of the same address: person, events, check-ins, links, mails,
    /// work items, and whatever else names or describes them. Of each message stay its number, its times and how
    /// it ended; the id stays taken; what was queued or claimed does not leave. To every other call the patient is
    /// not known any more. A digest that told of the patient is emptied, or taken back if it has not left.
    async fn erase_patient(&self, id: &PatientId, now: DateTime<Utc>) -> Result<Vec<Erased>>;
    /// Rewrites what the database keeps on disk so that nothing deleted is left in it. Takes the time of a copy.
    async fn scrub(&self) -> Result<()>;

    // Links.

    /// What a link opens: looked up by [`NewLink::token_hash`]. Expired and revoked links are returned too.
    /// A stop link opens the newest enrolment of its address, whichever it was made for.
    async fn link(&self, token_hash: &[u8; 32]) -> Result<Option<Link>>;
    /// The same, and the chart of the link's patient with it; the inner error is the chart's.
    async fn open_link(&self, token_hash: &[u8; 32]) -> Result<Option<(Link, Result<StoredChart>)>> {
        let Some(link) = self.link(token_hash).await? else { return Ok(None) };
        let chart = self.chart(&link.patient).await;
        Ok(Some((link, chart)))
    }

    // Outbox.

    /// Takes due messages under a lease: urgent ones first, then the clinic's, then by time; these two up to
    /// the larger of both limits. Patient mail is
    /// left alone while held. Leases that have run out are taken back first (see [`Store::recover`]); mail
    /// past its `stale_at` is cancelled instead, with the code `stale`, and its patient is due at once.
    async fn claim(&self, claim: Claim) -> Result<Vec<OutboxMessage>>;
    /// Commits that the final dot is about to be sent. False: the lease was lost, the message cancelled, or one of
    /// the settings `held_by` has a value; the dot must not be sent.
    async fn begin_transmit(
        &self,
        id: MessageKey,
        worker: &str,
        now: DateTime<Utc>,
        held_by: &[&'static str],
    ) -> Result<bool>;
    /// Records how an attempt ended. False: the lease was lost, nothing is recorded.
    ///
    /// When it ends other than accepted, the patient is due at once and turns planned before conflict, for the
    /// ledger has changed; what a cancelled message covered is cancelled with it.
    async fn settle(
        &self,
        id: MessageKey,
        worker: &str,
        now: DateTime<Utc>,
        outcome: Settlement,
    ) -> Result<bool>;
    /// When messages to patients left after an instant, oldest first: of the newest `limit`. Those that came back
    /// later are among them.
    async fn left_for_patients(&self, after: DateTime<Utc>, limit: u32) -> Result<Vec<DateTime<Utc>>>;
    /// Gives back what was claimed and not begun.
    async fn release(&self, ids: &[MessageKey], worker: &str) -> Result<()>;
    /// Puts a message that was given up, refused or put aside back into the queue, due now: a person has removed
    /// the cause. False: it is in no such state, or its patient has stopped.
    async fn try_again(&self, id: MessageKey, now: DateTime<Utc>) -> Result<bool>;
    /// At start: makes messages ready again that a worker now gone had claimed (every worker but those
    /// `alive`). The first number counts those not begun, the second those found in transmission: they are
    /// marked as in doubt, and the attempt is recorded.
    async fn recover(&self, alive: &[String], now: DateTime<Utc>) -> Result<(u64, u64)>;
    /// The earliest time at which a queued message is due.
    async fn next_message_due(&self) -> Result<Option<DateTime<Utc>>>;
    /// Adds a message that belongs to no patient's turn (a digest, a note to the editors). False if one with
    /// this identity and recipient exists.
    async fn add_clinic_message(&self, message: NewMessage, now: DateTime<Utc>) -> Result<bool>;
    /// Messages, newest first, of one patient or of all.
    async fn messages(
        &self,
        patient: Option<&PatientId>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Message>>;
    /// One message with its bytes.
    async fn message(&self, id: MessageKey) -> Result<Message>;
    /// Attempts of a message, oldest first.
    async fn attempts(&self, id: MessageKey) -> Result<Vec<Attempt>>;
    /// How many messages are in each state.
    async fn queue_depth(&self, now: DateTime<Utc>) -> Result<QueueDepth>;

    // Work items.

    /// Work items, newest first.
    async fn work_items(&self, after: Option<&str>, limit: u32) -> Result<Page<WorkItem>>;
    /// Work items for the digest due at or before an instant and not yet in one.
    async fn digest_items(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<WorkItem>>;
    /// Marks work items as having been in a digest, together with adding the digest's messages; adds none if all
    /// have been in one.
    async fn add_digest(&self, items: &[i64], messages: Vec<NewMessage>, now: DateTime<Utc>) -> Result<()>;

    /// Work items of level [`TellClinic::Now`](afterrun_rules::book::TellClinic::Now), created at or before an
    /// instant, that are still `new` and were not yet told to anybody else, oldest first.
    async fn unacknowledged_items(&self, created_by: DateTime<Utc>, limit: u32) -> Result<Vec<WorkItem>>;
    /// Marks a work item as told to somebody else, together with adding the messages that tell it. A second
    /// time changes nothing.
    async fn add_escalation(&self, item: i64, messages: Vec<NewMessage>, now: DateTime<Utc>) -> Result<()>;
    /// When something becomes due in the lists of the two calls before: the digest's, and, if somebody else is to
    /// be told after a while, of what nobody took.
    async fn next_work_due(&self, escalate_after: Option<TimeDelta>) -> Result<Option<DateTime<Utc>>>;
    /// Puts on the work-list that something stored about a patient cannot be read, without reading it. The same item
    /// twice is one.
    async fn note_unreadable(&self, id: &PatientId, item: NewWorkItem, now: DateTime<Utc>) -> Result<()>;
    /// Open work items with the code [`UNREADABLE`], newest first: of each patient who is told of, at least one.
    async fn unreadable(&self, limit: u32) -> Result<Vec<WorkItem>>;
    /// Work items of one patient, newest first.
    async fn patient_work_items(
        &self,
        id: &PatientId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<WorkItem>>;

    // Bounces.

    /// The message whose envelope sender has this part before the @, whatever its domain. `place` is the one
    /// that the return path's id begins with, if it does.
    async fn message_by_return_path(
        &self,
        place: Option<MailPlace>,
        local_part: &str,
    ) -> Result<Option<Message>>;
    /// Notes among the attempts what a notification says. With [`Bounced::Lost`] an accepted message counts as
    /// rejected from now on, its patient is due at once and turns planned before conflict. False: the same was
    /// noted before, and nothing changed.
    async fn note_bounce(
        &self,
        id: MessageKey,
        now: DateTime<Utc>,
        said: &str,
        bounced: Bounced,
    ) -> Result<bool>;

    // Users of the console.

    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for an address seen before, letter case ignored.
    async fn add_user(&self, user: NewUser, now: DateTime<Utc>) -> Result<UserKey>;
    /// The user with this address, letter case ignored.
    async fn user_by_email(&self, email: &str) -> Result<Option<User>>;
    /// Users in the order added.
    async fn users(&self, after: Option<&str>, limit: u32) -> Result<Page<User>>;

    /// Adds a user if there is no other, with a line in the audit log that names `by`; none if there is.
    async fn add_first_user(&self, user: NewUser, by: &str, now: DateTime<Utc>) -> Result<Option<UserKey>>;
    /// Changes a user's password, ends all sessions and links of the user, and adds the mail that says so. `by` is
    /// who the audit log names. False: the password is no longer the one that was proved, and nothing has changed.
    async fn set_password(
        &self,
        user: UserKey,
        proved: Option<&str>,
        password_hash: &str,
        by: &str,
        notice: Option<NewMessage>,
        now: DateTime<Utc>,
    ) -> Result<bool>;
    /// Notes that a user has looked through the work-list, in the audit log too.
    async fn set_looked(&self, user: &User, now: DateTime<Utc>) -> Result<()>;
    /// Begins a session, known by the SHA-256 of its token, and forgets those begun before `forget_before`. False:
    /// the password is no longer the one that was proved, or the user was let go meanwhile, and there is none.
    async fn begin_session(
        &self,
        token_hash: &[u8; 32],
        user: UserKey,
        proved: &str,
        now: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> Result<bool>;
    /// The session with this token; whoever asks judges whether it is too old.
    async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>>;
    /// Notes that a session is in use.
    async fn touch_session(&self, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<()>;
    /// Ends a session.
    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<()>;
    /// Ends all sessions of a user.
    async fn end_sessions(&self, user: UserKey) -> Result<()>;

    // The work-list.

    /// Rows of the work-list: most urgent first, then longest due.
    async fn work_list(
        &self,
        filter: WorkFilter,
        after: Option<&str>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Page<WorkRow>>;
    /// A patient's row, resolved or not; none if there was never any work.
    async fn work_row(&self, id: &PatientId) -> Result<Option<WorkRow>>;
    /// Does what a user wants about a patient, notes it in the history and in the audit log, in one. False:
    /// there is no open row to do it to, and nothing is noted. ([`WorkChange::Did`] goes into the history only.) A new work item as urgent as the row, or more,
    /// opens it anew.
    async fn change_work(
        &self,
        id: &PatientId,
        by: UserKey,
        change: WorkChange,
        now: DateTime<Utc>,
    ) -> Result<bool>;
    /// What people did about a patient, newest first.
    async fn work_history(&self, id: &PatientId, after: Option<&str>, limit: u32) -> Result<Page<WorkLine>>;
    /// How rules fared from an instant on: as many rows as there were flags. Work items of erased patients do not count.
    async fn scorecard(&self, since: DateTime<Utc>) -> Result<Scorecard>;

    // Rule books.

    /// Remembers a rule book as the one in force and says since when it is: a book that was the last one
    /// already keeps its date, so that a restart does not count as a change.
    async fn save_book(&self, book: StoredBook) -> Result<DateTime<Utc>>;
    /// The newest accepted rule book.
    async fn last_good_book(&self) -> Result<Option<StoredBook>>;
    /// Notes who is about to make the folder hold another content, and why. [`Store::save_book`] of that content
    /// takes the newest such note as its own.
    async fn note_edit(&self, edit: NewRuleEdit) -> Result<()>;
    /// Takes back what was noted about this content and has not come into force.
    async fn forget_edit(&self, hash: &BookHash) -> Result<()>;
    /// Books that were in force, newest first.
    async fn books(&self, after: Option<&str>, limit: u32) -> Result<Page<BookSpell>>;
    /// The newest spell in which a book was in force.
    async fn book_spell(&self, hash: &BookHash) -> Result<Option<BookSpell>>;
    /// The files of a book that was in force or is among the refused; none are known of any other.
    async fn book_files(&self, hash: &BookHash) -> Result<BookFiles>;
    /// What was decided under a book, sent or not, newest first.
    async fn book_messages(&self, hash: &BookHash, after: Option<&str>, limit: u32) -> Result<Page<Message>>;
    /// Keeps a refused book, unless the newest one kept is the same with the same findings. Of more than
    /// [`REFUSED_KEPT`] the oldest are forgotten, and their files with them.
    async fn save_refused(&self, book: NewRefusedBook) -> Result<()>;
    /// Refused books, newest first.
    async fn refused_books(&self, after: Option<&str>, limit: u32) -> Result<Page<RefusedBook>>;

    // The rest.

    /// A setting such as `hold`.
    async fn setting(&self, key: &str) -> Result<Option<String>>;
    /// Several settings as they are at the same moment, in the order asked for.
    async fn settings(&self, keys: &[&str]) -> Result<Vec<Option<String>>> {
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            values.push(self.setting(key).await?);
        }
        Ok(values)
    }
    /// Sets or clears a setting.
    async fn set_setting(&self, key: &str, value: Option<&str>) -> Result<()>;
    /// Appends to the audit log, with the origin named by [`from_origin`] around it. Content never holds health
    /// details.
    async fn audit(&self, now: DateTime<Utc>, actor: &str, action: &str, subject: &str) -> Result<()>;
    /// The audit log, newest first: the lines of one subject, or all.
    async fn audit_log(
        &self,
        subject: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<AuditLine>>;
    /// Says whether the database answers and is sound enough to go on.
    async fn ping(&self) -> Result<()>;
    /// Copies the database to a new file while it is in use (SQLite; others say how instead).
    async fn backup(&self, to: &std::path::Path) -> Result<()>;
}

/// The content hash as stored: 64 hexadecimal digits.
#[must_use]
pub fn hash_text(hash: &BookHash) -> String {
    hash.to_string()
}
