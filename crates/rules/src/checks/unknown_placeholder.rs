//! A message uses a placeholder that does not exist, or that is not there for what the message is sent for.
//!
//! Nothing would be filled in, so the message could not be sent.
//!
//! ```text
//! Hello {{ first_nam }},
//! Your plan: rest for {{ rest_days_min }} days.      (in a message that a flag's stage sends)
//! ```
//!
//! In every message: `first_name`, `clinic_name`, `clinic_phone`, `booking_link`, `emergency_line`, `stop_link`, `page_link`.
//! In check-ins and nudges: `check_in_link`, `about_day`, `closes_at`, `last_report_day`. In stages, all-clears and
//! lost-touch messages: `flag_title`, `also`, `onset_day`, `days`, `last_report_day`, and in the last `check_in_link`. In
//! the recovery plan: `run_title`, `rest_days_min`, `rest_days_max`, `first_running_day`, `refuel_by` (inside
//! `{% if refuel_by %}`, because it is absent once the time has passed). In the run-again message: `run_title`,
//! `first_running_day`.

use super::{
    FoundBy, Input,
    placeholders::{self, at, is_available, place_of},
};
use crate::{load::findings::Findings, notation::wording::quote};

check!("unknown-placeholder", Error, "unknown_placeholder.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let uses = input.written.message_uses();
    for message in &input.written.messages {
        let uses = placeholders::uses_of(input.written, &uses, &message.value);
        for text in placeholders::texts(message) {
            for name in placeholders::names(text).unwrap_or_default() {
                let place = at(message, text, place_of(text, &name).unwrap_or(0..text.len()));
                if !placeholders::all().any(|known| known == name) {
                    let help = findings.suggest(&name, placeholders::all());
                    findings
                        .report("unknown-placeholder", place, format!("no placeholder is called {}", quote(&name)))
                        .label("nothing fills this in")
                        .maybe_help(help);
                } else if let Some(without) = uses.iter().find(|what_for| !is_available(&name, **what_for)) {
                    findings
                        .report("unknown-placeholder", place, format!("{} is not there in {}", quote(&name), without.in_words()))
                        .label("nothing fills this in")
                        .help("leave it out, or send a message of its own there");
                }
            }
        }
    }
}
