//! Changes to the red flags.

use super::{
    Part, condition,
    edits::{Edits, Target},
};
use crate::book::{
    Condition, Flag, FlagEvidence, OnLapsed, Remind, RuleBook, Stage, TellClinic, WorsensEachRun,
};

const LEVELS: [TellClinic; 4] = [TellClinic::Nobody, TellClinic::Digest, TellClinic::Today, TellClinic::Now];

const TWO_DAYS: &str = "from day 1 on there are two reports at least: the first one and the newest";
const WHEN_FIRST: &str = "an answer that `when` counts as there is never looked at by `clear_when`";
const TOLD_ANYWAY: &str = "the clinic hears of every spell that ends in silence: in the digest at least";
const STRICT_RISE: &str = "without ties, so many runs rise by one point each at least";

/// Changes to every flag.
pub(super) fn edits(book: &RuleBook, edits: &mut Edits) {
    for (at, flag) in book.flags.iter().enumerate() {
        let target = Target {
            part: Part::RedFlags,
            rule: format!("flag `{}`", flag.id),
            place: Some(flag.place.clone()),
        };
        evidence(book, edits, &target, at, flag);
        episode(edits, &target, at, flag);
        for (stage_at, stage) in flag.stages.iter().enumerate() {
            let target = Target {
                rule: format!("flag `{}`, stage `{}`", flag.id, stage.id),
                place: Some(stage.place.clone()),
                ..target.clone()
            };
            stage_edits(edits, &target, (at, stage_at), flag, stage);
        }
        endings(edits, &target, at, flag);
    }
}

fn evidence(book: &RuleBook, edits: &mut Edits, target: &Target, at: usize, flag: &Flag) {
    match &flag.evidence {
        FlagEvidence::Days { when, clear_when } => {
            for changed in condition::changed(book, when) {
                edits.change(target, format!("`when`: {}", changed.change), move |book| {
                    if let FlagEvidence::Days { when, .. } = &mut book.flags[at].evidence {
                        *when = changed.condition.clone();
                    }
                });
            }
            if let Some(clear) = clear_when {
                for changed in condition::changed(book, clear) {
                    let equivalent =
                        only_adds_words_of(when, clear, &changed.condition).then_some(WHEN_FIRST);
                    let change = format!("`clear_when`: {}", changed.change);
                    edits.change_with(target, change, equivalent, move |book| {
                        set_clear(book, at, Some(changed.condition.clone()));
                    });
                }
                edits.change(target, "`clear_when` is dropped", move |book| set_clear(book, at, None));
            }
        }
        FlagEvidence::Runs(rule) => runs(edits, target, at, *rule),
    }
}

/// Whether the new `clear_when` differs from the old by words that `when` lists as well, and by no others.
fn only_adds_words_of(when: &Condition, old: &Condition, new: &Condition) -> bool {
    let (Condition::OneOf(there, present), Condition::OneOf(before, old), Condition::OneOf(after, new)) =
        (when, old, new)
    else {
        return false;
    };
    there == before
        && before == after
        && old.iter().all(|word| new.contains(word))
        && new.iter().all(|word| old.contains(word) || present.contains(word))
}

fn set_clear(book: &mut RuleBook, at: usize, new: Option<Condition>) {
    if let FlagEvidence::Days { clear_when, .. } = &mut book.flags[at].evidence {
        *clear_when = new;
    }
}

fn runs(edits: &mut Edits, target: &Target, at: usize, rule: WorsensEachRun) {
    let set = move |book: &mut RuleBook, change: &dyn Fn(&mut WorsensEachRun)| {
        if let FlagEvidence::Runs(rule) = &mut book.flags[at].evidence {
            change(rule);
        }
    };
    // Each of `runs - 1` steps rises by a point at least unless it is one of the ties.
    let sure_rise = rule.runs.max(3) - 1 - rule.ties_allowed.min(rule.runs.max(3) - 1);
    let strict = move |new: u32| {
        let old = u32::try_from(rule.rise_by).unwrap_or(0);
        (new <= sure_rise && old <= sure_rise).then_some(STRICT_RISE)
    };
    edits.number(target, "runs", rule.runs, 3, move |book, new| set(book, &|rule| rule.runs = new));
    edits.number_with(target, "rise_by", rule.rise_by.unsigned_abs(), 0, &strict, move |book, new| {
        set(book, &|rule| rule.rise_by = new as i32);
    });
    edits.number(target, "ends_at_least", rule.ends_at_least.unsigned_abs(), 0, move |book, new| {
        set(book, &|rule| rule.ends_at_least = new as i32);
    });
    edits.number(target, "ties_allowed", rule.ties_allowed, 0, move |book, new| {
        set(book, &|rule| rule.ties_allowed = new);
    });
    edits.number(target, "within_days", rule.within_days, 1, move |book, new| {
        set(book, &|rule| rule.within_days = new);
    });
}

