//! The judgement just before sending: a message may have waited for hours since it was decided, and neither
//! what is stale nor what has been overtaken may leave, nor anything at night.
//!
//! Messages claimed together are judged together, shortly before they set out. What happens to a patient in between
//! is a turn, which takes back a claimed message, and the store does not let its final dot go.

use std::collections::HashMap;

use afterrun_rules::{
    Action, Reason,
    chart::{Chart, Reach},
    decision::{Audience, EntryState, Identity, Subject},
    ids::PatientId,
};
use afterrun_store::{OutboxMessage, Settlement, StoreError};
use chrono::{DateTime, NaiveDate, Utc};

use super::{Delivery, InDoubt, chance};
use crate::{
    circuit::next_try,
    config::Mode,
    turn::{Taken, TurnError},
    unreadable::LOOK_AGAIN_AFTER,
};

/// What is to become of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It leaves now.
    Send,
    /// It leaves not before this instant.
    Wait(DateTime<Utc>),
    /// It does not leave.
    Drop(Reason),
}

impl Delivery {
    /// Judges claimed messages again, by the charts as they are now. Those that may leave, in the order given; what
    /// becomes of the others is recorded.
    pub(super) async fn judge_again(
        &self,
        messages: Vec<OutboxMessage>,
        now: DateTime<Utc>,
    ) -> Vec<OutboxMessage> {
        let mut patients = Vec::new();
        for message in &messages {
            if let Some(patient) = whose_turn(message, now)
                && !patients.contains(patient)
            {
                patients.push(patient.clone());
            }
        }
        let taken = self.turns.take_each(patients.clone(), now).await;
        let taken: HashMap<_, _> = patients.into_iter().zip(taken).collect();
        let mut may_leave = Vec::with_capacity(messages.len());
        for message in messages {
            let turn = whose_turn(&message, now).and_then(|patient| taken.get(patient));
            match turn.map(Result::as_ref).transpose() {
                Ok(taken) => match self.judge(&message, taken, now) {
                    Verdict::Send => may_leave.push(message),
                    verdict => self.keep_back(&message, verdict, now).await,
                },
                Err(why) => self.not_judged(&message, why, now).await,
            }
        }
        may_leave
    }

    async fn keep_back(&self, message: &OutboxMessage, verdict: Verdict, now: DateTime<Utc>) {
        let settlement = match verdict {
            Verdict::Send => return,
            Verdict::Wait(until) => Settlement::Wait { until },
            Verdict::Drop(reason) => {
                tracing::info!(message = message.key.0, reason = %reason.code, "not sent");
                Settlement::Cancelled { reason }
            }
        };
        self.record(message.key, now, settlement).await;
    }

    async fn not_judged(&self, message: &OutboxMessage, why: &TurnError, now: DateTime<Utc>) {
        if let TurnError::Store(why) = why
            && why.is_transient()
        {
            tracing::warn!(message = message.key.0, error = %why, "could not be judged again; later");
            let at = next_try(now, 1, chance());
            self.record(message.key, now, Settlement::Wait { until: at }).await;
        } else if let TurnError::Store(StoreError::Unreadable(_)) = why {
            // The clinic knows; when the chart has been mended the mail leaves, if it still matters.
            let until = now + LOOK_AGAIN_AFTER;
            self.record(message.key, now, Settlement::Wait { until }).await;
        } else {
            self.failed_here(message.key, InDoubt::No, now, &why.to_string()).await;
        }
    }

    /// What is to become of a message, after the turn that its patient has just had.
    fn judge(&self, message: &OutboxMessage, taken: Option<&Taken>, now: DateTime<Utc>) -> Verdict {
        if is_stale(message, now) {
            return Verdict::Drop(Reason::new("stale", "It could not be sent in time to be of use."));
        }
        let Some(taken) = taken else { return Verdict::Send };
        if taken.chart.stopped_at.is_some() {
            return Verdict::Drop(Reason::new("stopped", "The patient stopped all messages."));
        }
        if self.is_written_for_live_mode(message) {
            return Verdict::Drop(Reason::new("shadow-mode", "Patients' mail goes to the clinic now."));
        }
        // What a person asked for (a link, a confirmation) is no decision of a plan and leaves at once.
        let Some(identity) = &message.identity else { return Verdict::Send };
        let overtaken = taken
            .decisions
            .iter()
            .find(|decision| decision.identity == *identity && decision.action == Action::Cancel);
        if let Some(decision) = overtaken {
            return Verdict::Drop(decision.reason.clone());
        }
        match taken.chart.reach {
            Reach::Confirmed => {}
            Reach::Unconfirmed => {
                return Verdict::Drop(Reason::new("unconfirmed", "The address has not been confirmed."));
            }
            Reach::Dead => {
                return Verdict::Drop(Reason::new("address-dead", "The address does not take mail."));
            }
        }
        if let Some(newer) = newer_check_in(&taken.chart, identity) {
            let newer = self.turns.rules.current().book.clinic.way().full_date(newer);
            let text = format!("A newer check-in, about {newer}, asks in its place.");
            return Verdict::Drop(Reason::new("newer-check-in", text));
        }
        let urgent = taken.chart.ledger.iter().any(|entry| entry.identity == *identity && entry.urgent);
        let window = self.turns.rules.current().book.clinic.send_window;
        let opens = window.next(taken.chart.zone_at(now), now);
        if urgent || opens <= now { Verdict::Send } else { Verdict::Wait(opens) }
    }
}

impl Delivery {
    /// In shadow mode, patients' mail goes to the clinic alone: what a turn wrote for the patient before that, or
    /// a command without this configuration, must not leave.
    fn is_written_for_live_mode(&self, message: &OutboxMessage) -> bool {
        let live = self.turns.rules.current();
        let clinic = live.book.clinic.alerts_to.first();
        self.turns.letterhead.mode == Mode::Shadow
            && clinic.is_none_or(|clinic| **clinic != *message.mail.recipient)
    }
}

/// Whose chart says whether a message may leave; nobody's for what is for the clinic, or stale anyway.
fn whose_turn(message: &OutboxMessage, now: DateTime<Utc>) -> Option<&PatientId> {
    message.patient.as_ref().filter(|_| message.audience == Audience::Patient && !is_stale(message, now))
}

fn is_stale(message: &OutboxMessage, now: DateTime<Utc>) -> bool {
    message.mail.stale_at.is_some_and(|stale| stale <= now)
}

/// The day of a check-in that asks later than this one does: after an outage the newest speaks for all.
fn newer_check_in(chart: &Chart, identity: &Identity) -> Option<NaiveDate> {
    let Subject::CheckIn { about_day, .. } = &identity.subject else { return None };
    let days = chart.ledger.iter().filter_map(|entry| match &entry.identity.subject {
        Subject::CheckIn { about_day, .. }
            if matches!(entry.state, EntryState::Queued | EntryState::Done) =>
        {
            Some(*about_day)
        }
        _ => None,
    });
    days.max().filter(|newest| newest > about_day)
}
