//! How long one patient takes: `assess` and `plan` of a two-week chart under the shipped pack, nothing due, from
//! the raw chart; beside it the crate `cel` and a loop written by hand on the same eight stages.
//!
//! All candidates must first agree on every patient. Then they take turns, so that whatever else the machine
//! does falls on all of them, and the medians and their ratios are printed. `README.md` says how to read them.

mod by_cel;
mod by_hand;
mod charts;

use std::{
    hint::black_box,
    sync::LazyLock,
    time::{Duration, Instant},
};

use afterrun_rules::{Assessment, RuleBook, assess, evidence::Evidence, plan};

use by_hand::{Aggregates, Rows, STAGES, aggregate, stages};
use charts::{Patient, patient, shipped_pack};

/// Patients that are looked at in turn for the time that one of them takes.
const ONE_BY_ONE: usize = 1_000;

/// Patients of a sweep, as `compare` makes it over a clinic's history.
const SWEEP: usize = 100_000;

/// Turns of each candidate; the median counts.
const ROUNDS: usize = 31;

static BOOK: LazyLock<RuleBook> = LazyLock::new(shipped_pack);
static CEL: LazyLock<by_cel::Stages> = LazyLock::new(by_cel::Stages::compile);
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
    println!();
    divan::main();
}

/// Every candidate says the same of every patient, and nothing is due for any.
fn agree(patients: &[Measured]) {
    let mut raised = [0; STAGES.len()];
    for (number, measured) in patients.iter().enumerate() {
        let by_hand = stages(&measured.aggregates);
        assert_eq!(reached(&measured.assess()), by_hand, "patient {number}: Afterrun and the loop by hand");
        assert_eq!(CEL.reached(&measured.aggregates), by_hand, "patient {number}: cel and the loop by hand");
        assert_eq!(measured.assess_and_plan().decisions, [], "patient {number}: something is due");
        (0..raised.len()).filter(|at| by_hand >> at & 1 == 1).for_each(|at| raised[at] += 1);
    }
    for ((flag, stage), raised) in STAGES.iter().zip(raised) {
        assert!(raised > 0, "no patient reaches {flag}, {stage}");
    }
}

/// The stages reached while their problem is reported, as bits by position in [`STAGES`].
fn reached(assessment: &Assessment) -> u8 {
    let mut bits = 0;
    for (flag, assessed) in BOOK.flags.iter().zip(&assessment.flags) {
        let Some(episode) = assessed.open().filter(|episode| episode.newest == Evidence::Present) else {
            continue;
        };
        let highest = episode.reached(flag);
        for (at, stage) in flag.stages.iter().enumerate().filter(|(at, _)| Some(*at) <= highest) {
            debug_assert!(at < flag.stages.len());
            let named = (flag.id.as_str(), stage.id.as_str());
            if let Some(bit) = STAGES.iter().position(|known| *known == named) {
                bits |= 1 << bit;
            }
        }
    }
    bits
}

type Candidate = (&'static str, fn(&Measured));

const CANDIDATES: [Candidate; 4] = [
    ("assess + plan, from the raw chart", |of| drop(black_box(of.assess_and_plan()))),
    ("assess alone, from the raw chart", |of| drop(black_box(of.assess()))),
    ("cel, on aggregates", |of| drop(black_box(CEL.reached(&of.aggregates)))),
    ("loop by hand, from rows", |of| drop(black_box(stages(&aggregate(&of.rows))))),
];

/// Candidates in turn over the same patients; medians, their middle half, and each against `cel`.
fn print_ratios(patients: &[Measured]) {
    let mut times = [const { Vec::<Duration>::new() }; CANDIDATES.len()];
    for _ in 0..ROUNDS {
        for (times, (_, candidate)) in times.iter_mut().zip(CANDIDATES) {
            let begun = Instant::now();
            patients.iter().for_each(|patient| candidate(black_box(patient)));
            times.push(begun.elapsed());
        }
    }
    let quartiles = times.map(|mut times| {
        times.sort_unstable();
        let nanoseconds = |at: usize| times[at].as_nanos() as f64 / patients.len() as f64;
        [nanoseconds(ROUNDS / 4), nanoseconds(ROUNDS / 2), nanoseconds(ROUNDS * 3 / 4)]
    });
    let [_, cel, _] = quartiles[2];
    println!("{:<36} {:>10} {:>17} {:>8}", "", "ns/patient", "middle half", "to cel");
    for ((name, _), [low, median, high]) in CANDIDATES.iter().zip(quartiles) {
        println!("{name:<36} {median:>10.0} {low:>8.0}..{high:<7.0} {:>8.3}", median / cel);
    }
}

mod one {
    //! One patient, a different one each time.

    use super::{CANDIDATES, Measured, PATIENTS};

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
        in_turn(bencher, CANDIDATES[2].1);
    }

    #[divan::bench]
    fn loop_by_hand(bencher: divan::Bencher<'_, '_>) {
        in_turn(bencher, CANDIDATES[3].1);
    }
}
