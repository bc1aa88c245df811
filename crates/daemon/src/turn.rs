//! The one way in which anything happens to a patient: an event, a due moment and the judgement before
//! sending all load the chart, assess, plan, and commit facts and decisions together.
//!
//! Leaves out how a message is worded (`compose`) and how it leaves (`delivery`).

use std::{sync::Arc, time::Instant};

use afterrun_rules::{
    Action, Decision, TimedEvent,
    assess::Assessment,
    book::{BookHash, TellClinic},
    chart::{Chart, Event},
    decision::{Entry, EntryState, Identity},
    ids::PatientId,
    story,
};
use afterrun_store::{NewLink, NewMessage, NewWorkItem, Patient, Store, StoreError, StoredChart, Turn};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    belief::Belief,
    compose::{Composer, Letterhead},
    excuse, figures,
    rules_live::{Live, LiveRules},
    token::NoRandomness,
    unreadable::LeftAlone,
    waiting,
};

/// How often a turn is taken anew because another one of the same patient came first. Two people and the
/// scheduler at once need three; more means that something is wrong.
pub(crate) const CONFLICTS_AT_MOST: u32 = 10;

/// A plan that wants to be looked at again at once would keep the scheduler busy for nothing.
const NEXT_DUE_AT_LEAST: TimeDelta = TimeDelta::seconds(1);

/// Why a turn could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no randomness for a link.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// It cannot be done without deciding by a clock that nobody believes.
    #[error("the clock is in doubt")]
    ClockInDoubt,
    /// One of our own texts could not be made into a mail.
    #[error("a mail could not be written: {0}")]
    NotWritten(String),
    /// Our mistake.
    #[error("an internal error; this is a bug")]
    Crashed,
}

/// Takes turns.
pub struct Turns {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The rules in force.
    pub rules: Arc<LiveRules>,
    /// What every mail needs beside its text.
    pub letterhead: Letterhead,
    /// Whether anything may be decided by the clock.
    pub belief: Arc<Belief>,
    /// Whose charts cannot be read.
    pub left_alone: LeftAlone,
}

/// What a turn adds beside events and what follows from them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Extras {
    /// Messages that no plan decides.
    pub messages: Vec<NewMessage>,
    /// Their links.
    pub links: Vec<NewLink>,
    /// Work for the clinic that no plan decides.
    pub work_items: Vec<NewWorkItem>,
}

impl Extras {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.links.is_empty() && self.work_items.is_empty()
    }
}

/// What came of a turn.
#[derive(Clone, PartialEq, Debug)]
pub struct Taken {
    /// The person, as stored before the turn.
    pub patient: Patient,
    /// The chart with the turn in it.
    pub chart: Chart,
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// When the plan could next change.
    pub next_due: Option<DateTime<Utc>>,
    /// Days excused because the silence was ours.
    pub excused: u32,
    /// The clock is in doubt: what was told is recorded, and decided on when it is believed again.
    pub waits: bool,
    /// What the chart amounts to by the rules of the turn; none: that waits as well.
    pub assessed: Option<(BookHash, Assessment)>,
}

impl Taken {
    /// Whether the turn took a message back.
    #[must_use]
    pub fn cancelled(&self, identity: &Identity) -> bool {
        let takes_back =
            |decision: &Decision| decision.action == Action::Cancel && decision.identity == *identity;
        self.decisions.iter().any(takes_back)
    }
}

impl Turns {
    /// Takes one turn. Without events it looks at what is due, and commits nothing if nothing changes.
    ///
    /// # Errors
    /// When the store fails, the patient is not known, or other turns of the patient keep coming first.
    pub async fn take(
        &self,
        patient: &PatientId,
        events: &[TimedEvent],
        extras: &Extras,
        now: DateTime<Utc>,
    ) -> Result<Taken, TurnError> {
        self.take_on(None, patient, events, extras, now).await
    }

