//! The ledger: what was decided so far about one patient, in order of decision.
//!
//! Reads like a slice of entries. Keeps besides where the entries of each kind are, and which still wait to be
//! sent, so that deciding about a patient does not take longer with every message that patient ever got.
//!
//! INVARIANT: an entry's subject never changes, and its state only through the methods here, so the
//! positions kept are those of the entries.

use std::ops::{Deref, Range};

use chrono::{DateTime, Utc};

use crate::decision::{Entry, EntryState, Subject};

/// What an entry is about, without the particulars. See [`Subject`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is the variant of `Subject` of the same name")]
pub enum Kind {
    RecoveryPlan,
    CheckIn,
    Reminder,
    Nudge,
    Stage,
    StageReminder,
    Resolved,
    Lapsed,
    RunAgain,
    Emergency,
    LeftWithOpenEpisode,
    FlaggedTooLong,
}

const KINDS: usize = Kind::FlaggedTooLong as usize + 1;

impl Kind {
    /// The kind of a subject.
    #[must_use]
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::RecoveryPlan { .. } => Self::RecoveryPlan,
            Subject::CheckIn { .. } => Self::CheckIn,
            Subject::Reminder { .. } => Self::Reminder,
            Subject::Nudge { .. } => Self::Nudge,
            Subject::Stage { .. } => Self::Stage,
            Subject::StageReminder { .. } => Self::StageReminder,
            Subject::Resolved { .. } => Self::Resolved,
            Subject::Lapsed { .. } => Self::Lapsed,
            Subject::RunAgain { .. } => Self::RunAgain,
            Subject::Emergency { .. } => Self::Emergency,
            Subject::LeftWithOpenEpisode { .. } => Self::LeftWithOpenEpisode,
            Subject::FlaggedTooLong { .. } => Self::FlaggedTooLong,
        }
    }
}

/// What was decided so far, in order of decision.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Positions of the entries of each kind, ascending.
    by_kind: [Vec<u32>; KINDS],
    /// Positions of the entries that wait to be sent, ascending.
    queued: Vec<u32>,
}

impl Ledger {
    /// Adds the newest entry.
    pub fn push(&mut self, entry: Entry) {
        let at = self.entries.len() as u32;
        self.by_kind[Kind::of(&entry.identity.subject) as usize].push(at);
        if entry.state == EntryState::Queued {
            self.queued.push(at);
        }
        self.entries.push(entry);
    }

    /// The entries of one kind, in order.
    pub fn of_kind(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Entry> + Clone {
        self.by_kind[kind as usize].iter().map(|at| &self.entries[*at as usize])
    }

    /// The entries that wait to be sent, in order.
    pub fn queued(&self) -> impl Iterator<Item = &Entry> {
        self.queued.iter().map(|at| &self.entries[*at as usize])
    }

    /// Notes how far an entry has got. A position beyond the end changes nothing.
    pub fn set_state(&mut self, at: usize, state: EntryState) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        entry.state = state;
        match (self.queued.binary_search(&(at as u32)), state) {
            (Err(place), EntryState::Queued) => self.queued.insert(place, at as u32),
            (Ok(_), EntryState::Queued) | (Err(_), _) => {}
            (Ok(place), _) => {
                self.queued.remove(place);
            }
        }
    }

    /// Whatever waits to be sent at an instant or before it has been sent.
    pub fn deliver_until(&mut self, now: DateTime<Utc>) {
        let Self { entries, queued, .. } = self;
        queued.retain(|at| {
            let entry = &mut entries[*at as usize];
            let waits = entry.at > now;
            if !waits {
                entry.state = EntryState::Done;
            }
            waits
        });
    }

    /// Positions of all entries, for whoever changes states on the way.
    #[must_use]
    pub fn positions(&self) -> Range<usize> {
        0..self.entries.len()
    }
}

impl Deref for Ledger {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        &self.entries
    }
}

impl FromIterator<Entry> for Ledger {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut ledger = Self::default();
        entries.into_iter().for_each(|entry| ledger.push(entry));
        ledger
    }
}

impl From<Vec<Entry>> for Ledger {
    fn from(entries: Vec<Entry>) -> Self {
        entries.into_iter().collect()
    }
}

impl IntoIterator for Ledger {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Ledger {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{Audience, Identity};

    fn entry(run: &str, state: EntryState) -> Entry {
        let at = chrono::DateTime::UNIX_EPOCH;
        let subject = Subject::RecoveryPlan { run: run.into() };
        Entry {
            identity: Identity { subject, audience: Audience::Patient, attempt: 1 },
            decided_at: at,
            at,
            state,
            message: None,
            urgent: false,
            covered_by: None,
        }
    }

    fn runs<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<String> {
        entries.map(|entry| entry.identity.to_string()).collect()
    }

    #[test]
    fn what_waits_follows_the_states() {
        let mut ledger: Ledger =
            [entry("a", EntryState::Queued), entry("b", EntryState::Done), entry("c", EntryState::Queued)]
                .into_iter()
                .collect();
        assert_eq!(runs(ledger.queued()), ["patient/recovery-plan/a", "patient/recovery-plan/c"]);
        ledger.set_state(0, EntryState::Done);
        ledger.set_state(1, EntryState::Queued);
        ledger.set_state(2, EntryState::Queued);
        ledger.set_state(3, EntryState::Queued);
        assert_eq!(runs(ledger.queued()), ["patient/recovery-plan/b", "patient/recovery-plan/c"]);
        assert_eq!(ledger[0].state, EntryState::Done);
    }

    #[test]
    fn entries_are_found_by_kind_in_order() {
        let ledger = Ledger::from(vec![entry("b", EntryState::Done), entry("a", EntryState::Done)]);
        let plans = runs(ledger.of_kind(Kind::RecoveryPlan));
        assert_eq!(plans, ["patient/recovery-plan/b", "patient/recovery-plan/a"]);
        assert_eq!(ledger.of_kind(Kind::Stage).count(), 0);
    }
}
