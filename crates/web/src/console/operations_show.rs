//! The state of the machinery: what waits and for how long, due against sent, the mail server and the hand on the
//! brake, the clock, backups, versions. Names no runner: whoever looks after the machinery needs none.

use afterrun_rules::book::Locale;
use afterrun_store::{Bounces, MailHour, Message, Page, QueueDepth, StoreError};
use axum::{
    extract::{Query, State},
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Machinery, Room, Shared, dates, frame, frame::Tab, hours, hours_plot, live, rules_frame,
    session::SignedIn, text, text_operations as words,
};

/// Messages a page.
const ROWS: u32 = 20;

/// How far back bounces are counted.
const BOUNCES_SINCE: TimeDelta = TimeDelta::days(30);

/// Days after which a backup counts as old.
const BACKUP_EVERY_DAYS: i64 = 2;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    done: Option<String>,
    after: Option<String>,
}

/// Everything the page shows.
struct View {
    machinery: Machinery,
    depth: QueueDepth,
    hours: Vec<(DateTime<Utc>, MailHour)>,
    bounces: Bounces,
    schema: u32,
    newest: Page<Message>,
    zone: Tz,
    way: Locale,
    now: DateTime<Utc>,
}

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn, Query(asked): Query<Asked>) -> Response {
    match read(&room, me.now, asked.after.as_deref()).await {
        Ok(view) => page(&room, &me, &view, asked.done.as_deref().and_then(words::done), None),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// After something that was not done.
pub(super) async fn refused(room: &Room, me: &SignedIn, fault: &str) -> Response {
    match read(room, me.now, None).await {
        Ok(view) => {
            let mut response = page(room, me, &view, None, Some(fault));
            *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            response
        }
        Err(error) => frame::unavailable(room, &error),
    }
}

async fn read(room: &Room, now: DateTime<Utc>, after: Option<&str>) -> Result<View, StoreError> {
    let book = room.recorder.book();
    Ok(View {
        machinery: room.desk.machinery().await?,
        depth: room.store.queue_depth(now).await?,
        hours: hours::until(room, now).await?,
        bounces: room.store.bounces(now - BOUNCES_SINCE).await?,
        schema: room.store.schema().await?,
        newest: room.store.messages(None, after, ROWS).await?,
        zone: book.clinic.time_zone,
        way: dates::way(&book),
        now,
    })
}

impl View {
    fn when(&self, at: DateTime<Utc>) -> String {
        dates::date_and_time(at, self.zone, self.way)
    }

    fn maybe_when(&self, at: Option<DateTime<Utc>>) -> String {
        at.map_or_else(|| words::NEVER.to_owned(), |at| self.when(at))
    }
}

fn page(room: &Room, me: &SignedIn, view: &View, done: Option<&str>, fault: Option<&str>) -> Response {
    let counts = [
        (text::DUE, view.depth.due),
        (text::LATER, view.depth.later),
        (text::IN_FLIGHT, view.depth.in_flight),
        (text::PUT_ASIDE, view.depth.quarantined),
    ];
    let main = html! {
        @if let Some(words) = done { p.done role="status" { (words) } }
        @if let Some(words) = fault { p.fault role="alert" { (words) } }
        h1 { (text::OPERATIONS) }
        div.tiles {
            @for (words, count) in counts {
                section.card.tile { p.figure { (count) } h2 { (words) } }
            }
        }
        div.sheet {
            div.story {
                section.card {
                    h2 { (words::HOURS) }
                    (hours_plot::drawing(&view.hours, view.zone, view.way))
                    (hours_plot::table(&view.hours, view.zone, view.way))
                }
                (ended(view))
                (messages(room, view))
            }
            aside.side {
                (mail_server(me, view))
                (holding(me, view))
            }
            div.side.later {
                (clock(view))
                (versions(room, view))
            }
        }
    };
    live::page(room, me, Tab::Operations, text::OPERATIONS, main)
}

fn mail_server(me: &SignedIn, view: &View) -> Markup {
    html! {
        section.card {
            h2 { (text::MAIL_SERVER) }
            @match &view.machinery.circuit {
                Some(open) => {
                    p.fault { (words::CIRCUIT_OPEN) }
                    p { (open.why) }
                    p { (words::next_try(&view.when(open.until))) }
                    @if me.may_act() {
                        form.stack method="post" {
                            (frame::token(me))
                            button.secondary name="do" value="try-now" { (words::TRY_NOW) }
                            p.hint { (words::TRY_NOW_HINT) }
                        }
                    }
                }
                None => p { (words::CIRCUIT_CLOSED) },
            }
            @if let Some(due) = view.depth.oldest_due { p { (words::waits_since(&view.when(due))) } }
        }
    }
}

fn holding(me: &SignedIn, view: &View) -> Markup {
    let machinery = &view.machinery;
    let is_held = machinery.held.is_some() || machinery.clock_hold.is_some();
    let (what, label, hint, class) = if is_held {
        ("release", words::RELEASE, words::RELEASE_HINT, "primary")
    } else {
        ("hold", words::HOLD, words::HOLD_HINT, "danger")
    };
    let form = html! {
        form.stack method="post" {
            (frame::token(me))
            label for="why" { (words::REASON) }
            input #why name="why" maxlength="500" required;
            button.(class) name="do" value=(what) { (label) }
            p.hint { (hint) }
        }
    };
    html! {
        section.card {
            h2 { (words::HOLDING) }
            @match &machinery.held {
                Some(why) => { p.fault { (words::HELD) } p { (why) } }
                None if is_held => {}
                None => p { (words::GOES_OUT) },
            }
            @if let Some(why) = &machinery.clock_hold { p.fault { (words::CLOCK_IN_DOUBT) } p { (why) } p { (words::CLOCK_RELEASE) } }
            @if me.may_act() {
                @if is_held { (form) } @else { details { summary { (words::HOLD) } (form) } }
            }
        }
    }
}

fn clock(view: &View) -> Markup {
    let machinery = &view.machinery;
    html! {
        section.card {
            h2 { (words::CLOCK_TITLE) }
            @if machinery.clock_hold.is_some() {
                p.fault { (words::CLOCK_IN_DOUBT) }
            } @else if machinery.clock_is_guarded {
                p { (words::CLOCK_BELIEVED) }
            } @else {
                p { (words::CLOCK_SET_BY_HAND) }
            }
            dl.values {
                dt { (words::LAST_TICK) } dd { (view.maybe_when(machinery.last_tick)) }
                dt { (words::LAST_ROUND) } dd { (view.maybe_when(machinery.last_round)) }
            }
        }
    }
}

fn versions(room: &Room, view: &View) -> Markup {
    let book = room.recorder.book();
    let backup = view.machinery.last_backup;
    let age = backup.map(|at| (view.now - at).num_days());
    html! {
        section.card {
            h2 { (text::VERSIONS) }
            dl.values {
                dt { (words::BACKUP) }
                dd {
                    @match backup {
                        Some(at) => (view.when(at)),
                        None => span.fault { (words::NO_BACKUP) },
                    }
                    @if let Some(days) = age.filter(|days| *days >= BACKUP_EVERY_DAYS) { " " span.fault { (words::old_backup(days)) } }
                }
                dt { (text::PRODUCT) } dd { (room.desk.version()) }
                dt { (words::SCHEMA) } dd { (view.schema) }
                dt { (text::BOOK) } dd { code { (book.hash.short()) } }
                dt { (text::IN_FORCE) } dd { (rules_frame::since(room, room.desk.book_since())) }
                dt { (words::TIME_ZONES) } dd { (view.machinery.time_zones) }
                dt { (text::TIME) } dd { (view.zone.name()) }
            }
        }
    }
}

/// What became of the mail of a day, what came back, and what nobody can explain.
fn ended(view: &View) -> Markup {
    let day = view.hours.get(view.hours.len().saturating_sub(24)..).unwrap_or_default();
    let day = hours::sum(day);
    let rows = [
        (words::COLUMN_DUE, day.due),
        (words::COLUMN_SENT, day.sent),
        (words::COLUMN_REFUSED, day.refused),
        (words::COLUMN_GIVEN_UP, day.given_up),
        (words::COLUMN_CANCELLED, day.cancelled),
    ];
    html! {
        div.columns {
            section.card {
                h2 { (words::LAST_DAY) }
                dl.counts { @for (words, count) in rows { dt { (words) } dd { (count) } } }
            }
            section.card {
                h2 { (words::COMPARED) }
                @match &view.machinery.unexplained {
                    None => p { (words::NOT_COMPARED) },
                    Some(found) if found.is_empty() => p { (words::ALL_EXPLAINED) },
                    Some(found) => {
                        p.fault { (words::UNEXPLAINED) }
                        dl.counts { @for (words, count) in found { dt { (words) } dd { (count) } } }
                    }
                }
                dl.counts {
                    dt { (words::CAME_BACK) } dd { (view.bounces.came_back) }
                    dt { (words::DEAD) } dd { (view.bounces.dead) }
                }
            }
        }
    }
}

fn messages(room: &Room, view: &View) -> Markup {
    html! {
        section.card {
            h2 { (text::NEWEST_MESSAGES) }
            table.plain.stacked {
                thead { tr { th scope="col" { (text::COLUMN_WHEN) } th scope="col" { (text::COLUMN_WHAT) } th scope="col" { (text::COLUMN_STATE) } } }
                tbody {
                    @for message in &view.newest.rows {
                        tr {
                            td.when { (view.when(message.settled_at.unwrap_or(message.decided_at))) }
                            td { (message.message.as_ref().map_or(text::to(message.audience), |id| id.as_str())) }
                            td { (text::message_state(message.state)) @if let Some(end) = &message.end_reason { span.hint { (end) } } }
                        }
                    }
                }
            }
            @if let Some(next) = &view.newest.next {
                p.more { a href={ (room.href("/console/operations")) "?after=" (next) } { (words::OLDER) } }
            }
        }
    }
}
