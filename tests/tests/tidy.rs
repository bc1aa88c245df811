//! The rules of the house, held against the repository, and each rule against a planted fault.

use std::collections::{BTreeMap, BTreeSet};

use afterrun_tests::tidy::packages::{EDGES, OUT_OF_REACH, Ours};
use afterrun_tests::tidy::{Finding, SourceFile, Tree, architecture, packages, source};

#[track_caller]
fn none(findings: Vec<Finding>) {
    let lines: Vec<String> =
        findings.iter().map(|found| format!("{}: {}", found.place, found.message)).collect();
    assert!(lines.is_empty(), "{} finding(s)\n{}\n", lines.len(), lines.join("\n"));
}

#[track_caller]
fn places(findings: Vec<Finding>, expected: &[&str]) {
    let found: Vec<String> = findings.into_iter().map(|finding| finding.place).collect();
    assert_eq!(found, expected);
}

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

/// A check over every text file of the repository.
fn each_file(check: fn(&SourceFile) -> Vec<Finding>) -> Vec<Finding> {
    match Tree::read() {
        Ok(tree) => tree.files.iter().flat_map(check).collect(),
        Err(why) => vec![Finding::in_file("the repository", why.to_string())],
    }
}

#[test]
fn top_level_is_the_customers() {
    let tree = Tree::read().expect("the repository");
    none(source::top_level(&tree.paths));
    let stray = ["README.md".to_owned(), "crates/rules/src/lib.rs".to_owned(), "scratch/a.rs".to_owned()];
    places(source::top_level(&stray), &["scratch"]);
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    none(each_file(source::header));
    places(source::header(&file("a.rs", "use std::fs;\n")), &["a.rs:1"]);
    places(source::header(&file("a.rs", "//!\nuse std::fs;\n")), &["a.rs:1"]);
    places(source::header(&file("a.rs", "")), &["a.rs:1"]);
    none(source::header(&file("a.ron", "Clinic()")));
}

#[test]
fn long_files_say_why() {
    none(each_file(source::length));
    let long = "//! x\n".repeat(501);
    places(source::length(&file("a.rs", &long)), &["a.rs"]);
    places(source::length(&file("a.rs", &format!("// Long because: \n{long}"))), &["a.rs"]);
    none(source::length(&file("a.rs", &format!("// Long because: one table\n{long}"))));
    none(source::length(&file("a.rs", &"//! x\n".repeat(500))));
}

#[test]
fn nothing_is_put_off_or_silenced() {
    none(each_file(source::put_off));
    for planted in [
        concat!("// TO", "DO: later"),
        concat!("// FIX", "ME"),
        concat!("#[", "ignore]"),
        concat!("#[", "ignore = \"slow\"]"),
        concat!("#[", "allow(dead_code)]"),
        concat!("#![", "allow(missing_docs)]"),
    ] {
        places(source::put_off(&file("a.rs", &format!("//! x\n{planted}\n"))), &["a.rs:2"]);
    }
    places(source::put_off(&file("rules/messages/a.md", concat!("TO", "DO"))), &["rules/messages/a.md:1"]);
    none(source::put_off(&file("CONTRIBUTING.md", concat!("no TO", "DO"))));
    none(source::put_off(&file("a.rs", "#[expect(dead_code, reason = \"shown by the next page\")]")));
}

#[test]
fn no_path_of_somebodys_machine() {
    none(each_file(source::own_machine));
    places(source::own_machine(&file("a.md", concat!("see /ho", "me/kim/x"))), &["a.md:1"]);
}

#[test]
fn pages_load_nothing_from_elsewhere() {
    none(each_file(source::foreign_resource));
    let page = |text: &str| source::foreign_resource(&file("crates/web/src/page.rs", text));
    places(page("script src=\"https://cdn.example/x.js\" {}"), &["crates/web/src/page.rs:1"]);
    places(page("\n@import \"https://fonts.example/x.css\";"), &["crates/web/src/page.rs:2"]);
    places(page("a href=\"https://tracker.io/p\" {}"), &["crates/web/src/page.rs:1"]);
    none(page("a href=\"https://clinic.example/book\" {}\n// https://www.rfc-editor.org/rfc/rfc9110"));
    none(page("let link = format!(\"https://{host}/c/{token}\");"));
    none(page("svg xmlns=\"http://www.w3.org/2000/svg\" {}"));
    let demo = file("crates/daemon/src/demo/page.html", "<img src=\"//cdn.io/a.png\">");
    places(source::foreign_resource(&demo), &["crates/daemon/src/demo/page.html:1"]);
}

#[test]
fn packages_depend_one_way() {
    let metadata = packages::read(&Tree::root()).expect("cargo metadata");
    none(packages::wrong_edges(&packages::edges(&metadata), EDGES));
    let graph = |edges: &[(&str, &[&str])]| -> BTreeMap<String, BTreeSet<String>> {
        edges
            .iter()
            .map(|(name, to)| ((*name).to_owned(), to.iter().map(|t| (*t).to_owned()).collect()))
            .collect()
    };
    let allowed: &[(&str, &[&str])] = &[("web", &["store"]), ("store", &[])];
    none(packages::wrong_edges(&graph(allowed), allowed));
    places(packages::wrong_edges(&graph(&[("web", &["mail", "store"]), ("store", &[])]), allowed), &["web"]);
    places(packages::wrong_edges(&graph(&[("web", &[]), ("store", &[])]), allowed), &["web"]);
    places(
        packages::wrong_edges(&graph(&[("web", &["store"]), ("store", &[]), ("util", &[])]), allowed),
        &["util"],
    );
    places(packages::wrong_edges(&graph(&[("web", &["store"])]), allowed), &["store"]);
}

