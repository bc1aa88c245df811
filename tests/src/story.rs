//! A clinic, a runner and a mail server, so that a test can tell what happens to them day by day.

use std::path::PathBuf;

use afterrun_rules::decision::Audience;
use afterrun_store::{Options, Sqlite, Store};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use tokio::runtime::Runtime;

use crate::{
    daemon::{Clinic, Daemon, Page, get, post},
    mailbox::ReceivedMail,
    smtp_server::{ServerOptions, SmtpServer},
};

/// The runner's clock.
pub const ZONE: Tz = Tz::Europe__London;

/// A mail as it arrived.
pub struct Arrived {
    /// The recipient of the envelope.
    pub to: String,
    /// When the daemon's clock showed what.
    pub at: DateTime<Utc>,
    /// The mail.
    pub mail: ReceivedMail,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What happens when the test says so: the daemon goes on, or is killed and started again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// Nothing happens between two steps.
    Calm,
    /// The daemon is killed between two steps.
    Killed,
}

/// The world of one story.
pub struct World {
    /// The clinic on disk.
    pub clinic: Clinic,
    daemon: Option<Daemon>,
    smtp: SmtpServer,
    runtime: Runtime,
    now: DateTime<Utc>,
    between: Between,
    arrived: Vec<Arrived>,
}

/// An instant of the runner's wall clock.
///
/// # Panics
///
/// There is no such time.
#[must_use]
#[expect(clippy::expect_used, reason = "support code of tests")]
pub fn local(date: &str, time: &str) -> DateTime<Utc> {
    let date: NaiveDate = date.parse().expect("a date");
    let time: NaiveTime = format!("{time}:00").parse().expect("a time");
    ZONE.from_local_datetime(&date.and_time(time)).single().expect("the time exists once").to_utc()
}

impl World {
    /// A clinic with the shipped rules, its daemon running, mail going to a server of its own.
    ///
    /// # Panics
    ///
    /// Something of it does not start.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn new(start: DateTime<Utc>, between: Between) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let smtp = runtime.block_on(SmtpServer::start(ServerOptions::default())).expect("a mail server");
        let clinic = Clinic::new(Some(smtp.port()));
        let mut daemon = clinic.serve();
        daemon.at(start);
        Self { clinic, daemon: Some(daemon), smtp, runtime, now: start, between, arrived: Vec::new() }
    }

    /// The mail server.
    #[must_use]
    pub fn mail_server(&self) -> &SmtpServer {
        &self.smtp
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Runs a command of the operator's.
    pub fn run(&mut self, arguments: &[&str]) -> String {
        let output = self.clinic.run(self.now, arguments);
        self.settle();
        output
    }

    /// The daemon.
    ///
    /// # Panics
    ///
    /// It is being restarted.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("the daemon runs")
    }

    /// Lets time pass hour by hour, as nobody jumps over a morning; the nights, in which no mail goes out, in
    /// one step.
    pub fn pass_until(&mut self, until: DateTime<Utc>) {
        while self.now < until {
            let local = self.now.with_timezone(&ZONE);
            let step = if local.hour() >= 20 { 24 + 6 - i64::from(local.hour()) } else { 1 };
            let past_the_hour = TimeDelta::minutes(i64::from(local.minute()));
            self.now = until.min(self.now - past_the_hour + TimeDelta::hours(step));
            self.settle();
        }
    }

    /// Lets time pass in one step, as if nobody had been there.
    pub fn jump_to(&mut self, at: DateTime<Utc>) {
        self.now = at;
        self.settle();
    }

    /// Everything due is done, and what arrived is taken from the mail server.
    pub fn settle(&mut self) {
        if self.between == Between::Killed {
            if let Some(daemon) = self.daemon.take() {
                daemon.kill();
            }
            self.daemon = Some(self.clinic.serve());
        }
        let now = self.now;
        self.daemon().at(now);
        let taken = self.smtp.accepted();
        for mail in taken.into_iter().skip(self.arrived.len()) {
            let read = ReceivedMail::read(&mail.bytes);
            self.arrived.push(Arrived { to: mail.to.join(", "), at: now, mail: read, bytes: mail.bytes });
        }
    }

    /// Everything that arrived so far.
    #[must_use]
    pub fn arrived(&self) -> &[Arrived] {
        &self.arrived
    }

    /// The newest link with this in it among the mails to an address, as it is reached now: a daemon that was
    /// started again listens elsewhere.
    ///
    /// # Panics
    ///
    /// There is none.
    #[must_use]
    #[expect(clippy::panic, reason = "support code of tests")]
    pub fn link(&self, to: &str, part: &str) -> String {
        let of_person = self.arrived.iter().rev().filter(|arrived| arrived.to == to);
        let found = of_person.into_iter().find_map(|arrived| arrived.mail.link(part));
        let link = found.unwrap_or_else(|| panic!("no mail to {to} has a link with {part}"));
        let path = link.splitn(4, '/').nth(3).unwrap_or_default();
        let address = self.daemon.as_ref().map_or("", |daemon| &daemon.address);
        format!("{address}/{path}")
    }

    /// Opens a link and fills in the form behind it.
    ///
    /// # Panics
    ///
    /// The page is not a page.
    pub fn fill_in(&mut self, link: &str, fields: &[(&str, &str)]) -> Page {
        let page = get(link);
        assert_eq!(page.status, 200, "{link}: {}", page.words());
        let answer = post(link, fields);
        self.settle();
        answer
    }

    /// The outbox as the clinic can look it up: day on the runner's clock, recipient, what, why.
    ///
    /// # Panics
    ///
    /// The database cannot be read.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn outbox(&self) -> Vec<String> {
        let path: PathBuf = self.clinic.folder().join("data/afterrun.db");
        let store = Sqlite::open(&path, Options::tool()).expect("the database opens");
        let page = self.runtime.block_on(store.messages(None, None, 500)).expect("messages");
        assert!(page.next.is_none(), "more than 500 messages");
        let mut lines: Vec<_> = page
            .rows
            .into_iter()
            .map(|message| {
                let (recipient, at) = match &message.mail {
                    Some(mail) => (mail.recipient.clone(), mail.due_at),
                    None => ("-".to_owned(), message.decided_at),
                };
                let day = at.with_timezone(&ZONE).format("%m-%d %H:%M").to_string();
                let audience = match message.audience {
                    Audience::Patient => "patient",
                    Audience::Clinic => "clinic",
                };
                let what = message.message.map_or_else(|| message.identity_text.clone(), |id| id.to_string());
                (
                    at,
                    format!(
                        "{day} {audience:7} {recipient:24} {what:20} {:?}: {}",
                        message.state, message.reason.text
                    ),
                )
            })
            .collect();
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Stops the daemon as a service manager would.
    ///
    /// # Panics
    ///
    /// It does not end well.
    pub fn stop(mut self) {
        if let Some(daemon) = self.daemon.take() {
            assert!(daemon.stop(), "the daemon ended badly:\n{}", self.clinic.log());
        }
    }
}

/// A morning's answers: pain of this size, nothing else.
#[must_use]
pub fn pain(size: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("q.feeling", "pain"),
        ("q.worst_pain", size),
        ("q.quality", "dull"),
        ("q.with_movement", "same"),
        ("q.swelling", "none"),
        ("q.walking", "normal"),
        ("none", "1"),
    ]
}
