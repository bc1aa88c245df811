//! My account: change the password, how lists name runners, sign out everywhere.

use afterrun_store::{Names, UserChange};
use axum::{
    extract::{Query, State},
    http::{StatusCode, header},
    response::Response,
};
use maud::html;
use serde::Deserialize;

use super::{
    Room, Shared,
    desk::{AccountChange, AccountMail, PasswordChange},
    frame,
    frame::Tab,
    rate_limit,
    session::{self, Posted, SignedIn},
    set_up, sign_in, text, text_users,
};

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    done: Option<String>,
}

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn, Query(asked): Query<Asked>) -> Response {
    let done = asked.done.as_deref().filter(|done| *done == "names").map(|_| text_users::NAMES_CHANGED);
    page(&room, &me, done, None)
}

/// POST.
pub(crate) async fn submit(State(room): State<Shared>, Posted { me, fields }: Posted) -> Response {
    match fields.what() {
        "password" => {
            match rate_limit::password(&room, &me.user.email, me.now).await {
                Ok(true) => {}
                Ok(false) => return page(&room, &me, None, Some(text::TOO_OFTEN)),
                Err(error) => return frame::unavailable(&room, &error),
            }
            let (password, again) = (fields.get("password"), fields.get("again"));
            if let Err(words) = set_up::new_password(password, again) {
                return page(&room, &me, None, Some(&words));
            }
            let old = fields.get("old").unwrap_or_default();
            match room.passwords.fits(old, Some(me.user.password_hash.clone())).await {
                Ok(true) => change(&room, &me, password.unwrap_or_default()).await,
                Ok(false) => page(&room, &me, None, Some(text::OLD_PASSWORD_WRONG)),
                Err(_) => frame::busy(&room),
            }
        }
        "everywhere" => {
            let ended = async {
                room.store.end_sessions(me.user.key).await?;
                room.store.audit(me.now, &me.actor(), "sign-out-everywhere", &me.actor()).await
            };
            match ended.await {
                Ok(()) => left(&room, sign_in::Said::Nothing),
                Err(error) => frame::unavailable(&room, &error),
            }
        }
        "names" => match fields.get("names").and_then(names) {
            Some(names) => {
                match room
                    .store
                    .change_user(me.user.key, UserChange::Names(names), me.user.key, None, me.now)
                    .await
                {
                    Ok(_) => frame::see_other(&room, "/console/account?done=names"),
                    Err(error) => frame::unavailable(&room, &error),
                }
            }
            None => page(&room, &me, None, Some(text::NOTHING_TO_DO)),
        },
        _ => page(&room, &me, None, Some(text::NOTHING_TO_DO)),
    }
}

fn names(word: &str) -> Option<Names> {
    text_users::NAMES.iter().find(|(known, ..)| *known == word).map(|(_, names, _)| *names)
}

/// A new password ends every session, this one too: whoever knew the old one is out.
async fn change(room: &Room, me: &SignedIn, password: &str) -> Response {
    let Ok(hash) = room.passwords.hash(password).await else { return frame::busy(room) };
    let changed = async {
        let change = AccountChange::Password(PasswordChange::SignedIn);
        let notice = room.desk.account_mail(&AccountMail { to: &me.user.email, change, now: me.now })?;
        let proved = Some(me.user.password_hash.as_str());
        room.store.set_password(me.user.key, proved, &hash, &me.actor(), notice, me.now).await
    };
    match changed.await {
        Ok(true) => {
            room.desk.ring();
            left(room, sign_in::Said::Changed)
        }
        // Somebody was quicker: the session has ended.
        Ok(false) => left(room, sign_in::Said::Nothing),
        Err(error) => frame::unavailable(room, &error),
    }
}

fn left(room: &Room, said: sign_in::Said) -> Response {
    let mut response = sign_in::page(room, said, "", "/console");
    response.headers_mut().insert(header::SET_COOKIE, session::no_cookie(room));
    response
}

fn page(room: &Room, me: &SignedIn, done: Option<&str>, fault: Option<&str>) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let main = html! {
        @if let Some(words) = done { p.done role="status" { (words) } }
        h1 { (text::ACCOUNT) }
        div.columns {
            section.card {
                h2 { (text::CHANGE_PASSWORD) }
                p { (me.user.email) " · " (text::role(me.user.role)) }
                @if let Some(words) = fault { p.fault role="alert" { (words) } }
                form.stack method="post" action=(room.href("/console/account")) {
                    (frame::token(me))
                    label for="old" { (text::OLD_PASSWORD) }
                    input #old name="old" type="password" autocomplete="current-password" required;
                    (set_up::new_password_fields())
                    button.primary name="do" value="password" { (text::CHANGE_PASSWORD) }
                }
                p.hint { (text::CHANGE_ENDS_ALL) }
            }
            section.card {
                h2 { (text_users::NAMES_TITLE) }
                p { (text_users::NAMES_WORDS) }
                form method="post" {
                    (frame::token(me))
                    fieldset {
                        legend.unseen { (text_users::NAMES_TITLE) }
                        @for (word, names, words) in text_users::NAMES {
                            label.tick { input type="radio" name="names" value=(word) checked[names == me.user.names]; (words) }
                        }
                    }
                    button.secondary name="do" value="names" { (text_users::NAMES_BUTTON) }
                }
            }
            section.card {
                h2 { (text::SIGN_OUT_EVERYWHERE) }
                p { (text::SIGN_OUT_EVERYWHERE_WORDS) }
                form method="post" {
                    (frame::token(me))
                    button.secondary name="do" value="everywhere" { (text::SIGN_OUT_EVERYWHERE) }
                }
            }
        }
    };
    frame::sheet(room, status, Some((me, Tab::Account)), text::ACCOUNT, main)
}
