//! How two sets of rule files differ, file by file and line by line.

use std::{collections::BTreeSet, time::Duration};

use afterrun_store::BookFiles;
use maud::{Markup, html};
use similar::{ChangeTag, TextDiff};

use super::rules_text as text;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// Lines shown of one page of differences: more than anybody reads.
const LINES_AT_MOST: usize = 2_000;

/// Lines of one file that are shown without being asked for.
const UNFOLDED_AT_MOST: usize = 60;

/// Longest time spent on one file; after that the comparison is coarser, not wrong.
const LONGEST: Duration = Duration::from_millis(500);

/// Every file that differs, from `before` to `after`.
pub(super) fn files(before: &BookFiles, after: &BookFiles) -> Markup {
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let mut room = LINES_AT_MOST;
    let mut shown = Vec::new();
    for path in differing {
        if room == 0 {
            break;
        }
        let (old, new) = (before.get(path), after.get(path));
        let mark = match (old, new) {
            (None, _) => Some(text::ADDED),
            (_, None) => Some(text::REMOVED),
            _ => None,
        };
        let lines = one(old.map_or(&[], |bytes| &**bytes), new.map_or(&[], |bytes| &**bytes), &mut room);
        shown.push(html! {
            details.difference open[lines.shown <= UNFOLDED_AT_MOST] {
                summary {
                    code { (path) }
                    @if let Some(mark) = mark { " " span.chip { (mark) } }
                    " " span.hint { (text::changed_lines(lines.added, lines.removed)) }
                }
                (lines.markup)
            }
        });
    }
    html! {
        @if shown.is_empty() { p { (text::NO_DIFFERENCE) } }
        @for file in shown { (file) }
        @if room == 0 { p.hint { (text::TOO_MUCH_TO_SHOW) } }
    }
}

/// One text and what became of it.
pub(super) fn texts(before: &str, after: &str) -> Markup {
    one(before.as_bytes(), after.as_bytes(), &mut LINES_AT_MOST.clone()).markup
}

/// The lines of one file that differ, with those around them.
#[derive(Default)]
struct Lines {
    markup: Markup,
    shown: usize,
    added: usize,
    removed: usize,
}

fn one(before: &[u8], after: &[u8], room: &mut usize) -> Lines {
    let (Ok(before), Ok(after)) = (std::str::from_utf8(before), std::str::from_utf8(after)) else {
        return Lines { markup: html! { p.hint { (text::NOT_TEXT) } }, ..Lines::default() };
    };
    let diff = TextDiff::configure().timeout(LONGEST).diff_lines(before, after);
    let mut rows = Vec::new();
    let mut lines = Lines::default();
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            rows.push(html! { tr.skipped { td colspan="3" { "⋯" } } });
        }
        for op in group {
            for change in diff.iter_inline_changes(op) {
                if *room == 0 {
                    break;
                }
                *room -= 1;
                lines.shown += 1;
                lines.added += usize::from(change.tag() == ChangeTag::Insert);
                lines.removed += usize::from(change.tag() == ChangeTag::Delete);
                let (class, sign) = match change.tag() {
                    ChangeTag::Delete => ("removed", "−"),
                    ChangeTag::Insert => ("added", "+"),
                    ChangeTag::Equal => ("", " "),
                };
                let number =
                    |index: Option<usize>| index.map(|index| (index + 1).to_string()).unwrap_or_default();
                let (old, new) = (number(change.old_index()), number(change.new_index()));
                rows.push(html! {
                    tr class=[(!class.is_empty()).then_some(class)] {
                        td.no { (old) }
                        td.no { (new) }
                        td.line {
                            span.sign { (sign) }
                            @for (emphasised, words) in change.iter_strings_lossy() {
                                @let words = words.trim_end_matches(['\r', '\n']);
                                @match (emphasised, change.tag()) {
                                    (true, ChangeTag::Delete) => del { (words) },
                                    (true, ChangeTag::Insert) => ins { (words) },
                                    _ => (words),
                                }
                            }
                        }
                    }
                });
            }
        }
    }
    lines.markup = html! {
        table.diff {
            thead.unseen {
                tr { th scope="col" { (text::OLD_LINE) } th scope="col" { (text::NEW_LINE) } th scope="col" { (text::LINE) } }
            }
            tbody { @for row in rows { (row) } }
        }
    };
    lines
}
