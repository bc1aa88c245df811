//! `afterrun run import`: runs from a CSV file, or from the files watches write; all of them or none.
//!
//! A run that is known already, by when it started and how far it went, is passed over, so that the same file
//! may be imported twice.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use afterrun_rules::{
    Chart, TimedEvent,
    chart::{Event, Run},
    ids::PatientId,
    replay::problem_with,
};
use anyhow::{Context, bail};
use chrono::TimeDelta;
use clap::Args;

use super::{
    Ended,
    progress::progress,
    rules_folder::counted,
    run::{distance, kind, started},
    table::{Mistakes, Row, Table},
    tool::{Shared, Tool, say},
};
use crate::{imports, token::random_id};

const COLUMNS: &[&str] = &["patient", "started", "distance", "race", "minutes"];
/// Runs shown in the preview; the rest is counted.
const SHOWN: usize = 20;
/// Two records of one run, by a watch and a phone say, start within this time of each other...
const SAME_START: TimeDelta = TimeDelta::minutes(2);
/// ...and differ in length by no more than this part of it.
const SAME_DISTANCE: f64 = 0.02;

/// Logs the runs of files.
///
/// A CSV file has the columns patient (id or address), started (`2026-03-27T08:00` on the runner's clock, or with
/// an offset), distance (`13.1mi`, `21.1km`), and as wanted race and minutes. FIT, GPX and TCX files are one
/// runner's, named by --patient; where the run went is not kept.
#[derive(Args, Debug)]
pub(super) struct Import {
    /// The files: one CSV file, or FIT, GPX and TCX files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Whose FIT, GPX and TCX files these are: id or address.
    #[arg(long)]
    patient: Option<String>,
    /// They are races of this kind, as the rules name it.
    #[arg(long, requires = "patient")]
    race: Option<String>,
    /// Do it. Without this it is only said what would be done.
    #[arg(long)]
    yes: bool,
}

/// What has been found so far.
#[derive(Default)]
struct Found {
    /// Charts as they would be, by patient.
    charts: HashMap<PatientId, Chart>,
    /// Events by patient.
    events: BTreeMap<PatientId, Vec<TimedEvent>>,
    /// Lines for the preview.
    shown: Vec<String>,
    runs: usize,
    known: usize,
}

impl Import {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let tool = shared.open().await?;
        let mut found = Found::default();
        let sound = match (self.files.as_slice(), &self.patient) {
            ([file], None) if !imports::is_recording(file) => table(&tool, file, &mut found).await?,
            (_, Some(patient)) => {
                let race = self.race.as_deref();
                recordings(&tool, &self.files, patient, race, &mut found).await?
            }
            _ => bail!("whose runs are these? name the runner with --patient (or give one CSV file)"),
        };
        if !sound {
            return Ok(Ended::WithFindings);
        }
        if found.known > 0 {
            say(format_args!("{} known already", counted(found.known, "run")))?;
        }
        if !self.yes {
            for line in found.shown.iter().take(SHOWN) {
                say(line)?;
            }
            if found.shown.len() > SHOWN {
                say(format_args!("and {} more", found.shown.len() - SHOWN))?;
            }
            say(format_args!(
                "would log {}; nothing has been changed, `--yes` does it",
                counted(found.runs, "run")
            ))?;
            return Ok(Ended::Well);
        }
        let bar = progress(found.events.len(), "planning");
        let events: Vec<_> = found.events.into_iter().collect();
        tool.turns.take_all(&events, tool.now, &|| bar.inc(1)).await?;
        bar.finish_and_clear();
        for (patient, events) in &events {
            let action = format!("run-import {}", events.len());
            tool.turns.store.audit(tool.now, "command line", &action, patient.as_str()).await?;
        }
        say(format_args!("logged {}", counted(found.runs, "run")))?;
        Ok(Ended::Well)
    }
}

/// A CSV file; false if there are mistakes in it, which have been shown.
async fn table(tool: &Tool, file: &Path, found: &mut Found) -> anyhow::Result<bool> {
    let table = Table::read(file, COLUMNS, &["patient", "started"])?;
    let mut mistakes = Mistakes::default();
    let bar = progress(table.rows.len(), "checking");
    for row in &table.rows {
        bar.inc(1);
        let one = from_row(tool, &table, row, found).await;
        mistakes.note(row.line, one);
    }
    bar.finish_and_clear();
    Ok(!mistakes.say()?)
}

