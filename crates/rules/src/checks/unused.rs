//! A question that nobody is asked, or a message that is never sent.
//!
//! It does no harm, but whoever wrote it may believe that it is in use.
//!
//! ```ron
//! (id: "slept_well", ask: "Did you sleep 7 hours or more?", answer: YesNo),     // in no check-in's `ask`
//! ```
//!
//! Put the question into a check-in's `ask`, name the message in a `send`, or remove it.

use std::collections::BTreeSet;

use super::{FoundBy, Input};
use crate::{load::findings::Findings, notation::wording::quote};

check!("unused", Warning, "unused.rs", FoundBy::LookingAtWhole(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    // A misspelt name makes what it means look unused: one mistake, one finding.
    if findings.has(&["unknown-question", "unknown-message"]) {
        return;
    }
    let asked: BTreeSet<&str> =
        written.check_ins.iter().flat_map(|check_in| check_in.ask.iter().map(|id| id.as_str())).collect();
    for question in &written.questions {
        let Some(id) = question.id.value.as_ref().filter(|id| !asked.contains(id.0.as_str())) else { continue };
        findings
            .report("unused", question.at(&question.id.span), format!("no check-in asks {}", quote(&id.0)))
            .label("never asked")
            .help("add it to the `ask` of a check-in, or remove it");
    }
    let uses = written.message_uses();
    let sent: BTreeSet<&str> = uses.iter().map(|(.., id)| id.as_str()).collect();
    for message in written.messages.iter().filter(|message| !sent.contains(message.id.as_str())) {
        findings
            .report("unused", message.at(&message.subject.span), format!("nothing sends {}", quote(&message.id)))
            .label("never sent")
            .help("name it in a `send`, or remove the file");
    }
}
