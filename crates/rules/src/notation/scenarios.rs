//! `Scenarios(...)`: the rule book's own tests.

use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer};

use super::{Allow, Checked, Few, List, Number, Pairs, Text, file, leaf::Line};
use crate::book::TellClinic;

file! {
    /// A file of scenarios.
    ScenariosFile = "Scenarios" {
        /// The scenarios.
        scenarios: List<Scenario>,
    }
}

/// One story.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub name: Checked<Line>,
    /// Date of day 0; a Monday, 2026-01-05, unless said otherwise.
    pub day_0: Option<Checked<NaiveDate>>,
    /// The patient's zone; UTC unless said otherwise.
    pub time_zone: Option<Checked<Tz>>,
    /// Runs.
    #[serde(default)]
    pub runs: List<Run>,
    /// Answers, a token a day.
    #[serde(default)]
    pub series: Pairs<String>,
    /// Everything else.
    #[serde(default)]
    pub events: List<Event>,
    /// Last day.
    pub until_day: Number<u32>,
    /// The complete list of messages.
    pub messages: Few<Expected>,
    /// States on the way.
    #[serde(default)]
    pub states: Few<State>,
    /// The complete list of what the clinic hears about flags; not looked at unless given.
    pub clinic: Option<Few<Hears>>,
    /// Messages not compared.
    pub ignore: Option<Few<Text>>,
    /// Warnings accepted here.
    pub allow: Allow,
}

/// One run of a story.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The day.
    pub day: Number<u32>,
    /// Local start time; 08:00 unless said otherwise.
    pub at: Option<Checked<NaiveTime>>,
    /// Distance in miles.
    pub miles: Option<Number<f64>>,
    /// Distance in kilometres.
    pub km: Option<Number<f64>>,
    /// Distance in metres.
    pub distance_m: Option<Number<f64>>,
    /// Kind of race; a training run unless given.
    pub race: Option<Text>,
    /// Day it was logged, if later.
    pub logged_day: Option<Number<u32>>,
    /// Answers about it.
    #[serde(default)]
    pub answers: Pairs<AnyValue>,
}

/// Something else that happens.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the same words as `crate::scenario::ScenarioEvent`, which documents them")]
pub enum Event {
    Late {
        about_day: Number<u32>,
        received_day: Number<u32>,
        answers: Pairs<AnyValue>,
    },
    Correct {
        about_day: Number<u32>,
        received_day: Number<u32>,
        answers: Pairs<AnyValue>,
    },
    Withdraw {
        about_day: Number<u32>,
        received_day: Number<u32>,
    },
    Excuse {
        from_day: Number<u32>,
        to_day: Number<u32>,
        #[serde(default)]
        because: String,
    },
    NewRules {
        day: Number<u32>,
        folder: Text,
    },
    Restart {
        day: Number<u32>,
    },
    Pause {
        from_day: Number<u32>,
        until_day: Option<Number<u32>>,
    },
    StopMessages {
        day: Number<u32>,
    },
}

/// A message that must go out.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The day.
    pub day: Number<u32>,
    /// The message.
    pub send: Text,
}

/// A state that must hold.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The day.
    pub day: Number<u32>,
    /// The flag.
    pub flag: Text,
    /// The state.
    pub is: StateName,
}

/// Something the clinic must hear.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Hears {
    /// The day.
    pub day: Number<u32>,
    /// About which flag.
    pub flag: Text,
    /// How soon.
    pub hears: TellClinic,
}

/// The states of a flag.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub enum StateName {
    /// Nothing going on.
    Quiet,
    /// Open, nothing told.
    Watching,
    /// Open, this stage told.
    Told(Text),
    /// Ended clear.
    Resolved,
    /// Ended in silence.
    Lapsed,
}

/// A number, `true`, `false` or a text.
#[derive(Clone, Debug)]
pub struct AnyValue(pub crate::chart::Value);

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use crate::chart::Value;
        struct Visit;
        impl serde::de::Visitor<'_> for Visit {
            type Value = AnyValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, true, false, or a text in quotes")
            }
            fn visit_bool<E>(self, value: bool) -> Result<AnyValue, E> {
                Ok(AnyValue(Value::YesNo(value)))
            }
            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<AnyValue, E> {
                i32::try_from(value)
                    .map(|value| AnyValue(Value::Number(value)))
                    .map_err(|_| E::custom("this number is too large"))
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<AnyValue, E> {
                i32::try_from(value)
                    .map(|value| AnyValue(Value::Number(value)))
                    .map_err(|_| E::custom("this number is too large"))
            }
            fn visit_str<E>(self, value: &str) -> Result<AnyValue, E> {
                Ok(AnyValue(Value::Word(value.into())))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}
