//! A condition or a value does not suit the kind of answer its question takes.
//!
//! A number cannot be compared with a choice: the condition would be unknown for every patient, for ever.
//!
//! ```ron
//! when: AtLeast("swelling", 3),          // "swelling" is a choice
//! when: OneOf("swelling", ["join"]),     // not one of its choices
//! skipped_means: Number(0),              // on a yes-or-no question
//! ```
//!
//! Use `AtLeast`, `AtMost` and `RoseBy` with a `Scale`, `OneOf` with a `Choice`, `Yes` and `No` with `YesNo`. A free text can
//! never be part of a rule.

use super::{FoundBy, Input};
use crate::{
    load::{
        findings::Findings,
        written::{At, Written},
    },
    notation::{
        condition::Condition,
        questions::{Answer, Skipped},
        wording::quote,
    },
};

check!("wrong-answer-type", Error, "wrong_answer_type.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    for (file, _, condition) in written.conditions() {
        condition.walk(&mut |part| look_at(written, file, part, findings));
    }
    for question in &written.questions {
        let Some(skipped) = &question.skipped_means else { continue };
        let at = question.at(&skipped.span);
        match (&skipped.value, &question.answer.value) {
            (Skipped::Number(_), Answer::Scale { .. }) | (Skipped::YesNo(_), Answer::YesNo) => {}
            (Skipped::Choice(choice), Answer::Choice(choices)) => {
                unknown_choice(choice, choices, at, findings);
            }
            (_, answer) => {
                findings
                    .report("wrong-answer-type", at, format!("this question is answered with {}", words(answer)))
                    .label("another kind of answer")
                    .help(format!("write {}", skipped_form(answer)));
            }
        }
    }
}

fn look_at(written: &Written, file: usize, part: &Condition, findings: &mut Findings) {
    let Some(id) = part.question() else { return };
    let Some(question) = written.question(id) else { return };
    let answer = &question.answer.value;
    let suits = match part {
        Condition::AtLeast(..) | Condition::AtMost(..) | Condition::RoseBy { .. } | Condition::WorsensEachRun { .. } => {
            matches!(answer, Answer::Scale { .. })
        }
        Condition::Yes(_) | Condition::No(_) => matches!(answer, Answer::YesNo),
        Condition::OneOf(_, named) => match answer {
            Answer::Choice(choices) => {
                for choice in named {
                    unknown_choice(choice, choices, At { file, span: choice.span.clone() }, findings);
                }
                true
            }
            _ => false,
        },
        Condition::AllOf(_) | Condition::AnyOf(_) | Condition::Not(_) => true,
    };
    if !suits {
        let message = format!("{} is answered with {}", quote(id), words(answer));
        findings
            .report("wrong-answer-type", At { file, span: id.span.clone() }, message)
            .label("another kind of answer")
            .help(format!("write {}", condition_form(answer)));
    }
}

fn unknown_choice(
    choice: &str,
    choices: &[(crate::notation::Checked<crate::notation::leaf::Id>, crate::notation::Checked<crate::notation::leaf::Words>)],
    at: At,
    findings: &mut Findings,
) {
    let known = || choices.iter().filter_map(|(value, _)| value.value.as_ref()).map(|value| value.0.as_str());
    if known().any(|known| known == choice) || choices.iter().any(|(value, _)| value.value.is_none()) {
        return;
    }
    let help = findings.suggest(choice, known());
    let list: Vec<_> = known().map(|known| format!("`{known}`")).collect();
    findings
        .report("wrong-answer-type", at, format!("{} is not one of the question's choices", quote(choice)))
        .label("no such choice")
        .help(help.unwrap_or_else(|| format!("the choices are {}", list.join(", "))));
}

fn words(answer: &Answer) -> &'static str {
    match answer {
        Answer::Scale { .. } => "a number on a scale",
        Answer::Choice(_) => "a choice",
        Answer::YesNo => "yes or no",
        Answer::Text { .. } => "free text, which no rule can judge",
    }
}

fn condition_form(answer: &Answer) -> &'static str {
    match answer {
        Answer::Scale { .. } => "`AtLeast(question, number)` or `AtMost(question, number)`",
        Answer::Choice(_) => "`OneOf(question, [choices])`",
        Answer::YesNo => "`Yes(question)` or `No(question)`",
        Answer::Text { .. } => "a condition over another question",
    }
}

fn skipped_form(answer: &Answer) -> &'static str {
    match answer {
        Answer::Scale { .. } => "`skipped_means: Number(0)`",
        Answer::Choice(_) => "`skipped_means: Choice(\"...\")`",
        Answer::YesNo => "`skipped_means: YesNo(false)`",
        Answer::Text { .. } => "no `skipped_means` here",
    }
}
