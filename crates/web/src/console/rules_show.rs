//! The rules in force, read back in English, and the messages as a runner will see them; above them the last
//! edit that was refused, and below how each rule fares.

use std::sync::{Arc, Mutex, PoisonError};

use afterrun_rules::{
    BookHash, RuleBook,
    describe::{Described, describe},
    load, message,
    source::{Source, Sources},
};
use afterrun_store::{RuleScore, StoreError};
use axum::{extract::State, response::Response};
use chrono::NaiveDate;
use maud::{Markup, html};

use super::{Room, Shared, frame, frame::Tab, live, session::SignedIn, text};

/// The order in which kinds of rule are shown, most looked for first.
const KINDS: [&str; 6] = ["flag", "emergency", "check-in", "window", "question", "clinic"];

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn) -> Response {
    let read = async { Ok((room.store.rule_scores().await?, warnings(&room).await?)) };
    match read.await {
        Ok((scores, warnings)) => page(&room, &me, &scores, &warnings),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// What the checks found: where, and what.
type Warnings = Arc<Vec<(String, String)>>;

/// What the checks said of a rule book on a day. They take a while and say the same until one of the two changes.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Option<(BookHash, NaiveDate, Warnings)>>);

/// What the checks have to say about the files in force: who has not signed, above all.
async fn warnings(room: &Room) -> Result<Warnings, StoreError> {
    let today = room.recorder.now().date_naive();
    let in_force = room.recorder.book().hash;
    let remembered = || room.warnings.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((hash, day, known)) = &*remembered()
        && (*hash, *day) == (in_force, today)
    {
        return Ok(known.clone());
    }
    let Some(stored) = room.store.last_good_book().await? else { return Ok(Arc::default()) };
    let files = stored.files.iter().map(|(path, bytes)| (path.as_str().into(), Source::Bytes(bytes.clone())));
    let sources = Sources { files: files.collect() };
    let found = load::load_at(&sources, Some(today)).diagnostics.into_iter();
    let found: Warnings =
        Arc::new(found.map(|found| (format!("{}:{}", found.file, found.line), found.message)).collect());
    *remembered() = Some((stored.hash, today, found.clone()));
    Ok(found)
}

fn page(room: &Room, me: &SignedIn, scores: &[RuleScore], warnings: &[(String, String)]) -> Response {
    let book = room.recorder.book();
    let zone = book.clinic.time_zone;
    let described = describe(&book);
    let main = html! {
        div.heading {
            h1 { (text::RULES) }
            p.hint {
                (text::BOOK) " " code { (book.hash.short()) } " "
                (text::in_force_since(&room.desk.book_since().with_timezone(&zone).format(text::DATE_AND_TIME).to_string()))
            }
        }
        @if let Some(rejected) = room.desk.rejected() {
            section.card.refusal role="alert" {
                h2 { (text::REJECTED) }
                p { (text::rejected_at(&rejected.at.with_timezone(&zone).format(text::DATE_AND_TIME).to_string())) }
                pre.findings tabindex="0" { (rejected.findings) }
            }
        }
        @if !warnings.is_empty() {
            section.card {
                details {
                    summary { strong { (text::warnings(warnings.len())) } }
                    ul.lines { @for (place, words) in warnings { li { (words) " " span.hint { (place) } } } }
                }
            }
        }
        @if !scores.is_empty() { (scorecard(&book, scores)) }
        @for kind in KINDS { (rules_of_kind(&described, kind)) }
        (messages(&book))
    };
    live::page(room, me, Tab::Rules, text::RULES, main)
}

fn scorecard(book: &RuleBook, scores: &[RuleScore]) -> Markup {
    html! {
        section.card {
            h2 { (text::SCORES) }
            table.plain {
                thead {
                    tr {
                        th scope="col" { (text::COLUMN_RULE) }
                        th.number scope="col" { (text::COLUMN_RAISED) }
                        th.number scope="col" { (text::COLUMN_USEFUL) }
                        th.number scope="col" { (text::COLUMN_NOT_NEEDED) }
                    }
                }
                tbody {
                    @for score in scores {
                        tr {
                            th scope="row" { (book.flag(score.flag.as_str()).map_or(score.flag.as_str(), |flag| &*flag.title)) }
                            td.number { (score.raised) }
                            td.number { (score.useful) }
                            td.number { (score.not_needed) }
                        }
                    }
                }
            }
            p.hint { (text::SCORES_HINT) }
        }
    }
}

fn rules_of_kind(described: &[Described], kind: &str) -> Markup {
    html! {
        section.card {
            h2 { (text::kind(kind)) }
            @for rule in described.iter().filter(|rule| rule.kind == kind) {
                article.rule {
                    h3 {
                        code { (rule.id) }
                        @if let Some(place) = &rule.place { span.hint { " " (place) } }
                    }
                    @for paragraph in rule.text.lines() { p { (text::plain(paragraph)) } }
                }
            }
        }
    }
}

fn messages(book: &RuleBook) -> Markup {
    let filling = message::sample(book);
    html! {
        section.card {
            h2 { (text::MESSAGES) }
            p.hint { (text::MESSAGES_HINT) }
            @for known in book.messages.values() {
                details.message {
                    summary { code { (known.id) } span.hint { " " (known.place) } }
                    @match message::render(book, known, &filling) {
                        Ok(shown) => {
                            p { strong { (shown.subject) } @if let Some(preview) = &shown.preview { span.hint { (preview) } } }
                            pre.letter { (shown.text) }
                        },
                        Err(why) => p.fault { (why) },
                    }
                }
            }
        }
    }
}
