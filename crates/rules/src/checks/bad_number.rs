//! A number that makes no sense where it stands: no reports at all, a reminder after the link has closed, a scale that
//! ends where it begins.
//!
//! ```ron
//! clear_reports: 0,
//! remind_after_hours: 40, expires_after_hours: 36,
//! rest_days: (min: 5, max: 3),
//! ```
//!
//! The words under the number say what it may be.

use std::ops::{Range, RangeInclusive};

use super::{FoundBy, Input};
use crate::{
    load::{
        findings::Findings,
        written::{At, Item},
    },
    notation::{
        Number,
        check_ins::{CheckIn, Lasts},
        condition::Condition,
        questions::Answer,
        red_flags::Flag,
    },
};

check!("bad-number", Error, "bad_number.rs", FoundBy::Looking(look));

/// Longest time, in days, that any rule can look ahead or back.
const MAX_DAYS: u32 = 366;
/// Longest free text: a page.
const MAX_CHARS: u32 = 5_000;
/// Widest scale: more cannot be tapped on a phone.
const MAX_SCALE_POINTS: i64 = 101;
/// Most choices of a question.
const MAX_CHOICES: usize = 50;
/// Latest day of a scenario.
const MAX_SCENARIO_DAY: u32 = 400;
/// Most mail a clinic can allow itself in an hour.
const MAX_PER_HOUR: u32 = 1_000_000;

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    let mut numbers = Numbers { findings };
    for clinic in &written.clinics {
        if let Some(limits) = &clinic.limits {
            numbers.within(clinic, &limits.normal_per_patient_day, 1..=20);
            numbers.within(clinic, &limits.urgent_per_patient_day, 1..=20);
            numbers.within(clinic, &limits.all_per_hour, 1..=MAX_PER_HOUR);
        }
        if let Some(escalate) = &clinic.escalate {
            numbers.within(clinic, &escalate.after_minutes, 1..=7 * 24 * 60);
        }
    }
    for question in &written.questions {
        numbers.answer(question, &question.answer.value, &question.answer.span);
    }
    for window in &written.windows {
        let rest = &window.rest_days;
        numbers.within(window, &rest.min, 0..=MAX_DAYS);
        numbers.within(window, &rest.max, rest.min.value.min(MAX_DAYS)..=MAX_DAYS);
    }
    for check_in in &written.check_ins {
        numbers.check_in(check_in);
    }
    for flag in &written.flags {
        numbers.flag(flag);
    }
    for (file, _, condition) in written.conditions() {
        condition.walk(&mut |part| numbers.condition(file, part));
    }
    for story in &written.scenarios {
        numbers.within(story, &story.until_day, 0..=MAX_SCENARIO_DAY);
    }
}

struct Numbers<'a> {
    findings: &'a mut Findings,
}

impl Numbers<'_> {
    fn within<T>(&mut self, item: &Item<T>, number: &Number<u32>, range: RangeInclusive<u32>) {
        self.within_at(item.at(&number.span), number.value, range);
    }

    fn within_at(&mut self, at: At, number: u32, range: RangeInclusive<u32>) {
        if !range.contains(&number) {
            let words = match (range.start(), range.end()) {
                (only, end) if only == end => only.to_string(),
                (start, end) => format!("from {start} to {end}"),
            };
            self.bad(at, format!("{number} makes no sense here"), &format!("may be {words}"), &format!("write {words}"));
        }
    }

    fn bad(&mut self, at: At, message: String, label: &str, help: &str) {
        self.findings.report("bad-number", at, message).label(label).help(help);
    }

    fn answer<T>(&mut self, item: &Item<T>, answer: &Answer, span: &Range<usize>) {
        match answer {
            Answer::Scale { from, to, .. } => {
                let points = i64::from(to.value) - i64::from(from.value) + 1;
                if !(2..=MAX_SCALE_POINTS).contains(&points) {
                    let message = format!("a scale from {} to {} cannot be answered", from.value, to.value);
                    self.bad(item.at(&to.span), message, "the end of the scale", &format!("let it have from 2 to {MAX_SCALE_POINTS} points"));
                }
            }
            Answer::Choice(choices) if !(2..=MAX_CHOICES).contains(&choices.len()) => {
                let message = format!("a question with {} to choose from cannot be answered", choices.len());
                self.bad(item.at(span), message, "too few or too many", &format!("give from 2 to {MAX_CHOICES} choices"));
            }
            Answer::Text { max_chars } => self.within(item, max_chars, 1..=MAX_CHARS),
            Answer::Choice(_) | Answer::YesNo => {}
        }
    }

    fn check_in(&mut self, check_in: &Item<CheckIn>) {
        let expires = &check_in.expires_after_hours;
        // An about-day older than 14 days is not accepted any more, so a longer link could not be used.
        self.within(check_in, expires, 1..=14 * 24);
        if let Some(remind) = &check_in.remind_after_hours
            && (remind.value == 0 || remind.value >= expires.value)
        {
            self.bad(check_in.at(&remind.span), "the reminder would come when it is of no use".into(), "not between opening and closing", "remind after more than 0 hours and before `expires_after_hours`");
        }
        if let Some(nudge) = &check_in.nudge {
            self.within(check_in, &nudge.after_missed, 1..=30);
        }
        let days = match check_in.lasts.value {
            Lasts::UntilRecovered { extra_days } => u64::from(extra_days) + 1,
            Lasts::Weeks(weeks) => 7 * u64::from(weeks),
            Lasts::Days(days) => u64::from(days),
            Lasts::UntilClear => 1,
        };
        if !(1..=10 * u64::from(MAX_DAYS)).contains(&days) {
            self.bad(check_in.at(&check_in.lasts.span), "it would last no time, or for ever".into(), "how long it goes on", "write a number of days from 1 to ten years");
        }
        if check_in.ask.value.is_empty() {
            self.bad(check_in.at(&check_in.ask.span), "this check-in asks nothing".into(), "no question", "name at least one question");
        }
    }

    fn flag(&mut self, flag: &Item<Flag>) {
        self.within(flag, &flag.bridge_silent_days, 0..=MAX_DAYS);
        self.within(flag, &flag.clear_reports, 1..=30);
        for stage in &flag.stages.0 {
            self.within(flag, &stage.after_days, 0..=MAX_DAYS);
            self.within(flag, &stage.min_reports, 1..=MAX_DAYS);
            if let Some(remind) = &stage.remind {
                self.within(flag, &remind.every_days, 1..=MAX_DAYS);
                self.within(flag, &remind.at_most, 1..=30);
            }
        }
    }

    fn condition(&mut self, file: usize, condition: &Condition) {
        let at = |number: &Number<u32>| At { file, span: number.span.clone() };
        match condition {
            Condition::RoseBy { within_days, .. } => self.within_at(at(within_days), within_days.value, 1..=MAX_DAYS),
            Condition::WorsensEachRun { runs, ties_allowed, within_days, .. } => {
                self.within_at(at(runs), runs.value, 3..=20);
                self.within_at(at(ties_allowed), ties_allowed.value, 0..=runs.value.saturating_sub(2));
                self.within_at(at(within_days), within_days.value, 1..=MAX_DAYS);
            }
            _ => {}
        }
    }
}
