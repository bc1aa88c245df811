//! What the runner's pages ask for, carried out: every event is a turn.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use afterrun_rules::{
    Event, Reason, RuleBook, TimedEvent, chart::Chart, chart::Reach, decision::Audience, ids::PatientId,
};
use afterrun_store::{
    Enrolment, LinkScope, NewLink, NewMessage, NewPatient, Patient, StoreError, StoredChart,
};
use afterrun_web::{RecordError, Recorded, Recorder};
use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    carried_through::CarriedThrough,
    clinic_mail,
    clock::Clock,
    compose::{Composer, When},
    token::random_id,
    turn::{Extras, Taken, TurnError, Turns},
    wake::Wake,
};

/// Minutes between two fresh links for one patient: enough for a mail that is slow, too few for a nuisance.
const FRESH_LINK_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Days a fresh link to the runner's page works.
const FRESH_LINK_DAYS: TimeDelta = TimeDelta::days(14);

/// Patients remembered for that limit; beyond it the oldest are forgotten with the rest.
const REMEMBERED_AT_MOST: usize = 10_000;

/// Records what runners tell us.
pub struct Recording {
    turns: Arc<Turns>,
    clock: Arc<dyn Clock>,
    wake: Arc<Wake>,
    /// What every page shows above its content.
    pub notice: ArcSwapOption<String>,
    fresh_links: Mutex<HashMap<PatientId, DateTime<Utc>>>,
}

impl Recording {
    /// `wake` is rung after every event, so that what follows from it leaves at once.
    #[must_use]
    pub fn new(turns: Arc<Turns>, clock: Arc<dyn Clock>, wake: Arc<Wake>) -> Self {
        Self { turns, clock, wake, notice: ArcSwapOption::empty(), fresh_links: Mutex::default() }
    }

    /// Records events on the chart as it was seen just now, if it was.
    async fn turn(
        &self,
        patient: &PatientId,
        seen: Option<StoredChart>,
        events: Vec<Event>,
    ) -> Result<Recorded, RecordError> {
        let now = self.clock.now();
        let events: Vec<TimedEvent> = events.into_iter().map(|event| TimedEvent { at: now, event }).collect();
        let (turns, wake, whose) = (self.turns.clone(), self.wake.clone(), patient.clone());
        let turn = CarriedThrough::new(async move {
            let taken = turns.take_on(seen, &whose, &events, &Extras::default(), now).await;
            if taken.is_ok() {
                wake.ring();
            }
            taken
        });
        let taken = turn.await.map_err(|crash| unavailable(patient, &crash))?;
        let taken = taken.map_err(|error| refusal(patient, error))?;
        let Taken { chart, decisions, next_due, waits, assessed, .. } = taken;
        Ok(Recorded { chart, decisions, now, next_due, waits, assessed })
    }

    /// What makes an enrolment or a mail bears a time, and there is none now.
    fn needs_the_clock(&self, now: DateTime<Utc>) -> Result<(), RecordError> {
        if self.turns.belief.is_in_doubt(now) {
            return Err(RecordError::Unavailable(TurnError::ClockInDoubt.to_string()));
        }
        Ok(())
    }

    /// Whether a fresh link may be sent now; counts it if so.
    fn may_send_fresh_link(&self, patient: &PatientId, now: DateTime<Utc>) -> bool {
        let mut sent = self.fresh_links.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() >= REMEMBERED_AT_MOST {
            sent.clear();
        }
        let recent = sent.get(patient).is_some_and(|at| now - *at < FRESH_LINK_EVERY);
        if !recent {
            sent.insert(patient.clone(), now);
        }
        !recent
    }
}

#[async_trait]
impl Recorder for Recording {
    async fn record(&self, patient: &PatientId, events: Vec<Event>) -> Result<Recorded, RecordError> {
        self.turn(patient, None, events).await
    }

    async fn record_on(&self, seen: StoredChart, events: Vec<Event>) -> Result<Recorded, RecordError> {
        let patient = seen.patient.id.clone();
        self.turn(&patient, Some(seen), events).await
    }

    async fn start_again(&self, patient: &PatientId) -> Result<(), RecordError> {
        let now = self.clock.now();
        self.needs_the_clock(now)?;
        let store = &self.turns.store;
        let before = store.patient(patient).await.map_err(|error| refusal(patient, error.into()))?;
        if before.stopped_at.is_none() {
            return Ok(());
        }
        let random = random_id().map_err(|error| refusal(patient, error.into()))?;
        let again = NewPatient {
            id: Some(random.into()),
            name: before.name,
            email: before.email,
            time_zone: before.time_zone,
            language: before.language,
            units: before.units,
            reach: if before.reach == Reach::Dead { Reach::Unconfirmed } else { before.reach },
        };
        // In one: an address that has to be confirmed anew is asked for it, or nothing would ever come.
        let enrolment = enrolment(&self.turns, again, now).map_err(|error| refusal(patient, error))?;
        let ids = store.enrol(vec![enrolment], now).await.map_err(|error| refusal(patient, error.into()))?;
        let Some(id) = ids.into_iter().next() else { return Ok(()) };
        tracing::info!(before = %patient, patient = %id, "enrolled again");
        self.turns.take(&id, &[], &Extras::default(), now).await.map_err(|error| refusal(&id, error))?;
        self.wake.ring();
        Ok(())
    }

