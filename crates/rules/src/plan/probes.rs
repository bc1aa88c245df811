//! Probes: a check-in on the day for which a stage asks, so that "day 3" holds for anyone who answers.

use chrono::{Days, NaiveDate};
use smallvec::SmallVec;

use super::{
    Planner,
    check_ins::{Due, uses},
};
use crate::{
    assess::Episode,
    book::{CheckInRule, Flag, FlagEvidence, Stage, Starts},
    chart::Source,
    decision::Audience,
    schedule::instant_on,
};

/// The probe a flag wants: a check-in on the day its next stage asks for, so that "day 3" holds for anyone
/// who answers. One per stage.
pub(super) fn wanted<'a>(planner: &Planner<'a>) -> Vec<(NaiveDate, Due<'a>)> {
    let (book, chart, assessment) = (planner.book, planner.chart, planner.assessment);
    let mut found = Vec::new();
    for (flag, assessed) in book.flags.iter().zip(&assessment.flags) {
        let Some(episode) = assessed.open() else { continue };
        let Some((rule_at, rule, days)) = days_of(planner, flag, episode) else { continue };
        for day in days {
            let Some((_, time)) = rule.schedule.first_on_or_after(day, None, day) else { continue };
            let Some(at) = instant_on(assessment.zone, day, time) else { continue };
            if at >= chart.book_since {
                found.push((day, Due { at, rule_at, rule, probe_for: Some(flag) }));
            }
        }
    }
    found
}

/// Notes when the next probe could be due.
pub(super) fn look_for_next(planner: &mut Planner<'_>) {
    let (zone, since) = (planner.assessment.zone, planner.chart.book_since);
    let (book, assessment) = (planner.book, planner.assessment);
    for (flag, assessed) in book.flags.iter().zip(&assessment.flags) {
        let Some(episode) = assessed.open() else { continue };
        let Some((_, rule, days)) = days_of(planner, flag, episode) else { continue };
        for day in days {
            let Some((_, time)) = rule.schedule.first_on_or_after(day, None, day) else { continue };
            let wall = day.and_time(time);
            if planner.may_be_next(wall)
                && let Some(at) = instant_on(zone, day, time).filter(|at| *at >= since)
            {
                planner.note_wall(wall, at);
            }
        }
    }
}

/// The days on which an open episode wants a probe, from today on, and the rule whose time and questions it takes.
fn days_of<'a>(
    planner: &Planner<'a>,
    flag: &Flag,
    episode: &Episode,
) -> Option<(usize, &'a CheckInRule, SmallVec<[NaiveDate; 4]>)> {
    // Over runs it is the next run that counts, not a day.
    if matches!(flag.evidence, FlagEvidence::Runs(_)) {
        return None;
    }
    let today = planner.assessment.day;
    let day_of = |stage: &Stage| episode.onset + Days::new(u64::from(stage.after_days));
    let is_ahead = |day: &NaiveDate| *day > episode.onset && *day >= today;
    if !flag.stages.iter().any(|stage| is_ahead(&day_of(stage))) {
        return None;
    }
    let told = planner.assessment.told(planner.chart, flag, episode, Audience::Patient);
    let ahead = flag.stages.iter().skip(told.map_or(0, |told| told + 1));
    // All that lie ahead, not the next alone: today's may have passed unanswered, and the one after it is then when
    // to look again.
    let days: SmallVec<[NaiveDate; 4]> = ahead.map(day_of).filter(is_ahead).collect();
    if days.is_empty() {
        return None;
    }
    let (rule_at, rule) = rule_for(planner, flag, episode)?;
    Some((rule_at, rule, days))
}

/// The while-flagged rule that asks what the flag uses, else the rule whose answer opened the episode.
fn rule_for<'a>(planner: &Planner<'a>, flag: &Flag, episode: &Episode) -> Option<(usize, &'a CheckInRule)> {
    let rules = || planner.book.check_ins.iter().enumerate();
    let while_flagged =
        rules().find(|(_, rule)| rule.starts == Starts::WhileFlagged && uses(flag, &rule.ask));
    let opened_by = planner.chart.answers.iter().filter(|answer| answer.about_day == episode.onset);
    let opened_by = opened_by.filter_map(|answer| match &answer.source {
        Source::CheckIn(id) => Some(id),
        Source::Run(_) => None,
    });
    while_flagged.or_else(|| {
        opened_by.into_iter().find_map(|id| rules().find(|(_, rule)| rule.id == *id && uses(flag, &rule.ask)))
    })
}
