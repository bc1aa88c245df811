//! How long one patient takes: `assess` and `plan` of a two-week chart under the shipped pack, nothing due, from
//! the raw chart; beside it the crate `cel` and a loop written by hand on the same eight stages.
//!
//! All candidates must first agree on every patient. Then they take turns, so that whatever else the machine
//! does falls on all of them, and the medians and their ratios are printed. `README.md` says how to read them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints its table, and what it cannot set up ends it"
)]

mod by_cel;
mod by_hand;
mod charts;

use std::{hint::black_box, sync::LazyLock, time::Instant};

use afterrun_rules::{Assessment, RuleBook, assess, assess::window_of, evidence::Evidence, plan};

use by_cel::Expressions;
use by_hand::{Aggregates, Rows, STAGES, Said, aggregate, decide};
use charts::{Patient, patient, shipped_pack};

/// Patients that are looked at in turn for the time that one of them takes.
const ONE_BY_ONE: usize = 1_000;

/// Patients of a sweep in memory, as `compare` makes it over a clinic's history. Half a gigabyte.
const SWEEP: u64 = 100_000;

/// Patients that one candidate is given before it is the next one's turn.
const PATIENTS_A_TURN: usize = 100;

/// Rounds over all patients; the median counts.
const ROUNDS: usize = 31;

static BOOK: LazyLock<RuleBook> = LazyLock::new(shipped_pack);
static CEL_LEAST: LazyLock<Expressions> = LazyLock::new(Expressions::least);
static CEL: LazyLock<Expressions> = LazyLock::new(Expressions::whole);
static PATIENTS: LazyLock<Vec<Measured>> = LazyLock::new(|| (0..ONE_BY_ONE).map(Measured::new).collect());

/// A patient in the form that each candidate wants.
struct Measured {
    patient: Patient,
    rows: Rows,
    aggregates: Aggregates,
}

impl Measured {
    fn new(number: usize) -> Self {
        let patient = patient(&BOOK, number as u64);
        let today = patient.chart.local_date(patient.now);
        let rows = Rows::of(&patient.chart, today);
        let aggregates = aggregate(&rows);
        Self { patient, rows, aggregates }
    }

    fn assess(&self) -> Assessment {
        assess(&BOOK, &self.patient.chart, self.patient.now)
    }

    fn assess_and_plan(&self) -> afterrun_rules::Plan {
        plan(&BOOK, &self.patient.chart, &self.assess(), self.patient.now)
    }
}

fn main() {
    agree(&PATIENTS);
    println!("{ONE_BY_ONE} patients, {} days each, one by one", charts::DAYS);
    print_ratios(&PATIENTS);
    print_growth(&PATIENTS);
    println!();
    divan::main();
}

/// Every candidate says the same of every patient, and nothing is due for any.
fn agree(patients: &[Measured]) {
    let mut raised = [0; STAGES.len()];
    for (number, measured) in patients.iter().enumerate() {
        let by_hand = decide(&measured.aggregates);
        assert_eq!(said(measured), by_hand, "patient {number}: Afterrun and the loop by hand");
        let stages = Said { window: None, ..by_hand };
        let aggregates = &measured.aggregates;
        assert_eq!(CEL_LEAST.with_resolver(aggregates), stages, "patient {number}: cel and the loop by hand");
        assert_eq!(CEL.with_resolver(aggregates), by_hand, "patient {number}: cel and the loop by hand");
        assert_eq!(CEL.with_variables_added(aggregates), by_hand, "patient {number}: variables added");
        assert_eq!(measured.assess_and_plan().decisions, [], "patient {number}: something is due");
        (0..raised.len()).filter(|at| by_hand.stages >> at & 1 == 1).for_each(|at| raised[at] += 1);
    }
    for ((flag, stage), raised) in STAGES.iter().zip(raised) {
        assert!(raised > 0, "no patient reaches {flag}, {stage}");
    }
}

fn said(of: &Measured) -> Said {
    let newest_run = of.patient.chart.runs.last();
    let window = newest_run.and_then(|logged| window_of(&BOOK, &logged.run)).map(|(at, _)| at as u8);
    Said { stages: reached(&of.assess()), window }
}

/// The stages reached while their problem is reported, as bits by position in [`STAGES`].
fn reached(assessment: &Assessment) -> u8 {
    let mut bits = 0;
    for (flag, assessed) in BOOK.flags.iter().zip(&assessment.flags) {
        let Some(episode) = assessed.open().filter(|episode| episode.newest == Evidence::Present) else {
            continue;
        };
        let highest = episode.reached(flag);
        for (_, stage) in flag.stages.iter().enumerate().filter(|(at, _)| Some(*at) <= highest) {
            let named = (flag.id.as_str(), stage.id.as_str());
            if let Some(bit) = STAGES.iter().position(|known| *known == named) {
                bits |= 1 << bit;
            }
        }
    }
    bits
}

