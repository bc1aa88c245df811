//! Queued messages that are no longer true, or no longer wanted. A queued message is judged again here each
//! time the chart is planned, and so also just before it is sent.

use super::{Planner, recovery, time_only};
use crate::{
    assess::{End, Episode},
    chart::Reach,
    decision::{Action, Audience, Decision, Entry, Facts, Reason, Subject},
    evidence::Evidence,
    ids::{FlagId, StageId},
    ledger::Kind,
};

pub(super) fn cancel(planner: &mut Planner<'_>) {
    let chart = planner.chart;
    let to_patient = |entry: &&Entry| entry.identity.audience == Audience::Patient && entry.message.is_some();
    for entry in chart.ledger.queued().filter(to_patient) {
        if let Some(reason) = overtaken(planner, entry).or_else(|| now_at_night(planner, entry)) {
            planner.decisions.push(Decision {
                identity: entry.identity.clone(),
                at: planner.now,
                action: Action::Cancel,
                reason,
                facts: Facts::default(),
            });
        }
    }
}

/// A message that waits for the morning of a zone the patient has left is planned anew for the new zone's.
/// Those that are about one check-in stay: they are of no use later.
fn now_at_night(planner: &Planner<'_>, entry: &Entry) -> Option<Reason> {
    let about_a_check_in = matches!(
        entry.identity.subject,
        Subject::CheckIn { .. } | Subject::Reminder { .. } | Subject::Nudge { .. }
    );
    let moved = !entry.urgent
        && !about_a_check_in
        && entry.at > planner.now
        && planner.book.clinic.send_window.next(planner.assessment.zone, entry.at) != entry.at;
    moved.then(|| Reason::new("outside-window", "It would come at night in the time zone of now."))
}

/// Why a queued message must not go out any more; none: it still holds.
fn overtaken(planner: &Planner<'_>, entry: &Entry) -> Option<Reason> {
    let chart = planner.chart;
    if let Some(stopped_at) = chart.stopped_at {
        let day = planner.date(chart.local_date(stopped_at));
        return Some(Reason::new("stopped", format!("The patient stopped all messages on {day}.")));
    }
    match chart.reach {
        Reach::Confirmed => {}
        Reach::Unconfirmed => return Some(Reason::new("unconfirmed", "The address is not confirmed.")),
        Reach::Dead => return Some(Reason::new("address-dead", "The address does not exist.")),
    }
    let overtaken = |text: &str| Some(Reason::new("overtaken", text));
    let episode = |flag: &FlagId, day| episode_of(planner, flag.as_str(), day);
    match &entry.identity.subject {
        Subject::Stage { flag, stage, evidence_day }
        | Subject::StageReminder { flag, stage, evidence_day } => match episode(flag, *evidence_day) {
            None => overtaken("The reports behind it have been corrected, or the rule is gone."),
            Some((episode, true))
                if episode.end == End::Open && is_withheld(planner, flag, stage, episode) =>
            {
                Some(Reason::new("withheld", "A clinician has withheld it."))
            }
            Some((episode, true))
                if episode.end == End::Open
                    && (episode.newest == Evidence::Present || is_asked_for(planner, flag, episode)) =>
            {
                stage_overtaken(planner, flag, stage, episode).and_then(overtaken)
            }
            Some(_) => overtaken("A newer report says it is easing, or the episode has ended."),
        },
        Subject::Resolved { flag, evidence_day } => match episode(flag, *evidence_day) {
            Some((episode, true)) if matches!(episode.end, End::Resolved(_)) => None,
            _ => overtaken("It has been reported again since."),
        },
        Subject::Lapsed { flag, evidence_day } => match episode(flag, *evidence_day) {
            Some((episode, true)) if matches!(episode.end, End::Lapsed(_)) => None,
            _ => overtaken("The patient has answered since."),
        },
        Subject::CheckIn { check_in, about_day } => {
            let issued =
                chart.check_ins.iter().find(|known| known.id == *check_in && known.about_day == *about_day);
            if chart.has_report(*about_day) {
                overtaken("It has been answered already.")
            } else if issued.is_none_or(|known| known.expires_at <= planner.now) {
                overtaken("Its link has closed.")
            } else if chart.is_paused(planner.assessment.day) {
                Some(Reason::new("paused", "The patient has paused check-ins."))
            } else {
                None
            }
        }
        Subject::Reminder { about_day, .. } => {
            if chart.has_report(*about_day) {
                overtaken("It has been answered already.")
            } else if *about_day < planner.assessment.day {
                overtaken("The day it asks about is over.")
            } else {
                None
            }
        }
        Subject::Nudge { about_day, .. } => {
            let heard = chart.answers.iter().any(|answer| chart.local_date(answer.received_at) > *about_day);
            heard.then(|| Reason::new("overtaken", "The patient has answered since."))
        }
        Subject::RecoveryPlan { run } => {
            let logged = chart.runs.iter().find(|logged| logged.run.id == *run);
            match logged {
                None => overtaken("The run was deleted."),
                Some(logged) if logged.changed_at > entry.decided_at => {
                    overtaken("The run has been corrected since.")
                }
                Some(logged) if planner.now >= logged.run.started_at + chrono::TimeDelta::days(1) => {
                    overtaken("More than a day has passed since the run.")
                }
                Some(_) if chart.has_open_emergency() => withheld(),
                Some(_) => None,
            }
        }
        Subject::RunAgain { about_day, .. } => {
            if chart.has_open_emergency() {
                withheld()
            } else if planner.assessment.any_open() {
                overtaken("A flag has been raised since.")
            } else {
                match &planner.assessment.recovery {
                    Some(state) if state.cleared_on == Some(*about_day) => {
                        let holds = planner.assessment.newest_report.is_some_and(|report| {
                            report.day >= *about_day && recovery::allows_running(state, report)
                        });
                        (!holds).then(|| Reason::new("overtaken", "The report behind it no longer says so."))
                    }
                    _ => overtaken("A run has been logged or changed since."),
                }
            }
        }
        Subject::Emergency { .. } | Subject::LeftWithOpenEpisode { .. } | Subject::FlaggedTooLong { .. } => {
            None
        }
    }
}

