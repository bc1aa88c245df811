//! The chart: all that is known of one patient, as facts. Nothing derived is kept here.
//!
//! A chart is built by applying events in the order they became known ([`Chart::apply`]) and by recording
//! what was decided ([`Chart::record`]); the store and `replay` do the same two things.

mod event;
mod values;

pub use event::{
    AnswerEvent, AnswerNamed, Event, Excuse, PauseEvent, Run, RunKind, StageOverride, TimedEvent, Withdraw,
    Word,
};
pub use values::{Value, Values};

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{CheckInId, FlagId, PatientId, QuestionId, RunId, SignId},
    ledger::Ledger,
};

/// What an answer answers: a check-in, or the questions about one run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A check-in of this kind.
    CheckIn(CheckInId),
    /// One run.
    Run(RunId),
}

/// The answer in force for one (source, about-day).
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// What it answers.
    pub source: Source,
    /// The local date it describes.
    pub about_day: NaiveDate,
    /// When this revision arrived.
    pub received_at: DateTime<Utc>,
    /// 1 for the first, one more for each amendment.
    pub revision: u32,
    /// The values.
    pub values: Values,
}

/// A run and when it became known.
#[derive(Clone, PartialEq, Debug)]
pub struct LoggedRun {
    /// The run.
    pub run: Run,
    /// When it was first logged.
    pub logged_at: DateTime<Utc>,
    /// When it became known as it now is: logged, or last corrected.
    pub changed_at: DateTime<Utc>,
    /// Its local date, in the zone the patient lived by when it was logged.
    pub day: NaiveDate,
}

/// Emergency signs ticked on one form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ticks {
    /// What the form asks about, and its about-day.
    pub form: (Source, NaiveDate),
    /// When exactly these signs were first ticked, or first again after a clinician had dealt with them.
    pub since: DateTime<Utc>,
    /// The signs, sorted.
    pub signs: Vec<SignId>,
}

/// Days, `from` included and `until` not, without check-ins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pause {
    /// First local date.
    pub from: NaiveDate,
    /// Local date on which check-ins start again; none: open.
    pub until: Option<NaiveDate>,
}

/// One issued check-in: one request for answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckIn {
    /// The kind it was issued under.
    pub id: CheckInId,
    /// The day it asks about.
    pub about_day: NaiveDate,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When its link closes.
    pub expires_at: DateTime<Utc>,
    /// The questions asked, in order.
    pub questions: Vec<QuestionId>,
    /// The run its run questions are about.
    pub about_run: Option<RunId>,
    /// Added because a stage fell on a day without a check-in.
    pub probe: bool,
}

/// Whether mail to the patient can go out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Yes.
    #[default]
    Confirmed,
    /// The address has not been confirmed by its owner: nothing about health may be sent.
    Unconfirmed,
    /// The address does not exist.
    Dead,
}

/// All that is known of one patient's enrolment.
#[derive(Clone, PartialEq, Debug)]
pub struct Chart {
    /// Whose.
    pub patient: PatientId,
    /// When the enrolment began.
    pub enrolled_at: DateTime<Utc>,
    /// BCP 47 language tag.
    pub language: Arc<str>,
    /// Zones lived by, each from an instant on; never empty, ascending.
    pub zones: Vec<(DateTime<Utc>, Tz)>,
    /// Whether mail can go out.
    pub reach: Reach,
    /// When the patient stopped, if so.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Runs by start time.
    pub runs: Vec<LoggedRun>,
    /// Answers in force, by about-day, then source.
    pub answers: Vec<Answer>,
    /// Excuses in the order they became known.
    pub excuses: Vec<Excuse>,
    /// Pauses in the order they became known.
    pub pauses: Vec<Pause>,
    /// Clinicians' contacts, in order.
    pub contacts: Vec<(DateTime<Utc>, FlagId)>,
    /// Clinicians' words about stages, in order.
    pub overrides: Vec<(DateTime<Utc>, StageOverride)>,
    /// Emergency signs ticked: when, and which (never empty), in order.
    pub emergencies: Vec<(DateTime<Utc>, Vec<SignId>)>,
    /// What is ticked on the emergency list of each form by now; forms with nothing ticked are left out.
    pub ticks: Vec<Ticks>,
    /// When a clinician dealt with the emergencies, as far as nobody has taken it back.
    pub emergencies_resolved: Vec<DateTime<Utc>>,
    /// Check-ins issued, by opening time.
    pub check_ins: Vec<CheckIn>,
    /// What was decided so far, in order of decision.
    pub ledger: Ledger,
    /// Since when the rule book in force has been live.
    pub book_since: DateTime<Utc>,
}

