//! A chart that cannot be read: nothing is decided about its runner, so a person has to look after them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use afterrun_rules::{Reason, book::TellClinic, ids::PatientId};
use afterrun_store::{NewWorkItem, StoreError, UNREADABLE};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{compose::next_digest, turn::Turns};

/// How long to leave a chart alone that cannot be read: it does not mend itself, and whoever mends it sees the mail
/// leave within the hour.
pub(crate) const LOOK_AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Runners whose charts could not be read, and when to look again. They stay due all the while, so that the days of
/// silence are known to have been ours.
#[derive(Debug, Default)]
pub struct LeftAlone(Mutex<BTreeMap<PatientId, DateTime<Utc>>>);

impl LeftAlone {
    fn leave_until(&self, patient: &PatientId, until: DateTime<Utc>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(patient.clone(), until);
    }

    /// Who is not to be looked at now.
    pub(crate) fn at(&self, now: DateTime<Utc>) -> BTreeSet<PatientId> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|_, until| now < *until && *until - now <= LOOK_AGAIN_AFTER);
        left.keys().cloned().collect()
    }
}

impl Turns {
    /// Tells the clinic of a chart that cannot be read: once a day, for as long as nothing is done for the runner.
    pub(crate) async fn note_unreadable(&self, patient: &PatientId, what: &str, now: DateTime<Utc>) {
        tracing::error!(%patient, what, "a chart cannot be read; nothing is decided about its runner");
        let book = self.rules.current().book.clone();
        let today = now.with_timezone(&book.clinic.time_zone).date_naive();
        let text = format!(
            "Afterrun could not read a stored {what} of this runner, so it decides and sends nothing for them until \
             that is mended. Please call the runner if they have an open problem, and tell whoever runs Afterrun."
        );
        let item = NewWorkItem {
            identity_text: format!("{UNREADABLE}/chart/{today}"),
            flag: None,
            level: TellClinic::Today,
            reason: Reason::new(UNREADABLE, text),
            digest_due: Some(next_digest(&book, now)),
        };
        self.left_alone.leave_until(patient, now + LOOK_AGAIN_AFTER);
        match self.store.note_unreadable(patient, item, now).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => {}
            Err(why) => {
                tracing::error!(%patient, error = %why, "a chart that cannot be read could not be put on the work-list");
            }
        }
    }
}
