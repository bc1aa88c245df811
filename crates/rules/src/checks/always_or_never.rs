//! A condition that holds for every answer, or for none.
//!
//! Such a flag is raised for everybody or for nobody, whatever they say.
//!
//! ```ron
//! when: AtLeast("worst_pain", 0),                                        // on a scale from 0
//! when: AllOf([AtLeast("worst_pain", 5), AtMost("worst_pain", 3)]),
//! when: AnyOf([]),
//! ```
//!
//! Write a condition that some answers meet and others do not.

use super::{FoundBy, Input, possible};
use crate::{
    load::{
        findings::Findings,
        written::{At, Part},
    },
    notation::condition::Condition,
};

check!("always-or-never", Error, "always_or_never.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    for flag in &written.flags {
        for condition in std::iter::once(&flag.when).chain(&flag.clear_when) {
            look_at(input, flag.at(&condition.span), condition, findings);
        }
    }
    for (file, part, condition) in written.conditions() {
        if part != Part::OnlyIf {
            continue;
        }
        let mut first = None;
        condition.walk(&mut |inner| first = first.take().or_else(|| inner.question().map(|id| id.span.clone())));
        look_at(input, At { file, span: first.unwrap_or(0..0) }, condition, findings);
    }
}

fn look_at(input: &Input<'_>, at: At, condition: &Condition, findings: &mut Findings) {
    let explained = findings.has_inside(&at, &["value-off-scale", "wrong-answer-type", "misplaced-condition"]);
    if explained || matches!(condition, Condition::WorsensEachRun { .. }) {
        return;
    }
    let (mut some, mut all) = (false, true);
    let looked = possible::for_each(input.written, &[condition], |holds| {
        some |= holds[0];
        all &= holds[0];
    });
    let verdict = match (looked, some, all) {
        (true, false, _) => "no answer can meet this condition",
        (true, _, true) => "every answer meets this condition",
        _ => return,
    };
    findings
        .report("always-or-never", at, verdict)
        .label("always the same")
        .help("write a condition that some answers meet and others do not");
}
