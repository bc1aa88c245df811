//! Every exit code of every command about rules: 0 done, 1 findings, 2 wrong usage or trouble, 3 warnings that count.

use super::*;

/// Arguments, the exit code, and words that must be said on standard output or error.
type Case<'a> = (&'a [&'a str], i32, &'a str);

#[track_caller]
fn check(desk: &Desk, cases: &[Case<'_>]) {
    for (arguments, code, words) in cases {
        let ran = desk.run(arguments);
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, Some(*code), "afterrun {arguments:?}\n{said}");
        assert!(said.contains(words), "afterrun {arguments:?} does not say `{words}`\n{said}");
        // What failed is said on standard error; findings are what was asked for, so they are not.
        assert_eq!(*code == 2, !ran.err.is_empty(), "afterrun {arguments:?}\n{}", ran.err);
    }
}

#[test]
fn of_check() {
    let desk = Desk::new();
    let cases: &[Case<'_>] = &[
        (&["check"], 0, "0 errors"),
        (&["check", "rules"], 0, "0 errors"),
        (&["check", "rules", "--strict"], 3, "warning[not-approved]"),
        (&["check", "broken"], 1, "error[unknown-message]: no message is called `pain-headsup`"),
        (&["check", "broken", "--strict"], 1, "did you mean `pain-heads-up`?"),
        (&["check", "broken", "--format", "json"], 1, "\"unknown-message\""),
        (&["check", "nowhere"], 2, "nowhere"),
        (&["check", "--explain", "none-such"], 2, "no finding is called `none-such`"),
        (&["check", "--strickt"], 2, "--strict"),
        (&["check", "rules", "--format", "xml"], 2, "json"),
        (&["check", "--config", "none.ron"], 2, "none.ron"),
    ];
    check(&desk, cases);
}

#[test]
fn of_check_explain_for_every_code() {
    let desk = Desk::new();
    for check in checks::all() {
        let ran = desk.run(&["check", "--explain", check.code]);
        assert_eq!(ran.code, Some(0), "{}", check.code);
        assert_eq!(ran.out.trim_end(), check.page().trim_end(), "{}", check.code);
        assert!(ran.out.lines().count() >= 3, "the page of {} is too short:\n{}", check.code, ran.out);
    }
}

#[test]
fn of_describe() {
    let desk = Desk::new();
    let cases: &[Case<'_>] = &[
        (&["describe"], 0, "flag pain-lasting"),
        (&["describe", "rules", "severe-pain"], 0, "at any hour"),
        (&["describe", "severe-pain", "--format", "json"], 0, "\"kind\": \"flag\""),
        (&["describe", "broken"], 1, "error[unknown-message]"),
        (&["describe", "none-such"], 2, "no rule is called `none-such`"),
        (&["describe", "nowhere", "pain-lasting"], 2, "nowhere"),
    ];
    check(&desk, cases);
}

#[test]
fn of_test() {
    let desk = Desk::new();
    let cases: &[Case<'_>] = &[
        (&["test"], 0, "all as written"),
        (&["test", "stricter"], 1, "not as written"),
        (&["test", "stricter", "--mutants"], 1, "not as written"),
        (&["test", "broken"], 1, "these rules have errors"),
        (&["test", "nowhere"], 2, "nowhere"),
    ];
    check(&desk, cases);
}

#[test]
fn of_test_mutants() {
    let desk = Desk::new();
    check(
        &desk,
        &[(
            &["test", "rules", "--mutants"],
            0,
            "no change of a red flag or a recovery window goes unnoticed",
        )],
    );
    // With the stories about severe pain alone, nobody would notice what happens to the other flags.
    for file in fs::read_dir(desk.path("rules/scenarios")).expect("scenarios") {
        let file = file.expect("a file").path();
        if !file.ends_with("severe-pain.ron") {
            fs::remove_file(file).expect("it can be removed");
        }
    }
    check(&desk, &[(&["test", "rules", "--mutants"], 1, "unnoticed in the red flags")]);
}

#[test]
fn of_replay() {
    let desk = Desk::new();
    desk.write("no-chart.json", "{\"patient\": 3}");
    desk.write("strange.json", &desk.chart("quiet-recovery").replace("slept_well", "slept_long"));
    let cases: &[Case<'_>] = &[
        (&["replay", "charts/half-marathon-pain.json"], 0, "send pain-heads-up"),
        (&["replay", "charts/half-marathon-pain.json", "--rules", "broken"], 1, "nothing was replayed"),
        (&["replay", "charts/none.json"], 2, "charts/none.json"),
        (&["replay", "no-chart.json"], 2, "no-chart.json"),
        (&["replay", "strange.json"], 2, "events[1]: no question is called `slept_long`"),
        (&["replay", "charts/half-marathon-pain.json", "--rules", "nowhere"], 2, "nowhere"),
        (&["replay", "charts/half-marathon-pain.json", "--until", "tomorrow"], 2, "--until"),
        (&["replay"], 2, "Usage"),
    ];
    check(&desk, cases);
    let piped = desk.run_with(&["replay", "-", "--format", "jsonl"], &desk.chart("half-marathon-pain"));
    assert_eq!(piped.code, Some(0), "{}", piped.err);
    assert!(piped.out.lines().all(|line| line.starts_with("{\"at\":")), "{}", piped.out);
    let nothing = desk.run(&["replay", "charts/quiet-recovery.json", "--until", "2026-06-01T12:00:00Z"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(0), "nothing would happen\n"));
}

