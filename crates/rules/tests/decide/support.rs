//! A small rule book made by hand, and a way to tell a story in one line and read what came of it.

use std::{collections::BTreeMap, sync::Arc};

use afterrun_rules::{
    RuleBook,
    book::*,
    chart::{AnswerEvent, Chart, Event, Excuse, Run, RunKind, TimedEvent, Value, Values},
    decision::{Action, Audience, Subject},
    ids::*,
    schedule::Schedule,
    story::Story,
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

/// Rounds of planning a turn may take: what is overtaken is cancelled, then what is due decided, then nothing is left.
/// One more lets a decision call for another.
pub const ROUNDS: usize = 4;

pub fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

pub fn place() -> Place {
    Place { file: "test.ron".into(), line: 1 }
}

pub const PAIN: QuestionIx = QuestionIx(0);
pub const LIMP: QuestionIx = QuestionIx(1);
pub const RUN_PAIN: QuestionIx = QuestionIx(2);

fn scale(id: &str, about: About) -> Question {
    Question {
        id: id.into(),
        about,
        ask: "How bad?".into(),
        answer: AnswerKind::Scale { from: 0, to: 10, low: "none".into(), high: "worst".into() },
        only_if: None,
        skipped_means: None,
        optional: false,
        place: place(),
    }
}

pub fn stage(id: &str, after_days: u32, min_reports: u32, send: &str) -> Stage {
    Stage {
        id: id.into(),
        after_days,
        min_reports,
        send: send.into(),
        urgent: false,
        tell_clinic: TellClinic::Digest,
        remind: None,
        place: place(),
    }
}

pub fn flag(id: &str, when: Condition, stages: Vec<Stage>) -> Flag {
    Flag {
        id: id.into(),
        formerly: vec![],
        title: id.into(),
        basis: Basis::ClinicToConfirm,
        evidence: FlagEvidence::Days { when, clear_when: None },
        bridge_silent_days: 3,
        clear_reports: 2,
        stages,
        on_resolved: None,
        on_lapsed: None,
        outranks: vec![],
        place: place(),
    }
}

/// `pain-lasting` as the golden timelines of the rule language have it: Present >= 4, Clear <= 2, bridge 3,
/// clear_reports 2, heads-up 3/2, see-us 5/3, remind every 4 at most 2.
pub fn pain_lasting() -> Flag {
    let see_us = Stage { remind: Some(Remind { every_days: 4, at_most: 2 }), ..stage("see-us", 5, 3, "SU") };
    Flag {
        evidence: FlagEvidence::Days {
            when: Condition::AtLeast(PAIN, 4),
            clear_when: Some(Condition::AtMost(PAIN, 2)),
        },
        on_resolved: Some("OK".into()),
        on_lapsed: Some(OnLapsed { send: Some("LT".into()), tell_clinic: TellClinic::Today }),
        ..flag("pain-lasting", Condition::AtLeast(PAIN, 4), vec![stage("heads-up", 3, 2, "HU"), see_us])
    }
}

pub fn worse_each_run() -> Flag {
    Flag {
        evidence: FlagEvidence::Runs(WorsensEachRun {
            question: RUN_PAIN,
            runs: 3,
            rise_by: 2,
            ends_at_least: 3,
            ties_allowed: 0,
            within_days: 21,
        }),
        bridge_silent_days: 14,
        clear_reports: 1,
        ..flag("worse-each-run", Condition::AtLeast(RUN_PAIN, 0), vec![stage("step-back", 0, 1, "WR")])
    }
}

pub fn book() -> RuleBook {
    let limp = Question { answer: AnswerKind::YesNo, ..scale("limping", About::Day) };
    let window = |id: &str, when, min_days, max_days| Window {
        id: id.into(),
        title: id.into(),
        when,
        min_days,
        max_days,
        basis: Basis::Seed,
        place: place(),
    };
    RuleBook {
        hash: BookHash([7; 32]),
        clinic: Clinic {
            name: "Clinic".into(),
            phone: "555-0100".into(),
            booking_link: "https://clinic.example/book".into(),
            emergency_line: "Call 911.".into(),
            locale: None,
            time_zone: Tz::UTC,
            office_hours: vec![OfficeHours {
                days: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri],
                from: time("08:00"),
                until: time("18:00"),
            }],
            send_window: SendWindow { from: time("07:00"), until: time("20:00") },
            time_messages_at: time("18:00"),
            alerts_to: vec!["team@clinic.example".into()],
            escalate: None,
            editors: vec![],
            digest: Schedule::cron("0 30 7 * * Mon-Fri").unwrap(),
            limits: Limits { normal_per_patient_day: 4, urgent_per_patient_day: 2, all_per_hour: 2000 },
        },
        questions: vec![scale("pain", About::Day), limp, scale("pain_on_run", About::Run)],
        recovery: Recovery {
            on_run: "PLAN".into(),
            on_cleared: "RUN".into(),
            windows: vec![
                window("half-marathon", RunMatch::Race("half-marathon".into()), 3, 5),
                window("short", RunMatch::Distance { from_m: 0.0, below_m: Some(16_000.0) }, 1, 2),
                window("long", RunMatch::Distance { from_m: 16_000.0, below_m: None }, 2, 3),
            ],
        },
        check_ins: vec![CheckInRule {
            id: "daily".into(),
            starts: Starts::OnEnrolment,
            schedule: Schedule::Daily { at: time("07:00") },
            lasts: Lasts::Weeks(12),
            ask: vec![PAIN, LIMP],
            send: "CI".into(),
            remind_after_hours: Some(10),
            expires_after_hours: 36,
            nudge: Some(Nudge { after_missed: 2, send: "ND".into() }),
            place: place(),
        }],
        flags: vec![pain_lasting(), worse_each_run()],
        emergencies: vec![Sign {
            id: "chest-pain".into(),
            ask: "Chest pain".into(),
            do_now: "Call 911 now.".into(),
            level: SignLevel::CallNow,
            place: place(),
        }],
        messages: BTreeMap::new(),
        scenarios: vec![],
    }
}

