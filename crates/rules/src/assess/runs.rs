//! What each scored run says about a flag over runs.

use chrono::{DateTime, NaiveDate, Utc};
use smallvec::SmallVec;

use crate::{
    book::{RuleBook, WorsensEachRun},
    chart::{Chart, Source, Value},
    evidence::Evidence,
};

/// Most runs of a chart for which reading their scores takes no memory from the heap.
const RUNS_ON_STACK: usize = 16;

/// A run's score and when it arrived.
type Score = (i32, DateTime<Utc>);

/// By position in [`Chart::runs`]: the newest score given. Unscored runs have none.
fn scores(book: &RuleBook, chart: &Chart, rule: &WorsensEachRun) -> SmallVec<[Option<Score>; RUNS_ON_STACK]> {
    let runs = &chart.runs[..];
    let mut scores = SmallVec::from_elem(None, runs.len());
    let Some(question) = book.questions.get(usize::from(rule.question.0)) else { return scores };
    let mut next = 0;
    for answer in &chart.answers {
        let Source::Run(run) = &answer.source else { continue };
        let Some(Value::Number(score)) = answer.values.get(question.id.as_str()) else { continue };
        // Answers come in the order of their days, and so, nearly always, in the order of their runs.
        let mut from_next = (next..runs.len()).chain(0..next);
        let Some(at) = from_next.find(|at| runs[*at].run.id == *run) else { continue };
        // A run whose date was corrected may have been scored under either date: the newer score counts.
        if scores[at].is_none_or(|(_, known_at)| answer.received_at > known_at) {
            scores[at] = Some((*score, answer.received_at));
        }
        next = at + 1;
    }
    scores
}

/// Evidence of each scored run, over the last `runs` scored runs up to and including it. Two runs on one day
/// make one observed day, the worse counts.
pub(super) fn evidence(
    book: &RuleBook,
    chart: &Chart,
    rule: &WorsensEachRun,
    as_of: NaiveDate,
    mut observe: impl FnMut(NaiveDate, Evidence, DateTime<Utc>),
) {
    let wanted = rule.runs.max(3) as usize;
    if chart.runs.len() < wanted {
        return;
    }
    let mut scored: SmallVec<[(NaiveDate, i32); RUNS_ON_STACK]> = SmallVec::new();
    let mut of_day: Option<(NaiveDate, Evidence, DateTime<Utc>)> = None;
    for (logged, score) in chart.runs.iter().zip(scores(book, chart, rule)) {
        let Some((score, received_at)) = score.filter(|_| logged.day <= as_of) else { continue };
        scored.push((logged.day, score));
        let Some(window) = scored.len().checked_sub(wanted).map(|from| &scored[from..]) else { continue };
        let Some(evidence) = window_evidence(rule, window) else { continue };
        of_day = match of_day {
            Some((day, worst, at)) if day == logged.day => {
                Some((day, worst.max(evidence), at.max(received_at)))
            }
            earlier => {
                if let Some((day, evidence, at)) = earlier {
                    observe(day, evidence, at);
                }
                Some((logged.day, evidence, received_at.max(logged.logged_at)))
            }
        };
    }
    if let Some((day, evidence, at)) = of_day {
        observe(day, evidence, at);
    }
}

/// What the runs of one day say, with their scores in words.
pub(crate) fn run_evidence_of(
    book: &RuleBook,
    chart: &Chart,
    rule: &WorsensEachRun,
    day: NaiveDate,
) -> (Option<Evidence>, Vec<String>) {
    let mut found = None;
    evidence(book, chart, rule, day, |on, evidence, _| {
        if on == day {
            found = Some(evidence);
        }
    });
    let of_day = chart.runs.iter().zip(scores(book, chart, rule)).filter(|(logged, _)| logged.day == day);
    let words = of_day.map(|(_, score)| match score {
        Some((score, _)) => format!("run scored {score}"),
        None => "run without a score".to_owned(),
    });
    (found, words.collect())
}

/// The scored runs up to a day, by start time, each with its day and score.
pub(crate) fn scored_runs(
    book: &RuleBook,
    chart: &Chart,
    rule: &WorsensEachRun,
    as_of: NaiveDate,
) -> Vec<(NaiveDate, i32)> {
    let runs = chart.runs.iter().zip(scores(book, chart, rule)).filter(|(logged, _)| logged.day <= as_of);
    runs.filter_map(|(logged, score)| Some((logged.day, score?.0))).collect()
}

/// None: the window is too wide.
fn window_evidence(rule: &WorsensEachRun, window: &[(NaiveDate, i32)]) -> Option<Evidence> {
    let (first, last) = (window.first()?, window.last()?);
    if (last.0 - first.0).num_days() > i64::from(rule.within_days) {
        return None;
    }
    let fell = window.windows(2).any(|pair| pair[1].1 < pair[0].1);
    let ties = window.windows(2).filter(|pair| pair[1].1 == pair[0].1).count();
    let worsens = !fell
        && ties <= rule.ties_allowed as usize
        && last.1 - first.1 >= rule.rise_by
        && last.1 >= rule.ends_at_least;
    Some(if worsens { Evidence::Present } else { Evidence::Clear })
}
