//! The audit log, for admins: page by page, of everybody, of one user, or about one runner. Reading it is noted,
//! too.

use std::collections::BTreeMap;

use afterrun_store::{AuditLine, Page, StoreError, User, UserKey};
use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Room, Shared, frame,
    frame::Tab,
    session::{Admin, SignedIn},
    text, text_users,
};

/// Rows a page.
const ROWS: u32 = 50;

/// Users to choose from; others are reached from their own page.
const USERS: u32 = 200;

/// Characters of what was asked about that are noted: longer than any id.
const SUBJECT_AT_MOST: usize = 80;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    user: Option<String>,
    about: Option<String>,
    after: Option<String>,
}

/// Addresses of users by how the log names them.
pub(crate) struct Known(BTreeMap<String, String>);

impl Known {
    /// Those that these lines name.
    pub(crate) async fn of(room: &Room, lines: &[AuditLine]) -> Result<Self, StoreError> {
        let named = lines.iter().flat_map(|line| [&line.actor, &line.subject]);
        let keys: BTreeMap<&str, i64> = named
            .filter_map(|name| Some((name.as_str(), name.strip_prefix("user ")?.parse().ok()?)))
            .collect();
        let mut known = BTreeMap::new();
        for (name, key) in keys {
            if let Some(user) = room.store.user(UserKey(key)).await? {
                known.insert(name.to_owned(), user.email);
            }
        }
        Ok(Self(known))
    }

    fn email<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }
}

/// GET.
pub(crate) async fn show(
    State(room): State<Shared>,
    Admin(me): Admin,
    Query(asked): Query<Asked>,
) -> Response {
    let plain = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or_default().to_owned();
    let (user, about) = (plain(&asked.user), plain(&asked.about));
    let read = async {
        let subject = match (about.is_empty(), user.is_empty()) {
            (false, _) => about.chars().take(SUBJECT_AT_MOST).collect(),
            (true, false) => format!("user {}", user.chars().take(SUBJECT_AT_MOST).collect::<String>()),
            (true, true) => String::new(),
        };
        room.store.audit(me.now, &me.actor(), "audit-view", &subject).await?;
        let after = asked.after.as_deref();
        let lines = match (about.is_empty(), user.is_empty()) {
            (false, _) => room.store.audit_log(Some(&about), after, ROWS).await?,
            (true, false) => room.store.audit_by(&format!("user {user}"), after, ROWS).await?,
            (true, true) => room.store.audit_log(None, after, ROWS).await?,
        };
        let known = Known::of(&room, &lines.rows).await?;
        Ok((lines, known, room.store.users(None, USERS).await?))
    };
    match read.await {
        Ok((lines, known, users)) => page(&room, &me, (&user, &about), (&lines, &known), &users.rows),
        Err(error) => frame::unavailable(&room, &error),
    }
}

fn page(
    room: &Room,
    me: &SignedIn,
    (user, about): (&str, &str),
    (lines, known): (&Page<AuditLine>, &Known),
    users: &[User],
) -> Response {
    let path = room.href("/console/audit");
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("user", user)
        .append_pair("about", about)
        .append_pair("after", lines.next.as_deref().unwrap_or_default())
        .finish();
    let main = html! {
        h1 { (text_users::AUDIT) }
        form.filter method="get" role="search" action=(path) {
            div {
                label for="user" { (text_users::WHOSE) }
                select #user name="user" {
                    option value="" { (text_users::EVERYBODY) }
                    @for known in users {
                        @let key = known.key.0.to_string();
                        option value=(key) selected[key == user] { (known.email) }
                    }
                }
            }
            div {
                label for="about" { (text_users::ABOUT) }
                input #about name="about" value=(about) autocomplete="off";
            }
            button.secondary { (text_users::SHOW) }
        }
        section.card {
            (table(room, &lines.rows, known))
            @if lines.next.is_some() { p.more { a href={ (path) "?" (query) } { (text_users::OLDER) } } }
        }
    };
    frame::page(room, me, Tab::Users, text_users::AUDIT, main)
}

/// Lines of the log.
pub(crate) fn table(room: &Room, lines: &[AuditLine], known: &Known) -> Markup {
    let zone = room.recorder.book().clinic.time_zone;
    html! {
        @if lines.is_empty() {
            p { (text_users::NOTHING_DONE) }
        } @else {
            table.plain.stacked {
                thead { tr {
                    th scope="col" { (text::COLUMN_WHEN) } th scope="col" { (text_users::COLUMN_WHO) }
                    th scope="col" { (text::COLUMN_WHAT) } th scope="col" { (text_users::COLUMN_ABOUT) }
                    th scope="col" { (text_users::COLUMN_FROM) }
                } }
                tbody {
                    @for line in lines {
                        tr {
                            td.when { (line.at.with_timezone(&zone).format(text_users::MINUTE)) }
                            td { (known.email(&line.actor)) }
                            td { (text_users::action(&line.action)) }
                            td { @if line.subject != line.actor { (known.email(&line.subject)) } }
                            td { (line.origin.as_deref().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}