/// Why a stage of an episode that goes on must not be told as queued: onset, reports or rules have changed so
/// that it is not reached, or a higher one is and will be told instead.
fn stage_overtaken(
    planner: &Planner<'_>,
    flag: &FlagId,
    stage: &StageId,
    episode: &Episode,
) -> Option<&'static str> {
    let rule = planner.book.flag(flag.as_str())?;
    let queued = rule.stages.iter().position(|known| known.id == *stage);
    let wanted = planner.reached_and_allowed(rule, episode).max(planner.asked_for(rule, episode));
    match (queued, wanted) {
        (Some(queued), Some(reached)) if queued == reached => None,
        (Some(queued), Some(reached)) if queued < reached => (episode.present_received_at
            >= planner.chart.book_since)
            .then_some("A later stage has been reached and speaks for it."),
        _ => Some("Its stage is not reached any more, or is gone from the rules."),
    }
}

fn is_withheld(planner: &Planner<'_>, flag: &FlagId, stage: &StageId, episode: &Episode) -> bool {
    planner.book.flag(flag.as_str()).is_some_and(|rule| planner.is_withheld(rule, stage, episode))
}

fn is_asked_for(planner: &Planner<'_>, flag: &FlagId, episode: &Episode) -> bool {
    planner.book.flag(flag.as_str()).is_some_and(|rule| planner.asked_for(rule, episode).is_some())
}

fn withheld() -> Option<Reason> {
    Some(Reason::new("emergency-open", "Emergency signs were ticked and wait for a clinician."))
}

/// The episode that contains a day, and whether it is the flag's newest.
fn episode_of<'a>(planner: &Planner<'a>, flag: &str, day: chrono::NaiveDate) -> Option<(&'a Episode, bool)> {
    let at = planner.book.flags.iter().position(|known| known.is_called(flag))?;
    let assessed = &planner.assessment.flags[at];
    let index = assessed.episodes.iter().position(|episode| episode.contains(day))?;
    Some((&assessed.episodes[index], index + 1 == assessed.episodes.len()))
}

/// A reminder gives way to a nudge or a lost-touch message of the same day, sent or still to come.
pub(super) fn reminder_gives_way(planner: &Planner<'_>) -> bool {
    let today = planner.assessment.day;
    let ledger = &planner.chart.ledger;
    let said_today = ledger.of_kind(Kind::Nudge).chain(ledger.of_kind(Kind::Lapsed)).any(|entry| {
        entry.identity.audience == Audience::Patient && planner.chart.local_date(entry.at) == today
    });
    said_today
        || time_only::lost_touch_due_today(planner)
        || time_only::coming_nudge(planner).is_some_and(|(_, _, nudge_day)| nudge_day == today)
}
