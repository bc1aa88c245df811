//! What happens next if nothing new becomes known, and what would happen if it goes on.

use afterrun_rules::chart::Word;
use afterrun_rules::{
    Action, assess,
    assess::Episode,
    book::{Flag, FlagEvidence},
    decision::{Audience, Decision, Subject},
    describe,
    evidence::Evidence,
    plan::{plan, word_on},
};
use afterrun_store::MessageState;
use chrono::{DateTime, Days, Utc};
use maud::{Markup, html};

use super::{dates, patient_show::View, text, text_patient};
use crate::words;

/// Things to come that are named.
const AHEAD: usize = 6;

/// Turns of the plan followed to find them.
const TURNS_AHEAD: usize = 40;

/// The card.
pub(super) fn next(view: &View<'_>) -> Markup {
    let ahead = ahead(view);
    let zone = view.chart.zone_at(view.me.now);
    let if_it_goes_on: Vec<_> = goes_on(view).collect();
    html! {
        section.card.next {
            h2 { (text::NEXT) }
            @if ahead.is_empty() { p { (text::NOTHING_NEXT) } }
            ul.lines {
                @for (at, what) in &ahead {
                    li { span.when { (words::day_and_time(*at, zone, view.assessment.day, Some(dates::way(&view.book)))) } " " (what) }
                }
            }
            @if !if_it_goes_on.is_empty() {
                h3 { (text_patient::IF_IT_GOES_ON) }
                ul.lines { @for line in &if_it_goes_on { li { (line) } } }
            }
        }
    }
}

/// The next stage of everything that goes on: when at the earliest, and on what condition.
fn goes_on<'a>(view: &'a View<'_>) -> impl Iterator<Item = Markup> + 'a {
    let flags = view.book.flags.iter().zip(&view.assessment.flags);
    flags.filter_map(|(flag, assessed)| {
        let episode = assessed.open()?;
        let told = view.assessment.told(&view.chart, flag, episode, Audience::Patient);
        next_stage(view, flag, episode, told)
    })
}

fn next_stage(view: &View<'_>, flag: &Flag, episode: &Episode, told: Option<usize>) -> Option<Markup> {
    let stage = flag.stages.get(told.map_or(0, |told| told + 1))?;
    let withheld =
        word_on(&view.chart, flag, &stage.id, episode).is_some_and(|word| word.word == Word::Withhold);
    let earliest = episode.onset + Days::new(u64::from(stage.after_days));
    let today = view.assessment.day;
    let condition = match &flag.evidence {
        FlagEvidence::Days { when, .. } => describe::condition(&view.book, when),
        FlagEvidence::Runs(_) => flag.title.to_string(),
    };
    let is_reached = episode.last_present >= earliest && episode.newest == Evidence::Present;
    let missing = stage.min_reports.saturating_sub(episode.present_days);
    Some(html! {
        strong { (text_patient::stage_ahead(stage, &flag.title)) } ": "
        @if withheld {
            (text_patient::WITHHELD)
        } @else {
            @if is_reached || earliest <= today { (text_patient::WITH_NEXT_REPORT) }
            @else { (text_patient::at_earliest(&words::day(earliest, today, Some(dates::way(&view.book))))) }
            ", " (text_patient::if_still(&text::plain(&condition)))
            @if missing > 1 { "; " (text_patient::more_reports(missing)) }
        }
    })
}

/// The plan is followed on a copy of the chart, and the queue read.
fn ahead(view: &View<'_>) -> Vec<(DateTime<Utc>, String)> {
    let now = view.me.now;
    let mut chart = view.chart.clone();
    let mut found: Vec<(DateTime<Utc>, String)> = Vec::new();
    let mut at = now;
    for _ in 0..TURNS_AHEAD {
        let assessment = assess(&view.book, &chart, at);
        let planned = plan(&view.book, &chart, &assessment, at);
        for decision in &planned.decisions {
            let what = in_words(decision);
            found.extend(what.filter(|_| decision.at > now).map(|what| (decision.at, what)));
            chart.record(decision, at);
            chart.mark_done(&decision.identity);
        }
        if planned.decisions.is_empty() {
            match planned.next_due.filter(|next| *next > at) {
                Some(next) => at = next,
                None => break,
            }
        }
        if found.len() >= AHEAD {
            break;
        }
    }
    found.extend(queued(view));
    found.sort();
    found.truncate(AHEAD);
    found
}

fn in_words(decision: &Decision) -> Option<String> {
    match (&decision.action, &decision.identity.subject) {
        (_, Subject::Reminder { .. }) => Some(text_patient::REMINDS.to_owned()),
        (Action::Send { message, .. }, Subject::Nudge { .. } | Subject::Lapsed { .. }) => {
            Some(text_patient::unless_answered(&text::will_send(message.as_str())))
        }
        (Action::TellClinic { .. }, Subject::Lapsed { .. }) => {
            Some(text_patient::unless_answered(text::WILL_TELL))
        }
        (Action::OpenCheckIn { .. }, _) => Some(text_patient::ASKS.to_owned()),
        (Action::Send { message, .. }, _) => Some(text::will_send(message.as_str())),
        (Action::TellClinic { .. }, _) => Some(text::WILL_TELL.to_owned()),
        (Action::Cancel | Action::Covered { .. }, _) => None,
    }
}

/// What waits in the queue already.
fn queued<'a>(view: &'a View<'_>) -> impl Iterator<Item = (DateTime<Utc>, String)> + 'a {
    let queued = view.messages.rows.iter().filter(|message| message.state == MessageState::Queued);
    queued.filter_map(|message| {
        let mail = message.mail.as_ref().filter(|_| message.audience == Audience::Patient)?;
        let name = message.message.as_ref().map_or(mail.subject.as_str(), |id| id.as_str());
        Some((mail.due_at, text::is_queued(name)))
    })
}
