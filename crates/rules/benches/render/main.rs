//! What one mail takes: the values of the shipped check-in, and its text and page made from them.
//!
//! Times here depend on what else the machine does. The instructions of one mail do not: run the bench under
//! `valgrind --tool=callgrind` with `--sample-count 1` and two values of `--sample-size`, and divide the difference.

#![expect(clippy::expect_used, reason = "what a benchmark cannot set up ends it")]

use std::{path::Path, sync::LazyLock};

use afterrun_rules::{
    RuleBook,
    decision::Facts,
    folder,
    ids::{CheckInId, MessageId},
    load::load,
    message::{Filling, Links, Person, Rendered, fill, render},
};
use chrono::{DateTime, Utc};
use divan::Bencher;

static BOOK: LazyLock<RuleBook> = LazyLock::new(|| {
    let shipped = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules"));
    load(&folder::read(shipped).expect("the rules folder")).book.expect("a book")
});

fn main() {
    divan::main();
}

/// The values alone.
#[divan::bench]
fn values(bencher: Bencher<'_, '_>) {
    let morning = Morning::new();
    bencher.counter(1_usize).bench_local(|| morning.filling("Sam"));
}

/// Values, text and page, each runner with another name.
#[divan::bench]
fn check_in(bencher: Bencher<'_, '_>) {
    let morning = Morning::new();
    let mut names = ["Sam", "Alexandra", "Jo", "Zo\u{eb}"].into_iter().cycle();
    bencher.counter(1_usize).bench_local(|| morning.mail(names.next().unwrap_or_default()));
}

/// What is the same for all check-ins of a morning.
struct Morning {
    facts: Facts,
    links: Links,
    now: DateTime<Utc>,
}

impl Morning {
    fn new() -> Self {
        let link = |page| Some(format!("https://clinic.example/{page}/{}", "x".repeat(48)));
        let facts = Facts {
            check_in: Some((CheckInId::from("morning-after"), "2026-11-24".parse().expect("a day"))),
            expires_at: Some("2026-11-26T01:00:00Z".parse().expect("an instant")),
            ..Facts::default()
        };
        let links = Links { check_in: link('c'), page: link('p'), stop: link('s') };
        Self { facts, links, now: "2026-11-24T13:00:00Z".parse().expect("an instant") }
    }

    fn filling(&self, first_name: &str) -> Filling {
        let person = Person { first_name, zone: chrono_tz::America::Chicago, language: "en", miles: true };
        fill(&BOOK, &person, &self.facts, &self.links, self.now)
    }

    fn mail(&self, first_name: &str) -> Rendered {
        let text = &BOOK.messages[&MessageId::from("check-in")];
        render(&BOOK, text, &self.filling(first_name)).expect("every placeholder has a value")
    }
}
