//! What holds for any chart under any rule book: thresholds, schedules, flags and budgets vary, the shipped
//! pack takes part, and patients travel, correct, remove, pause, stop and lose their address.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, OnceLock},
};

use afterrun_rules::{
    TimedEvent, assess,
    assess::End,
    book::{CheckInRule, Condition, Lasts, Nudge, Remind, RuleBook, Stage, Starts, TellClinic},
    chart::{AnswerEvent, Chart, Event, Excuse, PauseEvent, Run, RunKind, Value, Withdraw},
    decision::{Action, Audience, EntryState, Subject},
    folder,
    load::load,
    plan,
    schedule::{Schedule, instant},
    story::Story,
};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use crate::support::*;

const LAST_DAY: i64 = 26;

fn shipped() -> Arc<RuleBook> {
    static BOOK: OnceLock<Arc<RuleBook>> = OnceLock::new();
    let read = || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
        Arc::new(load(&folder::read(&folder).unwrap()).book.unwrap())
    };
    BOOK.get_or_init(read).clone()
}

fn any_schedule() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        Just(Schedule::Daily { at: time("07:00") }),
        (2..5u32).prop_map(|days| Schedule::EveryDays { days, at: time("08:30") }),
        Just(Schedule::cron("0 0 18 * * Sun").unwrap()),
        Just(Schedule::cron("0 15 7,19 * * Mon,Thu").unwrap()),
    ]
}

fn any_check_in(id: &'static str) -> impl Strategy<Value = CheckInRule> {
    let starts = prop_oneof![
        (1..4u32).prop_map(|weeks| (Starts::OnEnrolment, Lasts::Weeks(weeks))),
        (1..9u32).prop_map(|days| (Starts::OnEnrolment, Lasts::Days(days))),
        (0..3u32).prop_map(|extra_days| (Starts::AfterRun, Lasts::UntilRecovered { extra_days })),
        Just((Starts::WhileFlagged, Lasts::UntilClear)),
    ];
    let ask = proptest::sample::select(vec![vec![PAIN], vec![LIMP], vec![PAIN, LIMP], vec![PAIN, RUN_PAIN]]);
    let nudge = proptest::option::of(1..4u32);
    let remind = proptest::option::of(1..12u32);
    (starts, any_schedule(), ask, nudge, remind).prop_map(
        move |((starts, lasts), schedule, ask, nudge, remind)| CheckInRule {
            id: id.into(),
            starts,
            schedule,
            lasts,
            ask,
            nudge: nudge.map(|after_missed| Nudge { after_missed, send: "ND".into() }),
            remind_after_hours: remind,
            ..book().check_ins[0].clone()
        },
    )
}

fn any_stage(id: &'static str, after_days: std::ops::Range<u32>) -> impl Strategy<Value = Stage> {
    let level = proptest::sample::select(vec![
        TellClinic::Nobody,
        TellClinic::Digest,
        TellClinic::Today,
        TellClinic::Now,
    ]);
    let remind = proptest::option::of((1..4u32, 1..4u32));
    (after_days, 1..4u32, any::<bool>(), level, remind).prop_map(
        move |(after_days, min_reports, urgent, tell_clinic, remind)| Stage {
            urgent,
            tell_clinic,
            remind: remind.map(|(every_days, at_most)| Remind { every_days, at_most }),
            ..stage(id, after_days, min_reports, id)
        },
    )
}

fn any_book() -> impl Strategy<Value = Arc<RuleBook>> {
    let pain = (3..7i32, 0..3i32, 0..4u32, 1..3u32, any_stage("first", 0..3), any_stage("second", 3..6));
    let limp = (0..3u32, any_stage("limp", 0..2), any::<bool>(), any::<bool>());
    let check_ins = (any_check_in("daily"), any_check_in("second"), any_check_in("third"));
    let made =
        (pain, limp, check_ins, 1..4u32, 1..3u32).prop_map(|(pain, limp, check_ins, normal, urgent)| {
            let mut book = book();
            let (least, most, bridge, clears, first, second) = pain;
            let lasting = &mut book.flags[0];
            lasting.evidence = afterrun_rules::book::FlagEvidence::Days {
                when: Condition::AtLeast(PAIN, least),
                clear_when: Some(Condition::AtMost(PAIN, most)),
            };
            lasting.bridge_silent_days = bridge;
            lasting.clear_reports = clears;
            lasting.stages = vec![first, second];
            let (bridge, stage, outranks, outranked) = limp;
            let mut limping = flag("limping", Condition::Yes(LIMP), vec![stage]);
            limping.bridge_silent_days = bridge;
            limping.outranks = outranks.then(|| "pain-lasting".into()).into_iter().collect();
            lasting.outranks = outranked.then(|| "worse-each-run".into()).into_iter().collect();
            limping.on_lapsed.clone_from(&lasting.on_lapsed);
            limping.on_resolved.clone_from(&lasting.on_resolved);
            book.flags.push(limping);
            book.check_ins = vec![check_ins.0, check_ins.1, check_ins.2];
            book.clinic.limits.normal_per_patient_day = normal;
            book.clinic.limits.urgent_per_patient_day = urgent;
            Arc::new(book)
        });
    prop_oneof![4 => made, 1 => Just(()).prop_map(|()| shipped())]
}

