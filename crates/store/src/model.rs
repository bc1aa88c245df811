//! What goes into the store and comes out of it.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use afterrun_rules::{
    TimedEvent,
    book::{BookHash, TellClinic},
    chart::{Chart, CheckIn, Reach},
    decision::{Audience, Entry, Facts, Identity, Reason},
    ids::{FlagId, PatientId},
};

use crate::{MailBase, MailPlace, NewLink};

/// Units a patient reads distances in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Units {
    /// Miles.
    #[default]
    Miles,
    /// Kilometres.
    Kilometres,
}

/// A patient to add.
#[derive(Clone, PartialEq, Debug)]
pub struct NewPatient {
    /// Random, made by the caller; none: the backend makes one.
    pub id: Option<PatientId>,
    /// Name as the patient wants to be called; the first word is the first name.
    pub name: String,
    /// Address, already checked.
    pub email: String,
    /// Zone the patient lives by.
    pub time_zone: Tz,
    /// BCP 47 language tag.
    pub language: String,
    /// Units.
    pub units: Units,
    /// Whether the address is known to be the patient's.
    pub reach: Reach,
}

/// A patient to add together with what is sent first.
#[derive(Clone, PartialEq, Debug)]
pub struct Enrolment {
    /// The patient.
    pub patient: NewPatient,
    /// Messages that no plan decides, such as the one that asks to confirm the address.
    pub messages: Vec<NewMessage>,
    /// Their links.
    pub links: Vec<NewLink>,
}

/// A patient as stored.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Patient {
    /// Id.
    pub id: PatientId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Zone in force.
    pub time_zone: Tz,
    /// Language tag.
    pub language: String,
    /// Units.
    pub units: Units,
    /// When the enrolment began.
    pub enrolled_at: DateTime<Utc>,
    /// Whether mail can go out.
    pub reach: Reach,
    /// When the patient stopped.
    pub stopped_at: Option<DateTime<Utc>>,
    /// When the plan could next change.
    pub next_due: Option<DateTime<Utc>>,
}

/// Person and chart.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredChart {
    /// The person.
    pub patient: Patient,
    /// The chart; its `book_since` is left at the enrolment for the caller to set.
    pub chart: Chart,
    /// Version to commit against.
    pub version: ChartVersion,
    /// Told while the clock was in doubt, in order, and not yet in the chart.
    pub waiting: Vec<Waiting>,
}

/// Which state of a chart somebody has seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ChartVersion {
    /// One more with every change to the chart.
    pub number: i64,
    /// Where the store found the chart, so that it need not look for it again; none: it has to. A chart that does not
    /// lie there has changed.
    pub row: Option<i64>,
}

/// An event that was recorded and not decided on, because the clock was in doubt.
#[derive(Clone, PartialEq, Debug)]
pub struct Waiting {
    /// The event, at the time the doubted clock showed.
    pub event: TimedEvent,
    /// The clinic has been told of the emergency in it.
    pub told: bool,
}

/// One turn of one patient: what became known, what was decided, when to look again.
#[derive(Clone, PartialEq, Debug)]
pub struct Turn {
    /// Whose.
    pub patient: PatientId,
    /// The version the chart had when it was loaded.
    pub version: ChartVersion,
    /// When.
    pub now: DateTime<Utc>,
    /// The rule book in force.
    pub book: BookHash,
    /// Events to append.
    pub events: Vec<TimedEvent>,
    /// Events to keep beside the chart, because the clock is in doubt.
    pub waits: Vec<Waiting>,
    /// All events kept so until now are among `events`.
    pub takes_in: bool,
    /// Check-ins opened.
    pub check_ins: Vec<CheckIn>,
    /// Links made.
    pub links: Vec<NewLink>,
    /// Ledger entries, with their mail if they have one (several rows for several recipients).
    pub messages: Vec<NewMessage>,
    /// Ledger entries to cancel: queued ones become cancelled, covered ones as well.
    pub cancels: Vec<(Identity, Reason)>,
    /// Work items for the clinic.
    pub work_items: Vec<NewWorkItem>,
    /// When the plan could next change.
    pub next_due: Option<DateTime<Utc>>,
}

