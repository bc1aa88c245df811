//! The stages of a flag are not in the order in which they are reached.
//!
//! Only the highest newly reached stage writes to the patient, and the later in the list the higher.
//!
//! ```ron
//! stages: [
//!     (id: "see-us", after_days: 5, ...),
//!     (id: "heads-up", after_days: 3, ...),
//! ],
//! ```
//!
//! Put the stages in the order of `after_days`, no two on the same day, and let `min_reports` never fall.

use super::{FoundBy, Input};
use crate::load::findings::Findings;

check!("stage-order", Error, "stage_order.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for flag in &input.written.flags {
        if flag.stages.0.is_empty() && !input.written.is_whole() {
            continue;
        }
        if flag.stages.0.is_empty() {
            findings
                .report("stage-order", flag.at(&flag.stages.span), "this flag has no stage")
                .label("nothing would ever happen")
                .help("add a stage, or remove the flag");
        }
        for pair in flag.stages.0.windows(2) {
            let [before, after] = pair else { continue };
            if after.after_days.value <= before.after_days.value {
                findings
                    .report("stage-order", flag.at(&after.after_days.span), "this stage does not come after the one before it")
                    .label(format!("not more than {}", before.after_days.value))
                    .also(&flag.at(&before.after_days.span), "the stage before")
                    .help("put the stages in the order of `after_days`");
            }
            if after.min_reports.value < before.min_reports.value {
                findings
                    .report("stage-order", flag.at(&after.min_reports.span), "this stage needs fewer reports than the one before it")
                    .label(format!("less than {}", before.min_reports.value))
                    .also(&flag.at(&before.min_reports.span), "the stage before")
                    .help("let `min_reports` stay the same or rise");
            }
        }
    }
}
