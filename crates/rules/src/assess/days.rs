//! What each day's reports say about the day-based flags.
//!
//! One pass over the answers for all flags together: an answer is read once, and one that says the same as the
//! one before is not judged again, because most mornings are like the morning before.

use chrono::{DateTime, NaiveDate, Utc};
use smallvec::SmallVec;

use super::{FLAGS_ON_STACK, FlagAssessment};
use crate::{
    book::{Condition, Flag, FlagEvidence, RuleBook},
    chart::{Chart, Source},
    evidence::{Evidence, Reader},
};

/// A day-based flag while the answers are gone through.
struct Watched<'a> {
    flag_at: usize,
    flag: &'a Flag,
    when: &'a Condition,
    clear_when: Option<&'a Condition>,
    /// What the last answer to a check-in that was judged says.
    said: Option<Evidence>,
    /// The worst of the day so far, and when it arrived.
    worst: Option<(Evidence, DateTime<Utc>)>,
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
    let answers = &chart.answers[..];
    let mut watched = watched(book);
    let mut reader = Reader::new(book, answers);
    let each_alone = !looks_back(book, &watched);
    let mut judged: Option<usize> = None;
    let mut worst_on_newest = None;
    let mut at = 0;
    while let Some(day) = answers.get(at).map(|answer| answer.about_day).filter(|day| *day <= as_of) {
        while let Some(answer) = answers.get(at).filter(|answer| answer.about_day == day) {
            let repeats = judged.is_some_and(|judged| answers[judged].values == answer.values);
            // The few values about a run come in between and say nothing of the days.
            let to_keep = !repeats && each_alone && matches!(answer.source, Source::CheckIn(_));
            if !repeats {
                reader.turn_to(at);
            }
            for watched in &mut watched {
                let said = match repeats {
                    true => watched.said,
                    false => reader.evidence(watched.when, watched.clear_when),
                };
                watched.worst = watched.worst.max(said.map(|evidence| (evidence, answer.received_at)));
                if to_keep {
                    watched.said = said;
                }
            }
            if to_keep {
                judged = Some(at);
            }
            at += 1;
        }
        for watched in &mut watched {
            let Some((evidence, received_at)) = watched.worst.take() else { continue };
            if newest_day == Some(day) {
                worst_on_newest = worst_on_newest.max(Some(evidence));
            }
            flags[watched.flag_at].observe(chart, watched.flag, day, evidence, received_at);
        }
    }
    worst_on_newest
}

fn watched(book: &RuleBook) -> SmallVec<[Watched<'_>; FLAGS_ON_STACK]> {
    let day_based = book.flags.iter().enumerate().filter_map(|(flag_at, flag)| match &flag.evidence {
        FlagEvidence::Days { when, clear_when } => {
            Some(Watched { flag_at, flag, when, clear_when: clear_when.as_ref(), said: None, worst: None })
        }
        FlagEvidence::Runs(_) => None,
    });
    day_based.collect()
}

/// Whether what an answer says may depend on the answers before it.
fn looks_back(book: &RuleBook, watched: &[Watched<'_>]) -> bool {
    let gates = book.questions.iter().filter_map(|question| question.only_if.as_ref());
    let conditions = watched.iter().flat_map(|watched| [Some(watched.when), watched.clear_when]).flatten();
    gates.chain(conditions).any(Condition::looks_back)
}
