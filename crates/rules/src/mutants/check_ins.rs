//! Changes to when is asked, to the gates of questions, and to the limits within which mail goes out. Leaves out which
//! questions a check-in asks: a scenario gives its answers whether asked or not, and checks find what is never asked.

use std::collections::BTreeSet;

use chrono::{NaiveTime, TimeDelta};

use super::{
    Part, condition,
    edits::{Edits, Target},
};
use crate::{
    book::{CheckInRule, FlagEvidence, Lasts, QuestionIx, RuleBook},
    schedule::Schedule,
};

/// Changes to every check-in.
pub(super) fn edits(book: &RuleBook, edits: &mut Edits) {
    for (at, rule) in book.check_ins.iter().enumerate() {
        let target = Target {
            part: Part::CheckIns,
            rule: format!("check-in `{}`", rule.id),
            place: Some(rule.place.clone()),
        };
        schedule(edits, &target, at, &rule.schedule);
        lasts(edits, &target, at, rule.lasts);
        hours(edits, &target, at, rule);
    }
}

fn schedule(edits: &mut Edits, target: &Target, at: usize, schedule: &Schedule) {
    match *schedule {
        Schedule::Daily { at: time } => {
            for new in an_hour_off(time) {
                edits.change(target, clock_change("schedule", time, new), move |book| {
                    book.check_ins[at].schedule = Schedule::Daily { at: new };
                });
            }
        }
        Schedule::EveryDays { days, at: time } => {
            edits.number(target, "schedule: days", days, 1, move |book, days| {
                book.check_ins[at].schedule = Schedule::EveryDays { days, at: time };
            });
        }
        // A cron expression has no numbers that could be told apart; taking it for a daily one is the change.
        Schedule::Cron(_) => {
            edits.change(target, "schedule: becomes every second day", move |book| {
                book.check_ins[at].schedule = Schedule::EveryDays { days: 2, at: SEVEN };
            });
        }
    }
}

const SEVEN: NaiveTime = match NaiveTime::from_hms_opt(7, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

fn lasts(edits: &mut Edits, target: &Target, at: usize, lasts: Lasts) {
    match lasts {
        Lasts::UntilRecovered { extra_days } => {
            edits.number(target, "lasts: extra_days", extra_days, 0, move |book, extra_days| {
                book.check_ins[at].lasts = Lasts::UntilRecovered { extra_days };
            });
        }
        Lasts::Weeks(weeks) => edits.number(target, "lasts: weeks", weeks, 1, move |book, weeks| {
            book.check_ins[at].lasts = Lasts::Weeks(weeks);
        }),
        Lasts::Days(days) => edits.number(target, "lasts: days", days, 1, move |book, days| {
            book.check_ins[at].lasts = Lasts::Days(days);
        }),
        Lasts::UntilClear => {}
    }
}

fn hours(edits: &mut Edits, target: &Target, at: usize, rule: &CheckInRule) {
    edits.number(target, "expires_after_hours", rule.expires_after_hours, 1, move |book, new| {
        book.check_ins[at].expires_after_hours = new;
    });
    if let Some(hours) = rule.remind_after_hours {
        edits.number(target, "remind_after_hours", hours, 1, move |book, new| {
            book.check_ins[at].remind_after_hours = Some(new);
        });
        edits.change(target, "`remind_after_hours` is dropped", move |book| {
            book.check_ins[at].remind_after_hours = None;
        });
    }
    if let Some(nudge) = &rule.nudge {
        edits.number(target, "nudge: after_missed", nudge.after_missed, 1, move |book, new| {
            if let Some(nudge) = &mut book.check_ins[at].nudge {
                nudge.after_missed = new;
            }
        });
        edits.change(target, "`nudge` is dropped", move |book| book.check_ins[at].nudge = None);
    }
}

/// The questions that flags look at. Answers to the others decide nothing.
fn questions_used(book: &RuleBook) -> BTreeSet<QuestionIx> {
    let mut used = BTreeSet::new();
    for flag in &book.flags {
        if let FlagEvidence::Days { when, clear_when } = &flag.evidence {
            for condition in [Some(when), clear_when.as_ref()].into_iter().flatten() {
                condition.for_each_question(&mut |question| {
                    used.insert(question);
                });
            }
        }
    }
    used
}

/// Changes to gates, and to what a question means that was not asked because of one.
pub(super) fn question_edits(book: &RuleBook, edits: &mut Edits) {
    let used = questions_used(book);
    for (at, question) in book.questions.iter().enumerate() {
        if !used.contains(&QuestionIx(at as u16)) {
            continue;
        }
        let target = Target {
            part: Part::Questions,
            rule: format!("question `{}`", question.id),
            place: Some(question.place.clone()),
        };
        if let Some(gate) = &question.only_if {
            for changed in condition::changed(book, gate) {
                edits.change(&target, format!("`only_if`: {}", changed.change), move |book| {
                    book.questions[at].only_if = Some(changed.condition.clone());
                });
            }
        }
        if question.skipped_means.is_some() {
            edits.change(&target, "`skipped_means` is dropped", move |book| {
                book.questions[at].skipped_means = None;
            });
        }
    }
}

/// Changes to the hours of mail and to the budgets of one runner.
pub(super) fn clinic_edits(book: &RuleBook, edits: &mut Edits) {
    let target = Target { part: Part::Clinic, rule: "clinic".to_owned(), place: None };
    let clinic = &book.clinic;
    for new in an_hour_off(clinic.send_window.from) {
        edits.change(&target, clock_change("send_window: from", clinic.send_window.from, new), move |book| {
            book.clinic.send_window.from = new;
        });
    }
    for new in an_hour_off(clinic.send_window.until) {
        edits.change(
            &target,
            clock_change("send_window: until", clinic.send_window.until, new),
            move |book| {
                book.clinic.send_window.until = new;
            },
        );
    }
    for new in an_hour_off(clinic.time_messages_at) {
        edits.change(&target, clock_change("time_messages_at", clinic.time_messages_at, new), move |book| {
            book.clinic.time_messages_at = new;
        });
    }
    let limits = clinic.limits;
    edits.number(&target, "normal_per_patient_day", limits.normal_per_patient_day, 1, |book, new| {
        book.clinic.limits.normal_per_patient_day = new;
    });
    edits.number(&target, "urgent_per_patient_day", limits.urgent_per_patient_day, 1, |book, new| {
        book.clinic.limits.urgent_per_patient_day = new;
    });
}

/// An hour earlier and an hour later, on the same day.
fn an_hour_off(time: NaiveTime) -> impl Iterator<Item = NaiveTime> {
    [-1, 1].into_iter().filter_map(move |hours| {
        let (new, days) = time.overflowing_add_signed(TimeDelta::hours(hours));
        (days == 0).then_some(new)
    })
}

fn clock_change(name: &str, old: NaiveTime, new: NaiveTime) -> String {
    format!("{name}: {} becomes {}", old.format("%H:%M"), new.format("%H:%M"))
}
