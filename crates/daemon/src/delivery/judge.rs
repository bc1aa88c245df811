//! The judgement just before sending: a message may have waited for hours since it was decided, and neither
//! what is stale nor what has been overtaken may leave, nor anything at night.

use afterrun_rules::{
    Action, Reason,
    chart::{Chart, Reach},
    decision::{Audience, EntryState, Identity, Subject},
};
use afterrun_store::OutboxMessage;
use chrono::{DateTime, NaiveDate, Utc};

use super::Delivery;
use crate::{
    config::Mode,
    turn::{Extras, TurnError},
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
    /// Judges a message again, by the chart as it is now.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn judge_again(
        &self,
        message: &OutboxMessage,
        now: DateTime<Utc>,
    ) -> Result<Verdict, TurnError> {
        if message.mail.stale_at.is_some_and(|stale| stale <= now) {
            return Ok(Verdict::Drop(Reason::new("stale", "It could not be sent in time to be of use.")));
        }
        let (Audience::Patient, Some(patient)) = (message.audience, &message.patient) else {
            return Ok(Verdict::Send);
        };
        let taken = self.turns.take(patient, &[], &Extras::default(), now).await?;
        if taken.chart.stopped_at.is_some() {
            return Ok(Verdict::Drop(Reason::new("stopped", "The patient stopped all messages.")));
        }
        if self.is_written_for_live_mode(message) {
            return Ok(Verdict::Drop(Reason::new("shadow-mode", "Patients' mail goes to the clinic now.")));
        }
        // What a person asked for (a link, a confirmation) is no decision of a plan and leaves at once.
        let Some(identity) = &message.identity else { return Ok(Verdict::Send) };
        let overtaken = taken
            .decisions
            .iter()
            .find(|decision| decision.identity == *identity && decision.action == Action::Cancel);
        if let Some(decision) = overtaken {
            return Ok(Verdict::Drop(decision.reason.clone()));
        }
        match taken.chart.reach {
            Reach::Confirmed => {}
            Reach::Unconfirmed => {
                return Ok(Verdict::Drop(Reason::new("unconfirmed", "The address has not been confirmed.")));
            }
            Reach::Dead => {
                return Ok(Verdict::Drop(Reason::new("address-dead", "The address does not take mail.")));
            }
        }
        if let Some(newer) = newer_check_in(&taken.chart, identity) {
            let text = format!("A newer check-in, about {}, asks in its place.", newer.format("%-d %B %Y"));
            return Ok(Verdict::Drop(Reason::new("newer-check-in", text)));
        }
        let urgent = taken.chart.ledger.iter().any(|entry| entry.identity == *identity && entry.urgent);
        let window = self.turns.rules.current().book.clinic.send_window;
        let opens = window.next(taken.chart.zone_at(now), now);
        Ok(if urgent || opens <= now { Verdict::Send } else { Verdict::Wait(opens) })
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
