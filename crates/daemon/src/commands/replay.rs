//! `afterrun replay`: what would happen to this chart?

use std::{path::PathBuf, sync::Arc};

use afterrun_rules::{
    RuleBook,
    replay::{self, ChartFile},
};
use afterrun_store::Options;
use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::{
    Ended,
    chart_file::read_chart,
    layout::wrapped,
    rules_folder::read,
    tool::{Shared, block_on, find_patient, open_store, say},
};
use crate::compare_history;

/// Live through a chart under a rule book: every decision with its time and reason. Nothing is sent.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 done; 1 the rules have errors; 2 wrong usage, or the chart cannot be read, does \
                        not fit the rules, or there is no such runner."
)]
pub(super) struct Replay {
    /// The chart, a JSON file; `-` for standard input.
    #[arg(required_unless_present = "patient", conflicts_with = "patient")]
    chart: Option<PathBuf>,
    /// The chart of this runner, by id or mail address, as it is in the database.
    #[arg(long, value_name = "PATIENT")]
    patient: Option<String>,
    /// The rules folder; without it the configuration's, `rules` by default, and for a runner the rules in force.
    #[arg(long, value_name = "FOLDER")]
    rules: Option<PathBuf>,
    /// Where to end; without it where the chart says, or 30 days after its last event.
    #[arg(long, value_name = "INSTANT")]
    until: Option<DateTime<Utc>>,
    /// As text for people or as JSON lines for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Text,
    Jsonl,
}

impl Replay {
    pub(super) fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        if let Some(patient) = &self.patient {
            let (file, in_force) = block_on(stored(shared, patient, self.rules.is_none()))?;
            if let Some(book) = in_force {
                return self.say_all(&book, &file, patient);
            }
            return self.by_folder(shared, || Ok((file, patient.clone())));
        }
        let path = self.chart.clone().unwrap_or_default();
        self.by_folder(shared, || Ok((read_chart(&path)?, path.display().to_string())))
    }

    /// Under the rules of a folder. `chart` gives the chart and its name.
    fn by_folder(
        &self,
        shared: &Shared,
        chart: impl FnOnce() -> anyhow::Result<(ChartFile, String)>,
    ) -> anyhow::Result<Ended> {
        let read = read(self.rules.as_deref(), shared)?;
        let Some(book) = &read.book else {
            read.say_findings()?;
            say("these rules have errors, so nothing was replayed")?;
            return Ok(Ended::WithFindings);
        };
        let (file, name) = chart()?;
        self.say_all(book, &file, &name)
    }

    fn say_all(&self, book: &RuleBook, file: &ChartFile, name: &str) -> anyhow::Result<Ended> {
        let lines = replay::replay(book, file, self.until).with_context(|| name.to_owned())?;
        for line in &lines {
            match self.format {
                Format::Jsonl => say(serde_json::to_string(line)?)?,
                Format::Text => say_line(line)?,
            }
        }
        if lines.is_empty() && self.format == Format::Text {
            say("nothing would happen")?;
        }
        Ok(Ended::Well)
    }
}

/// What the database knows of a runner, and if wanted the rules in force.
async fn stored(
    shared: &Shared,
    patient: &str,
    in_force: bool,
) -> anyhow::Result<(ChartFile, Option<Arc<RuleBook>>)> {
    let (store, book) = if in_force {
        let tool = shared.open().await?;
        (tool.turns.store.clone(), Some(tool.book()))
    } else {
        (open_store(&shared.config()?, Options::tool())?, None)
    };
    let patient = find_patient(&*store, patient).await?;
    let file = compare_history::chart(&*store, &patient.id, shared.now()).await?;
    Ok((ChartFile { until: None, ..file }, book))
}

fn say_line(line: &replay::Line) -> anyhow::Result<()> {
    let what = match line.action {
        "send" => "send",
        "open_check_in" => "check-in",
        "tell_clinic" => "tell the clinic",
        "cancel" => "do not send",
        "covered" => "covered",
        other => other,
    };
    let message = line.message.as_ref().map(|message| format!(" {message}")).unwrap_or_default();
    say(format_args!("{}  {what}{message}", line.at))?;
    say(wrapped(&line.reason, 22))
}
