//! The rules in force: which book, since when and who has signed it, read back in English beside file and line, and
//! the messages; above them the last edit that was refused, and below how each rule fares.

use std::sync::{Arc, Mutex, PoisonError};

use afterrun_rules::{
    BookHash, RuleBook,
    describe::{Described, describe},
    load,
    load::sign_offs::{SignOff, sign_offs},
    source::{Source, Sources},
};
use afterrun_store::{BookFiles, BookSpell, Scorecard, StoreError};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use maud::{Markup, html};

use super::{
    RejectedEdit, Room, Shared, book_diff, frame,
    frame::Tab,
    live,
    rules_frame::{self, Way, book_link, when},
    rules_text as text, scorecard,
    session::SignedIn,
    text_patient,
};

/// The order in which kinds of rule are shown, most looked for first.
const KINDS: [&str; 6] = ["flag", "emergency", "check-in", "window", "question", "clinic"];

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn) -> Response {
    match read(&room, me.now).await {
        Ok(found) => page(&room, &me, &found),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// What the store and the checks know.
struct Found {
    scores: Scorecard,
    looked: Arc<Looked>,
    spell: Option<BookSpell>,
    refused: Option<Refusal>,
}

async fn read(room: &Room, now: DateTime<Utc>) -> Result<Found, StoreError> {
    let in_force = room.recorder.book().hash;
    let refused = match room.desk.rejected() {
        Some(edit) => Some(refusal(room, edit, &in_force).await?),
        None => None,
    };
    Ok(Found {
        scores: scorecard::counted(room, now).await?,
        looked: look(room).await?,
        spell: room.store.book_spell(&in_force).await?,
        refused,
    })
}

async fn refusal(room: &Room, edit: RejectedEdit, in_force: &BookHash) -> Result<Refusal, StoreError> {
    let newest = room.store.refused_books(None, 1).await?.rows.into_iter().next();
    let Some(kept) = newest.filter(|kept| kept.findings == edit.findings) else {
        return Ok(Refusal { edit, kept: None });
    };
    let live = room.store.book_files(in_force).await?;
    let change = book_diff::files(&live, &room.store.book_files(&kept.hash).await?);
    Ok(Refusal { edit, kept: Some((kept.hash, change)) })
}

/// The edit that was refused last.
struct Refusal {
    edit: RejectedEdit,
    /// What was kept of it, and how it differs from what is in force; none: it could not be read, or not be kept.
    kept: Option<(BookHash, Markup)>,
}

/// What the files in force say of themselves.
#[derive(Debug, Default)]
struct Looked {
    /// What the checks found: where, and what.
    warnings: Vec<(String, String)>,
    /// Who signed what.
    sign_offs: Vec<SignOff>,
}

/// What was found in a rule book on a day. It takes a while and is the same until one of the two changes.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Option<(BookHash, NaiveDate, Arc<Looked>)>>);

/// What the checks have to say about the files in force, and who has signed them.
async fn look(room: &Room) -> Result<Arc<Looked>, StoreError> {
    let today = room.recorder.now().date_naive();
    let in_force = room.recorder.book().hash;
    let remembered = || room.warnings.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((hash, day, known)) = &*remembered()
        && (*hash, *day) == (in_force, today)
    {
        return Ok(known.clone());
    }
    let sources = sources(&room.store.book_files(&in_force).await?);
    if sources.files.is_empty() {
        return Ok(Arc::default());
    }
    let found = load::load_at(&sources, Some(today)).diagnostics.into_iter();
    let warnings = found.map(|found| (format!("{}:{}", found.file, found.line), found.message)).collect();
    let looked = Arc::new(Looked { warnings, sign_offs: sign_offs(&sources) });
    *remembered() = Some((in_force, today, looked.clone()));
    Ok(looked)
}

/// Stored files as `load` takes them.
pub(super) fn sources(files: &BookFiles) -> Sources {
    let files = files.iter().map(|(path, bytes)| (path.as_str().into(), Source::Bytes(bytes.clone())));
    Sources { files: files.collect() }
}

fn page(room: &Room, me: &SignedIn, found: &Found) -> Response {
    let book = room.recorder.book();
    let described = describe(&book);
    let today = me.now.with_timezone(&book.clinic.time_zone).date_naive();
    let warnings = &found.looked.warnings;
    let main = html! {
        (rules_frame::ways(room, Way::InForce))
        h1 { (text::RULES) }
        @if let Some(refused) = &found.refused { (refused_edit(room, refused)) }
        section.card {
            h2 { (text::BOOK_IN_FORCE) }
            (in_force(room, &book, found.spell.as_ref()))
            @if !found.looked.sign_offs.is_empty() { (signatures(room, &found.looked.sign_offs, today)) }
        }
        @if !warnings.is_empty() {
            section.card {
                details {
                    summary { strong { (text::warnings(warnings.len())) } }
                    ul.lines { @for (place, words) in warnings { li { (words) " " span.hint { (place) } } } }
                }
            }
        }
        nav.jumps aria-label=(text::ON_THIS_PAGE) {
            @for kind in KINDS { a href={ "#" (kind) } { (text::kind(kind)) } }
            a href="#messages" { (text::MESSAGES) }
            @if !found.scores.rules.is_empty() { a href="#scorecard" { (text_patient::SCORECARD) } }
        }
        @for kind in KINDS { (rules_of_kind(&described, kind)) }
        (messages(room, &book))
        @if !found.scores.rules.is_empty() { (scorecard::brief(room, &book, &found.scores)) }
    };
    live::page(room, me, Tab::Rules, text::RULES, main)
}

fn refused_edit(room: &Room, Refusal { edit, kept }: &Refusal) -> Markup {
    html! {
        section.card.refusal role="alert" {
            h2 { (text::REJECTED) }
            p { (text::rejected_at(&when(room, edit.at))) }
            (rules_frame::findings(&edit.findings))
            @if let Some((hash, change)) = kept {
                h3 { (text::WHAT_WAS_CHANGED) }
                (change)
                p.after { a href=(room.href(&format!("/console/rules/books/{hash}"))) { (text::TO_MEND) } }
            }
        }
    }
}

fn in_force(room: &Room, book: &RuleBook, spell: Option<&BookSpell>) -> Markup {
    html! {
        dl.values {
            dt { (text::BOOK) } dd { (book_link(room, &book.hash)) }
            dt { (text::IN_FORCE) } dd { (rules_frame::since(room, room.desk.book_since())) }
            dt { (text::CAME_OF) }
            dd {
                @match spell.and_then(|spell| spell.edit.as_ref()) {
                    Some(edit) => { (text::edit_by(&edit.by, &edit.file)) " “" (edit.reason) "”" },
                    None => (text::OF_THE_FOLDER),
                }
            }
        }
    }
}

fn signatures(room: &Room, files: &[SignOff], today: NaiveDate) -> Markup {
    html! {
        h3 { (text::SIGN_OFFS) }
        table.plain.signed {
            thead {
                tr {
                    th scope="col" { (text::COLUMN_FILE) }
                    th scope="col" { (text::COLUMN_SIGNED_BY) }
                    th scope="col" { (text::COLUMN_SIGNED_ON) }
                    th scope="col" { (text::COLUMN_REVIEW_BY) }
                }
            }
            tbody {
                @for file in files {
                    tr {
                        th scope="row" { code { (file.file) } }
                        @match &file.signature {
                            Some(signature) => {
                                td data-label=(text::COLUMN_SIGNED_BY) { (signature.by) }
                                td data-label=(text::COLUMN_SIGNED_ON) { (rules_frame::day(room, signature.on)) }
                                td data-label=(text::COLUMN_REVIEW_BY) {
                                    (rules_frame::day(room, signature.review_by))
                                    @if signature.review_by < today { " " span.chip.next-day { (text::REVIEW_PAST) } }
                                }
                            },
                            None => td colspan="3" { span.chip.next-day { (text::NOT_SIGNED) } },
                        }
                    }
                }
            }
        }
    }
}

fn rules_of_kind(described: &[Described], kind: &str) -> Markup {
    html! {
        section.card id=(kind) {
            h2 { (text::kind(kind)) }
            @for rule in described.iter().filter(|rule| rule.kind == kind) { (read_back(rule, None)) }
        }
    }
}

/// One rule in English beside its place.
pub(super) fn read_back(rule: &Described, mark: Option<&str>) -> Markup {
    html! {
        article.rule {
            h3 {
                code { (rule.id) }
                @if let Some(mark) = mark { " " span.chip.watch { (mark) } }
                @if let Some(place) = &rule.place { span.hint { " " (place) } }
            }
            @for paragraph in rule.text.lines() { p { (text::plain(paragraph)) } }
        }
    }
}

fn messages(room: &Room, book: &RuleBook) -> Markup {
    html! {
        section.card #messages {
            h2 { (text::MESSAGES) }
            p.hint { (text::MESSAGE_LIST_HINT) }
            ul.lines.letters {
                @for known in book.messages.values() {
                    li {
                        a href=(room.href(&format!("/console/rules/messages/{}", known.id))) { (known.id) }
                        span { (known.subject) }
                        span.hint { (known.place) }
                    }
                }
            }
        }
    }
}
