//! Who may use the console, for admins; and inviting somebody.

use afterrun_store::{NewUser, Page, Role, StoreError, User, UserKey, UserLinkKind};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Room, Shared, dates, frame,
    frame::Tab,
    reset_link::{INVITED_FOR, made},
    session::{Admin, Posted, PostedByAdmin, SignedIn},
    set_up, text, text_users,
};

/// Rows a page.
const ROWS: u32 = 50;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
}

/// GET.
pub(crate) async fn show(
    State(room): State<Shared>,
    Admin(me): Admin,
    Query(asked): Query<Asked>,
) -> Response {
    page(&room, &me, asked.after.as_deref(), None).await
}

/// POST: invites.
pub(crate) async fn submit(
    State(room): State<Shared>,
    PostedByAdmin(Posted { me, fields }): PostedByAdmin,
) -> Response {
    let email = fields.get("email").unwrap_or_default();
    let role = fields.get("role").and_then(role);
    let fault = match (set_up::is_address(email), role) {
        (false, _) => text::BAD_EMAIL,
        (true, None) => text_users::NO_ROLE,
        (true, Some(role)) => match invite(&room, &me, email, role).await {
            Ok(Some(key)) => {
                return frame::see_other(&room, &format!("/console/users/{}?done=invite", key.0));
            }
            Ok(None) => text_users::CANNOT_WRITE,
            Err(StoreError::Exists { .. }) => text_users::EXISTS,
            Err(error) => return frame::unavailable(&room, &error),
        },
    };
    page(&room, &me, None, Some((email, fault))).await
}

/// None: no mail can be written to the address.
async fn invite(room: &Room, me: &SignedIn, email: &str, role: Role) -> Result<Option<UserKey>, StoreError> {
    let made = made(room, email, UserLinkKind::Invitation, me.now, me.now + INVITED_FOR)?;
    let Some((link, mail)) = made else { return Ok(None) };
    let user = NewUser { email: email.to_owned(), role, password_hash: String::new() };
    let key = room.store.invite_user(user, link, mail, me.user.key, me.now).await?;
    room.desk.ring();
    Ok(Some(key))
}

/// A role by its word.
pub(crate) fn role(word: &str) -> Option<Role> {
    text_users::ROLES.iter().find(|(known, ..)| *known == word).map(|(_, role, _)| *role)
}

/// Roles to choose from.
pub(crate) fn roles(chosen: Option<Role>) -> Markup {
    html! {
        label for="role" { (text_users::ROLE) }
        select #role name="role" required {
            @for (word, role, words) in text_users::ROLES {
                option value=(word) selected[chosen == Some(role)] { (words) }
            }
        }
    }
}

/// What a user can do now, in words, and the class of its chip.
pub(crate) fn access(user: &User) -> (&'static str, &'static str) {
    match (user.deactivated_at, user.is_invited()) {
        (Some(_), _) => (text_users::GONE, "gone"),
        (None, true) => (text_users::INVITED, "next-day"),
        (None, false) => (text_users::ACTIVE, "watch"),
    }
}

async fn page(room: &Room, me: &SignedIn, after: Option<&str>, fault: Option<(&str, &str)>) -> Response {
    match room.store.users(after, ROWS).await {
        Ok(users) => list(room, me, &users, fault),
        Err(error) => frame::unavailable(room, &error),
    }
}

fn list(room: &Room, me: &SignedIn, users: &Page<User>, fault: Option<(&str, &str)>) -> Response {
    let book = room.recorder.book();
    let (zone, way) = (book.clinic.time_zone, dates::way(&book));
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let main = html! {
        div.heading {
            h1 { (text_users::USERS) }
            p { a href=(room.href("/console/audit")) { (text_users::AUDIT) } }
        }
        div.sheet {
            div.story {
                section.card {
                    table.plain.stacked {
                        thead { tr {
                            th scope="col" { (text_users::COLUMN_USER) } th scope="col" { (text_users::COLUMN_ROLE) }
                            th scope="col" { (text_users::COLUMN_ACCESS) } th scope="col" { (text_users::COLUMN_ADDED) }
                        } }
                        tbody {
                            @for user in &users.rows {
                                @let (words, class) = access(user);
                                tr {
                                    th scope="row" { a.runner href={ (room.href("/console/users/")) (user.key.0) } { (user.email) } }
                                    td { (text::role(user.role)) }
                                    td { span.chip.(class) { (words) } }
                                    td.when { (dates::date(user.added_at, zone, way)) }
                                }
                            }
                        }
                    }
                    @if let Some(next) = &users.next {
                        p.more { a href={ (room.href("/console/users")) "?after=" (next) } { (text::MORE) } }
                    }
                }
            }
            aside.side.later { (invitation(me, fault)) }
        }
    };
    frame::sheet(room, status, Some((me, Tab::Users)), text_users::USERS, main)
}

fn invitation(me: &SignedIn, fault: Option<(&str, &str)>) -> Markup {
    html! {
        section.card {
            h2 { (text_users::INVITE) }
            @if let Some((_, words)) = fault { p.fault role="alert" { (words) } }
            form.stack method="post" {
                (frame::token(me))
                label for="email" { (text::EMAIL) }
                input #email name="email" type="email" autocomplete="off" required value=(fault.map_or("", |(email, _)| email));
                (roles(None))
                p.hint { (text_users::INVITE_HINT) }
                button.primary { (text_users::INVITE_BUTTON) }
            }
        }
    }
}
