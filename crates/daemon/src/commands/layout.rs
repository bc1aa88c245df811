//! Laying out text for a terminal: wrapping, aligned columns, and a word of progress on standard error.

use std::io::{IsTerminal, Write, stderr};

/// Columns of the widest line.
pub(super) const COLUMNS: usize = 100;

/// Paragraphs wrapped at [`COLUMNS`], each line set in by so many spaces; line breaks stay.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    hanging(text, indent, indent)
}

/// As `wrapped`, with the first line of each paragraph set in otherwise.
pub(super) fn hanging(text: &str, first: usize, rest: usize) -> String {
    text.lines().map(|paragraph| paragraph_of(paragraph, first, rest)).collect::<Vec<_>>().join("\n")
}

fn paragraph_of(text: &str, first: usize, rest: usize) -> String {
    let (mut lines, mut line, mut used) = (String::new(), " ".repeat(first), first);
    let mut empty = true;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if !empty && used + 1 + width > COLUMNS {
            lines.push_str(&line);
            lines.push('\n');
            (line, used, empty) = (" ".repeat(rest), rest, true);
        }
        if !empty {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += width;
        empty = false;
    }
    lines + line.trim_end()
}

/// Rows of cells under each other, each column as wide as its widest cell, wrapped in the last column.
pub(super) fn table(rows: &[Vec<String>], indent: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.saturating_sub(1))
        .map(|at| {
            rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let last_from = indent + widths.iter().map(|width| width + 2).sum::<usize>();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let mut line = " ".repeat(indent);
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        let last = row.get(widths.len()).map(|cell| wrapped(cell, last_from)).unwrap_or_default();
        line.push_str(last.trim_start());
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// A line on standard error that says how far a long job has got, if somebody watches.
pub(super) struct Progress {
    what: &'static str,
    watched: bool,
}

impl Progress {
    /// Of things of this name, such as `changes`.
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, watched: stderr().is_terminal() }
    }

    /// So many are done, of so many if that is known. Said every `step`.
    pub(super) fn say(&self, done: u64, total: Option<u64>, step: u64) {
        if self.watched && done.is_multiple_of(step) {
            let of = total.map_or_else(String::new, |total| format!(" of {total}"));
            // Nothing is lost if it cannot be shown.
            let _ = write!(stderr().lock(), "\r{done}{of} {}\x1b[K", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.watched {
            let _ = write!(stderr().lock(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_wrapped_and_lose_no_word() {
        let text = format!("{}\n{}", "word ".repeat(60), "x".repeat(200));
        let wrapped = wrapped(&text, 4);
        let short = |line: &str| line.chars().count() <= COLUMNS || !line.trim().contains(' ');
        assert!(wrapped.lines().all(|line| line.starts_with("    ") && short(line)), "{wrapped}");
        assert_eq!(wrapped.split_whitespace().count(), 61);
    }

    #[test]
    fn columns_stand_under_each_other() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let rows = [row(&["a", "bbb", "last"]), row(&["aaaa", "b", &"word ".repeat(30)])];
        let table = table(&rows, 2);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "  a     bbb  last");
        assert!(lines[1].starts_with("  aaaa  b    word word"), "{table}");
        assert!(lines[2].starts_with("             word"), "{table}");
    }
}
