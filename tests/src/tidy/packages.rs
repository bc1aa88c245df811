//! What holds for the packages: which may know which, where they come from, under what licence.
//!
//! Looks at the graph for [`PLATFORM`] only, the one that is shipped: packages for other systems are in
//! the lock file but never built.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, Node, NodeDep, PackageId};

use super::Finding;

/// The platform whose dependency graph is checked.
pub const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Which of our packages each of our packages depends on. Any other edge is an error, and so is one of
/// these that has gone: then the line goes too.
pub const EDGES: &[(&str, &[&str])] = &[
    ("afterrun-rules", &[]),
    ("afterrun-store", &["afterrun-rules"]),
    ("afterrun-mail", &[]),
    ("afterrun-web", &["afterrun-rules", "afterrun-store"]),
    ("afterrun", &["afterrun-mail", "afterrun-rules", "afterrun-store", "afterrun-web"]),
    ("afterrun-tests", &["afterrun", "afterrun-mail", "afterrun-rules", "afterrun-store", "afterrun-web"]),
];

/// What must not be reachable from a package by its normal dependencies, and so cannot creep in. What
/// only builds it (a time zone table is generated with `rand` at hand) is not in the program.
pub const OUT_OF_REACH: &[(&str, &[&str])] = &[
    (
        "afterrun-rules",
        &["async-std", "axum", "getrandom", "hyper", "lettre", "rand", "rusqlite", "smol", "tokio"],
    ),
    ("afterrun-store", &["axum", "hyper", "lettre", "mail-parser"]),
    ("afterrun-mail", &["axum", "hyper", "rusqlite", "tokio-postgres"]),
    ("afterrun-web", &["lettre", "mail-parser"]),
];

/// Packages whose types cross our crates' borders: two versions of one would be two worlds.
pub const ONE_VERSION: &[&str] = &[
    "axum",
    "chrono",
    "chrono-tz",
    "http",
    "hyper",
    "lettre",
    "ron",
    "rusqlite",
    "rustls",
    "serde",
    "tokio",
];

/// Licences under which a dependency may be used in a program that is `MIT OR Apache-2.0`.
pub const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Reads the graph of the workspace, as locked.
///
/// # Errors
/// When cargo refuses, for example because `Cargo.lock` is out of date.
pub fn read(root: &Path) -> Result<Metadata, cargo_metadata::Error> {
    MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), PLATFORM.to_owned()])
        .exec()
}

/// The edges between our own packages, of every kind of dependency.
pub fn edges(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let members = metadata.workspace_packages();
    let ours: BTreeSet<String> = members.iter().map(|package| package.name.to_string()).collect();
    let known = |package: &cargo_metadata::Package| {
        package.dependencies.iter().map(|edge| edge.name.clone()).filter(|name| ours.contains(name)).collect()
    };
    members.into_iter().map(|package| (package.name.to_string(), known(package))).collect()
}

/// Compares edges with what [`EDGES`] (or another table) allows.
pub fn wrong_edges(found: &BTreeMap<String, BTreeSet<String>>, allowed: &[(&str, &[&str])]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, edges) in found {
        let Some((_, expected)) = allowed.iter().find(|(name, _)| name == package) else {
            findings.push(Finding::in_file(package, "is no package that the architecture knows"));
            continue;
        };
        let added = edges.iter().filter(|edge| !expected.contains(&edge.as_str()));
        findings.extend(added.map(|edge| Finding::in_file(package, format!("must not depend on `{edge}`"))));
        let gone = expected.iter().filter(|edge| !edges.contains(**edge));
        findings.extend(gone.map(|edge| Finding::in_file(package, format!("no longer depends on `{edge}`"))));
    }
    let missing = allowed.iter().filter(|(name, _)| !found.contains_key(*name));
    findings.extend(missing.map(|(name, _)| Finding::in_file(name, "has gone from the workspace")));
    findings
}

/// The names of all packages that end up in a package; what only builds or tests it is left out.
pub fn reach(metadata: &Metadata, package: &str) -> BTreeSet<String> {
    let name_of = |id: &PackageId| metadata[id].name.to_string();
    let nodes: BTreeMap<&PackageId, &Node> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| (&node.id, node)).collect();
    let mut open: Vec<&PackageId> = nodes.keys().copied().filter(|id| name_of(id) == package).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        // A procedural macro runs in the compiler: what it needs is not in the program either.
        let is_macro = metadata[id].targets.iter().any(|target| target.is_proc_macro());
        let edges = nodes.get(id).into_iter().filter(|_| !is_macro).flat_map(|node| &node.deps);
        let normal = |edge: &&NodeDep| edge.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
        open.extend(edges.filter(normal).map(|edge| &edge.pkg));
    }
    seen.into_iter().map(name_of).filter(|name| name != package).collect()
}

/// Packages that have come within reach although they must not.
pub fn within_reach(package: &str, reach: &BTreeSet<String>, forbidden: &[&str]) -> Vec<Finding> {
    let found = forbidden.iter().filter(|name| reach.contains(**name));
    found.map(|name| Finding::in_file(package, format!("reaches `{name}`, which it must not know"))).collect()
}

/// A package's licence must be one that [`LICENCES`] lets us choose.
pub fn licence(package: &str, expression: Option<&str>) -> Vec<Finding> {
    let Some(expression) = expression else {
        return vec![Finding::in_file(package, "names no licence")];
    };
    // Older packages write `MIT/Apache-2.0` for `OR`.
    let allowed = match spdx::Expression::parse_mode(expression, spdx::ParseMode::LAX) {
        Ok(parsed) => parsed.evaluate(|wanted| {
            let id = wanted.license.id().map(|id| id.name);
            id.is_some_and(|id| LICENCES.contains(&id))
        }),
        Err(_) => false,
    };
    if allowed {
        return Vec::new();
    }
    vec![Finding::in_file(package, format!("has the licence `{expression}`, which is not on the list"))]
}

/// A package comes from crates.io, or is ours.
pub fn source(package: &str, source: Option<&str>, is_ours: Ours) -> Vec<Finding> {
    match (source, is_ours) {
        (Some("registry+https://github.com/rust-lang/crates.io-index"), Ours::No) | (None, Ours::Yes) => {
            Vec::new()
        }
        (Some(other), _) => {
            vec![Finding::in_file(package, format!("comes from `{other}`, not from crates.io"))]
        }
        (None, Ours::No) => vec![Finding::in_file(package, "is a folder outside the workspace")],
    }
}

/// Whether a package is a member of the workspace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ours {
    /// A member.
    Yes,
    /// Somebody else's.
    No,
}

/// Packages of [`ONE_VERSION`] that are in the graph more than once.
pub fn twice<'a>(packages: impl Iterator<Item = (&'a str, String)>) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, version) in packages.filter(|(name, _)| ONE_VERSION.contains(name)) {
        versions.entry(name).or_default().insert(version);
    }
    let doubled = versions.into_iter().filter(|(_, found)| found.len() > 1);
    doubled
        .map(|(name, found)| {
            let all: Vec<String> = found.into_iter().collect();
            Finding::in_file(name, format!("is in the graph as {}", all.join(" and ")))
        })
        .collect()
}
