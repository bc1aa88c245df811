//! Scenarios with their references found: series taken apart into tokens, distances in metres.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::{
    build::{Shared as _, id},
    written::{Item, Written},
};
use crate::{
    chart::{RunKind, Value, Values},
    ids::QuestionId,
    notation::{
        Pairs, Spanned, Text,
        questions::Answer,
        recovery::metres,
        scenarios::{self, AnyValue, Event},
    },
    scenario::{Heard, Scenario, ScenarioEvent, ScenarioRun, StateName, Token},
};

/// Day 0 of a scenario that names none: a Monday far from any change of clocks.
const DAY_0: (i32, u32, u32) = (2026, 1, 5);
/// Start of a run that names no time.
const RUN_AT: (u32, u32) = (8, 0);

/// Metres that races of a kind are run over: 5 and 10 kilometres by name; half marathon and marathon as World
/// Athletics measures them.
const RACE_METRES: [(&str, f64); 4] =
    [("5k", 5_000.0), ("10k", 10_000.0), ("half-marathon", 21_097.5), ("marathon", 42_195.0)];

/// The distance of a kind of race, if its name fixes it.
#[must_use]
pub(crate) fn race_metres(race: &str) -> Option<f64> {
    RACE_METRES.iter().find(|(known, _)| *known == race).map(|(_, metres)| *metres)
}

pub(super) fn scenario(written: &Written, item: &Item<scenarios::Scenario>) -> Option<Scenario> {
    let series = item.series.0.iter().map(|(question, tokens)| {
        let answer = &written.question(question)?.answer.value;
        let tokens = tokens.split_whitespace().map(|word| token(word, answer));
        Some((QuestionId::from(question.as_str()), tokens.collect::<Option<Vec<_>>>()?))
    });
    Some(Scenario {
        name: item.name.shared()?,
        day_0: match &item.day_0 {
            Some(day) => day.value?,
            None => NaiveDate::from_ymd_opt(DAY_0.0, DAY_0.1, DAY_0.2)?,
        },
        time_zone: match &item.time_zone {
            Some(zone) => zone.value?,
            None => Tz::UTC,
        },
        runs: item.runs.0.iter().map(run).collect::<Option<_>>()?,
        series: series.collect::<Option<_>>()?,
        events: item.events.0.iter().map(|event| self::event(event)).collect(),
        until_day: item.until_day.value,
        messages: item.messages.iter().map(|sent| (sent.day.value, sent.send.as_str().into())).collect(),
        states: item.states.iter().map(|state| state_of(written, state)).collect::<Option<_>>()?,
        clinic: match &item.clinic {
            Some(clinic) => Some(clinic.iter().map(|hears| heard(written, hears)).collect::<Option<_>>()?),
            None => None,
        },
        ignore: item
            .ignore
            .as_ref()
            .map(|ignore| ignore.iter().map(|message| message.as_str().into()).collect()),
        place: written.place(&item.at),
    })
}

/// One token of a series, or none if it is no answer to the question.
#[must_use]
pub(crate) fn token(word: &str, answer: &Answer) -> Option<Token> {
    match (word, answer) {
        ("_", _) => Some(Token::NoReport),
        ("-", _) => Some(Token::Blank),
        ("y" | "yes", Answer::YesNo) => Some(Token::Value(Value::YesNo(true))),
        ("n" | "no", Answer::YesNo) => Some(Token::Value(Value::YesNo(false))),
        (number, Answer::Scale { from, to, .. }) => {
            let number: i32 = number.parse().ok()?;
            (from.value..=to.value).contains(&number).then_some(Token::Value(Value::Number(number)))
        }
        (word, Answer::Choice(choices)) => {
            let known = choices.iter().any(|(value, _)| id(value) == Some(word));
            known.then(|| Token::Value(Value::Word(word.into())))
        }
        (word, Answer::Text { .. }) => Some(Token::Value(Value::Word(word.into()))),
        (_, Answer::YesNo) => None,
    }
}

