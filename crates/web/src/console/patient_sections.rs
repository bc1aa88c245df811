//! The parts of a runner's page.

use afterrun_rules::{Event, chart::AnswerEvent, decision::Audience, describe};
use afterrun_store::{Attempt, Message};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{Room, dates, frame::token, patient_show::View, text, text_patient, work_item_list};

/// Answers shown, newest first; older ones are in the export.
const ANSWERS: usize = 60;

/// Answers, messages to the runner and lines of history that fit on one sheet of paper beside the rest.
const ANSWERS_ON_PAPER: usize = 8;
const MESSAGES_ON_PAPER: usize = 5;
const HISTORY_ON_PAPER: usize = 10;

impl View<'_> {
    pub(super) fn when(&self, at: DateTime<Utc>) -> String {
        dates::date_and_time(at, self.chart.zone_at(at), dates::way(&self.book))
    }
}

/// Name, address, zone, what holds now.
pub(super) fn head(view: &View<'_>) -> Markup {
    let patient = &view.patient;
    let zone = view.chart.zone_at(view.me.now);
    html! {
        div.heading {
            h1 { (patient.name) }
            p.hint {
                (patient.email) " · " (zone.name()) " · "
                (text::local_time(&view.when(view.me.now)))
            }
        }
        p.paper { (text_patient::ON_PAPER) }
        p.chips {
            @if let Some(row) = view.open_row() { span.chip.(text::urgency_class(row.urgency)) { (text::urgency(row.urgency)) } }
            @if patient.stopped_at.is_some() { span.chip.quiet { (text::STOPPED) } }
            @if view.chart.is_paused(view.assessment.day) { span.chip.quiet { (text::PAUSED) } }
            @if view.chart.has_open_emergency() { span.chip.emergency { (text::EMERGENCY_OPEN) } }
            span.chip.quiet { (text::reach(patient.reach)) }
            span.chip.quiet { (work_item_list::last_answer(&view.chart, view.assessment.day)) }
        }
    }
}

/// What people did.
pub(super) fn history(view: &View<'_>) -> Markup {
    html! {
        section.card.history {
            h2 { (text::HISTORY) }
            @if view.me.may_act() {
                form.stack method="post" action=(view.path()) {
                    (token(view.me))
                    label for="words" { (text::NOTE) }
                    textarea #words name="words" rows="3" maxlength="2000" required {}
                    button.secondary name="do" value="note" { (text::ADD_NOTE) }
                }
            }
            ul.lines {
                @for (at, line) in view.history.rows.iter().enumerate() {
                    li.off-paper[at >= HISTORY_ON_PAPER] {
                        span.when { (view.when(line.at)) } " "
                        strong { (text::history(&line.what)) }
                        @if !line.detail.is_empty() { ": " (text::history_detail(line)) }
                        span.hint { " " (line.by.as_deref().unwrap_or(text::PRODUCT)) }
                    }
                }
            }
            @if let Some(next) = &view.history.next { p.more { a href={ (view.path()) "?history=" (next) } { (text::MORE) } } }
        }
    }
}

/// Every answer, newest first, with what replaced it.
pub(super) fn answers(view: &View<'_>) -> Markup {
    let given: Vec<(DateTime<Utc>, &AnswerEvent)> = view
        .events
        .iter()
        .filter_map(|timed| match &timed.event {
            Event::Answer(answer) => Some((timed.at, answer)),
            _ => None,
        })
        .collect();
    let replaced = |at: usize| {
        let (_, answer) = given[at];
        let same = |(_, other): &(DateTime<Utc>, &AnswerEvent)| {
            other.source() == answer.source() && other.about_day == answer.about_day
        };
        given[at + 1..].iter().any(same)
    };
    html! {
        section.card.answers {
            h2 { (text::ANSWERS) }
            @if given.is_empty() { p { (text::NEVER_ANSWERED) } } @else {
                table.plain.stacked {
                    thead { tr { th scope="col" { (text::COLUMN_ABOUT) } th scope="col" { (text::COLUMN_RECEIVED) } th scope="col" { (text::COLUMN_ANSWERS) } } }
                    tbody {
                        @for (at, (received, answer)) in given.iter().enumerate().rev().take(ANSWERS) {
                            tr.replaced[replaced(at)].off-paper[given.len() - at > ANSWERS_ON_PAPER] {
                                th scope="row" { (dates::way(&view.book).short_date(answer.about_day)) }
                                td { (view.when(*received)) @if by_telephone(view, *received, answer) { span.hint { (text_patient::BY_TELEPHONE) } } @if replaced(at) { span.hint { " " (text::REPLACED) } } }
                                td { (values(view, answer)) }
                            }
                        }
                    }
                }
                @if given.len() > ANSWERS { p.hint { (text::OLDER_ANSWERS) } }
            }
        }
    }
}

