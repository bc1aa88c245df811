//! A rule or a scenario names a flag, or a stage of a flag, that does not exist.
//!
//! ```ron
//! outranks: ["pain-lastin"],
//! states: [(day: 3, flag: "pain-lasting", is: Told("heads-upp"))],
//! ```
//!
//! Write the id of a flag of a `RedFlags(` file, or one that a flag lists under `formerly`; inside `Told(...)` the id
//! of one of its stages.

use super::{FoundBy, Input};
use crate::{
    load::findings::Findings,
    notation::{Kind, scenarios::StateName, wording::quote},
};

check!("unknown-flag", Error, "unknown_flag.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    if !written.is_complete(Kind::RedFlags) {
        return;
    }
    let outranked = written.flags.iter().flat_map(|flag| flag.outranks.iter().map(|id| (flag.at(&id.span), id)));
    let seen = written.scenarios.iter().flat_map(|story| story.states.iter().map(|state| (story.at(&state.flag.span), &state.flag)));
    let heard = written.scenarios.iter().flat_map(|story| story.clinic.iter().flatten().map(|hears| (story.at(&hears.flag.span), &hears.flag)));
    for (at, id) in outranked.chain(seen).chain(heard) {
        if written.flag(id).is_some() || written.broken_ids.contains(id.as_str()) {
            continue;
        }
        let known = written.flags.iter().filter_map(|flag| flag.id.value.as_ref());
        let help = findings.suggest(id, known.map(|known| known.0.as_str()));
        findings
            .report("unknown-flag", at, format!("no flag is called {}", quote(id)))
            .label("there is no such flag")
            .maybe_help(help);
    }
    for story in &written.scenarios {
        for state in &story.states {
            let (Some(flag), StateName::Told(stage)) = (written.flag(&state.flag), &state.is) else { continue };
            let stages = || flag.stages.0.iter().filter_map(|known| known.id.value.as_ref());
            if stages().any(|known| known.0 == stage.value) || written.broken_ids.contains(stage.as_str()) {
                continue;
            }
            let help = findings.suggest(stage, stages().map(|known| known.0.as_str()));
            findings
                .report("unknown-flag", story.at(&stage.span), format!("the flag {} has no stage {}", quote(&state.flag), quote(stage)))
                .label("there is no such stage")
                .maybe_help(help);
        }
    }
}
