//! The clinic's console: who needs a call and why, each runner's page, the rules in force, the state of the
//! machinery.
//!
//! Made on the server, usable without JavaScript; every change is a POST from a form that carries the session's
//! own token. Records facts through [`Recorder`] and shows decisions; it never decides about care.
//!
//! The one script there is (`live.js`) asks a page anew and shows what has changed. Leaves out sending mail.

mod account;
mod act;
mod book_diff;
mod book_list;
mod book_messages;
mod book_show;
mod compare_list;
mod compare_show;
mod compare_upload;
mod dates;
mod desk;
mod edit_form;
mod edit_list;
mod edit_result;
mod edit_save;
mod edit_show;
mod frame;
mod gate;
mod hours;
mod hours_plot;
mod live;
mod operations_act;
mod operations_show;
mod patient_answer;
mod patient_care;
mod patient_export;
mod patient_flags;
mod patient_list;
mod patient_next;
mod patient_plot;
mod patient_sections;
mod patient_show;
mod patient_waiting;
mod proxies;
mod rate_limit;
mod reset_ask;
mod reset_link;
mod rules_desk;
mod rules_frame;
mod rules_message;
mod rules_policy;
mod rules_show;
mod scorecard;
mod session;
mod set_up;
mod sign_in;
mod sparkline;
mod users_audit;
mod users_list;
mod users_show;
mod work_item_list;
mod work_item_settled;

use std::sync::Arc;

use afterrun_store::Store;
use axum::{
    Router,
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub use self::desk::{
    AccountChange, AccountMail, Desk, Machinery, OpenCircuit, PasswordChange, RejectedEdit, UserMail,
    new_set_up_token,
};
pub use self::proxies::{NoNetwork, TrustedProxies};
pub use self::rules_desk::{
    Candidate, ComparisonSeen, ComparisonState, NewComparison, NotCompared, NotSaved, RulesDesk, Save,
    SaveFile, Tried, file_hash,
};
pub(crate) use self::session::FORM_TOKEN;
use crate::text::{
    console as text, operations as text_operations, patient as text_patient, rules as rules_text,
    users as text_users,
};
use crate::{Recorder, password::Passwords, site};

/// What the console is made from.
pub struct Console {
    /// Users, sessions, charts, the work-list.
    pub store: Arc<dyn Store>,
    /// Takes what clinicians tell us about a runner.
    pub recorder: Arc<dyn Recorder>,
    /// Knows the rules and the machinery.
    pub desk: Arc<dyn Desk>,
    /// Knows the rules folder.
    pub rules: Arc<dyn RulesDesk>,
    /// The address under which browsers reach the pages.
    pub base_url: String,
    /// Whose word about where a request comes from is taken.
    pub proxies: TrustedProxies,
}

/// The console with what it keeps in memory.
pub(crate) struct Room {
    console: Console,
    passwords: Passwords,
    warnings: rules_show::Remembered,
    hours: hours::Remembered,
}

pub(crate) type Shared = Arc<Room>;

impl std::ops::Deref for Room {
    type Target = Console;

    fn deref(&self) -> &Console {
        &self.console
    }
}

impl Console {
    /// The path of a page as browsers see it.
    fn href(&self, path: &str) -> String {
        site::below(&self.base_url, path)
    }

    /// Browsers reach us over https only.
    fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// The console's pages, all below `/console`.
pub fn console_routes(console: Console) -> Router {
    let room: Shared = Arc::new(Room {
        console,
        passwords: Passwords::default(),
        warnings: rules_show::Remembered::default(),
        hours: hours::Remembered::default(),
    });
    let router = Router::new()
        .route("/console", get(work_item_list::show))
        .route("/console/looked", post(work_item_list::looked))
        .route("/console/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/console/sign-out", post(sign_in::sign_out))
        .route("/console/set-up/{token}", get(set_up::show).post(set_up::submit))
        .route("/console/reset", get(reset_ask::show).post(reset_ask::submit))
        .route("/console/password/{token}", get(reset_link::show).post(reset_link::submit))
        .route("/console/account", get(account::show).post(account::submit))
        .route("/console/patients", get(patient_list::show))
        .route("/console/patients/{id}", get(patient_show::show).post(act::submit))
        .route("/console/patients/{id}/answer", get(patient_answer::show).post(patient_answer::submit))
        .route("/console/patients/{id}/export", post(patient_export::submit))
        .route("/console/scorecard", get(scorecard::show))
        .route("/console/messages/{key}", get(patient_show::message))
        .route("/console/rules", get(rules_show::show))
        .route("/console/rules.js", get(rules_policy::serve_script))
        .route("/console/rules/messages/{id}", get(rules_message::show))
        .route("/console/rules/messages/{id}/html", get(rules_message::html))
        .route("/console/rules/books", get(book_list::show))
        .route("/console/rules/books/{hash}", get(book_show::show))
        .route("/console/rules/books/{hash}/messages", get(book_messages::show))
        .route("/console/rules/compare", get(compare_list::show).post(compare_list::submit))
        .route("/console/rules/compare/upload", post(compare_upload::submit).layer(compare_upload::limit()))
        .route("/console/rules/compare/{id}", get(compare_show::show).post(compare_show::cancel))
        .route("/console/rules/edit", get(edit_show::show).post(edit_show::submit))
        .route("/console/rules/edit/draft", post(edit_show::draft))
        .route("/console/operations", get(operations_show::show).post(operations_act::submit))
        .route("/console/users", get(users_list::show).post(users_list::submit))
        .route("/console/users/{key}", get(users_show::show).post(users_show::submit))
        .route("/console/audit", get(users_audit::show))
        .route("/console/live.js", get(live::script))
        .route("/console/style.css", get(style))
        .route("/console/{*elsewhere}", get(frame::unknown))
        .with_state(room.clone());
    gate::around(router, room)
}

const STYLE: &str = concat!(include_str!("style.css"), include_str!("rules.css"));

async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, STYLE).into_response()
}
