//! The example charts of the repository under the shipped rules: replayed, compared under an edit, explained; and
//! the shipped rules read back. All in full, so that a change of meaning is seen by whoever reviews it.

#![expect(clippy::expect_used, clippy::panic, reason = "a helper that fails ends its test")]

use std::{fmt::Write as _, fs, path::Path};

use afterrun_rules::{
    RuleBook,
    compare::{Comparison, compare},
    describe::describe,
    folder,
    load::load,
    replay::{ChartFile, parse_chart, replay},
    source::{Source, Sources},
};

const CHARTS: [&str; 3] = ["half-marathon-pain", "worse-each-run", "quiet-recovery"];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn shipped() -> Sources {
    folder::read(&root().join("rules")).expect("the shipped rules")
}

fn book(sources: &Sources) -> RuleBook {
    let loaded = load(sources);
    loaded.book.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// The shipped rules with other words in `red-flags.ron`, and without scenarios, which would not come out.
fn edited(edits: &[(&str, &str)]) -> RuleBook {
    let mut sources = shipped();
    sources.files.retain(|path, _| !path.starts_with("scenarios/"));
    let file = sources.files.get_mut("red-flags.ron").expect("the red flags");
    let Source::Bytes(bytes) = file else { panic!("they can be read") };
    let mut text = String::from_utf8(bytes.to_vec()).expect("text");
    for (from, to) in edits {
        assert!(text.contains(from), "the pack says `{from}`");
        text = text.replacen(from, to, 1);
    }
    *file = Source::Bytes(text.into_bytes().into());
    book(&sources)
}

fn chart(name: &str) -> ChartFile {
    let text = fs::read_to_string(root().join("tests/charts").join(format!("{name}.json"))).expect("a chart");
    parse_chart(&text).expect("a chart")
}

/// Hashes are left out: they change with every comment in the rules.
fn compared(new: &RuleBook) -> Comparison {
    let comparison = compare(&book(&shipped()), new, CHARTS.iter().map(|name| Ok(chart(name))));
    Comparison { old: "OLD".to_owned(), new: "NEW".to_owned(), ..comparison }
}

#[test]
fn each_example_chart_leads_to_these_decisions() {
    let book = book(&shipped());
    for name in CHARTS {
        let lines = replay(&book, &chart(name), None).expect("the chart fits the shipped rules");
        let lines: Vec<_> =
            lines.iter().map(|line| serde_json::to_string(line).expect("a line is JSON")).collect();
        insta::assert_snapshot!(format!("replay_{name}"), lines.join("\n"));
    }
}

#[test]
fn the_shipped_rules_read_back() {
    let mut text = String::new();
    for rule in describe(&book(&shipped())) {
        let place = rule.place.map_or_else(String::new, |place| format!(" ({})", place.file));
        let _ = writeln!(text, "# {} {}{place}\n{}\n", rule.kind, rule.id, rule.text);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_same_rules_differ_in_nothing() {
    let comparison = compared(&book(&shipped()));
    assert_eq!(comparison.charts, 3);
    assert_eq!(comparison.no_longer_flagged.count + comparison.newly_flagged.count, 0);
    assert_eq!(comparison.earlier.count + comparison.later.count, 0);
    assert_eq!(comparison.before, comparison.after);
    assert!(comparison.stages.iter().map(|stage| stage.counts.same).sum::<u64>() >= 2, "{comparison}");
}

#[test]
fn an_edit_that_asks_for_more_says_who_is_no_longer_flagged_and_why() {
    let stricter =
        edited(&[("AtLeast(\"worst_pain\", 3)", "AtLeast(\"worst_pain\", 5)"), ("rise_by: 2", "rise_by: 5")]);
    insta::assert_snapshot!(compared(&stricter).to_string());
}

#[test]
fn an_edit_that_asks_for_less_says_who_is_flagged_newly_and_earlier() {
    let looser = edited(&[
        ("after_days: 3, min_reports: 2", "after_days: 1, min_reports: 2"),
        ("ends_at_least: 3", "ends_at_least: 1"),
        ("runs: 3", "runs: 3"),
        ("AtLeast(\"worst_pain\", 3)", "AtLeast(\"worst_pain\", 2)"),
    ]);
    let comparison = compared(&looser);
    insta::assert_snapshot!(comparison.to_string());
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&comparison).expect("it is JSON"));
}

#[test]
fn a_renamed_flag_is_the_same_flag() {
    let renamed = edited(&[
        ("id: \"pain-lasting\",", "id: \"pain-persists\", formerly: [\"pain-lasting\"],"),
        ("outranks: [\"pain-lasting\"]", "outranks: [\"pain-persists\"]"),
    ]);
    let comparison = compared(&renamed);
    assert_eq!(comparison.no_longer_flagged.count + comparison.newly_flagged.count, 0, "{comparison}");
}

#[test]
fn a_removed_flag_is_missed_and_a_chart_that_does_not_fit_is_named() {
    let without = edited(&[("id: \"worse-each-run\"", "id: \"other-trend\"")]);
    let comparison = compared(&without);
    let gone: Vec<_> = comparison
        .no_longer_flagged
        .listed
        .iter()
        .map(|change| (change.flag.to_string(), change.missing.clone()))
        .collect();
    assert_eq!(gone, [("worse-each-run".to_owned(), Some("there is no flag `worse-each-run`".to_owned()))]);

    let mut strange = chart("quiet-recovery");
    let answer = strange.events.iter_mut().find_map(|event| match &mut event.event {
        afterrun_rules::Event::Answer(answer) => Some(answer),
        _ => None,
    });
    answer.expect("an answer").values.set("mood".into(), afterrun_rules::chart::Value::Number(3));
    let book = book(&shipped());
    let comparison = compare(
        &book,
        &book,
        [
            Ok(chart("worse-each-run")),
            Ok(strange),
            Err(afterrun_rules::replay::ChartError::Json("cut off".into())),
        ],
    );
    assert_eq!((comparison.charts, comparison.skipped.count), (1, 2));
    let problems: Vec<_> =
        comparison.skipped.listed.iter().map(|skipped| (skipped.chart, skipped.problem.as_str())).collect();
    assert_eq!(
        problems,
        [(2, "under the old rules: events[1]: no question is called `mood`"), (3, "not a chart: cut off")]
    );
}
