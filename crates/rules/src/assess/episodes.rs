//! Episodes: one spell of a flag in one chart.
//!
//! An episode grows only on days on which the problem was reported, survives a bounded silence, and ends
//! only on enough clear reports.

use chrono::{DateTime, NaiveDate, Utc};

use super::{FlagAssessment, silence::lapse_day};
use crate::{
    book::{Condition, Flag, FlagEvidence, RuleBook, WorsensEachRun},
    chart::{Chart, LoggedRun, Source, Value},
    evidence::{Evidence, Report},
};

/// How an episode ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// It has not.
    Open,
    /// On the last of enough Clear days.
    Resolved(NaiveDate),
    /// In silence: lapsed from this day on.
    Lapsed(NaiveDate),
}

/// One spell of a flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Episode {
    /// First Present day: day 0.
    pub onset: NaiveDate,
    /// Newest observed day.
    pub last_seen: NaiveDate,
    /// Newest Present day.
    pub last_present: NaiveDate,
    /// Present days.
    pub present_days: u32,
    /// Clear days in a row at the end.
    pub clears: u32,
    /// Evidence of the newest observed day.
    pub newest: Evidence,
    /// When the newest evidence of the newest observed day arrived.
    pub newest_received_at: DateTime<Utc>,
    /// How it ended.
    pub end: End,
}

impl Episode {
    /// Whether a day lies between onset and newest observed day, both included.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.onset <= day && day <= self.last_seen
    }

    /// Whether it was open at the end of a day.
    #[must_use]
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        self.onset <= day
            && match self.end {
                End::Open => true,
                End::Resolved(on) | End::Lapsed(on) => day < on,
            }
    }

    /// Position of the highest stage reached.
    ///
    /// Both days since onset and Present days only grow, so the newest Present day decides.
    #[must_use]
    pub fn reached(&self, flag: &Flag) -> Option<usize> {
        let days = (self.last_present - self.onset).num_days();
        flag.stages
            .iter()
            .rposition(|stage| days >= i64::from(stage.after_days) && self.present_days >= stage.min_reports)
    }

    /// The first day from which it is lapsed if nothing more is reported.
    #[must_use]
    pub fn lapse_day(&self, chart: &Chart, flag: &Flag) -> Option<NaiveDate> {
        lapse_day(chart, self.last_seen, flag.bridge_silent_days)
    }
}

/// One flag's episodes up to a day. `seen` is told of every observed day.
pub(super) fn of_flag(
    book: &RuleBook,
    chart: &Chart,
    flag: &Flag,
    as_of: NaiveDate,
    mut seen: impl FnMut(NaiveDate, Evidence),
) -> FlagAssessment {
    let mut machine = Machine { chart, flag, assessed: FlagAssessment::default() };
    let mut observe = |day, evidence, received_at| {
        seen(day, evidence);
        machine.observe(day, evidence, received_at);
    };
    match &flag.evidence {
        FlagEvidence::Days { when, clear_when } => {
            day_evidence(book, chart, when, clear_when.as_ref(), as_of, &mut observe);
        }
        FlagEvidence::Runs(rule) => run_evidence(book, chart, rule, as_of, &mut observe),
    }
    machine.close_if_lapsed(as_of);
    machine.assessed
}

struct Machine<'a> {
    chart: &'a Chart,
    flag: &'a Flag,
    assessed: FlagAssessment,
}

