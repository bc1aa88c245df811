//! `afterrun compare`: the same charts under two rule books.

use std::path::PathBuf;

use afterrun_rules::{
    compare::{Comparing, Comparison},
    replay::ChartFile,
};
use afterrun_store::{Options, Store};
use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::{
    Ended,
    chart_file::each_chart,
    layout::{COLUMNS, Progress, hanging},
    rules_folder::{Read, read},
    tool::{Shared, block_on, open_named_store, open_store, say},
};
use crate::compare_history;

/// Charts between two words of progress.
const STEP: u64 = 100;

/// Live through the same charts under two rule books: who would no longer be flagged, and who newly.
///
/// Those who would no longer be flagged come first, each with the reason of the old rules and what the new ones find
/// missing; then those newly flagged, later and earlier; then each stage in numbers, and messages a runner and week
/// before and after. Nothing is sent or stored.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 compared; 1 one of the rule folders has errors, or a chart could not be \
                        compared; 2 wrong usage, or something cannot be read."
)]
pub(super) struct Compare {
    /// The rules folder as it is.
    old: PathBuf,
    /// The rules folder as it would be.
    new: PathBuf,
    /// One chart, one chart a line, or a JSON list of charts; `-` for standard input. Without it the clinic's own
    /// history: all charts of the database.
    #[arg(long, value_name = "FILE", conflicts_with = "database")]
    charts: Option<PathBuf>,
    /// All charts of this database, `sqlite:PATH` or a path; of the configuration's, if none is named. Only read.
    #[arg(long, value_name = "URL", num_args = 0..=1)]
    database: Option<Option<String>>,
    /// As text for people or as JSON for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Compare {
    pub(super) fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let (old, new) = (read(Some(&self.old), shared)?, read(Some(&self.new), shared)?);
        let (Some(old_book), Some(new_book)) = (&old.book, &new.book) else {
            for read in [&old, &new].into_iter().filter(|read: &&Read| read.book.is_none()) {
                read.say_findings()?;
            }
            say("these rules have errors, so nothing was compared")?;
            return Ok(Ended::WithFindings);
        };
        let mut comparing = Comparing::new(old_book, new_book);
        let progress = Progress::of("charts");
        let mut done = 0;
        let mut next = |comparing: &mut Comparing<'_>, chart: Result<ChartFile, String>| {
            match chart {
                Ok(chart) => comparing.add(&chart),
                Err(problem) => comparing.skip(None, problem),
            }
            done += 1;
            progress.say(done, None, STEP);
        };
        match &self.charts {
            Some(file) => each_chart(file, |chart| {
                next(&mut comparing, chart.map_err(|problem| problem.to_string()));
            })?,
            None => {
                let store = match &self.database {
                    Some(Some(url)) => open_named_store(url)?,
                    _ => open_store(&shared.config()?, Options::tool())?,
                };
                block_on(each_stored(&*store, shared.now(), |chart| next(&mut comparing, Ok(chart))))?;
            }
        }
        drop(progress);
        let comparison = comparing.finish();
        match self.format {
            Format::Json => say(serde_json::to_string_pretty(&comparison)?)?,
            Format::Text => say_comparison(&comparison)?,
        }
        Ok(if comparison.skipped.count > 0 { Ended::WithFindings } else { Ended::Well })
    }
}

/// Long reasons are wrapped under their first line.
fn say_comparison(comparison: &Comparison) -> anyhow::Result<()> {
    for line in comparison.to_string().lines() {
        if line.chars().count() <= COLUMNS {
            say(line)?;
        } else {
            let indent = line.chars().take_while(|char| *char == ' ').count();
            say(hanging(line, indent, indent + 2))?;
        }
    }
    Ok(())
}

/// Every chart of the database as it would be told from its enrolment on, up to now.
async fn each_stored(
    store: &dyn Store,
    now: DateTime<Utc>,
    mut take: impl FnMut(ChartFile),
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = store.patients(after.as_deref(), compare_history::PAGE).await?;
        for patient in &page.rows {
            take(compare_history::chart(store, &patient.id, now).await?);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
