//! Collecting changes: each has its description and a function that makes it.

use super::{Mutant, Part};
use crate::book::{Place, RuleBook};

/// A change and how to make it.
pub(super) struct Edit {
    pub mutant: Mutant,
    pub apply: Box<dyn Fn(&mut RuleBook)>,
}

/// All changes so far.
#[derive(Default)]
pub(super) struct Edits {
    pub all: Vec<Edit>,
}

/// The rule that is changed.
#[derive(Clone)]
pub(super) struct Target {
    pub part: Part,
    pub rule: String,
    pub place: Option<Place>,
}

/// Why a change to this value alters nothing; none: it does.
pub(super) type Equivalence<'a> = &'a dyn Fn(u32) -> Option<&'static str>;

/// Every change alters something.
pub(super) fn never(_: u32) -> Option<&'static str> {
    None
}

impl Edits {
    /// One change.
    pub(super) fn change(
        &mut self,
        target: &Target,
        change: impl Into<String>,
        apply: impl Fn(&mut RuleBook) + 'static,
    ) {
        self.change_with(target, change, None, apply);
    }

    /// One change that may be without effect.
    pub(super) fn change_with(
        &mut self,
        target: &Target,
        change: impl Into<String>,
        equivalent: Option<&'static str>,
        apply: impl Fn(&mut RuleBook) + 'static,
    ) {
        let Target { part, rule, place } = target.clone();
        let mutant = Mutant { part, rule, place, change: change.into(), equivalent };
        self.all.push(Edit { mutant, apply: Box::new(apply) });
    }

    /// A number, one less and one more, as far as the checks allow it: `least` is the smallest they do.
    pub(super) fn number(
        &mut self,
        target: &Target,
        name: &str,
        value: u32,
        least: u32,
        set: impl Fn(&mut RuleBook, u32) + Clone + 'static,
    ) {
        self.number_with(target, name, value, least, &never, set);
    }

    /// As `number`, some of whose changes alter nothing.
    pub(super) fn number_with(
        &mut self,
        target: &Target,
        name: &str,
        value: u32,
        least: u32,
        equivalent: Equivalence<'_>,
        set: impl Fn(&mut RuleBook, u32) + Clone + 'static,
    ) {
        for new in [value.checked_sub(1), value.checked_add(1)].into_iter().flatten() {
            if new >= least {
                let set = set.clone();
                let change = format!("{name}: {value} becomes {new}");
                self.change_with(target, change, equivalent(new), move |book| set(book, new));
            }
        }
    }
}
