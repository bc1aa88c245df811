//! The same charts under two rule books: who would no longer be flagged, who newly, who earlier or later, and how
//! much mail there would be. A rule edit tried on a clinic's own history before it touches anybody.
//!
//! Charts come one at a time and are forgotten: memory does not grow with their number. What is listed is bounded
//! ([`LISTED_AT_MOST`]), what is counted is not.

mod text;
mod told;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::{
    book::RuleBook,
    explain::explain,
    ids::{FlagId, PatientId, StageId},
    replay::{ChartError, ChartFile, live},
    story::Story,
};

use told::{Pair, Told, pair, told};

/// Changes listed of each kind. Somebody is to read them all; who sees a thousand has the wrong edit.
pub const LISTED_AT_MOST: usize = 1_000;

/// One person and stage that come out differently.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Change {
    /// Who.
    pub patient: PatientId,
    /// The flag, by its id under the new rules if they have it.
    pub flag: FlagId,
    /// The stage.
    pub stage: StageId,
    /// The day on which it is told under the old rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<NaiveDate>,
    /// The day on which it is told under the new rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<NaiveDate>,
    /// Why it is told, under the rules that tell it; under the new ones if both do.
    pub reason: Arc<str>,
    /// What the other rules find missing on that day, if they do not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// Changes of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Changes {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub listed: Vec<Change>,
}

/// How much mail to patients the rules lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Volume {
    /// Messages of any kind.
    pub messages: u64,
    /// Check-ins among them.
    pub check_ins: u64,
    /// Times the clinic is told something.
    pub clinic: u64,
}

/// What became of one stage over all charts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Told on the same day under both.
    pub same: u64,
    /// Told under the old rules only.
    pub no_longer: u64,
    /// Told under the new rules only.
    pub newly: u64,
    /// Told earlier under the new rules.
    pub earlier: u64,
    /// Told later under the new rules.
    pub later: u64,
}

/// A stage and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StageCounts {
    /// The flag.
    pub flag: FlagId,
    /// The stage.
    pub stage: StageId,
    /// What became of it.
    #[serde(flatten)]
    pub counts: Counts,
}

/// A chart that could not be lived through under both books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Skipped {
    /// Its position, from 1.
    pub chart: u64,
    /// Whose, if it could be read that far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// Why.
    pub problem: String,
}

/// Charts that were skipped.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct SkippedCharts {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub listed: Vec<Skipped>,
}

/// How two rule books differ over some charts. What matters most comes first.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Comparison {
    /// Short hash of the old rules.
    pub old: String,
    /// Short hash of the new rules.
    pub new: String,
    /// Charts lived through under both.
    pub charts: u64,
    /// Told under the old rules only.
    pub no_longer_flagged: Changes,
    /// Told under the new rules only.
    pub newly_flagged: Changes,
    /// Told later under the new rules.
    pub later: Changes,
    /// Told earlier under the new rules.
    pub earlier: Changes,
    /// Stage by stage, in order of flag and stage.
    pub stages: Vec<StageCounts>,
    /// Weeks that all charts together span.
    pub patient_weeks: f64,
    /// Mail under the old rules.
    pub before: Volume,
    /// Mail under the new rules.
    pub after: Volume,
    /// Charts that fit one of the books only, or neither.
    pub skipped: SkippedCharts,
}

/// A comparison on its way.
pub struct Comparing<'a> {
    old: &'a RuleBook,
    new: &'a RuleBook,
    seen: u64,
    days: f64,
    counts: BTreeMap<(FlagId, StageId), Counts>,
    result: Comparison,
}

/// Compares two rule books over charts.
pub fn compare(
    old: &RuleBook,
    new: &RuleBook,
    charts: impl IntoIterator<Item = Result<ChartFile, ChartError>>,
) -> Comparison {
    let mut comparing = Comparing::new(old, new);
    for chart in charts {
        match chart {
            Ok(chart) => comparing.add(&chart),
            Err(problem) => comparing.skip(None, problem.to_string()),
        }
    }
    comparing.finish()
}

