//! An answer would count as the problem and as clear at once.
//!
//! `when` says what counts as the problem, `clear_when` what counts as free of it. An answer that meets both would both
//! prolong an episode and end it.
//!
//! ```ron
//! when: AtLeast("worst_pain", 3), clear_when: AtMost("worst_pain", 4),   // 3 and 4 are both
//! ```
//!
//! Leave room between the two, or leave `clear_when` out: then whatever is not the problem is clear.

use super::{FoundBy, Input, possible};
use crate::load::findings::Findings;

check!("when-clear-overlap", Error, "when_clear_overlap.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for flag in &input.written.flags {
        let Some(clear) = &flag.clear_when else { continue };
        if findings.has_inside(&flag.at, &["wrong-answer-type", "misplaced-condition", "always-or-never"]) {
            continue;
        }
        let mut both = false;
        let looked = possible::for_each(input.written, &[&flag.when, clear], |holds| both |= holds[0] && holds[1]);
        if looked && both {
            findings
                .report("when-clear-overlap", flag.at(&clear.span), "some answers meet both `when` and `clear_when`")
                .label("overlaps `when`")
                .also(&flag.at(&flag.when.span), "the problem")
                .help("leave room between the two, or leave `clear_when` out");
        }
    }
}
