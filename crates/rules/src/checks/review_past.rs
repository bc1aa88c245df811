//! Rules whose date for looking at them again has passed.
//!
//! ```ron
//! approved: (by: "Dr A. Example, PT", on: "2025-02-01", review_by: "2026-02-01"),
//! ```
//!
//! Look at the file again, and write down who did and when the next time is. A date before the signature is reported
//! as well.

use super::{FoundBy, Input};
use crate::load::{findings::Findings, written::At};

check!("review-past", Warning, "review_past.rs", FoundBy::LookingAtWhole(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for head in &input.written.heads {
        let Some(approved) = &head.approved else { continue };
        let (Some(on), Some(review_by)) = (approved.on.value, approved.review_by.value) else { continue };
        let at = At { file: head.at.file, span: approved.review_by.span.clone() };
        if review_by < on {
            findings
                .report("review-past", at, "the date for looking again lies before the signature")
                .label("too early")
                .help("write a date after `on`");
        } else if input.today.is_some_and(|today| review_by < today) {
            findings
                .report("review-past", at, format!("this file was to be looked at again by {review_by}"))
                .label("this day has passed")
                .help("look at the file again, and bring `approved` up to date");
        }
    }
}
