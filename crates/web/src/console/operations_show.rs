//! The state of the machinery: the queue, the newest messages, the mail server, versions.

use afterrun_store::{Message, QueueDepth, StoreError};
use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use maud::html;

use super::{Room, Shared, frame, frame::Tab, session::SignedIn, text};

/// Messages shown.
const ROWS: u32 = 20;

/// GET.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn) -> Response {
    match read(&room, me.now).await {
        Ok((depth, newest)) => page(&room, &me, &depth, &newest),
        Err(error) => frame::unavailable(&room, &error),
    }
}

async fn read(room: &Room, now: DateTime<Utc>) -> Result<(QueueDepth, Vec<Message>), StoreError> {
    Ok((room.store.queue_depth(now).await?, room.store.messages(None, None, ROWS).await?.rows))
}

fn page(room: &Room, me: &SignedIn, depth: &QueueDepth, newest: &[Message]) -> Response {
    let book = room.recorder.book();
    let zone = book.clinic.time_zone;
    let when = |at: DateTime<Utc>| at.with_timezone(&zone).format(text::DATE_AND_TIME).to_string();
    let oldest = depth.oldest_due.map(|due| text::waits((me.now - due).num_minutes()));
    let mail = room.desk.mail_trouble();
    let counts = [
        (text::DUE, depth.due),
        (text::LATER, depth.later),
        (text::IN_FLIGHT, depth.in_flight),
        (text::PUT_ASIDE, depth.quarantined),
    ];
    let main = html! {
        h1 { (text::OPERATIONS) }
        div.tiles {
            @for (words, count) in counts {
                section.card.tile { p.figure { (count) } h2 { (words) } }
            }
        }
        div.columns {
            section.card {
                h2 { (text::MAIL_SERVER) }
                @match &mail {
                    Some(why) => p.fault { (why) },
                    None => p { (text::NO_TROUBLE) },
                }
                @if let Some(words) = oldest { p { (words) } }
            }
            section.card {
                h2 { (text::VERSIONS) }
                dl.values {
                    dt { (text::PRODUCT) } dd { (room.desk.version()) }
                    dt { (text::BOOK) } dd { code { (book.hash.short()) } }
                    dt { (text::IN_FORCE) } dd { (when(room.desk.book_since())) }
                    dt { (text::TIME) } dd { (when(me.now)) " (" (zone.name()) ")" }
                }
            }
        }
        section.card {
            h2 { (text::NEWEST_MESSAGES) }
            table.plain {
                thead { tr { th scope="col" { (text::COLUMN_WHEN) } th scope="col" { (text::COLUMN_WHAT) } th scope="col" { (text::COLUMN_STATE) } } }
                tbody {
                    @for message in newest {
                        tr {
                            td { (when(message.settled_at.unwrap_or(message.decided_at))) }
                            // Names no runner: whoever looks after the machinery needs none.
                            td { (message.message.as_ref().map_or(text::to(message.audience), |id| id.as_str())) }
                            td { (text::message_state(message.state)) @if let Some(end) = &message.end_reason { span.hint { (end) } } }
                        }
                    }
                }
            }
        }
    };
    frame::page(room, me, Tab::Operations, text::OPERATIONS, main)
}
