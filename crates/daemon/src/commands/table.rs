//! A CSV file from a spreadsheet: columns by name, every mistake with its line, nothing taken unless all is well.

use std::path::Path;

use anyhow::{Context, bail};
use csv::{ReaderBuilder, StringRecord, Trim};

use super::tool::say;

/// Largest file read, in bytes: ten thousand rows of a hundred bytes, ten times over.
const FILE_BYTES: u64 = 10 << 20;
/// Most rows taken at once; what they lead to is kept in memory and stored in one go.
const ROWS: usize = 10_000;
/// Mistakes shown; the rest is counted.
const SHOWN: usize = 50;

/// A table read whole.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// Its line in the file, from 1; the header is line 1 as in a spreadsheet.
    pub(super) line: u64,
    cells: StringRecord,
}

impl Table {
    /// Reads a file with these columns; those of `needed` must be there.
    pub(super) fn read(path: &Path, known: &[&str], needed: &[&str]) -> anyhow::Result<Self> {
        let shown = path.display();
        let size = std::fs::metadata(path).with_context(|| format!("{shown}"))?.len();
        if size > FILE_BYTES {
            bail!("{shown} is larger than {} MB: split it", FILE_BYTES >> 20);
        }
        let bytes = std::fs::read(path).with_context(|| format!("{shown}"))?;
        let text = String::from_utf8(bytes)
            .ok()
            .with_context(|| format!("{shown} is not UTF-8: save it as `CSV UTF-8`"))?;
        Self::parse(&text, known, needed).with_context(|| format!("{shown}"))
    }

    fn parse(text: &str, known: &[&str], needed: &[&str]) -> anyhow::Result<Self> {
        // The reader would count a line too few before a CR LF.
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let header = text.lines().next().unwrap_or_default();
        // Spreadsheets write semicolons where the comma is the decimal point.
        let delimiter = if header.contains(';') && !header.contains(',') { b';' } else { b',' };
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let columns: Vec<String> = reader.headers()?.iter().map(|name| name.to_lowercase()).collect();
        for (number, name) in columns.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                bail!("line 1: no column is called `{name}`; known are {}", listed(known));
            }
            if columns.iter().take(number).any(|before| before == name) {
                bail!("line 1: the column `{name}` is there twice");
            }
        }
        if let Some(missing) = needed.iter().find(|needed| !columns.iter().any(|name| name == *needed)) {
            bail!("line 1: the column `{missing}` is missing");
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let cells = record?;
            if rows.len() == ROWS {
                bail!("more than {ROWS} rows: split the file");
            }
            // Spreadsheets leave empty rows behind.
            if cells.iter().any(|cell| !cell.is_empty()) {
                rows.push(Row { line: cells.position().map_or(0, csv::Position::line), cells });
            }
        }
        if rows.is_empty() {
            bail!("there is no row below the header");
        }
        Ok(Self { columns, rows })
    }

    /// A cell that is not empty.
    pub(super) fn cell<'row>(&self, row: &'row Row, column: &str) -> Option<&'row str> {
        let number = self.columns.iter().position(|name| name == column)?;
        row.cells.get(number).filter(|cell| !cell.is_empty())
    }

    /// As `cell`, for a cell that has to be there.
    pub(super) fn needed<'row>(&self, row: &'row Row, column: &str) -> anyhow::Result<&'row str> {
        self.cell(row, column).with_context(|| format!("`{column}` is empty"))
    }

    /// A row with more or fewer cells than the header has been torn by a stray comma or quote.
    pub(super) fn whole(&self, row: &Row) -> anyhow::Result<()> {
        let (cells, columns) = (row.cells.len(), self.columns.len());
        if cells != columns {
            bail!("{cells} cells where the header has {columns}: is there a comma that belongs into quotes?");
        }
        Ok(())
    }
}

/// What is wrong, by line.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Vec<(u64, String)>);

impl Mistakes {
    /// Notes what is wrong with a row, and gives back what is right.
    pub(super) fn note<T>(&mut self, line: u64, found: anyhow::Result<T>) -> Option<T> {
        found.map_err(|why| self.0.push((line, format!("{why:#}")))).ok()
    }

    /// Shows all mistakes; true if there are any.
    pub(super) fn say(mut self) -> anyhow::Result<bool> {
        self.0.sort_by_key(|(line, _)| *line);
        for (line, what) in self.0.iter().take(SHOWN) {
            say(format_args!("line {line}: {what}"))?;
        }
        if self.0.len() > SHOWN {
            say(format_args!("and {} more", self.0.len() - SHOWN))?;
        }
        if !self.0.is_empty() {
            say("nothing has been changed")?;
        }
        Ok(!self.0.is_empty())
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(u64, &str)], &str>) {
        let table = Table::parse(text, &["name", "email"], &["email"]);
        let found = table.map(|table| {
            table
                .rows
                .iter()
                .map(|row| (row.line, table.cell(row, "email").unwrap_or("-").to_owned()))
                .collect()
        });
        let found: Result<Vec<(u64, String)>, String> = found.map_err(|why| format!("{why:#}"));
        let expected =
            expected.map(|rows| rows.iter().map(|(line, cell)| (*line, (*cell).to_owned())).collect());
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn rows_keep_their_line() {
        check("email\na@b.c\n", Ok(&[(2, "a@b.c")]));
        check("\u{feff}Name;Email\r\nZoë;z@b.c\r\n;\r\nAda; a@b.c \r\n", Ok(&[(2, "z@b.c"), (4, "a@b.c")]));
        check("name,email\n\"Berg,\nZoë\",z@b.c\nAda,a@b.c\n", Ok(&[(2, "z@b.c"), (4, "a@b.c")]));
        check("name,email\nAda\n", Ok(&[(2, "-")]));
    }

    #[test]
    fn a_header_that_does_not_fit_is_refused() {
        check("name\nAda\n", Err("line 1: the column `email` is missing"));
        check("email,mail\na,b\n", Err("line 1: no column is called `mail`; known are `name`, `email`"));
        check("email,email\na,b\n", Err("line 1: the column `email` is there twice"));
        check("email\n", Err("there is no row below the header"));
        check("", Err("line 1: the column `email` is missing"));
    }
}
