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
    for head in &input.written.heads {
        // The clinic's address and the tests say nothing about care.
        let about_care = !matches!(head.kind, Kind::Clinic | Kind::Scenarios | Kind::Message);
        if about_care && head.approved.is_none() {
            findings
                .report("not-approved", head.at.clone(), "nobody has signed this file")
                .label("no `approved`")
                .help("add `approved: (by: \"...\", on: \"2026-02-01\", review_by: \"2027-02-01\"),` when it has been looked at");
        }
    }
}
