//! Why, and why not: what `afterrun why` and the console show. Computed when asked, never on the hot path.

mod runs;

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::{
    assess::{Assessment, End, Episode, assess, is_excused, run_evidence_of},
    book::{Condition, Flag, FlagEvidence, Place, RuleBook},
    chart::{Chart, Source, Value, Word},
    decision::{Audience, Entry, EntryState, Subject},
    describe,
    evidence::{Evidence, Report, Truth},
    ids::FlagId,
    plan::word_on,
};

/// Days shown when nothing is open.
const DAYS_SHOWN: u64 = 14;

/// Days shown at most: an episode asks daily for four weeks, and reminders end well before twice that.
const LONGEST_SHOWN: u64 = 60;

/// What one day was for a flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DayMark {
    /// Observed.
    Observed(Evidence),
    /// Nothing usable, and it counts.
    Silent,
    /// Nothing usable, and it does not count.
    Excused,
    /// Not over yet.
    Today,
}

/// One row of the day table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayRow {
    /// The day.
    pub day: NaiveDate,
    /// Days since onset, inside the newest episode.
    pub number: Option<i64>,
    /// What it was.
    pub mark: DayMark,
    /// The answers behind it, as `worst pain 5`.
    pub answers: Vec<String>,
}

/// One leaf of the condition on the newest report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// The leaf in words.
    pub text: String,
    /// The answer behind it; none: not answered.
    pub answer: Option<String>,
    /// Whether it holds.
    pub holds: Truth,
}

/// Everything about one flag.
#[derive(Clone, PartialEq, Debug)]
pub struct FlagExplanation {
    /// The flag.
    pub flag: FlagId,
    /// Its title.
    pub title: String,
    /// Where the rule stands.
    pub place: Place,
    /// What it is now, in words.
    pub state: String,
    /// The day table, oldest first.
    pub days: Vec<DayRow>,
    /// The leaves of the condition, on the newest report.
    pub leaves: Vec<Leaf>,
    /// What was sent or told, and why not, in words.
    pub told: Vec<String>,
    /// What is missing for the next stage.
    pub nearest_miss: Option<String>,
}

/// Everything about a chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// As of this instant.
    pub at: DateTime<Utc>,
    /// The patient's day.
    pub day: NaiveDate,
    /// Each flag, in file order.
    pub flags: Vec<FlagExplanation>,
    /// Recovery, in words.
    pub recovery: Option<String>,
    /// Rules that could not be applied.
    pub rule_errors: Vec<String>,
}

/// Explains a chart as of an instant.
#[must_use]
pub fn explain(book: &RuleBook, chart: &Chart, at: DateTime<Utc>) -> Explanation {
    let assessment = assess(book, chart, at);
    let flags = (0..book.flags.len()).map(|position| flag(book, chart, &assessment, position, at)).collect();
    let recovery = assessment.recovery.as_ref().map(|state| {
        let title = book.recovery.windows.get(state.window).map_or("a run", |window| &*window.title);
        let cleared = match state.cleared_on {
            Some(day) => format!("cleared by the report about {}", date(day)),
            None if assessment.day > state.recovered_on() => {
                format!("counted as recovered since {}", date(state.recovered_on()))
            }
            None => "not yet cleared".to_owned(),
        };
        format!(
            "{title} on {}: rest until {} at least and {} at most; {cleared}.",
            date(state.first_run_day),
            date(state.min_day),
            date(state.max_day)
        )
    });
    Explanation { at, day: assessment.day, flags, recovery, rule_errors: assessment.rule_errors }
}

fn date(day: NaiveDate) -> String {
    day.format("%a %-d %b %Y").to_string()
}

fn flag(
    book: &RuleBook,
    chart: &Chart,
    assessment: &Assessment,
    position: usize,
    now: DateTime<Utc>,
) -> FlagExplanation {
    let rule = &book.flags[position];
    let assessed = &assessment.flags[position];
    let newest = assessed.newest();
    let told = newest.and_then(|episode| assessment.told(chart, rule, episode, Audience::Patient));
    FlagExplanation {
        flag: rule.id.clone(),
        title: rule.title.to_string(),
        place: rule.place.clone(),
        state: state(rule, newest, told),
        days: days(book, chart, assessment, rule, newest),
        leaves: leaves(book, chart, rule, assessment.day),
        told: told_lines(chart, rule, newest, now)
            .into_iter()
            .chain(words_of_people(chart, rule, newest))
            .collect(),
        nearest_miss: nearest_miss(book, chart, assessment, rule, assessed.open(), told),
    }
}

fn days_in_words(count: u32) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

