//! What a clinician does about a runner: each button is one change of the work-list, or one fact for the chart.

use afterrun_rules::{
    Chart, Event, assess,
    chart::{PauseEvent, StageOverride},
    ids::PatientId,
};
use afterrun_store::{Contact, Patient, Resolution, StoreError, StoredChart, WorkChange, WorkState};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::{
    Room, Shared, dates, frame,
    patient_show::as_opened,
    session::{Posted, SignedIn},
    text, text_patient,
};
use crate::{RecordError, fields::Fields, my_page::run_form::RunEntered};

/// Longest note or reason, in characters: a page of text.
const WORDS_AT_MOST: usize = 2000;

/// Longest time something can be put off, or a runner paused, in days.
const DAYS_AT_MOST: u64 = 90;

/// In the address of the page shown next: what was done is recorded, and decided on later.
pub(super) const WAITS: &str = "&waits=1";

/// Lines of the history read at a time when looking for the newest resolution.
const HISTORY_ROWS: u32 = 50;

/// What a button asks for.
enum Wanted {
    Work(WorkChange),
    /// One fact for the chart, and the words with it for the history.
    Fact(Event, String),
    /// Another address.
    Address(String),
}

/// Why it cannot be done.
enum Refused {
    Words(String),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn refused<T>(words: &str) -> Result<T, Refused> {
    Err(Refused::Words(words.to_owned()))
}

/// POST.
pub(crate) async fn submit(
    State(room): State<Shared>,
    Path(id): Path<String>,
    Posted { me, fields }: Posted,
) -> Response {
    if !me.may_act() {
        return frame::not_allowed(&room);
    }
    let id = PatientId::from(id);
    match act(&room, &me, &id, &fields).await {
        Ok(waits) => {
            let to = if fields.get("back") == Some("list") {
                "/console"
            } else {
                &format!("/console/patients/{id}")
            };
            frame::see_other(&room, &format!("{to}?done={}{}", fields.what(), if waits { WAITS } else { "" }))
        }
        Err(Refused::Store(error)) => frame::unavailable(&room, &error),
        Err(Refused::Words(words)) => {
            frame::says(&room, StatusCode::UNPROCESSABLE_ENTITY, text::NOT_DONE_TITLE, &words)
        }
    }
}

/// Does it. True: the fact with it is only recorded, since the clock is in doubt.
async fn act(room: &Room, me: &SignedIn, id: &PatientId, fields: &Fields) -> Result<bool, Refused> {
    let mut stored = room.store.chart(id).await?;
    // Whoever presses a button knows of what waits: it stands on the page.
    stored.chart = with_what_waits(&stored);
    match wanted(room, me, &stored, fields)? {
        Wanted::Fact(event, words) => {
            let what = what(&event);
            room.store.audit(me.now, &me.actor(), what, id.as_str()).await?;
            let waits = record(room, id, vec![event]).await?;
            room.store.change_work(id, me.user.key, WorkChange::Did(what, words), me.now).await?;
            Ok(waits)
        }
        Wanted::Address(_) if room.recorder.clock_in_doubt() => refused(text_patient::NO_ADDRESS_NOW),
        Wanted::Address(email) => {
            room.store.audit(me.now, &me.actor(), "patient-address", id.as_str()).await?;
            done(id, room.desk.change_address(id, &email).await)?;
            let did = WorkChange::Did("address", String::new());
            room.store.change_work(id, me.user.key, did, me.now).await?;
            Ok(false)
        }
        Wanted::Work(change) => {
            let facts = match change {
                WorkChange::Reopen => facts_of_reopening(room, &stored).await?,
                _ => facts_of(room, me, &stored, &change),
            };
            let waits = record(room, id, facts).await?;
            match room.store.change_work(id, me.user.key, change, me.now).await? {
                true => Ok(waits),
                false => refused(text::NOTHING_OPEN),
            }
        }
    }
}

/// What a change of the work-list says about the chart: that a clinician has been in touch, and that emergency
/// signs have been dealt with.
fn facts_of(room: &Room, me: &SignedIn, stored: &StoredChart, change: &WorkChange) -> Vec<Event> {
    let (in_touch, resolved) = match change {
        WorkChange::Contact(contact) => (contact.is_in_touch(), false),
        WorkChange::Resolve(_) => (true, true),
        _ => (false, false),
    };
    let book = room.recorder.book();
    let assessment = assess(&book, &stored.chart, me.now);
    let open = book.flags.iter().zip(&assessment.flags).filter(|(_, flag)| in_touch && flag.open().is_some());
    let mut events: Vec<_> = open.map(|(flag, _)| Event::Contacted { flag: flag.id.clone() }).collect();
    if resolved && stored.chart.has_open_emergency() {
        events.push(Event::EmergencyResolved {});
    }
    events
}

/// Opening again what was resolved last takes back what was said with it: that emergency signs were dealt with, and
/// that the runner was spoken with, which would keep reminders away while the work is open again.
async fn facts_of_reopening(room: &Room, stored: &StoredChart) -> Result<Vec<Event>, Refused> {
    let id = &stored.patient.id;
    let is_resolved = room.store.work_row(id).await?.is_some_and(|row| row.state == WorkState::Resolved);
    let resolved_at = if is_resolved { newest_resolution(room, id).await? } else { None };
    let Some(resolved_at) = resolved_at else { return Ok(Vec::new()) };
    let chart = &stored.chart;
    // The facts are recorded first, between the click and the line.
    let contacts = chart.contacts.iter().filter(|(at, _)| *at >= resolved_at);
    let mut events: Vec<_> =
        contacts.map(|(_, flag)| Event::ContactWithdrawn { flag: flag.clone() }).collect();
    let dealt_with = !chart.emergencies.is_empty() && !chart.has_open_emergency();
    if dealt_with && chart.emergencies_resolved.last().is_some_and(|said_at| *said_at >= resolved_at) {
        events.push(Event::EmergencyReopened {});
    }
    Ok(events)
}

/// When somebody last resolved the work.
async fn newest_resolution(room: &Room, id: &PatientId) -> Result<Option<DateTime<Utc>>, Refused> {
    let mut after: Option<String> = None;
    loop {
        let lines = room.store.work_history(id, after.as_deref(), HISTORY_ROWS).await?;
        if let Some(resolved) = lines.rows.iter().find(|line| line.what == "resolve") {
            return Ok(Some(resolved.at));
        }
        match lines.next {
            Some(next) => after = Some(next),
            None => return Ok(None),
        }
    }
}

/// How history and audit log name a fact.
fn what(event: &Event) -> &'static str {
    match event {
        Event::Pause(_) => "pause",
        Event::Resume {} => "resume",
        Event::Stop {} => "stop",
        Event::TimeZone { .. } => "time-zone",
        Event::Run(_) => "log-run",
        Event::StageOverride(_) => "override",
        _ => "fact",
    }
}

