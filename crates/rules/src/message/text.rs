//! The plain text part: written for people who read mail as text, not HTML with its tags removed.
//!
//! Headings are underlined, lists hang, lines end by column 72, and an address stands whole on a line of its
//! own below the words it belongs to, where every mail program finds it.

use std::borrow::Cow;

use super::document::{Block, Inline, only_link, plain};

/// Longest line, except for addresses and code.
const WIDTH: usize = 72;

/// Renders the whole body; ends with a line break.
pub fn render(blocks: &[Block<'_>]) -> String {
    let mut lines = Lines { out: String::with_capacity(1024), ..Lines::default() };
    lines.blocks(blocks, WIDTH);
    if lines.out.is_empty() {
        lines.out.push('\n');
    }
    lines.out
}

/// The text as far as it is written, and what the next lines begin with inside lists and quotations.
#[derive(Default)]
struct Lines {
    out: String,
    /// Where the line being written begins.
    start: usize,
    /// Before the next line: a bullet, say.
    first: String,
    /// Before the lines after it.
    rest: String,
}

/// How long all was before a list item or quotation.
struct Outside {
    first: usize,
    rest: usize,
    out: usize,
}

impl Lines {
    /// Begins a line.
    fn begin(&mut self) {
        self.start = self.out.len();
        if !self.first.is_empty() || !self.rest.is_empty() {
            self.out.push_str(&self.first);
            self.first.clone_from(&self.rest);
        }
    }

    /// Ends a line; in a list or quotation without white space at its end.
    fn end(&mut self) {
        if !self.rest.is_empty() {
            let length = self.out[self.start..].trim_end().len();
            self.out.truncate(self.start + length);
        }
        self.out.push('\n');
    }

    fn line(&mut self, words: &str) {
        self.begin();
        self.out.push_str(words);
        self.end();
    }

    /// Some blocks, an empty line between them.
    fn blocks(&mut self, blocks: &[Block<'_>], width: usize) {
        let mut some = false;
        for block in blocks {
            let before = self.out.len();
            if some {
                self.line("");
            }
            let after = self.out.len();
            self.block(block, width);
            if self.out.len() == after {
                self.out.truncate(before);
            } else {
                some = true;
            }
        }
    }

    fn block(&mut self, block: &Block<'_>, width: usize) {
        match block {
            Block::Heading(level, words) => {
                let longest = self.wrap(&plain(words), width);
                self.line(&if *level == 1 { "=" } else { "-" }.repeat(longest));
            }
            Block::Paragraph(words) => self.paragraph(words, width),
            Block::List(start, items) => self.list(*start, items, width),
            Block::Quote(inner) => {
                let outside = self.enter("> ", "> ");
                self.blocks(inner, width.saturating_sub(2));
                self.leave(&outside);
            }
            Block::Code(code) => code.lines().for_each(|line| self.line(&format!("    {line}"))),
            Block::Rule => self.line(&"-".repeat(width.min(12))),
        }
    }

    /// From here on lines begin so; gives what [`Lines::leave`] takes.
    fn enter(&mut self, first: &str, rest: &str) -> Outside {
        let outside = Outside { first: self.first.len(), rest: self.rest.len(), out: self.out.len() };
        self.first.push_str(first);
        self.rest.push_str(rest);
        outside
    }

    fn leave(&mut self, outside: &Outside) {
        self.rest.truncate(outside.rest);
        if self.out.len() == outside.out {
            // Nothing was written: a bullet around it still waits for its line.
            self.first.truncate(outside.first);
        } else {
            self.first.clone_from(&self.rest);
        }
    }

    fn list(&mut self, start: Option<u64>, items: &[Vec<Block<'_>>], width: usize) {
        let loose = items.iter().any(|blocks| blocks.len() > 1);
        for (position, blocks) in items.iter().enumerate() {
            if loose && position > 0 {
                self.line("");
            }
            let bullet = match start {
                Some(first) => format!("{}. ", first.saturating_add(position as u64)),
                None => "- ".to_owned(),
            };
            let outside = self.enter(&bullet, &" ".repeat(bullet.len()));
            let before = self.out.len();
            self.blocks(blocks, width.saturating_sub(bullet.len()));
            if self.out.len() == before {
                self.line("");
            }
            self.leave(&outside);
        }
    }

    fn paragraph(&mut self, words: &[Inline<'_>], width: usize) {
        if let Some((address, label)) = only_link(words) {
            return self.link(&label, address, width);
        }
        let mut running = String::with_capacity(256);
        let mut addresses = Vec::new();
        running_words(words, &mut running, &mut addresses);
        for line in running.split('\n') {
            self.wrap(line, width);
        }
        match &addresses[..] {
            [] => {}
            [(_, address)] => self.line(address),
            several => several.iter().for_each(|(label, address)| self.link(label, address, width)),
        }
    }

    /// A link by itself.
    fn link(&mut self, label: &str, address: &str, width: usize) {
        if contains(label, address) {
            return self.line(address);
        }
        match address.split_once(':') {
            Some(("tel" | "mailto", bare)) if shows(label, bare) => {
                self.wrap(label, width);
            }
            Some(("tel" | "mailto", bare)) => {
                self.wrap(&format!("{label}: {bare}"), width);
            }
            _ => {
                self.wrap(&format!("{}:", label.trim_end_matches([':', '.'])), width);
                self.line(address);
            }
        }
    }

    /// Breaks words into lines of at most `width` characters; a longer word stays whole. Gives the length of
    /// the longest line.
    fn wrap(&mut self, words: &str, width: usize) -> usize {
        if is_even(words) { self.wrap_even(words, width) } else { self.wrap_any(words, width) }
    }

    /// The same for words as [`is_even`] has them: each line is looked at from its end.
    fn wrap_even(&mut self, words: &str, width: usize) -> usize {
        let (mut rest, mut longest) = (words, 0);
        loop {
            let space = |byte: &u8| *byte == b' ';
            let bytes = rest.as_bytes();
            let end = match bytes.get(..=width) {
                None => None,
                Some(fits) => fits
                    .iter()
                    .rposition(space)
                    .or_else(|| bytes[width..].iter().position(space).map(|beyond| width + beyond)),
            };
            let line = &rest[..end.unwrap_or(rest.len())];
            self.line(line);
            longest = longest.max(line.len());
            match end {
                Some(end) => rest = &rest[end + 1..],
                None => return longest,
            }
        }
    }

    /// The same for any words, one by one.
    fn wrap_any(&mut self, words: &str, width: usize) -> usize {
        let ascii = words.is_ascii();
        let (mut length, mut longest) = (0, 0);
        let mut rest = words;
        while let Some((word, after)) = next_word(rest, ascii) {
            rest = after;
            let letters = if ascii { word.len() } else { word.chars().count() };
            if length > 0 && length + 1 + letters > width {
                self.end();
                length = 0;
            }
            if length > 0 {
                self.out.push(' ');
                length += 1;
            } else {
                self.begin();
            }
            self.out.push_str(word);
            length += letters;
            longest = longest.max(length);
        }
        if length > 0 {
            self.end();
        }
        longest
    }
}

/// Whether words are ASCII with one space between each of them, none at an end, and no other white space.
fn is_even(words: &str) -> bool {
    let bytes = words.as_bytes();
    // Without an early end, so that many bytes are looked at at once.
    let plain = bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte));
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    let apart = pairs.fold(true, |apart, (one, other)| apart & !((*one == b' ') & (*other == b' ')));
    plain && apart && !bytes.is_empty() && !bytes.starts_with(b" ") && !bytes.ends_with(b" ")
}

/// The next word and what comes after it. A text of ASCII is looked at byte by byte.
fn next_word(text: &str, ascii: bool) -> Option<(&str, &str)> {
    if !ascii {
        let text = text.trim_start();
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (end > 0).then(|| text.split_at(end));
    }
    let space = |byte: u8| byte == b' ' || (b'\t'..=b'\r').contains(&byte);
    let start = text.bytes().position(|byte| !space(byte))?;
    let text = &text[start..];
    Some(text.split_at(text.bytes().position(space).unwrap_or(text.len())))
}

/// The words of a paragraph, and the addresses that are to stand below it.
fn running_words<'a>(
    words: &'a [Inline<'_>],
    running: &mut String,
    addresses: &mut Vec<(Cow<'a, str>, &'a str)>,
) {
    for word in words {
        match word {
            Inline::Text(text) | Inline::Code(text) => {
                if !text.contains('\n') {
                    running.push_str(text);
                    continue;
                }
                for (at, line) in text.split('\n').enumerate() {
                    running.push_str(if at > 0 { " " } else { "" });
                    running.push_str(line);
                }
            }
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
                    _ if contains(&label, address) => {}
                    _ => addresses.push((label, address)),
                }
            }
        }
    }
}

