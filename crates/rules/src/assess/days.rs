//! What each day's reports say about the day-based flags.
//!
//! One pass over the answers for all flags together: an answer is read once, and one that repeats the one
//! before it is not judged again, because most mornings are like the morning before.

use chrono::{DateTime, NaiveDate, Utc};
use smallvec::SmallVec;

use super::{FLAGS_ON_STACK, FlagAssessment};
use crate::{
    book::{Condition, Flag, FlagEvidence, RuleBook},
    chart::{Answer, Chart, Source},
    evidence::{Evidence, Reader},
};

/// A day-based flag while the answers are gone through.
struct Watched<'a> {
    flag_at: usize,
    flag: &'a Flag,
    when: &'a Condition,
    clear_when: Option<&'a Condition>,
    /// What the newest judged answer of each kind says.
    said: [Option<Evidence>; KINDS],
    /// The worst of the day so far.
    worst: Option<Evidence>,
    /// When the newest report that says so arrived.
    received_at: DateTime<Utc>,
}

impl Watched<'_> {
    fn take_in(&mut self, evidence: Evidence, received_at: DateTime<Utc>) {
        let newest = self.worst == Some(evidence) && self.received_at < received_at;
        if self.worst < Some(evidence) || newest {
            self.worst = Some(evidence);
            self.received_at = received_at;
        }
    }
}

/// Answers to check-ins and answers about runs: each is compared with the one before it of its own kind.
const KINDS: usize = 2;

/// Tells each day-based flag what each day says: the worst of the day's reports. A day with only unknowns is
/// not observed. Returns the worst that the reports about `newest_day` say about any of them.
pub(super) fn observe(
    book: &RuleBook,
    chart: &Chart,
    as_of: NaiveDate,
    newest_day: Option<NaiveDate>,
    flags: &mut [FlagAssessment],
) -> Option<Evidence> {
    let mut watched = watched(book);
    let watched = &mut watched[..];
    let mut reader = Reader::new(book, &chart.answers);
    let mut judged: [Option<&Answer>; KINDS] = [None; KINDS];
    let mut worst_on_newest = None;
    let until = chart.answers.partition_point(|answer| answer.about_day <= as_of);
    let mut answers = chart.answers[..until].iter().enumerate().peekable();
    while let Some((at, answer)) = answers.next() {
        let kind = usize::from(matches!(answer.source, Source::Run(_)));
        if judged[kind].is_none_or(|judged| judged.values != answer.values) {
            reader.turn_to(at);
            for watched in watched.iter_mut() {
                watched.said[kind] = reader.evidence(watched.when, watched.clear_when);
            }
            judged[kind] = (!reader.looked_back()).then_some(answer);
        }
        let day = answer.about_day;
        let day_ends = answers.peek().is_none_or(|(_, next)| next.about_day != day);
        for watched in watched.iter_mut() {
            if let Some(evidence) = watched.said[kind] {
                watched.take_in(evidence, answer.received_at);
            }
            if day_ends && let Some(evidence) = watched.worst.take() {
                if newest_day == Some(day) {
                    worst_on_newest = worst_on_newest.max(Some(evidence));
                }
                flags[watched.flag_at].observe(chart, watched.flag, day, evidence, watched.received_at);
            }
        }
    }
    worst_on_newest
}

fn watched(book: &RuleBook) -> SmallVec<[Watched<'_>; FLAGS_ON_STACK]> {
    let day_based = book.flags.iter().enumerate().filter_map(|(flag_at, flag)| match &flag.evidence {
        FlagEvidence::Days { when, clear_when } => Some(Watched {
            flag_at,
            flag,
            when,
            clear_when: clear_when.as_ref(),
            said: [None; KINDS],
            worst: None,
            received_at: DateTime::UNIX_EPOCH,
        }),
        FlagEvidence::Runs(_) => None,
    });
    day_based.collect()
}
