//! Something to do now, or not to do, and why: what `plan` returns, what the outbox stores, what the chart's
//! ledger remembers.

use std::{fmt, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    book::TellClinic,
    ids::{CheckInId, FlagId, MessageId, QuestionId, RunId, StageId},
};

/// What a decision is about. Together with the patient this is the decision's identity: planning twice gives
/// the same subject, and the outbox holds it as a unique key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The recovery plan of a run.
    RecoveryPlan {
        /// The run.
        run: RunId,
    },
    /// A check-in and the mail that carries it.
    CheckIn {
        /// Its kind.
        check_in: CheckInId,
        /// Its about-day.
        about_day: NaiveDate,
    },
    /// The one reminder of a check-in.
    Reminder {
        /// Its kind.
        check_in: CheckInId,
        /// Its about-day.
        about_day: NaiveDate,
    },
    /// A friendly word after several misses.
    Nudge {
        /// The kind of check-in missed.
        check_in: CheckInId,
        /// About-day of the last miss.
        about_day: NaiveDate,
    },
    /// A stage of a flag, told once an episode.
    Stage {
        /// The flag.
        flag: FlagId,
        /// The stage.
        stage: StageId,
        /// The Present day that reached it.
        evidence_day: NaiveDate,
    },
    /// A reminder of the highest told stage.
    StageReminder {
        /// The flag.
        flag: FlagId,
        /// The stage.
        stage: StageId,
        /// The Present day that gave rise to it.
        evidence_day: NaiveDate,
    },
    /// An episode ended clear.
    Resolved {
        /// The flag.
        flag: FlagId,
        /// The day of the last Clear report.
        evidence_day: NaiveDate,
    },
    /// An episode ended in silence.
    Lapsed {
        /// The flag.
        flag: FlagId,
        /// The last observed day.
        evidence_day: NaiveDate,
    },
    /// Running may start again.
    RunAgain {
        /// The run whose window ends last.
        run: RunId,
        /// About-day of the report that cleared it.
        about_day: NaiveDate,
    },
    /// Emergency signs were ticked.
    Emergency {
        /// When the answer that ticked them arrived.
        received_at: DateTime<Utc>,
    },
    /// The patient stopped, or the address is dead, with an episode open.
    LeftWithOpenEpisode {
        /// The flag.
        flag: FlagId,
        /// Its onset.
        onset: NaiveDate,
    },
    /// Check-ins while flagged have reached their longest.
    FlaggedTooLong {
        /// The flag.
        flag: FlagId,
        /// Its onset.
        onset: NaiveDate,
    },
}

impl Subject {
    /// The flag it is about.
    #[must_use]
    pub fn flag(&self) -> Option<&FlagId> {
        match self {
            Self::Stage { flag, .. }
            | Self::StageReminder { flag, .. }
            | Self::Resolved { flag, .. }
            | Self::Lapsed { flag, .. }
            | Self::LeftWithOpenEpisode { flag, .. }
            | Self::FlaggedTooLong { flag, .. } => Some(flag),
            _ => None,
        }
    }

    /// The stage it is about.
    #[must_use]
    pub fn stage(&self) -> Option<&StageId> {
        match self {
            Self::Stage { stage, .. } | Self::StageReminder { stage, .. } => Some(stage),
            _ => None,
        }
    }

    /// The day it is about, or the day of its evidence.
    #[must_use]
    pub fn about_day(&self) -> Option<NaiveDate> {
        match self {
            Self::CheckIn { about_day, .. }
            | Self::Reminder { about_day, .. }
            | Self::Nudge { about_day, .. }
            | Self::RunAgain { about_day, .. } => Some(*about_day),
            Self::Stage { evidence_day, .. }
            | Self::StageReminder { evidence_day, .. }
            | Self::Resolved { evidence_day, .. }
            | Self::Lapsed { evidence_day, .. } => Some(*evidence_day),
            Self::LeftWithOpenEpisode { onset, .. } | Self::FlaggedTooLong { onset, .. } => Some(*onset),
            Self::RecoveryPlan { .. } | Self::Emergency { .. } => None,
        }
    }
}

