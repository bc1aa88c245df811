//! Charts as files: one, or many in one file, read with a bound on the size of each.

use std::{
    cell::Cell,
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, stdin},
    path::Path,
    rc::Rc,
};

use afterrun_rules::replay::{ChartError, ChartFile, chart_from_json, parse_chart};
use anyhow::{Context, bail};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;

/// Largest chart read, in bytes: a runner who answers daily for ten years stays far below.
const LARGEST_BYTES: u64 = 16 * 1024 * 1024;

/// Reads the one chart of a file, or of standard input for `-`.
pub(super) fn read_chart(path: &Path) -> anyhow::Result<ChartFile> {
    let mut json = String::new();
    open(path)?.take(LARGEST_BYTES + 1).read_to_string(&mut json).context("cannot read the chart")?;
    if json.len() as u64 > LARGEST_BYTES {
        bail!("a chart larger than {LARGEST_BYTES} bytes");
    }
    parse_chart(&json).with_context(|| path.display().to_string())
}

/// Calls `take` with each chart of a file: one chart, one a line, or a JSON list of them. Only one is in memory at a
/// time. A chart that is none is handed on as such; a file that is no JSON ends it.
pub(super) fn each_chart(
    path: &Path,
    mut take: impl FnMut(Result<ChartFile, ChartError>),
) -> anyhow::Result<()> {
    let left = Rc::new(Cell::new(LARGEST_BYTES));
    let mut reader = BufReader::new(Metered { inner: open(path)?, left: left.clone() });
    let many = first_byte(&mut reader)? == Some(b'[');
    let mut json = serde_json::Deserializer::from_reader(reader);
    let mut take = |value| {
        left.set(LARGEST_BYTES);
        take(chart_from_json(value));
    };
    let read = if many {
        json.deserialize_seq(Each(&mut take)).and_then(|()| json.end())
    } else {
        json.into_iter::<Value>().try_for_each(|value| value.map(&mut take))
    };
    read.with_context(|| format!("cannot read the charts of {}", path.display()))
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(stdin()));
    }
    Ok(Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?))
}

/// Skips white space and looks at what follows.
fn first_byte(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        match buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(at) => {
                let first = buffer[at];
                reader.consume(at);
                return Ok(Some(first));
            }
            None if buffer.is_empty() => return Ok(None),
            None => {
                let all = buffer.len();
                reader.consume(all);
            }
        }
    }
}

/// Fails once more than a chart's worth of bytes was read without a chart coming to its end.
struct Metered<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => {
                self.left.set(left);
                Ok(read)
            }
            None => Err(io::Error::other(format!("a chart larger than {LARGEST_BYTES} bytes"))),
        }
    }
}

/// Hands on the elements of a list as they are read.
struct Each<F>(F);

impl<'de, F: FnMut(Value)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of charts")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            (self.0)(value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> (usize, usize, bool) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let (mut good, mut bad) = (0, 0);
        let ended = each_chart(file.path(), |chart| match chart {
            Ok(_) => good += 1,
            Err(_) => bad += 1,
        });
        (good, bad, ended.is_ok())
    }

    #[test]
    fn one_chart_many_lines_or_a_list() {
        let chart = r#"{"patient": {"id": "p", "time_zone": "UTC", "enrolled_at": "2026-01-01T00:00:00Z"},
            "events": []}"#;
        let line = chart.replace('\n', " ");
        assert_eq!(count(chart), (1, 0, true));
        assert_eq!(count(&format!("\n{line}\n{line}\n")), (2, 0, true));
        assert_eq!(count(&format!(" [{line}, {chart}, {{\"x\": 1}}]\n")), (2, 1, true));
        assert_eq!(count("[]"), (0, 0, true));
        assert_eq!(count(""), (0, 0, true));
        assert_eq!(count(&format!("{line}\n{{\"patient\"")), (1, 0, false));
        assert_eq!(count(&format!("[{line}] rest")), (1, 0, false));
    }

    #[test]
    fn a_chart_without_end_is_refused_and_many_small_ones_are_not() {
        assert_eq!(count(&format!("{{\"x\": \"{}\"}}", "y".repeat(17 << 20))), (0, 0, false));
        let small = format!("{{\"x\": \"{}\"}}\n", "y".repeat(1 << 20));
        assert_eq!(count(&small.repeat(20)), (0, 20, true));
    }
}
