//! The rule book: everything a clinic's rules folder says, checked and immutable.
//!
//! These types are what the rest of the program works with; `load` makes them out of files and refuses
//! anything that does not hold together, so references between parts are plain indexes here.
//!
//! INVARIANT: every index (`QuestionIx`, `usize` stage and flag positions) is in range for its book.

use std::{collections::BTreeMap, fmt, sync::Arc};

use chrono::{NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;

use crate::{
    ids::{CheckInId, FlagId, MessageId, QuestionId, RaceId, SignId, StageId, WindowId},
    schedule::Schedule,
};

/// Content hash of a rule book: BLAKE3 over the names and bytes of its files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookHash(pub [u8; 32]);

impl fmt::Display for BookHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BookHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl BookHash {
    /// The first twelve hexadecimal digits: enough for people to tell two books apart.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

/// Where in the rules folder something was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Path below the rules folder, with `/` between its parts.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Everything loaded from one rules folder.
#[derive(Clone, Debug)]
pub struct RuleBook {
    /// Content hash of the files this book was loaded from.
    pub hash: BookHash,
    /// Who the clinic is and within which limits it writes.
    pub clinic: Clinic,
    /// Every question, in file order. `QuestionIx` points here.
    pub questions: Vec<Question>,
    /// Run types and distances to rest days.
    pub recovery: Recovery,
    /// When to ask what, in file order (earlier wins when several are due on one day).
    pub check_ins: Vec<CheckInRule>,
    /// What should worry us, in file order.
    pub flags: Vec<Flag>,
    /// The emergency tick-list. Never empty.
    pub emergencies: Vec<Sign>,
    /// Message texts by id.
    pub messages: BTreeMap<MessageId, MessageText>,
    /// The book's own tests, in file order.
    pub scenarios: Vec<crate::scenario::Scenario>,
}

impl RuleBook {
    /// The question with this id.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<(QuestionIx, &Question)> {
        let at = self.questions.iter().position(|question| question.id == *id)?;
        Some((QuestionIx(at as u16), &self.questions[at]))
    }

    /// The flag with this id, or the one that carries it in `formerly`.
    #[must_use]
    pub fn flag(&self, id: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.is_called(id))
    }

    /// The kind of check-in with this id.
    #[must_use]
    pub fn check_in(&self, id: &str) -> Option<&CheckInRule> {
        self.check_ins.iter().find(|rule| rule.id == *id)
    }

    /// The race kinds some recovery window names, in file order, each with that window's title.
    pub fn races(&self) -> impl Iterator<Item = (&RaceId, &str)> {
        self.recovery.windows.iter().filter_map(|window| match &window.when {
            RunMatch::Race(race) => Some((race, &*window.title)),
            RunMatch::Distance { .. } => None,
        })
    }
}

/// `clinic.ron`.
#[derive(Clone, Debug)]
pub struct Clinic {
    /// Shown to patients and used as the sender's name.
    pub name: Arc<str>,
    /// Shown to patients as written.
    pub phone: Arc<str>,
    /// `https` address at which a patient books an appointment.
    pub booking_link: Arc<str>,
    /// The sentence that says what to do in an emergency.
    pub emergency_line: Arc<str>,
    /// The clinic's own zone: office hours and digests. Also the zone of a patient added without one.
    pub time_zone: Tz,
    /// When somebody is there to act on `tell_clinic: Today`.
    pub office_hours: Vec<OfficeHours>,
    /// Patient's local time within which non-urgent mail goes out.
    pub send_window: SendWindow,
    /// Patient's local time at which what only time can tell (a nudge, a lapse) goes out.
    pub time_messages_at: NaiveTime,
    /// Where alerts and digests go.
    pub alerts_to: Vec<Arc<str>>,
    /// Who hears of an urgent alert that nobody has acknowledged.
    pub escalate: Option<Escalate>,
    /// Who hears of a rejected edit of the rules.
    pub editors: Vec<Arc<str>>,
    /// When the digest goes to `alerts_to`, in the clinic's zone.
    pub digest: Schedule,
    /// Budgets that nothing can exceed.
    pub limits: Limits,
}

