//! The link in a mail to a user: a first password for whoever was invited, a new one for whoever forgot. Opening
//! it changes nothing; it works once.

use afterrun_store::{NewMessage, NewUserLink, StoreError, UserLink, UserLinkKind};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};
use maud::html;

use super::{
    Room, Shared, desk,
    desk::{AccountChange, AccountMail, PasswordChange, UserMail},
    frame, rate_limit,
    session::Anyone,
    set_up, sign_in, text_users,
};
use crate::link::token_hash;

/// How long a link for a forgotten password works.
pub(crate) const RESET_FOR: TimeDelta = TimeDelta::hours(1);

/// How long an invitation works: a week, for those on leave.
pub(crate) const INVITED_FOR: TimeDelta = TimeDelta::days(7);

/// A new link and the mail that carries it; none if no mail can be written to the address. The token is in the
/// mail and nowhere else.
pub(crate) fn made(
    room: &Room,
    to: &str,
    kind: UserLinkKind,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Option<(NewUserLink, NewMessage)>, StoreError> {
    let token = desk::random_token().map_err(|why| StoreError::Backend(why.to_string()))?;
    let path = format!("/console/password/{token}");
    let mail = room.desk.user_mail(&UserMail { to, path: &path, kind, expires_at, now })?;
    let link = NewUserLink { token_hash: token_hash(&token), kind, expires_at };
    Ok(mail.map(|mail| (link, mail)))
}

/// GET.
pub(crate) async fn show(State(room): State<Shared>, Path(token): Path<String>) -> Response {
    match room.store.user_link(&token_hash(&token), room.recorder.now()).await {
        Ok(Some(link)) => page(&room, &link, None),
        Ok(None) => gone(&room),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// POST.
pub(crate) async fn submit(
    State(room): State<Shared>,
    Path(token): Path<String>,
    Anyone(fields): Anyone,
) -> Response {
    let (hash, now) = (token_hash(&token), room.recorder.now());
    let link = match room.store.user_link(&hash, now).await {
        Ok(Some(link)) => link,
        Ok(None) => return gone(&room),
        Err(error) => return frame::unavailable(&room, &error),
    };
    let (password, again) = (fields.get("password"), fields.get("again"));
    if let Err(words) = set_up::new_password(password, again) {
        return page(&room, &link, Some(&words));
    }
    let Ok(password_hash) = room.passwords.hash(password.unwrap_or_default()).await else {
        return frame::busy(&room);
    };
    let used = async {
        let notice = notice(&room, &link, now)?;
        room.store.use_user_link(&hash, &password_hash, notice, now).await
    };
    match used.await {
        Ok(Some(user)) => {
            room.desk.ring();
            // Whoever reads the mailbox need not wait because of somebody else's guesses.
            if let Err(error) = rate_limit::forget(&room, &user.email).await {
                return frame::unavailable(&room, &error);
            }
            sign_in::page(&room, sign_in::Said::Set(link.kind), &user.email, "/console")
        }
        Ok(None) => gone(&room),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// The mail that says a password was replaced; a first one replaces none.
fn notice(room: &Room, link: &UserLink, now: DateTime<Utc>) -> Result<Option<NewMessage>, StoreError> {
    let change = AccountChange::Password(PasswordChange::Link);
    match link.kind {
        UserLinkKind::Invitation => Ok(None),
        UserLinkKind::Reset => room.desk.account_mail(&AccountMail { to: &link.user.email, change, now }),
    }
}

fn page(room: &Room, link: &UserLink, fault: Option<&str>) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (title, words) = match link.kind {
        UserLinkKind::Invitation => (text_users::WELCOME_TITLE, text_users::WELCOME),
        UserLinkKind::Reset => (text_users::RESET_TITLE, text_users::CHOOSE),
    };
    let main = html! {
        section.card.narrow {
            h1 { (title) }
            p { (words) }
            @if let Some(words) = fault { p.fault role="alert" { (words) } }
            form.stack method="post" {
                // For the browser's own store of passwords; nothing reads it here.
                input type="email" name="email" value=(link.user.email) autocomplete="username" readonly aria-label=(super::text::EMAIL);
                (set_up::new_password_fields())
                button.primary { (text_users::CHOOSE_BUTTON) }
            }
        }
    };
    frame::sheet(room, status, None, title, main)
}

fn gone(room: &Room) -> Response {
    let main = html! {
        section.card.narrow {
            h1 { (text_users::LINK_GONE_TITLE) }
            p { (text_users::LINK_GONE) }
            p { a href=(room.href("/console/reset")) { (text_users::ASK_ANEW) } }
            p { a href=(room.href("/console/sign-in")) { (text_users::BACK_TO_SIGN_IN) } }
        }
    };
    frame::sheet(room, StatusCode::NOT_FOUND, None, text_users::LINK_GONE_TITLE, main)
}
