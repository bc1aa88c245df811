//! `afterrun why`: why was this runner told that, and why not the other thing?

use afterrun_rules::{
    chart::Chart,
    evidence::{Evidence, Truth},
    explain::{DayMark, DayRow, FlagExplanation, explain},
};
use afterrun_store::Patient;
use anyhow::bail;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;

use super::{
    Ended,
    tool::{Shared, Tool, say},
};

/// Explains every flag of a runner, or one.
#[derive(Args, Debug)]
pub(super) struct Why {
    /// Id or mail address.
    patient: String,
    /// One flag, as the rules name it.
    flag: Option<String>,
    /// As it was at this instant, under the rules in force now.
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
}

impl Why {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let tool = shared.open().await?;
        let patient = tool.patient(&self.patient).await?;
        let at = self.at.unwrap_or(tool.now);
        let live = tool.turns.rules.current();
        let mut chart = chart_at(&tool, &patient, self.at).await?;
        chart.book_since = live.since;
        let explanation = explain(&live.book, &chart, at);
        let asked = |flag: &&FlagExplanation| self.flag.as_ref().is_none_or(|id| flag.flag == **id);
        let flags: Vec<_> = explanation.flags.iter().filter(asked).collect();
        if let (Some(id), true) = (&self.flag, flags.is_empty()) {
            let known: Vec<_> = explanation.flags.iter().map(|flag| flag.flag.as_str()).collect();
            bail!("no flag is called `{id}`; there are: {}", known.join(", "));
        }
        let shown = at.with_timezone(&patient.time_zone).to_rfc3339_opts(SecondsFormat::Secs, true);
        say(format_args!("{} ({}) at {shown}, rules {}", patient.name, patient.id, live.book.hash.short()))?;
        if let Some(recovery) = &explanation.recovery {
            say(recovery)?;
        }
        for error in &explanation.rule_errors {
            say(format_args!("could not be applied: {error}"))?;
        }
        for flag in flags {
            say_flag(flag)?;
        }
        Ok(Ended::Well)
    }
}

/// The chart as stored, or as it was: what became known, was opened and was decided by then.
async fn chart_at(tool: &Tool, patient: &Patient, at: Option<DateTime<Utc>>) -> anyhow::Result<Chart> {
    let stored = tool.turns.store.chart(&patient.id).await?.chart;
    let Some(at) = at else { return Ok(stored) };
    let zone = stored.zones.first().map_or(patient.time_zone, |(_, zone)| *zone);
    let mut then = Chart::new(patient.id.clone(), zone, patient.enrolled_at);
    then.language = stored.language;
    for event in tool.turns.store.events(&patient.id).await?.iter().filter(|event| event.at <= at) {
        then.apply(event);
    }
    then.check_ins = stored.check_ins.into_iter().filter(|check_in| check_in.opened_at <= at).collect();
    then.ledger = stored.ledger.into_iter().filter(|entry| entry.decided_at <= at).collect();
    Ok(then)
}

fn say_flag(flag: &FlagExplanation) -> anyhow::Result<()> {
    say(format_args!("\n{} (`{}`, {})", flag.title, flag.flag, flag.place))?;
    say(format_args!("  {}", flag.state))?;
    // Silence before anything was reported says nothing.
    let first = flag.days.iter().position(|row| row.number.is_some() || !row.answers.is_empty());
    for row in flag.days.iter().skip(first.unwrap_or(flag.days.len())) {
        say(format_args!("  {}", day(row).trim_end()))?;
    }
    for leaf in &flag.leaves {
        let holds = match leaf.holds {
            Truth::True => "holds",
            Truth::False => "does not hold",
            Truth::Unknown => "is not known",
        };
        let answer = leaf.answer.as_deref().unwrap_or("not answered");
        say(format_args!("  {} {holds} ({answer})", leaf.text))?;
    }
    for told in &flag.told {
        say(format_args!("  {told}"))?;
    }
    match &flag.nearest_miss {
        Some(miss) => say(format_args!("  not yet: {miss}")),
        None => Ok(()),
    }
}

fn day(row: &DayRow) -> String {
    let number = row.number.map_or_else(String::new, |number| format!("day {number}"));
    let mark = match row.mark {
        DayMark::Observed(Evidence::Present) => "present",
        DayMark::Observed(Evidence::Between) => "between",
        DayMark::Observed(Evidence::Clear) => "clear",
        DayMark::Silent => "silent",
        DayMark::Excused => "excused",
        DayMark::Today => "today",
    };
    let date = row.day.format("%a %-d %b %Y").to_string();
    format!("{date:<15}  {number:<7}  {mark:<8}  {}", row.answers.join(", "))
}