fn state(rule: &Flag, newest: Option<&Episode>, told: Option<usize>) -> String {
    let Some(episode) = newest else { return "quiet: never reported".to_owned() };
    let reached = match told {
        Some(at) => format!("stage `{}` told", rule.stages[at].id),
        None => "no stage told".to_owned(),
    };
    match episode.end {
        End::Open => format!(
            "open since {} (day 0), last reported on {} (day {}), on {} in all; {reached}",
            date(episode.onset),
            date(episode.last_present),
            (episode.last_present - episode.onset).num_days(),
            days_in_words(episode.present_days),
        ),
        End::Resolved(on) => {
            format!("resolved on {} (open since {}); {reached}", date(on), date(episode.onset))
        }
        End::Lapsed(on) => format!(
            "lapsed on {}: no usable answer since {} (open since {}); {reached}",
            date(on),
            date(episode.last_seen),
            date(episode.onset)
        ),
    }
}

/// From a little before the newest episode, or the last fortnight, to today, but not from before the enrolment. A
/// flag over runs has the days of runs only: a day without one says nothing.
fn days(
    book: &RuleBook,
    chart: &Chart,
    assessment: &Assessment,
    rule: &Flag,
    newest: Option<&Episode>,
) -> Vec<DayRow> {
    let today = assessment.day;
    let recent = today - Days::new(DAYS_SHOWN - 1);
    let from =
        newest.filter(|episode| episode.end == End::Open).map_or(recent, |episode| episode.onset.min(recent));
    let enrolled = chart.local_date(chart.enrolled_at);
    let from = from.max(today - Days::new(LONGEST_SHOWN)).max(enrolled.min(today));
    let over_runs = matches!(rule.evidence, FlagEvidence::Runs(_));
    from.iter_days()
        .take_while(|day| *day <= today)
        .map(|day| {
            let (evidence, answers) = on_day(book, chart, rule, day);
            let mark = match evidence {
                Some(evidence) => DayMark::Observed(evidence),
                None if day == today => DayMark::Today,
                None if is_excused(chart, day) => DayMark::Excused,
                None => DayMark::Silent,
            };
            let inside = newest.filter(|episode| episode.onset <= day && episode.is_open_on(day));
            DayRow { day, number: inside.map(|episode| (day - episode.onset).num_days()), mark, answers }
        })
        .filter(|row| !over_runs || !row.answers.is_empty())
        .collect()
}

