//! The runners of the demonstration: who they are, what they ran, and what they answer by themselves.
//!
//! What a runner answers is written here as a clinician would tell it, and only handed over as far as the rule
//! book in force asks it: an edit of the questions must not break the show.

use afterrun_rules::{
    RuleBook, TimedEvent,
    chart::{AnswerEvent, Chart, CheckIn, Event, Reach, Run, RunKind, Value, Values},
    decision::{Audience, EntryState, Subject},
    evidence::misfit,
    ids::PatientId,
    replay,
};
use afterrun_store::{NewPatient, Units};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    app::App,
    turn::{Extras, TurnError},
};

/// How long after a check-in a runner of the cast answers.
const ANSWERS_AFTER: TimeDelta = TimeDelta::minutes(40);

/// One runner of the cast.
pub(super) struct Player {
    /// In the store.
    pub id: PatientId,
    /// What to watch for.
    pub story: &'static str,
    /// Answers by himself or herself.
    pub answers: &'static [Report],
}

/// All of them.
pub(super) struct Cast {
    /// In the order shown.
    pub players: Vec<Player>,
}

/// One morning's report.
#[derive(Clone, Copy)]
pub(super) struct Report {
    feeling: &'static str,
    worst_pain: i32,
    walking: &'static str,
    swelling: &'static str,
}

const fn report(feeling: &'static str, worst_pain: i32) -> Report {
    Report { feeling, worst_pain, walking: "normal", swelling: "none" }
}

const FINE: Report = report("fine", 0);
const SORE: Report = report("sore", 2);
const PAIN: Report = report("pain", 5);
const LIMP: Report = Report { walking: "limp", ..report("pain", 4) };

struct Role {
    name: &'static str,
    email: &'static str,
    story: &'static str,
    race: Option<&'static str>,
    distance_m: f64,
    /// Hours before the first morning at which the run started.
    hours_ago: i64,
    minutes: u32,
    answers: &'static [Report],
}

const ROLES: [Role; 5] = [
    Role {
        name: "Maya Lindqvist",
        email: "maya@example.org",
        story: "Yours to play: half marathon this morning. Open her page and answer for her.",
        race: Some("half-marathon"),
        distance_m: 21_097.5,
        hours_ago: 3,
        minutes: 118,
        answers: &[],
    },
    Role {
        name: "Tom Okafor",
        email: "tom@example.org",
        story: "Half marathon, and the pain stays: watch day 3 and day 5.",
        race: Some("half-marathon"),
        distance_m: 21_097.5,
        hours_ago: 3,
        minutes: 104,
        answers: &[PAIN, PAIN, PAIN, PAIN, PAIN, PAIN, SORE, FINE, FINE],
    },
    Role {
        name: "Ines Ferreira",
        email: "ines@example.org",
        story: "5K race, recovers as one should: free to run again.",
        race: Some("5k"),
        distance_m: 5_000.0,
        hours_ago: 2,
        minutes: 24,
        answers: &[SORE, FINE, FINE, FINE],
    },
    Role {
        name: "Sam Whitfield",
        email: "sam@example.org",
        story: "Long run, starts to limp: advice at once, the clinic hears today.",
        race: None,
        distance_m: 19_300.0,
        hours_ago: 2,
        minutes: 109,
        answers: &[SORE, LIMP, LIMP, SORE, FINE, FINE],
    },
    Role {
        name: "Priya Raman",
        email: "priya@example.org",
        story: "Hurts on two mornings, then falls silent: nothing is concluded from silence.",
        race: None,
        distance_m: 12_000.0,
        hours_ago: 4,
        minutes: 71,
        answers: &[PAIN, PAIN],
    },
];

