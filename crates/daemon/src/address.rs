//! Another address for a runner, entered by the clinic: nothing about health goes there before its owner has
//! confirmed it, and nothing written until now goes to the old one.

use afterrun_mail::check_address;
use afterrun_rules::{Event, TimedEvent, ids::PatientId};
use afterrun_store::{Patient, StoreError, StoredChart};
use chrono::{DateTime, Utc};

use crate::{
    compose::Composer,
    recorder::confirm_address,
    turn::{CONFLICTS_AT_MOST, Taken, TurnError, Turns},
};

/// Why the address was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddressError {
    /// It is no address.
    #[error("this is no mail address: {0}")]
    NotAnAddress(String),
    /// It is the one there is.
    #[error("this is the address already")]
    TheSame,
    /// The runner wants no more mail.
    #[error("the runner has stopped all messages; only the runner can start them again")]
    Stopped,
    /// Somebody else has it.
    #[error("another runner is enrolled with this address")]
    Taken,
    /// The turn could not be taken.
    #[error(transparent)]
    Turn(TurnError),
}

impl From<StoreError> for AddressError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists { .. } => Self::Taken,
            error => Self::Turn(error.into()),
        }
    }
}

impl Turns {
    /// Enters another address for a runner and asks its owner to confirm it.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub(crate) async fn change_address(
        &self,
        patient: &PatientId,
        entered: &str,
        now: DateTime<Utc>,
    ) -> Result<Taken, AddressError> {
        let email = check_address(entered).map_err(|why| AddressError::NotAnAddress(why.to_string()))?;
        // The address goes over with its event, and an event has to wait now.
        if self.belief.is_in_doubt(now) {
            return Err(AddressError::Turn(TurnError::ClockInDoubt));
        }
        for _ in 0..CONFLICTS_AT_MOST {
            let stored = self.store.chart(patient).await?;
            if stored.patient.stopped_at.is_some() {
                return Err(AddressError::Stopped);
            }
            if stored.patient.email.eq_ignore_ascii_case(&email) {
                return Err(AddressError::TheSame);
            }
            let patient = Patient { email: email.clone(), ..stored.patient };
            let live = self.rules.current();
            let composer = Composer { live: &live, letterhead: &self.letterhead, patient: &patient, now };
            let extras = confirm_address(&composer).map_err(AddressError::Turn)?;
            let events = [TimedEvent { at: now, event: Event::AddressChanged {} }];
            let stored = StoredChart { patient: patient.clone(), ..stored };
            let (turn, taken) = self.prepare(stored, &events, &extras, now).map_err(AddressError::Turn)?;
            // A turn with an event in it is never left out.
            let Some(turn) = turn else { return Ok(taken) };
            match self.store.commit_address(turn, &email).await {
                Ok(()) => return Ok(taken),
                Err(StoreError::Conflict(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(AddressError::Turn(StoreError::Conflict(patient.clone()).into()))
    }
}