fn on_day(book: &RuleBook, chart: &Chart, rule: &Flag, day: NaiveDate) -> (Option<Evidence>, Vec<String>) {
    match &rule.evidence {
        FlagEvidence::Runs(runs) => run_evidence_of(book, chart, runs, day),
        FlagEvidence::Days { when, clear_when } => {
            let (mut worst, mut shown) = (None, Vec::new());
            for (at, answer) in chart.answers.iter().enumerate().filter(|(_, answer)| answer.about_day == day)
            {
                let report = Report { book, answers: &chart.answers, at };
                worst = worst.max(report.evidence(when, clear_when.as_ref()));
                when.for_each_question(&mut |question| {
                    if let Some(value) = report.value_of(question) {
                        shown.push(format!("{} {}", describe::question_name(book, question), words(value)));
                    }
                });
                if answer.revision > 1 {
                    shown.push(format!("revision {}", answer.revision));
                }
            }
            shown.dedup();
            (worst, shown)
        }
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::YesNo(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Word(word) => word.to_string(),
    }
}

fn leaves(book: &RuleBook, chart: &Chart, rule: &Flag, today: NaiveDate) -> Vec<Leaf> {
    let when = match &rule.evidence {
        FlagEvidence::Days { when, .. } => when,
        FlagEvidence::Runs(rule) => return runs::leaves(book, chart, rule, today),
    };
    let newest = chart.answers.iter().rposition(|answer| matches!(answer.source, Source::CheckIn(_)));
    let Some(at) = newest else { return Vec::new() };
    let report = Report { book, answers: &chart.answers, at };
    let mut found = Vec::new();
    collect_leaves(when, &mut |leaf| {
        let mut answer = None;
        leaf.for_each_question(&mut |question| answer = report.value_of(question).map(words));
        found.push(Leaf { text: describe::condition(book, leaf), answer, holds: report.holds(leaf) });
    });
    found
}

fn collect_leaves(condition: &Condition, visit: &mut impl FnMut(&Condition)) {
    match condition {
        Condition::AllOf(parts) | Condition::AnyOf(parts) => {
            parts.iter().for_each(|part| collect_leaves(part, visit));
        }
        Condition::Not(part) => collect_leaves(part, visit),
        leaf => visit(leaf),
    }
}

/// What the ledger holds about the flag's newest episode, oldest first.
fn told_lines(chart: &Chart, rule: &Flag, newest: Option<&Episode>, now: DateTime<Utc>) -> Vec<String> {
    let of_episode = |entry: &&Entry| {
        let subject = &entry.identity.subject;
        subject.flag().is_some_and(|flag| rule.is_called(flag.as_str()))
            && subject.about_day().is_none_or(|day| newest.is_some_and(|episode| episode.contains(day)))
    };
    chart.ledger.iter().filter(of_episode).map(|entry| line(chart, entry, now)).collect()
}

/// What clinicians decided about stages of the newest episode.
fn words_of_people(chart: &Chart, rule: &Flag, newest: Option<&Episode>) -> Vec<String> {
    let Some(episode) = newest else { return Vec::new() };
    let words = rule.stages.iter().filter_map(|stage| {
        let word = word_on(chart, rule, &stage.id, episode)?;
        let what = match word.word {
            Word::Send => "is told because a clinician asked for it",
            Word::Withhold => "is withheld by a clinician",
            Word::Allow => "follows the rules again, by a clinician's word",
        };
        Some(format!("stage `{}` {what}: {}", stage.id, word.because))
    });
    words.collect()
}

fn line(chart: &Chart, entry: &Entry, now: DateTime<Utc>) -> String {
    let what = match &entry.identity.subject {
        Subject::Stage { stage, .. } => format!("stage `{stage}`"),
        Subject::StageReminder { stage, .. } => format!("reminder of stage `{stage}`"),
        Subject::Resolved { .. } => "all-clear".to_owned(),
        Subject::Lapsed { .. } => "lost touch".to_owned(),
        Subject::LeftWithOpenEpisode { .. } => "left with an open episode".to_owned(),
        Subject::FlaggedTooLong { .. } => "flagged too long".to_owned(),
        other => format!("{other:?}"),
    };
    let whom = match entry.identity.audience {
        Audience::Patient => "runner",
        Audience::Clinic => "clinic",
    };
    let local = entry.at.with_timezone(&chart.zone_at(entry.at)).format("%a %-d %b %Y %H:%M");
    let how = match entry.state {
        EntryState::Queued => format!("is queued for {local}"),
        // On the work-list at once; the digest is yet to come.
        EntryState::Done if entry.at > now => format!("is told on {local}"),
        EntryState::Done => format!("was told on {local}"),
        EntryState::Covered => {
            let by = entry.covered_by.as_ref().map_or_else(String::new, |by| format!(" by `{by}`"));
            format!("was covered{by}")
        }
        EntryState::Cancelled => "was cancelled".to_owned(),
        EntryState::Failed => "could not be delivered".to_owned(),
    };
    let message = entry.message.as_ref().map_or_else(String::new, |message| format!(" (*{message}*)"));
    format!("{what}: {whom} {how}{message}")
}

/// What is missing for the next stage or, when nothing is open, how near the newest reports came.
fn nearest_miss(
    book: &RuleBook,
    chart: &Chart,
    assessment: &Assessment,
    rule: &Flag,
    open: Option<&Episode>,
    told: Option<usize>,
) -> Option<String> {
    let Some(episode) = open else { return nearest_leaf(book, chart, assessment.day, rule) };
    let stage = rule.stages.get(told.map_or(0, |told| told + 1))?;
    let mut missing = Vec::new();
    let earliest = episode.onset + Days::new(u64::from(stage.after_days));
    if episode.last_present < earliest {
        missing.push(format!("a report of it about {} or later", date(earliest)));
    }
    if episode.present_days < stage.min_reports {
        let more = days_in_words(stage.min_reports - episode.present_days);
        missing.push(format!("reports of it on {more} more"));
    }
    if episode.newest != Evidence::Present {
        missing
            .push(format!("the newest report (about {}) to say it is there again", date(episode.last_seen)));
    }
    if missing.is_empty() && chart.book_since > episode.present_received_at {
        missing.push("a report made since the rules changed".to_owned());
    }
    let near =
        nearest_leaf(book, chart, assessment.day, rule).filter(|_| episode.newest != Evidence::Present);
    let near = near.map_or_else(String::new, |near| format!("; {near}"));
    (!missing.is_empty())
        .then(|| format!("stage `{}` still needs {}{near}", stage.id, missing.join(", and ")))
}

/// The closest any number of the last fortnight came to its threshold.
fn nearest_leaf(book: &RuleBook, chart: &Chart, today: NaiveDate, rule: &Flag) -> Option<String> {
    let when = match &rule.evidence {
        FlagEvidence::Days { when, .. } => when,
        FlagEvidence::Runs(rule) => return runs::nearest_miss(book, chart, rule, today),
    };
    let since = today - Days::new(DAYS_SHOWN - 1);
    let mut nearest: Option<(i32, String)> = None;
    collect_leaves(when, &mut |leaf| {
        let Condition::AtLeast(question, least) = leaf else { return };
        for (at, answer) in chart.answers.iter().enumerate().filter(|(_, answer)| answer.about_day >= since) {
            let report = Report { book, answers: &chart.answers, at };
            if let Some(Value::Number(number)) = report.value_of(*question) {
                let short = least - number;
                if short > 0 && nearest.as_ref().is_none_or(|(best, _)| short < *best) {
                    let name = describe::question_name(book, *question);
                    let text =
                        format!("{name} was {number} on {}, {short} below {least}", date(answer.about_day));
                    nearest = Some((short, text));
                }
            }
        }
    });
    nearest.map(|(_, text)| text)
}
