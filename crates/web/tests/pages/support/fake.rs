//! A store and recorder for one runner, in memory. What the pages must not call fails.
// Long because: a trait is implemented in one place, and most of this refuses one call of the store each.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use afterrun_rules::{
    Action, BookHash, Chart, Decision, Event, Reason, RuleBook, TimedEvent,
    chart::{AnswerEvent, CheckIn, Run, RunKind, Value},
    decision::{Audience, Facts, Identity, Subject},
    ids::PatientId,
};
use afterrun_store::{
    Attempt, BookFiles, BookSpell, ChartVersion, Claim, Link, LinkScope, MailPlace, Message, MessageKey,
    NewMessage, NewPatient, OutboxMessage, Page, Patient, QueueDepth, Settlement, Store, StoreError,
    StoredBook, StoredChart, Turn, Units, WorkItem,
};
use afterrun_web::{RecordError, Recorded, Recorder, Site, runner_routes, token_hash};
use async_trait::async_trait;
use axum::Router;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{book, token};

/// An instant.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A date.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A choice.
pub fn word(text: &str) -> Value {
    Value::Word(text.into())
}

/// A stage told to the patient, as decided now.
pub fn told(flag: &str, title: &str, onset: &str, evidence_day: &str) -> Decision {
    Decision {
        identity: Identity {
            subject: Subject::Stage {
                flag: flag.into(),
                stage: "see-us".into(),
                evidence_day: day(evidence_day),
            },
            audience: Audience::Patient,
            attempt: 1,
        },
        at: at("2026-03-30T14:00:00Z"),
        action: Action::Send { message: "see-us".into(), urgent: false },
        reason: Reason::new("stage-reached", "worst pain 5 reported on three days"),
        facts: Facts { flag_title: Some(title.into()), onset: Some(day(onset)), ..Facts::default() },
    }
}

/// How recording fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    Busy,
    Unavailable,
    Refused,
    StoreDown,
    PagePanic,
    /// Never answers.
    Hang,
}

/// Chicago, Monday 30 March 2026, 09:00; a half marathon was run on Sunday; today's check-in is open.
pub struct Fake {
    pub now: Mutex<DateTime<Utc>>,
    pub book: Arc<RuleBook>,
    pub patient: Mutex<Patient>,
    pub chart: Mutex<Chart>,
    pub links: Mutex<HashMap<[u8; 32], Link>>,
    pub notice: Mutex<Option<String>>,
    /// The clock is in doubt.
    pub doubted: Mutex<bool>,
    pub failure: Mutex<Option<Failure>>,
    /// Returned by the next recordings.
    pub decisions: Mutex<Vec<Decision>>,
    /// Every event recorded.
    pub events: Mutex<Vec<Event>>,
    /// Other calls that change something.
    pub calls: Mutex<Vec<&'static str>>,
    pub secure: bool,
    /// Recordings that never answer.
    pub hanging: AtomicUsize,
}

