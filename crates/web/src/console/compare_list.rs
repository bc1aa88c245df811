//! Compare before it counts: what the rules in force can be compared with, and the comparisons of late.

use axum::{extract::State, http::StatusCode, response::Response};
use maud::{Markup, html};

use super::{
    ComparisonSeen, ComparisonState, Room, Shared, edit_result, frame,
    frame::Tab,
    rules_desk::{Candidate, NewComparison, NotCompared},
    rules_frame::{self, Way, read_hash, when},
    rules_show::sources,
    rules_text as text,
    session::{Posted, SignedIn},
};

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn) -> Response {
    page(&room, &me, StatusCode::OK, None).await
}

/// POST: compare with the folder, or with a book of the history.
pub(crate) async fn submit(State(room): State<Shared>, Posted { me, fields }: Posted) -> Response {
    if !me.may_act() {
        return frame::not_allowed(&room);
    }
    let (candidate, sources) = match fields.what() {
        "folder" => match room.rules.folder().await {
            Ok(sources) => (Candidate::Folder, sources),
            Err(why) => {
                return frame::says(&room, StatusCode::UNPROCESSABLE_ENTITY, text::FOLDER_UNREADABLE, &why);
            }
        },
        "book" => {
            let Some(hash) = fields.get("book").and_then(read_hash) else { return frame::not_found(&room) };
            match room.store.book_files(&hash).await {
                Ok(files) if files.is_empty() => return frame::not_found(&room),
                Ok(files) => (Candidate::Book(hash), sources(&files)),
                Err(error) => return frame::unavailable(&room, &error),
            }
        }
        _ => {
            return page(&room, &me, StatusCode::UNPROCESSABLE_ENTITY, Some(html! { (text::NOTHING_TO_DO) }))
                .await;
        }
    };
    begin(&room, &me, candidate, sources).await
}

/// Begins a comparison and shows it, or says why there is none.
pub(super) async fn begin(
    room: &Room,
    me: &SignedIn,
    candidate: Candidate,
    sources: afterrun_rules::source::Sources,
) -> Response {
    let wanted = NewComparison { candidate, sources, by: me.user.email.clone() };
    match room.rules.compare(wanted).await {
        Ok(id) => {
            if let Err(error) = room.store.audit(me.now, &me.actor(), "rules-compare", &id).await {
                room.rules.cancel(&id);
                return frame::unavailable(room, &error);
            }
            frame::see_other(room, &format!("/console/rules/compare/{id}"))
        }
        Err(NotCompared::Same) => refused(room, me, html! { (text::SAME_RULES) }).await,
        Err(NotCompared::Busy) => refused(room, me, html! { (text::COMPARE_BUSY) }).await,
        Err(NotCompared::Refused(tried)) => {
            let why = html! {
                (text::CANDIDATE_REFUSED)
                (edit_result::errors(&tried, None))
            };
            refused(room, me, why).await
        }
    }
}

/// The page again, with why nothing was begun.
pub(super) async fn refused(room: &Room, me: &SignedIn, why: Markup) -> Response {
    page(room, me, StatusCode::UNPROCESSABLE_ENTITY, Some(why)).await
}

async fn page(room: &Room, me: &SignedIn, status: StatusCode, why: Option<Markup>) -> Response {
    let folder = room.rules.folder().await;
    let in_force = room.recorder.book().hash;
    let comparisons = room.rules.comparisons();
    let main = html! {
        (rules_frame::ways(room, Way::Compare))
        h1 { (text::COMPARE_TITLE) }
        p.lead { (text::COMPARE_WORDS) }
        @if let Some(why) = &why { section.card.refusal role="alert" { div.fault { (why) } } }
        @if me.may_act() {
            div.columns {
                section.card {
                    h2 { (text::WITH_FOLDER) }
                    @match &folder {
                        Err(why) => p.fault { (text::FOLDER_UNREADABLE) ": " (why) },
                        Ok(sources) if sources.hash() == in_force => p { (text::FOLDER_IS_IN_FORCE) },
                        Ok(_) => {
                            p { (text::FOLDER_DIFFERS) }
                            form.after method="post" action=(room.href("/console/rules/compare")) {
                                (frame::token(me))
                                button.primary name="do" value="folder" { (text::COMPARE_FOLDER) }
                            }
                        },
                    }
                    p.hint.after { (text::WITH_BOOK_HINT) }
                }
                section.card {
                    h2 { (text::WITH_UPLOAD) }
                    p { (text::UPLOAD_WORDS) }
                    form.stack method="post" enctype="multipart/form-data" action=(room.href("/console/rules/compare/upload")) {
                        (frame::token(me))
                        label for="archive" { (text::ARCHIVE) }
                        input #archive name="archive" type="file" accept=".zip,application/zip" required;
                        button.secondary { (text::COMPARE_UPLOAD) }
                    }
                }
            }
        }
        section.card {
            h2 { (text::COMPARISONS) }
            @if comparisons.is_empty() { p { (text::NO_COMPARISON) } }
            @else { (list(room, &comparisons)) }
        }
    };
    frame::sheet(room, status, Some((me, Tab::Rules)), text::COMPARE_TITLE, main)
}

fn list(room: &Room, comparisons: &[ComparisonSeen]) -> Markup {
    html! {
        table.plain.books {
            thead {
                tr {
                    th scope="col" { (text::COLUMN_WITH) }
                    th scope="col" { (text::COLUMN_WHEN) }
                    th scope="col" { (text::COLUMN_STATE) }
                }
            }
            tbody {
                @for one in comparisons {
                    tr {
                        th scope="row" {
                            a href=(room.href(&format!("/console/rules/compare/{}", one.id))) { (text::candidate(&one.candidate)) }
                        }
                        td { (when(room, one.at)) span.hint { (one.by) } }
                        td { (state(&one.state)) }
                    }
                }
            }
        }
    }
}

/// How far a comparison is, in words.
pub(super) fn state(state: &ComparisonState) -> Markup {
    html! {
        @match state {
            ComparisonState::Waiting => (text::WAITING),
            ComparisonState::Running { done, total } => (text::charts_done(*done, *total)),
            ComparisonState::Done(_) => (text::FINISHED),
            ComparisonState::Cancelled => (text::CANCELLED),
            ComparisonState::Failed(why) => span.fault { (why) },
        }
    }
}
