//! What the console asks about the rules and the machinery, answered.

use std::sync::Arc;

use afterrun_mail::show_mail;
use afterrun_rules::ids::PatientId;
use afterrun_store::StoreError;
use afterrun_web::{Desk, RecordError, RejectedEdit};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    address::AddressError,
    clock::Clock,
    delivery::Delivery,
    export,
    turn::{TurnError, Turns},
    wake::Wake,
};

/// Answers the console.
pub(crate) struct AtTheDesk {
    pub turns: Arc<Turns>,
    pub delivery: Arc<Delivery>,
    pub clock: Arc<dyn Clock>,
    pub wake: Arc<Wake>,
}

#[async_trait]
impl Desk for AtTheDesk {
    fn book_since(&self) -> DateTime<Utc> {
        self.turns.rules.current().since
    }

    fn rejected(&self) -> Option<RejectedEdit> {
        let rejected = self.turns.rules.rejected()?;
        Some(RejectedEdit { at: rejected.at, findings: rejected.findings })
    }

    fn mail_trouble(&self) -> Option<String> {
        self.delivery.trouble()
    }

    fn mail_text(&self, bytes: &[u8]) -> String {
        // Whoever reads along must not be able to answer, or stop, as the runner.
        show_mail(bytes).map(|shown| export::without_keys(&shown.text)).unwrap_or_default()
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    async fn change_address(&self, patient: &PatientId, email: &str) -> Result<(), RecordError> {
        let now = self.clock.now();
        // A turn of its own: a browser that hangs up must not leave one half taken.
        let (turns, whose, email) = (self.turns.clone(), patient.clone(), email.to_owned());
        let turn = tokio::spawn(async move { turns.change_address(&whose, &email, now).await });
        match turn.await {
            Ok(Ok(_)) => {
                self.wake.ring();
                Ok(())
            }
            Ok(Err(AddressError::Turn(TurnError::Store(StoreError::Conflict(_))))) => {
                Err(RecordError::Busy("the chart keeps changing".to_owned()))
            }
            Ok(Err(AddressError::Turn(error))) => Err(unavailable(patient, &error)),
            Ok(Err(refused)) => Err(RecordError::Refused(refused.to_string())),
            Err(crash) => Err(unavailable(patient, &crash)),
        }
    }

    async fn export(&self, patient: &PatientId) -> Result<String, RecordError> {
        let store = &*self.turns.store;
        let known = store.patient(patient).await.map_err(|error| unavailable(patient, &error))?;
        let exported = export::everything(store, &known, self.clock.now()).await;
        let exported = exported.map_err(|error| unavailable(patient, &error))?;
        serde_json::to_string_pretty(&exported).map_err(|error| unavailable(patient, &error))
    }
}

fn unavailable(patient: &PatientId, error: &dyn std::fmt::Display) -> RecordError {
    tracing::error!(%patient, %error, "the console could not be served");
    RecordError::Unavailable("the store does not answer".to_owned())
}
