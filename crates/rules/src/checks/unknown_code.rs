//! `allow` names a warning that does not exist, or something that cannot be allowed.
//!
//! ```ron
//! allow: ["one-mis-breaks-the-episode"],
//! allow: ["unknown-message"],                                      // an error
//! allow: ["one-miss-breaks-the-episode until next year"],
//! ```
//!
//! Write the code of a warning, with a date if it is to be accepted for a while only:
//! `allow: ["one-miss-breaks-the-episode until 2027-02-01"]`. Errors cannot be allowed.

use chrono::NaiveDate;

use super::{FoundBy, Input};
use crate::{diagnostic::Severity, load::findings::Findings, notation::wording::quote};

check!("unknown-code", Error, "unknown_code.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    for allow in &input.written.allows {
        let (code, until) = allow.parts();
        let (message, help) = match super::find(code) {
            None => {
                let warnings = super::all().iter().filter(|check| check.severity == Severity::Warning);
                let help = findings.suggest(code, warnings.map(|check| check.code));
                (format!("no check is called {}", quote(code)), help)
            }
            Some(check) if check.severity == Severity::Error => {
                (format!("{} is an error and cannot be allowed", quote(code)), Some("mend what it finds".into()))
            }
            Some(_) => match until.map(|date| NaiveDate::parse_from_str(date, "%Y-%m-%d")) {
                Some(Err(_)) => ("what follows `until` is not a date".into(), Some(format!("write `{code} until 2027-02-01`"))),
                _ => continue,
            },
        };
        findings.report("unknown-code", allow.at.clone(), message).label("allows nothing").maybe_help(help);
    }
}