#[test]
fn of_why() {
    let desk = Desk::new();
    let chart = "charts/half-marathon-pain.json";
    let cases: &[Case<'_>] = &[
        (&["why", chart], 0, "(red-flags.ron:"),
        (
            &["why", chart, "pain-lasting", "--at", "2026-03-30T12:00:00Z"],
            0,
            "still needs a report of it about",
        ),
        (&["why", chart, "--rules", "broken"], 1, "nothing can be explained"),
        (&["why", chart, "none-such"], 2, "no flag is called `none-such`"),
        (&["why", "charts/none.json"], 2, "charts/none.json"),
        (&["why", "sam@runner.example"], 2, "no runner is enrolled as `sam@runner.example`"),
        (&["why", chart, "--rules", "nowhere"], 2, "nowhere"),
        (&["why"], 2, "Usage"),
    ];
    check(&desk, cases);
}

#[test]
fn of_compare() {
    let desk = Desk::new();
    let one_line = |name: &str| desk.chart(name).replace('\n', " ");
    let three: Vec<String> = ["half-marathon-pain", "worse-each-run", "quiet-recovery"].map(one_line).into();
    desk.write("lines.jsonl", &three.join("\n"));
    desk.write("list.json", &format!("[{}]", three.join(",\n")));
    desk.write(
        "strange.json",
        &format!("[{}, {{\"patient\": 3}}]", three[2].replace("slept_well", "slept_long")),
    );
    desk.write("cut.jsonl", &format!("{}\n{{\"patient\"", three[0]));
    let cases: &[Case<'_>] = &[
        (
            &["compare", "rules", "stricter", "--charts", "charts/half-marathon-pain.json"],
            0,
            "no longer flagged: 1",
        ),
        (&["compare", "rules", "stricter", "--charts", "lines.jsonl"], 0, "3 charts compared"),
        (&["compare", "rules", "stricter", "--charts", "list.json"], 0, "3 charts compared"),
        (&["compare", "rules", "rules", "--charts", "list.json"], 0, "no longer flagged: 0"),
        (&["compare", "rules", "stricter"], 0, "0 charts compared"),
        (&["compare", "rules", "stricter", "--database"], 0, "0 charts compared"),
        (&["compare", "rules", "stricter", "--database", "sqlite:data/afterrun.db"], 0, "0 charts compared"),
        (
            &["compare", "rules", "stricter", "--database", "elsewhere.db"],
            2,
            "there is no database elsewhere.db",
        ),
        (&["compare", "rules", "stricter", "--database", "postgres://clinic"], 2, "cannot be read"),
        (&["compare", "rules", "broken", "--charts", "list.json"], 1, "nothing was compared"),
        (&["compare", "broken", "rules", "--charts", "list.json"], 1, "nothing was compared"),
        (&["compare", "rules", "stricter", "--charts", "strange.json"], 1, "NOT compared: 2 charts"),
        (&["compare", "rules", "stricter", "--charts", "cut.jsonl"], 2, "cut.jsonl"),
        (&["compare", "rules", "stricter", "--charts", "none.jsonl"], 2, "none.jsonl"),
        (&["compare", "rules", "nowhere", "--charts", "list.json"], 2, "nowhere"),
        (&["compare", "rules"], 2, "Usage"),
    ];
    check(&desk, cases);
    let piped = desk
        .run_with(&["compare", "rules", "stricter", "--charts", "-", "--format", "json"], &three.join("\n"));
    let json: serde_json::Value = serde_json::from_str(&piped.out).expect("it is JSON");
    assert_eq!(json["no_longer_flagged"]["count"], 1, "{}", piped.out);
    assert_eq!(json["no_longer_flagged"]["listed"][0]["patient"], "half-marathon-pain");
}

#[test]
fn of_completions_and_man() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        check(&desk, &[(&["completions", shell], 0, "compare")]);
    }
    desk.write("file", "");
    let cases: &[Case<'_>] = &[
        (&["completions", "tcsh"], 2, "bash"),
        (&["man"], 0, ".TH afterrun 1"),
        (&["man", "--out", "pages"], 0, "manual pages are in pages"),
        (&["man", "--out", "file"], 2, "file"),
    ];
    check(&desk, cases);
    for page in ["afterrun.1", "afterrun-check.1", "afterrun-why.1", "afterrun-compare.1"] {
        let text = fs::read_to_string(desk.path("pages").join(page)).expect("the page is there");
        assert!(text.contains("Exit codes"), "{page} says nothing about exit codes");
    }
}

#[test]
fn of_no_command_and_of_help() {
    let desk = Desk::new();
    check(
        &desk,
        &[
            (&[], 2, "Usage"),
            (&["chekc"], 2, "check"),
            (&["--help"], 0, "Exit codes"),
            (&["--version"], 0, "afterrun "),
        ],
    );
    for command in ["check", "describe", "test", "replay", "compare", "why"] {
        let ran = desk.run(&[command, "--help"]);
        assert_eq!(ran.code, Some(0), "{command}");
        let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["Exit codes: 0 ", "; 1 ", "; 2 "] {
            assert!(words.contains(part), "the help of {command} says nothing of `{part}`\n{}", ran.out);
        }
        assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    }
}
