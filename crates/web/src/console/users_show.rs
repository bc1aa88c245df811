//! One user, for admins: role, access, sessions, links, and what the user did.

use afterrun_store::{AuditLine, Page, StoreError, User, UserChange, UserChanged, UserKey, UserLinkKind};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Room, Shared,
    desk::{AccountChange, AccountMail},
    frame,
    frame::Tab,
    reset_link::{INVITED_FOR, RESET_FOR, made},
    session::{Admin, Posted, PostedByAdmin, SignedIn},
    text, text_users, users_audit,
    users_list::{access, role, roles},
};
use crate::fields::Fields;

/// Lines of the audit log shown.
const ROWS: u32 = 15;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    done: Option<String>,
}

/// Why something cannot be done.
enum Refused {
    Words(&'static str),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// GET.
pub(crate) async fn show(
    State(room): State<Shared>,
    Admin(me): Admin,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let done = asked.done.as_deref().and_then(text_users::done);
    page(&room, &me, &key, done, None).await
}

/// POST.
pub(crate) async fn submit(
    State(room): State<Shared>,
    Path(key): Path<String>,
    PostedByAdmin(Posted { me, fields }): PostedByAdmin,
) -> Response {
    let done = async {
        let user = user(&room, &key).await?;
        change(&room, &me, &user, &fields).await
    };
    match done.await {
        Ok(()) => frame::see_other(&room, &format!("/console/users/{key}?done={}", fields.what())),
        Err(Refused::Words(words)) => page(&room, &me, &key, None, Some(words)).await,
        Err(Refused::Store(error)) => frame::unavailable(&room, &error),
    }
}

async fn user(room: &Room, key: &str) -> Result<User, StoreError> {
    let unknown = || StoreError::NotFound { what: "user", id: key.to_owned() };
    let row = key.parse().map_err(|_| unknown())?;
    room.store.user(UserKey(row)).await?.ok_or_else(unknown)
}

async fn change(room: &Room, me: &SignedIn, user: &User, fields: &Fields) -> Result<(), Refused> {
    let change = match fields.what() {
        "role" => match fields.get("role").and_then(role) {
            Some(role) => UserChange::Role(role),
            None => return Err(Refused::Words(text_users::NO_ROLE)),
        },
        "deactivate" if fields.get("surely") == Some("yes") => UserChange::Deactivate,
        "deactivate" => return Err(Refused::Words(text_users::SURELY_MISSING)),
        "activate" => UserChange::Activate,
        "sessions" => UserChange::EndSessions,
        "invite" if user.is_invited() => return send(room, me, user, UserLinkKind::Invitation).await,
        "reset" if !user.is_invited() => return send(room, me, user, UserLinkKind::Reset).await,
        _ => return Err(Refused::Words(text::NOTHING_TO_DO)),
    };
    let notice = match change {
        UserChange::Role(to) if to != user.role => {
            let change = AccountChange::Role { to, by: &me.user.email };
            room.desk.account_mail(&AccountMail { to: &user.email, change, now: me.now })?
        }
        _ => None,
    };
    match room.store.change_user(user.key, change, me.user.key, notice, me.now).await? {
        UserChanged::Done => {
            room.desk.ring();
            Ok(())
        }
        UserChanged::LastAdmin => Err(Refused::Words(text_users::LAST_ADMIN)),
    }
}

async fn send(room: &Room, me: &SignedIn, user: &User, kind: UserLinkKind) -> Result<(), Refused> {
    if user.deactivated_at.is_some() {
        return Err(Refused::Words(text::NOTHING_TO_DO));
    }
    let time = if kind == UserLinkKind::Invitation { INVITED_FOR } else { RESET_FOR };
    let Some((link, mail)) = made(room, &user.email, kind, me.now, me.now + time)? else {
        return Err(Refused::Words(text_users::CANNOT_WRITE));
    };
    room.store.add_user_link(user.key, link, mail, &me.actor(), me.now).await?;
    room.desk.ring();
    Ok(())
}

async fn page(room: &Room, me: &SignedIn, key: &str, done: Option<&str>, fault: Option<&str>) -> Response {
    let read = async {
        let user = user(room, key).await?;
        let actor = format!("user {}", user.key.0);
        let lines = room.store.audit_by(&actor, None, ROWS).await?;
        let names = users_audit::Known::of(room, &lines.rows).await?;
        Ok((user, lines, names))
    };
    match read.await {
        Ok((user, lines, names)) => shown(room, me, &user, (&lines, &names), done, fault),
        Err(error) => frame::unavailable(room, &error),
    }
}

fn shown(
    room: &Room,
    me: &SignedIn,
    user: &User,
    (lines, names): (&Page<AuditLine>, &users_audit::Known),
    done: Option<&str>,
    fault: Option<&str>,
) -> Response {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (words, class) = access(user);
    let main = html! {
        @if let Some(words) = done { p.done role="status" { (words) } }
        @if let Some(words) = fault { p.fault role="alert" { (words) } }
        p { a href=(room.href("/console/users")) { (text_users::BACK_TO_USERS) } }
        div.heading { h1 { (user.email) } }
        p.chips { span.chip.(class) { (words) } span.chip { (text::role(user.role)) } }
        div.sheet {
            div.story {
                section.card {
                    h2 { (text_users::DID) }
                    (users_audit::table(room, &lines.rows, names))
                    @if lines.next.is_some() {
                        p.more { a href={ (room.href("/console/audit")) "?user=" (user.key.0) } { (text_users::ALL_THEY_DID) } }
                    }
                }
            }
            aside.side.later aria-label=(text_users::ACCESS) {
                section.card {
                    h2 { (text_users::CHANGE_ROLE) }
                    form.stack method="post" {
                        (frame::token(me))
                        (roles(Some(user.role)))
                        button.secondary name="do" value="role" { (text_users::CHANGE_ROLE) }
                    }
                }
                (access_forms(me, user))
            }
        }
    };
    frame::sheet(room, status, Some((me, Tab::Users)), &user.email, main)
}

fn access_forms(me: &SignedIn, user: &User) -> Markup {
    let button = |what: &str, words: &str, hint: &str| {
        html! {
            form.stack method="post" {
                (frame::token(me))
                button.secondary name="do" value=(what) { (words) }
                p.hint { (hint) }
            }
        }
    };
    html! {
        section.card {
            h2 { (text_users::ACCESS) }
            @if user.deactivated_at.is_some() {
                (button("activate", text_users::ACTIVATE, text_users::ACTIVATE_HINT))
            } @else {
                @if user.is_invited() {
                    (button("invite", text_users::INVITE_AGAIN, text_users::INVITE_AGAIN_HINT))
                } @else {
                    (button("reset", text_users::SEND_RESET, text_users::SEND_RESET_HINT))
                    (button("sessions", text_users::END_SESSIONS, text_users::END_SESSIONS_HINT))
                }
                details {
                    summary { (text_users::DEACTIVATE) }
                    p.hint { (text_users::DEACTIVATE_HINT) }
                    form.stack method="post" {
                        (frame::token(me))
                        label.tick { input type="checkbox" name="surely" value="yes" required; (text_users::DEACTIVATE_SURELY) }
                        button.danger name="do" value="deactivate" { (text_users::DEACTIVATE) }
                    }
                }
            }
        }
    }
}
