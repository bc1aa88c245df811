//! One message of the rules in force as the runner will see it: on a phone, as plain text, with made-up values.

use afterrun_rules::{
    book::MessageText,
    ids::MessageId,
    message::{self, Rendered},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use maud::html;

use super::{Shared, frame, frame::Tab, rules_frame, rules_policy, rules_text as text, session::SignedIn};

/// GET.
pub(crate) async fn show(State(room): State<Shared>, Path(id): Path<String>, me: SignedIn) -> Response {
    let book = room.recorder.book();
    let id = MessageId::from(id);
    let Some(known) = book.messages.get(&id) else { return frame::not_found(&room) };
    let rendered = message::render(&book, known, &message::sample(&book));
    let title = text::message_title(id.as_str());
    let main = html! {
        (rules_frame::ways(&room, rules_frame::Way::InForce))
        h1 { (title) }
        p.hint.under { (known.place) " · " (text::MESSAGES_HINT) }
        @match &rendered {
            Ok(shown) => {
                section.card {
                    dl.values {
                        dt { (text::SUBJECT) } dd { (shown.subject) }
                        dt { (text::PREVIEW) } dd { (shown.preview.as_deref().unwrap_or(text::NO_SUCH_PREVIEW)) }
                    }
                }
                div.seen {
                    section.card {
                        h2 { (text::AS_HTML) }
                        iframe.phone sandbox="" loading="lazy" title=(text::AS_HTML)
                            src=(room.href(&format!("/console/rules/messages/{id}/html"))) {}
                    }
                    section.card { h2 { (text::AS_TEXT) } pre.letter tabindex="0" { (shown.text) } }
                }
            },
            Err(why) => p.fault { (why) },
        }
    };
    rules_policy::with_script(frame::page(&room, &me, Tab::Rules, &title, main))
}

/// GET of the message alone, for the frame.
pub(crate) async fn html(State(room): State<Shared>, Path(id): Path<String>, _: SignedIn) -> Response {
    let book = room.recorder.book();
    let rendered = book.messages.get(&MessageId::from(id)).and_then(|known: &MessageText| {
        let shown: Rendered = message::render(&book, known, &message::sample(&book)).ok()?;
        Some(shown.html)
    });
    match rendered {
        Some(html) => rules_policy::mail(html),
        None => frame::not_found(&room),
    }
}
