//! What `ron` does by itself: the same bytes into structures without places, nothing checked.

#![expect(dead_code, reason = "read and thrown away")]

use std::{collections::BTreeMap, hint::black_box};

use afterrun_rules::source::{Source, Sources};
use ron::{Options, extensions::Extensions};
use serde::{Deserialize, de::DeserializeOwned};

/// Bytes of all files.
pub fn bytes(sources: &Sources) -> usize {
    texts(sources).map(str::len).sum()
}

fn texts(sources: &Sources) -> impl Iterator<Item = &str> {
    sources.files.values().filter_map(|source| match source {
        Source::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        Source::Unreadable(_) => None,
    })
}

/// Reads every file of flags and of scenarios, and whatever else there is in RON into `ron`'s own values.
pub fn parse_all(sources: &Sources) {
    let options = Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
    fn read<T: DeserializeOwned>(options: &Options, text: &str) {
        drop(black_box(options.from_str::<T>(text).expect("a sound file")));
    }
    for text in texts(sources) {
        let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("//"));
        match first {
            Some("RedFlags(") => read::<RedFlags>(&options, text),
            Some("Scenarios(") => read::<Scenarios>(&options, text),
            Some(line) if line.ends_with('(') => read::<ron::Value>(&options, text),
            _ => {}
        }
    }
}

#[derive(Deserialize)]
struct RedFlags {
    flags: Vec<Flag>,
}

#[derive(Deserialize)]
struct Flag {
    id: String,
    title: String,
    basis: Basis,
    when: Condition,
    clear_when: Option<Condition>,
    bridge_silent_days: u32,
    clear_reports: u32,
    stages: Vec<Stage>,
    on_resolved: Option<Sent>,
    on_lapsed: Option<Lapsed>,
    #[serde(default)]
    outranks: Vec<String>,
    allow: Option<Vec<String>>,
}

#[derive(Deserialize)]
enum Basis {
    Seed,
    Convention(String),
    ClinicToConfirm,
}

#[derive(Deserialize)]
enum Condition {
    AtLeast(String, i32),
    AtMost(String, i32),
    OneOf(String, Vec<String>),
    Yes(String),
    No(String),
    AllOf(Vec<Condition>),
    AnyOf(Vec<Condition>),
    Not(Box<Condition>),
    RoseBy {
        question: String,
        points: i32,
        within_days: u32,
    },
    WorsensEachRun {
        question: String,
        runs: u32,
        rise_by: i32,
        ends_at_least: i32,
        ties_allowed: u32,
        within_days: u32,
    },
}

#[derive(Deserialize)]
struct Stage {
    id: String,
    after_days: u32,
    min_reports: u32,
    send: String,
    #[serde(default)]
    urgent: bool,
    tell_clinic: Option<TellClinic>,
    remind: Option<Remind>,
    allow: Option<Vec<String>>,
}

#[derive(Deserialize)]
enum TellClinic {
    Nobody,
    Digest,
    Today,
    Now,
}

#[derive(Deserialize)]
struct Remind {
    every_days: u32,
    at_most: u32,
}

#[derive(Deserialize)]
struct Sent {
    send: String,
}

#[derive(Deserialize)]
struct Lapsed {
    send: Option<String>,
    tell_clinic: Option<TellClinic>,
}

#[derive(Deserialize)]
struct Scenarios {
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    name: String,
    day_0: Option<String>,
    time_zone: Option<String>,
    #[serde(default)]
    runs: Vec<ron::Value>,
    #[serde(default)]
    series: BTreeMap<String, String>,
    #[serde(default)]
    events: Vec<Event>,
    until_day: u32,
    messages: Vec<Expected>,
    #[serde(default)]
    states: Vec<State>,
    clinic: Option<Vec<ron::Value>>,
    ignore: Option<Vec<String>>,
    allow: Option<Vec<String>>,
}

#[derive(Deserialize)]
enum Event {
    Late { about_day: u32, received_day: u32, answers: BTreeMap<String, ron::Value> },
    Correct { about_day: u32, received_day: u32, answers: BTreeMap<String, ron::Value> },
    Withdraw { about_day: u32, received_day: u32 },
    Excuse { from_day: u32, to_day: u32, because: Option<String> },
    NewRules { day: u32, folder: String },
    Restart { day: u32 },
    Pause { from_day: u32, until_day: Option<u32> },
    StopMessages { day: u32 },
}

#[derive(Deserialize)]
struct Expected {
    day: u32,
    send: String,
}

#[derive(Deserialize)]
struct State {
    day: u32,
    flag: String,
    is: StateName,
}

#[derive(Deserialize)]
enum StateName {
    Quiet,
    Watching,
    Told(String),
    Resolved,
    Lapsed,
}
