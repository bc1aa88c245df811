//! A flag that no scenario shows at work.
//!
//! A scenario is a small story with the messages it must lead to. Without one, an edit that makes a flag silent is
//! noticed by nobody.
//!
//! ```ron
//! (id: "limping", ...),       // and no scenario expects one of its messages or names its state
//! ```
//!
//! Write a scenario in which the flag is raised:
//!
//! ```ron
//! (name: "a limp is told at once", series: {"walking": "limp"}, until_day: 1,
//!  messages: [(day: 0, send: "limping-now")]),
//! ```

use std::collections::BTreeSet;

use super::{FoundBy, Input};
use crate::{load::findings::Findings, notation::wording::quote};

check!("flag-without-scenario", Warning, "flag_without_scenario.rs", FoundBy::LookingAtWhole(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    // A misspelt name has been reported; what follows from it need not be.
    if findings.has(&["unknown-flag", "unknown-message"]) {
        return;
    }
    let scenarios = &input.written.scenarios;
    let expected: BTreeSet<&str> =
        scenarios.iter().flat_map(|story| story.messages.iter().map(|message| message.send.as_str())).collect();
    let named: BTreeSet<&str> =
        scenarios.iter().flat_map(|story| story.states.iter().map(|state| state.flag.as_str())).collect();
    for flag in &input.written.flags {
        let Some(id) = &flag.id.value else { continue };
        let shown = named.contains(id.0.as_str())
            || flag.stages.0.iter().any(|stage| expected.contains(stage.send.as_str()));
        if !shown {
            findings
                .report("flag-without-scenario", flag.at(&flag.id.span), format!("no scenario shows {} at work", quote(&id.0)))
                .label("untested")
                .help("write a scenario that expects one of its messages, or names its state");
        }
    }
}
