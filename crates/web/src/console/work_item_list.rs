//! The first page: who needs a look, most urgent first, and why.

use afterrun_rules::{RuleBook, chart::Reach};
use afterrun_store::{Page, StoreError, StoredChart, WorkFilter, WorkRow, WorkState};
use axum::{
    extract::{Query, State},
    response::Response,
};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Room, Shared, frame,
    frame::Tab,
    live,
    session::{Posted, SignedIn},
    sparkline::sparkline,
    text,
};
use crate::words;

/// Rows a page: a screen or two, and a chart read for each.
const ROWS: u32 = 25;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    show: Option<String>,
    after: Option<String>,
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
    match read(&room, filter, asked.after.as_deref(), me.now).await {
        Ok(page) => list(&room, &me, shown, &page),
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

fn list(room: &Room, me: &SignedIn, shown: &str, page: &Rows) -> Response {
    let book = room.recorder.book();
    let main = html! {
        div.heading {
            h1 { (text::WORK_LIST) }
            form method="post" action=(room.href("/console/looked")) {
                (frame::token(me))
                button.quiet { (text::LOOKED) }
                @if let Some(at) = me.user.looked_at {
                    span.hint { " " (text::last_looked(&words::day_and_time(at, book.clinic.time_zone, at.with_timezone(&book.clinic.time_zone).date_naive()))) }
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
                        th scope="col" { (text::COLUMN_STATE) }
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
                span.hint { (last_run(stored, today)) }
                @if row.reach != Reach::Confirmed { span.hint { (text::reach(row.reach)) } }
            }
            td {
                @if let Some(title) = row.flag.as_ref().and_then(|flag| book.flag(flag.as_str())).map(|flag| &flag.title) {
                    strong.title { (title) }
                }
                p.reason { (text::plain(&row.reason.text)) }
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
                        button.secondary name="do" value="take" { (text::TAKE) span.unseen { " " (me.names(&row.patient_name)) } }
                    }
                }
            }
        }
    }
}

/// State and owner in words.
pub(crate) fn state(row: &WorkRow, now: DateTime<Utc>, book: &RuleBook) -> Markup {
    let zone = book.clinic.time_zone;
    let is_back = row.state == WorkState::Snoozed && row.snoozed_until.is_some_and(|until| until <= now);
    html! {
        span.state {
            @if is_back { (text::BACK_FROM_SNOOZE) } @else { (text::state(row.state)) }
        }
        " "
        span.hint {
            @match &row.owner { Some((_, email)) => (email), None => (text::NOBODYS) }
        }
        @if let Some(until) = row.snoozed_until.filter(|until| *until > now) {
            span.hint { (text::until(&words::day_and_time(until, zone, now.with_timezone(&zone).date_naive()))) }
        }
    }
}

fn last_run(stored: &StoredChart, today: chrono::NaiveDate) -> String {
    match stored.chart.runs.last() {
        Some(run) => words::run_on(run, stored.patient.units, today),
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