/// To whom a decision is addressed. The same subject may be decided once for each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The patient.
    Patient,
    /// The clinic.
    Clinic,
}

/// The identity of a decision within one chart. `attempt` is 1, or one more each time an earlier decision on
/// the same subject was cancelled and the matter came up again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// What it is about.
    pub subject: Subject,
    /// To whom.
    pub audience: Audience,
    /// How often this came up.
    pub attempt: u32,
}

impl fmt::Display for Identity {
    /// A stable text, the unique key of the outbox: `clinic/stage/pain-lasting/heads-up/2026-03-30`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.audience {
            Audience::Patient => "patient/",
            Audience::Clinic => "clinic/",
        })?;
        match &self.subject {
            Subject::RecoveryPlan { run } => write!(f, "recovery-plan/{run}"),
            Subject::CheckIn { check_in, about_day } => write!(f, "check-in/{check_in}/{about_day}"),
            Subject::Reminder { check_in, about_day } => write!(f, "reminder/{check_in}/{about_day}"),
            Subject::Nudge { check_in, about_day } => write!(f, "nudge/{check_in}/{about_day}"),
            Subject::Stage { flag, stage, evidence_day } => write!(f, "stage/{flag}/{stage}/{evidence_day}"),
            Subject::StageReminder { flag, stage, evidence_day } => {
                write!(f, "stage-reminder/{flag}/{stage}/{evidence_day}")
            }
            Subject::Resolved { flag, evidence_day } => write!(f, "resolved/{flag}/{evidence_day}"),
            Subject::Lapsed { flag, evidence_day } => write!(f, "lapsed/{flag}/{evidence_day}"),
            Subject::RunAgain { run, about_day } => write!(f, "run-again/{run}/{about_day}"),
            Subject::Emergency { received_at } => write!(f, "emergency/{}", received_at.timestamp_micros()),
            Subject::LeftWithOpenEpisode { flag, onset } => write!(f, "left/{flag}/{onset}"),
            Subject::FlaggedTooLong { flag, onset } => write!(f, "flagged-too-long/{flag}/{onset}"),
        }?;
        if self.attempt > 1 { write!(f, "#{}", self.attempt) } else { Ok(()) }
    }
}

/// Why: a name that tests and metrics can match, and words a clinician can read. Names dates, never ages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reason {
    /// A stable name such as `stage-reached` or `overtaken`.
    pub code: Arc<str>,
    /// One or two sentences.
    pub text: Arc<str>,
}

impl Reason {
    /// A reason.
    #[must_use]
    pub fn new(code: &str, text: impl AsRef<str>) -> Self {
        Self { code: code.into(), text: text.as_ref().into() }
    }
}

/// What a message needs to know about the matter it is about; filled in as far as it applies.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Title of the flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag_title: Option<Arc<str>>,
    /// Titles of the other flags this message covers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Arc<str>>,
    /// First day of the episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onset: Option<NaiveDate>,
    /// The newest day of evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_day: Option<NaiveDate>,
    /// Last day with a usable answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_report_day: Option<NaiveDate>,
    /// The run in question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Title of its recovery window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_title: Option<Arc<str>>,
    /// Rest days at least and at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_days: Option<(u32, u32)>,
    /// First day on which running is possible again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_running_day: Option<NaiveDate>,
    /// Until when eating and drinking counts for this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuel_by: Option<DateTime<Utc>>,
    /// About-day of the check-in the message carries or speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_in: Option<(CheckInId, NaiveDate)>,
    /// When that check-in closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// What to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Send a message to the patient.
    Send {
        /// Which text.
        message: MessageId,
        /// May leave the send window.
        urgent: bool,
    },
    /// Open a check-in and mail its link.
    OpenCheckIn {
        /// The text that carries the link.
        message: MessageId,
        /// When the link closes.
        expires_at: DateTime<Utc>,
        /// The questions, in the order asked.
        questions: Vec<QuestionId>,
        /// The run its run questions are about.
        about_run: Option<RunId>,
        /// Added because a stage falls on a day without a check-in.
        probe: bool,
    },
    /// Tell the clinic.
    TellClinic {
        /// How soon. Never `Nobody`.
        level: TellClinic,
    },
    /// Do not send what was queued, or what would have been due.
    Cancel,
    /// Counts as told: another message speaks for it.
    Covered {
        /// Identity of the message that does.
        by: Identity,
    },
}

