//! How each rule fares: how often it speaks up, and whether that was of use to anybody.

use afterrun_rules::RuleBook;
use afterrun_store::{RuleCard, Scorecard, StoreError};
use axum::{extract::State, response::Response};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use super::{Room, Shared, frame, frame::Tab, session::SignedIn, text_patient as text};

/// Time counted: a season, long enough for rare rules.
const COUNTED: TimeDelta = TimeDelta::days(90);

/// A rule nobody acted on for this long is worth a look.
const UNUSED: TimeDelta = TimeDelta::days(60);

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn) -> Response {
    match counted(&room, me.now).await {
        Ok(counted) => page(&room, &me, &counted),
        Err(error) => frame::unavailable(&room, &error),
    }
}

/// How the rules have fared of late.
pub(super) async fn counted(room: &Room, now: DateTime<Utc>) -> Result<Scorecard, StoreError> {
    room.store.scorecard(now - COUNTED).await
}

/// It has spoken up for so long and of late, and nobody acted on it. Of alerts that are younger nothing is said:
/// there was no time to act on them yet.
fn is_unused(card: &RuleCard, now: DateTime<Utc>) -> bool {
    let of_late = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at >= now - UNUSED);
    let long_enough = card.first_fired_at.is_some_and(|first| first < now - UNUSED);
    long_enough && of_late(card.last_fired_at) && !of_late(card.last_acted_at)
}

fn page(room: &Room, me: &SignedIn, counted: &Scorecard) -> Response {
    let book = room.recorder.book();
    let unused: Vec<_> = counted.rules.iter().filter(|card| is_unused(card, me.now)).collect();
    let main = html! {
        h1 { (text::SCORECARD) }
        @if counted.rules.is_empty() {
            section.card.empty { p { (text::NO_SCORES) } }
        } @else {
            @if !unused.is_empty() {
                section.card {
                    h2 { (text::UNUSED) }
                    ul.lines {
                        @for card in &unused {
                            li { strong { (title(&book, card)) } " " span.hint { (text::COLUMN_FIRES) ": " (card.fires) } }
                        }
                    }
                    p.hint { (text::UNUSED_HINT) }
                }
            }
            section.card.wide {
                (table(&book, counted, &COLUMNS))
                p.hint { (text::check_ins_counted(counted.check_ins)) " " (text::SCORECARD_HINT) " " (text::TIME_HINT) }
            }
        }
    };
    frame::page(room, me, Tab::Work, text::SCORECARD, main)
}

/// The figures that matter beside the rules themselves, and a way to all of them.
pub(super) fn brief(room: &Room, book: &RuleBook, counted: &Scorecard) -> Markup {
    html! {
        section.card.wide #scorecard {
            h2 { (text::SCORECARD) }
            (table(book, counted, &COLUMNS[..4]))
            p.hint { (text::check_ins_counted(counted.check_ins)) " " (text::SCORECARD_HINT) }
            p.after { a href=(room.href("/console/scorecard")) { (text::ALL_FIGURES) } }
        }
    }
}

/// A column: its name, and what stands in it for a rule. The first ones tell most.
type Column = (&'static str, fn(&Scorecard, &RuleCard) -> String);

const COLUMNS: [Column; 7] = [
    (text::COLUMN_FIRES, |_, card| card.fires.to_string()),
    (text::COLUMN_PER_HUNDRED, |counted, card| {
        card.per_hundred(counted.check_ins).map_or("–".to_owned(), |rate| format!("{rate:.1}"))
    }),
    (text::COLUMN_ACTED, |_, card| text::share(card.acted, card.resolved())),
    (text::COLUMN_NOT_NEEDED, |_, card| card.not_needed.to_string()),
    (text::COLUMN_KNOWN, |_, card| card.already_known.to_string()),
    (text::COLUMN_OPEN, |_, card| (card.fires - card.resolved().min(card.fires)).to_string()),
    (text::COLUMN_MEDIAN, |_, card| card.median_to_contact.map_or(text::NEVER.to_owned(), text::took)),
];

fn table(book: &RuleBook, counted: &Scorecard, columns: &[Column]) -> Markup {
    html! {
        table.plain {
            thead {
                tr {
                    th scope="col" { (text::COLUMN_RULE) }
                    @for (name, _) in columns { th.number scope="col" { (name) } }
                }
            }
            tbody {
                @for card in &counted.rules {
                    tr {
                        th scope="row" { (title(book, card)) }
                        @for (name, figure) in columns { td.number data-label=(name) { (figure(counted, card)) } }
                    }
                }
            }
        }
    }
}

fn title<'a>(book: &'a RuleBook, card: &'a RuleCard) -> &'a str {
    book.flag(card.flag.as_str()).map_or(card.flag.as_str(), |flag| &*flag.title)
}