/// Days and hours at which the clinic is staffed, in the clinic's zone.
#[derive(Clone, Debug)]
pub struct OfficeHours {
    /// Days of the week, in calendar order.
    pub days: Vec<Weekday>,
    /// Opening time.
    pub from: NaiveTime,
    /// Closing time, later than `from`.
    pub until: NaiveTime,
}

/// Half-open window of local wall time, `from <= t < until`.
#[derive(Clone, Copy, Debug)]
pub struct SendWindow {
    /// First minute at which mail may go out.
    pub from: NaiveTime,
    /// First minute at which it may not, later than `from`.
    pub until: NaiveTime,
}

/// Second address for alerts nobody acknowledges.
#[derive(Clone, Debug)]
pub struct Escalate {
    /// Minutes without acknowledgement.
    pub after_minutes: u32,
    /// Addresses.
    pub to: Vec<Arc<str>>,
}

/// Budgets.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Non-urgent messages per patient and local day.
    pub normal_per_patient_day: u32,
    /// Urgent messages per patient and local day.
    pub urgent_per_patient_day: u32,
    /// Messages per hour for the whole clinic.
    pub all_per_hour: u32,
}

/// Position of a question in [`RuleBook::questions`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QuestionIx(pub u16);

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its id, unique in the book.
    pub id: QuestionId,
    /// Whether it is about the day or about one run.
    pub about: About,
    /// The words shown to the patient.
    pub ask: Arc<str>,
    /// What can be answered.
    pub answer: AnswerKind,
    /// Asked only if this holds for what has been answered so far.
    pub only_if: Option<Condition>,
    /// The value meant when `only_if` is known to be false.
    pub skipped_means: Option<crate::chart::Value>,
    /// May be left blank.
    pub optional: bool,
    /// Where it was written.
    pub place: Place,
}

/// What a question is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// The check-in's about-day.
    Day,
    /// The newest run that has no score yet.
    Run,
}

/// The kinds of answer.
#[derive(Clone, Debug)]
pub enum AnswerKind {
    /// A whole number, ends included.
    Scale {
        /// Lowest value.
        from: i32,
        /// Highest value.
        to: i32,
        /// Words at the low end.
        low: Arc<str>,
        /// Words at the high end.
        high: Arc<str>,
    },
    /// One of a list: (value, words shown).
    Choice(Vec<(Arc<str>, Arc<str>)>),
    /// Yes or no.
    YesNo,
    /// Free text.
    Text {
        /// Longest accepted text, in characters.
        max_chars: u32,
    },
}

/// A condition over one report; Kleene's three-valued logic ([`crate::evidence`]).
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Number is this or more.
    AtLeast(QuestionIx, i32),
    /// Number is this or less.
    AtMost(QuestionIx, i32),
    /// Choice is one of these.
    OneOf(QuestionIx, Vec<Arc<str>>),
    /// Answered yes.
    Yes(QuestionIx),
    /// Answered no.
    No(QuestionIx),
    /// Every one holds.
    AllOf(Vec<Condition>),
    /// At least one holds.
    AnyOf(Vec<Condition>),
    /// Does not hold.
    Not(Box<Condition>),
    /// The number is at least `points` above the lowest answer to it in the `within_days` days before.
    RoseBy {
        /// Question, a scale.
        question: QuestionIx,
        /// Least rise.
        points: i32,
        /// How many calendar days to look back, today not counted.
        within_days: u32,
    },
}

impl Condition {
    /// Whether it compares a report with earlier ones.
    #[must_use]
    pub fn looks_back(&self) -> bool {
        match self {
            Self::RoseBy { .. } => true,
            Self::AllOf(parts) | Self::AnyOf(parts) => parts.iter().any(Self::looks_back),
            Self::Not(part) => part.looks_back(),
            Self::AtLeast(..) | Self::AtMost(..) | Self::OneOf(..) | Self::Yes(_) | Self::No(_) => false,
        }
    }

