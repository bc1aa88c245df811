//! What only time can tell: a lapse and a nudge. And the all-clear, which a report tells.
//!
//! Time messages go out at `time_messages_at`, so that an answer given that day comes first.

use chrono::{Days, NaiveDate};
use smallvec::SmallVec;

use super::{Planner, Priority, Wanted, quoted, stages::facts};
use crate::{
    assess::{End, Episode},
    book::{CheckInRule, Flag},
    chart::CheckIn,
    decision::{Action, Audience, Decision, Facts, Reason, Subject},
    ledger::Kind,
};

pub(super) fn want(planner: &mut Planner<'_>, wanted: &mut Vec<Wanted>) {
    let lost_touch = want_lost_touch(planner);
    let lost_touch_today = !lost_touch.is_empty() || lost_touch_said_today(planner);
    one_message(planner, lost_touch, wanted);
    let resolved = want_resolved(planner);
    one_message(planner, resolved, wanted);
    if !lost_touch_today && let Some(nudge) = want_nudge(planner) {
        wanted.push(nudge);
    }
}

/// An earlier round or turn of today said it.
fn lost_touch_said_today(planner: &Planner<'_>) -> bool {
    planner.chart.ledger.of_kind(Kind::Lapsed).any(|entry| {
        entry.identity.audience == Audience::Patient
            && entry.counts_as_told()
            && planner.chart.local_date(entry.at) == planner.assessment.day
    })
}

/// Sends the first of several of a kind; the others are covered by it.
fn one_message(planner: &mut Planner<'_>, found: Vec<Wanted>, wanted: &mut Vec<Wanted>) {
    let mut found = found.into_iter();
    let Some(mut first) = found.next() else { return };
    let by = planner.identity(first.subject.clone(), Audience::Patient);
    for other in found {
        first.facts.also.extend(other.facts.flag_title.clone());
        let identity = planner.identity(other.subject, Audience::Patient);
        let text =
            format!("Spoken for by the message of `{}`.", by.subject.flag().map_or("", |flag| flag.as_str()));
        planner.decisions.push(Decision {
            identity,
            at: planner.now,
            action: Action::Covered { by: by.clone() },
            reason: Reason::new("covered", text),
            facts: other.facts,
        });
    }
    wanted.push(first);
}

/// Whether this end of an episode has been told already. An episode may end more than once: a late or a
/// corrected answer takes back an end that was told, and the next end is news again.
fn end_told(planner: &Planner<'_>, flag: &Flag, episode: &Episode, audience: Audience) -> bool {
    let ledger = &planner.chart.ledger;
    ledger.of_kind(Kind::Lapsed).chain(ledger.of_kind(Kind::Resolved)).any(|entry| {
        let (of, same_end) = match (&entry.identity.subject, episode.end) {
            (Subject::Lapsed { flag: of, evidence_day }, End::Lapsed(on)) => {
                (of, episode.last_seen <= *evidence_day && *evidence_day < on)
            }
            (Subject::Resolved { flag: of, evidence_day }, End::Resolved(_)) => {
                (of, episode.contains(*evidence_day))
            }
            _ => return false,
        };
        same_end
            && entry.identity.audience == audience
            && entry.counts_as_told()
            && flag.is_called(of.as_str())
    })
}

/// The patient hears of a lapse only if a stage had been told, and only if nothing usable was reported since.
fn want_lost_touch(planner: &mut Planner<'_>) -> Vec<Wanted> {
    let mut found = Vec::new();
    for (flag, assessed) in planner.book.flags.iter().zip(&planner.assessment.flags) {
        let Some(message) = flag.on_lapsed.as_ref().and_then(|on_lapsed| on_lapsed.send.as_ref()) else {
            continue;
        };
        let Some(episode) = assessed.newest() else { continue };
        let End::Lapsed(lapsed_on) = episode.end else {
            if episode.end == End::Open
                && let Some(lapses) = episode.lapse_day(planner.chart, flag)
            {
                planner.look_again_by_wall(planner.time_messages_by_wall(lapses));
            }
            continue;
        };
        let told_by_wall = planner.time_messages_by_wall(lapsed_on);
        planner.look_again_by_wall(told_by_wall);
        let chart = planner.chart;
        let answered_since =
            || chart.answers.iter().any(|answer| chart.was_on_or_after(answer.received_at, lapsed_on));
        if assessed.last_observed.is_some_and(|day| day > episode.last_seen)
            || !planner.has_come(told_by_wall)
            || !planner.can_write()
            || planner.chart.is_paused(lapsed_on)
            || planner.assessment.told(planner.chart, flag, episode, Audience::Patient).is_none()
            || end_told(planner, flag, episode, Audience::Patient)
            || planner.time_messages_at(lapsed_on) < planner.chart.book_since
            || answered_since()
        {
            continue;
        }
        let text = format!(
            "{} was last reported on {}; no usable answer since, and more than {} silent days end the episode.",
            quoted(&flag.title),
            planner.date(episode.last_present),
            flag.bridge_silent_days,
        );
        found.push(Wanted {
            priority: Priority::LostTouch,
            subject: Subject::Lapsed { flag: flag.id.clone(), evidence_day: episode.last_seen },
            action: Planner::send(message),
            reason: Reason::new("lost-touch", text),
            facts: facts(planner, flag, episode),
            useless_from: None,
        });
    }
    found
}

