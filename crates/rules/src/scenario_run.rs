//! Runs the rule book's own tests: the same `assess` and `plan` as the daemon, on a story of a few days.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    iter,
    ops::ControlFlow,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::{
    assess::{End, assess},
    book::{About, Place, RuleBook},
    chart::{AnswerEvent, Chart, Event, Excuse, PauseEvent, Run, TimedEvent, Values, Withdraw},
    decision::{Action, Audience, Subject},
    ids::{CheckInId, FlagId, MessageId, PatientId, RunId},
    scenario::{Heard, Scenario, ScenarioEvent, StateName, Token},
    schedule::instant,
    story::Story,
};

/// A scenario that did not come out as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The scenario.
    pub name: Arc<str>,
    /// Where it was written.
    pub place: Place,
    /// Messages it asks for: (day, message).
    pub expected: Vec<(i64, MessageId)>,
    /// Messages that went out.
    pub sent: Vec<(i64, MessageId)>,
    /// What the clinic should have heard and what it heard, if the scenario says and they differ.
    pub clinic: Option<(Vec<Heard>, Vec<Heard>)>,
    /// States that were otherwise: (day, flag, wanted, found).
    pub states: Vec<(u32, FlagId, StateName, StateName)>,
    /// Day by day, what each flag was and what was done.
    pub trace: String,
}

impl Failure {
    /// What the clinic should have heard and what it heard, in a sentence, if they differ.
    #[must_use]
    pub fn clinic_in_words(&self) -> Option<String> {
        let (expected, heard) = self.clinic.as_ref()?;
        let listed = |all: &[Heard]| {
            let each: Vec<_> = all
                .iter()
                .map(|heard| format!("day {} `{}` ({:?})", heard.day, heard.flag, heard.level))
                .collect();
            if each.is_empty() { "nothing".to_owned() } else { each.join(", ") }
        };
        Some(format!("the clinic should hear {}; it hears {}", listed(expected), listed(heard)))
    }
}

/// Rule books of the folders that `NewRules` names, by folder.
pub type OtherBooks = BTreeMap<Arc<str>, Arc<RuleBook>>;

/// Answers and everything else of a scenario arrive at this local time on their day.
const ARRIVES_AT: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// Scenarios that are worth a thread: starting one takes about as long as one of them.
const SCENARIOS_A_THREAD: usize = 16;

/// Most threads that run scenarios at a time. Somebody waits for them, but mail goes on meanwhile.
const MAX_THREADS: usize = 4;

/// Runs every scenario of a book, on as many processors as there are for many. Failures come in the order of the
/// book.
#[must_use]
pub fn run_all(book: &RuleBook, others: &OtherBooks) -> Vec<Failure> {
    let next = AtomicUsize::new(0);
    // Whoever is free takes the next one: a thread that gets no processor for a while holds nothing up.
    let run_some = || -> Vec<(usize, Failure)> {
        let taken = iter::from_fn(|| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            book.scenarios.get(at).map(|scenario| (at, scenario))
        });
        taken.filter_map(|(at, scenario)| Some((at, run(book, others, scenario)?))).collect()
    };
    let processors = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    let threads = processors.min(book.scenarios.len() / SCENARIOS_A_THREAD).max(1);
    let mut failures = thread::scope(|scope| {
        // Where no thread can be had, this one does it all.
        let start = |_| thread::Builder::new().spawn_scoped(scope, run_some).ok();
        let helpers: Vec<_> = (1..threads).filter_map(start).collect();
        let mut failures = run_some();
        for helper in helpers {
            failures.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        failures
    });
    failures.sort_by_key(|(at, _)| *at);
    failures.into_iter().map(|(_, failure)| failure).collect()
}

