//! The first page: who needs a look, most urgent first, and why.

use afterrun_rules::{
    Chart, RuleBook,
    book::FlagEvidence,
    chart::{Reach, Source},
    describe,
    evidence::Report,
};
use afterrun_store::{Page, StoreError, StoredChart, Urgency, WorkFilter, WorkRow, WorkState};
use axum::{
    extract::{Query, State},
    response::Response,
};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Room, Shared, dates, frame,
    frame::Tab,
    live,
    session::{Posted, SignedIn},
    sparkline::{scale, sparkline},
    text, text_patient,
    work_item_settled::settled,
};
use crate::words;

/// Rows a page: a screen or two, and a chart read for each.
const ROWS: u32 = 25;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    show: Option<String>,
    after: Option<String>,
    /// What was just done.
    done: Option<String>,
    /// It was only recorded, the clock being in doubt.
    waits: Option<String>,
}

const FILTERS: [(&str, &str); 7] = [
    ("open", text::FILTER_OPEN),
    ("mine", text::FILTER_MINE),
    ("unowned", text::FILTER_UNOWNED),
    ("quiet", text::FILTER_QUIET),
    ("bounced", text::FILTER_BOUNCED),
    ("since", text::FILTER_SINCE),
    ("snoozed", text::FILTER_SNOOZED),
];

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn, Query(asked): Query<Asked>) -> Response {
    let shown = asked.show.as_deref().unwrap_or("open");
    let filter = match shown {
        "mine" => WorkFilter::Of(me.user.key),
        "unowned" => WorkFilter::Unowned,
        "quiet" => WorkFilter::Quiet,
        "bounced" => WorkFilter::Bounced,
        "since" => WorkFilter::Since(me.user.looked_at.unwrap_or(DateTime::UNIX_EPOCH)),
        "snoozed" => WorkFilter::Snoozed,
        _ => WorkFilter::Open,
    };
    // Reasons and pictures are about health. A page that asks by itself what is new shows nobody more than before.
    if me.live.is_none()
        && let Err(error) = room.store.audit(me.now, &me.actor(), "work-list-view", "").await
    {
        return frame::unavailable(&room, &error);
    }
    match read(&room, filter, asked.after.as_deref(), me.now).await {
        Ok(page) => {
            let done = asked.done.as_deref();
            let done = done.and_then(|what| text::done_or_recorded(what, asked.waits.is_some()));
            list(&room, &me, shown, &page, done.as_deref())
        }
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// POST: the user has looked through the list.
pub(crate) async fn looked(State(room): State<Shared>, Posted { me, .. }: Posted) -> Response {
    match room.store.set_looked(&me.user, me.now).await {
        Ok(()) => frame::see_other(&room, "/console"),
        Err(error) => frame::unavailable(&room, &error),
    }
}

type Rows = Page<(WorkRow, StoredChart)>;

async fn read(
    room: &Room,
    filter: WorkFilter,
    after: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Rows, StoreError> {
    let page = room.store.work_list(filter, after, ROWS, now).await?;
    let mut rows = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        match room.store.chart(&row.patient).await {
            Ok(chart) => rows.push((row, chart)),
            // Erased between the two reads.
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Page { rows, next: page.next })
}

fn list(room: &Room, me: &SignedIn, shown: &str, page: &Rows, done: Option<&str>) -> Response {
    let book = room.recorder.book();
    let main = html! {
        @if let Some(words) = done { p.done role="status" { (words) } }
        div.heading {
            h1 { (text::WORK_LIST) }
            p.beside { a href=(room.href("/console/scorecard")) { (text_patient::SCORECARD) } }
            form method="post" action=(room.href("/console/looked")) {
                (frame::token(me))
                button.quiet { (text::LOOKED) }
                @if let Some(at) = me.user.looked_at {
                    span.hint { " " (text::last_looked(&words::day_and_time(at, book.clinic.time_zone, at.with_timezone(&book.clinic.time_zone).date_naive(), Some(dates::way(&book))))) }
                }
            }
        }
        nav.filters aria-label=(text::FILTERS) {
            ul {
                @for (name, words) in FILTERS {
                    li {
                        a href={ (room.href("/console")) "?show=" (name) } aria-current=[(name == shown).then_some("true")] { (words) }
                    }
                }
            }
        }
        @if page.rows.is_empty() {
            section.card.empty { p { (text::NOBODY) } }
        } @else {
            table.work {
                thead {
                    tr {
                        th scope="col" { (text::COLUMN_URGENCY) }
                        th scope="col" { (text::COLUMN_RUNNER) }
                        th scope="col" { (text::COLUMN_WHY) }
                        th scope="col" { (text::COLUMN_DAYS) }
                        th scope="col" { (text_patient::COLUMN_STATE) }
                    }
                }
                tbody { @for (row, stored) in &page.rows { (work_row(room, me, &book, row, stored)) } }
            }
        }
        @if let Some(next) = &page.next {
            p.more { a href={ (room.href("/console")) "?show=" (shown) "&after=" (next) } { (text::MORE) } }
        }
    };
    live::page(room, me, Tab::Work, text::WORK_LIST, main)
}

fn work_row(room: &Room, me: &SignedIn, book: &RuleBook, row: &WorkRow, stored: &StoredChart) -> Markup {
    let chart = &stored.chart;
    let today = chart.local_date(me.now);
    let path = room.href(&format!("/console/patients/{}", row.patient));
    html! {
        tr {
            td.urgency {
                span.chip.(text::urgency_class(row.urgency)) { (text::urgency(row.urgency)) }
                @if row.is_overdue(me.now) { span.overdue { (text::OVERDUE) } }
            }
            th scope="row" {
                a.runner href=(path) { (me.names(&row.patient_name)) }
                span.hint { (last_run(book, stored, today)) }
                @if row.reach != Reach::Confirmed { span.hint { (text::reach(row.reach)) } }
            }
            td {
                @if let Some(title) = title(book, row) { strong.title { (title) } }
                @if let Some(words) = settled(book, chart, row, me.now) { p.settled { (words) } }
                p.reason { (text_patient::reason_below_title(&text::plain(&row.reason.text), title(book, row))) }
                @let numbers = newest_answer(book, chart, row);
                @if !numbers.is_empty() { p.numbers { span.hint { (text_patient::NEWEST) } " " (numbers) } }
                @if !stored.waiting.is_empty() { p.hint { (text_patient::waits_on_list(stored.waiting.len())) } }
                @if row.open_items > 1 { p.hint { (text::and_more(row.open_items - 1)) } }
            }
            td {
                (sparkline(book, chart, today))
                span.hint { (last_answer(chart, today)) }
            }
            td {
                (state(row, me.now, book))
                @if me.may_act() && row.owner.as_ref().is_none_or(|(key, _)| *key != me.user.key) {
                    form method="post" action=(path) {
                        (frame::token(me))
                        input type="hidden" name="back" value="list";
                        button.primary name="do" value="take" { (text::TAKE) span.unseen { " " (me.names(&row.patient_name)) } }
                    }
                }
                @if me.may_act() { (one_tap(me, row, &path)) }
            }
        }
    }
}

/// Title of the row's flag, if it has one.
fn title<'a>(book: &'a RuleBook, row: &WorkRow) -> Option<&'a str> {
    row.flag.as_ref().and_then(|flag| book.flag(flag.as_str())).map(|flag| &*flag.title)
}

/// How it ended, in one tap. Whoever closes an emergency has to have opened the runner's page.
fn one_tap(me: &SignedIn, row: &WorkRow, path: &str) -> Markup {
    if row.urgency == Urgency::Emergency {
        return html! {};
    }
    html! {
        form.outcome method="post" action=(path) {
            (frame::token(me))
            input type="hidden" name="back" value="list";
            input type="hidden" name="do" value="resolve";
            span.hint { (text_patient::OUTCOME) }
            @for (word, _, words) in text_patient::OUTCOMES {
                button.secondary name="how" value=(word) { (words) span.unseen { ": " (me.names(&row.patient_name)) } }
            }
        }
    }
}

/// The newest report's numbers behind the reason: what the flag's condition asks, or else the scale.
fn newest_answer(book: &RuleBook, chart: &Chart, row: &WorkRow) -> String {
    let newest = chart.answers.iter().rposition(|answer| matches!(answer.source, Source::CheckIn(_)));
    let Some(at) = newest else { return String::new() };
    let report = Report { book, answers: &chart.answers, at };
    let mut asked = Vec::new();
    match row.flag.as_ref().and_then(|flag| book.flag(flag.as_str())).map(|flag| &flag.evidence) {
        Some(FlagEvidence::Days { when, .. }) => when.for_each_question(&mut |question| asked.push(question)),
        _ => {
            asked.extend(scale(book).and_then(|(question, ..)| Some(book.question(question.id.as_str())?.0)))
        }
    }
    asked.dedup();
    let said = asked.into_iter().filter_map(|question| {
        let value = report.value_of(question)?;
        Some(format!("{} {}", describe::question_name(book, question), text_patient::value(value)))
    });
    said.collect::<Vec<_>>().join(", ")
}

/// State and owner in words.
pub(crate) fn state(row: &WorkRow, now: DateTime<Utc>, book: &RuleBook) -> Markup {
    let zone = book.clinic.time_zone;
    let is_back = row.state == WorkState::Snoozed && row.snoozed_until.is_some_and(|until| until <= now);
    let owner = row.owner.as_ref().map_or(text::NOBODYS, |(_, email)| email);
    let mut said = vec![owner.to_owned()];
    said.extend(row.contact.map(|contact| text::contact(contact).to_owned()));
    said.extend(row.snoozed_why.as_deref().map(shortened));
    if let Some(until) = row.snoozed_until.filter(|until| *until > now) {
        let today = now.with_timezone(&zone).date_naive();
        said.push(text::until(&words::day_and_time(until, zone, today, Some(dates::way(book)))));
    }
    html! {
        span.state { @if is_back { (text::BACK_FROM_SNOOZE) } @else { (text::state(row.state)) } }
        " "
        span.hint { (said.join(" · ")) }
    }
}

/// The beginning of what somebody wrote; all of it is on the runner's page.
fn shortened(said: &str) -> String {
    const FITS: usize = 120;
    match said.char_indices().nth(FITS) {
        Some((end, _)) => format!("{}…", said[..end].trim_end()),
        None => said.to_owned(),
    }
}

fn last_run(book: &RuleBook, stored: &StoredChart, today: chrono::NaiveDate) -> String {
    match stored.chart.runs.last() {
        Some(run) => words::run_on(run, dates::units(book, &stored.patient), today, Some(dates::way(book))),
        None => text::NO_RUN.to_owned(),
    }
}

/// Days since the last answer, in words.
pub(crate) fn last_answer(chart: &afterrun_rules::Chart, today: chrono::NaiveDate) -> String {
    let newest = chart.answers.iter().map(|answer| answer.received_at).max();
    match newest {
        Some(at) => text::answered_ago((today - chart.local_date(at)).num_days()),
        None => text::NEVER_ANSWERED.to_owned(),
    }
}