    /// Calls `visit` for every question the condition reads.
    pub fn for_each_question(&self, visit: &mut impl FnMut(QuestionIx)) {
        match self {
            Self::AtLeast(question, _)
            | Self::AtMost(question, _)
            | Self::OneOf(question, _)
            | Self::Yes(question)
            | Self::No(question)
            | Self::RoseBy { question, .. } => visit(*question),
            Self::AllOf(parts) | Self::AnyOf(parts) => {
                parts.iter().for_each(|part| part.for_each_question(visit));
            }
            Self::Not(part) => part.for_each_question(visit),
        }
    }
}

/// `recovery.ron`.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// Sent when a run is logged.
    pub on_run: MessageId,
    /// Sent when running may start again.
    pub on_cleared: MessageId,
    /// The windows, in file order. Together they match every run.
    pub windows: Vec<Window>,
}

/// How long to rest after one kind of run.
#[derive(Clone, Debug)]
pub struct Window {
    /// Its id.
    pub id: WindowId,
    /// Shown to the patient.
    pub title: Arc<str>,
    /// The runs it is for.
    pub when: RunMatch,
    /// Days without running at least; days 1 to `min_days` after the run day.
    pub min_days: u32,
    /// Days without running at most.
    pub max_days: u32,
    /// Where the numbers come from.
    pub basis: Basis,
    /// Where it was written.
    pub place: Place,
}

/// The runs a window is for. A race beats a distance.
#[derive(Clone, Debug, PartialEq)]
pub enum RunMatch {
    /// A race of this kind.
    Race(RaceId),
    /// Half-open distance band, in metres.
    Distance {
        /// Shortest distance that matches.
        from_m: f64,
        /// Distance from which it no longer matches; none: every longer run.
        below_m: Option<f64>,
    },
}

/// Where a number comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The article the pack was made from.
    Seed,
    /// A convention, named.
    Convention(Arc<str>),
    /// Our own filling of a gap: the clinic must confirm it.
    ClinicToConfirm,
}

/// When to ask what.
#[derive(Clone, Debug)]
pub struct CheckInRule {
    /// Its id.
    pub id: CheckInId,
    /// What starts it.
    pub starts: Starts,
    /// Patient's local times at which it is due.
    pub schedule: Schedule,
    /// How long it goes on.
    pub lasts: Lasts,
    /// The questions, in the order asked.
    pub ask: Vec<QuestionIx>,
    /// The message that carries the link.
    pub send: MessageId,
    /// Hours after opening at which an unanswered check-in is reminded once.
    pub remind_after_hours: Option<u32>,
    /// Hours after opening at which the link closes.
    pub expires_after_hours: u32,
    /// What to do about several misses in a row.
    pub nudge: Option<Nudge>,
    /// Where it was written.
    pub place: Place,
}

/// What starts a check-in rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Starts {
    /// A run: from the first occurrence after the run's local date and after it was logged.
    AfterRun,
    /// An open episode of a flag that uses its questions: from the date after onset.
    WhileFlagged,
    /// Enrolment.
    OnEnrolment,
}

/// How long a check-in rule goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lasts {
    /// Until so many days after the recovered day.
    UntilRecovered {
        /// Days beyond the recovered day.
        extra_days: u32,
    },
    /// While the episode is open.
    UntilClear,
    /// Seven times so many dates from the start date.
    Weeks(u32),
    /// So many dates from the start date.
    Days(u32),
}

/// A friendly word after several misses in a row.
#[derive(Clone, Debug)]
pub struct Nudge {
    /// Consecutive misses.
    pub after_missed: u32,
    /// The message.
    pub send: MessageId,
}

