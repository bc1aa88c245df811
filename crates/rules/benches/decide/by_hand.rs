//! The limit: the same eight stages, written out by hand for this one rule pack over rows of small numbers.
//!
//! No rule can be changed here, no reason given and nothing planned. The aggregates it makes on its way are
//! what the expression engine is given.

use afterrun_rules::{
    Chart,
    chart::{RunKind, Source, Value},
};
use chrono::NaiveDate;

use crate::charts::DAYS;

/// The stages of the shipped pack, in file order: what each candidate says is a bit of a byte.
pub const STAGES: [(&str, &str); 8] = [
    ("pain-lasting", "heads-up"),
    ("pain-lasting", "see-us"),
    ("limping", "advice"),
    ("limping", "persists"),
    ("swelling", "advice"),
    ("swelling", "persists"),
    ("worse-each-run", "step-back"),
    ("severe-pain", "now"),
];

const BLANK: u8 = u8::MAX;

/// One day's report.
#[derive(Clone, Copy)]
struct Day {
    pain: u8,
    /// 0 normal, 1 off, 2 limps or cannot.
    walking: u8,
    /// 0 none, 1 elsewhere, 2 joint, tendon or unsure.
    swelling: u8,
}

/// A chart as rows of small numbers.
pub struct Rows {
    days: [Option<Day>; DAYS as usize],
    /// Scored runs: day and score.
    runs: Vec<(u8, u8)>,
    newest_run: Option<NewestRun>,
    today: u8,
}

/// What the recovery window of a run depends on.
#[derive(Clone, Copy)]
pub struct NewestRun {
    /// 0 training, else by position in [`RACES`], from 1.
    pub race: u8,
    pub metres: f64,
}

/// The races of the shipped table, in file order.
const RACES: [&str; 5] = ["5k", "10k", "half-marathon", "marathon", "ultra"];

fn newest_run(chart: &Chart) -> Option<NewestRun> {
    let run = &chart.runs.last()?.run;
    let race = match &run.kind {
        RunKind::Race(race) => {
            RACES.iter().position(|known| race == known).map_or(u8::MAX, |at| at as u8 + 1)
        }
        RunKind::Training => 0,
    };
    Some(NewestRun { race, metres: run.distance_m })
}

impl Rows {
    /// Copies what the flags need out of a chart.
    pub fn of(chart: &Chart, today: NaiveDate) -> Self {
        let first = chart.local_date(chart.enrolled_at);
        let position = |day: NaiveDate| (day - first).num_days() as u8;
        let mut rows = Self {
            days: [None; DAYS as usize],
            runs: Vec::new(),
            newest_run: newest_run(chart),
            today: position(today),
        };
        for answer in &chart.answers {
            let word = |question: &str, meaning: &[&[&str]]| match answer.values.get(question) {
                Some(Value::Word(word)) => {
                    meaning.iter().position(|words| words.contains(&&**word)).map_or(BLANK, |at| at as u8)
                }
                _ => BLANK,
            };
            let number = |question: &str| match answer.values.get(question) {
                Some(Value::Number(number)) => *number as u8,
                _ => BLANK,
            };
            let position = position(answer.about_day);
            match answer.source {
                Source::Run(_) => rows.runs.push((position, number("pain_on_run"))),
                Source::CheckIn(_) if word("feeling", &[&["fine"]]) == 0 => {
                    rows.days[usize::from(position)] = Some(Day { pain: 0, walking: 0, swelling: 0 });
                }
                Source::CheckIn(_) => {
                    rows.days[usize::from(position)] = Some(Day {
                        pain: number("worst_pain"),
                        walking: word("walking", &[&["normal"], &["off"], &["limp", "cannot"]]),
                        swelling: word(
                            "swelling",
                            &[&["none"], &["elsewhere"], &["joint", "tendon", "unsure"]],
                        ),
                    });
                }
            }
        }
        rows
    }
}

/// One flag's newest spell.
#[derive(Clone, Copy, Default)]
pub struct Spell {
    /// Open, and reported again by the newest answer.
    pub present: bool,
    /// Days from the first to the newest report.
    pub days: u8,
    /// Days on which it was reported.
    pub reports: u8,
}

/// The newest three scored runs.
#[derive(Clone, Copy, Default)]
pub struct LastRuns {
    pub runs: u8,
    pub fell: bool,
    pub ties: u8,
    pub rise: i16,
    pub last: u8,
    pub span: u8,
}

