//! Scenarios run on several threads; what is found must not tell.

mod support;

#[cfg(test)]
mod order {
    use std::{collections::BTreeMap, fmt::Write as _};

    use afterrun_rules::{
        load::load,
        scenario_run::{run, run_all},
        source::Source,
    };

    use crate::support::folder;

    /// Enough for every thread there may be, every third of them failing.
    #[test]
    fn failures_come_in_the_order_of_the_book() {
        let mut text = "Scenarios(scenarios: [\n".to_owned();
        for number in 0..200 {
            let expected = if number % 3 == 0 { "(day: 0, send: \"pain-see-us\")" } else { "" };
            let _ = writeln!(
                text,
                "(name: \"number {number:03}\", day_0: \"2026-03-27\", time_zone: \"Europe/London\", \
                 until_day: 3, messages: [{expected}]),"
            );
        }
        text.push_str("])\n");
        let mut sources = folder("sample");
        sources.files.insert("many.ron".into(), Source::Bytes(text.as_bytes().into()));
        let loaded = load(&sources);
        let book = loaded.book.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));

        let failures = run_all(&book, &BTreeMap::new());
        let names: Vec<_> = failures.iter().map(|failure| failure.name.to_string()).collect();
        let expected: Vec<_> = (0..200).step_by(3).map(|number| format!("number {number:03}")).collect();
        assert_eq!(names, expected);
        let one_by_one: Vec<_> =
            book.scenarios.iter().filter_map(|one| run(&book, &BTreeMap::new(), one)).collect();
        assert_eq!(failures, one_by_one);
    }

    #[test]
    fn a_book_without_scenarios_has_no_failures() {
        let mut sources = folder("sample");
        sources.files.retain(|path, _| !path.starts_with("scenarios"));
        let loaded = load(&sources);
        let book = loaded.book.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        assert!(book.scenarios.is_empty());
        assert_eq!(run_all(&book, &BTreeMap::new()), []);
    }
}
