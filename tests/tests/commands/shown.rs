//! What a clinician sees on a terminal, in full.

use super::*;

/// The hash of the shipped rules changes with every comment in them, and line numbers with every line.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for line in text.lines() {
        let line = match line.split_once("by the rules ") {
            Some((before, _)) => format!("{before}by the rules HASH"),
            None => line.to_owned(),
        };
        let line = match line.split_once("old rules ") {
            Some((before, rest)) if line.contains("compared:") && rest.contains("new rules") => {
                format!("{before}old rules HASH, new rules HASH")
            }
            _ => line,
        };
        let mut rest = line.as_str();
        while let Some((before, after)) = rest.split_once(".ron:") {
            steady.push_str(before);
            steady.push_str(".ron:N");
            rest = after.trim_start_matches(|char: char| char.is_ascii_digit());
        }
        steady.push_str(rest);
        steady.push('\n');
    }
    steady
}

#[test]
fn why_somebody_was_told() {
    let desk = Desk::new();
    let ran = desk.run(&["why", "charts/half-marathon-pain.json"]);
    insta::assert_snapshot!(steady(&ran.out));
}

#[test]
fn why_somebody_is_flagged_over_runs() {
    let desk = Desk::new();
    let ran = desk.run(&["why", "charts/worse-each-run.json", "worse-each-run"]);
    insta::assert_snapshot!(steady(&ran.out));
}

#[test]
fn why_nothing_is_wrong() {
    let desk = Desk::new();
    let ran = desk.run(&["why", "charts/quiet-recovery.json"]);
    insta::assert_snapshot!(steady(&ran.out));
}

#[test]
fn what_an_edit_would_change() {
    let desk = Desk::new();
    let ran = desk.run(&["compare", "rules", "stricter", "--charts", "charts/half-marathon-pain.json"]);
    insta::assert_snapshot!(steady(&ran.out));
}

#[test]
fn one_rule_read_back() {
    let desk = Desk::new();
    let ran = desk.run(&["describe", "pain-lasting"]);
    insta::assert_snapshot!(steady(&ran.out));
}

#[test]
fn a_scenario_that_does_not_come_out() {
    let desk = Desk::new();
    fs::remove_dir_all(desk.path("rules/scenarios")).expect("they can be removed");
    fs::create_dir(desk.path("rules/scenarios")).expect("a folder");
    desk.write(
        "rules/scenarios/wrong.ron",
        "Scenarios(scenarios: [(name: \"a limp is told on the second day\", series: {\"walking\": \"limp limp\"}, \
         until_day: 1, messages: [(day: 1, send: \"limping-advice\")], \
         states: [(day: 0, flag: \"limping\", is: Watching)], \
         clinic: [(day: 1, flag: \"limping\", hears: Digest)])])",
    );
    let ran = desk.run(&["test"]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(steady(&ran.out));
}

/// The same questions about a runner of the database, who has answered through the daemon's own commands.
#[test]
fn a_runner_of_the_database_is_explained_and_compared() {
    let clinic = Clinic::new(None);
    let at = |text: &str| text.parse().expect("an instant");
    let sam = "sam@runner.example";
    clinic.run(
        at("2026-03-27T08:00:00Z"),
        &["patient", "add", "--name", "Sam", "--email", sam, "--time-zone", "Europe/London", "--confirmed"],
    );
    for day in ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"] {
        let now = at(&format!("{day}T09:00:00Z"));
        clinic.run(
            now,
            &["answer", "add", sam, "--value", "feeling=pain", "--value", "worst_pain=4", "--no-emergency"],
        );
    }
    let now = at("2026-03-30T10:00:00Z");
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = words(clinic.run(now, &["why", sam, "pain-lasting"]));
    assert!(
        why.contains(
            "open since Fri 27 Mar 2026 (day 0), last reported on Mon 30 Mar 2026 (day 3), on 4 days"
        ),
        "{why}"
    );
    assert!(why.contains("stage/pain-lasting/heads-up/2026-03-30"), "{why}");
    // The same by a clinic that writes the month first.
    clinic.edit("rules/clinic.ron", "    phone:", "    locale: \"en-US\",\n    phone:");
    let american = words(clinic.run(now, &["why", sam, "pain-lasting", "--rules", "rules"]));
    for written in ["as of Mon, Mar 30, 2026 11:00 am", "day 0 Fri, Mar 27, 2026", "on 4 days"] {
        assert!(american.contains(written), "`{written}`: {american}");
    }
    // What was decided before keeps its words.
    assert!(!american.contains("Fri 27 Mar 2026"), "{american}");
    clinic.edit("rules/clinic.ron", "    locale: \"en-US\",\n    phone:", "    phone:");
    let before = words(clinic.run(now, &["why", sam, "pain-lasting", "--at", "2026-03-29T12:00:00Z"]));
    assert!(before.contains("no stage told") && before.contains("on 3 days in all"), "{before}");
    assert!(before.contains("still needs a report of it about Mon 30 Mar 2026 or later"), "{before}");

    let stricter = clinic.folder().join("stricter");
    copy_folder(&clinic.folder().join("rules"), &stricter);
    let file = stricter.join("red-flags.ron");
    let text = fs::read_to_string(&file).expect("the red flags");
    fs::write(&file, text.replace("AtLeast(\"worst_pain\", 3)", "AtLeast(\"worst_pain\", 5)"))
        .expect("written");
    let compared = clinic.run(now, &["compare", "rules", "stricter"]);
    assert!(compared.contains("1 chart compared") && compared.contains("no longer flagged: 1"), "{compared}");
    assert!(compared.contains("1 below 5"), "{compared}");
}
