//! Stages newly reached, and reminders of those already told. Crossed by a report, never by the clock.

use chrono::NaiveDate;

use super::{Planner, Priority, Wanted, quoted};
use crate::{
    assess::Episode,
    book::{Flag, Stage, TellClinic},
    decision::{Action, Audience, Facts, Identity, Reason, Subject},
    evidence::Evidence,
    ledger::Kind,
};

/// A stage, or a reminder of one, that asks for a message.
struct Candidate<'a> {
    flag: &'a Flag,
    /// Position of the flag in the book.
    flag_at: usize,
    stage: &'a Stage,
    episode: Episode,
    /// A stage newly reached; otherwise a reminder.
    newly: bool,
    /// A clinician wants it, not the rule.
    by_person: bool,
}

impl Candidate<'_> {
    /// Most pressing first: urgent, new before reminder, clinic's level, days, file order.
    fn rank(&self) -> (bool, bool, u8, u32, usize) {
        let level = TellClinic::Now as u8 - self.stage.tell_clinic as u8;
        (!self.stage.urgent, !self.newly, level, u32::MAX - self.stage.after_days, self.flag_at)
    }

    fn subject(&self) -> Subject {
        let (flag, stage) = (self.flag.id.clone(), self.stage.id.clone());
        let evidence_day = self.episode.last_present;
        if self.newly {
            Subject::Stage { flag, stage, evidence_day }
        } else {
            Subject::StageReminder { flag, stage, evidence_day }
        }
    }
}

/// Several flags at once make one message: the most pressing one's text, which names the others.
pub(super) fn want(planner: &mut Planner<'_>, wanted: &mut Vec<Wanted>) {
    if !planner.can_write() {
        return;
    }
    let mut candidates = candidates(planner);
    candidates.retain(|candidate| !planner.has_failed(&candidate.subject()));
    candidates.sort_by_key(Candidate::rank);

    let outranking: Vec<_> =
        candidates.iter().map(|candidate| outranked_by(planner, candidate, &candidates)).collect();
    let speakers: Vec<_> = (0..candidates.len()).map(|at| speaker(&outranking, at)).collect();
    let Some(winner) = speakers.iter().position(|speaker| *speaker == Speaker::Own) else {
        for (candidate, speaker) in candidates.iter().zip(speakers) {
            cover(planner, candidate, speaker.earlier());
        }
        return;
    };
    let winner_identity = planner.identity(candidates[winner].subject(), Audience::Patient);
    let also = candidates.iter().enumerate().filter(|(at, _)| *at != winner && speakers[*at] == Speaker::Own);
    let also = also.map(|(_, candidate)| candidate.flag.title.clone()).collect();
    wanted.push(message(planner, &candidates[winner], also));
    for (at, candidate) in candidates.iter().enumerate() {
        if at == winner {
            cover_lower(planner, candidate, &winner_identity);
        } else {
            cover(planner, candidate, speakers[at].earlier().or(Some(&winner_identity)));
        }
    }
}

/// What outranks a candidate.
#[derive(Clone, PartialEq)]
enum Outranked {
    /// A message told before.
    Told(Identity),
    /// Another candidate, by position.
    Now(usize),
}

/// Whose message speaks for a candidate.
#[derive(Clone, PartialEq)]
enum Speaker {
    /// Nothing outranks it: its own, or the most pressing one of this plan.
    Own,
    /// The most pressing one of this plan.
    Winner,
    /// One told before.
    Earlier(Identity),
}

impl Speaker {
    fn earlier(&self) -> Option<&Identity> {
        match self {
            Self::Earlier(told) => Some(told),
            Self::Own | Self::Winner => None,
        }
    }
}

/// Follows who outranks whom to its end: what is covered is covered by a message that goes out, never by
/// something that is itself covered. Flags that outrank each other in a ring speak for themselves, for
/// otherwise nobody would.
fn speaker(outranking: &[Option<Outranked>], at: usize) -> Speaker {
    let mut above = at;
    for _ in 0..=outranking.len() {
        match &outranking[above] {
            None => return if above == at { Speaker::Own } else { Speaker::Winner },
            Some(Outranked::Told(told)) => return Speaker::Earlier(told.clone()),
            Some(Outranked::Now(higher)) => above = *higher,
        }
    }
    Speaker::Own
}

