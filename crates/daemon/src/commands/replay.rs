//! `afterrun replay`: what would happen to this chart?

use std::path::PathBuf;

use afterrun_rules::replay;
use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::{
    Ended,
    chart_file::read_chart,
    layout::wrapped,
    rules_folder::read,
    tool::{Shared, say},
};

/// Lives through a chart under a rule book and prints every decision with its time and reason. Nothing is sent.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 done; 1 the rules have errors; 2 wrong usage, or the chart cannot be read or \
                        does not fit the rules."
)]
pub(super) struct Replay {
    /// The chart, a JSON file; `-` for standard input.
    chart: PathBuf,
    /// The rules folder; without it the configuration's, `rules` by default.
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
        let read = read(self.rules.as_deref(), shared)?;
        let Some(book) = &read.book else {
            read.say_findings()?;
            say("these rules have errors, so nothing was replayed")?;
            return Ok(Ended::WithFindings);
        };
        let file = read_chart(&self.chart)?;
        let lines =
            replay::replay(book, &file, self.until).with_context(|| self.chart.display().to_string())?;
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
