//! 2.3: three-valued evidence. A blank is never a "no".

use crate::support::*;
use afterrun_rules::{
    RuleBook,
    book::{CheckInRule, Condition, Condition::*, Lasts, QuestionIx, Starts},
    chart::{AnswerEvent, Chart, Event, Value},
    evidence::{Evidence, Report, Truth},
    plan::questions_always_asked,
};
use chrono_tz::Tz;
use proptest::prelude::*;

/// What one report says.
fn report(
    book: &RuleBook,
    of: &[(&str, Value)],
    when: &Condition,
    clear: Option<&Condition>,
) -> Option<Evidence> {
    let mut chart = Chart::new("p".into(), Tz::UTC, at(-1, "00:00"));
    chart.apply(&answer_with(0, "08:00", 0, of));
    Report { book, answers: &chart.answers, at: 0 }.evidence(when, clear)
}

fn truth(book: &RuleBook, of: &[(&str, Value)], condition: &Condition) -> Truth {
    let mut chart = Chart::new("p".into(), Tz::UTC, at(-1, "00:00"));
    chart.apply(&answer_with(0, "08:00", 0, of));
    Report { book, answers: &chart.answers, at: 0 }.holds(condition)
}

const NUMBER: fn(i32) -> Value = Value::Number;

#[test]
fn present_clear_between_or_unknown() {
    let (when, clear) = (AtLeast(PAIN, 4), AtMost(PAIN, 2));
    for (pain, expected) in [
        (Some(4), Some(Evidence::Present)),
        (Some(3), Some(Evidence::Between)),
        (Some(2), Some(Evidence::Clear)),
        (None, None),
    ] {
        let of: Vec<_> = pain.map(|pain| ("pain", NUMBER(pain))).into_iter().collect();
        assert_eq!(report(&book(), &of, &when, Some(&clear)), expected, "{pain:?}");
    }
}

#[test]
fn clear_when_defaults_to_the_opposite_and_a_blank_is_neither() {
    let when = AtLeast(PAIN, 4);
    assert_eq!(report(&book(), &[("pain", NUMBER(3))], &when, None), Some(Evidence::Clear));
    assert_eq!(report(&book(), &[("limping", Value::YesNo(false))], &when, None), None);
}

#[test]
fn unknown_spreads_only_where_it_could_change_the_result() {
    let known = [("pain", NUMBER(5))];
    let (yes, no, blank) = (AtLeast(PAIN, 4), AtLeast(PAIN, 9), Yes(LIMP));
    let not = |condition: &Condition| Not(Box::new(condition.clone()));
    for (condition, expected) in [
        (AnyOf(vec![yes.clone(), blank.clone()]), Truth::True),
        (AnyOf(vec![no.clone(), blank.clone()]), Truth::Unknown),
        (AllOf(vec![no.clone(), blank.clone()]), Truth::False),
        (AllOf(vec![yes.clone(), blank.clone()]), Truth::Unknown),
        (not(&blank), Truth::Unknown),
        (not(&yes), Truth::False),
        (not(&no), Truth::True),
        (No(LIMP), Truth::Unknown),
        (OneOf(LIMP, vec!["x".into()]), Truth::Unknown),
        (AllOf(vec![]), Truth::True),
        (AnyOf(vec![]), Truth::False),
    ] {
        assert_eq!(truth(&book(), &known, &condition), expected, "{condition:?}");
    }
}

#[test]
fn neither_present_nor_clear_is_known_means_nothing_was_observed() {
    // Clear is known to be false, Present unknown: not Between.
    let when = AllOf(vec![AtLeast(PAIN, 4), Yes(LIMP)]);
    assert_eq!(report(&book(), &[("pain", NUMBER(5))], &when, Some(&AtMost(PAIN, 2))), None);
    // Present is known to be false, Clear unknown: not Between either.
    let clear = AllOf(vec![AtMost(PAIN, 3), No(LIMP)]);
    assert_eq!(report(&book(), &[("pain", NUMBER(3))], &AtLeast(PAIN, 4), Some(&clear)), None);
}

/// `feeling` opens `pain`, which opens `limping`.
fn gated() -> RuleBook {
    let mut book = book();
    let feeling = afterrun_rules::book::Question {
        id: "feeling".into(),
        answer: afterrun_rules::book::AnswerKind::Choice(vec![
            ("fine".into(), "".into()),
            ("bad".into(), "".into()),
        ]),
        ..book.questions[0].clone()
    };
    book.questions.push(feeling);
    book.questions[0].only_if = Some(OneOf(QuestionIx(3), vec!["bad".into()]));
    book.questions[0].skipped_means = Some(NUMBER(0));
    book.questions[1].only_if = Some(AtLeast(PAIN, 3));
    book.questions[1].skipped_means = Some(Value::YesNo(false));
    book
}

#[test]
fn skipped_means_applies_only_when_the_gate_is_known_to_be_false() {
    let word = |word: &str| ("feeling", Value::Word(word.into()));
    let pain = AtLeast(PAIN, 4);
    for (of, expected) in [
        (vec![word("fine")], Some(Evidence::Clear)),
        (vec![word("bad")], None),
        (vec![], None),
        (vec![word("bad"), ("pain", NUMBER(6))], Some(Evidence::Present)),
        // Asked all the same, because an episode is open: what was said counts, not what skipping means.
        (vec![word("fine"), ("pain", NUMBER(6))], Some(Evidence::Present)),
    ] {
        assert_eq!(report(&gated(), &of, &pain, None), expected, "{of:?}");
    }
    // Through a chain of gates: fine, so pain 0, so no limp.
    assert_eq!(report(&gated(), &[word("fine")], &Yes(LIMP), None), Some(Evidence::Clear));
    assert_eq!(report(&gated(), &[word("bad")], &Yes(LIMP), None), None);
}

