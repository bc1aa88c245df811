//! A daemon without waiting and without a network: the real parts over a database in memory, a clock that is
//! set, and a mail server that does as it is told.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use afterrun::{
    app::{App, Parts},
    clock::{Clock, SimulatedClock, SteadyClock},
    config::{Config, Mode},
    delivery::HOLD,
    shipped,
    turn::{Extras, Taken},
};
use afterrun_mail::{Envelope, Gate, Outcome, Stage, Transport};
use afterrun_rules::{
    TimedEvent,
    chart::{AnswerEvent, Event, Reach, Run, RunKind, Value},
    ids::PatientId,
};
use afterrun_store::{Message, MessageKey, NewPatient, Sqlite, Store, Units};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use tempfile::TempDir;

/// An instant.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Accepted.
pub fn accepted() -> Outcome {
    Outcome::Accepted { said: "250 ok".into() }
}

/// Refused at a stage.
pub fn rejected(stage: Stage, code: u16, enhanced: &str) -> Outcome {
    Outcome::Rejected { stage, code, enhanced: Some(enhanced.into()), said: "no".into() }
}

/// No clear answer after the dot.
pub fn in_doubt() -> Outcome {
    Outcome::Unknown { why: "no answer".into() }
}

/// Not reached.
pub fn unreachable() -> Outcome {
    Outcome::NotSent { stage: Stage::Connect, why: "refused".into() }
}

/// What happens before the gate is asked.
type Meanwhile = Box<dyn Fn() -> tokio::task::JoinHandle<()> + Send + Sync>;

/// A mail server that does as it is told, and remembers.
#[derive(Default)]
pub struct Scripted {
    /// What the next attempts lead to; accepted when there is nothing left.
    pub script: Mutex<VecDeque<Outcome>>,
    /// Every attempt that got past the gate: recipient and bytes.
    pub transmitted: Mutex<Vec<(String, Vec<u8>)>>,
    /// Every attempt.
    pub attempts: Mutex<u32>,
    /// What happens between the claim and the gate.
    pub meanwhile: Mutex<Option<Meanwhile>>,
    /// What happens between the gate and the answer to the final dot.
    pub after_the_gate: Mutex<Option<Meanwhile>>,
    /// Panics instead.
    pub broken: Mutex<bool>,
    /// Asks the gate while the server thinks, as is done with a quick one.
    pub asks_first: Mutex<bool>,
    /// Ends so whenever a mail is for this address.
    pub refuses: Mutex<Option<(String, Outcome)>>,
}

#[async_trait]
impl Transport for Scripted {
    async fn deliver(&self, envelope: &Envelope, bytes: &[u8], gate: &mut dyn Gate) -> Outcome {
        *self.attempts.lock().unwrap() += 1;
        assert!(!*self.broken.lock().unwrap_or_else(|poisoned| poisoned.into_inner()), "broken on purpose");
        let refused = self.refuses.lock().unwrap().clone();
        let outcome = match refused {
            Some((address, outcome)) if address == envelope.to() => outcome,
            _ => self.script.lock().unwrap().pop_front().unwrap_or_else(accepted),
        };
        let meanwhile = self.meanwhile.lock().unwrap().as_ref().map(|act| act());
        if let Some(act) = meanwhile {
            act.await.unwrap();
        }
        let asks_first = *self.asks_first.lock().unwrap();
        let opened = if asks_first { Some(gate.before_dot().await) } else { None };
        let reaches_dot = matches!(
            outcome,
            Outcome::Accepted { .. } | Outcome::Unknown { .. } | Outcome::Rejected { stage: Stage::Dot, .. }
        );
        if reaches_dot {
            let opened = match opened {
                Some(opened) => opened,
                None => gate.before_dot().await,
            };
            if !opened {
                return Outcome::NotSent { stage: Stage::Body, why: "kept back".into() };
            }
            self.transmitted.lock().unwrap().push((envelope.to().to_owned(), bytes.to_vec()));
            let meanwhile = self.after_the_gate.lock().unwrap().as_ref().map(|act| act());
            if let Some(act) = meanwhile {
                act.await.unwrap();
            }
        }
        outcome
    }
}

