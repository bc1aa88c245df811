//! How each rule fares: how often it speaks up, and whether that was of use to anybody.

use afterrun_rules::RuleBook;
use afterrun_store::{RuleCard, Scorecard, StoreError};
use axum::{extract::State, response::Response};
use chrono::TimeDelta;
use maud::{Markup, html};

use super::{Room, Shared, frame, frame::Tab, session::SignedIn, text_patient as text};

/// Time counted: a season, long enough for rare rules.
const COUNTED: TimeDelta = TimeDelta::days(90);

/// A rule nobody acted on for this long is worth a look.
const UNUSED: TimeDelta = TimeDelta::days(60);

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn) -> Response {
    match read(&room, &me).await {
        Ok((counted, recent)) => page(&room, &me, &counted, &recent),
        Err(error) => frame::unavailable(&room, &error),
    }
}

async fn read(room: &Room, me: &SignedIn) -> Result<(Scorecard, Scorecard), StoreError> {
    let counted = room.store.scorecard(me.now - COUNTED).await?;
    Ok((counted, room.store.scorecard(me.now - UNUSED).await?))
}

fn page(room: &Room, me: &SignedIn, counted: &Scorecard, recent: &Scorecard) -> Response {
    let book = room.recorder.book();
    let since = me.now - UNUSED;
    let acted = |flag: &str| {
        let card = counted.rules.iter().find(|card| card.flag == *flag);
        card.and_then(|card| card.last_acted_at).is_some_and(|at| at >= since)
    };
    let unused: Vec<_> = recent.rules.iter().filter(|card| !acted(card.flag.as_str())).collect();
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
                table.plain {
                    thead {
                        tr {
                            th scope="col" { (text::COLUMN_RULE) }
                            @for name in [text::COLUMN_FIRES, text::COLUMN_PER_HUNDRED, text::COLUMN_ACTED, text::COLUMN_NOT_NEEDED,
                                          text::COLUMN_KNOWN, text::COLUMN_OPEN, text::COLUMN_MEDIAN] {
                                th.number scope="col" { (name) }
                            }
                        }
                    }
                    tbody { @for card in &counted.rules { (row(&book, counted, card)) } }
                }
                p.hint { (text::check_ins_counted(counted.check_ins)) " " (text::SCORECARD_HINT) }
            }
        }
    };
    frame::page(room, me, Tab::Work, text::SCORECARD, main)
}

fn row(book: &RuleBook, counted: &Scorecard, card: &RuleCard) -> Markup {
    let per_hundred = card.per_hundred(counted.check_ins);
    let figures = [
        (text::COLUMN_FIRES, card.fires.to_string()),
        (text::COLUMN_PER_HUNDRED, per_hundred.map_or("–".to_owned(), |rate| format!("{rate:.1}"))),
        (text::COLUMN_ACTED, text::share(card.acted, card.resolved())),
        (text::COLUMN_NOT_NEEDED, card.not_needed.to_string()),
        (text::COLUMN_KNOWN, card.already_known.to_string()),
        (text::COLUMN_OPEN, (card.fires - card.resolved().min(card.fires)).to_string()),
        (text::COLUMN_MEDIAN, card.median_to_contact.map_or(text::NEVER.to_owned(), text::took)),
    ];
    html! {
        tr {
            th scope="row" { (title(book, card)) }
            @for (name, figure) in &figures { td.number data-label=(name) { (figure) } }
        }
    }
}

fn title<'a>(book: &'a RuleBook, card: &'a RuleCard) -> &'a str {
    book.flag(card.flag.as_str()).map_or(card.flag.as_str(), |flag| &*flag.title)
}