/// Whether a value answers a question.
#[must_use]
pub(crate) fn fits(value: &Value, answer: &Answer) -> bool {
    match (value, answer) {
        (Value::YesNo(_), Answer::YesNo) => true,
        (Value::Number(number), Answer::Scale { from, to, .. }) => (from.value..=to.value).contains(number),
        (Value::Word(word), Answer::Choice(choices)) => {
            choices.iter().any(|(value, _)| id(value) == Some(&**word))
        }
        (Value::Word(text), Answer::Text { max_chars }) => text.chars().count() <= max_chars.value as usize,
        _ => false,
    }
}

fn run(run: &Spanned<scenarios::Run>) -> Option<ScenarioRun> {
    let given = metres(run.miles.as_ref(), run.km.as_ref(), run.distance_m.as_ref());
    let distance_m = match (given.first(), &run.race) {
        (Some(given), _) => given.value,
        (None, Some(race)) => race_metres(race)?,
        (None, None) => return None,
    };
    Some(ScenarioRun {
        day: run.day.value,
        at: match &run.at {
            Some(at) => at.value?,
            None => NaiveTime::from_hms_opt(RUN_AT.0, RUN_AT.1, 0)?,
        },
        distance_m,
        kind: run.race.as_ref().map_or(RunKind::Training, |race| RunKind::Race(race.as_str().into())),
        logged_day: run.logged_day.as_ref().map(|day| day.value),
        answers: values(&run.answers),
    })
}

fn values(pairs: &Pairs<AnyValue>) -> Values {
    let value = |(question, value): &(Text, Spanned<AnyValue>)| {
        (QuestionId::from(question.as_str()), value.value.0.clone())
    };
    pairs.0.iter().map(value).collect()
}

fn event(event: &Event) -> ScenarioEvent {
    match event {
        Event::Late { about_day, received_day, answers } => ScenarioEvent::Late {
            about_day: about_day.value,
            received_day: received_day.value,
            answers: values(answers),
        },
        Event::Correct { about_day, received_day, answers } => ScenarioEvent::Correct {
            about_day: about_day.value,
            received_day: received_day.value,
            answers: values(answers),
        },
        Event::Withdraw { about_day, received_day } => {
            ScenarioEvent::Withdraw { about_day: about_day.value, received_day: received_day.value }
        }
        Event::Excuse { from_day, to_day, because } => ScenarioEvent::Excuse {
            from_day: from_day.value,
            to_day: to_day.value,
            because: because.as_str().into(),
        },
        Event::NewRules { day, folder } => {
            ScenarioEvent::NewRules { day: day.value, folder: folder.trim_matches('/').into() }
        }
        Event::Restart { day } => ScenarioEvent::Restart { day: day.value },
        Event::Pause { from_day, until_day } => ScenarioEvent::Pause {
            from_day: from_day.value,
            until_day: until_day.as_ref().map(|day| day.value),
        },
        Event::StopMessages { day } => ScenarioEvent::StopMessages { day: day.value },
    }
}

fn heard(written: &Written, heard: &scenarios::Hears) -> Option<Heard> {
    let flag = written.flag(&heard.flag)?;
    Some(Heard { day: i64::from(heard.day.value), flag: id(&flag.id)?.into(), level: heard.hears })
}

fn state_of(written: &Written, state: &scenarios::State) -> Option<(u32, crate::ids::FlagId, StateName)> {
    let flag = written.flag(&state.flag)?;
    let name = match &state.is {
        scenarios::StateName::Quiet => StateName::Quiet,
        scenarios::StateName::Watching => StateName::Watching,
        scenarios::StateName::Told(stage) => StateName::Told(stage.as_str().into()),
        scenarios::StateName::Resolved => StateName::Resolved,
        scenarios::StateName::Lapsed => StateName::Lapsed,
    };
    Some((state.day.value, id(&flag.id)?.into(), name))
}