/// A clock that nobody sets, as far as the daemon knows.
#[derive(Clone, Default)]
pub struct Steady(Arc<Mutex<Duration>>);

impl Steady {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl SteadyClock for Steady {
    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// A clinic with the shipped rules and nobody in it.
pub struct World {
    pub app: Arc<App>,
    pub clock: SimulatedClock,
    pub server: Arc<Scripted>,
    pub store: Arc<dyn Store>,
    pub rules: PathBuf,
    /// What the clock is compared with; none: it is driven.
    pub steady: Option<Steady>,
    _folder: TempDir,
}

impl World {
    /// Puts runners' mail on hold while the next message is under way.
    pub fn hold_meanwhile(&self) {
        let store = self.store.clone();
        let hold = move || {
            let store = store.clone();
            tokio::spawn(async move { store.set_setting(HOLD, Some("a test")).await.unwrap() })
        };
        *self.server.meanwhile.lock().unwrap() = Some(Box::new(hold));
    }

    /// At this instant.
    pub async fn new(now: &str) -> Self {
        Self::in_mode(now, Mode::Live).await
    }

    /// At this instant, with a guarded clock.
    pub async fn guarded(now: &str) -> Self {
        Self::set_up(now, Mode::Live, Some(Steady::default())).await
    }

    /// At this instant, in this mode.
    pub async fn in_mode(now: &str, mode: Mode) -> Self {
        Self::set_up(now, mode, None).await
    }

    async fn set_up(now: &str, mode: Mode, steady: Option<Steady>) -> Self {
        Self::over(now, mode, steady, Arc::new(Sqlite::in_memory().unwrap())).await
    }

    /// At this instant, over this store.
    pub async fn over(now: &str, mode: Mode, steady: Option<Steady>, store: Arc<dyn Store>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("rules");
        shipped::write_to(&rules).unwrap();
        let (clock, server) = (SimulatedClock::new(at(now)), Arc::new(Scripted::default()));
        let app = assemble(mode, &rules, &store, &clock, steady.clone(), &server).await.unwrap();
        Self { app, clock, server, store, rules, steady, _folder: folder }
    }

    /// The same store in a new process.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.restart_in(Mode::Live).await
    }

    /// The same store in a new process, in this mode.
    pub async fn restart_in(&mut self, mode: Mode) -> anyhow::Result<()> {
        let steady = self.steady.clone();
        self.app = assemble(mode, &self.rules, &self.store, &self.clock, steady, &self.server).await?;
        Ok(())
    }

    /// A runner in Chicago with a confirmed address.
    pub async fn runner(&self, email: &str) -> PatientId {
        self.runner_with(email, Reach::Confirmed).await
    }

    /// A runner in Chicago.
    pub async fn runner_with(&self, email: &str, reach: Reach) -> PatientId {
        self.enrol("Zoe Berg", email, reach).await
    }

    /// A runner in Chicago with a confirmed address and this name.
    pub async fn named(&self, name: &str, email: &str) -> PatientId {
        self.enrol(name, email, Reach::Confirmed).await
    }

    async fn enrol(&self, name: &str, email: &str, reach: Reach) -> PatientId {
        let new = NewPatient {
            id: None,
            name: name.into(),
            email: email.into(),
            time_zone: Tz::America__Chicago,
            language: "en".into(),
            units: Units::Miles,
            reach,
        };
        self.store.add_patient(new, self.clock.now()).await.unwrap()
    }

    /// Sets the clock and does everything due.
    pub async fn pass_to(&self, now: &str) {
        self.clock.set(at(now));
        self.app.settle(at(now)).await.unwrap();
    }

    /// Records an event now.
    pub async fn tell(&self, patient: &PatientId, event: Event) -> Taken {
        let now = self.clock.now();
        let event = TimedEvent { at: now, event };
        self.app.turns.take(patient, &[event], &Extras::default(), now).await.unwrap()
    }

    /// Logs a half marathon that started two hours ago.
    pub async fn half_marathon(&self, patient: &PatientId) -> Taken {
        let run = Run {
            id: "r1".into(),
            started_at: self.clock.now() - chrono::TimeDelta::hours(2),
            distance_m: 21_097.5,
            duration_s: None,
            kind: RunKind::Race("half-marathon".into()),
        };
        self.tell(patient, Event::Run(run)).await
    }