    /// The same, beginning with the chart as it was seen just now: if it has changed since, it is read again.
    ///
    /// # Errors
    /// As [`Turns::take`].
    pub(crate) async fn take_on(
        &self,
        mut seen: Option<StoredChart>,
        patient: &PatientId,
        events: &[TimedEvent],
        extras: &Extras,
        now: DateTime<Utc>,
    ) -> Result<Taken, TurnError> {
        let begun = Instant::now();
        for _ in 0..CONFLICTS_AT_MOST {
            let stored = match seen.take() {
                Some(seen) => seen,
                None => self.chart(patient, now).await?,
            };
            let (turn, taken) = self.prepare(stored, events, extras, now)?;
            let committed = match turn {
                Some(turn) => self.store.commit(turn).await,
                None => Ok(()),
            };
            match committed {
                Ok(()) => {
                    figures::turn_taken(begun.elapsed());
                    return Ok(taken);
                }
                Err(StoreError::Conflict(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StoreError::Conflict(patient.clone()).into())
    }

    /// A chart to take a turn on.
    async fn chart(&self, patient: &PatientId, now: DateTime<Utc>) -> Result<StoredChart, StoreError> {
        let read = self.store.chart(patient).await;
        if let Err(StoreError::Unreadable(what)) = &read {
            self.note_unreadable(patient, what, now).await;
        }
        read
    }

    /// Takes one turn, without events, of each of several patients: how it went, in the order given. They are read
    /// together and committed together, and still each succeeds or fails by itself.
    pub async fn take_each(
        self: &Arc<Self>,
        patients: Vec<PatientId>,
        now: DateTime<Utc>,
    ) -> Vec<Result<Taken, TurnError>> {
        let (turns, together) = (self.clone(), patients.clone());
        if let Ok(answers) = tokio::spawn(async move { turns.take_together(&together, now).await }).await {
            return answers;
        }
        // One of them made us stumble; the others must be none the worse for it.
        let mut answers = Vec::with_capacity(patients.len());
        for patient in patients {
            let turns = self.clone();
            let turn = async move { turns.take(&patient, &[], &Extras::default(), now).await };
            answers.push(tokio::spawn(turn).await.unwrap_or(Err(TurnError::Crashed)));
        }
        answers
    }

    async fn take_together(
        &self,
        patients: &[PatientId],
        now: DateTime<Utc>,
    ) -> Vec<Result<Taken, TurnError>> {
        let begun = Instant::now();
        let mut answers = Vec::with_capacity(patients.len());
        let (mut turns, mut whose) = (Vec::new(), Vec::new());
        // A store that fails as a whole is asked for each, and says so for each.
        for (index, stored) in self.store.charts(patients).await.unwrap_or_default().into_iter().enumerate() {
            let prepared = stored
                .map_err(TurnError::from)
                .and_then(|stored| self.prepare(stored, &[], &Extras::default(), now));
            answers.push(prepared.map(|(turn, taken)| {
                if let Some(turn) = turn {
                    turns.push(turn);
                    whose.push(index);
                }
                taken
            }));
            // Writing many mails takes a while, and others want to get on as well.
            tokio::task::yield_now().await;
        }
        let committed = self.store.commit_each(turns).await;
        for (index, committed) in whose.into_iter().zip(committed) {
            let (Err(why), Some(answer)) = (committed, answers.get_mut(index)) else { continue };
            *answer = Err(why.into());
        }
        let again = |answer: &Result<Taken, TurnError>| {
            matches!(answer, Err(TurnError::Store(StoreError::Conflict(_))))
        };
        for (index, patient) in patients.iter().enumerate() {
            match answers.get_mut(index) {
                Some(Err(TurnError::Store(StoreError::Unreadable(what)))) => {
                    self.note_unreadable(patient, what, now).await;
                }
                Some(answer) if again(answer) => {
                    *answer = self.take(patient, &[], &Extras::default(), now).await;
                }
                Some(_) => figures::turn_taken(begun.elapsed()),
                None => answers.push(self.take(patient, &[], &Extras::default(), now).await),
            }
        }
        answers
    }

    /// Takes one turn of each of several patients: all of them are stored, or none. `done` is called as each is
    /// planned.
    ///
    /// # Errors
    /// As [`Turns::take`].
    pub async fn take_all(
        &self,
        events: &[(PatientId, Vec<TimedEvent>)],
        now: DateTime<Utc>,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), TurnError> {
        let mut refused = None;
        for _ in 0..CONFLICTS_AT_MOST {
            let mut turns = Vec::with_capacity(events.len());
            for (patient, events) in events {
                let stored = self.store.chart(patient).await?;
                turns.extend(self.prepare(stored, events, &Extras::default(), now)?.0);
                done();
            }
            match self.store.commit_all(turns).await {
                Ok(()) => return Ok(()),
                Err(conflict @ StoreError::Conflict(_)) => refused = Some(conflict),
                Err(other) => return Err(other.into()),
            }
        }
        // The loop ends here only by conflicts.
        refused.map_or(Ok(()), |conflict| Err(conflict.into()))
    }

    /// Everything of a turn but the commit.
    pub(crate) fn prepare(
        &self,
        stored: StoredChart,
        events: &[TimedEvent],
        extras: &Extras,
        now: DateTime<Utc>,
    ) -> Result<(Option<Turn>, Taken), TurnError> {
        let live = self.rules.current();
        if self.belief.is_in_doubt(now) {
            return self.only_record(&live, stored, events, extras, now);
        }
        #[cfg(test)]
        together::stumble_over(&stored.patient);
        let StoredChart { patient, mut chart, version, waiting } = stored;
        chart.book_since = live.since;
        let taken_in = waiting::take_in(&mut chart, &waiting, now);
        events.iter().for_each(|event| chart.apply(event));
        let mut events = [taken_in.events.as_slice(), events].concat();
        let given = events.len();
        let away = excuse::while_away(&live.book, &chart, patient.next_due, now);
        for excuse in excuse::owed(&chart, now).into_iter().chain(away) {
            let event = TimedEvent { at: now, event: Event::Excuse(excuse) };
            chart.apply(&event);
            events.push(event);
        }
        let excused = u32::try_from(events.len() - given).unwrap_or(u32::MAX);
        let mut draft = Draft {
            composer: Composer { live: &live, letterhead: &self.letterhead, patient: &patient, now },
            turn: Turn {
                patient: patient.id.clone(),
                version,
                now,
                book: live.book.hash,
                events,
                waits: Vec::new(),
                takes_in: !waiting.is_empty(),
                check_ins: Vec::new(),
                links: extras.links.clone(),
                messages: [taken_in.told.as_slice(), &extras.messages].concat(),
                cancels: Vec::new(),
                work_items: extras.work_items.clone(),
                next_due: None,
            },
            decisions: Vec::new(),
        };
        let assessment = draft.decide(&live, &mut chart)?;
        let Draft { turn, decisions, .. } = draft;
        let unchanged = turn.events.is_empty()
            && decisions.is_empty()
            && extras.is_empty()
            && turn.next_due == patient.next_due;
        let assessed = Some((turn.book, assessment));
        let next_due = turn.next_due;
        let taken = Taken { next_due, patient, chart, decisions, excused, waits: false, assessed };
        Ok(((!unchanged).then_some(turn), taken))
    }
}

/// A turn in the making.
struct Draft<'a> {
    composer: Composer<'a>,
    turn: Turn,
    decisions: Vec<Decision>,
}

impl Draft<'_> {
    /// Plans and records until there is nothing more to decide; returns what the chart amounts to then.
    fn decide(&mut self, live: &Live, chart: &mut Chart) -> Result<Assessment, TurnError> {
        let now = self.turn.now;
        let known = chart.ledger.len();
        let opened = chart.check_ins.len();
        let begun = Instant::now();
        let settled = story::come_to_rest(&live.book, chart, now);
        figures::decided(begun.elapsed());
        self.turn.check_ins = chart.check_ins.iter().skip(opened).cloned().collect();
        for decision in settled.decisions {
            self.take_in(chart, &decision, known)?;
            self.decisions.push(decision);
        }
        self.turn.next_due = settled.next_due.map(|due| due.max(now + NEXT_DUE_AT_LEAST));
        Ok(settled.assessment)
    }

    /// Adds what one decision stores; so many entries of the ledger are from earlier turns.
    fn take_in(&mut self, chart: &Chart, decision: &Decision, known: usize) -> Result<(), TurnError> {
        let is_known = || chart.ledger.iter().take(known).any(|entry| entry.identity == decision.identity);
        let entry = chart.ledger.iter().rfind(|entry| entry.identity == decision.identity);
        let Some(entry) = entry.cloned() else { return Ok(()) };
        match &decision.action {
            Action::Cancel if is_known() => self.cancel(decision),
            Action::Cancel | Action::Covered { .. } => self.note(decision, entry),
            Action::Send { .. } | Action::OpenCheckIn { .. } => {
                self.write_to_patient(chart, decision, entry)?;
            }
            Action::TellClinic { level } => self.tell_clinic(decision, entry, *level)?,
        }
        Ok(())
    }

    /// Takes back what an earlier turn, or this one, decided.
    fn cancel(&mut self, decision: &Decision) {
        let own = |message: &&mut NewMessage| {
            message.entry.as_ref().is_some_and(|entry| entry.identity == decision.identity)
        };
        match self.turn.messages.iter_mut().find(own) {
            Some(message) => {
                message.mail = None;
                message.reason = decision.reason.clone();
                if let Some(entry) = &mut message.entry {
                    entry.state = EntryState::Cancelled;
                }
            }
            None => self.turn.cancels.push((decision.identity.clone(), decision.reason.clone())),
        }
    }

    /// A ledger line without mail.
    fn note(&mut self, decision: &Decision, entry: Entry) {
        self.turn.messages.push(NewMessage {
            identity_text: decision.identity.to_string(),
            audience: decision.identity.audience,
            reason: decision.reason.clone(),
            facts: decision.facts.clone(),
            entry: Some(entry),
            mail: None,
        });
    }

    fn write_to_patient(
        &mut self,
        chart: &Chart,
        decision: &Decision,
        entry: Entry,
    ) -> Result<(), TurnError> {
        let (mail, links) = match self.composer.patient_mail(chart, decision)? {
            Ok(composed) => composed,
            Err(why) => return self.could_not_write(decision, entry, &why),
        };
        self.note(decision, entry);
        if let Some(message) = self.turn.messages.last_mut() {
            message.mail = Some(mail);
        }
        self.turn.links.extend(links);
        Ok(())
    }

    /// A text that passed every check and still cannot be rendered is our mistake; the matter itself must not
    /// be lost, so a person hears of it.
    fn could_not_write(&mut self, decision: &Decision, entry: Entry, why: &str) -> Result<(), TurnError> {
        tracing::error!(patient = %self.turn.patient, identity = %decision.identity, why, "a message could not be written");
        self.note(decision, Entry { state: EntryState::Failed, ..entry });
        let reason = afterrun_rules::Reason::new(
            "message-not-written",
            format!(
                "A message could not be written and was not sent. It was due because: {}",
                decision.reason.text
            ),
        );
        self.turn.work_items.push(NewWorkItem {
            identity_text: format!("not-written/{}", decision.identity),
            flag: decision.identity.subject.flag().cloned(),
            level: TellClinic::Today,
            reason,
            digest_due: Some(self.composer.next_digest()),
        });
        Ok(())
    }

    /// A work item, and for what cannot wait for the digest a mail to each of the clinic's addresses.
    fn tell_clinic(&mut self, decision: &Decision, entry: Entry, level: TellClinic) -> Result<(), TurnError> {
        let digest_due = (level == TellClinic::Digest).then(|| self.composer.next_digest());
        self.turn.work_items.push(NewWorkItem {
            identity_text: decision.identity.to_string(),
            flag: decision.identity.subject.flag().cloned(),
            level,
            reason: decision.reason.clone(),
            digest_due,
        });
        let mails = if digest_due.is_some() { Vec::new() } else { self.composer.alerts(decision)? };
        if mails.is_empty() {
            self.note(decision, entry);
            return Ok(());
        }
        for mail in mails {
            self.note(decision, entry.clone());
            if let Some(message) = self.turn.messages.last_mut() {
                message.mail = Some(mail);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "turn_together.rs"]
pub(crate) mod together;