/// A ledger entry on its way into the outbox.
#[derive(Clone, PartialEq, Debug)]
pub struct NewMessage {
    /// The ledger entry; for clinic-wide mail its identity is a free text, see `identity_text`.
    pub entry: Option<Entry>,
    /// Unique with patient and recipient: the entry's identity as text, or such as `digest/2026-03-30`.
    pub identity_text: String,
    /// To whom.
    pub audience: Audience,
    /// Why.
    pub reason: Reason,
    /// What the text was filled in with.
    pub facts: Facts,
    /// The mail; none for covered entries and for what only the work-list shows.
    pub mail: Option<Mail>,
}

/// A mail, rendered once.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The one recipient.
    pub recipient: String,
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// When it is past its usefulness; none: never.
    pub stale_at: Option<DateTime<Utc>>,
    /// What its return path and its links begin with, so that all of them are kept together; none: each by itself. A
    /// mail that is read has none.
    pub place: Option<MailPlace>,
    /// Value of the Message-ID header, with angle brackets.
    pub message_id: String,
    /// Envelope sender.
    pub envelope_from: String,
    /// Subject as shown in lists.
    pub subject: String,
    /// The whole message as it goes over the wire, CRLF line ends.
    pub bytes: Arc<[u8]>,
    /// What a store may keep the bytes as a difference from. They are the same whether it does or not; a mail that is
    /// read has none.
    pub like: Option<Arc<MailBase>>,
}

impl PartialEq for Mail {
    /// How it may be kept is no part of what it is.
    fn eq(&self, other: &Self) -> bool {
        let Self {
            recipient,
            due_at,
            stale_at,
            message_id,
            envelope_from,
            subject,
            bytes,
            like: _,
            place: _,
        } = self;
        (recipient, due_at, stale_at) == (&other.recipient, &other.due_at, &other.stale_at)
            && (message_id, envelope_from) == (&other.message_id, &other.envelope_from)
            && (subject, bytes) == (&other.subject, &other.bytes)
    }
}

/// Row number of a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct MessageKey(pub i64);

/// Where a message stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waits for its time, or for another try.
    Queued,
    /// A worker has it.
    Leased,
    /// The final dot is being sent.
    Transmitting,
    /// The server took it.
    Accepted,
    /// The server refused it for good.
    Rejected,
    /// Given up.
    Failed,
    /// Not sent, by decision.
    Cancelled,
    /// Another message speaks for it.
    Covered,
    /// Nothing to send: shown on the work-list.
    Shown,
    /// Put aside: failed the same way again and again before it ever reached the server.
    Quarantined,
}

/// What a worker asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The worker's name, unique to the process and its start.
    pub worker: String,
    /// Now.
    pub now: DateTime<Utc>,
    /// Until when the worker may keep them.
    pub lease_until: DateTime<Utc>,
    /// How many at most.
    pub limit: u32,
    /// How many at most if they are urgent or for the clinic: these alone may go beyond `limit`.
    pub pressing_limit: u32,
    /// Take no mail to patients.
    pub hold_patients: bool,
    /// Take nothing but alerts of emergencies, for the clock is in doubt: nothing is judged by `now` but the waits
    /// between their tries. No lease is taken back, and nothing is stale.
    pub only_emergencies: bool,
}