    async fn send_fresh_link(&self, patient: &PatientId) -> Result<(), RecordError> {
        let now = self.clock.now();
        self.needs_the_clock(now)?;
        if !self.may_send_fresh_link(patient, now) {
            return Err(RecordError::Busy("a link was sent a few minutes ago".to_owned()));
        }
        let stored = self.turns.store.chart(patient).await;
        let stored = stored.map_err(|error| refusal(patient, error.into()))?;
        if stored.chart.stopped_at.is_some() || stored.chart.reach == Reach::Dead {
            return Err(RecordError::Refused("This address gets no more mail.".to_owned()));
        }
        let live = self.turns.rules.current();
        let composer =
            Composer { live: &live, letterhead: &self.turns.letterhead, patient: &stored.patient, now };
        // An address that nobody has confirmed may be a stranger's: no link to anything about health.
        let extras = match stored.chart.reach {
            Reach::Unconfirmed => confirm_address(&composer),
            _ => fresh_link(&composer, &stored.chart),
        };
        let extras = extras.map_err(|error| refusal(patient, error))?;
        self.turns.take(patient, &[], &extras, now).await.map_err(|error| refusal(patient, error))?;
        self.wake.ring();
        Ok(())
    }

    fn book(&self) -> Arc<RuleBook> {
        self.turns.rules.current().book.clone()
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn clock_in_doubt(&self) -> bool {
        self.turns.belief.is_in_doubt(self.clock.now())
    }

    fn notice(&self) -> Option<String> {
        self.notice.load_full().map(|notice| (*notice).clone())
    }
}

/// A link to the newest check-in that is still open, or else to the runner's page.
fn fresh_link(composer: &Composer<'_>, chart: &Chart) -> Result<Extras, TurnError> {
    let open = chart.check_ins.iter().rev().find(|check_in| check_in.expires_at > composer.now);
    let (scope, expires_at) = match open {
        Some(check_in) => {
            let scope = LinkScope::CheckIn { check_in: check_in.id.clone(), about_day: check_in.about_day };
            (scope, check_in.expires_at)
        }
        None => (LinkScope::MyPage, composer.now + FRESH_LINK_DAYS),
    };
    let (url, link) = composer.letterhead.link(composer.now, scope, Some(expires_at))?;
    let reason = Reason::new("fresh-link", "The runner asked for a new link.");
    let identity = format!("fresh-link/{}", composer.now.timestamp());
    note_to_patient(composer, &clinic_mail::fresh_link(&url), link, identity, reason)
}

/// The mail that asks for the address to be confirmed, and its link.
///
/// # Errors
/// When there is no randomness for the link.
pub(crate) fn confirm_address(composer: &Composer<'_>) -> Result<Extras, TurnError> {
    let (url, link) =
        composer.letterhead.link(composer.now, LinkScope::Confirm, Some(composer.now + FRESH_LINK_DAYS))?;
    let text = clinic_mail::confirm_address(&url, &composer.live.book.clinic.name);
    let reason =
        Reason::new("confirm-address", "Nothing about health is sent before the address is confirmed.");
    note_to_patient(composer, &text, link, format!("{CONFIRM}/{}", composer.now.timestamp()), reason)
}

/// A new patient with the mail that asks to confirm the address, if it has to be.
///
/// # Errors
/// When there is no randomness for the link.
pub(crate) fn enrolment(turns: &Turns, new: NewPatient, now: DateTime<Utc>) -> Result<Enrolment, TurnError> {
    if new.reach == Reach::Confirmed {
        return Ok(Enrolment { patient: new, messages: Vec::new(), links: Vec::new() });
    }
    let patient = Patient {
        id: new.id.clone().unwrap_or_else(|| PatientId::from("")),
        name: new.name.clone(),
        email: new.email.clone(),
        time_zone: new.time_zone,
        language: new.language.clone(),
        units: new.units,
        enrolled_at: now,
        reach: new.reach,
        stopped_at: None,
        next_due: None,
    };
    let live = turns.rules.current();
    let letterhead = &turns.letterhead;
    let extras = confirm_address(&Composer { live: &live, letterhead, patient: &patient, now })?;
    Ok(Enrolment { patient: new, messages: extras.messages, links: extras.links })
}

/// Begins the identity of mails that ask for an address to be confirmed.
pub(crate) const CONFIRM: &str = "confirm-address";

fn note_to_patient(
    composer: &Composer<'_>,
    text: &clinic_mail::Text,
    link: NewLink,
    identity_text: String,
    reason: Reason,
) -> Result<Extras, TurnError> {
    let when = When { due_at: composer.now, stale_at: link.expires_at };
    let rendered = clinic_mail::render(&composer.live.book, text).map_err(|why| why.to_string());
    let mail = match rendered {
        Ok(rendered) => composer.to_patient(rendered, link.place(), None, None, when)?,
        Err(why) => Err(why),
    };
    let mail = mail.map_err(TurnError::NotWritten)?;
    let message = NewMessage {
        entry: None,
        identity_text,
        audience: Audience::Patient,
        reason,
        facts: Default::default(),
        mail: Some(mail),
    };
    Ok(Extras { messages: vec![message], links: vec![link], ..Extras::default() })
}

fn refusal(patient: &PatientId, error: TurnError) -> RecordError {
    match &error {
        TurnError::Store(StoreError::Conflict(_)) => RecordError::Busy("the chart keeps changing".to_owned()),
        TurnError::Store(StoreError::NotFound { .. }) => RecordError::Refused("not known".to_owned()),
        TurnError::Store(StoreError::Exists { .. }) => {
            RecordError::Refused("You are enrolled already.".to_owned())
        }
        _ => unavailable(patient, &error),
    }
}

fn unavailable(patient: &PatientId, error: &dyn std::fmt::Display) -> RecordError {
    tracing::error!(%patient, %error, "an event could not be recorded");
    RecordError::Unavailable("the store does not answer".to_owned())
}