fn any_events_of_one_thing() -> impl Strategy<Value = Vec<TimedEvent>> {
    let answered = (
        (0..LAST_DAY, 0..24i64, prop_oneof![4 => Just(0i64), 1 => 1..5i64]),
        (proptest::option::weighted(0.85, 0..=10i32), any::<bool>(), 0..30u32),
        proptest::sample::select(vec!["daily", "daily", "second"]),
    )
        .prop_map(|((received, hour, ago), (pain, limp, tick), check_in)| {
            let mut of = vec![
                ("limping", Value::YesNo(limp)),
                ("feeling", Value::Word("pain".into())),
                ("walking", Value::Word(if limp { "limp" } else { "normal" }.into())),
                ("swelling", Value::Word("none".into())),
            ];
            of.extend(pain.map(|pain| ("pain", Value::Number(pain))));
            of.extend(pain.map(|pain| ("worst_pain", Value::Number(pain))));
            let event = Event::Answer(AnswerEvent {
                check_in: Some(check_in.into()),
                run: None,
                about_day: day((received - ago).max(-1)),
                values: values(&of),
                emergencies: (tick == 0).then(|| vec!["chest-pain".into()]),
            });
            vec![once(at(received, "00:13") + TimeDelta::hours(hour), event)]
        });
    let ran = (0..LAST_DAY, 0..3i64, proptest::option::of(0..=10))
        .prop_map(|(ran, late, score)| run_logged(ran, ran + late, score));
    let other = (0..LAST_DAY, 0..24i64, 0..13u32, 0..5i64).prop_map(|(on, hour, kind, span)| {
        let run_id = |number: i64| format!("r{number}");
        let event = match kind {
            0 => Event::Excuse(Excuse { from: day(on - span), to: day(on), because: "outage".into() }),
            1 => Event::Pause(PauseEvent { until: Some(day(on + span)) }),
            2 => Event::Pause(PauseEvent { until: None }),
            3 => Event::Resume {},
            4 if span == 0 => Event::ContactWithdrawn { flag: "pain-lasting".into() },
            4 => Event::Contacted { flag: "pain-lasting".into() },
            5 if span == 0 => Event::EmergencyReopened {},
            5 => Event::EmergencyResolved {},
            6 | 7 => Event::TimeZone {
                time_zone: [
                    Tz::UTC,
                    Tz::Asia__Kathmandu,
                    Tz::Pacific__Honolulu,
                    Tz::Pacific__Kiritimati,
                    Tz::Pacific__Pago_Pago,
                ][span as usize % 5],
            },
            8 => Event::RunRemoved { run: run_id(on - span).as_str().into() },
            9 => Event::Run(Run {
                id: run_id(on - span).as_str().into(),
                started_at: at(on - span, "05:00"),
                distance_m: 21_097.5,
                duration_s: None,
                kind: RunKind::Race("half-marathon".into()),
            }),
            10 => Event::Withdraw(Withdraw {
                check_in: Some("daily".into()),
                run: None,
                about_day: day(on - span),
            }),
            11 if span == 0 => Event::Stop {},
            11 => Event::Confirmed {},
            _ if span == 0 => Event::AddressDead {},
            _ => Event::Resume {},
        };
        vec![once(at(on, "00:29") + TimeDelta::hours(hour), event)]
    });
    prop_oneof![8 => answered, 3 => ran, 4 => other]
}

