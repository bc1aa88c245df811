//! My account: change the password, sign out everywhere.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use maud::html;

use super::{
    Room, Shared, frame,
    frame::Tab,
    rate_limit::BY_ACCOUNT,
    session::{self, Posted, SignedIn},
    set_up, sign_in, text,
};

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn) -> Response {
    page(&room, &me, None)
}

/// POST.
pub(crate) async fn submit(State(room): State<Shared>, Posted { me, fields }: Posted) -> Response {
    match fields.what() {
        "password" => {
            let key = format!("account {}", me.user.email.to_lowercase());
            if !room.limit.count(key, BY_ACCOUNT, me.now) {
                return page(&room, &me, Some(text::TOO_OFTEN));
            }
            let (password, again) = (fields.get("password"), fields.get("again"));
            if let Err(words) = set_up::new_password(password, again) {
                return page(&room, &me, Some(&words));
            }
            let old = fields.get("old").unwrap_or_default();
            match room.passwords.fits(old, Some(me.user.password_hash.clone())).await {
                Ok(true) => change(&room, &me, password.unwrap_or_default()).await,
                Ok(false) => page(&room, &me, Some(text::OLD_PASSWORD_WRONG)),
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
        _ => page(&room, &me, Some(text::NOTHING_TO_DO)),
    }
}

/// A new password ends every session, this one too: whoever knew the old one is out.
async fn change(room: &Room, me: &SignedIn, password: &str) -> Response {
    let Ok(hash) = room.passwords.hash(password).await else { return frame::busy(room) };
    let changed = async {
        room.store.set_password(me.user.key, &hash).await?;
        room.store.audit(me.now, &me.actor(), "password-change", &me.actor()).await
    };
    match changed.await {
        Ok(()) => left(room, sign_in::Said::Changed),
        Err(error) => frame::unavailable(room, &error),
    }
}

fn left(room: &Room, said: sign_in::Said) -> Response {
    let mut response = sign_in::page(room, said, "", "/console");
    response.headers_mut().insert(header::SET_COOKIE, session::no_cookie(room));
    response
}

fn page(room: &Room, me: &SignedIn, fault: Option<&str>) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let main = html! {
        h1 { (text::ACCOUNT) }
        div.columns {
            section.card {
                h2 { (text::CHANGE_PASSWORD) }
                p { (me.user.email) " · " (text::role(me.user.role)) }
                @if let Some(words) = fault { p.fault role="alert" { (words) } }
                form.stack method="post" {
                    (frame::token(me))
                    label for="old" { (text::OLD_PASSWORD) }
                    input #old name="old" type="password" autocomplete="current-password" required;
                    (set_up::new_password_fields())
                    button.primary name="do" value="password" { (text::CHANGE_PASSWORD) }
                }
                p.hint { (text::CHANGE_ENDS_ALL) }
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
