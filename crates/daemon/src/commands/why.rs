//! `afterrun why`: why is somebody flagged, or not?

use std::path::PathBuf;

use afterrun_rules::{
    RuleBook,
    book::Locale,
    chart::Chart,
    decision::{Action, Audience, EntryState},
    evidence::{Evidence, Truth},
    explain::{DayMark, Explanation, FlagExplanation, explain},
    replay::{last_instant, live},
    story::{Story, Taken},
};
use afterrun_store::{MessageState, StoredChart};
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Args;

use super::{
    Ended,
    chart_file::read_chart,
    layout::{hanging, table, wrapped},
    rules_folder::read,
    tool::{Shared, Tool, block_on, say},
};

/// Messages of a runner looked at, newest first: years of them.
const MESSAGES: u32 = 500;

/// Show why a runner is flagged, or why not, day by day and down to the answers.
///
/// For each flag: what it is now and the rule's file and line; the days, each with the answers behind it; each part of
/// the condition with the answer to it; what was sent or not sent, with the reason; and what is missing for the next
/// stage. Flags that were never near are one line, unless you name one.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 done; 1 the rules have errors; 2 wrong usage, or there is no such chart, runner \
                        or flag."
)]
pub(super) struct Why {
    /// A chart, a JSON file; or a runner's id or address.
    #[arg(value_name = "CHART.json or RUNNER")]
    who: String,
    /// The id of one flag.
    flag: Option<String>,
    /// As of this instant, such as 2026-03-30T20:00:00Z, with what was known then. Without it: where the chart ends, or
    /// now.
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
    /// The rules folder. Without it: for a chart the configuration's, for a runner the rules in force.
    #[arg(long, value_name = "FOLDER")]
    rules: Option<PathBuf>,
}

/// What was decided about a flag, in words.
struct Decided {
    at: DateTime<Utc>,
    flag: Option<String>,
    what: String,
    reason: String,
}

/// A chart as known at an instant, and what came of it.
struct Known {
    chart: Chart,
    at: DateTime<Utc>,
    decided: Vec<Decided>,
}

impl Why {
    pub(super) fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let path = PathBuf::from(&self.who);
        let is_chart = path.is_file() || self.who == "-";
        if !is_chart && self.rules.is_none() {
            return block_on(async {
                let tool = shared.open().await?;
                let known = self.stored(&tool).await?;
                self.say_all(&tool.book(), &known)
            });
        }
        let read = read(self.rules.as_deref(), shared)?;
        let Some(book) = &read.book else {
            read.say_findings()?;
            say("these rules have errors, so nothing can be explained by them")?;
            return Ok(Ended::WithFindings);
        };
        let known = if is_chart {
            self.of_file(book, &path)?
        } else {
            block_on(async { self.stored(&shared.open().await?).await })?
        };
        self.say_all(book, &known)
    }

    fn of_file(&self, book: &RuleBook, path: &std::path::Path) -> anyhow::Result<Known> {
        let file = read_chart(path)?;
        let at = last_instant(&file, self.at);
        let story = live(book, &file, Some(at)).with_context(|| path.display().to_string())?;
        let decided = story.taken.iter().map(|taken| decided(&story, taken)).collect();
        Ok(Known { chart: story.chart, at, decided })
    }

    async fn stored(&self, tool: &Tool) -> anyhow::Result<Known> {
        let patient = tool.patient(&self.who).await?;
        let at = self.at.unwrap_or(tool.now);
        let store = &tool.turns.store;
        let stored = store.chart(&patient.id).await?;
        let mut chart = known_at(stored, &store.events(&patient.id).await?, at);
        chart.book_since = tool.turns.rules.current().since;
        let page = store.messages(Some(&patient.id), None, MESSAGES).await?;
        let mut decided: Vec<Decided> = page
            .rows
            .iter()
            .filter(|message| message.decided_at <= at)
            .map(|message| {
                // `audience/kind/flag/...` for what is about a flag.
                let mut parts = message.identity_text.split('/').skip(2);
                Decided {
                    at: message.decided_at,
                    flag: parts.next().map(str::to_owned),
                    what: format!("{}: {}", message.identity_text, state(message.state)),
                    reason: message.end_reason.clone().unwrap_or_else(|| message.reason.text.to_string()),
                }
            })
            .collect();
        decided.reverse();
        Ok(Known { chart, at, decided })
    }

    fn say_all(&self, book: &RuleBook, known: &Known) -> anyhow::Result<Ended> {
        let explanation = explain(book, &known.chart, known.at);
        let (zone, way) = (known.chart.zone_at(known.at), book.clinic.way());
        let named = match &self.flag {
            Some(id) => match book.flag(id) {
                Some(flag) => Some(&flag.id),
                None => {
                    let ids: Vec<_> = book.flags.iter().map(|flag| flag.id.as_str()).collect();
                    bail!("no flag is called `{id}`; there are: {}", ids.join(", "));
                }
            },
            None => None,
        };
        say(format_args!(
            "{} as of {} ({zone}), by the rules {}",
            known.chart.patient,
            local(known.at, zone, way),
            book.hash.short()
        ))?;
        say_general(&explanation)?;
        let quiet = |flag: &FlagExplanation| flag.state.starts_with("quiet");
        for flag in &explanation.flags {
            match named {
                Some(id) if flag.flag == *id => say_flag(flag, known, zone, way)?,
                None if !quiet(flag) => say_flag(flag, known, zone, way)?,
                _ => {}
            }
        }
        if named.is_none() {
            let rows: Vec<_> = explanation.flags.iter().filter(|flag| quiet(flag)).map(quiet_row).collect();
            if !rows.is_empty() {
                say(format_args!("\nquiet flags\n{}", table(&rows, 2)))?;
            }
        }
        Ok(Ended::Well)
    }
}

