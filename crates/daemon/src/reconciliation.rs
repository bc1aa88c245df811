//! Each hour: what was due against what became of it. Whatever does not explain itself is counted, logged by
//! id, shown among the figures, and told to whoever keeps the rules, once a day. It changes nothing.
//!
//! The judgement of one message is a pure function; the rest only reads lists, in pages.

use std::{collections::BTreeMap, sync::Arc};

use afterrun_rules::{
    Reason,
    decision::{Audience, Identity, Subject},
    ids::PatientId,
};
use afterrun_store::{Message, MessageState, NewMessage, OpenedCheckIn};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    clinic_mail,
    compose::When,
    figures,
    turn::{TurnError, Turns},
};

/// How far back a reconciliation looks: a day, so that one that is missed is made up for by the next.
const LOOK_BACK: TimeDelta = TimeDelta::hours(24);

/// How late a turn or a message may be without a word. The scheduler looks each second, a first retry comes
/// after a minute: three times the slowest of these would be less.
const LATE: TimeDelta = TimeDelta::minutes(10);

/// How long a message may be on its way: no conversation takes longer, and leases end before.
const ON_ITS_WAY: TimeDelta = TimeDelta::hours(1);

/// Rows in a page of a list.
const PAGE: u32 = 500;

/// Pages of one list at most: a hundred thousand messages in a day are not a clinic's.
const PAGES_AT_MOST: u32 = 200;

/// Ids logged and kept of each kind; the count says how many there are.
const NAMED_AT_MOST: usize = 20;

/// What a reconciliation has to know beside the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Circumstances {
    /// Patients' mail is held.
    pub held: bool,
    /// Nothing leaves for now: the mail server is down, or what has piled up is being spread.
    pub stopped: bool,
}

/// Why something has no explanation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A patient whose turn is overdue while turns are taken.
    OverdueTurn,
    /// A check-in that was opened, and no message carries it.
    CheckInWithoutMessage,
    /// A message that is due, and nothing keeps it.
    OverdueMessage,
    /// A message that has been on its way for too long.
    StuckMessage,
    /// A message that ended without being sent, and nothing says why.
    EndWithoutReason,
    /// A message that was put aside and waits for a person.
    PutAside,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 6] = [
        Self::OverdueTurn,
        Self::CheckInWithoutMessage,
        Self::OverdueMessage,
        Self::StuckMessage,
        Self::EndWithoutReason,
        Self::PutAside,
    ];

    /// Its name in figures and logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OverdueTurn => "overdue_turn",
            Self::CheckInWithoutMessage => "check_in_without_message",
            Self::OverdueMessage => "overdue_message",
            Self::StuckMessage => "stuck_message",
            Self::EndWithoutReason => "end_without_reason",
            Self::PutAside => "put_aside",
        }
    }

    /// What it is, in a list for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::OverdueTurn => "runners whose turn is overdue",
            Self::CheckInWithoutMessage => "check-ins that no mail carries",
            Self::OverdueMessage => "messages that are due and do not leave",
            Self::StuckMessage => "messages that have been on their way for too long",
            Self::EndWithoutReason => "messages that were not sent, without a reason",
            Self::PutAside => "messages put aside after failing several times",
        }
    }
}

/// What was found: how many, and the ids of the first of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found(BTreeMap<Kind, (u64, Vec<String>)>);

impl Found {
    fn add(&mut self, kind: Kind, id: impl Into<String>) {
        let (count, ids) = self.0.entry(kind).or_default();
        *count += 1;
        if ids.len() < NAMED_AT_MOST {
            ids.push(id.into());
        }
    }

    /// How many of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.0.get(&kind).map_or(0, |(count, _)| *count)
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().map(|(count, _)| count).sum()
    }
}

/// What is not explained about a message.
#[must_use]
pub fn judge(message: &Message, circumstances: Circumstances, now: DateTime<Utc>) -> Option<Kind> {
    let due_at = message.mail.as_ref().map_or(message.decided_at, |mail| mail.due_at);
    let kept = circumstances.stopped || (circumstances.held && message.audience == Audience::Patient);
    let reason = message.end_reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
    match message.state {
        MessageState::Accepted | MessageState::Shown | MessageState::Covered => None,
        MessageState::Queued => (now - due_at > LATE && !kept).then_some(Kind::OverdueMessage),
        MessageState::Leased | MessageState::Transmitting => {
            (now - due_at > ON_ITS_WAY && !kept).then_some(Kind::StuckMessage)
        }
        MessageState::Cancelled | MessageState::Rejected | MessageState::Failed => {
            (!reason && message.mail.is_some()).then_some(Kind::EndWithoutReason)
        }
        MessageState::Quarantined => Some(Kind::PutAside),
    }
}

