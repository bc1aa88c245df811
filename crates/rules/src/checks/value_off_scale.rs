//! A number that its question's scale does not have.
//!
//! Nobody can answer 11 on a scale from 0 to 10: the condition can never, or must always, hold.
//!
//! ```ron
//! when: AtLeast("worst_pain", 11),
//! ```
//!
//! Write a number on the scale.

use super::{FoundBy, Input};
use crate::{
    load::{findings::Findings, written::At},
    notation::{
        Spanned,
        condition::Condition,
        questions::{Answer, Skipped},
        wording::quote,
    },
};

check!("value-off-scale", Error, "value_off_scale.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    for (file, _, condition) in written.conditions() {
        condition.walk(&mut |part| {
            let Some(question) = part.question() else { return };
            let Some(Answer::Scale { from, to, .. }) = written.question(question).map(|q| &q.answer.value) else { return };
            let scale = (from.value, to.value);
            let mut value = |number: &Spanned<i32>| {
                let at = At { file, span: number.span.clone() };
                off_scale(number.value, scale, at, question, findings);
            };
            match part {
                Condition::AtLeast(_, number) | Condition::AtMost(_, number) => value(number),
                Condition::WorsensEachRun { ends_at_least, .. } => value(ends_at_least),
                _ => {}
            }
            if let Condition::RoseBy { points: rise, .. } | Condition::WorsensEachRun { rise_by: rise, .. } = part {
                rise_too_large(rise, scale, At { file, span: rise.span.clone() }, findings);
            }
        });
    }
    for question in &written.questions {
        let Some(skipped) = &question.skipped_means else { continue };
        if let (Skipped::Number(number), Answer::Scale { from, to, .. }) = (&skipped.value, &question.answer.value) {
            let id = question.id.value.as_ref().map_or("", |id| id.0.as_str());
            off_scale(*number, (from.value, to.value), question.at(&skipped.span), id, findings);
        }
    }
}

fn off_scale(number: i32, (from, to): (i32, i32), at: At, question: &str, findings: &mut Findings) {
    if !(from..=to).contains(&number) && from < to {
        findings
            .report("value-off-scale", at, format!("{number} is not on the scale of {}", quote(question)))
            .label(format!("the scale goes from {from} to {to}"))
            .help(format!("write a number from {from} to {to}"));
    }
}

fn rise_too_large(rise: &Spanned<i32>, (from, to): (i32, i32), at: At, findings: &mut Findings) {
    let widest = i64::from(to) - i64::from(from);
    if (rise.value < 1 || i64::from(rise.value) > widest) && from < to {
        findings
            .report("value-off-scale", at, format!("no answer can rise by {}", rise.value))
            .label(format!("the scale goes from {from} to {to}"))
            .help(format!("write a number from 1 to {widest}"));
    }
}
