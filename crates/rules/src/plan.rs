//! From what a chart amounts to, to what is to be done about it now, with reasons, and when to look again.
//!
//! Pure. Whoever calls records each decision in the chart ([`Chart::record`]) and plans again until nothing
//! is left to decide; planning twice is harmless because every decision has an identity and the ledger knows
//! it. Decisions name instants (`at`) at which they may be carried out, never later than the send window,
//! the office hours or the digest demand.

mod allot;
mod check_ins;
mod clinic;
mod overrides;
mod overtaken;
mod probes;
mod recovery;
mod stages;
mod time_only;

pub use check_ins::questions_always_asked;
pub use clinic::signs_ticked;
pub use overrides::word_on;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::{
    assess::Assessment,
    book::RuleBook,
    chart::{Chart, Reach},
    decision::{Action, Audience, Decision, EntryState, Facts, Identity, Plan, Reason, Subject},
    ids::MessageId,
    ledger::Kind,
    schedule::instant,
};

/// Plans a chart. Total and deterministic.
#[must_use]
pub fn plan(book: &RuleBook, chart: &Chart, assessment: &Assessment, now: DateTime<Utc>) -> Plan {
    let mut planner = Planner {
        book,
        chart,
        assessment,
        now,
        decisions: Vec::new(),
        next: None,
        next_wall: NextWall::None,
    };
    overtaken::cancel(&mut planner);
    // What is cancelled here still stands in the ledger: it must neither speak for anything nor take up a
    // place. The next round, which a decision always leads to, plans the rest without it.
    let cancelled = !planner.decisions.is_empty();
    clinic::tell(&mut planner);
    if chart.stopped_at.is_none() && !cancelled {
        let mut wanted = Vec::new();
        stages::want(&mut planner, &mut wanted);
        time_only::want(&mut planner, &mut wanted);
        recovery::want(&mut planner, &mut wanted);
        check_ins::want(&mut planner, &mut wanted);
        allot::allot(&mut planner, wanted);
    }
    let next_due = planner.next_due();
    Plan { decisions: planner.decisions, next_due }
}

/// What all parts of the plan work with.
struct Planner<'a> {
    book: &'a RuleBook,
    chart: &'a Chart,
    assessment: &'a Assessment,
    now: DateTime<Utc>,
    decisions: Vec<Decision>,
    next: Option<DateTime<Utc>>,
    /// The earliest future time on the patient's wall that was noted.
    next_wall: NextWall,
}

/// The earliest future time noted on the patient's wall.
#[derive(Clone, Copy)]
enum NextWall {
    None,
    /// Its instant is among those that `next` is the minimum of.
    Noted(NaiveDateTime),
    /// Its instant has not been asked for: an earlier time may yet be noted.
    Far(NaiveDateTime),
}

/// A clock is set back by a day at most (Sitka, 1867): whatever lies further ahead on the wall has not come.
const SET_BACK_AT_MOST: TimeDelta = TimeDelta::days(2);

/// Order in which a budget is spent, most important first. Those from [`Priority::RecoveryPlan`] on are
/// dropped when nothing is left; the others wait for the next window.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Priority {
    Stage,
    LostTouch,
    RunAgainOrResolved,
    CheckIn,
    RecoveryPlan,
    Reminder,
    Nudge,
}

/// A message to the patient that should go out, before windows and budgets.
struct Wanted {
    priority: Priority,
    subject: Subject,
    action: Action,
    reason: Reason,
    facts: Facts,
    /// Of no use from this instant on.
    useless_from: Option<DateTime<Utc>>,
}

