//! Everything that is known of a runner, as a file. Noted in the audit log before it is handed out.

use afterrun_rules::ids::PatientId;
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{Shared, frame, session::Posted};

/// POST: a page elsewhere must not be able to fill the audit log, or a disk, by a link.
pub(crate) async fn submit(
    State(room): State<Shared>,
    Path(id): Path<String>,
    Posted { me, .. }: Posted,
) -> Response {
    if !me.may_act() {
        return frame::not_allowed(&room);
    }
    let id = PatientId::from(id);
    let known = async {
        let patient = room.store.patient(&id).await?;
        room.store.audit(me.now, &me.actor(), "patient-export", id.as_str()).await?;
        Ok(patient)
    };
    if let Err(error) = known.await {
        return frame::unavailable(&room, &error);
    }
    match room.desk.export(&id).await {
        Ok(json) => {
            let name = format!("attachment; filename=\"afterrun-{}.json\"", me.now.format("%Y-%m-%d"));
            let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
            let kind = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], json).into_response()
        }
        Err(error) => {
            tracing::error!(patient = %id, %error, "an export could not be made");
            frame::failed(&room)
        }
    }
}
