//! `afterrun replay`: what would happen to this chart?

use std::{fs::File, io::Read, path::PathBuf};

use afterrun_rules::replay;
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::{
    Ended,
    rules_folder::read,
    tool::{Shared, say},
};

/// Largest chart read, in bytes: a runner who answers daily for ten years stays far below.
const LARGEST_BYTES: u64 = 16 * 1024 * 1024;

/// Lives through a chart under a rule book and prints every decision with its time and reason.
#[derive(Args, Debug)]
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
        let json = self.chart_text()?;
        let named = self.chart.display();
        let file = replay::parse_chart(&json).with_context(|| named.to_string())?;
        let lines = replay::replay(book, &file, self.until).with_context(|| named.to_string())?;
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

    fn chart_text(&self) -> anyhow::Result<String> {
        let source: Box<dyn Read> = if self.chart.as_os_str() == "-" {
            Box::new(std::io::stdin())
        } else {
            Box::new(
                File::open(&self.chart).with_context(|| format!("cannot read {}", self.chart.display()))?,
            )
        };
        let mut json = String::new();
        source.take(LARGEST_BYTES + 1).read_to_string(&mut json).context("cannot read the chart")?;
        if json.len() as u64 > LARGEST_BYTES {
            bail!("a chart larger than {LARGEST_BYTES} bytes");
        }
        Ok(json)
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
    say(format_args!("{:22}{}", "", line.reason))
}
