//! A clinic with one runner and its users, and a browser that keeps its cookie.

use std::sync::{Arc, Mutex};

use afterrun_rules::{
    Event, Reason, RuleBook, TimedEvent, book::TellClinic, chart::Reach, decision::Audience, ids::PatientId,
};
use afterrun_store::{
    AuditLine, Claim, Mail, NewMessage, NewPatient, NewUser, NewWorkItem, Role, Settlement, Sqlite, Store,
    StoreError, Turn, USER_LINK, Units, UserLinkKind, Waiting,
};
use afterrun_web::{
    AccountMail, Console, Desk, Machinery, RecordError, Recorded, Recorder, RejectedEdit, TrustedProxies,
    UserMail, console_routes, hash_password, new_set_up_token, token_hash,
};
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use chrono::{DateTime, TimeDelta, Utc};
use tower::ServiceExt;

use crate::rules_folder::Folder;

pub const PASSWORD: &str = "one two three four five";

pub fn start() -> DateTime<Utc> {
    "2026-03-30T14:00:00Z".parse().unwrap()
}

/// What a test has happen in the middle of something.
type Happening = Box<dyn FnOnce() + Send>;

/// Records into the store what pages ask for, deciding nothing.
pub struct Clinic {
    pub store: Arc<dyn Store>,
    pub now: Mutex<DateTime<Utc>>,
    pub events: Mutex<Vec<Event>>,
    pub rejected: Mutex<Option<String>>,
    pub rules: Arc<Folder>,
    pub machinery: Mutex<Machinery>,
    /// What happens when the clock has been looked at so often more.
    pub at_look: Mutex<Option<(u32, Happening)>>,
    /// The clock is in doubt: what is recorded waits.
    pub doubted: Mutex<bool>,
    /// What was asked of the machinery.
    pub asked: Mutex<Vec<String>>,
    book: Arc<RuleBook>,
    base_url: &'static str,
}

impl Clinic {
    pub async fn new() -> Arc<Self> {
        Self::at("https://clinic.example").await
    }

    /// With the users `viewer`, `clinician` and `admin` and the runner `p-17`.
    pub async fn at(base_url: &'static str) -> Arc<Self> {
        let clinic = Self::without_users(base_url).await;
        let password_hash = hash_password(PASSWORD).unwrap();
        for (name, role) in [("viewer", Role::Viewer), ("clinician", Role::Clinician), ("admin", Role::Admin)]
        {
            let email = format!("{name}@clinic.example");
            let user = NewUser { email, role, password_hash: password_hash.clone() };
            clinic.store.add_user(user, start()).await.unwrap();
        }
        clinic
    }

    pub async fn without_users(base_url: &'static str) -> Arc<Self> {
        let store: Arc<dyn Store> = Arc::new(Sqlite::in_memory().unwrap());
        let runner = NewPatient {
            id: Some("p-17".into()),
            name: "Sam <Rivera>".to_owned(),
            email: "sam@runner.example".to_owned(),
            time_zone: chrono_tz::America::Chicago,
            language: "en".to_owned(),
            units: Units::Miles,
            reach: Reach::Confirmed,
        };
        store.add_patient(runner, start() - TimeDelta::days(9)).await.unwrap();
        Arc::new(Self {
            store,
            now: Mutex::new(start()),
            events: Mutex::default(),
            rejected: Mutex::default(),
            rules: Arc::default(),
            machinery: Mutex::default(),
            doubted: Mutex::default(),
            asked: Mutex::default(),
            at_look: Mutex::default(),
            book: Arc::new(crate::book::book()),
            base_url,
        })
    }

    pub fn router(self: &Arc<Self>) -> Router {
        console_routes(Console {
            store: self.store.clone(),
            recorder: self.clone(),
            desk: self.clone(),
            rules: self.rules.clone(),
            base_url: self.base_url.to_owned(),
            proxies: TrustedProxies::read(&["10.89.0.0/24"]).unwrap(),
        })
    }

    pub fn browser(self: &Arc<Self>) -> Browser {
        Browser { router: self.router(), cookie: None, origin: self.base_url.to_owned() }
    }

    /// A browser in which a user has signed in.
    pub async fn signed_in(self: &Arc<Self>, name: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(&format!("{name}@clinic.example"), PASSWORD).await.is(303);
        browser
    }

    pub fn pass(&self, time: TimeDelta) {
        *self.now.lock().unwrap() += time;
    }

    /// Whether the clock is in doubt.
    pub fn doubt(&self, doubted: bool) {
        *self.doubted.lock().unwrap() = doubted;
    }

    /// Something to do about the runner.
    pub async fn raise(&self, identity: &str, level: TellClinic, code: &str) {
        let item = NewWorkItem {
            identity_text: identity.to_owned(),
            flag: self.book.flags.first().map(|flag| flag.id.clone()),
            level,
            reason: Reason::new(code, format!("because of {identity}")),
            digest_due: None,
        };
        self.commit(Vec::new(), vec![item]).await;
    }

