//! One rule book: when it was in force or why it was refused, and how it differs from another.

use afterrun_rules::BookHash;
use afterrun_store::{BookFiles, BookSpell, RefusedBook, StoreError};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Room, Shared, book_diff, frame,
    frame::Tab,
    rules_frame::{self, Way, book_link, read_hash, since, when},
    rules_text as text,
    session::SignedIn,
};

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// `before` or `in-force`; none: what tells most.
    against: Option<String>,
    /// What was just done.
    done: Option<String>,
}

/// What it is held against.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Against {
    Before(BookHash),
    InForce(BookHash),
}

/// A book and what is known of it.
struct Found {
    hash: BookHash,
    files: BookFiles,
    spell: Option<BookSpell>,
    refused: Option<RefusedBook>,
    against: Option<Against>,
    other: BookFiles,
}

/// GET.
pub(crate) async fn show(
    State(room): State<Shared>,
    Path(hash): Path<String>,
    me: SignedIn,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(hash) = read_hash(&hash) else { return frame::not_found(&room) };
    match read(&room, hash, asked.against.as_deref()).await {
        Ok(found) if found.files.is_empty() => frame::not_found(&room),
        Ok(found) => page(&room, &me, &found, asked.done.as_deref()),
        Err(error) => frame::unavailable(&room, &error),
    }
}

async fn read(room: &Room, hash: BookHash, against: Option<&str>) -> Result<Found, StoreError> {
    let in_force = room.recorder.book().hash;
    let spell = room.store.book_spell(&hash).await?;
    let refused = room.store.refused_books(None, afterrun_store::REFUSED_KEPT).await?.rows;
    let before = spell.as_ref().and_then(|spell| spell.before).map(Against::Before);
    let live = (hash != in_force).then_some(Against::InForce(in_force));
    let against = match against {
        Some("before") => before,
        Some("in-force") => live,
        _ => before.or(live),
    };
    let other = match against {
        Some(Against::Before(other) | Against::InForce(other)) => room.store.book_files(&other).await?,
        None => BookFiles::new(),
    };
    Ok(Found {
        hash,
        files: room.store.book_files(&hash).await?,
        spell,
        refused: refused.into_iter().find(|book| book.hash == hash),
        against,
        other,
    })
}

fn page(room: &Room, me: &SignedIn, found: &Found, done: Option<&str>) -> Response {
    let title = text::book_title(&found.hash.short());
    let in_force = room.recorder.book().hash;
    let is_in_force = found.hash == in_force;
    let main = html! {
        (rules_frame::ways(room, Way::History))
        @if done == Some("saved") { p.done role="status" { (text::saved(is_in_force)) } }
        div.heading {
            h1 { (title) }
            (status(is_in_force, found))
        }
        section.card {
            dl.values {
                @if let Some(spell) = &found.spell {
                    dt { (text::COLUMN_SINCE) }
                    dd { (since(room, spell.since)) " – " @match spell.until { Some(until) => (when(room, until)), None => (text::NOW) } }
                    dt { (text::CAME_OF) }
                    dd {
                        @match &spell.edit {
                            Some(edit) => { (text::edit_by(&edit.by, &edit.file)) " “" (edit.reason) "”" },
                            None => (text::OF_THE_FOLDER),
                        }
                    }
                }
                @if let Some(refused) = &found.refused {
                    dt { (text::COLUMN_REFUSED) } dd { (when(room, refused.at)) }
                }
            }
            div.row.after {
                @if found.spell.is_some() {
                    a.button.secondary href=(room.href(&format!("/console/rules/books/{}/messages", found.hash))) { (text::WHAT_IT_SENT) }
                }
                @if me.may_act() && !is_in_force {
                    form method="post" action=(room.href("/console/rules/compare")) {
                        (frame::token(me))
                        input type="hidden" name="book" value=(found.hash);
                        button.secondary name="do" value="book" { (text::TRY_THIS_BOOK) }
                    }
                }
            }
        }
        @if let Some(refused) = &found.refused {
            section.card.refusal {
                h2 { (text::FINDINGS) }
                (rules_frame::findings(&refused.findings))
            }
        }
        (differences(room, found, is_in_force))
    };
    frame::page(room, me, Tab::Rules, &title, main)
}

fn status(is_in_force: bool, found: &Found) -> Markup {
    html! {
        @if is_in_force { span.chip.watch { (text::STATUS_IN_FORCE) } }
        @else if found.spell.is_some() { span.chip { (text::STATUS_WAS) } }
        @else { span.chip.same-day { (text::STATUS_REFUSED) } }
    }
}

fn differences(room: &Room, found: &Found, is_in_force: bool) -> Markup {
    let page = format!("/console/rules/books/{}", found.hash);
    let has_before = found.spell.as_ref().is_some_and(|spell| spell.before.is_some());
    html! {
        section.card {
            h2 { (text::DIFFERENCES) }
            @if has_before && !is_in_force {
                nav.filters aria-label=(text::DIFFERENCES) {
                    ul {
                        li {
                            a href={ (room.href(&page)) "?against=before" }
                                aria-current=[matches!(found.against, Some(Against::Before(_))).then_some("true")] { (text::AGAINST_BEFORE) }
                        }
                        li {
                            a href={ (room.href(&page)) "?against=in-force" }
                                aria-current=[matches!(found.against, Some(Against::InForce(_))).then_some("true")] { (text::AGAINST_IN_FORCE) }
                        }
                    }
                }
            }
            @match found.against {
                None => p { (text::FIRST_BOOK) },
                Some(Against::Before(other)) => {
                    p.hint { (text::AGAINST_BEFORE) ", " (book_link(room, &other)) "." }
                    (book_diff::files(&found.other, &found.files))
                },
                Some(Against::InForce(other)) => {
                    p.hint { (text::AGAINST_IN_FORCE) ", " (book_link(room, &other)) "." }
                    (book_diff::files(&found.other, &found.files))
                },
            }
        }
    }
}
