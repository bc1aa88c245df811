//! What holds for any chart: order of arrival, planning twice, looking again too early, budgets, windows.

use afterrun_rules::{
    TimedEvent, assess,
    book::RuleBook,
    chart::{AnswerEvent, Chart, Event, Excuse, PauseEvent, Value, Withdraw},
    decision::{Action, Audience},
    plan,
    story::Story,
};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use crate::support::*;

const LAST_DAY: i64 = 24;

fn any_events_of_one_thing() -> impl Strategy<Value = Vec<TimedEvent>> {
    let pain = prop_oneof![3 => (0..=10).prop_map(Some), 1 => Just(None)];
    let answered = (0..LAST_DAY, 0..24i64, 0..4i64, pain, any::<bool>(), 0..40u32).prop_map(
        |(received, hour, ago, pain, limp, tick)| {
            let mut of = vec![("limping", Value::YesNo(limp))];
            of.extend(pain.map(|pain| ("pain", Value::Number(pain))));
            let event = Event::Answer(AnswerEvent {
                check_in: Some("daily".into()),
                run: None,
                about_day: day((received - ago).max(-1)),
                values: values(&of),
                emergencies: (tick == 0).then(|| vec!["chest-pain".into()]),
            });
            once(at(received, "00:13") + TimeDelta::hours(hour), event)
        },
    );
    let ran = (0..LAST_DAY, 0..3i64, prop_oneof![Just(None), (0..=10).prop_map(Some)])
        .prop_map(|(ran, late, score)| run_logged(ran, ran + late, score));
    let other = (0..LAST_DAY, 0..24i64, 0..8u32, 0..5i64).prop_map(|(on, hour, kind, span)| {
        let event = match kind {
            0 => Event::Excuse(Excuse { from: day(on - span), to: day(on), because: "outage".into() }),
            1 => Event::Pause(PauseEvent { until: Some(day(on + span)) }),
            2 => Event::Pause(PauseEvent { until: None }),
            3 => Event::Resume {},
            4 if span == 0 => Event::ContactWithdrawn { flag: "pain-lasting".into() },
            4 => Event::Contacted { flag: "pain-lasting".into() },
            5 if span == 0 => Event::EmergencyReopened {},
            5 => Event::EmergencyResolved {},
            6 => Event::TimeZone {
                time_zone: [Tz::UTC, Tz::Asia__Kathmandu, Tz::Pacific__Honolulu][span as usize % 3],
            },
            _ => Event::Withdraw(Withdraw {
                check_in: Some("daily".into()),
                run: None,
                about_day: day(on - span),
            }),
        };
        vec![once(at(on, "00:29") + TimeDelta::hours(hour), event)]
    });
    prop_oneof![8 => answered.prop_map(|event| vec![event]), 3 => ran, 2 => other]
}

fn any_events() -> impl Strategy<Value = Vec<TimedEvent>> {
    proptest::collection::vec(any_events_of_one_thing(), 0..40).prop_map(|things| things.concat())
}

fn any_zone() -> impl Strategy<Value = Tz> {
    proptest::sample::select(vec![
        Tz::UTC,
        Tz::Pacific__Kiritimati,
        Tz::Pacific__Pago_Pago,
        Tz::Asia__Kathmandu,
        Tz::America__Chicago,
    ])
}

fn several_flags() -> RuleBook {
    let mut book = book();
    let urgent = afterrun_rules::book::Stage { urgent: true, ..stage("now", 0, 1, "LIMP") };
    book.flags.push(flag("limping", afterrun_rules::book::Condition::Yes(LIMP), vec![urgent]));
    book.clinic.limits.normal_per_patient_day = 2;
    book.clinic.limits.urgent_per_patient_day = 1;
    book
}

fn lived(book: &RuleBook, zone: Tz, events: &[TimedEvent]) -> Story {
    Told { book: book.clone(), zone, events: events.to_vec(), until_day: LAST_DAY + 10 }.story()
}

