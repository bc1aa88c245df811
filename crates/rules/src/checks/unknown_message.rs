//! A rule sends a message that does not exist.
//!
//! Whoever should have got it would hear nothing, so this is an error.
//!
//! ```ron
//! (id: "heads-up", after_days: 3, min_reports: 2, send: "pain-headsup"),
//! ```
//!
//! `send: "pain-heads-up"` means the file `messages/pain-heads-up.md`: correct the name, or write the file.

use super::{FoundBy, Input};
use crate::{
    load::findings::Findings,
    load::written::At,
    notation::{Kind, wording::quote},
};

check!("unknown-message", Error, "unknown_message.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    if !written.is_complete(Kind::Message) {
        return;
    }
    let mut look_at = |at: At, id: &str| {
        if written.message(id).is_some() || written.broken_ids.contains(id) {
            return;
        }
        let known = written.messages.iter().map(|message| message.id.as_str());
        let help = findings.suggest(id, known);
        findings
            .report("unknown-message", at, format!("no message is called {}", quote(id)))
            .label(format!("there is no messages/{id}.md"))
            .maybe_help(help);
    };
    for (_, at, send) in written.message_uses() {
        look_at(at, send);
    }
    for scenario in &written.scenarios {
        let sends = scenario.messages.iter().map(|message| &message.send);
        for send in sends.chain(scenario.ignore.iter().flatten()) {
            look_at(scenario.at(&send.span), send);
        }
    }
}