fn episode(edits: &mut Edits, target: &Target, at: usize, flag: &Flag) {
    edits.number(target, "bridge_silent_days", flag.bridge_silent_days, 0, move |book, new| {
        book.flags[at].bridge_silent_days = new;
    });
    edits.number(target, "clear_reports", flag.clear_reports, 1, move |book, new| {
        book.flags[at].clear_reports = new;
    });
}

fn stage_edits(edits: &mut Edits, target: &Target, (at, of): (usize, usize), flag: &Flag, stage: &Stage) {
    let steps =
        move |book: &mut RuleBook, change: &dyn Fn(&mut Stage)| change(&mut book.flags[at].stages[of]);
    edits.number(target, "after_days", stage.after_days, 0, move |book, new| {
        steps(book, &|stage| stage.after_days = new);
    });
    let after_days = stage.after_days;
    let old = stage.min_reports;
    let few = move |new: u32| (after_days >= 1 && old.max(new) <= 2).then_some(TWO_DAYS);
    edits.number_with(target, "min_reports", stage.min_reports, 1, &few, move |book, new| {
        steps(book, &|stage| stage.min_reports = new);
    });
    if flag.stages.len() > 1 {
        edits.change(target, "the stage is dropped", move |book| {
            book.flags[at].stages.remove(of);
        });
    }
    edits.change(target, format!("urgent: {} becomes {}", stage.urgent, !stage.urgent), move |book| {
        steps(book, &|stage| stage.urgent = !stage.urgent);
    });
    let levels = LEVELS.into_iter().filter(|level| *level != stage.tell_clinic);
    for level in levels {
        edits.change(
            target,
            format!("tell_clinic: {:?} becomes {level:?}", stage.tell_clinic),
            move |book| {
                steps(book, &|stage| stage.tell_clinic = level);
            },
        );
    }
    if let Some(remind) = stage.remind {
        let numbers = move |book: &mut RuleBook, new: Remind| steps(book, &|stage| stage.remind = Some(new));
        edits.number(target, "remind: every_days", remind.every_days, 1, move |book, every_days| {
            numbers(book, Remind { every_days, ..remind });
        });
        edits.number(target, "remind: at_most", remind.at_most, 1, move |book, at_most| {
            numbers(book, Remind { at_most, ..remind });
        });
        edits.change(target, "`remind` is dropped", move |book| steps(book, &|stage| stage.remind = None));
    }
}

fn endings(edits: &mut Edits, target: &Target, at: usize, flag: &Flag) {
    if flag.on_resolved.is_some() {
        edits.change(target, "`on_resolved` is dropped", move |book| book.flags[at].on_resolved = None);
    }
    if let Some(on_lapsed) = &flag.on_lapsed {
        if on_lapsed.send.is_some() {
            edits.change(target, "`on_lapsed` sends nothing", move |book| {
                if let Some(OnLapsed { send, .. }) = &mut book.flags[at].on_lapsed {
                    *send = None;
                }
            });
        }
        let old = on_lapsed.tell_clinic;
        for level in LEVELS.into_iter().filter(|level| *level != old) {
            let equivalent = (old.max(level) == TellClinic::Digest).then_some(TOLD_ANYWAY);
            let change = format!("`on_lapsed` tell_clinic: {old:?} becomes {level:?}");
            edits.change_with(target, change, equivalent, move |book| {
                if let Some(OnLapsed { tell_clinic, .. }) = &mut book.flags[at].on_lapsed {
                    *tell_clinic = level;
                }
            });
        }
    }
    for (which, other) in flag.outranks.iter().enumerate() {
        edits.change(target, format!("does not outrank `{other}` any more"), move |book| {
            book.flags[at].outranks.remove(which);
        });
    }
}