type Candidate = (&'static str, fn(&Measured));

const CANDIDATES: [Candidate; 6] = [
    ("assess + plan, from the raw chart", |of| drop(black_box(of.assess_and_plan()))),
    ("assess alone, from the raw chart", |of| drop(black_box(of.assess()))),
    ("cel, window and stages, resolver", |of| {
        black_box(CEL.with_resolver(&of.aggregates));
    }),
    ("cel, the same, variables added", |of| {
        black_box(CEL.with_variables_added(&of.aggregates));
    }),
    ("cel, stages alone, yes/no first", |of| {
        black_box(CEL_LEAST.with_resolver(&of.aggregates));
    }),
    ("loop by hand, from rows", |of| {
        black_box(decide(&aggregate(&of.rows)));
    }),
];

/// The candidates that the others are compared with: `cel` as it is used for the whole decision, and at its least.
const CEL_AT: usize = 2;
const CEL_LEAST_AT: usize = 4;

/// Candidates in turn over the same few patients, so few that a turn is shorter than the machine's time slice;
/// medians, their middle half, and each against `cel` both ways.
fn print_ratios(patients: &[Measured]) {
    let mut times = [const { Vec::<f64>::new() }; CANDIDATES.len()];
    for _ in 0..ROUNDS {
        for turn in patients.chunks(PATIENTS_A_TURN) {
            for (times, (_, candidate)) in times.iter_mut().zip(CANDIDATES) {
                turn.iter().for_each(|patient| candidate(black_box(patient)));
                let begun = Instant::now();
                turn.iter().for_each(|patient| candidate(black_box(patient)));
                times.push(begun.elapsed().as_nanos() as f64 / turn.len() as f64);
            }
        }
    }
    let quartiles = times.map(|mut times| {
        times.sort_unstable_by(f64::total_cmp);
        [1, 2, 3].map(|quarter| times[times.len() * quarter / 4])
    });
    let (cel, cel_least) = (quartiles[CEL_AT][1], quartiles[CEL_LEAST_AT][1]);
    println!("{:<36} {:>10} {:>17} {:>8} {:>8}", "", "ns/patient", "middle half", "to cel", "to least");
    for ((name, _), [low, median, high]) in CANDIDATES.iter().zip(quartiles) {
        let (to_cel, to_least) = (median / cel, median / cel_least);
        println!("{name:<36} {median:>10.0} {low:>8.0}..{high:<7.0} {to_cel:>8.3} {to_least:>8.3}");
    }
}

/// How the time grows: the same chart with ten times the mail, and with ten times the answers.
fn print_growth(patients: &[Measured]) {
    let time_of = |grown: &dyn Fn(&Measured) -> Patient| {
        let grown: Vec<Patient> = patients.iter().take(PATIENTS_A_TURN).map(grown).collect();
        let mut times: Vec<f64> = (0..ROUNDS * 10)
            .map(|_| {
                let begun = Instant::now();
                for of in &grown {
                    black_box(plan(&BOOK, &of.chart, &assess(&BOOK, &of.chart, of.now), of.now));
                }
                begun.elapsed().as_nanos() as f64 / grown.len() as f64
            })
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let as_is = time_of(&|of| Patient { chart: of.patient.chart.clone(), now: of.patient.now });
    let mail = time_of(&|of| charts::with_more_mail(&of.patient, 10));
    let answers = time_of(&|of| charts::with_more_answers(&of.patient, 10));
    println!(
        "ten times the mail takes {:.2} times as long, ten times the days and answers {:.2} times",
        mail / as_is,
        answers / as_is
    );
}

mod one {
    //! One patient, a different one each time.

    use super::{CANDIDATES, CEL_AT, Measured, PATIENTS};

    fn in_turn(bencher: divan::Bencher<'_, '_>, candidate: fn(&Measured)) {
        let mut next = 0;
        bencher.bench_local(|| {
            next = (next + 1) % PATIENTS.len();
            candidate(&PATIENTS[next]);
        });
    }

    #[divan::bench]
    fn assess_and_plan(bencher: divan::Bencher<'_, '_>) {
        in_turn(bencher, CANDIDATES[0].1);
    }

    #[divan::bench]
    fn cel_on_aggregates(bencher: divan::Bencher<'_, '_>) {
        in_turn(bencher, CANDIDATES[CEL_AT].1);
    }

    #[divan::bench]
    fn loop_by_hand(bencher: divan::Bencher<'_, '_>) {
        in_turn(bencher, CANDIDATES[5].1);
    }
}

#[divan::bench(sample_count = 11, sample_size = 1)]
fn sweep_of_100_000_charts(bencher: divan::Bencher<'_, '_>) {
    let patients: Vec<Patient> = (0..SWEEP).map(|number| patient(&BOOK, number)).collect();
    bencher.counter(divan::counter::ItemsCount::new(SWEEP)).bench_local(|| {
        for of in &patients {
            black_box(assess(&BOOK, &of.chart, of.now));
        }
    });
}