fn candidates<'a>(planner: &Planner<'a>) -> Vec<Candidate<'a>> {
    let chart = planner.chart;
    let mut found = Vec::new();
    for (flag_at, (flag, assessed)) in planner.book.flags.iter().zip(&planner.assessment.flags).enumerate() {
        let Some(episode) = assessed.open() else { continue };
        // INVARIANT: an edit of the rules mails nobody by itself; the report must be newer than the book.
        let by_rule = episode.newest == Evidence::Present && episode.present_received_at >= chart.book_since;
        let asked = planner.asked_for(flag, episode);
        if !by_rule && asked.is_none() {
            continue;
        }
        let reached = episode.reached(flag).filter(|_| by_rule);
        if reached.is_none() && asked.is_none() {
            continue;
        }
        let told = planner.assessment.told(chart, flag, episode, Audience::Patient);
        let allowed = reached.and_then(|_| planner.reached_and_allowed(flag, episode));
        let candidate = |at: usize, newly| Candidate {
            flag,
            flag_at,
            stage: &flag.stages[at],
            episode: *episode,
            newly,
            by_person: newly && allowed.is_none_or(|allowed| allowed < at),
        };
        match (reached, told) {
            (_, told) if allowed.max(asked) > told => {
                found.extend(allowed.max(asked).map(|at| candidate(at, true)))
            }
            // A stage that corrections have taken back is not reminded of, though it was told.
            (Some(reached), Some(told)) if reached == told && reminder_due(planner, flag, told, episode) => {
                found.push(candidate(told, false))
            }
            _ => {}
        }
    }
    found
}

/// Only the highest told stage reminds, on new evidence far enough from the last told, a bounded number of
/// times, and no more once a clinician has been in touch about the flag.
fn reminder_due(planner: &Planner<'_>, flag: &Flag, told: usize, episode: &Episode) -> bool {
    let Some(stage) = flag.stages.get(told) else { return false };
    let Some(remind) = stage.remind.filter(|_| !planner.is_withheld(flag, &stage.id, episode)) else {
        return false;
    };
    let (mut newest, mut reminders, mut told_at): (Option<NaiveDate>, u32, _) = (None, 0, None);
    let ledger = &planner.chart.ledger;
    for entry in ledger.of_kind(Kind::Stage).chain(ledger.of_kind(Kind::StageReminder)) {
        let is_reminder = matches!(entry.identity.subject, Subject::StageReminder { .. });
        let (Subject::Stage { flag: of, evidence_day, .. }
        | Subject::StageReminder { flag: of, evidence_day, .. }) = &entry.identity.subject
        else {
            continue;
        };
        if entry.identity.audience == Audience::Patient
            && entry.counts_as_told()
            && flag.is_called(of.as_str())
            && episode.contains(*evidence_day)
        {
            newest = newest.max(Some(*evidence_day));
            told_at = told_at.max(Some(entry.decided_at));
            reminders += u32::from(is_reminder);
        }
    }
    let contacted = planner
        .chart
        .contacts
        .iter()
        .any(|(at, of)| flag.is_called(of.as_str()) && planner.chart.local_date(*at) >= episode.onset);
    let far_enough = newest
        .is_some_and(|newest| (episode.last_present - newest).num_days() >= i64::from(remind.every_days));
    far_enough && reminders < remind.at_most && !contacted
}

