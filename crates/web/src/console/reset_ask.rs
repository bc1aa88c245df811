//! Asking for a new password. One answer, after the same time, whether or not there is an account: in either case
//! a mail is written and one thing is stored, and nobody is answered before [`NOT_BEFORE`].

use std::time::Duration;

use afterrun_store::{StoreError, User, UserLinkKind};
use axum::{extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use maud::html;
use tokio::time::Instant;

use super::{
    Room, Shared, frame,
    proxies::Address,
    rate_limit::{self, Counted},
    reset_link::{RESET_FOR, made},
    session::Anyone,
    text, text_users,
};

/// When the answer comes: long after the slower of the two ways is done.
const NOT_BEFORE: Duration = Duration::from_millis(400);

/// Who asks, in the audit log: nobody is signed in.
const ACTOR: &str = "reset page";

/// What the audit log says of whoever asked too often.
const LIMITED: &str = "reset-limited";

/// Written to in place of an account that is not there; RFC 2606 section 2 keeps the domain free.
const NOBODY: &str = "nobody@nowhere.invalid";

/// GET.
pub(crate) async fn show(State(room): State<Shared>) -> Response {
    page(&room, StatusCode::OK, None)
}

/// POST.
pub(crate) async fn submit(
    State(room): State<Shared>,
    Address(address): Address,
    Anyone(fields): Anyone,
) -> Response {
    let answer_at = Instant::now() + NOT_BEFORE;
    let now = room.recorder.now();
    let email = fields.get("email").unwrap_or_default();
    let may_ask = match rate_limit::link(&room, &address, email, now).await {
        Ok(Counted::TooManyFromHere) => return turned_away(&room, now).await,
        Ok(counted) => counted == Counted::Fine,
        Err(error) => return frame::unavailable(&room, &error),
    };
    let done = ask(&room, email, may_ask, now).await;
    tokio::time::sleep_until(answer_at).await;
    match done {
        Ok(()) => sent(&room),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// Too much was asked for from here. Nothing of what was entered is kept.
async fn turned_away(room: &Room, now: DateTime<Utc>) -> Response {
    match room.store.audit(now, ACTOR, LIMITED, "").await {
        Ok(()) => page(room, StatusCode::TOO_MANY_REQUESTS, Some(text::TOO_OFTEN)),
        Err(error) => frame::unavailable(room, &error),
    }
}

/// Does as much for an account that is not there as for one that is.
async fn ask(room: &Room, email: &str, may_ask: bool, now: DateTime<Utc>) -> Result<(), StoreError> {
    let user = room.store.user_by_email(email).await?;
    let user = user.filter(|user| may_ask && user.deactivated_at.is_none());
    let to = user.as_ref().map_or(NOBODY, |user: &User| &user.email);
    let made = made(room, to, UserLinkKind::Reset, now, now + RESET_FOR)?;
    match (user, made) {
        (Some(user), Some((link, mail))) => {
            room.store.add_user_link(user.key, link, mail, ACTOR, now).await?;
            room.desk.ring();
            Ok(())
        }
        _ => {
            let action = if may_ask { "reset-unknown" } else { LIMITED };
            room.store.audit(now, ACTOR, action, "").await
        }
    }
}

fn page(room: &Room, status: StatusCode, fault: Option<&str>) -> Response {
    let main = html! {
        section.card.narrow {
            h1 { (text_users::RESET_TITLE) }
            p { (text_users::RESET) }
            @if let Some(words) = fault { p.fault role="alert" { (words) } }
            form.stack method="post" action=(room.href("/console/reset")) {
                label for="email" { (text::EMAIL) }
                input #email name="email" type="email" autocomplete="username" required autofocus;
                button.primary { (text_users::RESET_BUTTON) }
            }
            p { a href=(room.href("/console/sign-in")) { (text_users::BACK_TO_SIGN_IN) } }
        }
    };
    frame::sheet(room, status, None, text_users::RESET_TITLE, main)
}

fn sent(room: &Room) -> Response {
    let main = html! {
        section.card.narrow {
            h1 { (text_users::RESET_SENT_TITLE) }
            p role="status" { (text_users::RESET_SENT) }
            p { a href=(room.href("/console/sign-in")) { (text_users::BACK_TO_SIGN_IN) } }
        }
    };
    frame::sheet(room, StatusCode::OK, None, text_users::RESET_SENT_TITLE, main)
}
