//! The shipped pack passes its own scenarios, run by the same `assess` and `plan` as the daemon.

use std::{collections::BTreeMap, path::Path};

use afterrun_rules::{folder, load::load, scenario_run};

#[test]
fn every_scenario_of_the_shipped_pack_comes_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let loaded = load(&folder::read(&folder).unwrap());
    let book = loaded.book.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    assert!(book.scenarios.len() >= 10, "the pack has {} scenarios", book.scenarios.len());
    let failures = scenario_run::run_all(&book, &BTreeMap::new());
    for failure in &failures {
        println!(
            "{} ({})\n  sent     {:?}\n  expected {:?}\n  states   {:?}\n{}",
            failure.name, failure.place, failure.sent, failure.expected, failure.states, failure.trace
        );
    }
    assert!(failures.is_empty(), "{} of {} scenarios fail", failures.len(), book.scenarios.len());
}
