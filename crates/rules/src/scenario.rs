//! Scenarios: small stories with the messages they must lead to. The rule book's own tests.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::{
    book::{Place, TellClinic},
    chart::{AnswerEvent, RunKind, Values},
    ids::{CheckInId, FlagId, MessageId, QuestionId},
};

/// One scenario, its references checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it shows.
    pub name: Arc<str>,
    /// Date of day 0.
    pub day_0: NaiveDate,
    /// The patient's zone.
    pub time_zone: Tz,
    /// Runs of the story.
    pub runs: Vec<ScenarioRun>,
    /// One token a day and question: `None` no report, `Some(None)` reported but left blank.
    pub series: Vec<(QuestionId, Vec<Token>)>,
    /// Everything else that happens.
    pub events: Vec<ScenarioEvent>,
    /// Last day of the story.
    pub until_day: u32,
    /// The complete list of messages.
    pub messages: Vec<(u32, MessageId)>,
    /// States to be seen on the way.
    pub states: Vec<(u32, FlagId, StateName)>,
    /// The complete list of what the clinic hears about flags; none: not looked at.
    pub clinic: Option<Vec<Heard>>,
    /// Messages left out of the comparison; none: check-ins, their reminders and nudges.
    pub ignore: Option<Vec<MessageId>>,
    /// Where it was written.
    pub place: Place,
}

/// One day's token of a series.
#[derive(Clone, PartialEq, Debug)]
pub enum Token {
    /// `_`: no report.
    NoReport,
    /// `-`: reported, but this question left blank.
    Blank,
    /// A value.
    Value(crate::chart::Value),
}

/// A run of a scenario, logged when it ends.
#[derive(Clone, Debug)]
pub struct ScenarioRun {
    /// Day it took place.
    pub day: u32,
    /// Local start time.
    pub at: NaiveTime,
    /// How far, in metres.
    pub distance_m: f64,
    /// Race or training.
    pub kind: RunKind,
    /// Day it was logged; none: the day of the run.
    pub logged_day: Option<u32>,
    /// Answers about this run.
    pub answers: Values,
}

/// What else happens, each on a day at 08:00 local.
#[derive(Clone, Debug)]
pub enum ScenarioEvent {
    /// An answer about one day arrives on another.
    Late {
        /// The day it is about.
        about_day: u32,
        /// The day it arrives.
        received_day: u32,
        /// The values.
        answers: Values,
    },
    /// The answer about a day is replaced.
    Correct {
        /// The day it is about.
        about_day: u32,
        /// The day it arrives.
        received_day: u32,
        /// The values.
        answers: Values,
    },
    /// The answer about a day is taken back.
    Withdraw {
        /// The day it is about.
        about_day: u32,
        /// The day it is taken back.
        received_day: u32,
    },
    /// Days on which silence is ours.
    Excuse {
        /// First day.
        from_day: u32,
        /// Last day.
        to_day: u32,
        /// Why.
        because: Arc<str>,
    },
    /// The rules as they are in another folder come into force.
    NewRules {
        /// The day.
        day: u32,
        /// Folder below the rules folder, itself not part of the book.
        folder: Arc<str>,
    },
    /// The daemon restarts.
    Restart {
        /// The day.
        day: u32,
    },
    /// The patient pauses.
    Pause {
        /// First day.
        from_day: u32,
        /// Day on which check-ins start again.
        until_day: Option<u32>,
    },
    /// The patient stops.
    StopMessages {
        /// The day.
        day: u32,
    },
}

/// Something the clinic hears about a flag.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Heard {
    /// The day on which it was decided; how soon the clinic hears follows from the level.
    pub day: i64,
    /// The flag.
    pub flag: FlagId,
    /// How soon.
    pub level: TellClinic,
}

/// State of a flag as a scenario names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StateName {
    /// No episode, or one that ended before.
    Quiet,
    /// An episode is open, no stage told.
    Watching,
    /// An episode is open and this stage, by id, is the highest told.
    Told(crate::ids::StageId),
    /// The newest episode ended clear.
    Resolved,
    /// The newest episode ended in silence.
    Lapsed,
}

/// The check-in a scenario's series answers: the first kind that asks the question, or the first of the book.
#[must_use]
pub fn answering(check_in: &CheckInId, about_day: NaiveDate, values: Values) -> AnswerEvent {
    AnswerEvent { check_in: Some(check_in.clone()), run: None, about_day, values, emergencies: None }
}