impl Fake {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::from(book()))
    }

    pub fn with_book(book: Arc<RuleBook>) -> Self {
        let now = at("2026-03-30T14:00:00Z");
        let id = PatientId::from("p-17");
        let zone = chrono_tz::America::Chicago;
        let enrolled_at = at("2026-03-20T15:00:00Z");
        let mut chart = Chart::new(id.clone(), zone, enrolled_at);
        chart.apply(&TimedEvent {
            at: at("2026-03-29T16:30:00Z"),
            event: Event::Run(Run {
                id: "r1".into(),
                started_at: at("2026-03-29T13:00:00Z"),
                distance_m: 21097.5,
                duration_s: Some(6900),
                kind: RunKind::Race("half-marathon".into()),
            }),
        });
        chart.check_ins.push(CheckIn {
            id: "morning-after".into(),
            about_day: day("2026-03-30"),
            opened_at: at("2026-03-30T12:00:00Z"),
            expires_at: at("2026-04-01T00:00:00Z"),
            questions: book.questions.iter().map(|question| question.id.clone()).collect(),
            about_run: Some("r1".into()),
            probe: false,
        });
        let patient = Patient {
            id: id.clone(),
            name: "Sam Rivera".to_owned(),
            email: "sam@runner.example".to_owned(),
            time_zone: zone,
            language: "en".to_owned(),
            units: Units::Miles,
            enrolled_at,
            reach: chart.reach,
            stopped_at: None,
            next_due: None,
        };
        let check_in = LinkScope::CheckIn { check_in: "morning-after".into(), about_day: day("2026-03-30") };
        let link = |scope, expires_at| Link { patient: id.clone(), scope, expires_at, revoked: false };
        let links = HashMap::from([
            (token_hash(token::CHECK_IN), link(check_in, Some(at("2026-04-01T00:00:00Z")))),
            (token_hash(token::MY_PAGE), link(LinkScope::MyPage, None)),
            (token_hash(token::STOP), link(LinkScope::Stop, None)),
            (token_hash(token::CONFIRM), link(LinkScope::Confirm, Some(at("2026-04-20T00:00:00Z")))),
        ]);
        Self {
            now: Mutex::new(now),
            book,
            patient: Mutex::new(patient),
            chart: Mutex::new(chart),
            links: Mutex::new(links),
            notice: Mutex::new(None),
            doubted: Mutex::default(),
            failure: Mutex::new(None),
            decisions: Mutex::new(Vec::new()),
            events: Mutex::new(Vec::new()),
            calls: Mutex::new(Vec::new()),
            secure: true,
            hanging: AtomicUsize::new(0),
        }
    }

    /// The pages over this fake.
    pub fn router(self: &Arc<Self>) -> Router {
        let base_url = "https://run.clinic.example".to_owned();
        runner_routes(Site::new(self.clone(), self.clone(), base_url, self.secure))
    }

    pub fn fail(&self, failure: Failure) {
        *self.failure.lock().unwrap() = Some(failure);
    }

    pub fn link_mut(&self, token: &str, change: impl FnOnce(&mut Link)) {
        change(self.links.lock().unwrap().get_mut(&token_hash(token)).unwrap());
    }

    /// Puts an event into the chart without recording it through the pages.
    pub fn happened(&self, when: &str, event: Event) {
        self.chart.lock().unwrap().apply(&TimedEvent { at: at(when), event });
    }

    /// Answers to the morning's check-in of earlier days.
    pub fn reported(&self, days: &[&str], values: &[(&str, Value)]) {
        for about in days {
            let answer = AnswerEvent {
                check_in: Some("morning-after".into()),
                run: None,
                about_day: day(about),
                values: values.iter().map(|(id, value)| ((*id).into(), value.clone())).collect(),
                emergencies: Some(Vec::new()),
            };
            self.happened(&format!("{about}T13:00:00Z"), Event::Answer(answer));
        }
    }

    /// The events recorded, as JSON lines.
    pub fn recorded(&self) -> String {
        let events = self.events.lock().unwrap();
        events.iter().map(|event| format!("{event:?}\n")).collect()
    }

    /// Nothing at all has changed.
    pub fn is_untouched(&self) -> bool {
        self.events.lock().unwrap().is_empty() && self.calls.lock().unwrap().is_empty()
    }

    fn failing(&self) -> Result<(), RecordError> {
        match *self.failure.lock().unwrap() {
            Some(Failure::Busy) => Err(RecordError::Busy("queue full".to_owned())),
            Some(Failure::Unavailable) => Err(RecordError::Unavailable("disk full".to_owned())),
            Some(Failure::Refused) => Err(RecordError::Refused("This day is too long ago.".to_owned())),
            Some(Failure::StoreDown | Failure::PagePanic | Failure::Hang) | None => Ok(()),
        }
    }
}

