//! Mutants: the rule book with one number, word or operator changed, to see whether any scenario notices.
//!
//! A change that no scenario notices could be made by mistake and nobody would know. Changes that provably
//! alter nothing are listed with the reason, and changes that the checks refuse are not made. Leaves out the
//! texts of messages and questions, who the clinic is, and what is asked: scenarios do not look at them.

mod check_ins;
mod condition;
mod edits;
mod flags;
mod recovery;

use std::sync::Arc;

use crate::{
    book::{Place, RuleBook},
    scenario_run::{Failure, OtherBooks, comes_out, run_all},
};

use edits::Edits;

/// Which part of the rules a change is made to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// Red flags.
    RedFlags,
    /// Recovery windows.
    Recovery,
    /// Check-ins.
    CheckIns,
    /// Gates of questions, and what a skipped question means.
    Questions,
    /// Send window, evening time, budgets.
    Clinic,
}

impl Part {
    /// Its name as a heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::RedFlags => "red flags",
            Self::Recovery => "recovery windows",
            Self::CheckIns => "check-ins",
            Self::Questions => "questions",
            Self::Clinic => "clinic",
        }
    }
}

/// One change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mutant {
    /// Which part it is made to.
    pub part: Part,
    /// The rule, as `flag pain-lasting, stage heads-up`.
    pub rule: String,
    /// Where the rule stands; none for the clinic as a whole.
    pub place: Option<Place>,
    /// The change, as `after_days: 3 becomes 4`.
    pub change: String,
    /// Why it alters nothing, if that can be shown.
    pub equivalent: Option<&'static str>,
}

/// What became of one change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// This scenario does not come out any more.
    Noticed(Arc<str>),
    /// It alters nothing, so no scenario could notice.
    Equivalent(&'static str),
    /// It alters something, and no scenario notices.
    Unnoticed,
}

/// A change and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tried {
    /// The change.
    pub mutant: Mutant,
    /// What became of it.
    pub verdict: Verdict,
}

/// Every change with the rule book it leads to, one at a time. The book of an equivalent change is unchanged in
/// meaning, and there too.
pub fn mutants(book: &RuleBook) -> impl ExactSizeIterator<Item = (Mutant, RuleBook)> {
    all_edits(book).all.into_iter().map(|edit| {
        let mut changed = book.clone();
        (edit.apply)(&mut changed);
        (edit.mutant, changed)
    })
}

/// Makes every change in turn and runs the scenarios until one notices. `progress` is told how many are done, and
/// of how many.
///
/// # Errors
/// If the book fails its own scenarios unchanged: they would "notice" everything.
pub fn try_all(
    book: &RuleBook,
    others: &OtherBooks,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<Tried>, Vec<Failure>> {
    let failures = run_all(book, others);
    if !failures.is_empty() {
        return Err(failures);
    }
    // The scenario that noticed the last change most likely notices the next one, which is of the same rule.
    let mut order: Vec<usize> = (0..book.scenarios.len()).collect();
    let changes = mutants(book);
    let total = changes.len();
    let tried = changes.enumerate().map(|(done, (mutant, changed))| {
        progress(done, total);
        let verdict = match mutant.equivalent {
            Some(why) => Verdict::Equivalent(why),
            None => match first_to_notice(&changed, others, &order) {
                Some(at) => {
                    let scenario = order.remove(at);
                    order.insert(0, scenario);
                    Verdict::Noticed(book.scenarios[scenario].name.clone())
                }
                None => Verdict::Unnoticed,
            },
        };
        Tried { mutant, verdict }
    });
    Ok(tried.collect())
}

fn first_to_notice(changed: &RuleBook, others: &OtherBooks, order: &[usize]) -> Option<usize> {
    order.iter().position(|scenario| !comes_out(changed, others, &changed.scenarios[*scenario]))
}

fn all_edits(book: &RuleBook) -> Edits {
    let mut edits = Edits::default();
    flags::edits(book, &mut edits);
    recovery::edits(book, &mut edits);
    check_ins::edits(book, &mut edits);
    check_ins::question_edits(book, &mut edits);
    check_ins::clinic_edits(book, &mut edits);
    edits
}