/// A red flag.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its id: the flag's identity across edits.
    pub id: FlagId,
    /// Ids it had before; the ledger is carried over.
    pub formerly: Vec<FlagId>,
    /// Shown to clinicians, and to patients as `{{ also }}`.
    pub title: Arc<str>,
    /// Where it comes from.
    pub basis: Basis,
    /// What counts as the problem.
    pub evidence: FlagEvidence,
    /// Longest silence, in un-excused days, that does not end an episode.
    pub bridge_silent_days: u32,
    /// Clear days in a row that end an episode.
    pub clear_reports: u32,
    /// Steps, by rising `after_days`.
    pub stages: Vec<Stage>,
    /// When an episode ends clear after a stage was told.
    pub on_resolved: Option<MessageId>,
    /// When an episode ends in silence.
    pub on_lapsed: Option<OnLapsed>,
    /// Flags whose newly reached stages this one covers while its own episode is open and told.
    pub outranks: Vec<FlagId>,
    /// Where it was written.
    pub place: Place,
}

impl Flag {
    /// Whether this is, or was, the flag's id.
    #[must_use]
    pub fn is_called(&self, id: &str) -> bool {
        self.id == *id || self.formerly.iter().any(|former| *former == *id)
    }
}

/// What a flag looks at.
#[derive(Clone, Debug)]
pub enum FlagEvidence {
    /// Each day's reports.
    Days {
        /// Present.
        when: Condition,
        /// Clear; none means `Not(when)`.
        clear_when: Option<Condition>,
    },
    /// Each scored run.
    Runs(WorsensEachRun),
}

/// Pain that worsens with each run: evidence is per run, over the last `runs` scored runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorsensEachRun {
    /// The score, a scale about a run.
    pub question: QuestionIx,
    /// How many scored runs to look at; at least 3.
    pub runs: u32,
    /// Least rise from first to last.
    pub rise_by: i32,
    /// Least score of the last.
    pub ends_at_least: i32,
    /// Equal neighbours allowed.
    pub ties_allowed: u32,
    /// Calendar days that the first and the last run may lie apart.
    pub within_days: u32,
}

/// A step of a flag.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its id, unique within the flag.
    pub id: StageId,
    /// Calendar days after onset on which the problem must still be reported.
    pub after_days: u32,
    /// Present days needed by then.
    pub min_reports: u32,
    /// The message to the patient.
    pub send: MessageId,
    /// May leave the send window.
    pub urgent: bool,
    /// How soon the clinic hears.
    pub tell_clinic: TellClinic,
    /// Reminders while it goes on.
    pub remind: Option<Remind>,
    /// Where it was written.
    pub place: Place,
}

/// How soon the clinic hears. Ordered: later is more pressing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
pub enum TellClinic {
    /// Not at all.
    Nobody,
    /// In the next digest.
    Digest,
    /// At once in office hours, else at the next opening.
    Today,
    /// At once.
    Now,
}

/// Reminders of the highest told stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remind {
    /// Days after the newest evidence day in the episode's ledger.
    pub every_days: u32,
    /// How many in one episode.
    pub at_most: u32,
}

/// What happens when an episode ends in silence.
#[derive(Clone, Debug)]
pub struct OnLapsed {
    /// To the patient, if a stage had been told.
    pub send: Option<MessageId>,
    /// To the clinic, if a stage had been told.
    pub tell_clinic: TellClinic,
}

/// One row of the emergency tick-list.
#[derive(Clone, Debug)]
pub struct Sign {
    /// Its id.
    pub id: SignId,
    /// The words beside the box.
    pub ask: Arc<str>,
    /// Shown at once when ticked.
    pub do_now: Arc<str>,
    /// How pressing.
    pub level: SignLevel,
    /// Where it was written.
    pub place: Place,
}

/// How pressing a sign is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SignLevel {
    /// Care on the same day.
    SameDay,
    /// Call for help now.
    CallNow,
}

/// A message as the clinic wrote it.
#[derive(Clone, Debug)]
pub struct MessageText {
    /// Its id: the file's name without `.md`.
    pub id: MessageId,
    /// Subject line, with placeholders.
    pub subject: Arc<str>,
    /// Preview line, with placeholders.
    pub preview: Option<Arc<str>>,
    /// Markdown body, with placeholders.
    pub body: Arc<str>,
    /// Where it was written.
    pub place: Place,
}

/// Sign-off of one file.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Who signed.
    pub by: Arc<str>,
    /// When.
    pub on: NaiveDate,
    /// When to look again.
    pub review_by: NaiveDate,
}