impl From<RuleBook> for Fake {
    fn from(book: RuleBook) -> Self {
        Self::with_book(Arc::new(book))
    }
}

#[async_trait]
impl Recorder for Fake {
    async fn record(&self, patient: &PatientId, events: Vec<Event>) -> Result<Recorded, RecordError> {
        assert_eq!(*patient, self.patient.lock().unwrap().id);
        self.failing()?;
        if *self.failure.lock().unwrap() == Some(Failure::Hang) {
            self.hanging.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        let now = self.now();
        let mut chart = self.chart.lock().unwrap();
        for event in events {
            chart.apply(&TimedEvent { at: now, event: event.clone() });
            self.events.lock().unwrap().push(event);
        }
        let decisions = self.decisions.lock().unwrap().clone();
        for decision in &decisions {
            chart.record(decision, now);
        }
        let waits = *self.doubted.lock().unwrap();
        Ok(Recorded { chart: chart.clone(), decisions, now, next_due: None, waits, assessed: None })
    }

    async fn start_again(&self, _: &PatientId) -> Result<(), RecordError> {
        self.failing()?;
        self.calls.lock().unwrap().push("start_again");
        Ok(())
    }

    async fn send_fresh_link(&self, _: &PatientId) -> Result<(), RecordError> {
        self.failing()?;
        self.calls.lock().unwrap().push("send_fresh_link");
        Ok(())
    }

    fn book(&self) -> Arc<RuleBook> {
        self.book.clone()
    }

    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    fn clock_in_doubt(&self) -> bool {
        *self.doubted.lock().unwrap()
    }

    fn notice(&self) -> Option<String> {
        self.notice.lock().unwrap().clone()
    }
}

impl Fake {
    /// A call the pages have no business making.
    pub(super) fn not_for_pages<T>(&self, method: &'static str) -> afterrun_store::Result<T> {
        self.calls.lock().unwrap().push(method);
        Err(StoreError::Backend(format!("the pages must not call {method}")))
    }
}

#[async_trait]
impl Store for Fake {
    async fn link(&self, token_hash: &[u8; 32]) -> afterrun_store::Result<Option<Link>> {
        match *self.failure.lock().unwrap() {
            Some(Failure::StoreDown) => Err(StoreError::Backend("no such disk".to_owned())),
            Some(Failure::PagePanic) => panic!("page bug"),
            _ => Ok(self.links.lock().unwrap().get(token_hash).cloned()),
        }
    }

    async fn patient(&self, id: &PatientId) -> afterrun_store::Result<Patient> {
        Ok(self.chart(id).await?.patient)
    }

    async fn chart(&self, id: &PatientId) -> afterrun_store::Result<StoredChart> {
        let patient = self.patient.lock().unwrap().clone();
        if patient.id != *id {
            return Err(StoreError::NotFound { what: "patient", id: id.to_string() });
        }
        Ok(StoredChart {
            patient,
            chart: self.chart.lock().unwrap().clone(),
            version: ChartVersion { number: 1, row: None },
            waiting: Vec::new(),
        })
    }

    async fn add_patient(&self, _: NewPatient, _: DateTime<Utc>) -> afterrun_store::Result<PatientId> {
        self.not_for_pages("add_patient")
    }

    async fn patient_by_email(&self, _: &str) -> afterrun_store::Result<Option<Patient>> {
        self.not_for_pages("patient_by_email")
    }

    async fn patients(&self, _: Option<&str>, _: u32) -> afterrun_store::Result<Page<Patient>> {
        self.not_for_pages("patients")
    }

    async fn events(&self, _: &PatientId) -> afterrun_store::Result<Vec<TimedEvent>> {
        self.not_for_pages("events")
    }

    async fn commit(&self, _: Turn) -> afterrun_store::Result<()> {
        self.not_for_pages("commit")
    }

    async fn commit_address(&self, _: Turn, _: &str) -> afterrun_store::Result<()> {
        self.not_for_pages("commit_address")
    }