impl Planner<'_> {
    /// Notes an instant at which the plan could change.
    fn look_again(&mut self, at: DateTime<Utc>) {
        if at > self.now {
            self.next = Some(self.next.map_or(at, |next| next.min(at)));
        }
    }

    /// Notes a time on the patient's wall at which the plan could change.
    ///
    /// Asks the zone for the instant only if it may count: of two times on one wall the later one is never the
    /// earlier instant, and what the clock on it has shown is past.
    fn look_again_by_wall(&mut self, wall: NaiveDateTime) {
        if !self.may_be_next(wall) {
            return;
        }
        if wall - self.assessment.wall_time > SET_BACK_AT_MOST {
            self.next_wall = NextWall::Far(wall);
        } else {
            let at = instant(self.assessment.zone, wall);
            self.note_wall(wall, at);
        }
    }

    /// The earliest of all that was noted.
    fn next_due(&mut self) -> Option<DateTime<Utc>> {
        if let NextWall::Far(wall) = self.next_wall {
            self.look_again(instant(self.assessment.zone, wall));
        }
        self.next
    }

    /// Whether a time on the wall may be future and earlier than all that were noted.
    fn may_be_next(&self, wall: NaiveDateTime) -> bool {
        wall > self.assessment.wall_time
            && match self.next_wall {
                NextWall::None => true,
                NextWall::Noted(next) | NextWall::Far(next) => wall < next,
            }
    }

    /// Notes a time on the wall together with its instant.
    fn note_wall(&mut self, wall: NaiveDateTime, at: DateTime<Utc>) {
        if at > self.now {
            self.next_wall = NextWall::Noted(wall);
            self.look_again(at);
        }
    }

    /// Whether a time on the patient's wall has come. Like comparing its instant, without asking the zone where
    /// the answer is plain.
    fn has_come(&self, wall: NaiveDateTime) -> bool {
        let shown = self.assessment.wall_time;
        wall <= shown || (wall - shown <= SET_BACK_AT_MOST && instant(self.assessment.zone, wall) <= self.now)
    }

    /// The patient can be written to about health.
    fn can_write(&self) -> bool {
        self.chart.reach == Reach::Confirmed && self.chart.stopped_at.is_none()
    }

    /// The instant of a wall time on a date in the patient's zone.
    fn local(&self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        instant(self.assessment.zone, day.and_time(time))
    }

    /// When what only time can tell goes out on a day.
    fn time_messages_at(&self, day: NaiveDate) -> DateTime<Utc> {
        instant(self.assessment.zone, self.time_messages_by_wall(day))
    }

    /// The same as a time on the patient's wall.
    fn time_messages_by_wall(&self, day: NaiveDate) -> NaiveDateTime {
        day.and_time(self.book.clinic.time_messages_at)
    }

    /// Whether the ledger, or this plan, has an entry for a subject, whatever became of it.
    fn is_decided(&self, subject: &Subject, audience: Audience) -> bool {
        let same = |identity: &Identity| identity.audience == audience && identity.subject == *subject;
        self.chart.ledger.of_kind(Kind::of(subject)).rev().any(|entry| same(&entry.identity))
            || self.decisions.iter().any(|decision| same(&decision.identity))
    }

    /// Whether exactly this was tried and came to nothing: refused, given up, put aside. Trying the same again
    /// at once would come to the same; the clinic hears of it instead, and newer evidence is another subject.
    fn has_failed(&self, subject: &Subject) -> bool {
        self.chart.ledger.of_kind(Kind::of(subject)).rev().any(|entry| {
            entry.state == EntryState::Failed
                && entry.identity.audience == Audience::Patient
                && entry.identity.subject == *subject
        })
    }

    /// The identity of a new decision: one attempt more than the ledger knows.
    fn identity(&self, subject: Subject, audience: Audience) -> Identity {
        let same = |identity: &Identity| identity.audience == audience && identity.subject == subject;
        let of_kind = self.chart.ledger.of_kind(Kind::of(&subject));
        let earlier = of_kind.filter(|entry| same(&entry.identity)).count();
        Identity { subject, audience, attempt: earlier as u32 + 1 }
    }

    /// A date as reasons write it: `30 March 2026`, or as the clinic says. Reasons name dates, never ages.
    fn date(&self, day: NaiveDate) -> String {
        self.book.clinic.way().full_date(day)
    }

    /// A message that tells the patient something.
    fn send(message: &MessageId) -> Action {
        Action::Send { message: message.clone(), urgent: false }
    }
}

/// A title between quotation marks.
fn quoted(title: &Arc<str>) -> String {
    format!("\u{201c}{title}\u{201d}")
}
