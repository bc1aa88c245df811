//! A scenario runs a kind of race for which there is no recovery window.
//!
//! A window `when: Race("half-marathon")` is what makes a kind of race known: patients can choose it when they log a
//! run. Any other word would silently be treated as a training run.
//!
//! ```ron
//! runs: [(day: 0, race: "half-maraton")],
//! ```
//!
//! Write `race: "half-marathon"`, or add a window for the race to a `Recovery(` file.

use super::{FoundBy, Input};
use crate::{
    load::findings::Findings,
    notation::{Kind, recovery::RunMatch, wording::quote},
};

check!("unknown-run-kind", Error, "unknown_run_kind.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    if !written.is_complete(Kind::Recovery) || !written.broken_ids.is_empty() {
        return;
    }
    let races: Vec<&str> = written
        .windows
        .iter()
        .filter_map(|window| match &window.when.value {
            RunMatch::Race(race) => race.value.as_ref().map(|race| race.0.as_str()),
            RunMatch::Distance { .. } => None,
        })
        .collect();
    for story in &written.scenarios {
        for race in story.runs.0.iter().filter_map(|run| run.race.as_ref()) {
            if races.contains(&race.as_str()) {
                continue;
            }
            let help = findings.suggest(race, races.iter().copied());
            findings
                .report("unknown-run-kind", story.at(&race.span), format!("no recovery window is for the race {}", quote(race)))
                .label("there is no such race")
                .maybe_help(help);
        }
    }
}
