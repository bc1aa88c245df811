//! A comparison in words, for a terminal.

use std::fmt;

use super::{Change, Changes, Comparison, Volume};

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} compared: old rules {}, new rules {}",
            counted(self.charts, "chart"),
            self.old,
            self.new
        )?;
        let kinds = [
            ("no longer flagged", &self.no_longer_flagged),
            ("newly flagged", &self.newly_flagged),
            ("flagged later", &self.later),
            ("flagged earlier", &self.earlier),
        ];
        for (what, changes) in kinds {
            write_changes(f, what, changes)?;
        }
        if !self.stages.is_empty() {
            self.write_stages(f)?;
        }
        self.write_mail(f)?;
        if self.skipped.count > 0 {
            writeln!(f, "\nNOT compared: {}", counted(self.skipped.count, "chart"))?;
            for skipped in &self.skipped.listed {
                let of = skipped.patient.as_ref().map_or_else(String::new, |id| format!(" ({id})"));
                writeln!(f, "  chart {}{of}: {}", skipped.chart, skipped.problem)?;
            }
            write_rest(f, self.skipped.count, self.skipped.listed.len())?;
        }
        Ok(())
    }
}

impl Comparison {
    fn write_stages(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> =
            self.stages.iter().map(|stage| format!("{}, {}", stage.flag, stage.stage)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
        writeln!(
            f,
            "\n{:width$}  {:>8} {:>8} {:>8} {:>8} {:>8}",
            "stage", "no more", "newly", "later", "earlier", "same"
        )?;
        for (name, stage) in names.iter().zip(&self.stages) {
            let counts = stage.counts;
            writeln!(
                f,
                "{name:width$}  {:>8} {:>8} {:>8} {:>8} {:>8}",
                counts.no_longer, counts.newly, counts.later, counts.earlier, counts.same
            )?;
        }
        Ok(())
    }

    fn write_mail(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let a_week = |count: u64| {
            if self.patient_weeks > 0.0 { count as f64 / self.patient_weeks } else { 0.0 }
        };
        writeln!(f, "\n{:27} {:>8} {:>8}", "a runner and week", "before", "after")?;
        let Volume { messages, check_ins, clinic } = self.before;
        let rows = [
            ("messages", messages, self.after.messages),
            ("check-ins among them", check_ins, self.after.check_ins),
            ("times the clinic is told", clinic, self.after.clinic),
        ];
        for (what, before, after) in rows {
            writeln!(f, "{what:27} {:>8.2} {:>8.2}", a_week(before), a_week(after))?;
        }
        Ok(())
    }
}

fn write_changes(f: &mut fmt::Formatter<'_>, what: &str, changes: &Changes) -> fmt::Result {
    writeln!(f, "\n{what}: {}", changes.count)?;
    for change in &changes.listed {
        write_change(f, change)?;
    }
    write_rest(f, changes.count, changes.listed.len())
}

fn write_change(f: &mut fmt::Formatter<'_>, change: &Change) -> fmt::Result {
    let days = match (change.before, change.after) {
        (Some(before), Some(after)) => format!("{before} becomes {after}"),
        (Some(day), None) | (None, Some(day)) => day.to_string(),
        (None, None) => String::new(),
    };
    writeln!(f, "  {}  {}, {}  {days}", change.patient, change.flag, change.stage)?;
    let told_by = if change.after.is_some() { "new rules" } else { "old rules" };
    writeln!(f, "    {told_by}: {}", change.reason)?;
    if let Some(missing) = &change.missing {
        let other = if change.after.is_some() { "old rules" } else { "new rules" };
        writeln!(f, "    {other}: {missing}")?;
    }
    Ok(())
}

fn write_rest(f: &mut fmt::Formatter<'_>, count: u64, listed: usize) -> fmt::Result {
    match count.saturating_sub(listed as u64) {
        0 => Ok(()),
        rest => writeln!(f, "  and {rest} more"),
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
