//! One runner: the weeks in a picture, why and why not for each flag, every answer and message, what comes
//! next, and what can be done. Every view is in the audit log.

use std::sync::Arc;

use afterrun_rules::{
    Chart, RuleBook, TimedEvent, assess,
    assess::Assessment,
    explain::{Explanation, explain},
    ids::PatientId,
};
use afterrun_store::{
    LinkScope, Message, MessageKey, Page, Patient, StoreError, USER_LINK, Waiting, WorkLine, WorkRow,
    WorkState,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use maud::html;
use serde::Deserialize;

use super::{
    Room, Shared, frame, frame::Tab, patient_care as care, patient_flags::flags, patient_next::next,
    patient_plot::Plot, patient_sections as sections, patient_waiting::waiting, session::SignedIn, text,
};
use crate::link::Open;

/// Messages, and lines of history, shown at a time.
const ROWS: u32 = 30;

/// What is asked for in the address.
#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    /// What was just done.
    done: Option<String>,
    /// It was only recorded, the clock being in doubt.
    waits: Option<String>,
    /// Where the list of messages goes on.
    messages: Option<String>,
    /// Where the history goes on.
    history: Option<String>,
}

/// Everything the page shows.
pub(crate) struct View<'a> {
    pub room: &'a Room,
    pub me: &'a SignedIn,
    pub book: Arc<RuleBook>,
    pub patient: Patient,
    pub chart: Chart,
    pub assessment: Assessment,
    pub explanation: Explanation,
    pub events: Vec<TimedEvent>,
    pub messages: Page<Message>,
    pub history: Page<WorkLine>,
    pub row: Option<WorkRow>,
    /// What was told while the clock was in doubt, and no decision knows of yet.
    pub waiting: Vec<Waiting>,
}

impl<'a> View<'a> {
    /// Reads a runner's page. The view is noted first: a chart that could not be noted is not shown.
    async fn read(
        room: &'a Room,
        me: &'a SignedIn,
        id: &PatientId,
        asked: &Asked,
    ) -> Result<Self, StoreError> {
        let stored = room.store.chart(id).await?;
        room.store.audit(me.now, &me.actor(), "chart-view", id.as_str()).await?;
        let book = room.recorder.book();
        let mut chart = stored.chart;
        chart.book_since = room.desk.book_since();
        let assessment = assess(&book, &chart, me.now);
        Ok(Self {
            events: room.store.events(id).await?,
            messages: room.store.messages(Some(id), asked.messages.as_deref(), ROWS).await?,
            history: room.store.work_history(id, asked.history.as_deref(), ROWS).await?,
            row: room.store.work_row(id).await?,
            patient: stored.patient,
            waiting: stored.waiting,
            room,
            me,
            explanation: explain(&book, &chart, me.now),
            book,
            chart,
            assessment,
        })
    }

    /// The page's own path.
    pub(crate) fn path(&self) -> String {
        self.room.href(&format!("/console/patients/{}", self.patient.id))
    }

    /// There is something to do about the runner.
    pub(crate) fn open_row(&self) -> Option<&WorkRow> {
        self.row.as_ref().filter(|row| row.state != WorkState::Resolved)
    }
}

/// GET.
pub(crate) async fn show(
    State(room): State<Shared>,
    me: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match View::read(&room, &me, &id.into(), &asked).await {
        Ok(view) => {
            let done = asked.done.as_deref();
            let done = done.and_then(|what| text::done_or_recorded(what, asked.waits.is_some()));
            page(&view, done.as_deref())
        }
        Err(error) => frame::unavailable(&room, &error),
    }
}

fn page(view: &View<'_>, done: Option<&str>) -> Response {
    let plot = Plot::of(view);
    let main = html! {
        @if let Some(words) = done { p.done role="status" { (words) } }
        (sections::head(view))
        (waiting(view))
        div.sheet {
            div.story {
                section.card { h2 { (text::TIMELINE) } (plot.drawing()) (plot.table()) }
                (flags(view))
                (sections::answers(view))
                (sections::messages(view))
            }
            aside.side aria-label=(text::ACTIONS) {
                (care::work(view))
                (next(view))
            }
            div.side.later {
                (sections::history(view))
                @if view.me.may_act() { (care::care(view)) }
            }
        }
    };
    frame::page(view.room, view.me, Tab::None, &view.patient.name, main)
}

/// GET: one message as it was sent.
pub(crate) async fn message(State(room): State<Shared>, me: SignedIn, Path(key): Path<i64>) -> Response {
    let read = async {
        let message = room.store.message(MessageKey(key)).await?;
        // It lets whoever reads it into somebody else's account.
        if message.identity_text.starts_with(USER_LINK) {
            return Err(StoreError::NotFound { what: "message", id: key.to_string() });
        }
        let subject = message.patient.as_ref().map_or_else(|| format!("message {key}"), ToString::to_string);
        room.store.audit(me.now, &me.actor(), "message-view", &subject).await?;
        let attempts = room.store.attempts(MessageKey(key)).await?;
        Ok((message, attempts))
    };
    match read.await {
        Ok((message, attempts)) => {
            let main = sections::message(&room, &message, &attempts);
            frame::page(&room, &me, Tab::None, text::MESSAGE, main)
        }
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// What the run form of the runner's own page works with.
pub(crate) fn as_opened(
    patient: Patient,
    chart: Chart,
    book: Arc<RuleBook>,
    now: chrono::DateTime<chrono::Utc>,
) -> Open {
    let link = afterrun_store::Link {
        patient: patient.id.clone(),
        scope: LinkScope::MyPage,
        expires_at: None,
        revoked: false,
    };
    // Whoever takes a turn on it reads it anew.
    Open { link, patient, chart, version: None, book, now, closed: None, on_behalf: None }
}