/// A story told day by day. Answers arrive at 08:00 UTC; day 0 is Monday 5 January 2026.
pub struct Told {
    pub book: RuleBook,
    pub zone: Tz,
    pub events: Vec<TimedEvent>,
    pub until_day: i64,
}

pub fn day(number: i64) -> NaiveDate {
    let day_0 = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
    if number < 0 { day_0 - Days::new(number.unsigned_abs()) } else { day_0 + Days::new(number as u64) }
}

pub fn at(number: i64, hour: &str) -> DateTime<Utc> {
    day(number).and_time(time(hour)).and_utc()
}

pub fn tell(book: RuleBook) -> Told {
    Told { book, zone: Tz::UTC, events: vec![], until_day: 0 }
}

impl Told {
    /// One token a day from day 0 on: `_` nothing, `-` answered but blank, otherwise the pain.
    pub fn pain(mut self, series: &str) -> Self {
        for (number, token) in series.split_whitespace().enumerate() {
            let number = number as i64;
            match token {
                "_" => {}
                "-" => self.events.push(answer(number, number, None)),
                pain => self.events.push(answer(number, number, Some(pain.parse().unwrap()))),
            }
            self.until_day = self.until_day.max(number);
        }
        self
    }

    pub fn with(mut self, events: impl IntoIterator<Item = TimedEvent>) -> Self {
        self.events.extend(events);
        self
    }

    pub fn until(mut self, day: i64) -> Self {
        self.until_day = day;
        self
    }

    pub fn story(&self) -> Story {
        let mut story = Story::new(Chart::new("p1".into(), self.zone, at(-1, "00:00")));
        let mut events = self.events.clone();
        events.sort_by_key(|event| event.at);
        for together in events.chunk_by(|a, b| a.at == b.at) {
            story.take_in(&self.book, together[0].at, together);
        }
        story.pass_until(&self.book, at(self.until_day, "23:59"));
        assert!(story.most_rounds() <= ROUNDS, "a turn took {} rounds", story.most_rounds());
        story
    }

