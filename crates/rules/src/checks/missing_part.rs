//! Something without which nobody can be looked after is missing, or is there twice.
//!
//! A folder needs one `Clinic(` file, questions, recovery windows, what to send when a run is logged (`on_run`) and when
//! running may start again (`on_cleared`), the last two once in the whole folder.
//!
//! ```text
//! rules/clinic.ron      Clinic(...)
//! rules/old/clinic.ron  Clinic(...)     a second one: which of them counts?
//! ```
//!
//! Add what is missing, or remove what is there twice.

use super::{FoundBy, Input};
use crate::{
    load::{
        findings::Findings,
        written::{At, Item, Written},
    },
    notation::Kind,
};

check!("missing-part", Error, "missing_part.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    if written.files.is_empty() {
        return;
    }
    let clinics = written.clinics.iter().map(|clinic| clinic.at.clone()).collect();
    once(written, Kind::Clinic, clinics, "`Clinic(`", findings);
    let spans = |items: &[Item<crate::notation::Send>]| items.iter().map(|item| item.at(&item.send.span)).collect();
    once(written, Kind::Recovery, spans(&written.on_run), "`on_run: (send: \"...\")` in a `Recovery(` file", findings);
    once(written, Kind::Recovery, spans(&written.on_cleared), "`on_cleared: (send: \"...\")` in a `Recovery(` file", findings);
    let nothing_broken = written.broken_ids.is_empty();
    if written.questions.is_empty() && written.is_complete(Kind::Questions) && nothing_broken {
        missing("a question in a `Questions(` file", findings);
    }
    if written.windows.is_empty() && written.is_complete(Kind::Recovery) && nothing_broken {
        missing("a recovery window in a `Recovery(` file", findings);
    }
}

fn once(written: &Written, kind: Kind, places: Vec<At>, what: &str, findings: &mut Findings) {
    if places.is_empty() && written.is_complete(kind) {
        missing(what, findings);
    }
    let Some((first, again)) = places.split_first() else { return };
    for at in again {
        findings
            .report("missing-part", at.clone(), format!("the folder has {what} twice"))
            .label("a second one")
            .also(first, "the first")
            .help(format!("keep one of the two; the first is at {}", written.place(first)));
    }
}

fn missing(what: &str, findings: &mut Findings) {
    findings.report("missing-part", At::folder(), format!("the rules folder lacks {what}")).help(format!("add {what}"));
}
