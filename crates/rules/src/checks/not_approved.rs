//! Clinical rules that nobody has signed.
//!
//! Every number in the shipped rules is a suggestion until a clinician of yours has looked at it.
//!
//! ```ron
//! RedFlags(flags: [ ... ])
//! ```
//!
//! When the file has been looked at, say so at its top:
//!
//! ```ron
//! RedFlags(
//!     approved: (by: "Dr A. Example, PT", on: "2026-02-01", review_by: "2027-02-01"),
//! ```

use super::{FoundBy, Input};
use crate::{load::findings::Findings, notation::Kind};

check!("not-approved", Warning, "not_approved.rs", FoundBy::LookingAtWhole(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let accepted = |at| input.written.allows.iter().any(|allow| allow.covers(CHECK.code, at, input.today));
    let mut unsigned = input.written.heads.iter().filter(|head| {
        // The clinic's address and the tests say nothing about care.
        let about_care = !matches!(head.kind, Kind::Clinic | Kind::Scenarios | Kind::Message);
        about_care && head.approved.is_none() && !accepted(&head.at)
    });
    let Some(first) = unsigned.next() else { return };
    // One warning for all of them: five that say the same hide the sixth, which does not.
    let others: Vec<String> = unsigned.map(|head| format!("`{}`", input.written.file(head.at.file).path)).collect();
    let message = match others.len() {
        0 => "nobody has signed this file".to_owned(),
        1 => "nobody has signed this file and one other".to_owned(),
        more => format!("nobody has signed this file and {more} others"),
    };
    let mut help = "add `approved: (by: \"...\", on: \"2026-02-01\", review_by: \"2027-02-01\"),` when it has \
                    been looked at"
        .to_owned();
    if !others.is_empty() {
        help = format!("{help}; the same goes for {}", others.join(", "));
    }
    findings.report("not-approved", first.at.clone(), message).label("no `approved`").help(help);
}