fn say_general(explanation: &Explanation) -> anyhow::Result<()> {
    if let Some(recovery) = &explanation.recovery {
        say(hanging(&format!("recovery: {recovery}"), 0, 2))?;
    }
    for error in &explanation.rule_errors {
        say(hanging(&format!("could not be applied: {error}"), 0, 2))?;
    }
    Ok(())
}

fn quiet_row(flag: &FlagExplanation) -> Vec<String> {
    let missing = flag.nearest_miss.clone().unwrap_or_else(|| "nothing came near".to_owned());
    vec![flag.flag.to_string(), format!("({})", flag.place), missing]
}

fn say_flag(flag: &FlagExplanation, known: &Known, zone: Tz, way: Locale) -> anyhow::Result<()> {
    say(format_args!("\nflag {}: {}  ({})", flag.flag, flag.title, flag.place))?;
    say(wrapped(&flag.state, 2))?;
    let days: Vec<Vec<String>> = flag
        .days
        .iter()
        .map(|row| {
            vec![
                row.number.map_or_else(String::new, |number| format!("day {number}")),
                way.short_date(row.day),
                mark(row.mark, !row.answers.is_empty()).to_owned(),
                row.answers.join(", "),
            ]
        })
        .collect();
    if !days.is_empty() {
        say(format_args!("\n  the days\n{}", table(&days, 4)))?;
    }
    if !flag.leaves.is_empty() {
        let leaves: Vec<Vec<String>> = flag
            .leaves
            .iter()
            .map(|leaf| {
                let answer = leaf.answer.clone().unwrap_or_else(|| "not answered".to_owned());
                vec![truth(leaf.holds).to_owned(), leaf.text.clone(), answer]
            })
            .collect();
        say(format_args!("\n  the condition, on the newest report\n{}", table(&leaves, 4)))?;
    }
    let decided: Vec<Vec<String>> = known
        .decided
        .iter()
        .filter(|decided| decided.flag.as_deref() == Some(flag.flag.as_str()))
        .map(|decided| vec![local(decided.at, zone, way), format!("{}. {}", decided.what, decided.reason)])
        .collect();
    say("\n  what was sent, told, or not")?;
    say(if decided.is_empty() { "    nothing".to_owned() } else { table(&decided, 4) })?;
    if let Some(missing) = &flag.nearest_miss {
        say(format_args!("\n  nearest miss\n{}", wrapped(missing, 4)))?;
    }
    Ok(())
}

/// A day with answers that decide nothing (a blank, too few runs for a trend) is not the same as a silent one.
fn mark(mark: DayMark, answered: bool) -> &'static str {
    match mark {
        DayMark::Silent | DayMark::Excused | DayMark::Today if answered => "undecided",
        DayMark::Observed(Evidence::Present) => "there",
        DayMark::Observed(Evidence::Between) => "neither",
        DayMark::Observed(Evidence::Clear) => "clear",
        DayMark::Silent => "silent",
        DayMark::Excused => "excused",
        DayMark::Today => "today",
    }
}

fn truth(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "yes",
        Truth::False => "no",
        Truth::Unknown => "unknown",
    }
}

fn local(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    let local = at.with_timezone(&zone);
    format!("{} {}", way.short_date(local.date_naive()), way.time(local.time()))
}

/// A decision of a story, and what became of it.
fn decided(story: &Story, taken: &Taken) -> Decided {
    let identity = &taken.decision.identity;
    let entry = story.chart.ledger.iter().find(|entry| entry.identity == *identity);
    let cancelled = entry.is_some_and(|entry| entry.state == EntryState::Cancelled);
    let what = match (&taken.decision.action, identity.audience) {
        (Action::Send { message, .. }, _) if cancelled => format!("not sent after all: {message}"),
        (Action::Send { message, .. }, _) => format!("sent: {message}"),
        (Action::OpenCheckIn { message, .. }, _) => format!("check-in opened: {message}"),
        (Action::TellClinic { level }, _) => format!("clinic told ({level:?})"),
        (Action::Cancel, Audience::Patient) => "not sent".to_owned(),
        (Action::Cancel, Audience::Clinic) => "clinic not told".to_owned(),
        (Action::Covered { .. }, _) => "no mail of its own".to_owned(),
    };
    Decided {
        at: taken.decided_at,
        flag: identity.subject.flag().map(ToString::to_string),
        what,
        reason: taken.decision.reason.text.to_string(),
    }
}

/// The chart with what had become known by an instant.
fn known_at(stored: StoredChart, events: &[afterrun_rules::TimedEvent], at: DateTime<Utc>) -> Chart {
    let now = stored.chart;
    let zone = now.zones.first().map_or(Tz::UTC, |(_, zone)| *zone);
    let mut then = Chart::new(now.patient.clone(), zone, now.enrolled_at);
    then.reach = now.reach;
    events.iter().filter(|event| event.at <= at).for_each(|event| then.apply(event));
    then.check_ins = now.check_ins.into_iter().filter(|check_in| check_in.opened_at <= at).collect();
    then.ledger = now.ledger.into_iter().filter(|entry| entry.decided_at <= at).collect();
    then
}

fn state(state: MessageState) -> String {
    serde_json::to_value(state)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_else(|| format!("{state:?}"))
}
