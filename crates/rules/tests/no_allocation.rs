//! Looking at a chart in which nothing goes on takes no memory from the heap: `compare` and the pass over all
//! patients after an edit do it a hundred thousand times over.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use std::path::Path;

use afterrun_rules::{
    Chart, Event, RuleBook, TimedEvent, assess,
    assess::Colour,
    chart::{AnswerEvent, Run, RunKind, Value},
    folder,
    ids::RunId,
    load::load,
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

const DAYS: u64 = 14;

fn shipped_pack() -> RuleBook {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    load(&folder::read(&folder).unwrap()).book.unwrap()
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).unwrap() + Days::new(number)
}

fn at(number: u64, hour: u32) -> DateTime<Utc> {
    day(number).and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

fn answer(number: u64, run: Option<RunId>, values: &[(&str, Value)]) -> TimedEvent {
    let event = Event::Answer(AnswerEvent {
        check_in: run.is_none().then(|| "morning-after".into()),
        run,
        about_day: day(number),
        values: values.iter().map(|(id, value)| ((*id).into(), value.clone())).collect(),
        emergencies: Some(vec![]),
    });
    TimedEvent { at: at(number, 14), event }
}

fn run(number: u64, id: &RunId) -> TimedEvent {
    let run = Run {
        id: id.clone(),
        started_at: at(number, 12),
        distance_m: 12_000.0,
        duration_s: Some(4_000),
        kind: RunKind::Training,
    };
    TimedEvent { at: at(number, 13), event: Event::Run(run) }
}

/// Two weeks of mornings, with `worst` as the pain of the sore ones, and a scored run every fourth day.
fn chart(worst: i32) -> Chart {
    let mut chart = Chart::new("p1".into(), Tz::America__Chicago, at(0, 6));
    let word = |text: &str| Value::Word(text.into());
    for number in 0..DAYS {
        if number % 4 == 1 {
            let id = RunId::from(format!("run-{number}"));
            chart.apply(&run(number, &id));
            chart.apply(&answer(number, Some(id), &[("pain_on_run", Value::Number(1))]));
        }
        let morning = match number % 3 {
            0 => continue,
            1 => vec![("feeling", word("fine"))],
            _ => vec![
                ("feeling", word("sore")),
                ("worst_pain", Value::Number(worst)),
                ("swelling", word("none")),
                ("walking", word("normal")),
            ],
        };
        chart.apply(&answer(number, None, &morning));
    }
    chart
}

#[test]
fn a_chart_without_episodes_is_assessed_without_allocating() {
    let book = shipped_pack();
    let (chart, now) = (chart(1), at(DAYS - 1, 18));
    let mut assessment = None;
    let heap = allocation_counter::measure(|| assessment = Some(assess(&book, &chart, now)));
    let assessment = assessment.unwrap();
    assert_eq!(heap.count_total, 0, "{heap:?}");
    assert!(assessment.flags.iter().all(|flag| flag.episodes.is_empty()), "{:?}", assessment.flags);
    assert_eq!(assessment.newest_report.map(|report| report.colour), Some(Colour::Green));
    assert!(assessment.recovery.is_some());
}

/// That the count is not always nothing.
#[test]
fn an_episode_is_counted() {
    let book = shipped_pack();
    let (chart, now) = (chart(5), at(DAYS - 1, 18));
    let heap = allocation_counter::measure(|| drop(assess(&book, &chart, now)));
    assert!(heap.count_total > 0);
}
