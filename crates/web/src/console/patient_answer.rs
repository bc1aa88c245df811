//! Answers given by telephone: the runner's own check-in form, filled in by a clinician. What is recorded is the
//! runner's answer like any other, with a mark beside it.

use afterrun_rules::{
    Chart, Event, RuleBook,
    book::About,
    chart::{AnswerEvent, AnswerNamed, CheckIn, Source},
    ids::{CheckInId, PatientId},
};
use afterrun_store::{LinkScope, StoreError, WorkChange};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Deserialize;

use super::{
    Shared,
    act::WAITS,
    dates, frame,
    patient_show::as_opened,
    session::{Posted, SignedIn},
    text, text_patient,
};
use crate::{
    RecordError,
    check_in::{self, OnBehalf},
    link::Open,
    site::Site,
};

/// How far back an answer may lie, in days (2-rules 2.4).
const LATEST_DAYS: u64 = 14;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    day: Option<String>,
}

impl Asked {
    fn day(&self) -> Option<NaiveDate> {
        self.day.as_deref().and_then(|day| day.parse().ok())
    }
}

/// GET: the form.
pub(crate) async fn show(
    State(room): State<Shared>,
    me: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match opened(&room, &me, id, asked.day()).await {
        Ok((site, open, check_in)) => check_in::form_for(&site, &open, &check_in),
        Err(refused) => refused,
    }
}

/// POST: takes the answer, or shows the form again with what is wrong.
pub(crate) async fn submit(
    State(room): State<Shared>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    Posted { me, fields }: Posted,
) -> Response {
    let (site, open, check_in) = match opened(&room, &me, id, asked.day()).await {
        Ok(opened) => opened,
        Err(refused) => return refused,
    };
    let mut events = match check_in::events_of(&site, &open, &check_in, &fields) {
        Ok(events) => events,
        Err(again) => return *again,
    };
    let marks: Vec<Event> = events.iter().filter_map(mark).collect();
    events.extend(marks);
    let id = &open.patient.id;
    let stored = async {
        room.store.audit(me.now, &me.actor(), "telephone", id.as_str()).await?;
        let recorded = room.recorder.record(id, events).await;
        if recorded.is_ok() {
            let about = dates::way(&open.book).short_date(check_in.about_day);
            let did = WorkChange::Did("telephone", about);
            room.store.change_work(id, me.user.key, did, me.now).await?;
        }
        Ok::<_, StoreError>(recorded)
    };
    match stored.await {
        Ok(Ok(recorded)) => {
            let waits = if recorded.waits { WAITS } else { "" };
            frame::see_other(&room, &format!("/console/patients/{id}?done=telephone{waits}"))
        }
        Ok(Err(RecordError::Refused(words))) => {
            frame::says(&room, StatusCode::UNPROCESSABLE_ENTITY, text::NOT_DONE_TITLE, &words)
        }
        Ok(Err(error)) => {
            tracing::warn!(patient = %id, %error, "an answer given by telephone was not stored");
            frame::says(&room, StatusCode::SERVICE_UNAVAILABLE, text::NOT_DONE_TITLE, text::NOT_STORED)
        }
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// Says of an answer that it was taken by telephone.
fn mark(event: &Event) -> Option<Event> {
    let Event::Answer(AnswerEvent { check_in, run, about_day, .. }) = event else { return None };
    let named = AnswerNamed { check_in: check_in.clone(), run: run.clone(), about_day: *about_day };
    Some(Event::ByTelephone(named))
}

async fn opened(
    room: &Shared,
    me: &SignedIn,
    id: String,
    day: Option<NaiveDate>,
) -> Result<(Site, Open, CheckIn), Response> {
    if !me.may_act() {
        return Err(frame::not_allowed(room));
    }
    let id = PatientId::from(id);
    let read = async {
        let stored = room.store.chart(&id).await?;
        room.store.audit(me.now, &me.actor(), "chart-view", id.as_str()).await?;
        Ok(stored)
    };
    let stored = read.await.map_err(|error| frame::unavailable(room, &error))?;
    let refused =
        |words: &str| frame::says(room, StatusCode::UNPROCESSABLE_ENTITY, text::NOT_DONE_TITLE, words);
    if stored.patient.stopped_at.is_some() {
        return Err(refused(text::STOPPED_WORDS));
    }
    let today = stored.chart.local_date(me.now);
    let day = day.unwrap_or(today);
    let first = stored.chart.local_date(stored.chart.enrolled_at).max(today - Days::new(LATEST_DAYS));
    if day > today || day < first {
        return Err(refused(text_patient::BAD_ANSWER_DAY));
    }
    let book = room.recorder.book();
    let Some(check_in) = check_in_about(&book, &stored.chart, day, me.now) else {
        return Err(refused(text::NOTHING_TO_DO));
    };
    let mut open = as_opened(stored.patient, stored.chart, book, me.now);
    open.link.scope = LinkScope::CheckIn { check_in: check_in.id.clone(), about_day: day };
    open.on_behalf = Some(OnBehalf { token: me.form_token.clone() });
    let (store, recorder) = (room.store.clone(), room.recorder.clone());
    let site = Site::new(store, recorder, room.base_url.clone(), room.is_https());
    Ok((site, open, check_in))
}

/// The check-in issued about a day, so that the answer replaces the runner's own; or one made for the occasion.
fn check_in_about(book: &RuleBook, chart: &Chart, day: NaiveDate, now: DateTime<Utc>) -> Option<CheckIn> {
    if let Some(issued) = chart.check_ins.iter().rev().find(|check_in| check_in.about_day == day) {
        return Some(issued.clone());
    }
    let answered = chart.answers_about(day).find_map(|answer| match &answer.source {
        Source::CheckIn(id) => Some(id.clone()),
        Source::Run(_) => None,
    });
    let id: CheckInId = answered.or_else(|| book.check_ins.first().map(|rule| rule.id.clone()))?;
    let rule = book.check_in(id.as_str()).or(book.check_ins.first())?;
    let mut questions: Vec<_> = rule.ask.iter().map(|ix| book.questions[ix.0 as usize].id.clone()).collect();
    questions.dedup();
    let asks_about_run =
        book.questions.iter().any(|one| one.about == About::Run && questions.contains(&one.id));
    let run = chart.runs.iter().rev().find(|logged| logged.day <= day).filter(|_| asks_about_run);
    Some(CheckIn {
        id,
        about_day: day,
        opened_at: now,
        expires_at: now,
        questions,
        about_run: run.map(|logged| logged.run.id.clone()),
        probe: false,
    })
}
