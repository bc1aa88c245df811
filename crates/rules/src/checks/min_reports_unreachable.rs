//! A stage that asks for more reports than there can be by its day.
//!
//! It comes later than it says: with `after_days: 3` there are at most four reports, on days 0, 1, 2 and 3, and fewer if
//! the patient is not asked every day.
//!
//! ```ron
//! (id: "heads-up", after_days: 3, min_reports: 5, ...),
//! ```
//!
//! Ask for fewer reports, or write the day that is meant.

use super::{
    FoundBy, Input,
    asked_days::{AskedDays, Reach},
};
use crate::load::findings::Findings;

check!("min-reports-unreachable", Warning, "min_reports_unreachable.rs", FoundBy::LookingAtWhole(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for flag in &input.written.flags {
        let Some(asked) = AskedDays::of(input.written, flag).filter(|asked| !asked.is_never()) else { continue };
        for stage in &flag.stages.0 {
            if asked.reach(&flag.value, &stage.value) == Reach::Late {
                let (reports, days) = (stage.min_reports.value, stage.after_days.value);
                findings
                    .report("min-reports-unreachable", flag.at(&stage.min_reports.span), format!("there cannot be {reports} reports by day {days}"))
                    .label("too many")
                    .also(&flag.at(&stage.after_days.span), "the day")
                    .help("ask for fewer reports, or write the day that is meant");
            }
        }
    }
}
