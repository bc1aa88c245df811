//! Living through a chart: events and the passing of time, with mail taken to be delivered at its time.
//!
//! `replay`, scenarios and `compare` use this; the daemon does the same against a store and a mail server.
//! Both go through the same [`assess`] and [`plan`].

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    assess::{Assessment, assess},
    book::RuleBook,
    chart::{Chart, TimedEvent},
    decision::{Action, Audience, Decision, EntryState},
    plan::plan,
};

/// Rounds of planning in one turn. Each round records what it decided and a decision is made once, so a
/// handful is plenty ([`Story::most_rounds`]); the bound keeps a mistake of ours from hanging the caller.
const ROUNDS: usize = 64;

/// When to look again at a chart whose planning did not come to rest.
const LOOK_AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// A decision and when it was taken.
#[derive(Clone, PartialEq, Debug)]
pub struct Taken {
    /// When it was taken; [`Decision::at`] says when it is carried out.
    pub decided_at: DateTime<Utc>,
    /// The decision.
    pub decision: Decision,
}

/// What one turn comes to.
#[derive(Clone, PartialEq, Debug)]
pub struct Settled {
    /// What was decided, in order.
    pub decisions: Vec<Decision>,
    /// When to look again.
    pub next_due: Option<DateTime<Utc>>,
    /// What the chart amounts to with all of it recorded.
    pub assessment: Assessment,
    /// Rounds of planning, the last of which found nothing.
    rounds: usize,
}

/// Assesses and plans until nothing is left to decide, recording each decision in the chart. Returns what was
/// decided and when to look again.
pub fn settle(
    book: &RuleBook,
    chart: &mut Chart,
    now: DateTime<Utc>,
) -> (Vec<Decision>, Option<DateTime<Utc>>) {
    let settled = come_to_rest(book, chart, now);
    (settled.decisions, settled.next_due)
}

/// As [`settle`]; also says what the chart amounts to then.
pub fn come_to_rest(book: &RuleBook, chart: &mut Chart, now: DateTime<Utc>) -> Settled {
    let mut decisions = Vec::new();
    for rounds in 1..=ROUNDS {
        let assessment = assess(book, chart, now);
        let plan = plan(book, chart, &assessment, now);
        if plan.decisions.is_empty() {
            return Settled { decisions, next_due: plan.next_due, assessment, rounds };
        }
        for decision in plan.decisions {
            chart.record(&decision, now);
            decisions.push(decision);
        }
    }
    // Our mistake, and no reason to lose sight of a patient.
    let assessment = assess(book, chart, now);
    Settled { decisions, next_due: Some(now + LOOK_AGAIN_AFTER), assessment, rounds: ROUNDS }
}

/// A chart on its way through time.
#[derive(Clone, Debug)]
pub struct Story {
    /// The chart as it stands.
    pub chart: Chart,
    /// Everything decided so far, in order.
    pub taken: Vec<Taken>,
    next_due: Option<DateTime<Utc>>,
    most_rounds: usize,
}

impl Story {
    /// Begins with an enrolment.
    #[must_use]
    pub fn new(chart: Chart) -> Self {
        let next_due = Some(chart.enrolled_at);
        Self { chart, taken: Vec::new(), next_due, most_rounds: 0 }
    }

    /// Lets time pass up to, and including, an instant.
    pub fn pass_until(&mut self, book: &RuleBook, until: DateTime<Utc>) {
        while let Some(next) = self.next_step().filter(|next| *next <= until) {
            self.turn(book, next);
        }
    }

    /// Lets time pass until just before an instant, takes in what becomes known at that instant, and decides
    /// what follows. Events of one instant are one turn, as one form carries all symptoms.
    pub fn take_in(&mut self, book: &RuleBook, at: DateTime<Utc>, events: &[TimedEvent]) {
        self.pass_until(book, at - chrono::TimeDelta::microseconds(1));
        events.iter().for_each(|event| self.chart.apply(event));
        self.turn(book, at);
    }

    /// The rules change at an instant.
    pub fn new_rules(&mut self, old: &RuleBook, new: &RuleBook, at: DateTime<Utc>) {
        self.pass_until(old, at);
        self.chart.book_since = at;
        self.turn(new, at);
    }

    fn turn(&mut self, book: &RuleBook, now: DateTime<Utc>) {
        let settled = come_to_rest(book, &mut self.chart, now);
        self.next_due = settled.next_due;
        self.most_rounds = self.most_rounds.max(settled.rounds);
        let taken = settled.decisions.into_iter().map(|decision| Taken { decided_at: now, decision });
        self.taken.extend(taken);
        self.chart.ledger.deliver_until(now);
    }

    /// The next instant at which anything happens by itself: the plan may change, or a queued message goes.
    fn next_step(&self) -> Option<DateTime<Utc>> {
        self.chart.ledger.queued().map(|entry| entry.at).chain(self.next_due).min()
    }

    /// The most rounds of planning that any turn so far took. More than a handful means that a decision is made and
    /// taken back again.
    #[must_use]
    pub fn most_rounds(&self) -> usize {
        self.most_rounds
    }

    /// Messages that went out to the patient, in order: the decisions to send that were not cancelled before
    /// their time. Check-ins are among them.
    pub fn sent(&self) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(|taken| {
            let identity = &taken.decision.identity;
            let went = |entry: &&crate::decision::Entry| entry.identity == *identity;
            matches!(taken.decision.action, Action::Send { .. } | Action::OpenCheckIn { .. })
                && identity.audience == Audience::Patient
                && self.chart.ledger.iter().find(went).is_some_and(|entry| entry.state == EntryState::Done)
        })
    }
}
