//! My page: the recovery in force, what comes next, my runs, pause, time zone.
//!
//! Every button posts one fact. Posting the same twice is harmless: a run's id comes from its start.

pub(crate) mod run_form;
mod sections;
mod zone_form;

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, Days, Utc};
use maud::html;

use afterrun_rules::{Chart, Event, chart::PauseEvent, ids::RunId};

use crate::{
    fields::Fields,
    layout::{self, Sheet},
    link::{self, Closed, Door, Open, Token},
    shut,
    site::{Shared, Site},
    standing::Standing,
    text, words,
};
use run_form::RunEntered;

/// Longest pause with an end, in days; who wants longer picks "until I say so".
const LONGEST_PAUSE_DAYS: u64 = 90;

/// What is shown.
pub(crate) struct View<'a> {
    pub open: &'a Open,
    pub chart: &'a Chart,
    pub now: DateTime<Utc>,
    pub standing: Standing<'a>,
    /// The run form as entered, with its faults.
    pub run: RunEntered,
    /// Show the zones to choose from.
    pub zones: bool,
}

/// What a page says about the button just pressed.
enum Said {
    Nothing,
    Done(&'static str),
    Trouble(StatusCode, String),
}

/// GET.
pub(crate) async fn show(
    State(site): State<Shared>,
    Token(token): Token,
    RawQuery(query): RawQuery,
) -> Response {
    let open = match link::open(&site, &token, Door::MyPage).await {
        Ok(open) => open,
        Err(why) => return shut::no_link(&site, &why),
    };
    if let Some(why) = open.closed {
        return shut::closed(&site, why);
    }
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let run = match query.get("edit").and_then(|id| logged(&open.chart, id)) {
        Some(run) => RunEntered::from_logged(run, &open),
        None => RunEntered::blank(&open),
    };
    let zones = query.get("zones").is_some();
    page(&site, &open, &open.chart, open.now, run, zones, &Said::Nothing)
}

/// POST.
pub(crate) async fn submit(State(site): State<Shared>, Token(token): Token, fields: Fields) -> Response {
    let open = match link::open(&site, &token, Door::MyPage).await {
        Ok(open) => open,
        Err(why) => return shut::no_link(&site, &why),
    };
    if open.closed == Some(Closed::Revoked) {
        return shut::closed(&site, Closed::Revoked);
    }
    if fields.what() == "fresh-link" {
        return shut::fresh_link(&site, site.recorder.send_fresh_link(&open.patient.id).await);
    }
    if open.closed.is_some() && !open.may_finish() {
        return shut::closed(&site, Closed::Expired);
    }
    let refused = |words: &str| Said::Trouble(StatusCode::UNPROCESSABLE_ENTITY, words.to_owned());
    let again = |run: RunEntered, said: &Said| page(&site, &open, &open.chart, open.now, run, false, said);
    if open.chart.stopped_at.is_some() {
        return again(RunEntered::blank(&open), &refused(text::STOPPED_NOTHING_STORED));
    }
    let wanted = if fields.what() == "log-run" {
        let mut entered = RunEntered::from_fields(&fields, &open);
        match entered.read(&open) {
            Some(run) => Ok((Event::Run(run), text::RUN_LOGGED)),
            None => return again(entered, &refused(text::NOT_STORED_LOOK)),
        }
    } else {
        event(&open, &fields)
    };
    let (event, done) = match wanted {
        Ok(wanted) => wanted,
        Err(words) => return again(RunEntered::blank(&open), &refused(words)),
    };
    match site.recorder.record(&open.patient.id, vec![event]).await {
        Ok(recorded) => {
            let blank = RunEntered::blank(&open);
            page(&site, &open, &recorded.chart, recorded.now, blank, false, &Said::Done(done))
        }
        Err(error) => {
            tracing::warn!(patient = %open.patient.id, %error, "an event was not stored");
            let said = match error {
                crate::RecordError::Refused(words) => refused(&words),
                _ => Said::Trouble(StatusCode::SERVICE_UNAVAILABLE, text::NOT_STORED_TRY_AGAIN.to_owned()),
            };
            again(RunEntered::from_fields(&fields, &open), &said)
        }
    }
}

/// The fact behind a button, and what to say once it is stored.
fn event(open: &Open, fields: &Fields) -> Result<(Event, &'static str), &'static str> {
    match fields.what() {
        "delete-run" => {
            let run = fields.get("run").and_then(|id| logged(&open.chart, id)).ok_or(text::NO_SUCH_RUN)?;
            Ok((Event::RunRemoved { run: run.run.id.clone() }, text::RUN_DELETED))
        }
        "pause" => {
            let until = match fields.get("for") {
                Some("open") => None,
                other => {
                    let days: u64 = other.and_then(|days| days.parse().ok()).ok_or(text::CHOOSE_HOW_LONG)?;
                    let days = Some(days).filter(|days| (1..=LONGEST_PAUSE_DAYS).contains(days));
                    let today = open.chart.local_date(open.now);
                    let until = days.and_then(|days| today.checked_add_days(Days::new(days)));
                    Some(until.ok_or(text::CHOOSE_HOW_LONG)?)
                }
            };
            Ok((Event::Pause(PauseEvent { until }), text::PAUSED))
        }
        "resume" => Ok((Event::Resume {}, text::RESUMED)),
        "time-zone" => {
            let time_zone = fields.get("zone").and_then(|zone| zone.parse().ok()).ok_or(text::CHOOSE_ZONE)?;
            Ok((Event::TimeZone { time_zone }, text::ZONE_CHANGED))
        }
        _ => Err(text::NOTHING_TO_DO),
    }
}

fn logged<'a>(chart: &'a Chart, id: &str) -> Option<&'a afterrun_rules::chart::LoggedRun> {
    let id = RunId::from(id);
    chart.runs.iter().find(|run| run.run.id == id)
}

fn page(
    site: &Site,
    open: &Open,
    chart: &Chart,
    now: DateTime<Utc>,
    run: RunEntered,
    zones: bool,
    said: &Said,
) -> Response {
    let standing = Standing::of(&open.book, chart, now);
    let view = View { open, chart, now, standing, run, zones };
    let first_name = open.patient.name.split_whitespace().next().unwrap_or_default();
    let status = match said {
        Said::Trouble(status, _) => *status,
        Said::Nothing | Said::Done(_) => StatusCode::OK,
    };
    let main = html! {
        div.intro { h1 { (text::hello(first_name)) } }
        @match said {
            Said::Nothing => {},
            Said::Done(words) => { p.done role="status" tabindex="-1" autofocus { (words) } },
            Said::Trouble(_, words) => {
                div.alert role="alert" tabindex="-1" autofocus {
                    p { strong { (words) } }
                    (sections::run_faults(&view))
                }
            },
        }
        @if chart.stopped_at.is_some() {
            section.card { h2 { (text::STOPPED_TITLE) } p { (text::STOPPED_MY_PAGE) } }
        } @else {
            (sections::standing(&view))
            (sections::next(&view))
            (sections::log_run(&view))
        }
        (sections::runs(&view))
        @if chart.stopped_at.is_none() {
            (sections::pause(&view))
            (zone_form::section(&view))
        }
        (crate::check_in::contact(&open.book))
    };
    layout::page(site, Sheet { status, title: text::MY_PAGE_TITLE, style: None, main })
}

impl View<'_> {
    pub(crate) fn today(&self) -> chrono::NaiveDate {
        self.chart.local_date(self.now)
    }

    pub(crate) fn day(&self, day: chrono::NaiveDate) -> String {
        words::day(day, self.today(), self.open.book.clinic.locale)
    }
}
