//! A flag that no check-in asks about, so that it can never be raised.
//!
//! ```ron
//! when: OneOf("walking", ["limp"]),
//! // and no check-in has `ask: [..., "walking", ...]`
//! ```
//!
//! Add one of the flag's questions to a check-in: to one with `starts: AfterRun` if the flag is `WorsensEachRun`.

use super::{FoundBy, Input, asked_days::questions};
use crate::{
    load::findings::Findings,
    notation::{check_ins::Starts, condition::Condition, wording::quote},
};

check!("never-asked", Warning, "never_asked.rs", FoundBy::LookingAtWhole(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    // A misspelt name has been reported; what follows from it need not be.
    if findings.has(&["unknown-question"]) {
        return;
    }
    for flag in &input.written.flags {
        let questions = questions(&flag.when);
        let over_runs = matches!(flag.when.value, Condition::WorsensEachRun { .. });
        let asked = input.written.check_ins.iter().any(|check_in| {
            // A check-in that waits for the flag to be raised cannot raise it.
            let suits = if over_runs {
                check_in.starts.value == Starts::AfterRun
            } else {
                check_in.starts.value != Starts::WhileFlagged
            };
            suits && check_in.ask.iter().any(|id| questions.contains(id.as_str()))
        });
        if !asked {
            let names: Vec<_> = questions.iter().map(|id| quote(id)).collect();
            findings
                .report("never-asked", flag.at(&flag.when.span), format!("no check-in asks {} before this flag is raised", names.join(", ")))
                .label("can never be raised")
                .help("add the question to a check-in with `starts: AfterRun` or `starts: OnEnrolment`");
        }
    }
}