    /// A mail to the runner; its number.
    pub async fn message_to_the_runner(&self) -> i64 {
        let stored = self.store.chart(&"p-17".into()).await.unwrap();
        let now = *self.now.lock().unwrap();
        let ask = UserMail {
            to: "sam@runner.example",
            path: "how it was sent",
            kind: UserLinkKind::Reset,
            expires_at: now,
            now,
        };
        let message = NewMessage {
            identity_text: "reminder/2026-03-30".to_owned(),
            audience: Audience::Patient,
            ..self.user_mail(&ask).unwrap().unwrap()
        };
        let turn = Turn {
            patient: stored.patient.id,
            version: stored.version,
            now,
            book: self.book.hash,
            events: Vec::new(),
            waits: Vec::new(),
            takes_in: false,
            check_ins: Vec::new(),
            links: Vec::new(),
            messages: vec![message],
            cancels: Vec::new(),
            work_items: Vec::new(),
            next_due: None,
        };
        self.store.commit(turn).await.unwrap();
        self.store.messages(Some(&"p-17".into()), None, 1).await.unwrap().rows[0].key.0
    }

    pub async fn happens(&self, json: &str) {
        self.commit(vec![serde_json::from_str(json).unwrap()], Vec::new()).await;
    }

    async fn commit(&self, events: Vec<Event>, work_items: Vec<NewWorkItem>) {
        let turn = self.turn(events, work_items).await;
        self.store.commit(turn).await.unwrap();
    }

    /// Told while the clock is in doubt.
    pub async fn keep_waiting(&self, events: Vec<Event>) {
        let mut turn = self.turn(events, Vec::new()).await;
        let told = turn.events.drain(..);
        turn.waits = told.map(|event| Waiting { event, told: false }).collect();
        self.store.commit(turn).await.unwrap();
    }

    async fn turn(&self, events: Vec<Event>, work_items: Vec<NewWorkItem>) -> Turn {
        let stored = self.store.chart(&"p-17".into()).await.unwrap();
        let now = *self.now.lock().unwrap();
        Turn {
            patient: stored.patient.id,
            version: stored.version,
            now,
            book: self.book.hash,
            events: events.into_iter().map(|event| TimedEvent { at: now, event }).collect(),
            waits: Vec::new(),
            takes_in: false,
            check_ins: Vec::new(),
            links: Vec::new(),
            messages: Vec::new(),
            cancels: Vec::new(),
            work_items,
            next_due: None,
        }
    }

    pub async fn audit(&self) -> Vec<AuditLine> {
        self.store.audit_log(None, None, 100).await.unwrap().rows
    }

    /// The path of the link in the only mail to this address that waits, and takes the mail off the queue.
    pub async fn link_mailed_to(&self, email: &str) -> Option<String> {
        let now = *self.now.lock().unwrap();
        let lease_until = now + TimeDelta::minutes(1);
        let claim = Claim {
            worker: "w".to_owned(),
            now,
            lease_until,
            limit: 100,
            pressing_limit: 0,
            hold_patients: true,
            only_emergencies: false,
        };
        let waiting = self.store.claim(claim).await.unwrap();
        let mut path = None;
        for message in waiting {
            if message.mail.recipient == email {
                assert!(path.is_none(), "one mail at a time");
                path = Some(String::from_utf8(message.mail.bytes.to_vec()).unwrap());
            }
            let sent = Settlement::Accepted { said: "250".to_owned() };
            assert!(self.store.settle(message.key, "w", now, sent).await.unwrap());
        }
        path
    }

    pub fn set_up_token(&self) -> (&'static str, String, String) {
        new_set_up_token().unwrap()
    }
}

#[async_trait]
impl Recorder for Clinic {
    async fn record(&self, patient: &PatientId, events: Vec<Event>) -> Result<Recorded, RecordError> {
        self.events.lock().unwrap().extend(events.iter().cloned());
        let waits = self.clock_in_doubt();
        if waits {
            self.keep_waiting(events).await;
        } else {
            self.commit(events, Vec::new()).await;
        }
        let chart = self.store.chart(patient).await.unwrap().chart;
        Ok(Recorded { chart, decisions: Vec::new(), now: self.now(), next_due: None, waits, assessed: None })
    }

    async fn start_again(&self, _: &PatientId) -> Result<(), RecordError> {
        Err(RecordError::Refused("the console starts nobody again".to_owned()))
    }

    async fn send_fresh_link(&self, _: &PatientId) -> Result<(), RecordError> {
        Err(RecordError::Refused("the console sends no link".to_owned()))
    }

    fn book(&self) -> Arc<RuleBook> {
        self.book.clone()
    }

