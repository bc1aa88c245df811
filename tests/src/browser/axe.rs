//! What axe-core finds on a page: the rules of WCAG 2.0 to 2.2, levels A and AA, that a machine can check.
//!
//! The script is not part of this repository (its licence is another one): the gate fetches it below the target
//! folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Browser;
use crate::daemon::binary;

/// Where the gate puts the script, seen from the folder of the program.
const SCRIPT: &str = "../axe/node_modules/axe-core/axe.min.js";

/// Runs the rules; names each finding with the elements it is about.
const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'],
                       resultTypes: ['violations', 'incomplete']})
        .then(found => done({
            passes: found.passes.length,
            findings: found.violations.map(one => one.id + ' (' + one.help + '): '
                + one.nodes.map(node => node.target.join(' ') + ' {' + node.any.concat(node.all).map(
                    check => check.message).join('; ') + '}').slice(0, 4).join(' | '))}))
        .catch(error => done({passes: 0, findings: ['axe did not run: ' + error]}))";

/// The script.
pub struct Axe {
    script: String,
}

impl Axe {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn read() -> Result<Self, String> {
        let path: PathBuf = binary().parent().unwrap_or(Path::new(".")).join(SCRIPT);
        match std::fs::read_to_string(&path) {
            Ok(script) => Ok(Self { script }),
            Err(error) => Err(format!("axe-core is not at {}: {error}", path.display())),
        }
    }

    /// What is wrong with the page a browser shows.
    ///
    /// # Panics
    ///
    /// The rules do not run: then nothing was checked.
    #[must_use]
    pub fn findings(&self, browser: &Browser) -> Vec<String> {
        browser.command("POST", "/execute/sync", &json!({"script": self.script, "args": []}));
        let found = browser.command("POST", "/execute/async", &json!({"script": RUN, "args": []}));
        let findings = found["findings"].as_array().into_iter().flatten();
        let findings: Vec<String> = findings.filter_map(Value::as_str).map(str::to_owned).collect();
        let ran = found["passes"].as_u64().unwrap_or(0) > 0 || !findings.is_empty();
        assert!(ran, "axe-core checked nothing: {found}");
        findings
    }
}
