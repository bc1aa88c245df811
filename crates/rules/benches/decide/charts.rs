//! Patients to measure on: two weeks of check-ins, answers and runs under the shipped pack, from a seed.
//!
//! Each chart has been lived through day by day, so its ledger and check-ins are what they would be in use and
//! at [`Patient::now`] nothing is due. Not a model of real runners: the shares of sore and painful days are
//! chosen so that each flag is raised in some charts.

use std::{path::Path, sync::Arc};

use afterrun_rules::{
    Chart, Event, RuleBook, TimedEvent,
    chart::{AnswerEvent, Run, RunKind, Source, Value},
    decision::{Entry, EntryState, Subject},
    folder,
    ids::{CheckInId, RunId},
    load::load,
    schedule::instant,
    story::Story,
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

/// Days told, the first being the day of enrolment.
pub const DAYS: u64 = 14;

/// Share of days with an answer, in thousandths.
const ANSWERED: u64 = 692;

const ZONES: [Tz; 4] = [Tz::America__Chicago, Tz::America__New_York, Tz::America__Denver, Tz::Europe__London];

/// A chart and the instant at which it is looked at.
pub struct Patient {
    pub chart: Chart,
    pub now: DateTime<Utc>,
}

/// The rule pack in the repository.
pub fn shipped_pack() -> RuleBook {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let loaded = load(&folder::read(&folder).expect("the rules folder"));
    loaded.book.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// The patient with this number: always the same one.
pub fn patient(book: &RuleBook, number: u64) -> Patient {
    let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed);
    let zone = ZONES[dice.below(ZONES.len() as u64) as usize];
    let day_0 = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date");
    let at = |day: u64, hour: u32, minute: u32| {
        let time = NaiveTime::from_hms_opt(hour, minute, 0).expect("a time");
        instant(zone, (day_0 + Days::new(day)).and_time(time))
    };
    let mut story = Story::new(Chart::new(format!("patient-{number}").into(), zone, at(0, 0, 0)));
    let runs_of_thousand = 70 + dice.below(330);
    let mut spell = Spell::Fine;
    let mut unscored: Option<(RunId, NaiveDate)> = None;
    for day in 0..DAYS {
        let about_day = day_0 + Days::new(day);
        spell = spell.next(&mut dice);
        if dice.of_thousand(ANSWERED) {
            let answered_at = at(day, 8 + dice.below(3) as u32, dice.below(60) as u32);
            story.pass_until(book, answered_at - TimeDelta::seconds(1));
            let mut events = vec![answer(&story, about_day, spell.values(&mut dice))];
            events.extend(unscored.take().map(|(run, on)| score(run, on, spell, &mut dice)));
            let events: Vec<_> =
                events.into_iter().map(|event| TimedEvent { at: answered_at, event }).collect();
            story.take_in(book, answered_at, &events);
        }
        if day + 1 < DAYS && dice.of_thousand(runs_of_thousand) {
            let run = run(&mut dice, day, at(day, 17, 0));
            unscored = Some((run.id.clone(), about_day));
            let logged_at = at(day, 19, dice.below(30) as u32);
            story.take_in(book, logged_at, &[TimedEvent { at: logged_at, event: Event::Run(run) }]);
        }
    }
    let now = at(DAYS - 1, 12, 30);
    story.pass_until(book, now);
    Patient { chart: story.chart, now }
}

/// The same patient, had there been so many times the mail: old check-ins with their reminders.
pub fn with_more_mail(of: &Patient, times: usize) -> Patient {
    let mut chart = of.chart.clone();
    let routine = |entry: &&Entry| {
        matches!(
            entry.identity.subject,
            Subject::CheckIn { .. } | Subject::Reminder { .. } | Subject::Nudge { .. }
        )
    };
    let before: Vec<Entry> = of.chart.ledger.iter().filter(routine).cloned().collect();
    let earlier = (1..times as u32).flat_map(|attempt| {
        before.iter().cloned().map(move |mut entry| {
            entry.identity.attempt += attempt;
            entry.state = EntryState::Done;
            entry
        })
    });
    chart.ledger = earlier.chain(of.chart.ledger.iter().cloned()).collect();
    Patient { chart, now: of.now }
}

/// The same patient with so many times the days, answers, runs and mail: the two weeks again and again, the last
/// of them as they were.
pub fn with_more_answers(of: &Patient, times: u64) -> Patient {
    let mut chart = of.chart.clone();
    let before = (1..times).rev().map(|back| back * DAYS);
    let (mut answers, mut runs) = (Vec::new(), Vec::new());
    for days in before.chain([0]) {
        let renamed = |run: &RunId| RunId::from(format!("{run}-{days}"));
        answers.extend(of.chart.answers.iter().cloned().map(|mut answer| {
            answer.about_day = answer.about_day - Days::new(days);
            answer.received_at -= TimeDelta::days(days as i64);
            if let (true, Source::Run(run)) = (days > 0, &mut answer.source) {
                *run = renamed(run);
            }
            answer
        }));
        runs.extend(of.chart.runs.iter().cloned().map(|mut logged| {
            logged.day = logged.day - Days::new(days);
            logged.logged_at -= TimeDelta::days(days as i64);
            logged.run.started_at -= TimeDelta::days(days as i64);
            if days > 0 {
                logged.run.id = renamed(&logged.run.id);
            }
            logged
        }));
    }
    (chart.answers, chart.runs) = (answers, runs);
    chart.enrolled_at -= TimeDelta::days((times * DAYS) as i64);
    Patient { chart, now: of.now }
}

/// How a runner feels: lasts for some days.
#[derive(Clone, Copy)]
enum Spell {
    Fine,
    Sore,
    Pain,
    Bad,
}

impl Spell {
    fn next(self, dice: &mut Dice) -> Self {
        let roll = dice.below(100);
        match self {
            Self::Fine if roll < 18 => Self::Sore,
            Self::Fine if roll < 21 => Self::Pain,
            Self::Sore if roll < 40 => Self::Fine,
            Self::Sore if roll < 48 => Self::Pain,
            Self::Pain if roll < 20 => Self::Sore,
            Self::Pain if roll < 24 => Self::Bad,
            Self::Bad if roll < 40 => Self::Pain,
            same => same,
        }
    }

    /// What is answered on one morning. Whoever is fine is asked no more.
    fn values(self, dice: &mut Dice) -> Vec<(&'static str, Value)> {
        let feeling = match self {
            Self::Fine => return vec![("feeling", word("fine"))],
            Self::Sore => "sore",
            Self::Pain | Self::Bad => "pain",
        };
        let worst = match self {
            Self::Fine | Self::Sore => dice.below(3),
            Self::Pain => 2 + dice.below(5),
            Self::Bad => 6 + dice.below(4),
        };
        let mut values = vec![("feeling", word(feeling)), ("worst_pain", Value::Number(worst as i32))];
        if feeling == "pain" {
            values.push(("site", word(dice.one(&["knee", "shin", "achilles", "foot"]))));
            values.push(("quality", word(dice.one(&["dull", "dull", "sharp", "pinpoint"]))));
            values.push(("with_movement", word(dice.one(&["better", "same", "worse"]))));
        }
        let (swelling, walking): (&[&str], &[&str]) = match self {
            Self::Fine | Self::Sore => (&["none"], &["normal", "normal", "off"]),
            Self::Pain => (&["none", "none", "none", "elsewhere", "unsure"], &["normal", "normal", "off"]),
            Self::Bad => (&["none", "joint", "tendon"], &["off", "limp", "limp", "cannot"]),
        };
        // A blank now and then: unknown, never "no".
        if !dice.of_thousand(30) {
            values.push(("swelling", word(dice.one(swelling))));
        }
        values.push(("walking", word(dice.one(walking))));
        values
    }
}

fn word(text: &str) -> Value {
    Value::Word(text.into())
}

fn answer(story: &Story, about_day: NaiveDate, values: Vec<(&str, Value)>) -> Event {
    let issued = story.chart.check_ins.iter().rev().find(|check_in| check_in.about_day == about_day);
    // Without a check-in that day: told on the telephone.
    let check_in = issued.map_or_else(|| CheckInId::from("weekly"), |check_in| check_in.id.clone());
    Event::Answer(AnswerEvent {
        check_in: Some(check_in),
        run: None,
        about_day,
        values: values.into_iter().map(|(id, value)| (id.into(), value)).collect(),
        emergencies: Some(Vec::new()),
    })
}

fn score(run: RunId, on: NaiveDate, spell: Spell, dice: &mut Dice) -> Event {
    let pain = match spell {
        Spell::Fine => dice.below(2),
        Spell::Sore => 1 + dice.below(3),
        Spell::Pain | Spell::Bad => 3 + dice.below(5),
    };
    Event::Answer(AnswerEvent {
        check_in: None,
        run: Some(run),
        about_day: on,
        values: [("pain_on_run".into(), Value::Number(pain as i32))].into_iter().collect(),
        emergencies: None,
    })
}

fn run(dice: &mut Dice, day: u64, started_at: DateTime<Utc>) -> Run {
    let race: Arc<str> = dice.one(&["5k", "10k", "half-marathon"]).into();
    let kind = if dice.of_thousand(60) { RunKind::Race((&*race).into()) } else { RunKind::Training };
    Run {
        id: RunId::from(format!("run-{day}")),
        started_at,
        distance_m: 2_000.0 + dice.below(16_000) as f64,
        duration_s: Some(3_600),
        kind,
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn of_thousand(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}
