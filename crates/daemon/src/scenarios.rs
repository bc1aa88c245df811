//! Running a rule book's own tests, the rules of other folders that they swap in included.

use std::sync::Arc;

use afterrun_rules::{
    Diagnostic, RuleBook, load,
    scenario::ScenarioEvent,
    scenario_run::{self, Failure, OtherBooks},
    source::Sources,
};

/// Runs every scenario of a book loaded from `sources`.
///
/// # Errors
/// The findings of a folder that a scenario puts in force, if its rules do not load.
pub fn run_all(book: &RuleBook, sources: &Sources) -> Result<Vec<Failure>, Vec<Diagnostic>> {
    Ok(scenario_run::run_all(book, &other_books(book, sources)?))
}

/// The books that the scenarios of a book put in force, loaded from below its folder.
///
/// # Errors
/// The findings of the first of them that does not load.
pub fn other_books(book: &RuleBook, sources: &Sources) -> Result<OtherBooks, Vec<Diagnostic>> {
    let mut others = OtherBooks::new();
    for event in book.scenarios.iter().flat_map(|scenario| &scenario.events) {
        let ScenarioEvent::NewRules { folder, .. } = event else { continue };
        if others.contains_key(folder) {
            continue;
        }
        let prefix = format!("{}/", folder.trim_matches('/'));
        let below = sources
            .files
            .iter()
            .filter_map(|(path, source)| Some((path.strip_prefix(&prefix)?.into(), source.clone())));
        let loaded = load::load(&Sources { files: below.collect() });
        let Some(other) = loaded.book else {
            let named = |finding: Diagnostic| Diagnostic {
                file: format!("{prefix}{}", finding.file).into(),
                ..finding
            };
            return Err(loaded.diagnostics.into_iter().map(named).collect());
        };
        others.insert(folder.clone(), Arc::new(other));
    }
    Ok(others)
}

#[cfg(test)]
mod tests {
    use afterrun_rules::source::Source;

    use super::*;

    const SWAP: &str = r#"Scenarios(scenarios: [
        (name: "stricter rules from day 2 on", day_0: "2026-03-27", time_zone: "Europe/London",
         series: {"feeling": "pain pain pain pain", "worst_pain": "5 5 5 5"}, until_day: 4,
         events: [NewRules(day: 2, folder: "variants/later")], messages: []),
    ])"#;

    /// The shipped rules, and a variant of them in which the heads-up comes on day 4.
    fn with_variant(edit: impl Fn(&str) -> String) -> Sources {
        let shipped = crate::shipped::sources();
        let mut all = shipped.clone();
        for (path, source) in &shipped.files {
            let Source::Bytes(bytes) = source else { continue };
            if !path.starts_with("scenarios/") {
                let text = edit(&String::from_utf8_lossy(bytes));
                all.files
                    .insert(format!("variants/later/{path}").into(), Source::Bytes(text.as_bytes().into()));
            }
        }
        all.files.insert("scenarios/swap.ron".into(), Source::Bytes(SWAP.as_bytes().into()));
        all
    }

    #[test]
    fn a_scenario_may_put_another_folder_in_force() {
        let sources = with_variant(|text| {
            text.replace("after_days: 3, min_reports: 2", "after_days: 4, min_reports: 2")
        });
        let book = load::load(&sources).book.unwrap();
        assert_eq!(run_all(&book, &sources), Ok(Vec::new()));
    }

    #[test]
    fn the_other_folder_has_to_be_sound_too() {
        let sources = with_variant(|text| text.replace("send: \"pain-heads-up\"", "send: \"none-such\""));
        let book = load::load(&sources).book.unwrap();
        let found = run_all(&book, &sources).unwrap_err();
        assert!(found.iter().any(|finding| &*finding.file == "variants/later/red-flags.ron"), "{found:?}");
    }
}
