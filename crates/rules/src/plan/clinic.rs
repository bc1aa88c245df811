//! What the clinic hears, and how soon. Never under a patient's budget, never in a patient's quiet hours.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::{Planner, quoted, stages::facts, stages::stage_reason, time_only};
use crate::{
    assess::End,
    book::{Clinic, RuleBook, TellClinic},
    chart::Reach,
    decision::{Action, Audience, Decision, Facts, Reason, Subject},
    evidence::Evidence,
    ids::SignId,
    ledger::Kind,
    schedule::instant,
};

pub(super) fn tell(planner: &mut Planner<'_>) {
    emergencies(planner);
    stages(planner);
    lapses(planner);
    left_with_open_episode(planner);
    flagged_too_long(planner);
}

fn push(planner: &mut Planner<'_>, subject: Subject, level: TellClinic, reason: Reason, facts: Facts) {
    if level == TellClinic::Nobody {
        return;
    }
    let at = told_at(&planner.book.clinic, level, planner.now);
    let identity = planner.identity(subject, Audience::Clinic);
    planner.decisions.push(Decision { identity, at, action: Action::TellClinic { level }, reason, facts });
}

/// When a clinic that should hear at a level hears of something that happens now.
fn told_at(clinic: &Clinic, level: TellClinic, now: DateTime<Utc>) -> DateTime<Utc> {
    match level {
        TellClinic::Now | TellClinic::Nobody => now,
        TellClinic::Today => next_office_hour(clinic, now),
        TellClinic::Digest => {
            let today = now.with_timezone(&clinic.time_zone).date_naive();
            clinic.digest.next_after(now, clinic.time_zone, today).unwrap_or(now)
        }
    }
}

/// Now in office hours, else the next opening. Without office hours there is no later time to wait for.
fn next_office_hour(clinic: &Clinic, now: DateTime<Utc>) -> DateTime<Utc> {
    let local = now.with_timezone(&clinic.time_zone);
    let today = local.date_naive();
    let opening = |day: NaiveDate| {
        let hours = clinic.office_hours.iter().filter(move |hours| hours.days.contains(&day.weekday()));
        let openings = hours.filter_map(move |hours| {
            let from = instant(clinic.time_zone, day.and_time(hours.from));
            let until = instant(clinic.time_zone, day.and_time(hours.until));
            (now < until).then_some(from.max(now))
        });
        openings.min()
    };
    today.iter_days().take(15).find_map(opening).unwrap_or(now)
}

fn emergencies(planner: &mut Planner<'_>) {
    let chart = planner.chart;
    // One turn may bring two answers with signs; they are one matter.
    for ticks in chart.emergencies.chunk_by(|(one, _), (other, _)| one == other) {
        let received_at = &ticks[0].0;
        let subject = Subject::Emergency { received_at: *received_at };
        if planner.is_decided(&subject, Audience::Clinic) {
            continue;
        }
        let ticked = signs_ticked(planner.book, ticks.iter().flat_map(|(_, signs)| signs));
        let day = planner.date(chart.local_date(*received_at));
        let text = format!("Emergency signs ticked on {day}: {ticked}. What to do now was said at once.",);
        push(planner, subject, TellClinic::Now, Reason::new("emergency", text), Facts::default());
    }
}

/// Emergency signs as the tick-list words them, each once.
pub fn signs_ticked<'a>(book: &RuleBook, ids: impl IntoIterator<Item = &'a SignId>) -> String {
    let ids: BTreeSet<_> = ids.into_iter().collect();
    let words = |id: &SignId| match book.emergencies.iter().find(|sign| sign.id == *id) {
        Some(sign) => quoted(&sign.ask),
        None => format!("`{id}`"),
    };
    ids.into_iter().map(words).collect::<Vec<_>>().join("; ")
}

/// A flag's `tell_clinic` happens whatever the patient is told, covered or not, reachable or not.
fn stages(planner: &mut Planner<'_>) {
    let (book, chart, assessment) = (planner.book, planner.chart, planner.assessment);
    for (flag, assessed) in book.flags.iter().zip(&assessment.flags) {
        let Some(episode) = assessed.open() else { continue };
        if episode.newest != Evidence::Present || episode.present_received_at < chart.book_since {
            continue;
        }
        let Some(reached) = episode.reached(flag) else { continue };
        let told = assessment.told(chart, flag, episode, Audience::Clinic);
        let stage = &flag.stages[reached];
        // A lower stage reached at the same time may be the more pressing one to the clinic.
        let newly = &flag.stages[told.map_or(0, |told| told + 1).min(reached)..=reached];
        let level = newly.iter().map(|stage| stage.tell_clinic).max().unwrap_or(stage.tell_clinic);
        // A stage that tells nobody leaves no trace in the clinic's ledger, and needs none.
        if told.is_some_and(|told| told >= reached) {
            continue;
        }
        let subject = Subject::Stage {
            flag: flag.id.clone(),
            stage: stage.id.clone(),
            evidence_day: episode.last_present,
        };
        let mut text = stage_reason(planner, flag, stage, episode);
        if chart.reach != Reach::Confirmed {
            text.push_str(" The patient cannot be written to: the address is not confirmed, or dead.");
        }
        let reason = Reason::new("stage-reached", text);
        push(planner, subject, level, reason, facts(planner, flag, episode));
    }
}

