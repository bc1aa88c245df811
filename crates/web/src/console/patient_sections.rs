//! The parts of a runner's page.

use afterrun_rules::{
    Action, Event,
    assess::assess,
    chart::{AnswerEvent, Value},
    decision::Audience,
    evidence::{Evidence, Truth},
    explain::{DayMark, FlagExplanation, explain},
    plan::plan,
};
use afterrun_store::{Attempt, Message};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{Room, frame::token, patient_show::View, text, work_item_list};

/// Answers shown, newest first; older ones are in the export.
const ANSWERS: usize = 60;

/// Things to come that are named.
const AHEAD: usize = 6;

/// Turns of the plan followed to find them.
const TURNS_AHEAD: usize = 40;

impl View<'_> {
    fn when(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.chart.zone_at(at));
        local.format(text::DATE_AND_TIME).to_string()
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
                (text::local_time(&view.me.now.with_timezone(&zone).format(text::DATE_AND_TIME).to_string()))
            }
        }
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

/// What the work-list says, and the buttons for it.
pub(super) fn work(view: &View<'_>) -> Markup {
    let Some(row) = view.open_row() else {
        return html! { section.card { h2 { (text::WORK) } p { (text::NO_WORK) } } };
    };
    let mine = row.owner.as_ref().is_some_and(|(key, _)| *key == view.me.user.key);
    html! {
        section.card.work {
            h2 { (text::WORK) }
            p.reason { (text::plain(&row.reason.text)) }
            p { (work_item_list::state(row, view.me.now, &view.book)) }
            @if view.me.may_act() {
                form.row method="post" action=(view.path()) {
                    (token(view.me))
                    @if mine {
                        button.secondary name="do" value="hand-back" { (text::HAND_BACK) }
                    } @else {
                        button.primary name="do" value="take" { (text::TAKE) }
                    }
                }
                form method="post" action=(view.path()) {
                    (token(view.me))
                    input type="hidden" name="do" value="contact";
                    fieldset {
                        legend { (text::CONTACT) }
                        div.row { @for (word, _, words) in text::CONTACTS { button.secondary name="how" value=(word) { (words) } } }
                    }
                }
                form method="post" action=(view.path()) {
                    (token(view.me))
                    input type="hidden" name="do" value="resolve";
                    fieldset {
                        legend { (text::RESOLVE) }
                        div.row { @for (word, _, words) in text::RESOLUTIONS { button.secondary name="how" value=(word) { (words) } } }
                    }
                }
                details {
                    summary { (text::SNOOZE) }
                    form.stack method="post" action=(view.path()) {
                        (token(view.me))
                        label for="snooze-until" { (text::SNOOZE_UNTIL) }
                        input #snooze-until type="date" name="until" required;
                        label for="snooze-why" { (text::SNOOZE_WHY) }
                        input #snooze-why name="why" required maxlength="200";
                        button.secondary name="do" value="snooze" { (text::SNOOZE) }
                    }
                }
            }
        }
    }
}

/// What will happen if nothing new becomes known.
pub(super) fn next(view: &View<'_>) -> Markup {
    let ahead = ahead(view);
    html! {
        section.card {
            h2 { (text::NEXT) }
            @if ahead.is_empty() { p { (text::NOTHING_NEXT) } }
            ul.lines {
                @for (at, what) in &ahead { li { span.when { (view.when(*at)) } " " (what) } }
            }
        }
    }
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
            let what = match &decision.action {
                Action::Send { message, .. } => Some(text::will_send(message.as_str())),
                Action::OpenCheckIn { message, .. } => Some(text::will_ask(message.as_str())),
                Action::TellClinic { .. } => Some(text::WILL_TELL.to_owned()),
                Action::Cancel | Action::Covered { .. } => None,
            };
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
    let queued =
        view.messages.rows.iter().filter(|message| message.state == afterrun_store::MessageState::Queued);
    found.extend(queued.filter_map(|message| {
        let mail = message.mail.as_ref().filter(|_| message.audience == Audience::Patient)?;
        let name = message.message.as_ref().map_or(mail.subject.as_str(), |id| id.as_str());
        Some((mail.due_at, text::is_queued(name)))
    }));
    found.sort();
    found.truncate(AHEAD);
    found
}

