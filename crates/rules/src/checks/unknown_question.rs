//! A rule names a question that does not exist.
//!
//! A flag that looks at an answer nobody is asked for can never be raised, so this is an error.
//!
//! ```ron
//! when: AtLeast("worst_pian", 3),
//! ```
//!
//! Write the id of a question of a `Questions(` file: `AtLeast("worst_pain", 3)`.

use super::{FoundBy, Input};
use crate::{
    load::{findings::Findings, written::At},
    notation::{Kind, Text, scenarios::Event, wording::quote},
};

check!("unknown-question", Error, "unknown_question.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    if !written.is_complete(Kind::Questions) {
        return;
    }
    let mut look_at = |file: usize, id: &Text| {
        if written.question(id).is_some() || written.broken_ids.contains(id.as_str()) {
            return;
        }
        let known = written.questions.iter().filter_map(|question| question.id.value.as_ref());
        let help = findings.suggest(id, known.map(|known| known.0.as_str()));
        findings
            .report("unknown-question", At { file, span: id.span.clone() }, format!("no question is called {}", quote(id)))
            .label("there is no such question")
            .maybe_help(help);
    };
    for (file, _, condition) in written.conditions() {
        condition.walk(&mut |part| {
            if let Some(question) = part.question() {
                look_at(file, question);
            }
        });
    }
    for check_in in &written.check_ins {
        check_in.ask.iter().for_each(|question| look_at(check_in.at.file, question));
    }
    for scenario in &written.scenarios {
        let file = scenario.at.file;
        scenario.series.0.iter().for_each(|(question, _)| look_at(file, question));
        let run_answers = scenario.runs.0.iter().map(|run| &run.answers);
        let event_answers = scenario.events.0.iter().filter_map(|event| match &event.value {
            Event::Late { answers, .. } | Event::Correct { answers, .. } => Some(answers),
            _ => None,
        });
        for answers in run_answers.chain(event_answers) {
            answers.0.iter().for_each(|(question, _)| look_at(file, question));
        }
    }
}
