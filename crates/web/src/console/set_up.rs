//! The first user: made by whoever has the link that the first start prints. Works once.

use afterrun_store::{NewUser, Role, StoreError};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::Response,
};
use maud::html;

use super::{
    Room, Shared,
    desk::{SET_UP, hex},
    frame,
    session::{self, Anyone},
    text,
};
use crate::{link::token_hash, password};

/// GET.
pub(crate) async fn show(State(room): State<Shared>, Path(token): Path<String>) -> Response {
    match is_open(&room, &token).await {
        Ok(true) => page(&room, "", None),
        Ok(false) => frame::not_found(&room),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// POST.
pub(crate) async fn submit(
    State(room): State<Shared>,
    Path(token): Path<String>,
    Anyone(fields): Anyone,
) -> Response {
    match is_open(&room, &token).await {
        Ok(true) => {}
        Ok(false) => return frame::not_found(&room),
        Err(error) => return frame::unavailable(&room, &error),
    }
    let email = fields.get("email").unwrap_or_default();
    if let Err(words) = examine(email, fields.get("password"), fields.get("again")) {
        return page(&room, email, Some(&words));
    }
    match add(&room, email, fields.get("password").unwrap_or_default()).await {
        Ok(Some(cookie)) => {
            let mut response = frame::see_other(&room, "/console");
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Ok(None) => frame::not_found(&room),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// The link is the newest, and there is no user yet.
async fn is_open(room: &Room, token: &str) -> Result<bool, StoreError> {
    let known = room.store.setting(SET_UP).await?;
    let fits = known.is_some_and(|known| known == hex(&token_hash(token)));
    Ok(fits && room.store.users(None, 1).await?.rows.is_empty())
}

async fn add(
    room: &Room,
    email: &str,
    password: &str,
) -> Result<Option<axum::http::HeaderValue>, StoreError> {
    let hashed = room.passwords.hash(password).await;
    let password_hash = hashed.map_err(|_| StoreError::Backend("no password can be hashed".to_owned()))?;
    let new = NewUser { email: email.to_owned(), role: Role::Admin, password_hash };
    let now = room.recorder.now();
    let Some(key) = room.store.add_first_user(new, "set-up link", now).await? else { return Ok(None) };
    room.store.set_setting(SET_UP, None).await?;
    let who = format!("user {}", key.0);
    room.store.audit(now, &who, "sign-in", &who).await?;
    let Some(user) = room.store.user_by_email(email).await? else { return Ok(None) };
    session::begin(room, &user).await
}

/// What is wrong with what was entered, in words.
fn examine(email: &str, password: Option<&str>, again: Option<&str>) -> Result<(), String> {
    if !is_address(email) {
        return Err(text::BAD_EMAIL.to_owned());
    }
    new_password(password, again)
}

/// Looks like an address; RFC 5321 section 4.5.3.1 allows 254 characters in all.
pub(crate) fn is_address(email: &str) -> bool {
    let (name, host) = email.split_once('@').unwrap_or_default();
    let is_whole = !name.is_empty() && !host.is_empty() && email.len() <= 254;
    is_whole && !email.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// What is wrong with a new password entered twice, in words.
pub(crate) fn new_password(password: Option<&str>, again: Option<&str>) -> Result<(), String> {
    password::examine_password(password.unwrap_or_default()).map_err(|why| why.to_string())?;
    if password != again {
        return Err(text::PASSWORDS_DIFFER.to_owned());
    }
    Ok(())
}

fn page(room: &Room, email: &str, fault: Option<&str>) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let main = html! {
        section.card.narrow {
            h1 { (text::SET_UP_TITLE) }
            p { (text::SET_UP) }
            @if let Some(words) = fault { p.fault role="alert" { (words) } }
            form.stack method="post" {
                label for="email" { (text::EMAIL) }
                input #email name="email" type="email" autocomplete="username" required value=(email);
                (new_password_fields())
                button.primary { (text::SET_UP_BUTTON) }
            }
        }
    };
    frame::sheet(room, status, None, text::SET_UP_TITLE, main)
}

/// A new password, twice.
pub(crate) fn new_password_fields() -> maud::Markup {
    html! {
        label for="new" { (text::NEW_PASSWORD) }
        input #new name="password" type="password" autocomplete="new-password" required
            minlength=(password::PASSWORD_CHARACTERS) aria-describedby="rule";
        p.hint #rule { (text::PASSWORD_RULE) }
        label for="again" { (text::AGAIN) }
        input #again name="again" type="password" autocomplete="new-password" required;
    }
}
