//! What the explanation says about the past and the future.

use afterrun_rules::explain::explain;

use super::support::*;

#[test]
fn a_digest_that_is_yet_to_come_has_told_nobody() {
    let story = tell(book()).pain("5 5 5 5").until(3).story();
    let told = |day, time| {
        let explained = explain(&book(), &story.chart, at(day, time));
        let lines = explained.flags.into_iter().flat_map(|flag| flag.told);
        lines.filter(|line| line.contains("clinic")).collect::<Vec<_>>()
    };
    let digest = story.chart.ledger.iter().map(|entry| entry.at).max().unwrap();
    assert!(digest > at(3, "12:00"), "{digest}");
    let (before, after) = (told(3, "12:00"), told(30, "12:00"));
    assert!(before.len() == 1 && before[0].contains("clinic is told on"), "{before:?}");
    assert!(after.len() == 1 && after[0].contains("clinic was told on"), "{after:?}");
}