/// Compares, logs, counts, and tells.
///
/// # Errors
/// When the store fails.
pub async fn reconcile(
    turns: &Arc<Turns>,
    circumstances: Circumstances,
    now: DateTime<Utc>,
) -> Result<Found, TurnError> {
    let mut found = Found::default();
    for patient in turns.store.due_patients(now - LATE, PAGE).await? {
        found.add(Kind::OverdueTurn, patient.as_str());
    }
    let messages = recent_messages(turns, now).await?;
    for message in &messages {
        if let Some(kind) = judge(message, circumstances, now) {
            found.add(kind, message.key.0.to_string());
        }
    }
    for opened in silent(turns, &messages, now).await? {
        found.add(Kind::CheckInWithoutMessage, format!("{}/{}", opened.patient, opened.about_day));
    }
    figures::reconciled(now, Kind::ALL.map(|kind| (kind.word(), found.count(kind))));
    for (kind, (count, ids)) in &found.0 {
        tracing::error!(kind = kind.word(), count, ids = ids.join(" "), "due and sent do not agree");
    }
    if found.total() > 0 {
        tell(turns, &found, now).await?;
    }
    Ok(found)
}

/// Messages decided within the last day, newest first.
async fn recent_messages(turns: &Arc<Turns>, now: DateTime<Utc>) -> Result<Vec<Message>, TurnError> {
    let since = now - LOOK_BACK;
    let (mut recent, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_AT_MOST {
        let page = turns.store.messages(None, after.as_deref(), PAGE).await?;
        let older = page.rows.last().is_none_or(|message| message.decided_at < since);
        recent.extend(page.rows.into_iter().filter(|message| message.decided_at >= since));
        after = page.next;
        if older || after.is_none() {
            break;
        }
    }
    Ok(recent)
}

/// Check-ins opened within the last day that none of these messages carries.
async fn silent(
    turns: &Arc<Turns>,
    messages: &[Message],
    now: DateTime<Utc>,
) -> Result<Vec<OpenedCheckIn>, TurnError> {
    let mut carried: BTreeMap<&PatientId, Vec<&str>> = BTreeMap::new();
    for message in messages {
        if let Some(patient) = &message.patient {
            carried.entry(patient).or_default().push(&message.identity_text);
        }
    }
    let (mut silent, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_AT_MOST {
        let page = turns.store.check_ins_opened(now - LOOK_BACK, after.as_deref(), PAGE).await?;
        silent.extend(page.rows.into_iter().filter(|opened| !is_carried(opened, &carried)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(silent)
}

fn is_carried(opened: &OpenedCheckIn, carried: &BTreeMap<&PatientId, Vec<&str>>) -> bool {
    let identity = Identity {
        subject: Subject::CheckIn { check_in: opened.check_in.clone(), about_day: opened.about_day },
        audience: Audience::Patient,
        attempt: 1,
    };
    let first = identity.to_string();
    // A later attempt has the same text and a number after it.
    let carries =
        |text: &&str| text.strip_prefix(&first).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
    carried.get(&opened.patient).is_some_and(|texts| texts.iter().any(carries))
}

/// One mail a day on the clinic's calendar, to the editors of the rules or, without any, to the clinic.
async fn tell(turns: &Arc<Turns>, found: &Found, now: DateTime<Utc>) -> Result<(), TurnError> {
    let live = turns.rules.current();
    let clinic = &live.book.clinic;
    let to = if clinic.editors.is_empty() { &clinic.alerts_to } else { &clinic.editors };
    let lines = found.0.iter().map(|(kind, (count, _))| format!("{count}: {}", kind.words()));
    let text = clinic_mail::unexplained(&lines.collect::<Vec<_>>());
    let when = When { due_at: now, stale_at: None };
    let today = now.with_timezone(&clinic.time_zone).date_naive();
    for mail in turns.letterhead.to_clinic(&live.book, to, &text, when)? {
        let message = NewMessage {
            entry: None,
            identity_text: format!("unexplained/{today}"),
            audience: Audience::Clinic,
            reason: Reason::new("unexplained", "What was due and what was sent do not agree."),
            facts: Default::default(),
            mail: Some(mail),
        };
        turns.store.add_clinic_message(message, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterrun_store::{Mail, MessageKey};

    const CALM: Circumstances = Circumstances { held: false, stopped: false };
    const HELD: Circumstances = Circumstances { held: true, stopped: false };
    const STOPPED: Circumstances = Circumstances { held: false, stopped: true };

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_512_000 + 60 * minutes, 0).unwrap()
    }

    fn message(state: MessageState, end_reason: Option<&str>) -> Message {
        let mail = Mail {
            recipient: "zoe@example.org".into(),
            due_at: at(0),
            stale_at: None,
            place: None,
            message_id: "<1@clinic.example>".into(),
            envelope_from: "b@clinic.example".into(),
            subject: "s".into(),
            bytes: Vec::new().into(),
            like: None,
        };
        Message {
            key: MessageKey(1),
            patient: Some("p".into()),
            identity_text: "patient/check-in/morning/2026-03-28".into(),
            audience: Audience::Patient,
            state,
            message: None,
            reason: Reason::new("due", "It was due."),
            end_reason: end_reason.map(str::to_owned),
            decided_at: at(-60),
            book: String::new(),
            mail: Some(mail),
            attempts: 0,
            settled_at: None,
        }
    }

    #[test]
    fn each_state_explains_itself_or_does_not() {
        use MessageState::{
            Accepted, Cancelled, Covered, Failed, Leased, Quarantined, Queued, Rejected, Shown, Transmitting,
        };
        let cases = [
            (Accepted, None, CALM, 9_999, None),
            (Shown, None, CALM, 9_999, None),
            (Covered, None, CALM, 9_999, None),
            (Queued, None, CALM, -600, None),
            (Queued, None, CALM, 10, None),
            (Queued, None, CALM, 11, Some(Kind::OverdueMessage)),
            (Queued, None, HELD, 600, None),
            (Queued, None, STOPPED, 600, None),
            (Leased, None, CALM, 60, None),
            (Leased, None, CALM, 61, Some(Kind::StuckMessage)),
            (Transmitting, None, CALM, 61, Some(Kind::StuckMessage)),
            (Cancelled, Some("overtaken"), CALM, 0, None),
            (Cancelled, None, CALM, 0, Some(Kind::EndWithoutReason)),
            (Rejected, Some("550 no"), CALM, 0, None),
            (Failed, Some(" "), CALM, 0, Some(Kind::EndWithoutReason)),
            (Quarantined, Some("an internal error"), CALM, 0, Some(Kind::PutAside)),
        ];
        for (state, reason, circumstances, minutes, expected) in cases {
            let found = judge(&message(state, reason), circumstances, at(minutes));
            assert_eq!(found, expected, "{state:?} {reason:?} {circumstances:?} after {minutes} minutes");
        }
    }

    #[test]
    fn a_hold_keeps_no_mail_of_the_clinics() {
        let clinic = Message { audience: Audience::Clinic, ..message(MessageState::Queued, None) };
        assert_eq!(judge(&clinic, HELD, at(11)), Some(Kind::OverdueMessage));
    }

    #[test]
    fn a_check_in_is_carried_by_its_own_message_only() {
        let patient: PatientId = "p".into();
        let opened = OpenedCheckIn {
            patient: patient.clone(),
            check_in: "morning".into(),
            about_day: "2026-03-28".parse().unwrap(),
            opened_at: at(0),
        };
        for (text, expected) in [
            ("patient/check-in/morning/2026-03-28", true),
            ("patient/check-in/morning/2026-03-28#2", true),
            ("patient/check-in/morning/2026-03-29", false),
            ("patient/reminder/morning/2026-03-28", false),
        ] {
            let carried = BTreeMap::from([(&patient, vec![text])]);
            assert_eq!(is_carried(&opened, &carried), expected, "{text}");
        }
        assert!(!is_carried(&opened, &BTreeMap::new()));
    }
}