/// The story again, with what was seen at each of many instants.
fn chart_at(book: &RuleBook, zone: Tz, events: &[TimedEvent], until: DateTime<Utc>) -> Chart {
    let known: Vec<_> = events.iter().filter(|event| event.at <= until).cloned().collect();
    let mut story = Story::new(Chart::new("p1".into(), zone, at(-1, "00:00")));
    let mut sorted = known;
    sorted.sort_by_key(|event| event.at);
    for together in sorted.chunk_by(|a, b| a.at == b.at) {
        story.take_in(book, together[0].at, together);
    }
    story.pass_until(book, until);
    assert!(story.most_rounds() <= ROUNDS, "a turn took {} rounds", story.most_rounds());
    story.chart
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn planning_twice_adds_nothing(events in any_events(), zone in any_zone(), hours in 0..(LAST_DAY * 24)) {
        let book = several_flags();
        let now = at(0, "00:00") + TimeDelta::hours(hours);
        let chart = chart_at(&book, zone, &events, now);
        let again = plan(&book, &chart, &assess(&book, &chart, now), now);
        prop_assert_eq!(again.decisions, vec![]);
    }

    #[test]
    fn nothing_changes_before_next_due(events in any_events(), zone in any_zone(), hours in 0..(LAST_DAY * 24)) {
        let book = several_flags();
        let now = at(0, "00:00") + TimeDelta::hours(hours);
        let chart = chart_at(&book, zone, &events, now);
        let planned = plan(&book, &chart, &assess(&book, &chart, now), now);
        let until = planned.next_due.unwrap_or(now + TimeDelta::days(60)) - TimeDelta::seconds(1);
        // Queued mail goes out at its own time; what is judged here is what the clock alone brings about.
        for step in 1..=20 {
            let then = now + (until - now) * step / 20;
            let later = plan(&book, &chart, &assess(&book, &chart, then), then);
            let beyond_cancels: Vec<_> = later.decisions.iter().filter(|decision| decision.action != Action::Cancel).collect();
            prop_assert!(beyond_cancels.is_empty(), "at {then}, next due {:?}: {beyond_cancels:#?}", planned.next_due);
        }
    }

    #[test]
    fn order_of_arrival_does_not_matter_beyond_revisions(events in any_events(), swap in any::<prop::sample::Index>()) {
        let book = several_flags();
        let mut about = std::collections::BTreeSet::new();
        let once_each: Vec<_> = events.into_iter().filter(|event| match &event.event {
            Event::Answer(answer) => about.insert(answer.about_day),
            _ => false,
        }).collect();
        prop_assume!(once_each.len() >= 2);
        let mut forward = Chart::new("p1".into(), Tz::UTC, at(-1, "00:00"));
        once_each.iter().for_each(|event| forward.apply(event));
        let mut rotated = once_each.clone();
        rotated.rotate_left(swap.index(once_each.len()));
        let mut other = Chart::new("p1".into(), Tz::UTC, at(-1, "00:00"));
        rotated.iter().for_each(|event| other.apply(event));
        let now = at(LAST_DAY + 1, "12:00");
        prop_assert_eq!(assess(&book, &forward, now).flags, assess(&book, &other, now).flags);
    }

    #[test]
    fn an_irrelevant_event_changes_nothing(events in any_events(), on in 0..LAST_DAY) {
        let book = several_flags();
        let without = lived(&book, Tz::UTC, &events);
        let note = once(at(on, "12:34"), Event::Withdraw(Withdraw { check_in: Some("unknown".into()), run: None, about_day: day(on) }));
        let with = lived(&book, Tz::UTC, &[events, vec![note]].concat());
        prop_assert_eq!(without.taken, with.taken);
    }

    #[test]
    fn budgets_and_windows_hold(events in any_events(), zone in any_zone()) {
        let book = several_flags();
        let story = lived(&book, zone, &events);
        let mut per_day = std::collections::BTreeMap::<_, u32>::new();
        for taken in story.sent() {
            let at = taken.decision.at;
            let zone = story.chart.zone_at(taken.decided_at);
            let local = at.with_timezone(&zone);
            let urgent = matches!(taken.decision.action, Action::Send { urgent: true, .. });
            let count = per_day.entry((zone.to_string(), local.date_naive(), urgent)).or_default();
            *count += 1;
            let limit = if urgent { 1 } else { 2 };
            prop_assert!(*count <= limit, "{} messages on {local}", *count);
            if !urgent {
                let window = book.clinic.send_window;
                prop_assert!(window.from <= local.time() && local.time() < window.until, "sent at {local}");
            }
        }
    }

    #[test]
    fn each_decision_is_made_once(events in any_events(), zone in any_zone()) {
        let story = lived(&several_flags(), zone, &events);
        let mut seen = std::collections::BTreeSet::new();
        for taken in story.taken.iter().filter(|taken| taken.decision.action != Action::Cancel) {
            prop_assert!(seen.insert(taken.decision.identity.to_string()), "{}", taken.decision.identity);
        }
    }

    #[test]
    fn a_restart_changes_nothing(events in any_events(), zone in any_zone(), hours in 0..(LAST_DAY * 24)) {
        // A restart keeps facts and ledger and nothing else: rebuild the chart from them and go on.
        let book = several_flags();
        let now = at(0, "00:00") + TimeDelta::hours(hours);
        let before = chart_at(&book, zone, &events, now);
        let mut rebuilt = Chart::new("p1".into(), zone, at(-1, "00:00"));
        let mut known: Vec<_> = events.iter().filter(|event| event.at <= now).cloned().collect();
        known.sort_by_key(|event| event.at);
        known.iter().for_each(|event| rebuilt.apply(event));
        rebuilt.check_ins.clone_from(&before.check_ins);
        rebuilt.ledger.clone_from(&before.ledger);
        prop_assert_eq!(&rebuilt, &before);
        let audience = |story: &Chart| story.ledger.iter().filter(|entry| entry.identity.audience == Audience::Patient).count();
        prop_assert_eq!(audience(&rebuilt), audience(&before));
    }
}
