//! When a wanted message may go out: send window, budgets, and what is dropped for want of either.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Planner, Priority, Wanted};
use crate::{
    decision::{Action, Audience, Decision, Entry, EntryState, Reason},
    schedule::instant,
};

/// Days looked ahead for a free place in the budget. A budget of zero finds none.
const DAYS_AHEAD: u32 = 14;

/// Spends windows and budgets in order of priority.
pub(super) fn allot(planner: &mut Planner<'_>, mut wanted: Vec<Wanted>) {
    wanted.retain(|wanted| !planner.has_failed(&wanted.subject));
    wanted.sort_by_key(|wanted| wanted.priority);
    let mut decisions = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let urgent = matches!(wanted.action, Action::Send { urgent: true, .. });
        let droppable = wanted.priority >= Priority::RecoveryPlan;
        let at = place(planner, &decisions, urgent, droppable);
        let identity = planner.identity(wanted.subject, Audience::Patient);
        let dropped = match (at, wanted.useless_from) {
            (None, _) => {
                Some(Reason::new("budget", "The budget of messages for this patient and day is used up."))
            }
            (Some(at), Some(useless_from)) if at >= useless_from => {
                Some(Reason::new("too-late", "It could only go out when it is of no use any more."))
            }
            _ => None,
        };
        decisions.push(match dropped {
            Some(reason) => {
                Decision { identity, at: planner.now, action: Action::Cancel, reason, facts: wanted.facts }
            }
            None => Decision {
                identity,
                at: at.unwrap_or(planner.now),
                action: wanted.action,
                reason: wanted.reason,
                facts: wanted.facts,
            },
        });
    }
    planner.decisions.append(&mut decisions);
}

/// The first instant at which one more message may go out. None: the budget is used up and the message is of
/// a kind that is dropped then, or no day ahead has room.
fn place(planner: &Planner<'_>, made: &[Decision], urgent: bool, droppable: bool) -> Option<DateTime<Utc>> {
    let limits = &planner.book.clinic.limits;
    let limit = if urgent { limits.urgent_per_patient_day } else { limits.normal_per_patient_day };
    let (zone, window) = (planner.assessment.zone, planner.book.clinic.send_window);
    let mut at = if urgent { planner.now } else { window.next(zone, planner.now) };
    for _ in 0..DAYS_AHEAD {
        let day = at.with_timezone(&zone).date_naive();
        if used(planner, made, day, urgent) < limit {
            return Some(at);
        }
        if droppable {
            return None;
        }
        at = instant(zone, day.succ_opt()?.and_time(window.from));
    }
    None
}

/// When an entry left or will: what is due and still waits leaves now at the earliest.
fn leaves(entry: &Entry, now: DateTime<Utc>) -> DateTime<Utc> {
    if entry.state == EntryState::Queued { entry.at.max(now) } else { entry.at }
}

/// Messages to the patient on a local day so far, of the urgent or of the other budget.
fn used(planner: &Planner<'_>, made: &[Decision], day: NaiveDate, urgent: bool) -> u32 {
    let zone = planner.assessment.zone;
    let on_day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive() == day;
    let sent = planner.chart.ledger.iter().filter(|entry| {
        entry.identity.audience == Audience::Patient
            && entry.message.is_some()
            && matches!(entry.state, EntryState::Queued | EntryState::Done)
            && entry.urgent == urgent
            && on_day(leaves(entry, planner.now))
    });
    let making = made.iter().filter(|decision| {
        let counts = match decision.action {
            Action::Send { urgent: of, .. } => of == urgent,
            Action::OpenCheckIn { .. } => !urgent,
            _ => false,
        };
        counts && on_day(decision.at)
    });
    (sent.count() + making.count()) as u32
}
