//! Everything the page shows, read at one moment.

use std::{path::PathBuf, sync::Arc};

use afterrun_rules::{
    RuleBook,
    assess::{Assessment, assess},
    chart::Chart,
};
use afterrun_store::{Message, MessageKey, Patient, WorkItem};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Demo, letter};
use crate::rules_live::Rejected;

/// Rows of each list. A week of the demonstration fits; the page says when more is left out.
pub(super) const ROWS: u32 = 120;

/// What the page shows.
pub(super) struct Snapshot {
    pub now: DateTime<Utc>,
    pub zone: Tz,
    pub book: Arc<RuleBook>,
    pub book_since: DateTime<Utc>,
    pub rules: PathBuf,
    pub rejected: Option<Rejected>,
    pub runners: Vec<Runner>,
    /// Newest first.
    pub messages: Vec<Message>,
    /// Newest first.
    pub work: Vec<WorkItem>,
    pub open_mail: Option<OpenMail>,
    /// Changes whenever the page would.
    pub version: String,
}

/// One runner.
pub(super) struct Runner {
    pub patient: Patient,
    pub story: &'static str,
    pub chart: Chart,
    pub assessment: Assessment,
}

/// The mail that is looked at.
pub(super) struct OpenMail {
    pub message: Message,
    pub parts: letter::Parts,
}

impl Snapshot {
    /// The runner with this id.
    pub(super) fn runner(&self, message: &Message) -> Option<&Runner> {
        let id = message.patient.as_ref()?;
        self.runners.iter().find(|runner| runner.patient.id == *id)
    }
}

impl Demo {
    /// Reads what the page shows, with one mail opened if one is named.
    pub(super) async fn snapshot(&self, mail: Option<i64>) -> anyhow::Result<Snapshot> {
        let live = self.app.turns.rules.current();
        let store = &self.app.turns.store;
        let now = self.now();
        let (mut runners, mut versions) = (Vec::new(), 0_i64);
        for player in &self.cast.players {
            let stored = store.chart(&player.id).await?;
            versions += stored.version.number;
            let mut chart = stored.chart;
            chart.book_since = live.since;
            let assessment = assess(&live.book, &chart, now);
            runners.push(Runner { patient: stored.patient, story: player.story, chart, assessment });
        }
        let messages = store.messages(None, None, ROWS).await?.rows;
        let work = store.work_items(None, ROWS).await?.rows;
        let rejected = self.app.turns.rules.rejected();
        let settled = messages.iter().filter(|message| message.settled_at.is_some()).count();
        let newest = messages.first().map_or(0, |message| message.key.0);
        let refused =
            rejected.as_ref().map_or(String::new(), |rejected| rejected.at.to_rfc3339() + &rejected.findings);
        let version = format!("{now} {versions} {newest} {settled} {} {refused}", live.book.hash);
        let open_mail = match mail {
            Some(key) => self.open_mail(key).await,
            None => None,
        };
        Ok(Snapshot {
            now,
            zone: live.book.clinic.time_zone,
            book: live.book.clone(),
            book_since: live.since,
            rules: self.rules.clone(),
            rejected,
            runners,
            messages,
            work,
            open_mail,
            version: short_hash(&version),
        })
    }

    /// One mail in parts; none if there is no such mail.
    pub(super) async fn open_mail(&self, key: i64) -> Option<OpenMail> {
        let message = self.app.turns.store.message(MessageKey(key)).await.ok()?;
        let parts = letter::parts(&message.mail.as_ref()?.bytes);
        Some(OpenMail { message, parts })
    }
}

/// A short name for a text.
fn short_hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