    /// Answers the morning check-in about a day.
    pub async fn report_pain(&self, patient: &PatientId, about_day: &str, pain: i32) -> Taken {
        let about_day: NaiveDate = about_day.parse().unwrap();
        let values = [
            ("feeling".into(), Value::Word("pain".into())),
            ("worst_pain".into(), Value::Number(pain)),
            ("swelling".into(), Value::Word("none".into())),
            ("walking".into(), Value::Word("normal".into())),
        ];
        let answer = AnswerEvent {
            check_in: Some("morning-after".into()),
            run: None,
            about_day,
            values: values.into_iter().collect(),
            emergencies: Some(Vec::new()),
        };
        self.tell(patient, Event::Answer(answer)).await
    }

    /// All messages, oldest first, with their bytes.
    pub async fn messages(&self) -> Vec<Message> {
        let mut rows = self.store.messages(None, None, 500).await.unwrap().rows;
        rows.reverse();
        rows
    }

    /// `identity state` of every message, oldest first.
    pub async fn ledger(&self) -> Vec<String> {
        let rows = self.messages().await;
        rows.iter()
            .map(|row| {
                format!(
                    "{} {}",
                    row.identity_text,
                    serde_json::to_value(row.state).unwrap().as_str().unwrap()
                )
            })
            .collect()
    }

    /// Reasons on the work-list, oldest first.
    pub async fn work(&self) -> Vec<String> {
        let mut rows = self.store.work_items(None, 500).await.unwrap().rows;
        rows.reverse();
        rows.iter().map(|item| item.reason.code.to_string()).collect()
    }

    /// How the attempts of a message ended.
    pub async fn attempts(&self, key: MessageKey) -> Vec<String> {
        let attempts = self.store.attempts(key).await.unwrap();
        attempts.into_iter().map(|attempt| attempt.outcome).collect()
    }

    /// What the next attempts lead to.
    pub fn script(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.server.script.lock().unwrap().extend(outcomes);
    }

    /// From now on, every mail for this address ends so.
    pub fn refuse(&self, address: &str, outcome: Outcome) {
        *self.server.refuses.lock().unwrap() = Some((address.to_owned(), outcome));
    }

    /// Recipient and whole text of every mail that left.
    pub fn left(&self) -> Vec<(String, String)> {
        let transmitted = self.server.transmitted.lock().unwrap();
        let mail =
            |(to, bytes): &(String, Vec<u8>)| (to.clone(), String::from_utf8_lossy(bytes).into_owned());
        transmitted.iter().map(mail).collect()
    }

    /// How many attempts were made.
    pub fn tried(&self) -> u32 {
        *self.server.attempts.lock().unwrap()
    }
}

async fn assemble(
    mode: Mode,
    rules: &std::path::Path,
    store: &Arc<dyn Store>,
    clock: &SimulatedClock,
    steady: Option<Steady>,
    server: &Arc<Scripted>,
) -> anyhow::Result<Arc<App>> {
    let config = Config { rules: rules.to_owned(), mode, ..Config::default() };
    App::assemble(Parts {
        config,
        store: store.clone(),
        transport: server.clone(),
        clock: Arc::new(clock.clone()),
        base_url: "http://127.0.0.1:1".into(),
        steady: steady.map(|steady| Arc::new(steady) as Arc<dyn SteadyClock>),
    })
    .await
}

/// What is answered on the first Tuesday to the check-in of the morning after: pain of this strength, these signs
/// ticked.
pub fn answer(pain: i32, signs: &[&str]) -> Event {
    let values = [
        ("feeling".into(), Value::Word("pain".into())),
        ("worst_pain".into(), Value::Number(pain)),
        ("swelling".into(), Value::Word("none".into())),
        ("walking".into(), Value::Word("normal".into())),
    ];
    Event::Answer(AnswerEvent {
        check_in: Some("morning-after".into()),
        run: None,
        about_day: "2026-05-05".parse().unwrap(),
        values: values.into_iter().collect(),
        emergencies: Some(signs.iter().map(|sign| (*sign).into()).collect()),
    })
}