async fn from_row(tool: &Tool, table: &Table, row: &Row, found: &mut Found) -> anyhow::Result<()> {
    table.whole(row)?;
    let patient = tool.patient(table.needed(row, "patient")?).await?;
    let race = table.cell(row, "race");
    let minutes = table.cell(row, "minutes");
    let minutes: Option<u32> = minutes
        .map(|minutes| minutes.parse().with_context(|| format!("`{minutes}` is no number of minutes")))
        .transpose()?;
    let run = Run {
        id: random_id()?.into(),
        started_at: started(table.needed(row, "started")?, patient.time_zone)?,
        distance_m: distance(table.cell(row, "distance"), race).context("`distance`")?,
        duration_s: minutes.map(|minutes| minutes.saturating_mul(60)),
        kind: kind(&tool.book(), race)?,
    };
    found.take(tool, &patient.id, run, &format!("line {}", row.line)).await
}

/// Files of watches; false if one cannot be used, which has been shown.
async fn recordings(
    tool: &Tool,
    files: &[PathBuf],
    patient: &str,
    race: Option<&str>,
    found: &mut Found,
) -> anyhow::Result<bool> {
    let patient = tool.patient(patient).await?;
    let kind = kind(&tool.book(), race)?;
    let mut sound = true;
    for file in files {
        let shown = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
        let runs = match imports::read(&bytes(file)?) {
            Ok(runs) => runs,
            Err(why) => {
                say(format_args!("{shown}: {why}"))?;
                sound = false;
                continue;
            }
        };
        for recorded in runs {
            let run = Run {
                id: random_id()?.into(),
                started_at: recorded.started_at,
                distance_m: recorded.distance_m,
                duration_s: recorded.duration_s,
                kind: kind.clone(),
            };
            if let Err(why) = found.take(tool, &patient.id, run, &shown).await {
                say(format_args!("{shown}: {why:#}"))?;
                sound = false;
            }
        }
    }
    if !sound {
        say("nothing has been changed")?;
    }
    Ok(sound)
}

/// At most as much as an import may have, and a byte to tell that there is more.
fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(imports::FILE_BYTES + 1).read_to_end(&mut bytes))
        .with_context(|| format!("{}", path.display()))?;
    Ok(bytes)
}

impl Found {
    /// Takes a run in, unless it is known.
    async fn take(&mut self, tool: &Tool, patient: &PatientId, run: Run, place: &str) -> anyhow::Result<()> {
        if !self.charts.contains_key(patient) {
            let stored = tool.turns.store.chart(patient).await?;
            self.charts.insert(patient.clone(), stored.chart);
        }
        let Some(chart) = self.charts.get_mut(patient) else { return Ok(()) };
        if chart.stopped_at.is_some() {
            bail!("the runner has stopped");
        }
        if chart.runs.iter().any(|known| same(&known.run, &run)) {
            self.known += 1;
            return Ok(());
        }
        let event = TimedEvent { at: tool.now, event: Event::Run(run.clone()) };
        if let Some(problem) = problem_with(&tool.book(), chart, &event) {
            bail!("{problem}");
        }
        chart.apply(&event);
        self.runs += 1;
        let local = run.started_at.with_timezone(&chart.zone_at(run.started_at)).format("%Y-%m-%d %H:%M");
        let km = run.distance_m / 1000.0;
        self.shown.push(format!("{place}: {patient}  {local}  {km:.2} km"));
        self.events.entry(patient.clone()).or_default().push(event);
        Ok(())
    }
}

/// Two records of one run, of which a watch and a person may tell a little differently.
pub(super) fn same(one: &Run, other: &Run) -> bool {
    let longer = one.distance_m.max(other.distance_m);
    (one.started_at - other.started_at).abs() <= SAME_START
        && (one.distance_m - other.distance_m).abs() <= longer * SAME_DISTANCE
}

#[cfg(test)]
mod tests {
    use afterrun_rules::chart::RunKind;

    use super::*;

    #[test]
    fn two_records_of_one_run_are_one() {
        let run = |started_at: &str, distance_m| Run {
            id: "r".into(),
            started_at: started_at.parse().unwrap(),
            distance_m,
            duration_s: None,
            kind: RunKind::Training,
        };
        let known = run("2026-03-27T08:00:00Z", 10_000.0);
        let cases = [
            ("2026-03-27T08:02:00Z", 10_200.0, true),
            ("2026-03-27T07:58:00Z", 9_800.0, true),
            ("2026-03-27T08:02:01Z", 10_000.0, false),
            ("2026-03-27T08:00:00Z", 10_210.0, false),
            ("2026-03-27T08:00:00Z", 9_790.0, false),
        ];
        for (started_at, distance_m, expected) in cases {
            assert_eq!(same(&known, &run(started_at, distance_m)), expected, "{started_at} {distance_m}");
            assert_eq!(same(&run(started_at, distance_m), &known), expected, "either way round");
        }
    }
}