#[test]
fn a_gate_without_a_meaning_stays_unknown() {
    let mut book = gated();
    book.questions[0].skipped_means = None;
    let fine = [("feeling", Value::Word("fine".into()))];
    assert_eq!(report(&book, &fine, &AtLeast(PAIN, 4), None), None);
}

#[test]
fn a_question_that_an_open_episode_uses_is_always_asked() {
    let asked = |series: &str| {
        let told = tell(book()).pain(series);
        let story = told.story();
        let assessed = afterrun_rules::assess(&told.book, &story.chart, at(told.until_day, "12:00"));
        questions_always_asked(&told.book, &assessed).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(asked("5"), [PAIN]);
    assert_eq!(asked("3"), []);
    assert_eq!(asked("5 1 1"), []);
    // Watching, and easing, are open.
    assert_eq!(asked("5 1"), [PAIN]);
}

#[test]
fn the_worst_of_the_days_reports_counts_whatever_their_order() {
    let weekly = |hour, pain| {
        let Event::Answer(mut given) = answer_with(0, hour, 0, &[("pain", NUMBER(pain))]).event else {
            unreachable!()
        };
        given.check_in = Some("weekly".into());
        once(at(0, hour), Event::Answer(given))
    };
    for (daily, other, open) in [(5, 0, true), (0, 5, true), (3, 0, false), (0, 0, false)] {
        let mut book = book();
        book.check_ins.push(CheckInRule {
            id: "weekly".into(),
            starts: Starts::OnEnrolment,
            lasts: Lasts::Weeks(1),
            ..book.check_ins[0].clone()
        });
        let told = tell(book).with([answer(0, 0, Some(daily)), weekly("09:00", other)]);
        let assessed = afterrun_rules::assess(&told.book, &told.story().chart, at(0, "12:00"));
        assert_eq!(assessed.flags[0].open().is_some(), open, "{daily} and {other}");
    }
}

#[test]
fn a_blank_report_beside_a_bad_one_takes_nothing_away() {
    let blank = once(
        at(0, "09:00"),
        Event::Answer(AnswerEvent {
            check_in: Some("weekly".into()),
            run: None,
            about_day: day(0),
            values: values(&[]),
            emergencies: None,
        }),
    );
    assert_eq!(tell(book()).pain("5 5 5 5").with([blank]).told(), "HU 3");
}

#[test]
fn rose_by_looks_back_so_many_calendar_days_at_the_lowest_answer() {
    let rose = |series: &str| {
        let mut book = book();
        let when = RoseBy { question: PAIN, points: 3, within_days: 3 };
        book.flags = vec![flag("rose", when, vec![stage("now", 0, 1, "ROSE")])];
        tell(book).pain(series).told()
    };
    assert_eq!(rose("1 _ _ 4"), "ROSE 3");
    assert_eq!(rose("1 _ _ _ 4"), "", "four days before is too long ago: unknown");
    assert_eq!(rose("4 1 4"), "ROSE 2", "above the lowest, not above the last or the first");
    assert_eq!(rose("1 - - 3"), "");
    assert_eq!(rose("9"), "", "nothing to compare with is unknown");
}

#[test]
fn a_withdrawn_low_answer_takes_the_rise_along() {
    let mut book = book();
    let when = RoseBy { question: PAIN, points: 3, within_days: 7 };
    book.flags = vec![flag("rose", when, vec![stage("now", 0, 1, "ROSE")])];
    let withdraw = Event::Withdraw(afterrun_rules::chart::Withdraw {
        check_in: Some("daily".into()),
        run: None,
        about_day: day(0),
    });
    let told = tell(book).pain("1 3").with([once(at(1, "12:00"), withdraw), answer(2, 2, Some(5))]);
    assert_eq!(told.told(), "");
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        (0..=10).prop_map(|n| AtLeast(PAIN, n)),
        (0..=10).prop_map(|n| AtMost(PAIN, n)),
        Just(Yes(LIMP)),
        Just(No(LIMP)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(AllOf),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(AnyOf),
            inner.prop_map(|condition| Not(Box::new(condition))),
        ]
    })
}

proptest! {
    /// Whatever is known with a blank stays so when the blank is filled in.
    #[test]
    fn filling_in_a_blank_never_overturns_what_was_known(condition in any_condition(), pain in 0..=10i32, limp: bool) {
        let full = [("pain", NUMBER(pain)), ("limping", Value::YesNo(limp))];
        let complete = truth(&book(), &full, &condition);
        prop_assert_ne!(complete, Truth::Unknown);
        for part in [&full[..0], &full[..1], &full[1..]] {
            let partial = truth(&book(), part, &condition);
            prop_assert!(partial == Truth::Unknown || partial == complete, "{partial:?} then {complete:?}");
        }
    }

    /// De Morgan, and twice not.
    #[test]
    fn not_is_its_own_opposite(condition in any_condition(), pain in proptest::option::of(0..=10i32)) {
        let of: Vec<_> = pain.map(|pain| ("pain", NUMBER(pain))).into_iter().collect();
        let twice = Not(Box::new(Not(Box::new(condition.clone()))));
        prop_assert_eq!(truth(&book(), &of, &twice), truth(&book(), &of, &condition));
    }
}