/// What people did.
pub(super) fn history(view: &View<'_>) -> Markup {
    html! {
        section.card {
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
                @for line in &view.history.rows {
                    li {
                        span.when { (view.when(line.at)) } " "
                        strong { (text::history(&line.what)) }
                        @if !line.detail.is_empty() { ": " (text::history_detail(&line.detail)) }
                        span.hint { " " (line.by.as_deref().unwrap_or(text::PRODUCT)) }
                    }
                }
            }
            @if let Some(next) = &view.history.next { p.more { a href={ (view.path()) "?history=" (next) } { (text::MORE) } } }
        }
    }
}

/// Facts a clinician can enter.
pub(super) fn care(view: &View<'_>) -> Markup {
    if view.patient.stopped_at.is_some() {
        return html! { section.card { h2 { (text::CARE) } p { (text::STOPPED_WORDS) } } };
    }
    html! {
        section.card.care {
            h2 { (text::CARE) }
            details { summary { (text::LOG_RUN) } (run_form(view)) }
            details {
                summary { (text::PAUSE) }
                form.stack method="post" action=(view.path()) {
                    (token(view.me))
                    label for="pause-until" { (text::PAUSE_UNTIL) }
                    input #pause-until type="date" name="until" required;
                    button.secondary name="do" value="pause" { (text::PAUSE) }
                }
                @if view.chart.is_paused(view.assessment.day) {
                    form method="post" action=(view.path()) {
                        (token(view.me))
                        button.secondary name="do" value="resume" { (text::RESUME) }
                    }
                }
            }
            details {
                summary { (text::CHANGE_ZONE) }
                form.stack method="post" action=(view.path()) {
                    (token(view.me))
                    label for="zone" { (text::ZONE) }
                    input #zone name="zone" required value=(view.chart.zone_at(view.me.now).name()) aria-describedby="zone-hint";
                    p.hint #zone-hint { (text::ZONE_HINT) }
                    button.secondary name="do" value="time-zone" { (text::CHANGE_ZONE) }
                }
            }
            details {
                summary { (text::STOP) }
                form.stack method="post" action=(view.path()) {
                    (token(view.me))
                    p { (text::STOP_WORDS) }
                    label.tick { input type="checkbox" name="surely" value="yes" required; " " (text::STOP_SURELY) }
                    button.danger name="do" value="stop" { (text::STOP) }
                }
            }
        }
    }
}

fn run_form(view: &View<'_>) -> Markup {
    html! {
        form.stack method="post" action=(view.path()) {
            (token(view.me))
            label for="run-date" { (text::RUN_DATE) }
            input #run-date type="date" name="date" required value=(view.chart.local_date(view.me.now).format("%Y-%m-%d"));
            label for="run-time" { (text::RUN_TIME) }
            input #run-time type="time" name="time" required;
            label for="run-distance" { (crate::text::distance_label(view.patient.units)) }
            input #run-distance name="distance" inputmode="decimal" required;
            label for="run-kind" { (text::RUN_KIND) }
            select #run-kind name="kind" {
                option value="training" { (text::TRAINING) }
                @for (race, title) in view.book.races() { option value={ "race:" (race) } { (title) } }
            }
            button.secondary name="do" value="log-run" { (text::LOG_RUN) }
        }
    }
}

/// Why, and why not, for each flag; open ones first and unfolded.
pub(super) fn flags(view: &View<'_>) -> Markup {
    let explanation = explain(&view.book, &view.chart, view.me.now);
    let is_open = |flag: &&FlagExplanation| flag.state.starts_with("open");
    let (open, shut): (Vec<_>, Vec<_>) = explanation.flags.iter().partition(is_open);
    html! {
        section.card {
            h2 { (text::WHY) }
            @if let Some(recovery) = &explanation.recovery { p { (recovery) } }
            @for error in &explanation.rule_errors { p.fault { (error) } }
            @for flag in open { (explained(flag, true)) }
            @for flag in shut { (explained(flag, false)) }
        }
    }
}

