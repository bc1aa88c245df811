//! What was decided under one rule book, sent or not. Names no runner: each message's own page does, and is audited.

use afterrun_rules::BookHash;
use afterrun_store::{Message, Page};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use maud::html;
use serde::Deserialize;

use super::{
    Room, Shared, frame,
    frame::Tab,
    rules_frame::{self, Way, book_link, read_hash, when},
    rules_text as text,
    session::SignedIn,
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
    Path(hash): Path<String>,
    me: SignedIn,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(hash) = read_hash(&hash) else { return frame::not_found(&room) };
    match room.store.book_messages(&hash, asked.after.as_deref(), ROWS).await {
        Ok(messages) => page(&room, &me, &hash, &messages),
        Err(error) => frame::unavailable(&room, &error),
    }
}

fn page(room: &Room, me: &SignedIn, hash: &BookHash, messages: &Page<Message>) -> Response {
    let here = format!("/console/rules/books/{hash}/messages");
    let main = html! {
        (rules_frame::ways(room, Way::History))
        h1 { (text::WHAT_IT_SENT) }
        p.hint.under { (text::BOOK) " " (book_link(room, hash)) }
        section.card {
            @if messages.rows.is_empty() { p { (text::BOOK_SENT_NOTHING) } }
            @else {
                table.plain {
                    thead {
                        tr {
                            th scope="col" { (text::COLUMN_WHEN) }
                            th scope="col" { (text::COLUMN_WHAT) }
                            th scope="col" { (text::COLUMN_STATE) }
                        }
                    }
                    tbody {
                        @for message in &messages.rows {
                            tr {
                                td { (when(room, message.decided_at)) }
                                td {
                                    a href=(room.href(&format!("/console/messages/{}", message.key.0))) {
                                        (message.message.as_ref().map_or(text::to(message.audience), |id| id.as_str()))
                                    }
                                    @if message.message.is_some() { span.hint { (text::to(message.audience)) } }
                                }
                                td { (text::message_state(message.state)) @if let Some(end) = &message.end_reason { span.hint { (end) } } }
                            }
                        }
                    }
                }
            }
            @if let Some(next) = &messages.next {
                p.more { a href={ (room.href(&here)) "?after=" (next) } { (text::OLDER) } }
            }
        }
    };
    frame::page(room, me, Tab::Rules, text::WHAT_IT_SENT, main)
}