/// The all-clear: once an episode, only if a stage was told, never while an emergency waits.
fn want_resolved(planner: &Planner<'_>) -> Vec<Wanted> {
    let mut found = Vec::new();
    if !planner.can_write() || planner.chart.has_open_emergency() {
        return found;
    }
    for (flag, assessed) in planner.book.flags.iter().zip(&planner.assessment.flags) {
        let (Some(message), Some(episode)) = (flag.on_resolved.as_ref(), assessed.newest()) else { continue };
        let End::Resolved(resolved_on) = episode.end else { continue };
        if episode.newest_received_at < planner.chart.book_since
            || planner.assessment.told(planner.chart, flag, episode, Audience::Patient).is_none()
            || end_told(planner, flag, episode, Audience::Patient)
        {
            continue;
        }
        let text = format!(
            "{} is clear again: {} clear reports in a row, the last on {}.",
            quoted(&flag.title),
            flag.clear_reports,
            planner.date(resolved_on),
        );
        found.push(Wanted {
            priority: Priority::RunAgainOrResolved,
            subject: Subject::Resolved { flag: flag.id.clone(), evidence_day: resolved_on },
            action: Planner::send(message),
            reason: Reason::new("resolved", text),
            facts: facts(planner, flag, episode),
            useless_from: None,
        });
    }
    found
}

/// The flags that have lapsed or, unless an answer comes, will lapse on the patient's current day and then be
/// told to the patient.
pub(super) fn lost_touch_due_today(planner: &Planner<'_>) -> bool {
    planner.book.flags.iter().zip(&planner.assessment.flags).any(|(flag, assessed)| {
        let sends = flag.on_lapsed.as_ref().is_some_and(|on_lapsed| on_lapsed.send.is_some());
        let Some(episode) = assessed.newest().filter(|_| sends) else { return false };
        episode.end == End::Lapsed(planner.assessment.day)
            && assessed.last_observed.is_none_or(|day| day <= episode.last_seen)
            && planner.assessment.told(planner.chart, flag, episode, Audience::Patient).is_some()
    })
}

/// A silence in progress: the check-ins missed in a row, oldest first, those up to and including `until`.
fn missed_in_a_row<'a>(planner: &Planner<'a>, until: NaiveDate) -> SmallVec<[&'a CheckIn; 8]> {
    let chart = planner.chart;
    let excused = |day| chart.excuses.iter().any(|excuse| excuse.from <= day && day <= excuse.to);
    let mut missed: SmallVec<[_; 8]> = chart
        .check_ins
        .iter()
        .rev()
        .filter(|check_in| check_in.about_day <= until && !excused(check_in.about_day))
        .take_while(|check_in| !chart.has_report(check_in.about_day))
        .collect();
    missed.reverse();
    missed.dedup_by_key(|check_in| check_in.about_day);
    missed
}

/// The nudge that a silence leads to, unless an answer comes: its rule, the miss that calls for it, its day.
pub(super) fn coming_nudge<'a>(planner: &Planner<'a>) -> Option<(&'a CheckInRule, &'a CheckIn, NaiveDate)> {
    let missed = missed_in_a_row(planner, planner.assessment.day);
    let last = *missed.last()?;
    let rule = planner.book.check_in(last.id.as_str())?;
    let nudge = rule.nudge.as_ref()?;
    let calls = *missed.get((nudge.after_missed.max(1) - 1) as usize)?;
    let nudge_day = calls.about_day.checked_add_days(Days::new(1))?;
    let since = missed.first()?.about_day;
    if nudge_day < planner.assessment.day {
        return None;
    }
    let heard_since = planner.chart.answers.iter().any(|answer| {
        answer.about_day > since || planner.chart.was_on_or_after(answer.received_at, nudge_day)
    });
    // One silence reaches back to the last report, even if days in between have been excused meanwhile.
    let reported =
        planner.chart.answers.iter().rev().find(|answer| {
            answer.about_day < since && matches!(answer.source, crate::chart::Source::CheckIn(_))
        });
    let told = planner.chart.ledger.of_kind(Kind::Nudge).any(|entry| match &entry.identity.subject {
        Subject::Nudge { about_day, .. } => reported.is_none_or(|answer| *about_day > answer.about_day),
        _ => false,
    });
    (!heard_since && !told).then_some((rule, calls, nudge_day))
}