/// The same as `label.contains(address)`, which prepares its search before it sees that there is no room.
fn contains(label: &str, address: &str) -> bool {
    label.len() >= address.len() && label.contains(address)
}

/// Whether words show a number or mail address, whatever stands between its digits.
fn shows(label: &str, bare: &str) -> bool {
    let squeeze = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || *c == '@').collect::<String>();
    squeeze(label).contains(&squeeze(bare))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn even_words_break_where_any_do(
            words in "([!-~]{1,9} ){0,40}[!-~]{1,90}( [a-z]{1,100}){0,3}", width in 0..80_usize, bullet in "|> |- ",
        ) {
            prop_assert!(is_even(&words));
            let lines = |wrap: fn(&mut Lines, &str, usize) -> usize| {
                let mut lines = Lines { first: bullet.clone(), rest: bullet.clone(), ..Lines::default() };
                let longest = wrap(&mut lines, &words, width);
                (longest, lines.out)
            };
            prop_assert_eq!(lines(Lines::wrap_even), lines(Lines::wrap_any));
        }

        #[test]
        fn uneven_words_are_known(words in "[ a\t\n\u{e9}]{0,9}") {
            let split: Vec<&str> = words.split_whitespace().collect();
            prop_assert_eq!(is_even(&words), words.is_ascii() && !words.is_empty() && split.join(" ") == words);
        }
    }
}
