//! What follows from the outcome of one attempt: for the message, for the circuit, for the patient, for the
//! people who have to know.

use afterrun_mail::{Class, Outcome, Stage};
use afterrun_rules::{
    Event, Reason, TimedEvent,
    book::TellClinic,
    decision::{Audience, Subject},
    ids::{FlagId, PatientId},
};
use afterrun_store::{MessageKey, NewWorkItem, OutboxMessage, Settlement, StoreError};
use chrono::{DateTime, TimeDelta, Utc};

use super::{Delivery, chance, lanes::domain_of};
use crate::{
    circuit::{Change, next_try},
    compose::next_digest,
    figures,
    turn::{Extras, TurnError},
};

/// Steps of the waits between tries that a fault of ours goes through: up to fifteen minutes, so that whoever
/// mends the server soon sees the mail leave.
const OUR_FAULT_STEPS: u32 = 3;

/// How long to wait before a message that may have been taken is sent again, byte for byte: after the first attempt
/// that nobody answered, and after the second. After the third a person has to look: a server that takes a mail and
/// does not say so three times within the hour has most likely delivered three copies.
const IN_DOUBT_WAITS: [TimeDelta; 2] = [TimeDelta::minutes(10), TimeDelta::minutes(60)];

/// How long a message is tried: five days, as RFC 5321 section 4.5.4.1 says for mail at large.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::days(5);

/// What an attempt led to, still to be stored.
pub(super) struct Ended {
    pub class: Class,
    attempts: u32,
    said: String,
    settlement: Settlement,
}

impl Delivery {
    /// What follows from an outcome for the message; the circuit and the lanes know of it when this returns.
    pub(super) fn learn(&self, message: &OutboxMessage, outcome: &Outcome, now: DateTime<Utc>) -> Ended {
        let class = outcome.class();
        let said = outcome.to_string();
        figures::attempt(outcome);
        let domain = domain_of(&message.mail.recipient);
        if self.with(|state| state.lanes.learn(&domain, outcome)) {
            // Without the domain: a clinic with its own would be known by it.
            tracing::warn!(message = message.key.0, "a mail domain asks us to go slower, and we do");
        }
        self.turn_circuit(message.audience, outcome, &said, now);
        let attempts = message.attempts + 1;
        let settlement = match class {
            Class::Accepted => Settlement::Accepted { said: said.clone() },
            Class::DeadAddress | Class::Refused => Settlement::Rejected { said: said.clone() },
            Class::InDoubt | Class::Retry | Class::OurFault if is_too_old(message, now) => {
                Settlement::Failed { error: said.clone() }
            }
            Class::InDoubt if message.in_doubt && !must_arrive(message) => Settlement::Failed {
                error: format!("twice without a clear answer, so it may have arrived: {said}"),
            },
            Class::InDoubt => match IN_DOUBT_WAITS.get(message.unanswered as usize) {
                Some(wait) => Settlement::Retry { at: now + *wait, error: said.clone(), in_doubt: true },
                None => Settlement::Failed {
                    error: format!("three times without a clear answer, so it may have arrived: {said}"),
                },
            },
            Class::OurFault => {
                // From the second time on later than the circuit opens: a message that only its own reader's
                // server does not want must not be each probe, for then nobody's mail would leave.
                let own = next_try(now, attempts.saturating_sub(1).min(OUR_FAULT_STEPS), chance());
                let at =
                    self.open_until().map_or(own, |open| if attempts > 1 { open.max(own) } else { open });
                Settlement::Retry { at, error: said.clone(), in_doubt: false }
            }
            Class::Retry => {
                let at = next_try(now, attempts, chance());
                Settlement::Retry { at, error: said.clone(), in_doubt: false }
            }
        };
        tracing::info!(message = message.key.0, attempts, outcome = ?class, "attempt");
        Ended { class, attempts, said, settlement }
    }

    /// Stores how an attempt ended, and does what follows from it for the patient and the clinic.
    pub(super) async fn settle(&self, message: &OutboxMessage, ended: Ended, now: DateTime<Utc>) {
        let Ended { class, attempts, said, settlement } = ended;
        // First what a person has to know, then the end: the other way round a crash between the two would leave
        // a message that ended badly and of which nobody ever hears.
        let is_dead = class == Class::DeadAddress && self.is_the_runners(message).await;
        let code = match (class, &settlement) {
            (Class::DeadAddress, _) => is_dead.then_some("address-dead"),
            (Class::Refused, _) => Some("mail-refused"),
            (Class::InDoubt, Settlement::Failed { .. }) => Some("mail-in-doubt"),
            (_, Settlement::Failed { .. }) => Some("mail-given-up"),
            _ => None,
        };
        let settlement = match code {
            Some(code) if !self.tell_clinic(&About::of(message), code, now).await => {
                let at = next_try(now, attempts, chance());
                Settlement::Retry { at, error: said, in_doubt: class == Class::InDoubt }
            }
            _ => settlement,
        };
        let ended = matches!(settlement, Settlement::Rejected { .. });
        self.record(message.key, now, settlement).await;
        if is_dead && ended {
            self.address_is_dead(message, now).await;
        }
    }

