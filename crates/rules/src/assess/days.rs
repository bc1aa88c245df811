//! What each day's reports say about the day-based flags.
//!
//! One pass over the answers for all flags together: an answer is read once, and one that repeats one of the few
//! before it is not judged again, because most mornings are like the mornings before.

use chrono::{DateTime, NaiveDate, Utc};
use smallvec::SmallVec;

use super::{FLAGS_ON_STACK, FlagAssessment};
use crate::{
    book::{Condition, Flag, FlagEvidence, RuleBook},
    chart::{Answer, Chart},
    evidence::{Evidence, Notes, Reader},
};

/// A day-based flag while the answers are gone through.
struct Watched<'a> {
    flag_at: usize,
    flag: &'a Flag,
    when: &'a Condition,
    clear_when: Option<&'a Condition>,
}

/// The worst that a day's reports say about a flag.
#[derive(Clone, Copy)]
struct Worst {
    evidence: Option<Evidence>,
    /// When the newest report that says so arrived.
    received_at: DateTime<Utc>,
}

impl Worst {
    fn take_in(&mut self, evidence: Option<Evidence>, received_at: DateTime<Utc>) {
        let newer = self.evidence == evidence && self.received_at < received_at;
        if self.evidence < evidence || newer {
            *self = Self { evidence, received_at };
        }
    }
}

/// What this many judged answers say is remembered: mornings repeat those of the days before.
const REMEMBERED: usize = 4;

/// What each flag was told, one row for each answer remembered.
type Rows = SmallVec<[Option<Evidence>; FLAGS_ON_STACK * REMEMBERED]>;

/// Judges answers by all day-based flags, and those that repeat an earlier one only once.
struct Judge<'a, 'w> {
    reader: Reader<'a, 'w>,
    watched: &'w [Watched<'a>],
    /// Answers judged before; what they say is at the same place among the rows.
    judged: [Option<&'a Answer>; REMEMBERED],
    rows: &'w mut [Option<Evidence>],
    next: usize,
    /// Row of an answer none of whose values was looked at, as is the rule of those about a run: others to the same
    /// questions say the same.
    beside_the_point: Option<usize>,
}

impl<'a> Judge<'a, '_> {
    /// What an answer says, by position in `watched`.
    fn judge(&mut self, at: usize, answer: &'a Answer) -> &[Option<Evidence>] {
        let width = self.watched.len();
        let known = self.known(answer);
        let row = known.unwrap_or(self.next);
        let said = &mut self.rows[row * width..][..width];
        if known.is_some() {
            return said;
        }
        self.reader.turn_to(at);
        for (said, watched) in said.iter_mut().zip(self.watched) {
            *said = self.reader.evidence(watched.when, watched.clear_when);
        }
        // What was said by looking back to earlier answers holds for this one alone.
        self.judged[row] = (!self.reader.looked_back()).then_some(answer);
        if !self.reader.looked_at_given() {
            self.beside_the_point = Some(row);
        } else if self.beside_the_point == Some(row) {
            self.beside_the_point = None;
        }
        self.next = (row + 1) % REMEMBERED;
        said
    }

    /// The worst that the answers about one day say, by position in `watched`; `at` is the first one's position.
    fn worst_of(&mut self, at: usize, of_day: &'a [Answer]) -> SmallVec<[Worst; FLAGS_ON_STACK]> {
        let nothing = Worst { evidence: None, received_at: DateTime::UNIX_EPOCH };
        let mut found: SmallVec<[Worst; FLAGS_ON_STACK]> = SmallVec::from_elem(nothing, self.watched.len());
        for (at, answer) in (at..).zip(of_day) {
            for (worst, said) in found.iter_mut().zip(self.judge(at, answer)) {
                worst.take_in(*said, answer.received_at);
            }
        }
        found
    }

    /// The row of an earlier answer that says the same.
    fn known(&self, answer: &Answer) -> Option<usize> {
        let same = |judged: &Option<&Answer>| judged.is_some_and(|of| of.values.are_one_with(&answer.values));
        self.judged.iter().position(same).or_else(|| {
            self.beside_the_point.filter(|row| {
                self.judged[*row].is_some_and(|judged| judged.values.answer_one_list_with(&answer.values))
            })
        })
    }
}

/// Tells each day-based flag what each day says: the worst of the day's reports. A day with only unknowns is
/// not observed. Returns the worst that the reports about `newest_day` say about any of them.
pub(super) fn observe(
    book: &RuleBook,
    chart: &Chart,
    as_of: NaiveDate,
    newest_day: Option<NaiveDate>,
    flags: &mut [FlagAssessment],
) -> Option<Evidence> {
    let (watched, mut notes) = (watched(book), Notes::default());
    let mut rows: Rows = SmallVec::from_elem(None, watched.len() * REMEMBERED);
    let (watched, rows) = (&watched[..], &mut rows[..]);
    let reader = Reader::new(book, &chart.answers, &mut notes);
    let mut judge =
        Judge { reader, watched, judged: [None; REMEMBERED], rows, next: 0, beside_the_point: None };
    let mut worst_on_newest = None;
    let until = chart.answers.partition_point(|answer| answer.about_day <= as_of);
    let mut at = 0;
    for of_day in chart.answers[..until].chunk_by(|one, next| one.about_day == next.about_day) {
        let day = of_day[0].about_day;
        let mut tell = |flag: &Watched<'_>, evidence, received_at| {
            if newest_day == Some(day) {
                worst_on_newest = worst_on_newest.max(Some(evidence));
            }
            flags[flag.flag_at].observe(chart, flag.flag, day, evidence, received_at);
        };
        if let [answer] = of_day {
            for (flag, said) in watched.iter().zip(judge.judge(at, answer)) {
                if let Some(evidence) = *said {
                    tell(flag, evidence, answer.received_at);
                }
            }
        } else {
            for (flag, worst) in watched.iter().zip(judge.worst_of(at, of_day)) {
                if let Some(evidence) = worst.evidence {
                    tell(flag, evidence, worst.received_at);
                }
            }
        }
        at += of_day.len();
    }
    worst_on_newest
}

fn watched(book: &RuleBook) -> SmallVec<[Watched<'_>; FLAGS_ON_STACK]> {
    let day_based = book.flags.iter().enumerate().filter_map(|(flag_at, flag)| match &flag.evidence {
        FlagEvidence::Days { when, clear_when } => {
            Some(Watched { flag_at, flag, when, clear_when: clear_when.as_ref() })
        }
        FlagEvidence::Runs(_) => None,
    });
    day_based.collect()
}