/// A decision.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// Its identity in the chart.
    pub identity: Identity,
    /// When it is to be done: now, or when the send window, the office or the digest allows.
    pub at: DateTime<Utc>,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// What a message needs to know.
    pub facts: Facts,
}

/// How far a decision has got.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Waits to be sent at its time.
    Queued,
    /// Handed over (a mail accepted by a server; the clinic's work-list shows it).
    Done,
    /// Another message spoke for it.
    Covered,
    /// Not sent: overtaken, stopped, dropped.
    Cancelled,
    /// Given up after failing.
    Failed,
}

/// One line of the ledger: a decision as the chart remembers it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The decision's identity.
    pub identity: Identity,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// When it is, or was, to be done.
    pub at: DateTime<Utc>,
    /// How far it got.
    pub state: EntryState,
    /// The message text it uses, if it is one.
    pub message: Option<MessageId>,
    /// To the patient: counts against the urgent budget and may leave the send window. To the clinic: somebody has to look
    /// now, so it leaves before everything else.
    pub urgent: bool,
    /// For a covered entry, the message that speaks for it.
    pub covered_by: Option<Identity>,
}

impl Entry {
    /// Queued, done or covered: the patient has been, or will be, told.
    #[must_use]
    pub fn counts_as_told(&self) -> bool {
        matches!(self.state, EntryState::Queued | EntryState::Done | EntryState::Covered)
    }
}

/// What `plan` returns.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// What to do now, most urgent first.
    pub decisions: Vec<Decision>,
    /// The earliest later instant at which this plan could change without a new event; none: never.
    pub next_due: Option<DateTime<Utc>>,
}

impl crate::chart::Chart {
    /// Writes a decision into the ledger (and opens its check-in), so that planning again does not repeat it.
    pub fn record(&mut self, decision: &Decision, decided_at: DateTime<Utc>) {
        let mut entry = Entry {
            identity: decision.identity.clone(),
            decided_at,
            at: decision.at,
            state: EntryState::Queued,
            message: None,
            urgent: false,
            covered_by: None,
        };
        match &decision.action {
            Action::Cancel => {
                let cancelled = &decision.identity;
                match self.ledger.iter().position(|known| known.identity == *cancelled) {
                    Some(known) => self.ledger.set_state(known, EntryState::Cancelled),
                    None => self.ledger.push(Entry { state: EntryState::Cancelled, ..entry }),
                }
                for at in self.ledger.positions() {
                    if self.ledger[at].covered_by.as_ref() == Some(cancelled) {
                        self.ledger.set_state(at, EntryState::Cancelled);
                    }
                }
                return;
            }
            Action::Send { message, urgent } => {
                entry.message = Some(message.clone());
                entry.urgent = *urgent;
            }
            Action::OpenCheckIn { message, expires_at, questions, about_run, probe } => {
                entry.message = Some(message.clone());
                if let Subject::CheckIn { check_in, about_day } = &decision.identity.subject {
                    self.check_ins.push(crate::chart::CheckIn {
                        id: check_in.clone(),
                        about_day: *about_day,
                        opened_at: decided_at,
                        expires_at: *expires_at,
                        questions: questions.clone(),
                        about_run: about_run.clone(),
                        probe: *probe,
                    });
                }
            }
            Action::TellClinic { level } => {
                entry.state = EntryState::Done;
                entry.urgent = *level == TellClinic::Now;
            }
            Action::Covered { by } => {
                entry.state = EntryState::Covered;
                entry.covered_by = Some(by.clone());
            }
        }
        self.ledger.push(entry);
    }

    /// Marks a queued message as accepted by the mail server.
    pub fn mark_done(&mut self, identity: &Identity) {
        let queued = |entry: &Entry| entry.identity == *identity && entry.state == EntryState::Queued;
        if let Some(at) = self.ledger.iter().position(queued) {
            self.ledger.set_state(at, EntryState::Done);
        }
    }
}