/// How many of the newest answers a new one is compared with, to keep equal values once. A week of mornings.
const ANSWERS_COMPARED: usize = 7;

impl Chart {
    /// A new enrolment.
    #[must_use]
    pub fn new(patient: PatientId, time_zone: Tz, enrolled_at: DateTime<Utc>) -> Self {
        Self {
            patient,
            enrolled_at,
            language: "en".into(),
            zones: vec![(enrolled_at, time_zone)],
            reach: Reach::Confirmed,
            stopped_at: None,
            runs: Vec::new(),
            answers: Vec::new(),
            excuses: Vec::new(),
            pauses: Vec::new(),
            contacts: Vec::new(),
            overrides: Vec::new(),
            emergencies: Vec::new(),
            ticks: Vec::new(),
            emergencies_resolved: Vec::new(),
            check_ins: Vec::new(),
            ledger: Ledger::default(),
            book_since: enrolled_at,
        }
    }

    /// The zone lived by at an instant.
    #[must_use]
    pub fn zone_at(&self, at: DateTime<Utc>) -> Tz {
        let next = self.zones.partition_point(|(since, _)| *since <= at);
        self.zones.get(next.saturating_sub(1)).map_or(Tz::UTC, |(_, zone)| *zone)
    }

    /// The local date at an instant.
    #[must_use]
    pub fn local_date(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone_at(at)).date_naive()
    }

    /// Whether the local date at an instant is this day or a later one. Asks the zone only where the answer is not
    /// plain: no local date is more than one away from the date in UTC.
    #[must_use]
    pub fn was_on_or_after(&self, at: DateTime<Utc>, day: NaiveDate) -> bool {
        match (at.date_naive() - day).num_days() {
            ..=-2 => false,
            -1..=0 => self.local_date(at) >= day,
            1.. => true,
        }
    }

    /// Takes in one event. Events that name something unknown (a run never logged, an answer never given)
    /// change nothing.
    pub fn apply(&mut self, timed: &TimedEvent) {
        let at = timed.at;
        match &timed.event {
            Event::Run(run) => self.apply_run(at, run),
            Event::Answer(answer) => self.apply_answer(at, answer),
            Event::Withdraw(withdraw) => {
                let of = |answer: &Answer| match &answer.source {
                    Source::CheckIn(id) => withdraw.check_in.as_ref() == Some(id),
                    Source::Run(id) => withdraw.run.as_ref() == Some(id),
                };
                self.answers.retain(|answer| !(answer.about_day == withdraw.about_day && of(answer)));
            }
            Event::Excuse(excuse) => self.excuses.push(excuse.clone()),
            Event::Pause(pause) => {
                let from = self.local_date(at);
                self.end_pauses(from);
                self.pauses.push(Pause { from, until: pause.until });
            }
            Event::Resume {} => self.end_pauses(self.local_date(at)),
            Event::TimeZone { time_zone } => self.zones.push((at, *time_zone)),
            Event::RunRemoved { run } => {
                self.runs.retain(|logged| logged.run.id != *run);
                self.answers.retain(|answer| answer.source != Source::Run(run.clone()));
            }
            Event::Contacted { flag } => self.contacts.push((at, flag.clone())),
            Event::ContactWithdrawn { flag } => {
                if let Some(newest) = self.contacts.iter().rposition(|(_, of)| of == flag) {
                    self.contacts.remove(newest);
                }
            }
            Event::EmergencyResolved {} => self.emergencies_resolved.push(at),
            Event::EmergencyReopened {} => self.reopen_emergency(),
            Event::Confirmed {} => self.reach = Reach::Confirmed,
            Event::AddressDead {} => self.reach = Reach::Dead,
            Event::AddressChanged {} => self.reach = Reach::Unconfirmed,
            Event::StageOverride(word) => self.overrides.push((at, word.clone())),
            Event::ByTelephone(_) => {}
            Event::Stop {} => self.stopped_at = self.stopped_at.or(Some(at)),
        }
    }

    fn apply_run(&mut self, at: DateTime<Utc>, run: &Run) {
        let day =
            run.started_at.with_timezone(&self.zone_at(run.started_at.max(self.enrolled_at))).date_naive();
        match self.runs.iter_mut().find(|logged| logged.run.id == run.id) {
            Some(logged) => {
                if logged.run != *run {
                    logged.changed_at = at;
                }
                logged.run = run.clone();
                logged.day = day;
            }
            None => self.runs.push(LoggedRun { run: run.clone(), logged_at: at, changed_at: at, day }),
        }
        self.runs.sort_by(|a, b| (a.run.started_at, &a.run.id).cmp(&(b.run.started_at, &b.run.id)));
    }

    fn apply_answer(&mut self, at: DateTime<Utc>, given: &AnswerEvent) {
        if let Some(ticked) = &given.emergencies {
            self.apply_ticks(at, given, ticked);
        }
        let Some(source) = given.source() else { return };
        let values = self.share(&given.values);
        let key = |answer: &Answer| (answer.about_day, answer.source.clone());
        let place =
            self.answers.binary_search_by(|answer| key(answer).cmp(&(given.about_day, source.clone())));
        match place {
            Ok(found) => {
                let answer = &mut self.answers[found];
                answer.received_at = at;
                answer.revision += 1;
                answer.values = values;
            }
            Err(free) => self.answers.insert(
                free,
                Answer { source, about_day: given.about_day, received_at: at, revision: 1, values },
            ),
        }
    }

    /// A form that is sent twice is one emergency. One whose ticks have changed is another, as is one that is sent
    /// again after a clinician has dealt with what it said before.
    fn apply_ticks(&mut self, at: DateTime<Utc>, given: &AnswerEvent, ticked: &[SignId]) {
        let mut signs = ticked.to_vec();
        signs.sort();
        signs.dedup();
        let form = given.source().map(|source| (source, given.about_day));
        let earlier = self.ticks.iter().position(|ticks| form.as_ref() == Some(&ticks.form));
        let earlier = earlier.map(|place| self.ticks.swap_remove(place));
        if signs.is_empty() {
            return;
        }
        let known =
            earlier.filter(|earlier| earlier.signs == signs && self.is_emergency_unresolved(earlier.since));
        let since = known.map_or(at, |known| known.since);
        if since == at {
            self.emergencies.push((at, ticked.to_vec()));
        }
        if let Some(form) = form {
            self.ticks.push(Ticks { form, since, signs });
        }
    }

    /// What was answered before is kept once: many mornings are alike, or at least answer the same questions, and so
    /// they take no more memory and are seen to be alike at a glance.
    fn share(&self, given: &Values) -> Values {
        given.shared_with(self.answers.iter().rev().take(ANSWERS_COMPARED).map(|answer| &answer.values))
    }

    fn end_pauses(&mut self, on: NaiveDate) {
        for pause in &mut self.pauses {
            if pause.until.is_none_or(|until| until > on) {
                pause.until = Some(on);
            }
        }
    }

    /// Whether check-ins are paused on a local date.
    #[must_use]
    pub fn is_paused(&self, day: NaiveDate) -> bool {
        self.pauses.iter().any(|pause| pause.from <= day && pause.until.is_none_or(|until| day < until))
    }

    /// Two clinicians may both have said that they dealt with it: neither word holds any longer.
    fn reopen_emergency(&mut self) {
        while !self.has_open_emergency() && self.emergencies_resolved.pop().is_some() {}
    }

    /// Whether a tick on the emergency list waits for a clinician. One that arrived at the very instant an
    /// earlier one was resolved cannot have been seen, so it waits.
    #[must_use]
    pub fn has_open_emergency(&self) -> bool {
        self.emergencies.last().is_some_and(|(at, _)| self.is_emergency_unresolved(*at))
    }

    /// Whether what was ticked at this instant waits for a clinician.
    #[must_use]
    pub fn is_emergency_unresolved(&self, ticked_at: DateTime<Utc>) -> bool {
        self.emergencies_resolved.last().is_none_or(|resolved| ticked_at >= *resolved)
    }

    /// Whether anything was answered about a day, whichever check-in it was given for.
    #[must_use]
    pub fn has_report(&self, about_day: NaiveDate) -> bool {
        self.answers_about(about_day).any(|answer| matches!(answer.source, Source::CheckIn(_)))
    }

    /// The answers in force about a day.
    pub fn answers_about(&self, day: NaiveDate) -> impl Iterator<Item = &Answer> {
        let first = self.answers.partition_point(|answer| answer.about_day < day);
        self.answers[first..].iter().take_while(move |answer| answer.about_day == day)
    }

    /// The answer in force for a check-in.
    #[must_use]
    pub fn answer_to(&self, check_in: &CheckInId, about_day: NaiveDate) -> Option<&Answer> {
        self.answers_about(about_day)
            .find(|answer| matches!(&answer.source, Source::CheckIn(id) if id == check_in))
    }
}
