//! A clinician's word about a stage: tell it now, or do not tell it. A fact of the chart like any other, so that
//! planning stays pure; what follows has the identity the stage would have had anyway, so nothing is told twice.

use super::{Planner, quoted};
use crate::{
    assess::Episode,
    book::{Flag, Stage},
    chart::{Chart, StageOverride, Word},
    decision::Reason,
    ids::StageId,
};

/// The newest word about a stage given while this episode was open.
#[must_use]
pub fn word_on<'a>(
    chart: &'a Chart,
    flag: &Flag,
    stage: &StageId,
    episode: &Episode,
) -> Option<&'a StageOverride> {
    let about = |word: &StageOverride| flag.is_called(word.flag.as_str()) && word.stage == *stage;
    let newest = chart.overrides.iter().rev().find(|(_, word)| about(word));
    let (at, word) = newest?;
    let given = chart.local_date(*at);
    (given >= episode.onset && episode.is_open_on(given)).then_some(word)
}

impl Planner<'_> {
    fn is_word(&self, flag: &Flag, stage: &StageId, episode: &Episode, wanted: Word) -> bool {
        word_on(self.chart, flag, stage, episode).is_some_and(|word| word.word == wanted)
    }

    /// A clinician does not want the runner told.
    pub(super) fn is_withheld(&self, flag: &Flag, stage: &StageId, episode: &Episode) -> bool {
        !self.chart.overrides.is_empty() && self.is_word(flag, stage, episode, Word::Withhold)
    }

    /// The highest stage that the rule has reached and nobody has withheld.
    pub(super) fn reached_and_allowed(&self, flag: &Flag, episode: &Episode) -> Option<usize> {
        let reached = episode.reached(flag)?;
        (0..=reached).rev().find(|at| !self.is_withheld(flag, &flag.stages[*at].id, episode))
    }

    /// The highest stage that a clinician wants told now.
    pub(super) fn asked_for(&self, flag: &Flag, episode: &Episode) -> Option<usize> {
        if self.chart.overrides.is_empty() {
            return None;
        }
        flag.stages.iter().rposition(|stage| self.is_word(flag, &stage.id, episode, Word::Send))
    }

    /// Why a stage is told although the rule has not reached it.
    pub(super) fn reason_of_person(&self, flag: &Flag, stage: &Stage, episode: &Episode) -> Option<Reason> {
        let word = word_on(self.chart, flag, &stage.id, episode).filter(|word| word.word == Word::Send)?;
        let text = format!(
            "{}: a clinician asked for stage `{}` before the rule reaches it; first reported on {}, last on {}. Why: {}",
            quoted(&flag.title),
            stage.id,
            self.date(episode.onset),
            self.date(episode.last_present),
            word.because,
        );
        Some(Reason::new("stage-by-person", text))
    }
}
