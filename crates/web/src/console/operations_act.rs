//! The hand on the brake, and another try with a mail server that was down. Noted in the audit log, with the
//! reason, before it is done.

use axum::{extract::State, response::Response};

use super::{Room, Shared, frame, operations_show, session::Posted, session::SignedIn, text};
use crate::fields::Fields;

/// Longest reason, in characters: a few sentences.
const WHY_AT_MOST: usize = 500;

/// POST.
pub(crate) async fn submit(State(room): State<Shared>, Posted { me, fields }: Posted) -> Response {
    if !me.may_act() {
        return frame::not_allowed(&room);
    }
    match act(&room, &me, &fields).await {
        Ok(Ok(())) => frame::see_other(&room, &format!("/console/operations?done={}", fields.what())),
        Ok(Err(fault)) => operations_show::refused(&room, &me, fault).await,
        Err(error) => frame::unavailable(&room, &error),
    }
}

async fn act(
    room: &Room,
    me: &SignedIn,
    fields: &Fields,
) -> Result<Result<(), &'static str>, afterrun_store::StoreError> {
    let what = fields.what();
    let why = fields.get("why").unwrap_or_default();
    match what {
        "try-now" => {
            room.store.audit(me.now, &me.actor(), "mail-try-now", "").await?;
            room.desk.try_mail_now(me.now).await?;
        }
        "hold" | "release" if why.is_empty() => return Ok(Err(text::WORDS_MISSING)),
        "hold" | "release" if why.chars().count() > WHY_AT_MOST => return Ok(Err(text::WORDS_TOO_MANY)),
        "hold" => {
            room.store.audit(me.now, &me.actor(), what, why).await?;
            room.desk.hold(why).await?;
        }
        "release" => {
            room.store.audit(me.now, &me.actor(), what, why).await?;
            room.desk.release().await?;
        }
        _ => return Ok(Err(text::NOTHING_TO_DO)),
    }
    Ok(Ok(()))
}