    /// What went out, without check-ins and their reminders, as `HU 3, SU 5`. Nudges are `ND`.
    pub fn messages(&self) -> String {
        listed(&self.story(), |subject| {
            !matches!(subject, Subject::CheckIn { .. } | Subject::Reminder { .. })
        })
    }

    /// As `messages`, without nudges.
    pub fn told(&self) -> String {
        listed(&self.story(), |subject| {
            !matches!(subject, Subject::CheckIn { .. } | Subject::Reminder { .. } | Subject::Nudge { .. })
        })
    }
}

pub fn listed(story: &Story, keep: impl Fn(&Subject) -> bool) -> String {
    let mut sent: Vec<(i64, String)> = story
        .sent()
        .filter(|taken| keep(&taken.decision.identity.subject))
        .filter_map(|taken| match &taken.decision.action {
            Action::Send { message, .. } | Action::OpenCheckIn { message, .. } => {
                Some(((taken.decision.at.date_naive() - day(0)).num_days(), message.to_string()))
            }
            _ => None,
        })
        .collect();
    sent.sort();
    sent.iter().map(|(day, message)| format!("{message} {day}")).collect::<Vec<_>>().join(", ")
}

/// What the clinic was told, as `Digest pain-lasting 3`.
pub fn clinic(story: &Story) -> String {
    let told = story.taken.iter().filter(|taken| taken.decision.identity.audience == Audience::Clinic);
    let lines = told.filter_map(|taken| match taken.decision.action {
        Action::TellClinic { level } => {
            let flag = taken.decision.identity.subject.flag().map_or("-", |flag| flag.as_str());
            Some(format!("{level:?} {flag} {}", (taken.decided_at.date_naive() - day(0)).num_days()))
        }
        _ => None,
    });
    lines.collect::<Vec<_>>().join(", ")
}

pub fn values(of: &[(&str, Value)]) -> Values {
    of.iter().map(|(id, value)| (QuestionId::from(*id), value.clone())).collect()
}

pub fn answer(received: i64, about: i64, pain: Option<i32>) -> TimedEvent {
    let pain = pain.map(|pain| ("pain", Value::Number(pain)));
    answer_with(received, "08:00", about, &pain.into_iter().collect::<Vec<_>>())
}

pub fn answer_with(received: i64, hour: &str, about: i64, of: &[(&str, Value)]) -> TimedEvent {
    let event = Event::Answer(AnswerEvent {
        check_in: Some("daily".into()),
        run: None,
        about_day: day(about),
        values: values(of),
        emergencies: None,
    });
    TimedEvent { at: at(received, hour), event }
}

pub fn excuse(from: i64, to: i64) -> TimedEvent {
    let event =
        Event::Excuse(Excuse { from: day(from), to: day(to), because: Arc::from("mail server down") });
    TimedEvent { at: at(to + 1, "00:00"), event }
}

/// A run on a day at 06:00, logged at 09:00, with its score if it has one.
pub fn run(number: i64, score: Option<i32>) -> Vec<TimedEvent> {
    run_logged(number, number, score)
}

pub fn run_logged(number: i64, logged: i64, score: Option<i32>) -> Vec<TimedEvent> {
    let id = RunId::from(format!("r{number}"));
    let logged_at = at(logged, "09:00");
    let run = Run {
        id: id.clone(),
        started_at: at(number, "06:00"),
        distance_m: 5000.0,
        duration_s: Some(1800),
        kind: RunKind::Training,
    };
    let scored = score.map(|score| {
        let answer = AnswerEvent {
            check_in: None,
            run: Some(id),
            about_day: day(number),
            values: values(&[("pain_on_run", Value::Number(score))]),
            emergencies: None,
        };
        TimedEvent { at: logged_at, event: Event::Answer(answer) }
    });
    std::iter::once(TimedEvent { at: logged_at, event: Event::Run(run) }).chain(scored).collect()
}

pub fn once(at: DateTime<Utc>, event: Event) -> TimedEvent {
    TimedEvent { at, event }
}