/// A claimed message.
#[derive(Clone, PartialEq, Debug)]
pub struct OutboxMessage {
    /// Row.
    pub key: MessageKey,
    /// Whose turn it came from.
    pub patient: Option<PatientId>,
    /// The decision's identity, if it has one.
    pub identity: Option<Identity>,
    /// To whom.
    pub audience: Audience,
    /// The mail.
    pub mail: Mail,
    /// Attempts so far.
    pub attempts: u32,
    /// When the first attempt was made.
    pub first_attempt_at: Option<DateTime<Utc>>,
    /// An attempt ended without knowing whether the server took it.
    pub in_doubt: bool,
    /// How many attempts ended so because a server did not answer. A process that died while sending does not count.
    pub unanswered: u32,
    /// It is urgent.
    pub urgent: bool,
}

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Settlement {
    /// 2yz after the dot.
    Accepted {
        /// What the server said.
        said: String,
    },
    /// Not accepted, or not known: try again.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// What went wrong, without addresses or content.
        error: String,
        /// The server may have taken it, which stays in doubt whatever the next attempts lead to.
        in_doubt: bool,
    },
    /// Nothing was tried: its time has not come. No attempt is counted.
    Wait {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The server refused this recipient or message for good.
    Rejected {
        /// What the server said.
        said: String,
    },
    /// Given up.
    Failed {
        /// Why.
        error: String,
    },
    /// Not sent, by decision.
    Cancelled {
        /// Why.
        reason: Reason,
    },
    /// Put aside for a person to look at.
    Quarantined {
        /// Why.
        error: String,
    },
}

/// A message as lists and pages show it.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// Row.
    pub key: MessageKey,
    /// Whose.
    pub patient: Option<PatientId>,
    /// Identity as text.
    pub identity_text: String,
    /// To whom.
    pub audience: Audience,
    /// Where it stands.
    pub state: MessageState,
    /// The text it uses (`messages/<id>.md`).
    pub message: Option<afterrun_rules::ids::MessageId>,
    /// Why.
    pub reason: Reason,
    /// Why it ended as it did, if not accepted.
    pub end_reason: Option<String>,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// The rule book in force then.
    pub book: String,
    /// The mail; its bytes are empty in lists.
    pub mail: Option<Mail>,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
}

/// One try to hand a message over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// How, as text.
    pub outcome: String,
}

/// Messages by state.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct QueueDepth {
    /// Queued and due.
    pub due: u64,
    /// Queued for later.
    pub later: u64,
    /// With a worker.
    pub in_flight: u64,
    /// Put aside.
    pub quarantined: u64,
    /// When the oldest due one was due.
    pub oldest_due: Option<DateTime<Utc>>,
}

/// A work item to add.
#[derive(Clone, PartialEq, Debug)]
pub struct NewWorkItem {
    /// Identity of the decision it comes from, unique per patient.
    pub identity_text: String,
    /// The flag.
    pub flag: Option<FlagId>,
    /// How soon somebody should look.
    pub level: TellClinic,
    /// Why, in words.
    pub reason: Reason,
    /// When it is due in a digest; none: told at once or in office hours.
    pub digest_due: Option<DateTime<Utc>>,
}

/// A work item as stored.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkItem {
    /// Row.
    pub id: i64,
    /// Whose.
    pub patient: PatientId,
    /// Name of the patient.
    pub patient_name: String,
    /// Identity of the decision.
    pub identity_text: String,
    /// The flag.
    pub flag: Option<FlagId>,
    /// How soon.
    pub level: TellClinic,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// State: `new` until the console changes it.
    pub state: String,
}

/// A rule book as stored: enough to start again without the folder.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredBook {
    /// Content hash.
    pub hash: BookHash,
    /// Files by path below the folder.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// When it became live.
    pub live_since: DateTime<Utc>,
}

/// What a notification means for its message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bounced {
    /// It may still arrive, or has.
    Noted,
    /// It did not arrive and will not.
    Lost,
}

/// What was erased of one enrolment, in numbers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Erased {
    /// The id, which stays taken.
    pub id: PatientId,
    /// Events: runs, answers, pauses and the like.
    pub events: u32,
    /// Check-ins.
    pub check_ins: u32,
    /// Ledger entries and mails.
    pub messages: u32,
    /// Work items.
    pub work_items: u32,
}

/// A line of the audit log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AuditLine {
    /// Row.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// On what: a patient's id, a message's number.
    pub subject: String,
    /// From where: an address. None: from the program itself or its command line, or longer ago than
    /// [`ORIGINS_KEPT`](crate::ORIGINS_KEPT).
    #[serde(skip)]
    pub origin: Option<String>,
}