/// Everything the eight stages look at.
#[derive(Clone, Copy, Default)]
pub struct Aggregates {
    pub pain: Spell,
    pub limp: Spell,
    pub swelling: Spell,
    pub severe: Spell,
    pub runs: LastRuns,
    pub newest_run: Option<NewestRun>,
}

/// What a candidate says of a patient.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Said {
    /// The stages reached, as bits by position in [`STAGES`].
    pub stages: u8,
    /// The recovery window of the newest run, if there was one and the candidate was asked.
    pub window: Option<u8>,
}

const BRIDGE: u8 = 2;
const CLEAR_REPORTS: u8 = 2;

/// 0 clear, 1 between, 2 present, blank: not observed.
fn spell(rows: &Rows, of: impl Fn(Day) -> u8) -> Spell {
    let (mut open, mut onset, mut last_seen, mut last_present, mut reports, mut clears, mut newest) =
        (false, 0, 0, 0, 0, 0, 0);
    for (day, report) in rows.days.iter().enumerate() {
        let Some(evidence) = report.map(&of).filter(|evidence| *evidence != BLANK) else { continue };
        let day = day as u8;
        open &= day < last_seen + BRIDGE + 2;
        if !open {
            if evidence != 2 {
                continue;
            }
            (open, onset, reports) = (true, day, 0);
        }
        (last_seen, newest) = (day, evidence);
        match evidence {
            2 => (last_present, reports, clears) = (day, reports + 1, 0),
            1 => clears = 0,
            _ => {
                clears += 1;
                open = clears < CLEAR_REPORTS;
            }
        }
    }
    open &= rows.today < last_seen + BRIDGE + 2;
    Spell { present: open && newest == 2, days: last_present - onset, reports }
}

fn last_runs(rows: &Rows) -> LastRuns {
    let mut found = LastRuns { runs: rows.runs.len() as u8, ..LastRuns::default() };
    let [.., (first_day, first), (_, second), (last_day, last)] = rows.runs[..] else { return found };
    found.fell = second < first || last < second;
    found.ties = u8::from(second == first) + u8::from(last == second);
    found.rise = i16::from(last) - i16::from(first);
    found.last = last;
    found.span = last_day - first_day;
    found
}

/// From raw rows to aggregates.
pub fn aggregate(rows: &Rows) -> Aggregates {
    let graded = |value: u8| value;
    let banded = |value: u8, clear: u8, present: u8| match value {
        BLANK => BLANK,
        value if value >= present => 2,
        value if value <= clear => 0,
        _ => 1,
    };
    Aggregates {
        pain: spell(rows, |day| banded(day.pain, 1, 3)),
        limp: spell(rows, |day| graded(day.walking)),
        swelling: spell(rows, |day| graded(day.swelling)),
        severe: spell(rows, |day| banded(day.pain, 7, 8)),
        runs: last_runs(rows),
        newest_run: rows.newest_run,
    }
}

/// From aggregates to the answer.
pub fn decide(of: &Aggregates) -> Said {
    Said { stages: stages(of), window: of.newest_run.map(window) }
}

const MILE: f64 = 1609.344;

fn window(run: NewestRun) -> u8 {
    match run.race {
        race @ 1..=5 => race - 1,
        _ if run.metres < 3.0 * MILE => 5,
        _ if run.metres < 5.0 * MILE => 6,
        _ if run.metres < 10.0 * MILE => 7,
        _ => 8,
    }
}

fn stages(of: &Aggregates) -> u8 {
    let reached =
        |spell: Spell, days: u8, reports: u8| spell.present && spell.days >= days && spell.reports >= reports;
    let runs = &of.runs;
    [
        reached(of.pain, 3, 2),
        reached(of.pain, 5, 3),
        reached(of.limp, 0, 1),
        reached(of.limp, 3, 2),
        reached(of.swelling, 0, 1),
        reached(of.swelling, 3, 2),
        runs.runs >= 3 && !runs.fell && runs.ties == 0 && runs.rise >= 2 && runs.last >= 3 && runs.span <= 21,
        reached(of.severe, 0, 1),
    ]
    .iter()
    .enumerate()
    .fold(0, |bits, (at, reached)| bits | u8::from(*reached) << at)
}