/// The chart, and what waits beside it until the clock is believed.
fn with_what_waits(stored: &StoredChart) -> Chart {
    let mut chart = stored.chart.clone();
    stored.waiting.iter().for_each(|waiting| chart.apply(&waiting.event));
    chart
}

/// Records facts. True: nothing was decided on them yet.
async fn record(room: &Room, id: &PatientId, events: Vec<Event>) -> Result<bool, Refused> {
    if events.is_empty() {
        return Ok(false);
    }
    Ok(done(id, room.recorder.record(id, events).await)?.waits)
}

fn done<T>(id: &PatientId, recorded: Result<T, RecordError>) -> Result<T, Refused> {
    match recorded {
        Ok(recorded) => Ok(recorded),
        Err(RecordError::Refused(words)) => Err(Refused::Words(words)),
        Err(error) => {
            tracing::warn!(patient = %id, %error, "what a clinician did was not stored");
            refused(text::NOT_STORED)
        }
    }
}

fn wanted(room: &Room, me: &SignedIn, stored: &StoredChart, fields: &Fields) -> Result<Wanted, Refused> {
    let work = |change| Ok(Wanted::Work(change));
    let fact = |event, words: &str| Ok(Wanted::Fact(event, words.to_owned()));
    match fields.what() {
        "take" => work(WorkChange::Take),
        "hand-back" => work(WorkChange::HandBack),
        "open-again" => work(WorkChange::Reopen),
        "contact" => match fields.get("how").and_then(contact) {
            Some(contact) => work(WorkChange::Contact(contact)),
            None => refused(text::NOTHING_TO_DO),
        },
        "resolve" => match fields.get("how").and_then(resolution) {
            Some(resolution) => work(WorkChange::Resolve(resolution)),
            None => refused(text::NOTHING_TO_DO),
        },
        "snooze" => {
            let zone = room.recorder.book().clinic.time_zone;
            let today = me.now.with_timezone(&zone).date_naive();
            let day = day_ahead(fields.get("until"), today)?;
            let until = afterrun_rules::schedule::instant(zone, day.and_time(NaiveTime::MIN));
            work(WorkChange::Snooze { until, why: words(fields.get("why"))? })
        }
        "note" => work(WorkChange::Note(words(fields.get("words"))?)),
        "pause" => {
            let until = day_ahead(fields.get("until"), stored.chart.local_date(me.now))?;
            fact(
                Event::Pause(PauseEvent { until: Some(until) }),
                &dates::way(&room.recorder.book()).short_date(until),
            )
        }
        "resume" => fact(Event::Resume {}, ""),
        "stop" if fields.get("surely") == Some("yes") => fact(Event::Stop {}, ""),
        "stop" => refused(text::STOP_SURELY_MISSING),
        "time-zone" => match fields.get("zone").and_then(|zone| zone.parse().ok()) {
            Some(time_zone) => fact(Event::TimeZone { time_zone }, fields.get("zone").unwrap_or_default()),
            None => refused(text::BAD_ZONE),
        },
        "log-run" => {
            let (book, chart) = (room.recorder.book(), stored.chart.clone());
            // The form asks for the distance as the clinic measures.
            let units = dates::units(&book, &stored.patient);
            let open = as_opened(Patient { units, ..stored.patient.clone() }, chart, book, me.now);
            let mut entered = RunEntered::from_fields(fields, &open);
            match entered.read(&open) {
                Some(run) => fact(Event::Run(run), ""),
                None => Err(Refused::Words(entered.faults.into_values().collect::<Vec<_>>().join(" "))),
            }
        }
        "override" => override_of(room, me, stored, fields),
        "address" => Ok(Wanted::Address(fields.get("email").unwrap_or_default().trim().to_owned())),
        _ => refused(text::NOTHING_TO_DO),
    }
}