fn want_nudge(planner: &mut Planner<'_>) -> Option<Wanted> {
    let (rule, calls, nudge_day) = coming_nudge(planner)?;
    let at = planner.time_messages_at(nudge_day);
    planner.look_again(at);
    let nudge = rule.nudge.as_ref()?;
    let due = planner.now >= at && nudge_day == planner.assessment.day && at >= planner.chart.book_since;
    if !due || !planner.can_write() || planner.chart.is_paused(nudge_day) {
        return None;
    }
    let text = format!(
        "{} check-ins in a row were not answered, the last about {}.",
        nudge.after_missed,
        planner.date(calls.about_day)
    );
    Some(Wanted {
        priority: Priority::Nudge,
        subject: Subject::Nudge { check_in: rule.id.clone(), about_day: calls.about_day },
        action: Planner::send(&nudge.send),
        reason: Reason::new("missed-in-a-row", text),
        facts: nudge_facts(planner),
        useless_from: Some(planner.local(nudge_day.succ_opt()?, chrono::NaiveTime::MIN)),
    })
}

/// A nudge carries the link of the newest check-in that is still open.
fn nudge_facts(planner: &Planner<'_>) -> Facts {
    let open = planner.chart.check_ins.iter().rev().find(|check_in| check_in.expires_at > planner.now);
    Facts {
        check_in: open.map(|check_in| (check_in.id.clone(), check_in.about_day)),
        expires_at: open.map(|check_in| check_in.expires_at),
        last_report_day: planner.assessment.newest_report.map(|report| report.day),
        ..Facts::default()
    }
}

/// A lapse that an edit of the rules brings about is told to the clinic up to this many days after its day, as
/// long as answers about that day are taken.
const LAPSE_IS_NEWS_DAYS: u64 = 14;

/// The clinic hears of every lapse, at the same hour, whatever the patient is told.
pub(super) fn lapses_for_clinic<'a>(planner: &mut Planner<'a>) -> Vec<(&'a Flag, Episode, bool)> {
    let mut found = Vec::new();
    let assessment = planner.assessment;
    for (flag, assessed) in planner.book.flags.iter().zip(&assessment.flags) {
        for episode in &assessed.episodes {
            let lapsed_on = match episode.end {
                End::Lapsed(on) => on,
                End::Open => match episode.lapse_day(planner.chart, flag) {
                    Some(on) => {
                        // It closes as that day begins, and what is asked while flagged may change with it.
                        planner.look_again_by_wall(on.and_time(chrono::NaiveTime::MIN));
                        on
                    }
                    None => continue,
                },
                End::Resolved(_) => continue,
            };
            let wall = planner.time_messages_by_wall(lapsed_on);
            planner.look_again_by_wall(wall);
            let lapsed = matches!(episode.end, End::Lapsed(_)) && planner.has_come(wall);
            if !lapsed || end_told(planner, flag, episode, Audience::Clinic) {
                continue;
            }
            let told = assessment.told(planner.chart, flag, episode, Audience::Patient).is_some()
                || assessment.told(planner.chart, flag, episode, Audience::Clinic).is_some();
            // An edit that shortens the bridge lapses at once whoever is silent just now. That somebody who had
            // been told a stage is out of touch must not get lost for it; older matters stay as they were.
            let just_now = told
                && assessed.newest() == Some(episode)
                && lapsed_on + Days::new(LAPSE_IS_NEWS_DAYS) >= assessment.day;
            if just_now || planner.time_messages_at(lapsed_on) >= planner.chart.book_since {
                found.push((flag, *episode, told));
            }
        }
    }
    found
}

/// Identity shared by both sides of a lapse.
pub(super) fn lapse_subject(flag: &Flag, episode: &Episode) -> Subject {
    Subject::Lapsed { flag: flag.id.clone(), evidence_day: episode.last_seen }
}
