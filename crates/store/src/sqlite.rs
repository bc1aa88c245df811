//! The store on SQLite: one file, one writer thread with group commit, a few readers.
//!
//! Leaves out: every rule about care. What a method promises is said at [`Store`]; here it is only done.
// Long because: a trait is implemented in one place, each method by one call into the module that does it.

mod accounts;
mod address;
mod backup;
mod books;
mod bounces;
mod charts;
mod check_ins;
mod columns;
mod erase;
mod fault;
mod links;
mod look_ups;
mod mail_bytes;
mod mail_links;
mod messages;
mod open;
mod operations;
mod outbox;
mod patients;
#[cfg(test)]
mod plans;
mod readers;
mod scorecard;
mod sessions;
mod settings;
mod soundness;
mod tries;
mod turns;
mod unreadable;
mod user_links;
mod users;
mod waiting;
mod work_items;
mod work_list;
mod writer;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;

use afterrun_rules::{TimedEvent, book::BookHash, ids::PatientId};

pub use self::open::{Mode, Options};
use self::{
    fault::Answer,
    look_ups::LookUps,
    mail_bytes::Prepared,
    readers::Readers,
    soundness::{Checker, Rhythm},
    writer::Writer,
};
use crate::{
    Attempt, AuditLine, BookFiles, BookSpell, Bounced, Claim, Enrolment, Erased, Link, MailPlace, Message,
    MessageKey, NewMessage, NewPatient, NewRefusedBook, NewRuleEdit, NewUser, NewWorkItem, OpenedCheckIn,
    OutboxMessage, Page, Patient, QueueDepth, RefusedBook, Result, Scorecard, Session, Settlement, Store,
    StoreError, StoredBook, StoredChart, Turn, User, UserKey, WorkChange, WorkFilter, WorkItem, WorkLine,
    WorkRow, origin,
};

/// The store on SQLite. Dropping it waits for the writes under way and gives the lock back.
#[derive(Debug)]
pub struct Sqlite {
    // Dropped in this order: the file is closed before its lock is given back.
    checker: Option<Checker>,
    writer: Writer,
    look_ups: Option<LookUps>,
    readers: Option<Readers>,
    path: Option<PathBuf>,
    _lock: Option<open::Lock>,
}

impl Sqlite {
    /// Opens a database, or makes it if there is no such file. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another daemon has it, [`StoreError::Damaged`] if the file is no sound
    /// database, [`StoreError::NewerSchema`] if a newer release made it, [`StoreError::Backend`] for all else.
    pub fn open(path: &Path, options: Options) -> Result<Self> {
        let prepared = open::prepare(path, options.mode)?;
        let shown = path.display().to_string();
        let told = |fault: fault::Fault| fault.told(&shown);
        let readers = (0..options.readers.max(1)).map(|_| open::connect_to_read(path));
        let readers = readers.collect::<Answer<Vec<_>>>().map_err(told)?;
        let writing = open::connect_to_write(path).map_err(told)?;
        let again = path.to_owned();
        let writer = Writer::start(writing, Box::new(move || open::reconnect(&again)), shown.clone())?;
        let readers = Some(Readers::new(readers, &shown));
        let look_ups = (0..options.look_ups.max(1)).map(|_| open::connect_to_read(path));
        let look_ups = look_ups.collect::<Answer<Vec<_>>>().map_err(told)?;
        let look_ups = Some(LookUps::start(look_ups, &shown)?);
        let check = |checked| Checker::start(path, Rhythm::after(checked));
        let checker = prepared.checked.map(check).transpose()?;
        Ok(Self { checker, writer, look_ups, readers, path: Some(path.to_owned()), _lock: prepared.lock })
    }

    /// A database that is gone when it is dropped: for demonstrations and tests. It cannot be backed up.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if there is no memory or no thread for it.
    pub fn in_memory() -> Result<Self> {
        let shown = "the database in memory".to_owned();
        let connection = open::connect_in_memory().map_err(|fault| fault.told(&shown))?;
        let lost = || Err(StoreError::Backend("a database in memory does not come back".to_owned()).into());
        let writer = Writer::start(connection, Box::new(lost), shown)?;
        Ok(Self { checker: None, writer, look_ups: None, readers: None, path: None, _lock: None })
    }

    /// The database's name in messages.
    fn shown(&self) -> String {
        self.writer.path().to_owned()
    }

    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Answer<T> + Send + 'static,
    {
        match &self.readers {
            Some(readers) => readers.read(work).await,
            // In memory the writer's connection is the only one.
            None => self.writer.write(work).await,
        }
    }

