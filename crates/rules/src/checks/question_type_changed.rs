//! A question takes another kind of answer than it did in the rules in force, under the same id.
//!
//! Old answers are judged by new rules. A 5 that was given on a scale from 0 to 5 would count as a 5 of 10.
//!
//! ```ron
//! (id: "worst_pain", ..., answer: Scale(from: 0, to: 10, ...)),      // before
//! (id: "worst_pain", ..., answer: Choice([...])),                    // now
//! ```
//!
//! Give the new question a new id, such as `worst_pain_words`, and change the rules that use it.

use super::{FoundBy, Input};
use crate::{
    book,
    load::findings::Findings,
    notation::{
        questions::{About, Answer},
        wording::quote,
    },
};

check!("question-type-changed", Error, "question_type_changed.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let Some(before) = input.before else { return };
    for question in &input.written.questions {
        let Some(id) = &question.id.value else { continue };
        let Some((_, old)) = before.question(&id.0) else { continue };
        let about_run = question.about == Some(About::Run);
        let same = same_kind(&old.answer, &question.answer.value) && about_run == (old.about == book::About::Run);
        if !same {
            findings
                .report("question-type-changed", question.at(&question.answer.span), format!("{} is answered in another way than before", quote(&id.0)))
                .label("another kind of answer")
                .help("give the changed question a new id: old answers are kept under the old one");
        }
    }
}

fn same_kind(old: &book::AnswerKind, new: &Answer) -> bool {
    match (old, new) {
        (book::AnswerKind::Scale { from, to, .. }, Answer::Scale { from: new_from, to: new_to, .. }) => {
            *from == new_from.value && *to == new_to.value
        }
        (book::AnswerKind::Choice(_), Answer::Choice(_))
        | (book::AnswerKind::YesNo, Answer::YesNo)
        | (book::AnswerKind::Text { .. }, Answer::Text { .. }) => true,
        _ => false,
    }
}
