//! Loading: the sample of the rule language becomes a book; a wrong name becomes the promised diagnostic.

mod changed;
mod support;

use afterrun_rules::{
    load::{load, load_at},
    render_diagnostic::{Style, render, to_json},
};
use changed::{changed, shown};
use chrono::NaiveDate;
use support::folder;

#[test]
fn the_sample_becomes_a_book() {
    let sources = folder("sample");
    let loaded = load(&sources);
    assert_eq!(shown(&sources, &loaded.diagnostics), "");
    let book = loaded.book.unwrap();
    assert_eq!(book.hash, sources.hash());
    insta::assert_debug_snapshot!(book);
}

#[test]
fn an_unknown_message_is_marked_word_for_word() {
    let sources = changed("@@@ red-flags.ron\n- send: \"pain-heads-up\"\n+ send: \"pain-headsup\"\n");
    let loaded = load(&sources);
    assert!(loaded.book.is_none());
    insta::assert_snapshot!(shown(&sources, &loaded.diagnostics));
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let sources = changed(
        "=== clinic.ron
Clinic(name: \"C\", phone: \"1\", booking_link: \"https://c.example\", emergency_line: \"Call.\", time_zone: \"Europe/London\",
    office_hours: [(days: \"Sat-Mon, Wed\", from: \"08:00\", until: \"18:00\")], send_window: (from: \"07:00\", until: \"20:00\"),
    alerts_to: [\"a@c.example\"])
",
    );
    let clinic = load(&sources).book.unwrap().clinic;
    insta::assert_debug_snapshot!((
        clinic.office_hours,
        clinic.time_messages_at,
        clinic.escalate,
        clinic.editors,
        clinic.limits
    ));
    assert!(
        clinic
            .digest
            .next_after(chrono::DateTime::UNIX_EPOCH, clinic.time_zone, Default::default())
            .is_some()
    );
}

#[test]
fn distances_are_metres_whatever_they_are_written_in() {
    let sources = changed(
        "=== recovery.ron
Recovery(on_run: (send: \"recovery-plan\"), on_cleared: (send: \"run-again\"), windows: [
    (id: \"a\", title: \"A\", when: Distance(below_miles: 10), rest_days: (min: 0, max: 1), basis: Seed),
    (id: \"b\", title: \"B\", when: Distance(from_miles: 10, below_km: 20), rest_days: (min: 1, max: 2), basis: Seed),
    (id: \"c\", title: \"C\", when: Distance(from_m: 20000), rest_days: (min: 2, max: 3), basis: Seed),
    (id: \"d\", title: \"D\", when: Race(\"half-marathon\"), rest_days: (min: 3, max: 5), basis: Seed),
])
",
    );
    let book = load(&sources).book.unwrap();
    let bands: Vec<_> = book.recovery.windows.iter().map(|window| window.when.clone()).collect();
    insta::assert_debug_snapshot!(bands);
    let runs: Vec<_> =
        book.scenarios.iter().flat_map(|story| story.runs.iter().map(|run| run.distance_m)).collect();
    assert_eq!(runs, [21_097.5, 4.0 * 1609.344, 6_500.0, 6_500.0]);
}

#[test]
fn errors_of_all_files_come_together_by_file_and_position() {
    let sources = changed(
        "@@@ red-flags.ron
- after_days: 3
+ after_day: 3
- \"lost-touch\"
+ \"lost\"
@@@ clinic.ron
- \"America/Chicago\"
+ \"America/Chicgo\"
@@@ check-ins.ron
- Cron(\"0 0 7 * * *\")
+ Cron(\"0 7 * * *\")
@@@ messages/check-in.md
- {{ check_in_link }}
+ {{ check_in_lnk }}
",
    );
    let found = load(&sources).diagnostics;
    let places: Vec<_> = found
        .iter()
        .map(|found| format!("{}:{}:{} {}", found.file, found.line, found.column, found.code))
        .collect();
    insta::assert_snapshot!(places.join("\n"));
}

#[test]
fn a_folder_that_a_scenario_swaps_in_is_no_part_of_the_book() {
    let mut sources = changed(
        "@@@ scenarios/pain.ron
- until_day: 6
+ events: [NewRules(day: 2, folder: \"scenarios/lower\")], until_day: 6
",
    );
    let other = folder("sample").files;
    sources
        .files
        .extend(other.into_iter().map(|(path, source)| (format!("scenarios/lower/{path}").into(), source)));
    let loaded = load(&sources);
    assert_eq!(shown(&sources, &loaded.diagnostics), "");
    assert_eq!(loaded.book.unwrap().flags.len(), 2);
}

#[test]
fn diagnostics_are_json_with_their_places() {
    let sources = changed("@@@ red-flags.ron\n- send: \"pain-heads-up\"\n+ send: \"pain-headsup\"\n");
    insta::assert_snapshot!(to_json(&load(&sources).diagnostics).unwrap());
}

#[test]
fn colours_are_for_terminals_only() {
    let sources = changed("@@@ red-flags.ron\n- send: \"pain-heads-up\"\n+ send: \"pain-headsup\"\n");
    let found = &load(&sources).diagnostics[0];
    let shown = |style| render(found, Some("x\n"), "rules/", style);
    assert!(shown(Style::Colour).contains("\u{1b}["));
    assert!(!shown(Style::Plain).contains('\u{1b}'));
}

#[test]
fn without_a_date_nothing_is_past_and_every_allow_holds() {
    let sources = changed(
        "@@@ red-flags.ron
- review_by: \"2027-02-01\"
+ review_by: \"2026-03-01\"
- bridge_silent_days: 2
+ bridge_silent_days: 0, allow: [\"one-miss-breaks-the-episode until 2026-03-01\"]
",
    );
    assert_eq!(shown(&sources, &load(&sources).diagnostics), "");
    let codes =
        |today| load_at(&sources, today).diagnostics.iter().map(|found| found.code).collect::<Vec<_>>();
    assert_eq!(codes(NaiveDate::from_ymd_opt(2026, 3, 1)), Vec::<&str>::new());
    assert_eq!(codes(NaiveDate::from_ymd_opt(2026, 3, 2)), ["review-past", "one-miss-breaks-the-episode"]);
}