    /// The same for a few rows by their key.
    async fn look_up<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Answer<T> + Send + 'static,
    {
        match &self.look_ups {
            Some(look_ups) => look_ups.read(work).await,
            None => self.writer.write(work).await,
        }
    }

    async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Answer<T> + Send + 'static,
    {
        let origin = origin::current();
        self.writer.write(move |db| origin::carried(origin.as_ref(), || work(db))).await
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn add_patient(&self, patient: NewPatient, now: DateTime<Utc>) -> Result<PatientId> {
        self.write(move |db| patients::add(db, &patient, now)).await
    }

    async fn enrol(&self, enrolments: Vec<Enrolment>, now: DateTime<Utc>) -> Result<Vec<PatientId>> {
        self.write(move |db| patients::enrol(db, &enrolments, now)).await
    }

    async fn patient(&self, id: &PatientId) -> Result<Patient> {
        let id = id.clone();
        self.look_up(move |db| patients::get(db, &id)).await
    }

    async fn patient_by_email(&self, email: &str) -> Result<Option<Patient>> {
        let email = email.to_owned();
        self.look_up(move |db| patients::by_email(db, &email)).await
    }

    async fn patients(&self, after: Option<&str>, limit: u32) -> Result<Page<Patient>> {
        let after = after.unwrap_or_default().to_owned();
        self.read(move |db| patients::list(db, &after, limit)).await
    }

    async fn chart(&self, id: &PatientId) -> Result<StoredChart> {
        let id = id.clone();
        self.look_up(move |db| charts::get(db, &id)).await
    }

    async fn charts(&self, ids: &[PatientId]) -> Result<Vec<Result<StoredChart>>> {
        let (ids, path) = (ids.to_vec(), self.shown());
        let each = move |db: &Connection| {
            Ok(ids.iter().map(|id| charts::get(db, id).map_err(|fault| fault.told(&path))).collect())
        };
        self.read(each).await
    }

    async fn events(&self, id: &PatientId) -> Result<Vec<TimedEvent>> {
        let id = id.clone();
        self.read(move |db| charts::events(db, &id)).await
    }

    async fn check_ins_opened(
        &self,
        since: DateTime<Utc>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<OpenedCheckIn>> {
        let after = after.map(str::to_owned);
        self.read(move |db| check_ins::opened(db, since, after.as_deref(), limit)).await
    }

    async fn commit(&self, turn: Turn) -> Result<()> {
        let turn = Prepared::from(turn);
        self.write(move |db| turns::commit(db, &turn)).await
    }

    async fn commit_each(&self, turns: Vec<Turn>) -> Vec<Result<()>> {
        // A job for each, all handed in before the first answer: they are committed together.
        let commit = |turn: Prepared| move |db: &Connection| turns::commit(db, &turn);
        self.writer.write_each(turns.into_iter().map(Prepared::from).map(commit)).await
    }

    async fn commit_all(&self, turns: Vec<Turn>) -> Result<()> {
        let turns: Vec<Prepared> = turns.into_iter().map(Prepared::from).collect();
        // The job is undone whole when one fails.
        self.write(move |db| turns.iter().try_for_each(|turn| turns::commit(db, turn))).await
    }

    async fn commit_address(&self, turn: Turn, email: &str) -> Result<()> {
        let (turn, email) = (Prepared::from(turn), email.to_owned());
        self.write(move |db| address::commit(db, &turn, &email)).await
    }

    async fn due_patients(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<PatientId>> {
        self.read(move |db| patients::due(db, now, limit)).await
    }

    async fn waiting_patients(&self, limit: u32) -> Result<Vec<PatientId>> {
        self.read(move |db| waiting::patients(db, limit)).await
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>> {
        self.look_up(patients::next_due).await
    }

    async fn make_all_due(&self, now: DateTime<Utc>) -> Result<u64> {
        self.write(move |db| patients::make_all_due(db, now)).await
    }

    async fn erase_patient(&self, id: &PatientId, now: DateTime<Utc>) -> Result<Vec<Erased>> {
        let id = id.clone();
        self.write(move |db| erase::erase(db, &id, now)).await
    }

    async fn scrub(&self) -> Result<()> {
        // In memory there is no file that anything could be left in.
        let Some(path) = self.path.clone() else { return Ok(()) };
        let shown = path.display().to_string();
        let rewrite = move || erase::scrub(&path).map_err(|fault| fault.told(&shown));
        tokio::task::spawn_blocking(rewrite)
            .await
            .map_err(|error| StoreError::Backend(format!("the rewriting stopped: {error}")))?
    }

    async fn link(&self, token_hash: &[u8; 32]) -> Result<Option<Link>> {
        let token_hash = *token_hash;
        self.look_up(move |db| match links::find(db, &token_hash)? {
            Some(found) => found.of_its_patient(db),
            None => Ok(None),
        })
        .await
    }

    async fn open_link(&self, token_hash: &[u8; 32]) -> Result<Option<(Link, Result<StoredChart>)>> {
        let (token_hash, path) = (*token_hash, self.shown());
        self.look_up(move |db| {
            let Some(found) = links::find(db, &token_hash)? else { return Ok(None) };
            let fault = match charts::of_key(db, found.patient) {
                Ok(Some(stored)) => return Ok(Some((found.of(stored.patient.id.clone()), Ok(stored)))),
                Ok(None) => None,
                Err(fault) => Some(fault),
            };
            let Some(link) = found.of_its_patient(db)? else { return Ok(None) };
            let fault = fault.unwrap_or_else(|| patients::unknown(&link.patient));
            Ok(Some((link, Err(fault.told(&path)))))
        })
        .await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<OutboxMessage>> {
        self.write(move |db| outbox::claim(db, &claim)).await
    }

    async fn begin_transmit(
        &self,
        id: MessageKey,
        worker: &str,
        now: DateTime<Utc>,
        held_by: &[&'static str],
    ) -> Result<bool> {
        let (worker, held_by) = (worker.to_owned(), held_by.to_vec());
        self.write(move |db| outbox::begin_transmit(db, id, &worker, now, &held_by)).await
    }

    async fn settle(
        &self,
        id: MessageKey,
        worker: &str,
        now: DateTime<Utc>,
        outcome: Settlement,
    ) -> Result<bool> {
        let worker = worker.to_owned();
        self.write(move |db| outbox::settle(db, id, &worker, now, &outcome)).await
    }

    async fn try_again(&self, id: MessageKey, now: DateTime<Utc>) -> Result<bool> {
        self.write(move |db| outbox::try_again(db, id, now)).await
    }

    async fn left_for_patients(&self, after: DateTime<Utc>, limit: u32) -> Result<Vec<DateTime<Utc>>> {
        self.read(move |db| outbox::left_for_patients(db, after, limit)).await
    }

    async fn release(&self, ids: &[MessageKey], worker: &str) -> Result<()> {
        let (ids, worker) = (ids.to_vec(), worker.to_owned());
        self.write(move |db| outbox::release(db, &ids, &worker)).await
    }

    async fn recover(&self, alive: &[String], now: DateTime<Utc>) -> Result<(u64, u64)> {
        let alive = alive.to_vec();
        self.write(move |db| outbox::recover(db, &alive, now)).await
    }

    async fn next_message_due(&self) -> Result<Option<DateTime<Utc>>> {
        self.look_up(outbox::next_due).await
    }

    async fn add_clinic_message(&self, message: NewMessage, now: DateTime<Utc>) -> Result<bool> {
        self.write(move |db| messages::insert(db, None, &message, now, None)).await
    }

    async fn messages(
        &self,
        patient: Option<&PatientId>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Message>> {
        let (patient, after) = (patient.cloned(), after.map(str::to_owned));
        self.read(move |db| messages::list(db, patient.as_ref(), after.as_deref(), limit)).await
    }

    async fn message(&self, id: MessageKey) -> Result<Message> {
        self.read(move |db| messages::get(db, id)).await
    }

    async fn attempts(&self, id: MessageKey) -> Result<Vec<Attempt>> {
        self.read(move |db| messages::attempts(db, id)).await
    }

    async fn queue_depth(&self, now: DateTime<Utc>) -> Result<QueueDepth> {
        self.read(move |db| outbox::depth(db, now)).await
    }

    async fn work_items(&self, after: Option<&str>, limit: u32) -> Result<Page<WorkItem>> {
        let after = after.map(str::to_owned);
        self.read(move |db| work_items::list(db, after.as_deref(), limit)).await
    }

    async fn note_unreadable(&self, id: &PatientId, item: NewWorkItem, now: DateTime<Utc>) -> Result<()> {
        let id = id.clone();
        self.write(move |db| work_items::insert(db, charts::key(db, &id)?, &item, now)).await
    }

    async fn unreadable(&self, limit: u32) -> Result<Vec<WorkItem>> {
        self.read(move |db| work_items::unreadable(db, limit)).await
    }

    async fn patient_work_items(
        &self,
        id: &PatientId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<WorkItem>> {
        let (id, after) = (id.clone(), after.map(str::to_owned));
        self.read(move |db| work_items::of_patient(db, charts::key(db, &id)?, after.as_deref(), limit)).await
    }

    async fn message_by_return_path(
        &self,
        place: Option<MailPlace>,
        local_part: &str,
    ) -> Result<Option<Message>> {
        let local_part = local_part.to_owned();
        self.read(move |db| bounces::by_return_path(db, place, &local_part)).await
    }

    async fn note_bounce(
        &self,
        id: MessageKey,
        now: DateTime<Utc>,
        said: &str,
        bounced: Bounced,
    ) -> Result<bool> {
        let said = said.to_owned();
        self.write(move |db| bounces::note(db, id, now, &said, bounced)).await
    }

    async fn add_user(&self, user: NewUser, now: DateTime<Utc>) -> Result<UserKey> {
        self.write(move |db| users::add(db, &user, now)).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let email = email.to_owned();
        self.look_up(move |db| users::by_email(db, &email)).await
    }

    async fn users(&self, after: Option<&str>, limit: u32) -> Result<Page<User>> {
        let after = after.map(str::to_owned);
        self.read(move |db| users::list(db, after.as_deref(), limit)).await
    }

    async fn add_first_user(&self, user: NewUser, by: &str, now: DateTime<Utc>) -> Result<Option<UserKey>> {
        let by = by.to_owned();
        self.write(move |db| sessions::add_first_user(db, &user, &by, now)).await
    }

    async fn set_password(
        &self,
        user: UserKey,
        proved: Option<&str>,
        password_hash: &str,
        by: &str,
        notice: Option<NewMessage>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let (password_hash, by) = (password_hash.to_owned(), by.to_owned());
        let proved = proved.map(str::to_owned);
        self.write(move |db| {
            if let Some(proved) = &proved
                && !sessions::is_proved(db, user, proved)?
            {
                return Ok(false);
            }
            sessions::set_password(db, user, &password_hash, notice.as_ref(), now)?;
            settings::audit(db, now, &by, "password-change", &user_links::actor(user))?;
            Ok(true)
        })
        .await
    }

    async fn set_looked(&self, user: &User, now: DateTime<Utc>) -> Result<()> {
        let user = user.clone();
        self.write(move |db| sessions::looked(db, &user, now)).await
    }

    async fn begin_session(
        &self,
        token_hash: &[u8; 32],
        user: UserKey,
        proved: &str,
        now: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> Result<bool> {
        let (token_hash, proved) = (*token_hash, proved.to_owned());
        self.write(move |db| sessions::begin(db, &token_hash, user, &proved, now, forget_before)).await
    }

    async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>> {
        let token_hash = *token_hash;
        self.look_up(move |db| sessions::get(db, &token_hash)).await
    }

    async fn touch_session(&self, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<()> {
        let token_hash = *token_hash;
        self.write(move |db| sessions::touch(db, &token_hash, now)).await
    }

    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<()> {
        let token_hash = *token_hash;
        self.write(move |db| sessions::end(db, &token_hash)).await
    }

    async fn end_sessions(&self, user: UserKey) -> Result<()> {
        self.write(move |db| sessions::end_all(db, user)).await
    }

    async fn work_list(
        &self,
        filter: WorkFilter,
        after: Option<&str>,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Page<WorkRow>> {
        let after = after.map(str::to_owned);
        self.read(move |db| work_list::list(db, filter, after.as_deref(), limit, now)).await
    }

    async fn work_row(&self, id: &PatientId) -> Result<Option<WorkRow>> {
        let id = id.clone();
        self.read(move |db| work_list::of_patient(db, charts::key(db, &id)?)).await
    }

    async fn change_work(
        &self,
        id: &PatientId,
        by: UserKey,
        change: WorkChange,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let id = id.clone();
        self.write(move |db| work_list::change(db, &id, by, &change, now)).await
    }

    async fn work_history(&self, id: &PatientId, after: Option<&str>, limit: u32) -> Result<Page<WorkLine>> {
        let (id, after) = (id.clone(), after.map(str::to_owned));
        self.read(move |db| work_list::history(db, charts::key(db, &id)?, after.as_deref(), limit)).await
    }

    async fn scorecard(&self, since: DateTime<Utc>) -> Result<Scorecard> {
        self.read(move |db| scorecard::since(db, since)).await
    }

    async fn digest_items(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<WorkItem>> {
        self.read(move |db| work_items::for_digest(db, now, limit)).await
    }

    async fn add_digest(&self, items: &[i64], messages: Vec<NewMessage>, now: DateTime<Utc>) -> Result<()> {
        let items = items.to_vec();
        self.write(move |db| work_items::add_digest(db, &items, &messages, now)).await
    }

    async fn unacknowledged_items(&self, created_by: DateTime<Utc>, limit: u32) -> Result<Vec<WorkItem>> {
        self.read(move |db| work_items::unacknowledged(db, created_by, limit)).await
    }

    async fn next_work_due(&self, escalate_after: Option<TimeDelta>) -> Result<Option<DateTime<Utc>>> {
        self.look_up(move |db| work_items::next_due(db, escalate_after)).await
    }

    async fn add_escalation(&self, item: i64, messages: Vec<NewMessage>, now: DateTime<Utc>) -> Result<()> {
        self.write(move |db| work_items::add_escalation(db, item, &messages, now)).await
    }

    async fn save_book(&self, book: StoredBook) -> Result<DateTime<Utc>> {
        self.write(move |db| books::save(db, &book)).await
    }

    async fn last_good_book(&self) -> Result<Option<StoredBook>> {
        self.read(books::last).await
    }

    async fn note_edit(&self, edit: NewRuleEdit) -> Result<()> {
        self.write(move |db| books::note_edit(db, &edit)).await
    }

    async fn forget_edit(&self, hash: &BookHash) -> Result<()> {
        let hash = *hash;
        self.write(move |db| books::forget_edit(db, &hash)).await
    }

    async fn books(&self, after: Option<&str>, limit: u32) -> Result<Page<BookSpell>> {
        let after = after.map(str::to_owned);
        self.read(move |db| books::spells(db, after.as_deref(), limit)).await
    }

    async fn book_spell(&self, hash: &BookHash) -> Result<Option<BookSpell>> {
        let hash = *hash;
        self.read(move |db| books::spell(db, &hash)).await
    }

    async fn book_files(&self, hash: &BookHash) -> Result<BookFiles> {
        let hash = *hash;
        self.read(move |db| books::files(db, &hash)).await
    }

    async fn book_messages(&self, hash: &BookHash, after: Option<&str>, limit: u32) -> Result<Page<Message>> {
        let (hash, after) = (*hash, after.map(str::to_owned));
        self.read(move |db| messages::of_book(db, &hash, after.as_deref(), limit)).await
    }

    async fn save_refused(&self, book: NewRefusedBook) -> Result<()> {
        self.write(move |db| books::save_refused(db, &book)).await
    }

    async fn refused_books(&self, after: Option<&str>, limit: u32) -> Result<Page<RefusedBook>> {
        let after = after.map(str::to_owned);
        self.read(move |db| books::refused(db, after.as_deref(), limit)).await
    }

    async fn setting(&self, key: &str) -> Result<Option<String>> {
        let key = key.to_owned();
        self.look_up(move |db| settings::get(db, &key)).await
    }

    async fn settings(&self, keys: &[&str]) -> Result<Vec<Option<String>>> {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        self.look_up(move |db| keys.iter().map(|key| settings::get(db, key)).collect()).await
    }

    async fn set_setting(&self, key: &str, value: Option<&str>) -> Result<()> {
        let (key, value) = (key.to_owned(), value.map(str::to_owned));
        self.write(move |db| settings::set(db, &key, value.as_deref())).await
    }

    async fn audit(&self, now: DateTime<Utc>, actor: &str, action: &str, subject: &str) -> Result<()> {
        let (actor, action, subject) = (actor.to_owned(), action.to_owned(), subject.to_owned());
        self.write(move |db| settings::audit(db, now, &actor, &action, &subject)).await
    }

    async fn audit_log(
        &self,
        subject: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<AuditLine>> {
        let (subject, after) = (subject.map(str::to_owned), after.map(str::to_owned));
        self.read(move |db| settings::audit_log(db, subject.as_deref(), after.as_deref(), limit)).await
    }

    /// Asks the writer and a reader, and what the last check of the file found; an empty transaction writes
    /// nothing.
    async fn ping(&self) -> Result<()> {
        if let Some(found) = self.checker.as_ref().and_then(Checker::found) {
            return Err(StoreError::Damaged { path: self.shown(), found });
        }
        let ask = |db: &Connection| -> Answer<()> { settings::get(db, "").map(drop) };
        self.write(ask).await?;
        self.read(ask).await
    }

    async fn backup(&self, to: &Path) -> Result<()> {
        let Some(path) = self.path.clone() else {
            return Err(StoreError::Backend("a database in memory cannot be backed up".to_owned()));
        };
        let (shown, to) = (path.display().to_string(), to.to_owned());
        let copy = move || backup::backup(&path, &to).map_err(|fault| fault.told(&shown));
        tokio::task::spawn_blocking(copy)
            .await
            .map_err(|error| StoreError::Backend(format!("the backup stopped: {error}")))?
    }
}
