//! The history of the rules: every book that was in force, and the newest that were refused.

use afterrun_store::{BookSpell, Page, RefusedBook, StoreError};
use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Room, Shared, frame,
    frame::Tab,
    rules_frame::{self, Way, book_link, since, when},
    rules_text as text,
    session::SignedIn,
};

/// Rows a page.
const ROWS: u32 = 20;

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    after: Option<String>,
}

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn, Query(asked): Query<Asked>) -> Response {
    match read(&room, asked.after.as_deref()).await {
        Ok((books, refused)) => page(&room, &me, &books, &refused),
        Err(error) => frame::unavailable(&room, &error),
    }
}

async fn read(room: &Room, after: Option<&str>) -> Result<(Page<BookSpell>, Vec<RefusedBook>), StoreError> {
    let books = room.store.books(after, ROWS).await?;
    Ok((books, room.store.refused_books(None, afterrun_store::REFUSED_KEPT).await?.rows))
}

fn page(room: &Room, me: &SignedIn, books: &Page<BookSpell>, refused: &[RefusedBook]) -> Response {
    let main = html! {
        (rules_frame::ways(room, Way::History))
        h1 { (text::HISTORY_TITLE) }
        section.card {
            h2 { (text::WERE_IN_FORCE) }
            (spells(room, &books.rows))
            @if let Some(next) = &books.next {
                p.more { a href={ (room.href("/console/rules/books")) "?after=" (next) } { (text::OLDER) } }
            }
        }
        section.card {
            h2 { (text::WERE_REFUSED) }
            @if refused.is_empty() { p { (text::NOTHING_REFUSED) } } @else { (refusals(room, refused)) }
        }
    };
    frame::page(room, me, Tab::Rules, text::HISTORY_TITLE, main)
}

fn spells(room: &Room, books: &[BookSpell]) -> Markup {
    html! {
        table.plain.books {
            thead {
                tr {
                    th scope="col" { (text::COLUMN_BOOK) }
                    th scope="col" { (text::COLUMN_SINCE) }
                    th scope="col" { (text::COLUMN_BY) }
                    th scope="col" { span.unseen { (text::WHAT_IT_SENT) } }
                }
            }
            tbody {
                @for spell in books {
                    tr {
                        th scope="row" { (book_link(room, &spell.hash)) }
                        td {
                            (since(room, spell.since)) " – "
                            @match spell.until { Some(until) => (when(room, until)), None => strong { (text::NOW) } }
                        }
                        td {
                            @match &spell.edit {
                                Some(edit) => {
                                    (edit.by)
                                    span.hint { code { (edit.file) } " “" (edit.reason) "”" }
                                },
                                None => span.hint { (text::IN_THE_FOLDER) },
                            }
                        }
                        td {
                            a href=(room.href(&format!("/console/rules/books/{}/messages", spell.hash))) { (text::WHAT_IT_SENT) }
                        }
                    }
                }
            }
        }
    }
}

fn refusals(room: &Room, refused: &[RefusedBook]) -> Markup {
    html! {
        table.plain.books {
            thead {
                tr {
                    th scope="col" { (text::COLUMN_BOOK) }
                    th scope="col" { (text::COLUMN_REFUSED) }
                    th scope="col" { (text::COLUMN_FINDING) }
                }
            }
            tbody {
                @for book in refused {
                    tr {
                        th scope="row" { (book_link(room, &book.hash)) }
                        td { (when(room, book.at)) }
                        td { (book.findings.lines().next().unwrap_or_default()) }
                    }
                }
            }
        }
        p.hint { (text::REFUSED_HINT) }
    }
}
