//! The rule book: everything a clinic's rules folder says, checked and immutable.
//!
//! These types are what the rest of the program works with; `load` makes them out of files and refuses
//! anything that does not hold together, so references between parts are plain indexes here.
//!
//! INVARIANT: every index (`QuestionIx`, `usize` stage and flag positions) is in range for its book.

mod check_in;
mod clinic;
mod flag;
mod locale;
mod question;
mod recovery;

pub use check_in::{CheckInRule, Lasts, Nudge, Starts};
pub use clinic::{Clinic, Escalate, Limits, OfficeHours, SendWindow};
pub use flag::{Flag, FlagEvidence, OnLapsed, Remind, Stage, TellClinic, WorsensEachRun};
pub use locale::Locale;
pub use question::{About, AnswerKind, Condition, Question, QuestionIx};
pub use recovery::{Recovery, RunMatch, Window};

use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::ids::{MessageId, RaceId, SignId};

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
