//! Every runner, page by page, and a way to find one by address.

use afterrun_store::{Page, Patient, StoreError};
use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::html;
use serde::Deserialize;

use super::{Room, Shared, dates, frame, frame::Tab, session::SignedIn, text};

/// Rows a page.
const ROWS: u32 = 50;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    email: Option<String>,
    after: Option<String>,
}

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn, Query(asked): Query<Asked>) -> Response {
    let email = asked.email.as_deref().map(str::trim).filter(|email| !email.is_empty());
    if let Err(error) = room.store.audit(me.now, &me.actor(), "patient-list-view", "").await {
        return frame::unavailable(&room, &error);
    }
    match read(&room, email, asked.after.as_deref()).await {
        Ok(page) => list(&room, &me, email, &page),
        Err(error) => frame::unavailable(&room, &error),
    }
}

async fn read(room: &Room, email: Option<&str>, after: Option<&str>) -> Result<Page<Patient>, StoreError> {
    match email {
        Some(email) => {
            let found = room.store.patient_by_email(email).await?;
            Ok(Page { rows: found.into_iter().collect(), next: None })
        }
        None => room.store.patients(after, ROWS).await,
    }
}

fn list(room: &Room, me: &SignedIn, email: Option<&str>, page: &Page<Patient>) -> Response {
    let way = dates::way(&room.recorder.book());
    let main = html! {
        h1 { (text::RUNNERS) }
        form.search method="get" role="search" {
            label for="email" { (text::FIND_BY_EMAIL) }
            input #email name="email" type="email" value=(email.unwrap_or_default());
            button.secondary { (text::FIND) }
        }
        @if page.rows.is_empty() {
            section.card.empty { p { (text::NO_RUNNER) } }
        } @else {
            table.plain {
                thead {
                    tr {
                        th scope="col" { (text::COLUMN_RUNNER) }
                        th scope="col" { (text::COLUMN_ENROLLED) }
                        th scope="col" { (text::COLUMN_ZONE) }
                        th scope="col" { (text::COLUMN_MAIL) }
                    }
                }
                tbody {
                    @for patient in &page.rows {
                        tr {
                            th scope="row" {
                                a.runner href={ (room.href("/console/patients/")) (patient.id) } { (me.names(&patient.name)) }
                            }
                            td { (dates::date(patient.enrolled_at, patient.time_zone, way)) }
                            td { (patient.time_zone.name()) }
                            td { @if patient.stopped_at.is_some() { (text::STOPPED) } @else { (text::reach(patient.reach)) } }
                        }
                    }
                }
            }
        }
        @if let Some(next) = &page.next {
            p.more { a href={ (room.href("/console/patients")) "?after=" (next) } { (text::MORE) } }
        }
    };
    frame::page(room, me, Tab::Patients, text::RUNNERS, main)
}