#[test]
fn pure_packages_stay_pure() {
    let metadata = packages::read(&Tree::root()).expect("cargo metadata");
    for (package, forbidden) in OUT_OF_REACH {
        none(packages::within_reach(package, &packages::reach(&metadata, package), forbidden));
    }
    // The search itself sees what is there, through other packages, and keeps test tools apart.
    let reach = packages::reach(&metadata, "afterrun-web");
    places(packages::within_reach("afterrun-web", &reach, &["rusqlite", "insta"]), &["afterrun-web"]);
}

#[test]
fn licences_are_on_the_list() {
    let metadata = packages::read(&Tree::root()).expect("cargo metadata");
    let all = metadata.packages.iter();
    none(all.flat_map(|package| packages::licence(&package.name, package.license.as_deref())).collect());
    for refused in ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "LicenseRef-own", "not a licence", ""] {
        places(packages::licence("x", Some(refused)), &["x"]);
    }
    places(packages::licence("x", None), &["x"]);
    for fine in ["MIT/Apache-2.0", "GPL-3.0-only OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        none(packages::licence("x", Some(fine)));
    }
}

#[test]
fn packages_come_from_crates_io() {
    let metadata = packages::read(&Tree::root()).expect("cargo metadata");
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let ours = match metadata.workspace_members.contains(&package.id) {
            true => Ours::Yes,
            false => Ours::No,
        };
        let from = package.source.as_ref().map(|source| source.repr.as_str());
        findings.extend(packages::source(&package.name, from, ours));
    }
    none(findings);
    places(packages::source("x", Some("git+https://git.example/x"), Ours::No), &["x"]);
    places(packages::source("x", None, Ours::No), &["x"]);
}

#[test]
fn shared_types_have_one_version() {
    let metadata = packages::read(&Tree::root()).expect("cargo metadata");
    let all = metadata.packages.iter().map(|package| (package.name.as_str(), package.version.to_string()));
    none(packages::twice(all));
    let planted =
        [("serde", "1.0.0".to_owned()), ("serde", "2.0.0".to_owned()), ("rand", "0.9.0".to_owned())];
    places(packages::twice(planted.into_iter()), &["serde"]);
}

#[test]
fn architecture_document_is_true() {
    let tree = Tree::read().expect("the repository");
    let document = tree.text(architecture::DOCUMENT).expect("ARCHITECTURE.md is in the repository");
    let metadata = packages::read(&tree.root).expect("cargo metadata");
    let names: Vec<String> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let mut findings = architecture::paths_exist(document, &tree);
    findings.extend(architecture::packages_named(document, &names));
    findings.extend(architecture::dependencies_named(document, tree.text("Cargo.toml").expect("Cargo.toml")));
    none(findings);
}

#[test]
fn architecture_checks_see_what_is_wrong() {
    let paths = ["Cargo.toml", "crates/rules/src/book.rs", "rules/clinic.ron"].map(str::to_owned).to_vec();
    let tree = Tree { root: ".".into(), paths, files: Vec::new() };
    let exists = |text: &str| architecture::paths_exist(text, &tree);
    none(exists(
        "`crates/rules`, `book.rs`, `crates/rules/src/*.rs`, `/healthz`, `text/plain`, `book.rs:12`\n",
    ));
    none(exists("```\nrules/  the pack\ncrates/rules -> RuleBook\n```\n[book](crates/rules/src/book.rs)"));
    places(exists("`crates/rule`"), &["ARCHITECTURE.md:1"]);
    places(exists("`gone.rs`"), &["ARCHITECTURE.md:1"]);
    places(exists("`crates/gone/*.rs`"), &["ARCHITECTURE.md:1"]);
    places(exists("\n```\ncrates/rule -> x\n```\n"), &["ARCHITECTURE.md:3"]);
    places(exists("[book](crates/gone.rs)"), &["ARCHITECTURE.md:1"]);

    places(architecture::packages_named("`afterrun`", &["afterrun".to_owned()]), &[]);
    places(architecture::packages_named("afterrun-web", &["afterrun-web".to_owned()]), &["ARCHITECTURE.md"]);

    let cargo = "[workspace.dependencies]\nafterrun-web = { path = \"w\" }\n# Time.\nchrono = \"1\"\n\n[profile.dev]\nx = 1\n";
    assert_eq!(architecture::workspace_dependencies(cargo), ["afterrun-web", "chrono"]);
    none(architecture::dependencies_named("# A\n## Dependencies\n`chrono`: time\n", cargo));
    places(
        architecture::dependencies_named("## Dependencies\nx\n## B\n`chrono`\n", cargo),
        &["ARCHITECTURE.md"],
    );
    places(architecture::dependencies_named("`chrono`\n", cargo), &["ARCHITECTURE.md"]);
}
