//! A clinic with many runners, a scripted mail server and a clock, stepped through a day by a test that counts.
//!
//! `story` follows one runner mail by mail; here it is numbers, instants and outcomes that matter.

use std::{collections::BTreeMap, sync::Arc};

use afterrun_rules::Event;
use afterrun_store::{Message, Store};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tokio::runtime::Runtime;

use crate::{
    crowd,
    daemon::{Clinic, Daemon},
    mailbox::ReceivedMail,
    smtp_server::{ServerOptions, SmtpServer, TakenMail},
};

/// A clinic, its runners and its mail server.
pub struct ClinicDay {
    /// The clinic on disk.
    pub clinic: Clinic,
    /// The mail server.
    pub smtp: SmtpServer,
    store: Arc<dyn Store>,
    daemon: Option<Daemon>,
    runtime: Runtime,
    now: DateTime<Utc>,
    arrived: Vec<(DateTime<Utc>, TakenMail)>,
}

/// The password of the mail server's account, where there is one.
pub const PASSWORD: &str = "correct horse battery staple";

impl ClinicDay {
    /// A clinic whose runners have all run a half marathon; `change` edits it before anything starts.
    ///
    /// # Panics
    ///
    /// Something of it does not start.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn new(
        fields: &str,
        change: impl FnOnce(&Clinic),
        runners: usize,
        zones: &[Tz],
        (ran, now): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let account = Some(("afterrun".to_owned(), PASSWORD.to_owned()));
        let options = ServerOptions { account, ..ServerOptions::default() };
        let smtp = runtime.block_on(SmtpServer::start(options)).expect("a mail server");
        let clinic = Clinic::configured(&format!(
            "smtp: (host: \"127.0.0.1\", port: {}, security: Plain, user: \"afterrun\", \
             password_file: \"password\"), {fields}",
            smtp.port()
        ));
        std::fs::write(clinic.folder().join("password"), PASSWORD).expect("the password can be written");
        change(&clinic);
        let store: Arc<dyn Store> = Arc::new(clinic.store());
        let mut day = Self { clinic, smtp, store, daemon: None, runtime, now, arrived: Vec::new() };
        day.enrol(runners, zones, ran);
        day.step_to(now);
        day
    }

    /// Adds runners, each with a half marathon that began at `ran`.
    pub fn enrol(&mut self, runners: usize, zones: &[Tz], ran: DateTime<Utc>) {
        self.runtime.block_on(crowd::enrol(&self.store, runners, zones, ran, self.now));
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Does everything that is due at an instant, and takes what arrived; starts the daemon if it is off.
    pub fn step_to(&mut self, at: DateTime<Utc>) {
        self.now = at;
        self.daemon.get_or_insert_with(|| self.clinic.serve()).at(at);
        let taken = self.smtp.accepted();
        let new = taken.into_iter().skip(self.arrived.len());
        self.arrived.extend(new.map(|mail| (at, mail)));
    }

    /// Has the daemon look at the rules folder now; what is in force then, or `rejected`.
    ///
    /// # Panics
    ///
    /// It is off.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn reload(&mut self) -> String {
        self.daemon.as_mut().expect("the daemon runs").reload()
    }

    /// Lets time pass step by step, up to and with `until`.
    pub fn pass(&mut self, until: DateTime<Utc>, step: TimeDelta) {
        while self.now < until {
            self.step_to(until.min(self.now + step));
        }
    }

    /// Switches the daemon off, as a service manager would.
    ///
    /// # Panics
    ///
    /// It does not end well.
    pub fn off(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            assert!(daemon.stop(), "the daemon ended badly:\n{}", self.clinic.log());
        }
    }

    /// Starts the daemon with these environment variables.
    pub fn serve_with(&mut self, variables: &[(&str, &str)]) {
        self.daemon = Some(self.clinic.serve_with(variables));
        self.step_to(self.now);
    }

    /// A path of the daemon's as a whole address.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        let address = self.daemon.as_ref().map_or("", |daemon| &daemon.address);
        format!("{address}{path}")
    }

    /// The newest link with this in it among the mails to an address, as it is reached now.
    ///
    /// # Panics
    ///
    /// There is none.
    #[must_use]
    #[expect(clippy::panic, reason = "support code of tests")]
    pub fn link(&self, to: &str, part: &str) -> String {
        for (_, mail) in self.arrived.iter().rev().filter(|(_, mail)| mail.to == [to]) {
            if let Some(link) = ReceivedMail::read(&mail.bytes).link(part) {
                return self.url(&format!("/{}", link.splitn(4, '/').nth(3).unwrap_or_default()));
            }
        }
        panic!("no mail to {to} has a link with {part}")
    }

    /// Mails taken by the server so far, each with the daemon's time.
    #[must_use]
    pub fn arrived(&self) -> &[(DateTime<Utc>, TakenMail)] {
        &self.arrived
    }

    /// How many mails an address has got.
    #[must_use]
    pub fn count_to(&self, address: &str) -> usize {
        self.arrived.iter().filter(|(_, mail)| mail.to == [address]).count()
    }

    /// The outbox by Message-ID; what has no mail by its identity.
    #[must_use]
    pub fn outbox(&self) -> BTreeMap<String, Message> {
        let messages = self.runtime.block_on(crowd::outbox(&*self.store));
        let key = |message: &Message| match &message.mail {
            Some(mail) => mail.message_id.clone(),
            None => format!("{}/{:?}", message.identity_text, message.patient),
        };
        messages.into_iter().map(|message| (key(&message), message)).collect()
    }

    /// The message a mail is, as the outbox has it.
    ///
    /// # Panics
    ///
    /// It is none of the outbox.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn message_of<'o>(&self, outbox: &'o BTreeMap<String, Message>, mail: &TakenMail) -> &'o Message {
        let read = ReceivedMail::read(&mail.bytes);
        let id = read.header("Message-ID").expect("a Message-ID");
        outbox.get(id).expect("what arrived is in the outbox")
    }

    /// Everything that is known of the runner with this number, in the order it became known.
    ///
    /// # Panics
    ///
    /// Nobody has this number.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn events(&self, number: usize) -> Vec<Event> {
        let events = self.runtime.block_on(async {
            let patient = self.store.patient_by_email(&crowd::address(number)).await.expect("the store");
            self.store.events(&patient.expect("the runner").id).await.expect("events")
        });
        events.into_iter().map(|event| event.event).collect()
    }

    /// A setting of the store's.
    ///
    /// # Panics
    ///
    /// The store refuses.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn setting(&self, key: &str) -> Option<String> {
        self.runtime.block_on(self.store.setting(key)).expect("the store")
    }
}
