//! Lets files pass the gate without putting them in force: what the console shows of a draft.

use std::sync::Arc;

use afterrun_rules::{RuleBook, Severity, load, source::Sources};
use afterrun_web::Tried;
use chrono::NaiveDate;

use crate::{reloading::failed_scenario, scenarios};

/// The gate's verdict on `sources`, with everything it looked at. `before` is the book in force; `today` decides about
/// signatures and dated `allow`s, which are warnings only.
#[must_use]
pub fn try_out(sources: &Sources, before: &RuleBook, today: NaiveDate) -> Tried {
    let loaded = load::load_after(sources, Some(today), Some(before));
    let mut tried = Tried {
        hash: sources.hash(),
        book: loaded.book.map(Arc::new),
        diagnostics: loaded.diagnostics,
        failures: Vec::new(),
        is_accepted: false,
    };
    let Some(book) = &tried.book else { return tried };
    match scenarios::run_all(book, sources) {
        Ok(failures) => {
            tried.diagnostics.extend(failures.iter().map(|failure| failed_scenario(failure, sources)));
            tried.failures = failures;
        }
        Err(found) => tried.diagnostics.extend(found),
    }
    tried.is_accepted = tried.diagnostics.iter().all(|finding| finding.severity != Severity::Error);
    tried
}

#[cfg(test)]
mod tests {
    use afterrun_rules::source::Source;

    use super::*;
    use crate::reloading::gate;

    fn edited(file: &str, from: &str, to: &str) -> Sources {
        let mut sources = crate::shipped::sources();
        let Some(Source::Bytes(bytes)) = sources.files.get(file) else { panic!("no {file}") };
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.contains(from), "{file} nowhere says {from}");
        sources.files.insert(file.into(), Source::Bytes(text.replace(from, to).into_bytes().into()));
        sources
    }

    /// The same verdict as the gate's, for the reason named.
    fn check(sources: &Sources, refused_for: Option<&str>) {
        let before = load::load(&crate::shipped::sources()).book.unwrap();
        let tried = try_out(sources, &before, "2026-03-27".parse().unwrap());
        assert_eq!(tried.is_accepted, gate(sources, Some(&before)).is_ok());
        let errors = tried.diagnostics.iter().filter(|finding| finding.severity == Severity::Error);
        let codes: Vec<_> = errors.map(|finding| finding.code).collect();
        assert_eq!(codes.first().copied(), refused_for, "{codes:?}");
    }

    #[test]
    fn a_draft_is_judged_as_the_gate_does() {
        check(&crate::shipped::sources(), None);
        check(
            &edited("red-flags.ron", "send: \"pain-heads-up\"", "send: \"pain-headsup\""),
            Some("unknown-message"),
        );
        check(
            &edited("red-flags.ron", "after_days: 3, min_reports: 2", "after_days: 4, min_reports: 2"),
            Some("scenario-failed"),
        );
        check(&edited("clinic.ron", "phone: \"555-0100\"", "phone: \"555-0199\""), None);
    }
}
