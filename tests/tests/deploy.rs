//! What is written for operators is true: the sample configurations are accepted, and every command that a
//! document, the unit or the containers name exists with those arguments.

use std::path::Path;

use afterrun::commands::Arguments;
use afterrun::config::{Config, Mode};
use afterrun_tests::tidy::Tree;
use clap::Parser;

/// Documents whose shell blocks a reader types in.
const DOCUMENTS: &[&str] = &["README.md", "CONTRIBUTING.md", "deploy/README.md"];

/// What stands before the arguments wherever Afterrun is called.
const CALLS: &[&str] = &[
    "ar ",
    "afterrun ",
    "cargo run -- ",
    "cargo run --release -- ",
    "./target/release/afterrun ",
    "/usr/local/bin/afterrun ",
];

#[test]
fn sample_configurations_are_accepted() {
    for (path, relay) in
        [("deploy/afterrun.ron", "127.0.0.1"), ("deploy/container/afterrun.ron", "127.0.0.1")]
    {
        let config = Config::read(&Tree::root().join(path)).expect(path);
        assert_eq!(config.smtp.map(|smtp| smtp.host).as_deref(), Some(relay), "{path}");
        assert_eq!(config.mode, Mode::Shadow, "{path}: nobody's first start writes to patients");
        assert_eq!(config.rules, Path::new("/etc/afterrun/rules"), "{path}");
        assert_eq!(config.data, Path::new("/var/lib/afterrun"), "{path}");
    }
}

#[test]
fn commands_in_documents_exist() {
    let tree = Tree::read().expect("the repository");
    let mut problems = Vec::new();
    for path in DOCUMENTS {
        let calls: Vec<&str> =
            shell_lines(tree.text(path).unwrap_or_default()).filter_map(arguments).collect();
        if calls.is_empty() {
            problems.push(format!("{path}: names no command"));
        }
        problems.extend(calls.into_iter().filter_map(|call| problem(path, words(call))));
    }
    assert_eq!(problems, [""; 0]);
}

#[test]
fn commands_of_the_service_and_the_container_exist() {
    let tree = Tree::read().expect("the repository");
    let unit = tree.text("deploy/afterrun.service").expect("the unit");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/afterrun "));
    assert_eq!(problem("deploy/afterrun.service", words(start.expect("ExecStart"))), None);
    let image = tree.text("deploy/Containerfile").expect("the Containerfile");
    let start = image.lines().find_map(|line| line.strip_prefix("CMD ")).expect("CMD");
    let words: Vec<String> = serde_json::from_str(start).expect("a list of arguments");
    assert_eq!(problem("deploy/Containerfile", words), None);
}

#[test]
fn calls_are_recognised() {
    let found: Vec<&str> =
        shell_lines("ar not\n```sh\nar hold \"a b\"  # why\nsudo ls\n```\n```ron\nar x\n```\n").collect();
    assert_eq!(found, ["ar hold \"a b\"", "sudo ls"]);
    assert_eq!(arguments("cargo run --release -- check rules"), Some("check rules"));
    assert_eq!(arguments("sudo ls"), None);
    assert_eq!(words("hold \"a b\" --x"), ["hold", "a b", "--x"]);
    assert!(problem("x", words("no-such-command")).is_some());
}

/// What the command line says to these arguments; none if it takes them.
fn problem(place: &str, arguments: Vec<String>) -> Option<String> {
    let line = arguments.join(" ");
    let parsed = Arguments::try_parse_from(std::iter::once("afterrun".to_owned()).chain(arguments));
    parsed.err().map(|why| format!("{place}: `afterrun {line}`: {}", why.kind()))
}

/// The lines of the shell blocks, without comments.
fn shell_lines(document: &str) -> impl Iterator<Item = &str> {
    let mut in_shell = false;
    document.lines().filter_map(move |line| {
        if line.starts_with("```") {
            in_shell = line == "```sh";
            return None;
        }
        let line = line.split(" #").next().unwrap_or(line).trim();
        (in_shell && !line.is_empty()).then_some(line)
    })
}

/// The arguments of a call of Afterrun; none for any other command.
fn arguments(line: &str) -> Option<&str> {
    CALLS.iter().find_map(|call| line.strip_prefix(call))
}

/// Splits as a shell does, as far as double quotes go.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('"').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}
