//! `afterrun patient import`: many runners from a CSV file, all of them or none.

use std::{collections::HashMap, path::PathBuf};

use afterrun_mail::check_address;
use afterrun_rules::chart::Reach;
use afterrun_store::{NewPatient, Units};
use anyhow::{Context, bail};
use chrono_tz::Tz;
use clap::Args;

use super::{
    Ended,
    progress::progress,
    rules_folder::counted,
    table::{Mistakes, Row, Table},
    tool::{Shared, Tool, say},
};
use crate::{recorder::enrolment, token::random_id};

const COLUMNS: &[&str] = &["name", "email", "time_zone", "language", "units", "confirmed"];
/// Runners shown in the preview; the rest is counted.
const SHOWN: usize = 20;

/// Enrols the runners of a CSV file.
///
/// Columns: name, email, and as wanted time_zone, language, units (miles or kilometres), confirmed (yes: the
/// runner has confirmed the address in person). All rows are taken or none.
#[derive(Args, Debug)]
pub(super) struct Import {
    /// The file.
    file: PathBuf,
    /// Do it. Without this it is only said what would be done.
    #[arg(long)]
    yes: bool,
}

impl Import {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let table = Table::read(&self.file, COLUMNS, &["name", "email"])?;
        let tool = shared.open().await?;
        tool.needs_the_clock("an enrolment")?;
        let mut mistakes = Mistakes::default();
        let mut new = Vec::new();
        let mut seen: HashMap<String, u64> = HashMap::new();
        let bar = progress(table.rows.len(), "checking");
        for row in &table.rows {
            bar.inc(1);
            let found = examine(&tool, &table, row, &mut seen).await;
            new.extend(mistakes.note(row.line, found).map(|patient| (row.line, patient)));
        }
        bar.finish_and_clear();
        if mistakes.say()? {
            return Ok(Ended::WithFindings);
        }
        if !self.yes {
            return preview(&new);
        }
        let count = new.len();
        let bar = progress(count, "preparing");
        let mut enrolments = Vec::with_capacity(count);
        for (_, patient) in new {
            bar.inc(1);
            enrolments.push(enrolment(&tool.turns, patient, tool.now)?);
        }
        bar.finish_and_clear();
        let ids = tool.turns.store.enrol(enrolments, tool.now).await?;
        for id in &ids {
            tool.turns.store.audit(tool.now, "command line", "patient-add", id.as_str()).await?;
        }
        say(format_args!("enrolled {}", counted(ids.len(), "runner")))?;
        Ok(Ended::Well)
    }
}

async fn examine(
    tool: &Tool,
    table: &Table,
    row: &Row,
    seen: &mut HashMap<String, u64>,
) -> anyhow::Result<NewPatient> {
    table.whole(row)?;
    let name = table.needed(row, "name")?;
    check_name(name)?;
    let email = check_address(table.needed(row, "email")?)?;
    if let Some(line) = seen.insert(email.to_lowercase(), row.line) {
        bail!("the same address is in line {line}");
    }
    let known = tool.turns.store.patient_by_email(&email).await?;
    if known.is_some_and(|patient| patient.stopped_at.is_none()) {
        bail!("a runner with this address is enrolled already");
    }
    let time_zone: Tz = match table.cell(row, "time_zone") {
        Some(zone) => zone
            .parse()
            .ok()
            .with_context(|| format!("`{zone}` is no time zone: write it like `Europe/London`"))?,
        None => tool.book().clinic.time_zone,
    };
    let units = match table.cell(row, "units").map(str::to_lowercase).as_deref() {
        None | Some("miles") => Units::Miles,
        Some("kilometres" | "km") => Units::Kilometres,
        Some(other) => bail!("`{other}` is no unit: write `miles` or `kilometres`"),
    };
    let reach = match table.cell(row, "confirmed").map(str::to_lowercase).as_deref() {
        None | Some("no") => Reach::Unconfirmed,
        Some("yes") => Reach::Confirmed,
        Some(other) => bail!("`{other}` in `confirmed`: write `yes` or `no`"),
    };
    let language = table.cell(row, "language").unwrap_or("en");
    check_language(language)?;
    Ok(NewPatient {
        id: Some(random_id()?.into()),
        name: name.to_owned(),
        email,
        time_zone,
        language: language.to_owned(),
        units,
        reach,
    })
}

fn preview(new: &[(u64, NewPatient)]) -> anyhow::Result<Ended> {
    for (line, patient) in new.iter().take(SHOWN) {
        let asked = if patient.reach == Reach::Confirmed { "" } else { ", asked to confirm the address" };
        say(format_args!("line {line}: {} <{}>, {}{asked}", patient.name, patient.email, patient.time_zone))?;
    }
    if new.len() > SHOWN {
        say(format_args!("and {} more", new.len() - SHOWN))?;
    }
    say(format_args!(
        "would enrol {}; nothing has been changed, `--yes` does it",
        counted(new.len(), "runner")
    ))?;
    Ok(Ended::Well)
}

/// A name that a mail's header can carry.
pub(super) fn check_name(name: &str) -> anyhow::Result<()> {
    if name.chars().any(char::is_control) {
        bail!("the name has a line break or another control character in it");
    }
    Ok(())
}

/// A language that a mail's header can carry.
pub(super) fn check_language(language: &str) -> anyhow::Result<()> {
    if !language.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        bail!("`{language}` is no language: write it like `en` or `de-CH`");
    }
    Ok(())
}
