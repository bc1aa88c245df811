//! What is told while the clock is in doubt: recorded at once, and decided on by the first turn under a clock that is
//! believed, once and in the order told.
//!
//! Only the alert of an emergency is made meanwhile. It depends on no day and no window: signs are ticked, and somebody
//! has to look now. The turn that takes the event in finds the clinic told.

use afterrun_rules::{
    Action, Decision, Reason, TimedEvent,
    book::TellClinic,
    chart::{Chart, Event, PauseEvent},
    decision::{Audience, Entry, EntryState, Facts, Identity, Subject},
    ids::SignId,
    plan::signs_ticked,
};
use afterrun_store::{NewMessage, NewWorkItem, StoredChart, Turn, Waiting};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    compose::Composer,
    rules_live::Live,
    turn::{Extras, Taken, TurnError, Turns},
};

/// What a turn takes into the chart beside its own events.
#[derive(Default)]
pub(crate) struct TakenIn {
    /// The events, at times just before the turn's.
    pub events: Vec<TimedEvent>,
    /// Ledger lines of emergencies that the clinic was told of meanwhile.
    pub told: Vec<NewMessage>,
}

/// Applies to the chart what waited. When it was told nobody knows: it counts as told just now, each a millisecond
/// after the one before.
pub(crate) fn take_in(chart: &mut Chart, waiting: &[Waiting], now: DateTime<Utc>) -> TakenIn {
    let mut taken_in = TakenIn::default();
    for (waiting, ahead) in waiting.iter().zip((0..waiting.len()).rev()) {
        let at = now - TimeDelta::milliseconds(i64::try_from(ahead).unwrap_or(0) + 1);
        let known = chart.emergencies.len();
        let event = TimedEvent { at, event: as_of(chart, &waiting.event, at) };
        chart.apply(&event);
        taken_in.events.push(event);
        if waiting.told && chart.emergencies.len() > known {
            taken_in.told.push(told(chart, at, now));
        }
    }
    taken_in
}

/// A pause of a week is a week from the day it is taken in, not from the one that the doubted clock showed.
fn as_of(chart: &Chart, told: &TimedEvent, at: DateTime<Utc>) -> Event {
    let Event::Pause(PauseEvent { until: Some(until) }) = &told.event else { return told.event.clone() };
    let shown = chart.zone_at(at);
    let moved = at.with_timezone(&shown).date_naive() - told.at.with_timezone(&shown).date_naive();
    Event::Pause(PauseEvent { until: Some(until.checked_add_signed(moved).unwrap_or(*until)) })
}

/// Notes that the clinic knows of an emergency.
fn told(chart: &mut Chart, at: DateTime<Utc>, now: DateTime<Utc>) -> NewMessage {
    let entry = Entry {
        identity: emergency(at),
        decided_at: now,
        at: now,
        state: EntryState::Done,
        message: None,
        urgent: false,
        covered_by: None,
    };
    chart.ledger.push(entry.clone());
    let reason =
        Reason::new("told-already", "The clinic was told when it was ticked, while the clock was in doubt.");
    line(entry, reason)
}

fn emergency(received_at: DateTime<Utc>) -> Identity {
    Identity { subject: Subject::Emergency { received_at }, audience: Audience::Clinic, attempt: 1 }
}

fn line(entry: Entry, reason: Reason) -> NewMessage {
    NewMessage {
        identity_text: entry.identity.to_string(),
        audience: Audience::Clinic,
        reason,
        facts: Facts::default(),
        entry: Some(entry),
        mail: None,
    }
}

impl Turns {
    /// A turn while the clock is in doubt: keeps the events, adds the extras, tells the clinic of an emergency, decides
    /// nothing else, and leaves open when to look again.
    pub(crate) fn only_record(
        &self,
        live: &Live,
        stored: StoredChart,
        events: &[TimedEvent],
        extras: &Extras,
        now: DateTime<Utc>,
    ) -> Result<(Option<Turn>, Taken), TurnError> {
        let StoredChart { patient, mut chart, version, waiting } = stored;
        chart.book_since = live.since;
        waiting.iter().for_each(|waiting| chart.apply(&waiting.event));
        let known = chart.emergencies.len();
        let mut waits = Vec::with_capacity(events.len());
        for event in events {
            let before = chart.emergencies.len();
            chart.apply(event);
            waits.push(Waiting { event: event.clone(), told: chart.emergencies.len() > before });
        }
        let mut turn = Turn {
            patient: patient.id.clone(),
            version,
            now,
            book: live.book.hash,
            events: Vec::new(),
            waits,
            takes_in: false,
            check_ins: Vec::new(),
            links: extras.links.clone(),
            messages: extras.messages.clone(),
            cancels: Vec::new(),
            work_items: extras.work_items.clone(),
            next_due: patient.next_due,
        };
        let ticked: Vec<&SignId> = chart.emergencies.iter().skip(known).flat_map(|(_, ids)| ids).collect();
        let mut decisions = Vec::new();
        if !ticked.is_empty() {
            let composer = Composer { live, letterhead: &self.letterhead, patient: &patient, now };
            decisions.push(alert(&composer, &ticked, &mut turn)?);
        }
        let unchanged = events.is_empty() && extras.is_empty();
        let next_due = patient.next_due;
        let taken = Taken { patient, chart, decisions, next_due, excused: 0, waits: true, assessed: None };
        Ok(((!unchanged).then_some(turn), taken))
    }
}

/// Puts an emergency on the work-list and writes to the clinic.
fn alert(composer: &Composer<'_>, ticked: &[&SignId], turn: &mut Turn) -> Result<Decision, TurnError> {
    let now = turn.now;
    let signs = signs_ticked(&composer.live.book, ticked.iter().copied());
    let text = format!(
        "Emergency signs ticked: {signs}. What to do now was said at once. The clock of Afterrun was in doubt then, so \
         the time shown may be wrong."
    );
    let decision = Decision {
        identity: emergency(now),
        at: now,
        action: Action::TellClinic { level: TellClinic::Now },
        reason: Reason::new("emergency", text),
        facts: Facts::default(),
    };
    let entry = Entry {
        identity: decision.identity.clone(),
        decided_at: now,
        at: now,
        state: EntryState::Done,
        message: None,
        urgent: true,
        covered_by: None,
    };
    turn.work_items.push(NewWorkItem {
        identity_text: decision.identity.to_string(),
        flag: None,
        level: TellClinic::Now,
        reason: decision.reason.clone(),
        digest_due: None,
    });
    let mut line = line(entry, decision.reason.clone());
    let mails = composer.alerts(&decision)?;
    if mails.is_empty() {
        turn.messages.push(line.clone());
    }
    for mail in mails {
        line.mail = Some(mail);
        turn.messages.push(line.clone());
    }
    Ok(decision)
}
