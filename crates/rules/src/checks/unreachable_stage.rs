//! A stage that can never be reached with these check-ins and this bridge.
//!
//! Even a patient who answers everything leaves silent days between check-ins. If they are more than the flag bridges,
//! each report begins a new episode at day 0.
//!
//! ```ron
//! schedule: EveryDays(n: 5, at: "18:00"),                     // in check-ins.ron
//! bridge_silent_days: 2, stages: [(id: "see-us", after_days: 5, min_reports: 3, ...)],
//! ```
//!
//! Bridge more days, ask more often, or ask for fewer reports.

use super::{
    FoundBy, Input,
    asked_days::{AskedDays, Reach},
};
use crate::{load::findings::Findings, notation::wording::quote};

check!("unreachable-stage", Warning, "unreachable_stage.rs", FoundBy::LookingAtWhole(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for flag in &input.written.flags {
        let Some(asked) = AskedDays::of(input.written, flag).filter(|asked| !asked.is_never()) else { continue };
        for stage in &flag.stages.0 {
            if asked.reach(&flag.value, &stage.value) != Reach::Never {
                continue;
            }
            let name = quote(stage.id.value.as_ref().map_or("this", |id| id.0.as_str()));
            findings
                .report("unreachable-stage", flag.at(&stage.after_days.span), format!("the stage {name} can never be reached"))
                .label("not even if every check-in is answered")
                .also(&flag.at(&flag.bridge_silent_days.span), "the silence that ends an episode")
                .help("bridge more days, ask more often, or ask for fewer reports");
        }
    }
}
