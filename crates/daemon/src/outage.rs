//! What an outage did, in one line for each kind of message: how much was due, what of it is still sent, what
//! was dropped. For the log; the runners' days are excused by `excuse`.

use std::collections::BTreeMap;

use afterrun_store::{Message, MessageState, Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};

/// Hours without a sign of life that count as an outage.
const OUTAGE_HOURS: TimeDelta = TimeDelta::hours(2);

/// A message decided this long before an outage may still have been under way: none is tried for longer.
const DECIDED_BEFORE: TimeDelta = TimeDelta::days(5);

/// Messages in a page of the list.
const PAGE: u32 = 500;

/// Pages looked at: what is beyond is left out of the log, and of nothing else.
const PAGES_AT_MOST: u32 = 40;

/// A time during which nobody was there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outage {
    /// The last sign of life.
    pub since: DateTime<Utc>,
    /// The start.
    pub until: DateTime<Utc>,
}

/// Messages of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Due during the outage, or by now.
    pub due: u64,
    /// Sent, or about to be.
    pub kept: u64,
    /// Not sent, with a reason.
    pub dropped: u64,
}

impl Outage {
    /// If there was one.
    #[must_use]
    pub fn between(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Self> {
        last.filter(|last| now - *last > OUTAGE_HOURS).map(|since| Self { since, until: now })
    }

    /// Logs what became of what was due. `excused` counts the days that were excused for runners.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn report(
        &self,
        store: &dyn Store,
        excused: u32,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tallies = BTreeMap::new();
        let mut after = None;
        for _ in 0..PAGES_AT_MOST {
            let page = store.messages(None, after.as_deref(), PAGE).await?;
            page.rows.iter().for_each(|message| self.count(&mut tallies, message, now));
            let older = page.rows.last().is_none_or(|last| last.decided_at < self.since - DECIDED_BEFORE);
            after = page.next;
            if older || after.is_none() {
                break;
            }
        }
        let hours = (self.until - self.since).num_hours();
        tracing::warn!(hours, days_excused = excused, "back after an outage");
        for (kind, Tally { due, kept, dropped }) in tallies {
            tracing::warn!(kind, due, kept, dropped, "after the outage");
        }
        Ok(())
    }

    fn count(&self, tallies: &mut BTreeMap<String, Tally>, message: &Message, now: DateTime<Utc>) {
        let Some(mail) = &message.mail else { return };
        let over_before = message.settled_at.is_some_and(|settled| settled < self.until);
        if over_before || mail.due_at > now {
            return;
        }
        let stale = mail.stale_at.is_some_and(|stale| stale <= now);
        let kept = match message.state {
            MessageState::Queued => !stale,
            MessageState::Leased | MessageState::Transmitting | MessageState::Accepted => true,
            _ => false,
        };
        let tally = tallies.entry(kind_of(&message.identity_text)).or_default();
        tally.due += 1;
        tally.kept += u64::from(kept);
        tally.dropped += u64::from(!kept);
    }
}

/// `patient/check-in/morning/2026-03-28` is of the kind `patient/check-in`, `digest/1774512000` of the kind
/// `digest`. What comes after may name a flag.
fn kind_of(identity: &str) -> String {
    let mut parts = identity.split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        (audience @ ("patient" | "clinic"), Some(matter)) => format!("{audience}/{matter}"),
        (other, _) => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterrun_rules::{Reason, decision::Audience};
    use afterrun_store::{Mail, MessageKey};

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_512_000 + 3600 * hours, 0).unwrap()
    }

    fn message(identity: &str, state: MessageState, due: i64, stale: i64, settled: Option<i64>) -> Message {
        let mail = Mail {
            recipient: "zoe@example.org".into(),
            due_at: at(due),
            stale_at: Some(at(stale)),
            place: None,
            message_id: String::new(),
            envelope_from: String::new(),
            subject: String::new(),
            bytes: Vec::new().into(),
            like: None,
        };
        Message {
            key: MessageKey(1),
            patient: None,
            identity_text: identity.into(),
            audience: Audience::Patient,
            state,
            message: None,
            reason: Reason::new("due", "It was due."),
            end_reason: None,
            decided_at: at(due),
            book: String::new(),
            mail: Some(mail),
            attempts: 0,
            settled_at: settled.map(at),
        }
    }

    #[test]
    fn only_hours_without_a_sign_are_an_outage() {
        assert_eq!(Outage::between(None, at(0)), None);
        assert_eq!(Outage::between(Some(at(0)), at(2)), None);
        assert_eq!(Outage::between(Some(at(0)), at(3)), Some(Outage { since: at(0), until: at(3) }));
    }

    #[test]
    fn each_kind_says_what_was_due_kept_and_dropped() {
        let outage = Outage { since: at(0), until: at(48) };
        let mut tallies = BTreeMap::new();
        for message in [
            message("patient/check-in/morning/2026-03-28", MessageState::Queued, 10, 20, None),
            message("patient/check-in/morning/2026-03-29", MessageState::Queued, 40, 60, None),
            message("patient/check-in/morning/2026-03-30", MessageState::Queued, 72, 90, None),
            message("patient/stage/knee/first/2026-03-28", MessageState::Accepted, 10, 90, Some(48)),
            message("patient/reminder/morning/2026-03-28", MessageState::Cancelled, 10, 20, Some(48)),
            message("patient/nudge/morning/2026-03-25", MessageState::Accepted, -10, 20, Some(-9)),
            message("digest/1774512000", MessageState::Leased, 5, 90, None),
        ] {
            outage.count(&mut tallies, &message, at(48));
        }
        let found: Vec<_> = tallies
            .iter()
            .map(|(kind, tally)| (kind.as_str(), tally.due, tally.kept, tally.dropped))
            .collect();
        assert_eq!(
            found,
            [
                ("digest", 1, 1, 0),
                ("patient/check-in", 2, 1, 1),
                ("patient/reminder", 1, 0, 1),
                ("patient/stage", 1, 1, 0)
            ]
        );
    }
}