    async fn note_unreadable(
        &self,
        _: &PatientId,
        _: afterrun_store::NewWorkItem,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<()> {
        self.not_for_pages("note_unreadable")
    }

    async fn unreadable(&self, _: u32) -> afterrun_store::Result<Vec<WorkItem>> {
        self.not_for_pages("unreadable")
    }

    async fn waiting_patients(&self, _: u32) -> afterrun_store::Result<Vec<PatientId>> {
        self.not_for_pages("waiting_patients")
    }

    async fn due_patients(&self, _: DateTime<Utc>, _: u32) -> afterrun_store::Result<Vec<PatientId>> {
        self.not_for_pages("due_patients")
    }

    async fn next_due(&self) -> afterrun_store::Result<Option<DateTime<Utc>>> {
        self.not_for_pages("next_due")
    }

    async fn make_all_due(&self, _: DateTime<Utc>) -> afterrun_store::Result<u64> {
        self.not_for_pages("make_all_due")
    }

    async fn claim(&self, _: Claim) -> afterrun_store::Result<Vec<OutboxMessage>> {
        self.not_for_pages("claim")
    }

    async fn begin_transmit(
        &self,
        _: MessageKey,
        _: &str,
        _: DateTime<Utc>,
        _: &[&'static str],
    ) -> afterrun_store::Result<bool> {
        self.not_for_pages("begin_transmit")
    }

    async fn settle(
        &self,
        _: MessageKey,
        _: &str,
        _: DateTime<Utc>,
        _: Settlement,
    ) -> afterrun_store::Result<bool> {
        self.not_for_pages("settle")
    }

    async fn try_again(&self, _: MessageKey, _: DateTime<Utc>) -> afterrun_store::Result<bool> {
        self.not_for_pages("try_again")
    }

    async fn left_for_patients(
        &self,
        _: DateTime<Utc>,
        _: u32,
    ) -> afterrun_store::Result<Vec<DateTime<Utc>>> {
        self.not_for_pages("left_for_patients")
    }

    async fn release(&self, _: &[MessageKey], _: &str) -> afterrun_store::Result<()> {
        self.not_for_pages("release")
    }

    async fn recover(&self, _: &[String], _: DateTime<Utc>) -> afterrun_store::Result<(u64, u64)> {
        self.not_for_pages("recover")
    }

    async fn next_message_due(&self) -> afterrun_store::Result<Option<DateTime<Utc>>> {
        self.not_for_pages("next_message_due")
    }

    async fn add_clinic_message(&self, _: NewMessage, _: DateTime<Utc>) -> afterrun_store::Result<bool> {
        self.not_for_pages("add_clinic_message")
    }

    async fn messages(
        &self,
        _: Option<&PatientId>,
        _: Option<&str>,
        _: u32,
    ) -> afterrun_store::Result<Page<Message>> {
        self.not_for_pages("messages")
    }

    async fn message(&self, _: MessageKey) -> afterrun_store::Result<Message> {
        self.not_for_pages("message")
    }

    async fn attempts(&self, _: MessageKey) -> afterrun_store::Result<Vec<Attempt>> {
        self.not_for_pages("attempts")
    }

    async fn queue_depth(&self, _: DateTime<Utc>) -> afterrun_store::Result<QueueDepth> {
        self.not_for_pages("queue_depth")
    }

    async fn work_items(&self, _: Option<&str>, _: u32) -> afterrun_store::Result<Page<WorkItem>> {
        self.not_for_pages("work_items")
    }

    async fn enrol(
        &self,
        _: Vec<afterrun_store::Enrolment>,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<Vec<PatientId>> {
        self.not_for_pages("enrol")
    }

    async fn commit_all(&self, _: Vec<Turn>) -> afterrun_store::Result<()> {
        self.not_for_pages("commit_all")
    }

    async fn erase_patient(
        &self,
        _: &PatientId,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<Vec<afterrun_store::Erased>> {
        self.not_for_pages("erase_patient")
    }

    async fn scrub(&self) -> afterrun_store::Result<()> {
        self.not_for_pages("scrub")
    }

    async fn patient_work_items(
        &self,
        _: &PatientId,
        _: Option<&str>,
        _: u32,
    ) -> afterrun_store::Result<Page<WorkItem>> {
        self.not_for_pages("patient_work_items")
    }

    async fn message_by_return_path(
        &self,
        _: Option<MailPlace>,
        _: &str,
    ) -> afterrun_store::Result<Option<Message>> {
        self.not_for_pages("message_by_return_path")
    }

    async fn note_bounce(
        &self,
        _: MessageKey,
        _: DateTime<Utc>,
        _: &str,
        _: afterrun_store::Bounced,
    ) -> afterrun_store::Result<bool> {
        self.not_for_pages("note_bounce")
    }

    async fn add_user(
        &self,
        _: afterrun_store::NewUser,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<afterrun_store::UserKey> {
        self.not_for_pages("add_user")
    }

    async fn user_by_email(&self, _: &str) -> afterrun_store::Result<Option<afterrun_store::User>> {
        self.not_for_pages("user_by_email")
    }

    async fn users(&self, _: Option<&str>, _: u32) -> afterrun_store::Result<Page<afterrun_store::User>> {
        self.not_for_pages("users")
    }

    async fn add_first_user(
        &self,
        _: afterrun_store::NewUser,
        _: &str,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<Option<afterrun_store::UserKey>> {
        self.not_for_pages("add_first_user")
    }

    async fn set_password(
        &self,
        _: afterrun_store::UserKey,
        _: Option<&str>,
        _: &str,
        _: &str,
        _: Option<NewMessage>,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<bool> {
        self.not_for_pages("set_password")
    }

    async fn set_looked(&self, _: &afterrun_store::User, _: DateTime<Utc>) -> afterrun_store::Result<()> {
        self.not_for_pages("set_looked")
    }

    async fn begin_session(
        &self,
        _: &[u8; 32],
        _: afterrun_store::UserKey,
        _: &str,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<bool> {
        self.not_for_pages("begin_session")
    }

    async fn session(&self, _: &[u8; 32]) -> afterrun_store::Result<Option<afterrun_store::Session>> {
        self.not_for_pages("session")
    }

    async fn touch_session(&self, _: &[u8; 32], _: DateTime<Utc>) -> afterrun_store::Result<()> {
        self.not_for_pages("touch_session")
    }

    async fn end_session(&self, _: &[u8; 32]) -> afterrun_store::Result<()> {
        self.not_for_pages("end_session")
    }

    async fn end_sessions(&self, _: afterrun_store::UserKey) -> afterrun_store::Result<()> {
        self.not_for_pages("end_sessions")
    }

    async fn work_list(
        &self,
        _: afterrun_store::WorkFilter,
        _: Option<&str>,
        _: u32,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<Page<afterrun_store::WorkRow>> {
        self.not_for_pages("work_list")
    }

    async fn work_row(&self, _: &PatientId) -> afterrun_store::Result<Option<afterrun_store::WorkRow>> {
        self.not_for_pages("work_row")
    }

    async fn change_work(
        &self,
        _: &PatientId,
        _: afterrun_store::UserKey,
        _: afterrun_store::WorkChange,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<bool> {
        self.not_for_pages("change_work")
    }

    async fn work_history(
        &self,
        _: &PatientId,
        _: Option<&str>,
        _: u32,
    ) -> afterrun_store::Result<Page<afterrun_store::WorkLine>> {
        self.not_for_pages("work_history")
    }

    async fn scorecard(&self, _: DateTime<Utc>) -> afterrun_store::Result<afterrun_store::Scorecard> {
        self.not_for_pages("scorecard")
    }

    async fn audit_log(
        &self,
        _: Option<&str>,
        _: Option<&str>,
        _: u32,
    ) -> afterrun_store::Result<Page<afterrun_store::AuditLine>> {
        self.not_for_pages("audit_log")
    }

    async fn digest_items(&self, _: DateTime<Utc>, _: u32) -> afterrun_store::Result<Vec<WorkItem>> {
        self.not_for_pages("digest_items")
    }

    async fn add_digest(
        &self,
        _: &[i64],
        _: Vec<NewMessage>,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<()> {
        self.not_for_pages("add_digest")
    }

    async fn unacknowledged_items(&self, _: DateTime<Utc>, _: u32) -> afterrun_store::Result<Vec<WorkItem>> {
        self.not_for_pages("unacknowledged_items")
    }

    async fn next_work_due(&self, _: Option<TimeDelta>) -> afterrun_store::Result<Option<DateTime<Utc>>> {
        self.not_for_pages("next_work_due")
    }

    async fn add_escalation(
        &self,
        _: i64,
        _: Vec<NewMessage>,
        _: DateTime<Utc>,
    ) -> afterrun_store::Result<()> {
        self.not_for_pages("add_escalation")
    }

    async fn check_ins_opened(
        &self,
        _: DateTime<Utc>,
        _: Option<&str>,
        _: u32,
    ) -> afterrun_store::Result<Page<afterrun_store::OpenedCheckIn>> {
        self.not_for_pages("check_ins_opened")
    }

    async fn save_book(&self, _: StoredBook) -> afterrun_store::Result<DateTime<Utc>> {
        self.not_for_pages("save_book")
    }

    async fn last_good_book(&self) -> afterrun_store::Result<Option<StoredBook>> {
        self.not_for_pages("last_good_book")
    }

    async fn note_edit(&self, _: afterrun_store::NewRuleEdit) -> afterrun_store::Result<()> {
        self.not_for_pages("note_edit")
    }

    async fn forget_edit(&self, _: &BookHash) -> afterrun_store::Result<()> {
        self.not_for_pages("forget_edit")
    }

    async fn books(&self, _: Option<&str>, _: u32) -> afterrun_store::Result<Page<BookSpell>> {
        self.not_for_pages("books")
    }

    async fn book_spell(&self, _: &BookHash) -> afterrun_store::Result<Option<BookSpell>> {
        self.not_for_pages("book_spell")
    }

    async fn book_files(&self, _: &BookHash) -> afterrun_store::Result<BookFiles> {
        self.not_for_pages("book_files")
    }

    async fn book_messages(
        &self,
        _: &BookHash,
        _: Option<&str>,
        _: u32,
    ) -> afterrun_store::Result<Page<Message>> {
        self.not_for_pages("book_messages")
    }

    async fn save_refused(&self, _: afterrun_store::NewRefusedBook) -> afterrun_store::Result<()> {
        self.not_for_pages("save_refused")
    }

    async fn refused_books(
        &self,
        _: Option<&str>,
        _: u32,
    ) -> afterrun_store::Result<Page<afterrun_store::RefusedBook>> {
        self.not_for_pages("refused_books")
    }

    async fn setting(&self, _: &str) -> afterrun_store::Result<Option<String>> {
        self.not_for_pages("setting")
    }

    async fn set_setting(&self, _: &str, _: Option<&str>) -> afterrun_store::Result<()> {
        self.not_for_pages("set_setting")
    }

    async fn audit(&self, _: DateTime<Utc>, _: &str, _: &str, _: &str) -> afterrun_store::Result<()> {
        self.not_for_pages("audit")
    }

    async fn ping(&self) -> afterrun_store::Result<()> {
        self.not_for_pages("ping")
    }

    async fn backup(&self, _: &Path) -> afterrun_store::Result<()> {
        self.not_for_pages("backup")
    }
}