/// A clinician took it down: the mark that says so came with it.
fn by_telephone(view: &View<'_>, received: DateTime<Utc>, answer: &AnswerEvent) -> bool {
    view.events.iter().filter(|timed| timed.at == received).any(|timed| match &timed.event {
        Event::ByTelephone(named) => {
            named.about_day == answer.about_day
                && named.check_in == answer.check_in
                && named.run == answer.run
        }
        _ => false,
    })
}

pub(super) fn values(view: &View<'_>, answer: &AnswerEvent) -> Markup {
    let signs = answer.emergencies.iter().flatten().map(|id| {
        view.book.emergencies.iter().find(|sign| sign.id == *id).map_or(id.as_str(), |sign| &*sign.ask)
    });
    html! {
        ul.values {
            @for (id, value) in answer.values.iter() {
                @let question = view.book.question(id.as_str());
                li title=[question.map(|(_, question)| &*question.ask)] {
                    @match question { Some((ix, _)) => (describe::question_name(&view.book, ix)), None => (id) }
                    " " strong { (text_patient::value(value)) }
                }
            }
        }
        @for sign in signs { p.fault { (text::SIGN) " " (sign) } }
    }
}

/// Every message with why, newest first.
pub(super) fn messages(view: &View<'_>) -> Markup {
    let to_runner = |message: &&Message| message.audience == Audience::Patient && message.mail.is_some();
    let to_runner = view.messages.rows.iter().filter(to_runner).take(MESSAGES_ON_PAPER);
    let on_paper: Vec<_> = to_runner.map(|message| message.key).collect();
    html! {
        section.card.messages {
            h2 { (text::MESSAGES) }
            @if view.messages.rows.is_empty() { p { (text::NO_MESSAGES) } } @else {
                table.plain.stacked {
                    thead { tr { th scope="col" { (text::COLUMN_WHEN) } th scope="col" { (text::COLUMN_WHAT) } th scope="col" { (text::COLUMN_WHY) } } }
                    tbody {
                        @for message in &view.messages.rows {
                            tr.off-paper[!on_paper.contains(&message.key)] {
                                td.when { (view.when(message.settled_at.unwrap_or(message.decided_at))) }
                                th scope="row" {
                                    @match &message.mail {
                                        Some(mail) => a href={ (view.room.href("/console/messages/")) (message.key.0) } { (mail.subject) },
                                        None => (text_patient::identity(&message.identity_text)),
                                    }
                                    span.hint { (text::to(message.audience)) " · " (text::message_state(message.state)) }
                                }
                                td {
                                    (text::plain(&message.reason.text))
                                    @if let Some(end) = &message.end_reason { span.hint { (end) } }
                                }
                            }
                        }
                    }
                }
                @if let Some(next) = &view.messages.next { p.more { a href={ (view.path()) "?messages=" (next) } { (text::MORE) } } }
            }
        }
    }
}

/// One message as it was sent.
pub(super) fn message(room: &Room, message: &Message, attempts: &[Attempt]) -> Markup {
    let book = room.recorder.book();
    let when = |at: DateTime<Utc>| dates::date_and_time(at, book.clinic.time_zone, dates::way(&book));
    html! {
        h1 { @match &message.mail { Some(mail) => (mail.subject), None => (message.identity_text) } }
        p.chips {
            span.chip.quiet { (text::message_state(message.state)) }
            span.chip.quiet { (text::to(message.audience)) }
        }
        div.sheet {
            div.story {
                section.card {
                    @match &message.mail {
                        Some(mail) => {
                            p.hint { (text::TO) " " (mail.recipient) }
                            pre.letter { (room.desk.mail_text(&mail.bytes)) }
                        },
                        None => p { (text::NO_MAIL) },
                    }
                }
            }
            aside.side {
                section.card {
                    h2 { (text::COLUMN_WHY) }
                    p { (text::plain(&message.reason.text)) }
                    @if let Some(end) = &message.end_reason { p { (end) } }
                    p.hint { (text::DECIDED) " " (when(message.decided_at)) }
                    @if !message.book.is_empty() { p.hint { (text::BOOK) " " code { (message.book.chars().take(12).collect::<String>()) } } }
                    @if let Some(patient) = &message.patient {
                        p { a href={ (room.href("/console/patients/")) (patient) } { (text::BACK_TO_RUNNER) } }
                    }
                }
                @if !attempts.is_empty() {
                    section.card {
                        h2 { (text::ATTEMPTS) }
                        ul.lines { @for attempt in attempts { li { span.when { (when(attempt.at)) } " " (attempt.outcome) } } }
                    }
                }
            }
        }
    }
}
