//! One missed check-in ends an episode of this flag.
//!
//! Nobody answers every time. If the patient is asked every 2 days and misses once, 3 days stay silent; with
//! `bridge_silent_days: 1` the pain that went on all the while starts again at day 0, and the stage that was to come on
//! day 5 never comes.
//!
//! ```ron
//! bridge_silent_days: 1,      // asked every 2 days
//! ```
//!
//! Set `bridge_silent_days` to twice the days between check-ins, less one, or more: here 3. Ask more often while an
//! episode is open, with a `WhileFlagged` check-in; or accept it with `allow: ["one-miss-breaks-the-episode"]`.

use super::{FoundBy, Input, asked_days::AskedDays};
use crate::load::findings::Findings;

check!("one-miss-breaks-the-episode", Warning, "one_miss_breaks_the_episode.rs", FoundBy::LookingAtWhole(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for flag in &input.written.flags {
        let silent = AskedDays::of(input.written, flag).and_then(|asked| asked.silent_days_after_one_miss());
        let bridge = &flag.bridge_silent_days;
        if let Some(silent) = silent.filter(|silent| bridge.value < *silent) {
            let days = if silent == 1 { "day" } else { "days" };
            findings
                .report("one-miss-breaks-the-episode", flag.at(&bridge.span), format!("one missed check-in leaves {silent} silent {days} and ends the episode"))
                .label(format!("bridges only {}", bridge.value))
                .help(format!("set `bridge_silent_days` to {silent} or more, or ask more often while an episode is open"));
        }
    }
}