    fn turn_circuit(&self, audience: Audience, outcome: &Outcome, said: &str, now: DateTime<Utc>) {
        let change = self.with(|state| match outcome.class() {
            Class::Accepted => {
                if audience == Audience::Patient {
                    state.budget.spend(now);
                }
                state.circuit.worked()
            }
            Class::DeadAddress | Class::Refused => state.circuit.worked(),
            // Greylisting and full mailboxes are a recipient's affair: the server is well and talks to us.
            Class::Retry if is_about_recipient(outcome) => Change::None,
            Class::Retry | Class::InDoubt => state.circuit.failed(now, said),
            Class::OurFault => state.circuit.trip(now, said),
        });
        match change {
            Change::Opened => {
                tracing::error!(
                    server = said,
                    "the mail server does not take our mail: nothing is sent until it does, one message at a time is tried"
                );
            }
            Change::Closed => tracing::warn!("the mail server takes our mail again"),
            Change::None => {}
        }
    }

    /// Whether a mail went to the address its runner has now, and not to the clinic (shadow mode) or to an
    /// address the runner no longer has.
    async fn is_the_runners(&self, message: &OutboxMessage) -> bool {
        let (Audience::Patient, Some(patient)) = (message.audience, &message.patient) else {
            tracing::error!(message = message.key.0, "an address of the clinic does not exist");
            return false;
        };
        match self.turns.store.patient(patient).await {
            Ok(known) if known.email.eq_ignore_ascii_case(&message.mail.recipient) => true,
            Ok(_) => {
                tracing::error!(
                    message = message.key.0,
                    "an address that is not the runner's does not exist"
                );
                false
            }
            Err(why) => {
                tracing::error!(%patient, error = %why, "a dead address could not be recorded");
                false
            }
        }
    }

    /// No such mailbox: the chart learns of it. If that fails, the next mail finds out again.
    async fn address_is_dead(&self, message: &OutboxMessage, now: DateTime<Utc>) {
        let Some(patient) = &message.patient else { return };
        let events = [TimedEvent { at: now, event: Event::AddressDead {} }];
        if let Err(why) = self.turns.take(patient, &events, &Extras::default(), now).await {
            tracing::error!(%patient, error = %why, "a dead address could not be recorded");
        }
    }

    /// Puts trouble with a message on the runner's row of the work-list and into the next digest. False: that
    /// failed, and nobody knows yet.
    pub(super) async fn tell_clinic(&self, about: &About, code: &'static str, now: DateTime<Utc>) -> bool {
        let Some(patient) = &about.patient else {
            tracing::error!(message = about.key.0, code, "a mail to the clinic did not arrive");
            return true;
        };
        let digest = next_digest(&self.turns.rules.current().book, now);
        let extras = Extras { work_items: vec![work_item(about, code, digest)], ..Extras::default() };
        match self.turns.take(patient, &[], &extras, now).await {
            Ok(_) => true,
            // Erased meanwhile: there is nobody left to tell of.
            Err(TurnError::Store(StoreError::NotFound { .. })) => true,
            Err(why) => {
                tracing::error!(%patient, error = %why, "a failed message could not be put on the work-list");
                false
            }
        }
    }
}

/// A message, as far as the clinic hears of it.
pub(super) struct About {
    pub key: MessageKey,
    pub patient: Option<PatientId>,
    pub audience: Audience,
    pub flag: Option<FlagId>,
}

impl About {
    fn of(message: &OutboxMessage) -> Self {
        Self {
            key: message.key,
            patient: message.patient.clone(),
            audience: message.audience,
            flag: message.identity.as_ref().and_then(|identity| identity.subject.flag().cloned()),
        }
    }
}

fn is_too_old(message: &OutboxMessage, now: DateTime<Utc>) -> bool {
    message.first_attempt_at.is_some_and(|first| now - first >= GIVE_UP_AFTER)
}

/// A passing refusal of this message or its recipient; 421 closes the whole service (RFC 5321 section 3.8).
fn is_about_recipient(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected { stage, code, .. }
        if *stage >= Stage::Recipient && *code != SERVICE_CLOSING)
}

/// The reply of a server that is shutting down.
const SERVICE_CLOSING: u16 = 421;

/// Advice about a red flag, and whatever is for the clinic: a second copy is harmless, a lost one is not.
fn must_arrive(message: &OutboxMessage) -> bool {
    let advice = |identity: &afterrun_rules::decision::Identity| {
        matches!(
            identity.subject,
            Subject::Stage { .. }
                | Subject::StageReminder { .. }
                | Subject::Lapsed { .. }
                | Subject::Resolved { .. }
                | Subject::RunAgain { .. }
        )
    };
    message.audience == Audience::Clinic || message.identity.as_ref().is_some_and(advice)
}

fn work_item(about: &About, code: &str, digest: DateTime<Utc>) -> NewWorkItem {
    let text = match (code, about.audience) {
        ("address-dead", _) => {
            "The mail server says that this runner's address does not exist. Check-ins pause until there is another."
        }
        ("mail-put-aside", Audience::Patient) => {
            "A mail to this runner was put aside because of a fault in Afterrun. Please reach out another way."
        }
        ("mail-in-doubt", Audience::Patient) => {
            "The mail server took a mail to this runner and never said what it made of it. It may have arrived, more than once even. Please call."
        }
        (_, Audience::Patient) => {
            "A mail to this runner was refused, or never got through. Please reach out another way."
        }
        (_, Audience::Clinic) => "A mail to the clinic about this runner did not get through.",
    };
    NewWorkItem {
        identity_text: format!("{code}/{}", about.key.0),
        flag: about.flag.clone(),
        level: TellClinic::Today,
        reason: Reason::new(code, text),
        digest_due: Some(digest),
    }
}