    fn now(&self) -> DateTime<Utc> {
        let mut at_look = self.at_look.lock().unwrap();
        let happens = match at_look.take() {
            Some((0, happens)) => Some(happens),
            Some((looks, happens)) => {
                *at_look = Some((looks - 1, happens));
                None
            }
            None => None,
        };
        drop(at_look);
        if let Some(happens) = happens {
            happens();
        }
        *self.now.lock().unwrap()
    }

    fn clock_in_doubt(&self) -> bool {
        *self.doubted.lock().unwrap()
    }

    fn notice(&self) -> Option<String> {
        None
    }
}

#[async_trait]
impl Desk for Clinic {
    fn user_mail(&self, ask: &UserMail<'_>) -> Result<Option<NewMessage>, StoreError> {
        if ask.to.contains("unwritable") {
            return Ok(None);
        }
        Ok(Some(NewMessage {
            entry: None,
            identity_text: format!("{USER_LINK}{:?}", token_hash(ask.path)),
            audience: Audience::Clinic,
            reason: Reason::new("user-mail", "somebody asked"),
            facts: Default::default(),
            mail: Some(Mail {
                recipient: ask.to.to_owned(),
                due_at: ask.now,
                stale_at: Some(ask.expires_at),
                place: None,
                message_id: format!("<{}>", ask.path),
                envelope_from: "b@clinic.example".to_owned(),
                subject: "A link".to_owned(),
                bytes: ask.path.as_bytes().into(),
                like: None,
            }),
        }))
    }

    fn account_mail(&self, mail: &AccountMail<'_>) -> Result<Option<NewMessage>, StoreError> {
        let path = format!("{:?} at {}", mail.change, mail.now);
        let ask = UserMail {
            to: mail.to,
            path: &path,
            kind: UserLinkKind::Reset,
            expires_at: mail.now + TimeDelta::days(1),
            now: mail.now,
        };
        let mail = self.user_mail(&ask)?;
        Ok(mail.map(|mail| NewMessage { identity_text: format!("user-news/{path}"), ..mail }))
    }

    async fn machinery(&self) -> Result<Machinery, StoreError> {
        Ok(self.machinery.lock().unwrap().clone())
    }

    async fn hold(&self, why: &str) -> Result<(), StoreError> {
        self.machinery.lock().unwrap().held = Some(why.to_owned());
        Ok(())
    }

    async fn release(&self) -> Result<(), StoreError> {
        self.machinery.lock().unwrap().held = None;
        Ok(())
    }

    async fn try_mail_now(&self, _: DateTime<Utc>) -> Result<(), StoreError> {
        self.asked.lock().unwrap().push("try-now".to_owned());
        Ok(())
    }

    fn ring(&self) {
        self.asked.lock().unwrap().push("ring".to_owned());
    }

    fn book_since(&self) -> DateTime<Utc> {
        start() - TimeDelta::days(30)
    }

    fn rejected(&self) -> Option<RejectedEdit> {
        let findings = self.rejected.lock().unwrap().clone()?;
        Some(RejectedEdit { at: start(), findings })
    }

    fn mail_trouble(&self) -> Option<String> {
        None
    }

    fn mail_text(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn version(&self) -> &'static str {
        "1.2.3"
    }

    async fn change_address(&self, _: &PatientId, email: &str) -> Result<(), RecordError> {
        match email {
            "new@runner.example" => Ok(()),
            _ => Err(RecordError::Refused("this is no mail address".to_owned())),
        }
    }

    async fn export(&self, patient: &PatientId) -> Result<String, RecordError> {
        Ok(format!("{{\"patient\":\"{patient}\"}}"))
    }
}

/// A browser that keeps one cookie.
#[derive(Clone)]
pub struct Browser {
    pub router: Router,
    pub cookie: Option<String>,
    pub origin: String,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    /// Posts a form as our own page would, with the token of the session.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token().await;
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        self.post_bare(path, &all).await
    }

    /// Without the token.
    pub async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, &self.origin)
            .header(header::HOST, "clinic.example");
        self.send(request, body).await
    }

    pub async fn form_token(&mut self) -> String {
        let page = self.get("/console/account").await.html;
        let value = page.split_once("name=\"token\" value=\"").map(|(_, rest)| rest);
        value.and_then(|rest| rest.split_once('"')).map_or(String::new(), |(token, _)| token.to_owned())
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post_bare("/console/sign-in", &[("email", email), ("password", password)]).await
    }

    pub async fn send(&mut self, mut request: axum::http::request::Builder, body: String) -> Answer {
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        let html = String::from_utf8(to_bytes(body, 1 << 22).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, html }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.html);
        self
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.html.contains(words), "`{words}` is missing in:\n{}", self.html);
        self
    }

    #[track_caller]
    pub fn lacks(&self, words: &str) -> &Self {
        assert!(!self.html.contains(words), "`{words}` must not stand in:\n{}", self.html);
        self
    }
}
