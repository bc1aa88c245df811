//! A small rule book made by hand.

use std::collections::BTreeMap;

use afterrun_rules::{
    book::*,
    chart::Value,
    ids::{FlagId, MessageId},
    schedule::Schedule,
};
use chrono::{NaiveTime, Weekday};

fn place() -> Place {
    Place { file: "rules/test.ron".into(), line: 1 }
}

fn time(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

fn question(id: &str, ask: &str, answer: AnswerKind) -> Question {
    Question {
        id: id.into(),
        about: About::Day,
        ask: ask.into(),
        answer,
        only_if: None,
        skipped_means: None,
        optional: false,
        place: place(),
    }
}

fn choice(all: &[(&str, &str)]) -> AnswerKind {
    AnswerKind::Choice(all.iter().map(|(value, shown)| ((*value).into(), (*shown).into())).collect())
}

fn pain() -> AnswerKind {
    AnswerKind::Scale { from: 0, to: 10, low: "no pain".into(), high: "worst you can think of".into() }
}

/// "Feeling" is not `fine`.
pub fn gate() -> Condition {
    Condition::OneOf(QuestionIx(0), vec!["sore".into(), "pain".into()])
}

fn questions() -> Vec<Question> {
    let words = choice(&[
        ("fine", "Good: no pain, no swelling, walking as usual"),
        ("sore", "Normal soreness that eases when I move"),
        ("pain", "Pain, swelling or a limp, or I am not sure"),
    ]);
    let swelling = choice(&[
        ("none", "No"),
        ("joint", "In a joint"),
        ("tendon", "In a tendon"),
        ("elsewhere", "Somewhere else"),
        ("unsure", "Not sure"),
    ]);
    let walking = choice(&[("normal", "Normal"), ("off", "A little off"), ("limp", "I limp")]);
    let note = AnswerKind::Text { max_chars: 500 };
    vec![
        question("feeling", "How does your body feel today?", words),
        Question {
            only_if: Some(gate()),
            skipped_means: Some(Value::Number(0)),
            ..question("worst_pain", "How bad was the worst pain in the last day?", pain())
        },
        Question {
            only_if: Some(gate()),
            skipped_means: Some(Value::Word("none".into())),
            ..question("swelling", "Do you see swelling?", swelling)
        },
        Question { only_if: Some(gate()), ..question("walking", "How is your walking?", walking) },
        Question {
            only_if: Some(Condition::AllOf(vec![
                Condition::AtLeast(QuestionIx(1), 4),
                Condition::Not(Box::new(Condition::OneOf(QuestionIx(2), vec!["none".into()]))),
            ])),
            ..question("woke", "Did pain wake you at night?", AnswerKind::YesNo)
        },
        Question { about: About::Run, ..question("pain_on_run", "Worst pain during this run?", pain()) },
        Question { optional: true, ..question("note", "Anything else?", note) },
    ]
}

fn flag(id: &str, title: &str, when: Condition) -> Flag {
    Flag {
        id: FlagId::from(id),
        formerly: Vec::new(),
        title: title.into(),
        basis: Basis::Seed,
        evidence: FlagEvidence::Days { when, clear_when: None },
        bridge_silent_days: 2,
        clear_reports: 2,
        stages: vec![Stage {
            id: "see-us".into(),
            after_days: 0,
            min_reports: 1,
            send: "see-us".into(),
            urgent: false,
            tell_clinic: TellClinic::Today,
            remind: None,
            place: place(),
        }],
        on_resolved: None,
        on_lapsed: None,
        outranks: Vec::new(),
        place: place(),
    }
}

fn window(id: &str, title: &str, when: RunMatch, min_days: u32, max_days: u32) -> Window {
    Window {
        id: id.into(),
        title: title.into(),
        when,
        min_days,
        max_days,
        basis: Basis::Seed,
        place: place(),
    }
}

fn check_in(id: &str, starts: Starts, lasts: Lasts, ask: &[u16]) -> CheckInRule {
    CheckInRule {
        id: id.into(),
        starts,
        schedule: Schedule::Daily { at: time(7) },
        lasts,
        ask: ask.iter().map(|ix| QuestionIx(*ix)).collect(),
        send: MessageId::from("check-in"),
        remind_after_hours: Some(10),
        expires_after_hours: 36,
        nudge: None,
        place: place(),
    }
}

fn clinic() -> Clinic {
    Clinic {
        name: "Lakeside Running Clinic".into(),
        phone: "555-0100".into(),
        booking_link: "https://clinic.example/book".into(),
        emergency_line: "If this is an emergency, call 911.".into(),
        locale: None,
        time_zone: chrono_tz::America::Chicago,
        office_hours: vec![OfficeHours { days: vec![Weekday::Mon], from: time(8), until: time(18) }],
        send_window: SendWindow { from: time(7), until: time(20) },
        time_messages_at: time(18),
        alerts_to: vec!["team@clinic.example".into()],
        escalate: None,
        editors: Vec::new(),
        digest: Schedule::Daily { at: time(7) },
        limits: Limits { normal_per_patient_day: 2, urgent_per_patient_day: 2, all_per_hour: 2000 },
    }
}

fn sign(id: &str, ask: &str, do_now: &str, level: SignLevel) -> Sign {
    Sign { id: id.into(), ask: ask.into(), do_now: do_now.into(), level, place: place() }
}

/// The book.
pub fn book() -> RuleBook {
    RuleBook {
        hash: BookHash([7; 32]),
        clinic: clinic(),
        questions: questions(),
        recovery: Recovery {
            on_run: "recovery-plan".into(),
            on_cleared: "run-again".into(),
            windows: vec![
                window("half-marathon", "Half marathon", RunMatch::Race("half-marathon".into()), 3, 5),
                window("5k", "5K race", RunMatch::Race("5k".into()), 1, 2),
                window("long", "Long run", RunMatch::Distance { from_m: 16093.44, below_m: None }, 2, 3),
                window("short", "Run", RunMatch::Distance { from_m: 0.0, below_m: Some(16093.44) }, 1, 1),
            ],
        },
        check_ins: vec![
            check_in(
                "morning-after",
                Starts::AfterRun,
                Lasts::UntilRecovered { extra_days: 1 },
                &[0, 1, 2, 3, 4, 5, 6],
            ),
            check_in("while-flagged", Starts::WhileFlagged, Lasts::UntilClear, &[0, 1, 2, 3]),
        ],
        flags: vec![
            flag("pain-lasting", "Pain lasting more than 3 to 5 days", Condition::AtLeast(QuestionIx(1), 3)),
            flag(
                "swelling",
                "Swelling in a joint or tendon",
                Condition::OneOf(QuestionIx(2), vec!["joint".into(), "tendon".into()]),
            ),
        ],
        emergencies: vec![
            sign(
                "chest-pain",
                "Chest pain or pressure, fainting, or trouble breathing",
                "Call 911 now.",
                SignLevel::CallNow,
            ),
            sign(
                "swollen-calf",
                "One calf swollen, warm and sore",
                "See a doctor today. If you are short of breath, call 911.",
                SignLevel::SameDay,
            ),
            sign(
                "dark-urine",
                "Very dark urine after a hard run",
                "Go to an emergency room now. Stop all exercise.",
                SignLevel::CallNow,
            ),
        ],
        messages: BTreeMap::new(),
        scenarios: Vec::new(),
    }
}
