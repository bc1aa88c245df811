//! Which stages a story tells, on which days, and which tellings under two books are the same matter.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Volume;
use crate::{
    decision::{Action, Audience, Subject},
    ids::{FlagId, StageId},
    replay::{ChartFile, last_instant},
    story::Story,
};

/// Tellings of one stage up to this many days apart are taken for the same spell. Answers are not taken about days
/// further back, so an edit cannot move a telling further by itself.
const SAME_SPELL_DAYS: i64 = crate::replay::ACCEPTED_DAYS as i64;

/// A stage and its flag.
pub(super) type Key = (FlagId, StageId);

/// One telling of a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Told {
    pub key: Key,
    /// Local date of the decision.
    pub day: NaiveDate,
    /// When it was decided.
    pub at: DateTime<Utc>,
    pub reason: Arc<str>,
}

/// Tellings under the two books.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Pair {
    /// The same matter under both.
    Both(Told, Told),
    /// Under the old rules only.
    Before(Told),
    /// Under the new rules only.
    After(Told),
}

impl Pair {
    pub(super) fn key(&self) -> &Key {
        &self.newest().key
    }

    /// The telling under the new rules, if there is one.
    pub(super) fn newest(&self) -> &Told {
        let (Self::Both(_, told) | Self::Before(told) | Self::After(told)) = self;
        told
    }

    pub(super) fn days(&self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        match self {
            Self::Both(before, after) => (Some(before.day), Some(after.day)),
            Self::Before(before) => (Some(before.day), None),
            Self::After(after) => (None, Some(after.day)),
        }
    }
}

/// Every stage told, once a spell: to the patient, by another message that spoke for it, or to the clinic alone.
/// `named` gives a flag the name under which both books are compared.
pub(super) fn told<'a>(story: &'a Story, named: impl Fn(&'a FlagId) -> &'a FlagId) -> Vec<Told> {
    let mut found: BTreeMap<(Key, NaiveDate), Told> = BTreeMap::new();
    for taken in &story.taken {
        let Subject::Stage { flag, stage, evidence_day } = &taken.decision.identity.subject else { continue };
        let told = match taken.decision.action {
            Action::Send { .. } | Action::Covered { .. } => story
                .chart
                .ledger
                .iter()
                .any(|entry| entry.identity == taken.decision.identity && entry.counts_as_told()),
            Action::TellClinic { .. } => taken.decision.identity.audience == Audience::Clinic,
            Action::OpenCheckIn { .. } | Action::Cancel => false,
        };
        if told {
            let key = (named(flag).clone(), stage.clone());
            found.entry((key.clone(), *evidence_day)).or_insert_with(|| Told {
                key,
                day: story.chart.local_date(taken.decided_at),
                at: taken.decided_at,
                reason: taken.decision.reason.text.clone(),
            });
        }
    }
    found.into_values().collect()
}

/// Pairs tellings, both lists in order of key and day: of one stage, those next to each other in time and not too
/// far apart.
pub(super) fn pair(before: Vec<Told>, after: Vec<Told>) -> Vec<Pair> {
    let mut pairs = Vec::with_capacity(before.len().max(after.len()));
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let pair = match (before.peek(), after.peek()) {
            (None, None) => return pairs,
            (Some(old), Some(new)) if old.key == new.key => {
                let apart = (new.day - old.day).num_days();
                if apart.abs() <= SAME_SPELL_DAYS {
                    before.next().zip(after.next()).map(|(old, new)| Pair::Both(old, new))
                } else if apart > 0 {
                    before.next().map(Pair::Before)
                } else {
                    after.next().map(Pair::After)
                }
            }
            (Some(old), Some(new)) if new.key < old.key => after.next().map(Pair::After),
            (None, Some(_)) => after.next().map(Pair::After),
            (Some(_), _) => before.next().map(Pair::Before),
        };
        pairs.extend(pair);
    }
}

/// Adds what a story sends.
pub(super) fn count(story: &Story, volume: &mut Volume) {
    for taken in story.sent() {
        volume.messages += 1;
        volume.check_ins += u64::from(matches!(taken.decision.action, Action::OpenCheckIn { .. }));
    }
    let told = story.taken.iter().filter(|taken| matches!(taken.decision.action, Action::TellClinic { .. }));
    volume.clinic += told.count() as u64;
}

/// Days a chart spans, from enrolment to where it ends.
pub(super) fn span_days(file: &ChartFile) -> f64 {
    let span = last_instant(file, None) - file.chart.enrolled_at;
    span.max(TimeDelta::zero()).num_seconds() as f64 / 86_400.0
}