fn any_events() -> impl Strategy<Value = Vec<TimedEvent>> {
    proptest::collection::vec(any_events_of_one_thing(), 0..36).prop_map(|things| things.concat())
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

fn lived_until(book: &RuleBook, zone: Tz, events: &[TimedEvent], until: DateTime<Utc>) -> Story {
    let mut known: Vec<_> = events.iter().filter(|event| event.at <= until).cloned().collect();
    known.sort_by_key(|event| event.at);
    let mut story = Story::new(Chart::new("p1".into(), zone, at(-1, "00:00")));
    for together in known.chunk_by(|a, b| a.at == b.at) {
        story.take_in(book, together[0].at, together);
    }
    story.pass_until(book, until);
    assert!(story.most_rounds() <= ROUNDS, "a turn took {} rounds", story.most_rounds());
    story
}

fn lived(book: &RuleBook, zone: Tz, events: &[TimedEvent]) -> Story {
    lived_until(book, zone, events, at(LAST_DAY + 12, "00:00"))
}

/// Dates of answers and runs are what `problem_with` would let through.
fn possible(zone: Tz, book: &RuleBook, events: Vec<TimedEvent>) -> Vec<TimedEvent> {
    let mut chart = Chart::new("p1".into(), zone, at(-1, "00:00"));
    let mut events = events;
    events.sort_by_key(|event| event.at);
    events.retain(|event| {
        let problem = afterrun_rules::replay::problem_with(book, &chart, event);
        let dates = problem.is_some_and(|problem| {
            ["future", "days ago", "before the enrolment", "no run"].iter().any(|word| problem.contains(word))
        });
        if !dates {
            chart.apply(event);
        }
        !dates
    });
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn planning_twice_adds_nothing(book in any_book(), events in any_events(), zone in any_zone(), hours in 0..(LAST_DAY * 24)) {
        let events = possible(zone, &book, events);
        let now = at(0, "00:00") + TimeDelta::hours(hours);
        let chart = lived_until(&book, zone, &events, now).chart;
        let again = plan(&book, &chart, &assess(&book, &chart, now), now);
        prop_assert_eq!(again.decisions, vec![]);
    }

    #[test]
    fn nothing_changes_before_next_due(book in any_book(), events in any_events(), zone in any_zone(), hours in 0..(LAST_DAY * 24)) {
        let events = possible(zone, &book, events);
        let now = at(0, "00:00") + TimeDelta::hours(hours);
        let chart = lived_until(&book, zone, &events, now).chart;
        let planned = plan(&book, &chart, &assess(&book, &chart, now), now);
        let until = planned.next_due.unwrap_or(now + TimeDelta::days(60)) - TimeDelta::seconds(1);
        for step in 1..=20 {
            let then = now + (until - now) * step / 20;
            let later = plan(&book, &chart, &assess(&book, &chart, then), then);
            let beyond_cancels: Vec<_> = later.decisions.iter().filter(|decision| decision.action != Action::Cancel).collect();
            prop_assert!(beyond_cancels.is_empty(), "at {then}, next due {:?}: {beyond_cancels:#?}", planned.next_due);
        }
    }

    #[test]
    fn budgets_and_windows_hold(book in any_book(), events in any_events(), zone in any_zone()) {
        let events = possible(zone, &book, events);
        let story = lived(&book, zone, &events);
        let limits = book.clinic.limits;
        let mut per_day = BTreeMap::<_, u32>::new();
        for taken in story.sent() {
            let at = taken.decision.at;
            let zone = story.chart.zone_at(at);
            let local = at.with_timezone(&zone);
            let urgent = matches!(taken.decision.action, Action::Send { urgent: true, .. });
            // A day a traveller lives twice has two zones' budgets.
            let count = per_day.entry((zone.to_string(), local.date_naive(), urgent)).or_default();
            *count += 1;
            let limit = if urgent { limits.urgent_per_patient_day } else { limits.normal_per_patient_day };
            prop_assert!(*count <= limit, "{} messages on {local}", *count);
            let check_in = matches!(taken.decision.identity.subject, Subject::CheckIn { .. } | Subject::Reminder { .. } | Subject::Nudge { .. });
            let travelled = check_in && zone != story.chart.zone_at(taken.decided_at);
            if !(urgent || travelled) {
                let window = book.clinic.send_window;
                prop_assert!(window.from <= local.time() && local.time() < window.until, "sent at {local}");
            }
        }
    }

    #[test]
    fn one_check_in_a_day_unless_a_later_one_asks_something_new(book in any_book(), events in any_events(), zone in any_zone()) {
        let story = lived(&book, zone, &possible(zone, &book, events));
        let mut asked = BTreeSet::new();
        let mut per_day = BTreeMap::<_, u32>::new();
        for check_in in &story.chart.check_ins {
            prop_assert!(!check_in.questions.is_empty());
            for question in &check_in.questions {
                prop_assert!(asked.insert((check_in.about_day, question.clone())), "{question} twice about {}", check_in.about_day);
            }
            *per_day.entry(check_in.about_day).or_default() += 1;
        }
    }

    #[test]
    fn nothing_goes_to_whoever_stopped_or_cannot_be_reached(book in any_book(), events in any_events(), zone in any_zone()) {
        let story = lived(&book, zone, &possible(zone, &book, events));
        if let Some(stopped_at) = story.chart.stopped_at {
            for taken in story.sent() {
                prop_assert!(taken.decision.at <= stopped_at && taken.decided_at <= stopped_at, "{}", taken.decision.identity);
            }
            let waiting = story.chart.ledger.iter().filter(|entry| entry.state == EntryState::Queued && entry.identity.audience == Audience::Patient);
            prop_assert_eq!(waiting.count(), 0);
        }
    }

    #[test]
    fn each_stage_goes_out_once_an_episode(book in any_book(), events in any_events(), zone in any_zone()) {
        let events = possible(zone, &book, events);
        let story = lived(&book, zone, &events);
        let stages = story.sent().filter(|taken| matches!(taken.decision.identity.subject, Subject::Stage { .. }));
        for taken in stages {
            let Subject::Stage { flag, stage, evidence_day } = &taken.decision.identity.subject else { continue };
            let then = taken.decided_at;
            let chart = lived_until(&book, zone, &events, then).chart;
            let at = book.flags.iter().position(|known| known.id == *flag).unwrap();
            let assessed = assess(&book, &chart, then);
            let episode = assessed.flags[at].episodes.iter().find(|episode| episode.contains(*evidence_day));
            let Some(episode) = episode else { continue };
            let told = chart.ledger.iter().filter(|entry| {
                matches!(entry.state, EntryState::Queued | EntryState::Done)
                    && entry.identity.audience == Audience::Patient
                    && matches!(&entry.identity.subject, Subject::Stage { flag: of, stage: known, evidence_day }
                        if of == flag && known == stage && episode.contains(*evidence_day))
            });
            let told: Vec<_> = told.filter(|entry| entry.decided_at == then).collect();
            prop_assert!(told.len() <= 1, "{told:#?}");
        }
    }

    #[test]
    fn what_is_covered_is_covered_by_a_message_that_went_out(book in any_book(), events in any_events(), zone in any_zone()) {
        let story = lived(&book, zone, &possible(zone, &book, events));
        for entry in story.chart.ledger.iter().filter(|entry| entry.state == EntryState::Covered) {
            let speaker = story.chart.ledger.iter().find(|known| Some(&known.identity) == entry.covered_by.as_ref());
            let spoken = speaker.is_some_and(|known| matches!(known.state, EntryState::Queued | EntryState::Done));
            prop_assert!(spoken, "{} by {:?}", entry.identity, speaker.map(|known| (known.identity.to_string(), known.state)));
        }
    }

    #[test]
    fn the_clinic_hears_of_every_lapse_and_of_every_tick(book in any_book(), events in any_events(), zone in any_zone()) {
        let story = lived(&book, zone, &possible(zone, &book, events));
        let until = at(LAST_DAY + 12, "00:00");
        let chart = &story.chart;
        let told = |holds: &dyn Fn(&Subject) -> bool| {
            chart.ledger.iter().any(|entry| entry.identity.audience == Audience::Clinic && holds(&entry.identity.subject))
        };
        let assessed = assess(&book, chart, until);
        for (flag, found) in book.flags.iter().zip(&assessed.flags) {
            for episode in &found.episodes {
                let End::Lapsed(on) = episode.end else { continue };
                let due = instant(assessed.zone, on.and_time(book.clinic.time_messages_at));
                if due > until || chart.stopped_at.is_some_and(|at| chart.local_date(at) < on) {
                    continue;
                }
                let heard = told(&|subject| matches!(subject, Subject::Lapsed { flag: of, evidence_day } if *of == flag.id && episode.last_seen <= *evidence_day && *evidence_day < on));
                prop_assert!(heard, "{} {episode:?}", flag.id);
            }
        }
        for (received_at, _) in &chart.emergencies {
            let heard = told(&|subject| *subject == Subject::Emergency { received_at: *received_at });
            prop_assert!(heard, "a tick of {received_at}");
        }
    }

    #[test]
    fn a_stop_with_an_episode_open_is_told(book in any_book(), events in any_events(), zone in any_zone(), hours in 0..(LAST_DAY * 24)) {
        let mut events = possible(zone, &book, events);
        let now = at(0, "00:00") + TimeDelta::hours(hours);
        events.retain(|event| event.at < now && event.event != Event::Stop {});
        let stopped = [events, vec![once(now, Event::Stop {})]].concat();
        let story = lived_until(&book, zone, &stopped, now + TimeDelta::days(2));
        let assessed = assess(&book, &lived_until(&book, zone, &stopped, now).chart, now);
        for (flag, found) in book.flags.iter().zip(&assessed.flags) {
            let Some(episode) = found.open() else { continue };
            let subject = Subject::LeftWithOpenEpisode { flag: flag.id.clone(), onset: episode.onset };
            prop_assert!(story.chart.ledger.iter().any(|entry| entry.identity.subject == subject), "{subject:?}");
        }
    }
}
