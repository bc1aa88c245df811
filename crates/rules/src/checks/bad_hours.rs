//! Opening hours or a send window that end before they begin; a clinic that is never open, or that nobody would tell.
//!
//! What is to be told "today" is told when the clinic is open, and alerts need an address.
//!
//! ```ron
//! send_window: (from: "20:00", until: "07:00"),
//! office_hours: [], alerts_to: [],
//! ```
//!
//! `from` comes before `until`, both on the same day. For a lunch break, write two rows of office hours.

use chrono::NaiveTime;

use super::{FoundBy, Input};
use crate::{
    load::findings::Findings,
    notation::Checked,
};

check!("bad-hours", Error, "bad_hours.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for clinic in &input.written.clinics {
        let mut look_at = |from: &Checked<NaiveTime>, until: &Checked<NaiveTime>| {
            if from.value.zip(until.value).is_some_and(|(from, until)| from >= until) {
                findings
                    .report("bad-hours", clinic.at(&until.span), "this ends before it begins")
                    .label("not later than the start")
                    .also(&clinic.at(&from.span), "the start")
                    .help("let `from` come before `until`");
            }
        };
        look_at(&clinic.send_window.from, &clinic.send_window.until);
        for row in &clinic.office_hours.0 {
            look_at(&row.from, &row.until);
        }
        if clinic.office_hours.0.is_empty() && input.written.is_whole() {
            findings
                .report("bad-hours", clinic.at.clone(), "the clinic has no office hours")
                .label("never open")
                .help("add `office_hours: [(days: \"Mon-Fri\", from: \"08:00\", until: \"18:00\")]`");
        }
        if clinic.alerts_to.value.is_empty() {
            findings
                .report("bad-hours", clinic.at(&clinic.alerts_to.span), "nobody would hear of an alert")
                .label("no address")
                .help("name at least one address");
        }
    }
}
