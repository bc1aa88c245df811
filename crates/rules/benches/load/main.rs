//! How long it takes until an edit of the rules is judged: reading, checking and the scenarios of the shipped
//! pack, and a folder of a thousand files read cold, beside `ron` reading the same bytes into plain structures.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its table, and what it cannot set up ends it"
)]

mod plain;
mod thousand;

use std::{
    collections::BTreeMap,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use afterrun_rules::{
    folder,
    load::load,
    scenario_run,
    source::{Source, Sources},
};

/// Samples of the small candidates, and of those that take a thousand files.
const SAMPLES: usize = 200;
const SAMPLES_OF_MANY: usize = 15;

fn main() {
    let shipped = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules"));
    let sources = folder::read(shipped).expect("the rules folder");
    let book = load(&sources).book.expect("a book");
    println!("the shipped pack, {} files, {} bytes", sources.files.len(), plain::bytes(&sources));
    let judge = |sources: &Sources| {
        let book = load(sources).book.expect("a book");
        scenario_run::run_all(&book, &BTreeMap::new()).len()
    };
    quickest(
        SAMPLES,
        &mut [
            ("read the folder", &mut || drop(black_box(folder::read(shipped)))),
            ("load and check it", &mut || drop(black_box(load(&sources)))),
            ("ron alone, plain structures", &mut || plain::parse_all(&sources)),
            ("run its scenarios", &mut || {
                black_box(scenario_run::run_all(&book, &BTreeMap::new()));
            }),
            ("judge one edit: read, load, scenarios", &mut || {
                black_box(judge(&folder::read(shipped).expect("the rules folder")));
            }),
        ],
    );
    many(shipped);
}

/// A thousand rule files from the disk to a checked book.
fn many(shipped: &Path) {
    let place = tempfile::tempdir().expect("a temporary folder");
    thousand::write(shipped, place.path());
    let sources = folder::read(place.path()).expect("the folder");
    let loaded = load(&sources);
    assert!(loaded.book.is_some(), "{:?}", loaded.diagnostics.first());
    println!("\na large folder, {} files, {} bytes", sources.files.len(), plain::bytes(&sources));
    quickest(
        SAMPLES_OF_MANY,
        &mut [
            ("read the folder", &mut || drop(black_box(folder::read(place.path())))),
            ("load and check it", &mut || drop(black_box(load(&sources)))),
            ("ron alone, plain structures", &mut || plain::parse_all(&sources)),
            ("cold: read and load", &mut || {
                drop(black_box(load(&folder::read(place.path()).expect("the folder"))));
            }),
        ],
    );
    one_large(&sources);
}

/// One more file, as large as may be, beside that folder: sound, and with a mistake in its last item.
fn one_large(beside: &Sources) {
    let text = thousand::largest_file();
    let with = |text: &str| {
        let mut sources = beside.clone();
        sources.files.retain(|path, _| !path.starts_with("scenarios-"));
        sources.files.insert("largest.ron".into(), Source::Bytes(text.as_bytes().into()));
        sources
    };
    let (sound, last) = (with(&text), text.rfind("until_day: 30").expect("the last scenario"));
    let faulty = with(&format!("{}until_days{}", &text[..last], &text[last + "until_day".len()..]));
    assert!(load(&sound).book.is_some() && load(&faulty).book.is_none());
    println!("\none file of {} bytes among {} files", text.len(), sound.files.len());
    quickest(
        SAMPLES_OF_MANY,
        &mut [
            ("load and check, sound", &mut || drop(black_box(load(&sound)))),
            ("load, a mistake in its last item", &mut || drop(black_box(load(&faulty)))),
            ("ron alone, plain structures", &mut || plain::parse_all(&sound)),
        ],
    );
}

type Candidate<'a> = (&'static str, &'a mut dyn FnMut());

/// Candidates take turns, so that whatever else the machine does falls on all of them; of each the quickest
/// sample counts.
fn quickest(samples: usize, candidates: &mut [Candidate<'_>]) {
    let mut best = vec![Duration::MAX; candidates.len()];
    for _ in 0..samples {
        for ((_, candidate), best) in candidates.iter_mut().zip(&mut best) {
            let began = Instant::now();
            candidate();
            *best = began.elapsed().min(*best);
        }
    }
    let ron = candidates.iter().position(|(name, _)| name.starts_with("ron alone"));
    let ron = ron.map_or(f64::NAN, |at| best[at].as_secs_f64());
    println!("{:<40} {:>8} {:>8}", "quickest", "ms", "to ron");
    for ((name, _), best) in candidates.iter().zip(best) {
        let seconds = best.as_secs_f64();
        println!("{name:<40} {:>8.2} {:>8.2}", seconds * 1e3, seconds / ron);
    }
}
