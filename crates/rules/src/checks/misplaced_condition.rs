//! A condition where it cannot be judged.
//!
//! `WorsensEachRun` compares runs, not answers of a day, so it can only be the whole `when` of a flag, and such a flag has
//! no `clear_when`. A question about a run has an answer for each run, not for each day, so only `WorsensEachRun` can look
//! at it, and it can look at nothing else. `only_if` decides while the form is being filled in, from what stands on it:
//! questions asked before.
//!
//! ```ron
//! when: AllOf([WorsensEachRun(...), AtLeast("worst_pain", 3)]),
//! when: AtLeast("pain_on_run", 5),             // about: Run
//! only_if: RoseBy(question: "worst_pain", points: 2, within_days: 3),
//! ```
//!
//! Make two flags of it, or use a question about the day.

use super::{FoundBy, Input};
use crate::{
    load::{
        findings::Findings,
        written::{At, Part, Written},
    },
    notation::{
        condition::Condition,
        questions::{About, Question},
        wording::quote,
    },
};

check!("misplaced-condition", Error, "misplaced_condition.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    for (file, part, condition) in written.conditions() {
        let alone: *const Condition = condition;
        condition.walk(&mut |inner| {
            let Some(id) = inner.question() else { return };
            let whole_when = part == Part::When && std::ptr::eq(alone, inner);
            let complaint = complaint(written, part, inner, whole_when);
            if let Some((message, help)) = complaint {
                findings
                    .report("misplaced-condition", At { file, span: id.span.clone() }, message)
                    .label("cannot be judged here")
                    .help(help);
            }
        });
    }
    for flag in &written.flags {
        if let (Condition::WorsensEachRun { .. }, Some(clear)) = (&flag.when.value, &flag.clear_when) {
            findings
                .report("misplaced-condition", flag.at(&clear.span), "a flag over runs has no `clear_when`")
                .label("not used")
                .help("leave it out: runs that do not worsen are clear");
        }
    }
    gates_look_back(written, findings);
}

fn complaint(written: &Written, part: Part, inner: &Condition, whole_when: bool) -> Option<(String, &'static str)> {
    let about_run = inner
        .question()
        .and_then(|id| written.question(id))
        .map(|question| question.about == Some(About::Run));
    match inner {
        Condition::WorsensEachRun { .. } if !whole_when => {
            Some(("`WorsensEachRun` can only be the whole `when` of a flag".into(), "make a flag of its own for it"))
        }
        Condition::WorsensEachRun { question, .. } if about_run == Some(false) => Some((
            format!("{} is about a day, not about a run", quote(question)),
            "use a question with `about: Run`",
        )),
        Condition::WorsensEachRun { .. } => None,
        Condition::RoseBy { .. } if part == Part::OnlyIf => {
            Some(("`RoseBy` looks at other days, which a form does not have".into(), "compare with a number instead"))
        }
        other if about_run == Some(true) => Some((
            format!("{} is about a run, not about a day", quote(other.question()?)),
            "use a question about the day, or `WorsensEachRun`",
        )),
        _ => None,
    }
}

/// A gate may only look at questions that come before it, which also rules out circles.
fn gates_look_back(written: &Written, findings: &mut Findings) {
    for (position, question) in written.questions.iter().enumerate() {
        let Some(gate) = &question.only_if else { continue };
        gate.walk(&mut |inner| {
            let Some(id) = inner.question() else { return };
            let later = written.question_position(id).is_some_and(|at| at >= position);
            if later {
                let message = format!("{} does not come before {}", quote(id), name(question));
                findings
                    .report("misplaced-condition", question.at(&id.span), message)
                    .label("not asked before")
                    .help("move the question it depends on further up");
            }
        });
    }
}

fn name(question: &Question) -> String {
    quote(question.id.value.as_ref().map_or("this", |id| id.0.as_str()))
}