fn explained(flag: &FlagExplanation, is_open: bool) -> Markup {
    html! {
        details.flag open[is_open] {
            summary { strong { (flag.title) } span.hint { " " (text::plain(&flag.state)) } }
            @if let Some(miss) = &flag.nearest_miss { p { (text::NEAREST_MISS) " " (text::plain(miss)) } }
            @if !flag.told.is_empty() { ul.lines { @for line in &flag.told { li { (text::plain(line)) } } } }
            @if !flag.leaves.is_empty() {
                h3 { (text::LEAVES) }
                ul.lines {
                    @for leaf in &flag.leaves {
                        li { (text::holds(leaf.holds == Truth::True, leaf.holds == Truth::Unknown)) " " (leaf.text) ": " (leaf.answer.as_deref().unwrap_or(text::NO_ANSWER)) }
                    }
                }
            }
            table.plain {
                thead { tr { th scope="col" { (text::COLUMN_DAY) } th scope="col" { (text::COLUMN_MARK) } th scope="col" { (text::COLUMN_ANSWERS) } } }
                tbody {
                    @for row in flag.days.iter().rev() {
                        tr {
                            th scope="row" { (row.day.format(text::SHORT_DATE)) @if let Some(number) = row.number { span.hint { " " (text::day_number(number)) } } }
                            td { (mark(row.mark)) }
                            td { (row.answers.join(", ")) }
                        }
                    }
                }
            }
            p.hint { (text::rule_at(&flag.place.to_string())) }
        }
    }
}

fn mark(mark: DayMark) -> &'static str {
    match mark {
        DayMark::Observed(Evidence::Present) => text::MARK_PRESENT,
        DayMark::Observed(Evidence::Between) => text::MARK_BETWEEN,
        DayMark::Observed(Evidence::Clear) => text::MARK_CLEAR,
        DayMark::Silent => text::MARK_SILENT,
        DayMark::Excused => text::MARK_EXCUSED,
        DayMark::Today => text::MARK_TODAY,
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
        section.card {
            h2 { (text::ANSWERS) }
            @if given.is_empty() { p { (text::NEVER_ANSWERED) } } @else {
                table.plain {
                    thead { tr { th scope="col" { (text::COLUMN_ABOUT) } th scope="col" { (text::COLUMN_RECEIVED) } th scope="col" { (text::COLUMN_ANSWERS) } } }
                    tbody {
                        @for (at, (received, answer)) in given.iter().enumerate().rev().take(ANSWERS) {
                            tr.replaced[replaced(at)] {
                                th scope="row" { (answer.about_day.format(text::SHORT_DATE)) }
                                td { (view.when(*received)) @if replaced(at) { span.hint { " " (text::REPLACED) } } }
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

fn values(view: &View<'_>, answer: &AnswerEvent) -> Markup {
    let signs = answer.emergencies.iter().flatten().map(|id| {
        view.book.emergencies.iter().find(|sign| sign.id == *id).map_or(id.as_str(), |sign| &*sign.ask)
    });
    html! {
        dl.values {
            @for (question, value) in answer.values.iter() {
                dt { (view.book.question(question.as_str()).map_or(question.as_str(), |(_, question)| &*question.ask)) }
                dd {
                    @match value {
                        Value::YesNo(true) => (crate::text::YES),
                        Value::YesNo(false) => (crate::text::NO),
                        Value::Number(number) => (number),
                        Value::Word(word) => (word),
                    }
                }
            }
        }
        @for sign in signs { p.fault { (text::SIGN) " " (sign) } }
    }
}

/// Every message with why, newest first.
pub(super) fn messages(view: &View<'_>) -> Markup {
    html! {
        section.card {
            h2 { (text::MESSAGES) }
            @if view.messages.rows.is_empty() { p { (text::NO_MESSAGES) } } @else {
                table.plain {
                    thead { tr { th scope="col" { (text::COLUMN_WHEN) } th scope="col" { (text::COLUMN_WHAT) } th scope="col" { (text::COLUMN_WHY) } } }
                    tbody {
                        @for message in &view.messages.rows {
                            tr {
                                td { (view.when(message.settled_at.unwrap_or(message.decided_at))) }
                                th scope="row" {
                                    @match &message.mail {
                                        Some(mail) => a href={ (view.room.href("/console/messages/")) (message.key.0) } { (mail.subject) },
                                        None => (message.identity_text),
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
    let zone = room.recorder.book().clinic.time_zone;
    let when = |at: DateTime<Utc>| at.with_timezone(&zone).format(text::DATE_AND_TIME).to_string();
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
