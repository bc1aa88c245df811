//! What the console asks about the rules and the machinery, answered.

use std::sync::Arc;

use afterrun_mail::show_mail;
use afterrun_rules::{Reason, decision::Audience, ids::PatientId};
use afterrun_store::{NewMessage, StoreError, USER_LINK, UserLinkKind};
use afterrun_web::{AccountMail, Desk, Machinery, OpenCircuit, RecordError, RejectedEdit, UserMail};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    account_mail,
    address::AddressError,
    app::App,
    clinic_mail,
    clock_guard::CLOCK_HOLD,
    compose::When,
    delivery::{Delivery, HOLD},
    export,
    heartbeat::{LAST_ROUND, LAST_TICK},
    reconciliation::Kind,
    token::random_text,
    turn::{TurnError, Turns},
};

/// The setting that holds when the database was last copied by `afterrun backup`.
pub(crate) const LAST_BACKUP: &str = "last-backup";

/// Until when a link works, in a mail (strftime, on the clinic's clock).
const UNTIL: &str = "%A %-d %B, %H:%M";

/// Answers the console.
pub(crate) struct AtTheDesk {
    pub turns: Arc<Turns>,
    pub delivery: Arc<Delivery>,
    pub app: Arc<App>,
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

    fn user_mail(&self, ask: &UserMail<'_>) -> Result<Option<NewMessage>, StoreError> {
        user_mail(&self.turns, ask)
    }

    fn account_mail(&self, mail: &AccountMail<'_>) -> Result<Option<NewMessage>, StoreError> {
        account_mail::written(&self.turns, mail)
    }

    async fn machinery(&self) -> Result<Machinery, StoreError> {
        let store = &self.turns.store;
        let (held, clock_hold, backup, tick, round) = tokio::join!(
            store.setting(HOLD),
            store.setting(CLOCK_HOLD),
            store.setting(LAST_BACKUP),
            store.setting(LAST_TICK),
            store.setting(LAST_ROUND),
        );
        let instant = |text: Option<String>| text.and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let circuit = self.delivery.open_until().zip(self.delivery.trouble());
        let unexplained = self.app.watcher.found().map(|found| {
            let counts = Kind::ALL.iter().map(|kind| (kind.words(), found.count(*kind)));
            counts.filter(|(_, count)| *count > 0).collect()
        });
        Ok(Machinery {
            held: held?,
            clock_hold: clock_hold?,
            clock_is_guarded: self.app.watcher.guards_the_clock(),
            circuit: circuit.map(|(until, why)| OpenCircuit { why, until }),
            unexplained,
            last_backup: instant(backup?),
            last_tick: instant(tick?),
            last_round: instant(round?),
            time_zones: chrono_tz::IANA_TZDB_VERSION,
        })
    }

    async fn hold(&self, why: &str) -> Result<(), StoreError> {
        self.turns.store.set_setting(HOLD, Some(why)).await?;
        self.app.refresh_notice().await;
        Ok(())
    }

    async fn release(&self) -> Result<(), StoreError> {
        for key in [HOLD, CLOCK_HOLD] {
            self.turns.store.set_setting(key, None).await?;
        }
        self.app.refresh_notice().await;
        self.app.wake.ring();
        Ok(())
    }

    async fn try_mail_now(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.turns.store.hasten(now).await?;
        self.delivery.try_now(now);
        self.app.wake.ring_delivery();
        Ok(())
    }

    fn ring(&self) {
        self.app.wake.ring_delivery();
    }

    async fn change_address(&self, patient: &PatientId, email: &str) -> Result<(), RecordError> {
        let now = self.app.clock.now();
        // A turn of its own: a browser that hangs up must not leave one half taken.
        let (turns, whose, email) = (self.turns.clone(), patient.clone(), email.to_owned());
        let turn = tokio::spawn(async move { turns.change_address(&whose, &email, now).await });
        match turn.await {
            Ok(Ok(_)) => {
                self.app.wake.ring();
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
        let exported = export::everything(store, &known, self.app.clock.now()).await;
        let exported = exported.map_err(|error| unavailable(patient, &error))?;
        serde_json::to_string_pretty(&exported).map_err(|error| unavailable(patient, &error))
    }
}

/// The mail that carries a link to a user. It is no decision about anybody's care, goes out as the clinic's own
/// mail does, and never after the link has closed.
fn user_mail(turns: &Turns, ask: &UserMail<'_>) -> Result<Option<NewMessage>, StoreError> {
    let live = turns.rules.current();
    let (book, letterhead) = (&*live.book, &turns.letterhead);
    let link = format!("{}{}", letterhead.base_url, ask.path);
    let until = ask.expires_at.with_timezone(&book.clinic.time_zone).format(UNTIL).to_string();
    let (text, code, why) = match ask.kind {
        UserLinkKind::Invitation => (
            clinic_mail::user_invited(&link, &book.clinic.name, &until),
            "user-invited",
            "An admin invited somebody to the console.",
        ),
        UserLinkKind::Reset => (
            clinic_mail::user_reset(&link, &book.clinic.name, &until),
            "user-reset",
            "Somebody asked for a new password.",
        ),
    };
    let when = When { due_at: ask.now, stale_at: Some(ask.expires_at) };
    let failed = |why: TurnError| StoreError::Backend(why.to_string());
    let mail = letterhead.to_clinic(book, &[ask.to.into()], &text, when).map_err(failed)?.pop();
    let name = random_text::<15>().map_err(|why| StoreError::Backend(why.to_string()))?;
    Ok(mail.map(|mail| NewMessage {
        entry: None,
        identity_text: format!("{USER_LINK}{name}"),
        audience: Audience::Clinic,
        reason: Reason::new(code, why),
        facts: Default::default(),
        mail: Some(mail),
    }))
}

fn unavailable(patient: &PatientId, error: &dyn std::fmt::Display) -> RecordError {
    tracing::error!(%patient, %error, "the console could not be served");
    RecordError::Unavailable("the store does not answer".to_owned())
}
