//! The demonstration's addresses: the page, its controls, the mails, and the runner's own pages beside them.

use std::sync::Arc;

use afterrun_rules::{
    TimedEvent,
    chart::{Event, Run, RunKind},
    ids::PatientId,
};
use afterrun_store::LinkScope;
use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use chrono::TimeDelta;
use serde::Deserialize;

use super::{Demo, clockwork::Leap, letter, page};
use crate::{token::random_text, turn::Extras};

/// What the page may load: its own sheet and script, frames of its own mails, nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    frame-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a mail may do: look as it looks, and open links beside the page.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; \
    sandbox allow-popups allow-popups-to-escape-sandbox";

const METRES_PER_MILE: f64 = 1609.344;

impl Demo {
    /// Everything, the runner's pages included.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        let own = Router::new()
            .route("/", get(show))
            .route("/demo/clock", post(turn_clock))
            .route("/demo/run", post(log_run))
            .route("/demo/open", post(open_page))
            .route("/demo/mail/{key}", get(mail))
            .route("/demo/version", get(version))
            .route("/demo/style.css", get(|| asset("text/css; charset=utf-8", include_str!("style.css"))))
            .route(
                "/demo/script.js",
                get(|| asset("text/javascript; charset=utf-8", include_str!("script.js"))),
            )
            .with_state(self.clone());
        self.app.router().merge(own)
    }
}

/// Something went wrong: said on the page and in the log.
struct Trouble(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        tracing::error!(error = format!("{:#}", self.0), "the demonstration is in trouble");
        (StatusCode::INTERNAL_SERVER_ERROR, format!("Something went wrong: {:#}\n", self.0)).into_response()
    }
}

type Answer = Result<Response, Trouble>;

#[derive(Deserialize)]
struct Looking {
    mail: Option<i64>,
}

async fn show(State(demo): State<Arc<Demo>>, Query(looking): Query<Looking>) -> Answer {
    let shown = demo.snapshot(looking.mail).await?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, page::page(&shown)).into_response())
}

#[derive(Deserialize)]
struct Turning {
    leap: String,
}

async fn turn_clock(State(demo): State<Arc<Demo>>, Form(turning): Form<Turning>) -> Answer {
    let leap = match turning.leap.as_str() {
        "morning" => Leap::NextMorning,
        "evening" => Leap::Evening,
        "week" => Leap::Week,
        other => return Ok((StatusCode::BAD_REQUEST, format!("no such leap: {other}\n")).into_response()),
    };
    // A task of its own: a browser that goes away must not leave the clock half turned.
    let turned = demo.clone();
    tokio::spawn(async move { turned.leap(leap).await }).await??;
    Ok(Redirect::to("/").into_response())
}

#[derive(Deserialize)]
struct Ran {
    patient: PatientId,
    run: String,
}

async fn log_run(State(demo): State<Arc<Demo>>, Form(ran): Form<Ran>) -> Answer {
    let (kind, distance_m) = match ran.run.split_once(':') {
        Some(("race", race)) => (RunKind::Race(race.into()), race_distance(race)),
        Some(("miles", miles)) => (RunKind::Training, miles.parse::<f64>()? * METRES_PER_MILE),
        _ => return Ok((StatusCode::BAD_REQUEST, "no such run\n").into_response()),
    };
    let now = demo.now();
    let run = Run {
        id: random_text::<9>()?.into(),
        started_at: now - TimeDelta::hours(2),
        distance_m,
        duration_s: None,
        kind,
    };
    let event = TimedEvent { at: now, event: Event::Run(run) };
    demo.app.turns.take(&ran.patient, &[event], &Extras::default(), now).await?;
    demo.settle_in_turn().await?;
    Ok(Redirect::to("/").into_response())
}

/// The distance a race is logged with when nobody says; the window goes by the race itself.
fn race_distance(race: &str) -> f64 {
    match race {
        "5k" => 5_000.0,
        "10k" => 10_000.0,
        "marathon" => 42_195.0,
        "ultra" => 80_000.0,
        _ => 21_097.5,
    }
}

#[derive(Deserialize)]
struct Opening {
    patient: PatientId,
}

/// What the runner would open from the newest mail: the check-in that waits for an answer, or the own page.
async fn open_page(State(demo): State<Arc<Demo>>, Form(opening): Form<Opening>) -> Answer {
    let now = demo.now();
    let chart = demo.app.turns.store.chart(&opening.patient).await?.chart;
    let waiting = chart.check_ins.last().filter(|check_in| {
        check_in.expires_at > now
            && !chart.answers.iter().any(|answer| answer.about_day == check_in.about_day)
    });
    let scope = match waiting {
        _ if chart.stopped_at.is_some() => LinkScope::Stop,
        Some(check_in) => LinkScope::CheckIn { check_in: check_in.id.clone(), about_day: check_in.about_day },
        None => LinkScope::MyPage,
    };
    let (url, link) = demo.app.turns.letterhead.link(now, scope, None)?;
    let extras = Extras { links: vec![link], ..Extras::default() };
    demo.app.turns.take(&opening.patient, &[], &extras, now).await?;
    Ok(Redirect::to(url.strip_prefix(&demo.base_url).unwrap_or(&url)).into_response())
}

async fn mail(State(demo): State<Arc<Demo>>, Path(key): Path<i64>) -> Answer {
    let Some(open) = demo.open_mail(key).await else {
        return Ok((StatusCode::NOT_FOUND, "no such mail\n").into_response());
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(MAIL_POLICY)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, letter::for_frame(&open.parts.html)).into_response())
}

async fn version(State(demo): State<Arc<Demo>>) -> Answer {
    let shown = demo.snapshot(None).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], shown.version).into_response())
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