/// A word about a stage of something that goes on, and why.
fn override_of(room: &Room, me: &SignedIn, stored: &StoredChart, fields: &Fields) -> Result<Wanted, Refused> {
    let wanted = text_patient::OVERRIDES.iter().find(|(word, ..)| Some(*word) == fields.get("word"));
    let Some((_, word, said)) = wanted else { return refused(text::NOTHING_TO_DO) };
    let because = words(fields.get("because"))?;
    let book = room.recorder.book();
    let assessment = assess(&book, &stored.chart, me.now);
    let (flag, stage) = fields.get("stage").and_then(|both| both.split_once('/')).unwrap_or_default();
    let known = book.flags.iter().zip(&assessment.flags).find(|(known, found)| {
        known.id == *flag && found.open().is_some() && known.stages.iter().any(|one| one.id == *stage)
    });
    let Some((known, _)) = known else { return refused(text_patient::NO_SUCH_STAGE) };
    let words = format!("{stage} ({}): {said}. {because}", known.title);
    let event =
        StageOverride { flag: flag.into(), stage: stage.into(), word: *word, because: because.into() };
    Ok(Wanted::Fact(Event::StageOverride(event), words))
}

fn contact(word: &str) -> Option<Contact> {
    text::CONTACTS.iter().find(|(known, ..)| *known == word).map(|(_, contact, _)| *contact)
}

fn resolution(word: &str) -> Option<Resolution> {
    let all = text::RESOLUTIONS.iter().chain(&text_patient::OUTCOMES);
    all.into_iter().find(|(known, ..)| *known == word).map(|(_, resolution, _)| *resolution)
}

fn words(written: Option<&str>) -> Result<String, Refused> {
    match written.unwrap_or_default() {
        "" => refused(text::WORDS_MISSING),
        words if words.chars().count() > WORDS_AT_MOST => refused(text::WORDS_TOO_MANY),
        words => Ok(words.to_owned()),
    }
}

/// A day after today, not too far ahead.
fn day_ahead(written: Option<&str>, today: NaiveDate) -> Result<NaiveDate, Refused> {
    let day = written.and_then(|day| day.parse().ok());
    let last = today.checked_add_days(Days::new(DAYS_AT_MOST)).unwrap_or(today);
    match day.filter(|day| *day > today && *day <= last) {
        Some(day) => Ok(day),
        None => refused(text::BAD_DAY),
    }
}