impl Cast {
    /// Enrols everybody, with addresses confirmed and the first run logged.
    pub(super) async fn enrol(app: &App, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let book = app.turns.rules.current().book.clone();
        let mut players = Vec::new();
        for role in &ROLES {
            let new = NewPatient {
                id: None,
                name: role.name.to_owned(),
                email: role.email.to_owned(),
                time_zone: book.clinic.time_zone,
                language: "en".to_owned(),
                units: Units::Miles,
                reach: Reach::Confirmed,
            };
            let enrolled_at = now - TimeDelta::days(2);
            let id = app.turns.store.add_patient(new, enrolled_at).await?;
            let run = Run {
                id: "first".into(),
                started_at: now - TimeDelta::hours(role.hours_ago),
                distance_m: role.distance_m,
                duration_s: Some(role.minutes * 60),
                kind: kind(&book, role.race),
            };
            let event = TimedEvent { at: now, event: Event::Run(run) };
            app.turns.take(&id, &[event], &Extras::default(), now).await?;
            players.push(Player { id, story: role.story, answers: role.answers });
        }
        Ok(Self { players })
    }

    /// Lets everybody answer who has a check-in to answer and something to say; true if anybody did.
    pub(super) async fn answer(&self, app: &App, now: DateTime<Utc>) -> Result<bool, TurnError> {
        let mut answered = false;
        for player in &self.players {
            let chart = app.turns.store.chart(&player.id).await?.chart;
            let book = app.turns.rules.current().book.clone();
            let Some(answer) = player.answer_to(&book, &chart, now) else { continue };
            let event = TimedEvent { at: now, event: Event::Answer(answer) };
            if replay::problem_with(&book, &chart, &event).is_none() {
                app.turns.take(&player.id, &[event], &Extras::default(), now).await?;
                answered = true;
            }
        }
        Ok(answered)
    }

    /// When the next of them would answer, if nothing else happens.
    pub(super) async fn next_answer(&self, app: &App) -> Result<Option<DateTime<Utc>>, TurnError> {
        let mut next: Option<DateTime<Utc>> = None;
        for player in &self.players {
            let chart = app.turns.store.chart(&player.id).await?.chart;
            let at = player.open_check_in(&chart).map(|check_in| check_in.opened_at + ANSWERS_AFTER);
            next = next.into_iter().chain(at).min();
        }
        Ok(next)
    }
}

impl Player {
    /// The check-in whose mail has arrived, which is not answered, and for which there is something to say.
    fn open_check_in<'a>(&self, chart: &'a Chart) -> Option<&'a CheckIn> {
        if chart.answers.len() >= self.answers.len() {
            return None;
        }
        let arrived = |check_in: &CheckIn| {
            chart.ledger.iter().any(|entry| {
                entry.state == EntryState::Done
                    && entry.identity.audience == Audience::Patient
                    && matches!(&entry.identity.subject, Subject::CheckIn { check_in: id, about_day }
                        if *id == check_in.id && *about_day == check_in.about_day)
            })
        };
        let newest = chart.check_ins.last()?;
        let answered = chart.answers.iter().any(|answer| answer.about_day == newest.about_day);
        (!answered && arrived(newest)).then_some(newest)
    }

    fn answer_to(&self, book: &RuleBook, chart: &Chart, now: DateTime<Utc>) -> Option<AnswerEvent> {
        let check_in = self.open_check_in(chart)?;
        if now < check_in.opened_at + ANSWERS_AFTER {
            return None;
        }
        let report = self.answers.get(chart.answers.len())?;
        Some(AnswerEvent {
            check_in: Some(check_in.id.clone()),
            run: None,
            about_day: check_in.about_day,
            values: report.values(book),
            emergencies: Some(Vec::new()),
        })
    }
}

impl Report {
    /// As far as the rule book asks.
    fn values(self, book: &RuleBook) -> Values {
        let told: [(&str, Value); 4] = [
            ("feeling", Value::Word(self.feeling.into())),
            ("worst_pain", Value::Number(self.worst_pain)),
            ("walking", Value::Word(self.walking.into())),
            ("swelling", Value::Word(self.swelling.into())),
        ];
        let asked = told.into_iter().filter_map(|(id, value)| {
            let (_, question) = book.question(id)?;
            // "Fine" ends the form: the page would not have asked the rest.
            let asked = id == "feeling" || self.feeling != "fine";
            (asked && misfit(&question.answer, &value).is_none()).then(|| (question.id.clone(), value))
        });
        asked.collect()
    }
}

fn kind(book: &RuleBook, race: Option<&str>) -> RunKind {
    let known = race.and_then(|race| book.races().find(|(id, _)| **id == *race));
    known.map_or(RunKind::Training, |(id, _)| RunKind::Race(id.clone()))
}