/// The message of an open, told (or now to be told) episode of a flag that outranks this one.
fn outranked_by(
    planner: &Planner<'_>,
    candidate: &Candidate<'_>,
    all: &[Candidate<'_>],
) -> Option<Outranked> {
    planner.book.flags.iter().zip(&planner.assessment.flags).find_map(|(flag, assessed)| {
        if flag.id == candidate.flag.id
            || !flag.outranks.iter().any(|id| candidate.flag.is_called(id.as_str()))
        {
            return None;
        }
        let episode = assessed.open()?;
        let now_told = all.iter().position(|other| other.newly && other.flag.id == flag.id);
        if let Some(now_told) = now_told {
            return Some(Outranked::Now(now_told));
        }
        let told = planner.chart.ledger.of_kind(Kind::Stage).rev().find(|entry| {
            matches!(&entry.identity.subject, Subject::Stage { flag: of, evidence_day, .. }
                if flag.is_called(of.as_str()) && episode.contains(*evidence_day))
                && entry.identity.audience == Audience::Patient
                && entry.counts_as_told()
        });
        told.map(|entry| Outranked::Told(entry.covered_by.as_ref().unwrap_or(&entry.identity).clone()))
    })
}

fn message(planner: &Planner<'_>, candidate: &Candidate<'_>, also: Vec<std::sync::Arc<str>>) -> Wanted {
    let Candidate { flag, stage, episode, .. } = candidate;
    let days = (episode.last_present - episode.onset).num_days();
    let by_person = planner.reason_of_person(flag, stage, episode).filter(|_| candidate.by_person);
    let reason = if let Some(by_person) = by_person {
        by_person
    } else if candidate.newly {
        Reason::new("stage-reached", stage_reason(planner, flag, stage, episode))
    } else {
        let text = format!(
            "{} goes on: first reported on {}, reported again on {} (day {days}).",
            quoted(&flag.title),
            planner.date(episode.onset),
            planner.date(episode.last_present),
        );
        Reason::new("stage-reminder", text)
    };
    Wanted {
        priority: Priority::Stage,
        subject: candidate.subject(),
        action: Action::Send { message: stage.send.clone(), urgent: stage.urgent },
        reason,
        facts: Facts { also, ..facts(planner, flag, episode) },
        useless_from: None,
    }
}

/// Why a stage is reached, for patient and clinic alike.
pub(super) fn stage_reason(planner: &Planner<'_>, flag: &Flag, stage: &Stage, episode: &Episode) -> String {
    let days = (episode.last_present - episode.onset).num_days();
    let plural = |count: u32| if count == 1 { "report" } else { "reports" };
    format!(
        "{}: first reported on {} (day 0), still reported on {} (day {days}), on {} {} in all; \
         stage `{}` asks for day {} and {} {}.",
        quoted(&flag.title),
        planner.date(episode.onset),
        planner.date(episode.last_present),
        episode.present_days,
        if episode.present_days == 1 { "day" } else { "days" },
        stage.id,
        stage.after_days,
        stage.min_reports,
        plural(stage.min_reports),
    )
}

/// What a message about an episode needs to know.
pub(super) fn facts(planner: &Planner<'_>, flag: &Flag, episode: &Episode) -> Facts {
    Facts {
        flag_title: Some(flag.title.clone()),
        onset: Some(episode.onset),
        evidence_day: Some(episode.last_present),
        last_report_day: planner.assessment.newest_report.map(|report| report.day),
        ..Facts::default()
    }
}

/// Records a candidate, and the lower stages it passes, as told by another message.
fn cover(planner: &mut Planner<'_>, candidate: &Candidate<'_>, by: Option<&Identity>) {
    let Some(by) = by else { return };
    push_covered(planner, candidate.subject(), candidate, by);
    cover_lower(planner, candidate, by);
}

fn cover_lower(planner: &mut Planner<'_>, candidate: &Candidate<'_>, by: &Identity) {
    if !candidate.newly {
        return;
    }
    let told = planner.assessment.told(planner.chart, candidate.flag, &candidate.episode, Audience::Patient);
    let first = told.map_or(0, |told| told + 1);
    let below = candidate.flag.stages.iter().skip(first).take_while(|stage| stage.id != candidate.stage.id);
    for stage in below {
        let subject = Subject::Stage {
            flag: candidate.flag.id.clone(),
            stage: stage.id.clone(),
            evidence_day: candidate.episode.last_present,
        };
        push_covered(planner, subject, candidate, by);
    }
}

fn push_covered(planner: &mut Planner<'_>, subject: Subject, candidate: &Candidate<'_>, by: &Identity) {
    let speaker = by.subject.stage().map_or_else(String::new, |stage| format!(" (stage `{stage}`)"));
    let of = by.subject.flag().map_or_else(String::new, |flag| format!(" of `{flag}`{speaker}"));
    let text = format!("{} is spoken for by the message{of}.", quoted(&candidate.flag.title));
    planner.decisions.push(crate::decision::Decision {
        identity: planner.identity(subject, Audience::Patient),
        at: planner.now,
        action: Action::Covered { by: by.clone() },
        reason: Reason::new("covered", text),
        facts: facts(planner, candidate.flag, &candidate.episode),
    });
}