/// Whether a scenario comes out as written: as [`run`], but without looking why not.
#[must_use]
pub fn comes_out(book: &RuleBook, others: &OtherBooks, scenario: &Scenario) -> bool {
    let telling = Telling::new(book, scenario);
    let story = telling.live(others, |book_now, story, day, ends| {
        let wanted = telling.states_on(day);
        let mut as_written = true;
        for (flag, state) in wanted {
            as_written &= state_of(book_now, &story.chart, flag, ends) == *state;
        }
        if as_written { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    story.is_some_and(|story| {
        telling.compared(&story) == telling.expected() && telling.clinic_differs(&story).is_none()
    })
}

/// Runs one scenario. None: it came out as written.
#[must_use]
pub fn run(book: &RuleBook, others: &OtherBooks, scenario: &Scenario) -> Option<Failure> {
    // Nearly all come out; the trace of one that does not is worth a second run.
    if comes_out(book, others, scenario) {
        return None;
    }
    let telling = Telling::new(book, scenario);
    let (mut states, mut trace) = (Vec::new(), String::new());
    let story = telling.live(others, |book_now, story, day, ends| {
        note_day(&mut trace, book_now, story, day, &telling, ends);
        for (flag, wanted) in telling.states_on(day) {
            let found = state_of(book_now, &story.chart, flag, ends);
            if found != *wanted {
                states.push((day, flag.clone(), wanted.clone(), found));
            }
        }
        ControlFlow::Continue(())
    })?;
    Some(Failure {
        name: scenario.name.clone(),
        place: scenario.place.clone(),
        expected: telling.expected(),
        sent: telling.compared(&story),
        clinic: telling.clinic_differs(&story),
        states,
        trace,
    })
}

enum Step {
    Events(Vec<TimedEvent>),
    NewRules(Arc<str>),
}

/// A scenario on the calendar.
struct Telling<'a> {
    book: &'a RuleBook,
    scenario: &'a Scenario,
}

impl<'a> Telling<'a> {
    fn new(book: &'a RuleBook, scenario: &'a Scenario) -> Self {
        Self { book, scenario }
    }

    /// Lives through it, and stops at the end of each day for a look. None: the look was enough.
    fn live(
        &self,
        others: &OtherBooks,
        mut each_day: impl FnMut(&RuleBook, &Story, u32, DateTime<Utc>) -> ControlFlow<()>,
    ) -> Option<Story> {
        let mut story = Story::new(self.enrolment());
        let mut book_now = self.book;
        let mut steps = self.steps().into_iter().peekable();
        for day in 0..=self.scenario.until_day {
            let ends = self.at(day + 1, NaiveTime::MIN) - TimeDelta::seconds(1);
            while let Some((at, step)) = steps.next_if(|(at, _)| *at <= ends) {
                match step {
                    Step::Events(events) => story.take_in(book_now, at, &events),
                    Step::NewRules(folder) => {
                        if let Some(new) = others.get(&folder) {
                            story.new_rules(book_now, new, at);
                            book_now = new;
                        }
                    }
                }
            }
            story.pass_until(book_now, ends);
            if each_day(book_now, &story, day, ends).is_break() {
                return None;
            }
        }
        Some(story)
    }

    fn states_on(&self, day: u32) -> impl Iterator<Item = (&'a FlagId, &'a StateName)> {
        let states = self.scenario.states.iter();
        states.filter(move |(on, ..)| *on == day).map(|(_, flag, state)| (flag, state))
    }

    fn expected(&self) -> Vec<(i64, MessageId)> {
        let messages = self.scenario.messages.iter();
        let mut expected: Vec<_> =
            messages.map(|(day, message)| (i64::from(*day), message.clone())).collect();
        expected.sort();
        expected
    }

    fn date(&self, day: u32) -> NaiveDate {
        self.scenario.day_0 + Days::new(u64::from(day))
    }

    fn at(&self, day: u32, time: NaiveTime) -> DateTime<Utc> {
        instant(self.scenario.time_zone, self.date(day).and_time(time))
    }

    /// Enrolled as day 0 begins.
    fn enrolment(&self) -> Chart {
        Chart::new(PatientId::from("scenario"), self.scenario.time_zone, self.at(0, NaiveTime::MIN))
    }

    /// The check-in that a set of values answers: the first of the book that asks for any of them.
    fn check_in_for(&self, values: &Values) -> CheckInId {
        let asks = |rule: &&crate::book::CheckInRule| {
            rule.ask.iter().any(|question| {
                let id = &self.book.questions[usize::from(question.0)].id;
                values.get(id.as_str()).is_some()
            })
        };
        let rules = &self.book.check_ins;
        let found = rules.iter().find(asks).or(rules.first());
        found.map_or_else(|| CheckInId::from("scenario"), |rule| rule.id.clone())
    }

    /// Every answer of a scenario is to the same check-in, so that a later one about a day replaces it.
    fn main_check_in(&self) -> CheckInId {
        let asked: Values = self
            .scenario
            .series
            .iter()
            .filter(|(question, _)| {
                self.book.question(question.as_str()).is_some_and(|(_, known)| known.about == About::Day)
            })
            .map(|(question, _)| (question.clone(), crate::chart::Value::YesNo(true)))
            .collect();
        self.check_in_for(&asked)
    }

    /// What happens, in order of time.
    fn steps(&self) -> Vec<(DateTime<Utc>, Step)> {
        let mut steps = self.run_steps();
        steps.extend(self.series_steps());
        steps.extend(self.event_steps());
        steps.sort_by_key(|(at, _)| *at);
        steps
    }

    fn run_steps(&self) -> Vec<(DateTime<Utc>, Step)> {
        let mut steps = Vec::new();
        for (number, run) in self.scenario.runs.iter().enumerate() {
            let id = RunId::from(format!("run-{number}"));
            let started_at = self.at(run.day, run.at);
            let logged_at = match run.logged_day {
                Some(day) if day != run.day => self.at(day, ARRIVES_AT),
                _ => started_at + TimeDelta::hours(2),
            };
            let logged = Run {
                id: id.clone(),
                started_at,
                distance_m: run.distance_m,
                duration_s: None,
                kind: run.kind.clone(),
            };
            let mut events = vec![TimedEvent { at: logged_at, event: Event::Run(logged) }];
            if !run.answers.is_empty() {
                let answer = AnswerEvent {
                    check_in: None,
                    run: Some(id),
                    about_day: self.date(run.day),
                    values: run.answers.clone(),
                    emergencies: None,
                };
                events.push(TimedEvent { at: logged_at, event: Event::Answer(answer) });
            }
            steps.push((logged_at, Step::Events(events)));
        }
        steps
    }

    fn series_steps(&self) -> Vec<(DateTime<Utc>, Step)> {
        let check_in = self.main_check_in();
        let days = self.scenario.series.iter().map(|(_, tokens)| tokens.len()).max().unwrap_or(0);
        let mut steps = Vec::new();
        for day in 0..days {
            let mut reported = false;
            let mut values = Values::default();
            for (question, tokens) in &self.scenario.series {
                match tokens.get(day) {
                    None | Some(Token::NoReport) => {}
                    Some(Token::Blank) => reported = true,
                    Some(Token::Value(value)) => {
                        reported = true;
                        values.set(question.clone(), value.clone());
                    }
                }
            }
            if reported {
                let at = self.at(day as u32, ARRIVES_AT);
                steps.push((at, self.answer(&check_in, day as u32, at, &values)));
            }
        }
        steps
    }

    fn answer(&self, check_in: &CheckInId, about: u32, at: DateTime<Utc>, values: &Values) -> Step {
        let event = crate::scenario::answering(check_in, self.date(about), values.clone());
        Step::Events(vec![TimedEvent { at, event: Event::Answer(event) }])
    }

    fn event_steps(&self) -> Vec<(DateTime<Utc>, Step)> {
        let check_in = self.main_check_in();
        let one = |at, event| Step::Events(vec![TimedEvent { at, event }]);
        let mut steps = Vec::new();
        for event in &self.scenario.events {
            let (day, step) = match event {
                ScenarioEvent::Late { about_day, received_day, answers }
                | ScenarioEvent::Correct { about_day, received_day, answers } => {
                    let at = self.at(*received_day, ARRIVES_AT);
                    (*received_day, self.answer(&check_in, *about_day, at, answers))
                }
                ScenarioEvent::Withdraw { about_day, received_day } => {
                    let at = self.at(*received_day, ARRIVES_AT);
                    let about_day = self.date(*about_day);
                    let withdraw = Withdraw { check_in: Some(check_in.clone()), run: None, about_day };
                    (*received_day, one(at, Event::Withdraw(withdraw)))
                }
                ScenarioEvent::Excuse { from_day, to_day, because } => {
                    // Known once the days are over, as the daemon writes it.
                    let at = self.at(*to_day + 1, NaiveTime::MIN);
                    let (from, to) = (self.date(*from_day), self.date(*to_day));
                    steps.push((at, one(at, Event::Excuse(Excuse { from, to, because: because.clone() }))));
                    continue;
                }
                ScenarioEvent::NewRules { day, folder } => (*day, Step::NewRules(folder.clone())),
                // Nothing but facts and the ledger is kept, so there is nothing a restart could lose; the
                // step stays in the language so that a clinic can say it and see it hold.
                ScenarioEvent::Restart { day } => (*day, Step::Events(Vec::new())),
                ScenarioEvent::Pause { from_day, until_day } => {
                    let until = until_day.map(|day| self.date(day));
                    let at = self.at(*from_day, ARRIVES_AT);
                    (*from_day, one(at, Event::Pause(PauseEvent { until })))
                }
                ScenarioEvent::StopMessages { day } => (*day, one(self.at(*day, ARRIVES_AT), Event::Stop {})),
            };
            steps.push((self.at(day, ARRIVES_AT), step));
        }
        steps
    }

    /// What the clinic should have heard and what it heard; none: the same, or not asked for.
    fn clinic_differs(&self, story: &Story) -> Option<(Vec<Heard>, Vec<Heard>)> {
        let mut expected = self.scenario.clinic.clone()?;
        let zone = self.scenario.time_zone;
        let heard = story.taken.iter().filter_map(|taken| {
            let Action::TellClinic { level } = taken.decision.action else { return None };
            let flag = taken.decision.identity.subject.flag()?.clone();
            let day = taken.decided_at.with_timezone(&zone).date_naive() - self.scenario.day_0;
            Some(Heard { day: day.num_days(), flag, level })
        });
        let mut heard: Vec<Heard> = heard.collect();
        expected.sort();
        heard.sort();
        (expected != heard).then_some((expected, heard))
    }

    /// Messages that went out, as (day, message), without those the scenario leaves out.
    fn compared(&self, story: &Story) -> Vec<(i64, MessageId)> {
        let zone = self.scenario.time_zone;
        let mut sent = Vec::new();
        for taken in story.sent() {
            let (Action::Send { message, .. } | Action::OpenCheckIn { message, .. }) = &taken.decision.action
            else {
                continue;
            };
            let left_out = match &self.scenario.ignore {
                Some(ignored) => ignored.contains(message),
                None => matches!(
                    taken.decision.identity.subject,
                    Subject::CheckIn { .. } | Subject::Reminder { .. } | Subject::Nudge { .. }
                ),
            };
            if !left_out {
                let day = taken.decision.at.with_timezone(&zone).date_naive() - self.scenario.day_0;
                sent.push((day.num_days(), message.clone()));
            }
        }
        sent.sort();
        sent
    }
}

/// What a flag is at an instant, as scenarios name it.
#[must_use]
pub fn state_of(book: &RuleBook, chart: &Chart, flag: &FlagId, at: DateTime<Utc>) -> StateName {
    let Some(position) = book.flags.iter().position(|known| known.is_called(flag.as_str())) else {
        return StateName::Quiet;
    };
    let assessment = assess(book, chart, at);
    let Some(episode) = assessment.flags[position].newest() else { return StateName::Quiet };
    let rule = &book.flags[position];
    match episode.end {
        End::Resolved(_) => StateName::Resolved,
        End::Lapsed(_) => StateName::Lapsed,
        End::Open => {
            let told = assessment.told(chart, rule, episode, Audience::Patient).or(episode.reached(rule));
            told.map_or(StateName::Watching, |at| StateName::Told(rule.stages[at].id.clone()))
        }
    }
}

/// One line of the trace: the day, each flag that is not quiet, and what was done.
fn note_day(
    trace: &mut String,
    book: &RuleBook,
    story: &Story,
    day: u32,
    telling: &Telling<'_>,
    ends: DateTime<Utc>,
) {
    let _ = write!(trace, "day {day:>2} {}:", telling.date(day));
    for flag in &book.flags {
        let state = match state_of(book, &story.chart, &flag.id, ends) {
            StateName::Quiet => continue,
            StateName::Watching => "watching".to_owned(),
            StateName::Told(stage) => stage.to_string(),
            StateName::Resolved => "resolved".to_owned(),
            StateName::Lapsed => "lapsed".to_owned(),
        };
        let _ = write!(trace, " {}={state}", flag.id);
    }
    let from = telling.at(day, NaiveTime::MIN);
    for taken in story.taken.iter().filter(|taken| from <= taken.decided_at && taken.decided_at <= ends) {
        let what = match &taken.decision.action {
            Action::Send { message, .. } => format!("send {message}"),
            Action::OpenCheckIn { message, .. } => format!("open {message}"),
            Action::TellClinic { level } => format!("tell clinic ({level:?})"),
            Action::Cancel => "cancel".to_owned(),
            Action::Covered { .. } => continue,
        };
        let _ = write!(trace, "; {what}");
    }
    trace.push('\n');
}