impl<'a> Comparing<'a> {
    /// Begins.
    #[must_use]
    pub fn new(old: &'a RuleBook, new: &'a RuleBook) -> Self {
        let result = Comparison {
            old: old.hash.short(),
            new: new.hash.short(),
            charts: 0,
            no_longer_flagged: Changes::default(),
            newly_flagged: Changes::default(),
            later: Changes::default(),
            earlier: Changes::default(),
            stages: Vec::new(),
            patient_weeks: 0.0,
            before: Volume::default(),
            after: Volume::default(),
            skipped: SkippedCharts::default(),
        };
        Self { old, new, seen: 0, days: 0.0, counts: BTreeMap::new(), result }
    }

    /// Lives through one chart under both books.
    pub fn add(&mut self, file: &ChartFile) {
        let patient = &file.chart.patient;
        let (before, after) = match (live(self.old, file, None), live(self.new, file, None)) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(problem), _) => {
                return self.skip(Some(patient), format!("under the old rules: {problem}"));
            }
            (_, Err(problem)) => {
                return self.skip(Some(patient), format!("under the new rules: {problem}"));
            }
        };
        self.seen += 1;
        self.result.charts += 1;
        self.days += told::span_days(file);
        told::count(&before, &mut self.result.before);
        told::count(&after, &mut self.result.after);
        let told_before = told(&before, |flag| self.new.flag(flag.as_str()).map_or(flag, |known| &known.id));
        let told_after = told(&after, |flag| flag);
        for pair in pair(told_before, told_after) {
            self.note(file, pair);
        }
    }

    /// Notes a chart that cannot be compared.
    pub fn skip(&mut self, patient: Option<&PatientId>, problem: String) {
        self.seen += 1;
        let skipped = &mut self.result.skipped;
        skipped.count += 1;
        if skipped.listed.len() < LISTED_AT_MOST {
            skipped.listed.push(Skipped { chart: self.seen, patient: patient.cloned(), problem });
        }
    }

    /// The result.
    #[must_use]
    pub fn finish(self) -> Comparison {
        let stages = self.counts.into_iter();
        Comparison {
            stages: stages.map(|((flag, stage), counts)| StageCounts { flag, stage, counts }).collect(),
            patient_weeks: self.days / 7.0,
            ..self.result
        }
    }

    fn note(&mut self, file: &ChartFile, pair: Pair) {
        let (flag, stage) = pair.key().clone();
        let counts = self.counts.entry((flag.clone(), stage.clone())).or_default();
        let (count, changes, other) = match &pair {
            Pair::Both(before, after) if before.day == after.day => {
                counts.same += 1;
                return;
            }
            Pair::Both(before, after) if after.day < before.day => {
                (&mut counts.earlier, &mut self.result.earlier, None)
            }
            Pair::Both(..) => (&mut counts.later, &mut self.result.later, None),
            Pair::Before(_) => (&mut counts.no_longer, &mut self.result.no_longer_flagged, Some(self.new)),
            Pair::After(_) => (&mut counts.newly, &mut self.result.newly_flagged, Some(self.old)),
        };
        *count += 1;
        changes.count += 1;
        if changes.listed.len() >= LISTED_AT_MOST {
            return;
        }
        let (before, after) = pair.days();
        let told = pair.newest();
        changes.listed.push(Change {
            patient: file.chart.patient.clone(),
            missing: other.and_then(|book| missing(book, file, &flag, told)),
            flag,
            stage,
            before,
            after,
            reason: told.reason.clone(),
        });
    }
}

/// What a book that does not tell a stage finds missing at the time the other one tells it.
fn missing(book: &RuleBook, file: &ChartFile, flag: &FlagId, told: &Told) -> Option<String> {
    let Some(known) = book.flag(flag.as_str()) else {
        return Some(format!("there is no flag `{flag}`"));
    };
    let story: Story = live(book, file, Some(told.at)).ok()?;
    let explained = explained(book, &story, &known.id, told.at)?;
    Some(match explained.nearest_miss {
        Some(miss) => miss,
        None => explained.state,
    })
}

fn explained(
    book: &RuleBook,
    story: &Story,
    flag: &FlagId,
    at: DateTime<Utc>,
) -> Option<crate::explain::FlagExplanation> {
    explain(book, &story.chart, at).flags.into_iter().find(|one| one.flag == *flag)
}