fn lapses(planner: &mut Planner<'_>) {
    let stopped_on = planner.chart.stopped_at.map(|at| planner.chart.local_date(at));
    for (flag, episode, told) in time_only::lapses_for_clinic(planner) {
        // Whoever stopped is not silent: of an episode open then the clinic has been told. One that had lapsed
        // that very day, and waited for its hour, was not open and is told here.
        if let (Some(stopped_on), End::Lapsed(lapsed_on)) = (stopped_on, episode.end)
            && lapsed_on > stopped_on
        {
            continue;
        }
        let wanted = flag.on_lapsed.as_ref().map_or(TellClinic::Digest, |on_lapsed| on_lapsed.tell_clinic);
        let level = if told { wanted.max(TellClinic::Digest) } else { TellClinic::Digest };
        let text = format!(
            "{}: last reported on {}, then silence since {}; {}.",
            quoted(&flag.title),
            planner.date(episode.last_present),
            planner.date(episode.last_seen),
            if told { "a stage had been told" } else { "no stage had been reached" },
        );
        let subject = time_only::lapse_subject(flag, &episode);
        push(planner, subject, level, Reason::new("lapsed", text), facts(planner, flag, &episode));
    }
}

/// A patient who stops, or whose address is dead, with an episode open is the clinic's business today.
fn left_with_open_episode(planner: &mut Planner<'_>) {
    let why = match (planner.chart.stopped_at, planner.chart.reach) {
        (Some(_), _) => "the patient has stopped all messages",
        (None, Reach::Dead) => "the patient's address does not exist",
        (None, _) => return,
    };
    // INVARIANT: an edit of the rules mails nobody by itself, about those who left before it either.
    if planner.chart.stopped_at.is_some_and(|at| at < planner.chart.book_since) {
        return;
    }
    let (book, assessment) = (planner.book, planner.assessment);
    for (flag, assessed) in book.flags.iter().zip(&assessment.flags) {
        let Some(episode) = assessed.open() else { continue };
        let subject = Subject::LeftWithOpenEpisode { flag: flag.id.clone(), onset: episode.onset };
        let decided = planner.chart.ledger.of_kind(Kind::LeftWithOpenEpisode).any(|entry| {
            matches!(&entry.identity.subject, Subject::LeftWithOpenEpisode { flag: of, onset }
                if flag.is_called(of.as_str()) && *onset == episode.onset)
        });
        if decided {
            continue;
        }
        let (title, onset) = (quoted(&flag.title), planner.date(episode.onset));
        let text = format!("{title} is open since {onset}, and {why}.");
        let reason = Reason::new("left-with-open-episode", text);
        push(planner, subject, TellClinic::Today, reason, facts(planner, flag, episode));
    }
}

/// Days of check-ins while flagged after which a person should look instead.
pub(super) const FLAGGED_DAYS_AT_MOST: u64 = 28;

fn flagged_too_long(planner: &mut Planner<'_>) {
    let (book, assessment) = (planner.book, planner.assessment);
    let asks_while_flagged = |flag: &crate::book::Flag| {
        let rules = book.check_ins.iter().filter(|rule| rule.starts == crate::book::Starts::WhileFlagged);
        rules.into_iter().any(|rule| super::check_ins::uses(flag, &rule.ask))
    };
    for (flag, assessed) in book.flags.iter().zip(&assessment.flags) {
        let Some(episode) = assessed.open() else { continue };
        let day = episode.onset + chrono::Days::new(FLAGGED_DAYS_AT_MOST + 1);
        let wall = planner.time_messages_by_wall(day);
        let has_come = planner.has_come(wall);
        if !has_come && !planner.may_be_next(wall) {
            continue;
        }
        let decided = planner.chart.ledger.of_kind(Kind::FlaggedTooLong).any(|entry| {
            matches!(&entry.identity.subject, Subject::FlaggedTooLong { flag: of, onset }
                if flag.is_called(of.as_str()) && *onset == episode.onset)
        });
        if decided || !asks_while_flagged(flag) {
            continue;
        }
        planner.look_again_by_wall(wall);
        if has_come {
            let (title, onset) = (quoted(&flag.title), planner.date(episode.onset));
            let text = format!(
                "{title} is open since {onset}; daily check-ins ended after {FLAGGED_DAYS_AT_MOST} days."
            );
            let reason = Reason::new("flagged-too-long", text);
            let subject = Subject::FlaggedTooLong { flag: flag.id.clone(), onset: episode.onset };
            push(planner, subject, TellClinic::Today, reason, facts(planner, flag, episode));
        }
    }
}