impl Machine<'_> {
    /// Takes in the evidence of one day; days come in ascending order, each once.
    fn observe(&mut self, day: NaiveDate, evidence: Evidence, received_at: DateTime<Utc>) {
        self.close_if_lapsed(day);
        self.assessed.last_observed = Some(day);
        let open = self.assessed.episodes.last_mut().filter(|episode| episode.end == End::Open);
        match (open, evidence) {
            (None, Evidence::Present) => self.assessed.episodes.push(Episode {
                onset: day,
                last_seen: day,
                last_present: day,
                present_days: 1,
                clears: 0,
                newest: evidence,
                newest_received_at: received_at,
                end: End::Open,
            }),
            (None, _) => {}
            (Some(episode), _) => {
                episode.last_seen = day;
                episode.newest = evidence;
                episode.newest_received_at = received_at;
                match evidence {
                    Evidence::Present => {
                        episode.last_present = day;
                        episode.present_days += 1;
                        episode.clears = 0;
                    }
                    Evidence::Between => episode.clears = 0,
                    Evidence::Clear => {
                        episode.clears += 1;
                        if episode.clears >= self.flag.clear_reports {
                            episode.end = End::Resolved(day);
                        }
                    }
                }
            }
        }
    }

    fn close_if_lapsed(&mut self, by: NaiveDate) {
        let (chart, flag) = (self.chart, self.flag);
        let open = self.assessed.episodes.last_mut().filter(|episode| episode.end == End::Open);
        if let Some(episode) = open
            && let Some(lapses) = lapse_day(chart, episode.last_seen, flag.bridge_silent_days)
            && lapses <= by
        {
            episode.end = End::Lapsed(lapses);
        }
    }
}

/// Day evidence is the worst of the day's reports; a day with only unknowns is not observed.
fn day_evidence(
    book: &RuleBook,
    chart: &Chart,
    when: &Condition,
    clear_when: Option<&Condition>,
    as_of: NaiveDate,
    observe: &mut impl FnMut(NaiveDate, Evidence, DateTime<Utc>),
) {
    let answers = &chart.answers[..];
    let mut at = 0;
    while at < answers.len() && answers[at].about_day <= as_of {
        let day = answers[at].about_day;
        let mut worst: Option<(Evidence, DateTime<Utc>)> = None;
        while at < answers.len() && answers[at].about_day == day {
            if let Some(evidence) = (Report { book, answers, at }).evidence(when, clear_when) {
                let received_at = answers[at].received_at;
                worst = worst.max(Some((evidence, received_at)));
            }
            at += 1;
        }
        if let Some((evidence, received_at)) = worst {
            observe(day, evidence, received_at);
        }
    }
}

/// The score of a run and when it arrived; unscored runs have none.
fn score_of(
    book: &RuleBook,
    chart: &Chart,
    rule: &WorsensEachRun,
    logged: &LoggedRun,
) -> Option<(i32, DateTime<Utc>)> {
    let question = book.questions.get(usize::from(rule.question.0))?;
    let about = |source: &Source| matches!(source, Source::Run(run) if *run == logged.run.id);
    chart.answers.iter().filter(|answer| about(&answer.source)).find_map(|answer| {
        match answer.values.get(question.id.as_str()) {
            Some(Value::Number(score)) => Some((*score, answer.received_at)),
            _ => None,
        }
    })
}

/// Evidence of each scored run, over the last `runs` scored runs up to and including it. Two runs on one day
/// make one observed day, the worse counts.
fn run_evidence(
    book: &RuleBook,
    chart: &Chart,
    rule: &WorsensEachRun,
    as_of: NaiveDate,
    observe: &mut impl FnMut(NaiveDate, Evidence, DateTime<Utc>),
) {
    let wanted = rule.runs.max(3) as usize;
    let mut scored: Vec<(NaiveDate, i32)> = Vec::new();
    let mut of_day: Option<(NaiveDate, Evidence, DateTime<Utc>)> = None;
    for logged in chart.runs.iter().filter(|logged| logged.day <= as_of) {
        let Some((score, received_at)) = score_of(book, chart, rule, logged) else { continue };
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
    run_evidence(book, chart, rule, day, &mut |on, evidence, _| {
        if on == day {
            found = Some(evidence);
        }
    });
    let of_day = chart.runs.iter().filter(|logged| logged.day == day);
    let scores = of_day.map(|logged| match score_of(book, chart, rule, logged) {
        Some((score, _)) => format!("run scored {score}"),
        None => "run without a score".to_owned(),
    });
    (found, scores.collect())
}

/// The scored runs up to a day, by start time, each with its day and score.
pub(crate) fn scored_runs(
    book: &RuleBook,
    chart: &Chart,
    rule: &WorsensEachRun,
    as_of: NaiveDate,
) -> Vec<(NaiveDate, i32)> {
    let runs = chart.runs.iter().filter(|logged| logged.day <= as_of);
    runs.filter_map(|logged| Some((logged.day, score_of(book, chart, rule, logged)?.0))).collect()
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
