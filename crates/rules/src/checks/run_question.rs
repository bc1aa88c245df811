//! A question about a run in a check-in that does not follow a run.
//!
//! Only an `AfterRun` check-in knows which run is meant.
//!
//! ```ron
//! (id: "weekly", starts: OnEnrolment, ..., ask: ["feeling", "pain_on_run"]),   // about: Run
//! ```
//!
//! Ask it in a check-in with `starts: AfterRun`.

use super::{FoundBy, Input};
use crate::{
    load::findings::Findings,
    notation::{check_ins::Starts, questions::About, wording::quote},
};

check!("run-question", Error, "run_question.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for check_in in &input.written.check_ins {
        if check_in.starts.value == Starts::AfterRun {
            continue;
        }
        for id in &check_in.ask.value {
            let about = input.written.question(id).and_then(|question| question.about);
            if about == Some(About::Run) {
                findings
                    .report("run-question", check_in.at(&id.span), format!("{} is about a run", quote(id)))
                    .label("no run is meant here")
                    .help("ask it in a check-in with `starts: AfterRun`");
            }
        }
    }
}
