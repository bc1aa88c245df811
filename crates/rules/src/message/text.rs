//! The plain text part: written for people who read mail as text, not HTML with its tags removed.
//!
//! Headings are underlined, lists hang, lines end by column 72, and an address stands whole on a line of its
//! own below the words it belongs to, where every mail program finds it.

use super::document::{Block, Inline, only_link, plain};

/// Longest line, except for addresses and code.
const WIDTH: usize = 72;

/// Renders the whole body; ends with a line break.
pub fn render(blocks: &[Block]) -> String {
    let mut out = lines_of(blocks, WIDTH).join("\n");
    out.push('\n');
    out
}

/// Lines of some blocks, an empty line between them.
fn lines_of(blocks: &[Block], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for block in blocks {
        let mut next = block_lines(block, width);
        if next.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.append(&mut next);
    }
    lines
}

fn block_lines(block: &Block, width: usize) -> Vec<String> {
    match block {
        Block::Heading(level, words) => {
            let mut lines = wrap(&plain(words), width);
            let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
            lines.push(if *level == 1 { "=" } else { "-" }.repeat(longest));
            lines
        }
        Block::Paragraph(words) => paragraph(words, width),
        Block::List(start, items) => list(*start, items, width),
        Block::Quote(inner) => prefixed(lines_of(inner, width.saturating_sub(2)), "> ", "> "),
        Block::Code(code) => code.lines().map(|line| format!("    {line}")).collect(),
        Block::Rule => vec!["-".repeat(width.min(12))],
    }
}

fn list(start: Option<u64>, items: &[Vec<Block>], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let loose = items.iter().any(|blocks| blocks.len() > 1);
    for (position, blocks) in items.iter().enumerate() {
        let bullet = match start {
            Some(first) => format!("{}. ", first.saturating_add(position as u64)),
            None => "- ".to_owned(),
        };
        let indent = " ".repeat(bullet.len());
        let inner = lines_of(blocks, width.saturating_sub(bullet.len()));
        if loose && position > 0 {
            lines.push(String::new());
        }
        lines.extend(prefixed(if inner.is_empty() { vec![String::new()] } else { inner }, &bullet, &indent));
    }
    lines
}

fn paragraph(words: &[Inline], width: usize) -> Vec<String> {
    if let Some((address, label)) = only_link(words) {
        return link_lines(&label, address, width);
    }
    let mut running = String::new();
    let mut addresses = Vec::new();
    running_words(words, &mut running, &mut addresses);
    let mut lines: Vec<String> = running.split('\n').flat_map(|line| wrap(line, width)).collect();
    match &addresses[..] {
        [] => {}
        [(_, address)] => lines.push(address.clone()),
        several => {
            several.iter().for_each(|(label, address)| lines.extend(link_lines(label, address, width)))
        }
    }
    lines
}

/// The words of a paragraph, and the addresses that are to stand below it.
fn running_words(words: &[Inline], running: &mut String, addresses: &mut Vec<(String, String)>) {
    for word in words {
        match word {
            Inline::Text(text) | Inline::Code(text) => running.push_str(&text.replace('\n', " ")),
            Inline::Emphasis(inner) | Inline::Strong(inner) => running_words(inner, running, addresses),
            Inline::Break => running.push('\n'),
            Inline::Link(address, label) => {
                let label = plain(label);
                running.push_str(&label);
                match address.split_once(':') {
                    Some(("tel" | "mailto", bare)) => {
                        if !shows(&label, bare) {
                            running.push_str(&format!(" ({bare})"));
                        }
                    }
                    _ if label.contains(address.as_str()) => {}
                    _ => addresses.push((label, address.clone())),
                }
            }
        }
    }
}

fn link_lines(label: &str, address: &str, width: usize) -> Vec<String> {
    if label.contains(address) {
        return vec![address.to_owned()];
    }
    match address.split_once(':') {
        Some(("tel" | "mailto", bare)) if shows(label, bare) => wrap(label, width),
        Some(("tel" | "mailto", bare)) => wrap(&format!("{label}: {bare}"), width),
        _ => {
            let mut lines = wrap(&format!("{}:", label.trim_end_matches([':', '.'])), width);
            lines.push(address.to_owned());
            lines
        }
    }
}

/// Whether words show a number or mail address, whatever stands between its digits.
fn shows(label: &str, bare: &str) -> bool {
    let squeeze = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || *c == '@').collect::<String>();
    squeeze(label).contains(&squeeze(bare))
}

fn prefixed(lines: Vec<String>, first: &str, rest: &str) -> Vec<String> {
    let prefix = |(at, line): (usize, String)| {
        let joined = format!("{}{line}", if at == 0 { first } else { rest });
        joined.trim_end().to_owned()
    };
    lines.into_iter().enumerate().map(prefix).collect()
}

/// Breaks words into lines of at most `width` characters; a longer word stays whole.
fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in words.split_whitespace() {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += letters;
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}
