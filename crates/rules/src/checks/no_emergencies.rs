//! There is no list of emergency signs.
//!
//! Every check-in shows the list before it is sent, and says at once what to do: an email is never the answer to an
//! emergency. So a folder without the list does not go live.
//!
//! ```ron
//! Emergencies(signs: [])
//! ```
//!
//! Write at least one sign:
//!
//! ```ron
//! Emergencies(signs: [
//!     (id: "chest-pain", ask: "Chest pain or trouble breathing", do_now: "Call 911 now.", level: CallNow),
//! ])
//! ```

use super::{FoundBy, Input};
use crate::{
    load::{findings::Findings, written::At},
    notation::Kind,
};

check!("no-emergencies", Error, "no_emergencies.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    let known = written.is_complete(Kind::Emergencies) && written.broken_ids.is_empty();
    if written.files.is_empty() || !known || !written.signs.is_empty() {
        return;
    }
    let empty = written.heads.iter().find(|head| head.kind == Kind::Emergencies);
    let at = empty.map_or_else(At::folder, |head| head.at.clone());
    findings
        .report("no-emergencies", at, "the list of emergency signs is missing or empty")
        .label("no sign in here")
        .help("add `Emergencies(signs: [...])` with at least one sign");
}
