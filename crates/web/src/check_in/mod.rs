//! One check-in: the form, what was sent, and the page that answers it.
//!
//! INVARIANT: a page that thanks for an answer is made only from what [`crate::Recorder::record`] returned.

mod answers;
mod form;
mod gates;
mod on_behalf;
mod outcome;
mod question_field;
mod sheet;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::Response,
};

use crate::{
    RecordError,
    fields::Fields,
    link::{self, Closed, Door, Open, Token},
    shut,
    site::{Shared, Site},
    standing::{self, Standing},
    text, words,
};
use afterrun_store::LinkScope;
use answers::{Entered, Faults};
pub(crate) use on_behalf::{OnBehalf, events_of, form_for};
pub(crate) use outcome::{contact, help_now, help_now_title};
use sheet::Sheet;

/// GET: the form, filled in with the earlier answer if there is one.
pub(crate) async fn show(State(site): State<Shared>, Token(token): Token) -> Response {
    let open = match link::open(&site, &token, Door::CheckIn).await {
        Ok(open) => open,
        Err(why) => return shut::no_link(&site, &why),
    };
    if let Some(why) = open.closed {
        return closed(&site, &open, why);
    }
    let standing = Standing::of(&open.book, &open.chart, open.now);
    match sheet_of(&open, &standing) {
        Ok(sheet) => {
            let entered = Entered::from_earlier(&sheet);
            form::page(&site, &open, &sheet, &entered, &Faults::default(), None)
        }
        Err(why) => no_sheet(&site, &why),
    }
}

/// POST: takes the answer, or shows the form again with what is wrong.
pub(crate) async fn submit(State(site): State<Shared>, Token(token): Token, fields: Fields) -> Response {
    let open = match link::open(&site, &token, Door::CheckIn).await {
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
        return closed(&site, &open, Closed::Expired);
    }
    let standing = Standing::of(&open.book, &open.chart, open.now);
    let sheet = match sheet_of(&open, &standing) {
        Ok(sheet) => sheet,
        Err(why) => return no_sheet(&site, &why),
    };
    let entered = Entered::from_fields(&sheet, &fields);
    let given = match answers::read(&sheet, &entered) {
        Ok(given) => given,
        Err(faults) => return form::page(&site, &open, &sheet, &entered, &faults, None),
    };
    let events = answers::events(&sheet, &given);
    let recorded = match open.seen() {
        Some(seen) => site.recorder.record_on(seen, events).await,
        None => site.recorder.record(&open.patient.id, events).await,
    };
    match recorded {
        Ok(recorded) if recorded.waits => {
            outcome::page_of_what_waits(&site, &open, &given.emergencies, &recorded)
        }
        Ok(recorded) => outcome::page(&site, &open, &given.emergencies, &recorded),
        Err(error) => {
            tracing::warn!(patient = %open.patient.id, %error, "an answer was not stored");
            not_stored(&site, &open, &sheet, &entered, &error)
        }
    }
}

/// Why there is no form to show although the link is good.
enum NoSheet {
    /// The patient stopped.
    Stopped,
    /// The chart does not know the check-in (any more).
    Unknown,
}

fn sheet_of<'a>(open: &'a Open, standing: &Standing<'_>) -> Result<Sheet<'a>, NoSheet> {
    if open.chart.stopped_at.is_some() {
        return Err(NoSheet::Stopped);
    }
    let LinkScope::CheckIn { check_in, about_day } = &open.link.scope else { return Err(NoSheet::Unknown) };
    let issued = open.chart.check_ins.iter().find(|one| one.id == *check_in && one.about_day == *about_day);
    let issued = issued.ok_or(NoSheet::Unknown)?;
    Ok(Sheet::of(&open.book, &open.chart, issued, &standing.always_asked))
}

/// Too late for this one: names the next.
fn closed(site: &Site, open: &Open, why: Closed) -> Response {
    let zone = open.chart.zone_at(open.now);
    let next = standing::next_ask(&open.book, &open.chart, open.now, open.now);
    let next = next
        .map(|at| words::day_and_time(at, zone, open.chart.local_date(open.now), open.book.clinic.locale));
    shut::closed_until(site, why, next.as_deref())
}

fn no_sheet(site: &Site, why: &NoSheet) -> Response {
    match why {
        NoSheet::Stopped => {
            shut::page(site, StatusCode::GONE, text::STOPPED_TITLE, &[text::STOPPED_CHECK_IN])
        }
        NoSheet::Unknown => shut::closed(site, Closed::Expired),
    }
}

/// The form again, with everything that was entered, and the plain truth that it was not stored.
fn not_stored(
    site: &Site,
    open: &Open,
    sheet: &Sheet<'_>,
    entered: &Entered<'_>,
    error: &RecordError,
) -> Response {
    let (status, words) = match error {
        RecordError::Refused(words) => (StatusCode::UNPROCESSABLE_ENTITY, words.as_str()),
        RecordError::Busy(_) | RecordError::Unavailable(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, text::NOT_STORED_SEND_AGAIN)
        }
    };
    let trouble = form::Trouble { status, words };
    let mut response = form::page(site, open, sheet, entered, &Faults::default(), Some(&trouble));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, axum::http::HeaderValue::from_static("10"));
    }
    response
}
