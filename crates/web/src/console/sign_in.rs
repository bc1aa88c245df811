//! Signing in and out.
//!
//! One answer, after the same time, for a wrong password and for an account that does not exist. A session in
//! the cookie from before is ended: whoever signs in gets a new one.

use afterrun_store::{StoreError, User, UserLinkKind};
use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use chrono::{DateTime, Utc};
use maud::html;
use serde::Deserialize;

use super::{
    Room, Shared, frame,
    proxies::Address,
    rate_limit,
    session::{self, Anyone, Posted},
    text, text_users,
};

/// Seconds after which trying again makes sense: the window in which tries are counted.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("900");

/// What the page says about the try just made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Nothing,
    Wrong,
    TooOften,
    Changed,
    /// By a link.
    Set(UserLinkKind),
}

/// Where to go after signing in.
#[derive(Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
}

/// GET.
pub(crate) async fn show(State(room): State<Shared>, Query(query): Query<Next>) -> Response {
    page(&room, Said::Nothing, "", safe(query.next.as_deref()))
}

/// POST.
pub(crate) async fn submit(
    State(room): State<Shared>,
    Address(address): Address,
    headers: HeaderMap,
    Anyone(fields): Anyone,
) -> Response {
    let (email, password) =
        (fields.get("email").unwrap_or_default(), fields.get("password").unwrap_or_default());
    let next = safe(fields.get("next"));
    let now = room.recorder.now();
    match rate_limit::sign_in(&room, &address, email, now).await {
        Ok(rate_limit::Counted::Fine) => {}
        Ok(_) => return turned_away(&room, email, next, now).await,
        Err(error) => return frame::unavailable(&room, &error),
    }
    match enter(&room, email, password, &headers).await {
        Ok(Some(cookie)) => {
            let mut response = frame::see_other(&room, next);
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Ok(None) => page(&room, Said::Wrong, email, next),
        Err(error) => frame::unavailable(&room, &error),
    }
}

async fn turned_away(room: &Room, email: &str, next: &str, now: DateTime<Utc>) -> Response {
    match room.store.audit(now, "console", "sign-in-limited", "").await {
        Ok(()) => page(room, Said::TooOften, email, next),
        Err(error) => frame::unavailable(room, &error),
    }
}

async fn enter(
    room: &Room,
    email: &str,
    password: &str,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, StoreError> {
    let now = room.recorder.now();
    let user = room.store.user_by_email(email).await?;
    let user = user.filter(User::may_sign_in);
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let fits = room.passwords.fits(password, hash).await;
    let fits = fits.map_err(|_| StoreError::Backend("no password can be checked".to_owned()))?;
    let Some(user) = user.filter(|_| fits) else {
        room.store.audit(now, "console", "sign-in-refused", "").await?;
        return Ok(None);
    };
    let Some(cookie) = session::begin(room, &user).await? else {
        room.store.audit(now, "console", "sign-in-refused", "").await?;
        return Ok(None);
    };
    rate_limit::forget(room, email).await?;
    if let Ok(before) = session::of(room, headers).await {
        room.store.end_session(&before.token_hash).await?;
    }
    let who = format!("user {}", user.key.0);
    room.store.audit(now, &who, "sign-in", &who).await?;
    Ok(Some(cookie))
}

/// POST.
pub(crate) async fn sign_out(State(room): State<Shared>, Posted { me, .. }: Posted) -> Response {
    let ended = async {
        room.store.end_session(&me.token_hash).await?;
        room.store.audit(me.now, &me.actor(), "sign-out", &me.actor()).await
    };
    if let Err(error) = ended.await {
        return frame::unavailable(&room, &error);
    }
    let mut response = frame::see_other(&room, "/console/sign-in");
    response.headers_mut().insert(header::SET_COOKIE, session::no_cookie(&room));
    response
}

/// The sign-in page.
pub(crate) fn page(room: &Room, said: Said, email: &str, next: &str) -> Response {
    let (status, words) = match said {
        Said::Nothing => (StatusCode::OK, None),
        Said::Wrong => (StatusCode::UNPROCESSABLE_ENTITY, Some(text::WRONG)),
        Said::TooOften => (StatusCode::TOO_MANY_REQUESTS, Some(text::TOO_OFTEN)),
        Said::Changed | Said::Set(_) => (StatusCode::OK, None),
    };
    let done = match said {
        Said::Changed => Some(text::PASSWORD_CHANGED),
        Said::Set(kind) => Some(text_users::password_set(kind)),
        _ => None,
    };
    let main = html! {
        section.card.narrow {
            h1 { (text::SIGN_IN_TITLE) }
            @if let Some(words) = done { p.done role="status" { (words) } }
            @if let Some(words) = words { p.fault role="alert" { (words) } }
            form.stack method="post" action=(room.href("/console/sign-in")) {
                input type="hidden" name="next" value=(next);
                label for="email" { (text::EMAIL) }
                input #email name="email" type="email" autocomplete="username" required value=(email) autofocus[email.is_empty()];
                label for="password" { (text::PASSWORD) }
                input #password name="password" type="password" autocomplete="current-password" required autofocus[!email.is_empty()];
                button.primary { (text::SIGN_IN) }
            }
            p { a href=(room.href("/console/reset")) { (text_users::FORGOTTEN) } }
            p.hint { (text::SIGN_IN_HINT) }
            // The cookie is not sent with a link from a mail program; it is with one from our own page.
            @if next != "/console" { p.hint { a href=(room.href(next)) { (text::SIGNED_IN_ALREADY) } } }
        }
    };
    let mut response = frame::sheet(room, status, None, text::SIGN_IN_TITLE, main);
    if said == Said::TooOften {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// A page of the console; anything else is the work-list.
fn safe(next: Option<&str>) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    let is_ours = |next: &&str| {
        (*next == "/console" || next.starts_with("/console/"))
            && next.chars().all(is_plain)
            && !next.contains("//")
            && !next.contains("..")
    };
    next.filter(is_ours).unwrap_or("/console")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_our_own_pages_only() {
        let cases = [
            (None, "/console"),
            (Some("/console/patients/p-17"), "/console/patients/p-17"),
            (Some("//elsewhere.example"), "/console"),
            (Some("/console//elsewhere.example"), "/console"),
            (Some("/console/../c/token"), "/console"),
            (Some("/consoles"), "/console"),
            (Some("https://elsewhere.example/console"), "/console"),
            (Some("/console/\r\nSet-Cookie: a"), "/console"),
        ];
        for (next, expected) in cases {
            assert_eq!(safe(next), expected, "{next:?}");
        }
    }
}
