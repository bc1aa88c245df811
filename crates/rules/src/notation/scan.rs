//! One pass over a rule file before ron sees it: brackets, quotes and depth.
//!
//! ron reports an unclosed bracket at the next item and a curly quote as "expected string"; this pass names the
//! bracket and the quote themselves. It also bounds nesting before any recursive code runs.

use std::ops::Range;

use super::{
    spanned::{Found, block_comment_len, skip_blank},
    wording::quote,
};

/// Brackets inside brackets. A flag with a three-level condition needs nine.
pub const MAX_DEPTH: usize = 40;

/// Words, numbers and texts in one file: an ordinary file of the largest size has about 60,000. Reading costs
/// several passes over each, this scan one.
pub const MAX_WORDS: usize = 100_000;

/// Typographic quotes that word processors put in place of straight ones.
#[must_use]
pub fn is_curly(c: char) -> bool {
    matches!(c, '“' | '”' | '„' | '‟' | '‘' | '’' | '«' | '»' | '＂')
}

/// The first word of a file, after blanks, comments and `#![...]` lines, and its place.
#[must_use]
pub fn first_word(text: &str) -> Range<usize> {
    let mut rest = skip_blank(text);
    while rest.starts_with("#![") {
        rest = skip_blank(rest.split_once('\n').map_or("", |(_, rest)| rest));
    }
    let start = text.len() - rest.len();
    let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    start..start + len
}

/// The token that ends before a place, blanks and comments between them skipped.
#[must_use]
pub fn previous_token(text: &str, at: usize) -> Option<Range<usize>> {
    let mut end = 0;
    let mut last = None;
    for token in Tokens::new(&text[..at]) {
        if token.span.start >= at {
            break;
        }
        if token.span.end > end {
            end = token.span.end;
            last = Some(token.span);
        }
    }
    last
}

/// What the scan found wrong, if anything. `too-large` means that ron must not be run.
#[must_use]
pub fn problem(text: &str) -> Option<Found> {
    let problem = brackets_and_quotes(text)?;
    if problem.code == "syntax" { swallowed_end(text).or(Some(problem)) } else { Some(problem) }
}

/// A text that was begun with a straight quote and meant to end at a typographic one. Only of interest if
/// something does not add up: inside a text such quotes are welcome.
#[must_use]
pub fn swallowed_end(text: &str) -> Option<Found> {
    Tokens::new(text).find_map(|token| {
        let is_text = matches!(token.kind, TokenKind::Text | TokenKind::OpenText);
        let inside = &text[token.span.clone()];
        if !is_text || inside.starts_with('r') {
            return None;
        }
        let ends = |at: usize, c: char| {
            let rest = inside[at + c.len_utf8()..].trim_start_matches([' ', '\t']);
            rest.starts_with([',', ')', ']', '\n', '\r'])
        };
        let (at, c) = inside.char_indices().find(|(at, c)| is_curly(*c) && ends(*at, *c))?;
        let place = token.span.start + at..token.span.start + at + c.len_utf8();
        let message = format!("{} does not end a text", quote(&c.to_string()));
        let mut found =
            found("syntax", place, message, "not a straight quote", "use the straight quote \" instead");
        found.also.push((token.span.start..token.span.start + 1, "the text begins here".into()));
        Some(found)
    })
}

fn brackets_and_quotes(text: &str) -> Option<Found> {
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut long_text = None;
    let mut words = 0;
    for token in Tokens::new(text) {
        let Token { kind, span } = token;
        words += usize::from(matches!(kind, TokenKind::Word | TokenKind::Text));
        if words > MAX_WORDS {
            let message = format!("the file holds more than {MAX_WORDS} words and texts");
            return Some(found("too-large", span, message, "not read from here on", "split the file"));
        }
        match kind {
            TokenKind::Char(c @ ('(' | '[' | '{')) => {
                if open.len() >= MAX_DEPTH {
                    let message = format!("more than {MAX_DEPTH} brackets inside each other");
                    return Some(found(
                        "too-large",
                        span,
                        message,
                        "too deep",
                        "use fewer brackets inside brackets",
                    ));
                }
                open.push((c, span.start));
            }
            TokenKind::Char(c @ (')' | ']' | '}')) => match open.pop() {
                None => {
                    return Some(found(
                        "syntax",
                        span,
                        format!("`{c}` closes nothing"),
                        "no bracket is open here",
                        "remove it, or open one before",
                    ));
                }
                Some((opener, at)) if closer(opener) != c => {
                    let mut found = found(
                        "syntax",
                        span,
                        format!("`{c}` cannot close `{opener}`"),
                        &format!("`{}` wanted before this", closer(opener)),
                        "close brackets in the reverse order of opening",
                    );
                    found.also.push((at..at + 1, "opened here".into()));
                    return Some(found);
                }
                Some(_) => {}
            },
            TokenKind::Char(c) if is_curly(c) => {
                return Some(found(
                    "syntax",
                    span,
                    format!("{} is a typographic quote", quote(&c.to_string())),
                    "not a straight quote",
                    "use the straight quote \" instead",
                ));
            }
            TokenKind::Char(_) | TokenKind::Word => {}
            TokenKind::Text => {
                let inside = &text[span.clone()];
                if inside.contains('\n') && !inside.starts_with('r') {
                    long_text = long_text.or(Some(span.start));
                }
            }
            TokenKind::OpenText => {
                // With one quote too few, every text after it is turned inside out and the last one stays
                // open; the one at fault is most likely the first that runs over the end of its line.
                let at = long_text.unwrap_or(span.start);
                let opener = at..at + 1;
                let found = found(
                    "syntax",
                    opener,
                    "a text is opened here and never closed".into(),
                    "never closed",
                    "end the text with a straight quote \"",
                );
                return Some(found);
            }
            TokenKind::OpenComment => {
                return Some(found(
                    "syntax",
                    span.start..span.start + 2,
                    "a comment is opened here and never closed".into(),
                    "never closed",
                    "end the comment with */",
                ));
            }
        }
    }
    let (opener, at) = open.pop()?;
    let help = format!("add `{}` where this ends", closer(opener));
    let found = found(
        "syntax",
        at..at + 1,
        format!("`{opener}` is opened here and never closed"),
        "never closed",
        &help,
    );
    Some(found)
}

fn closer(opener: char) -> char {
    match opener {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn found(code: &'static str, span: Range<usize>, message: String, label: &str, help: &str) -> Found {
    Found { code, span, message, label: label.into(), help: Some(help.into()), also: Vec::new() }
}

struct Token {
    kind: TokenKind,
    span: Range<usize>,
}

enum TokenKind {
    /// A bracket or other single character.
    Char(char),
    /// A name or number.
    Word,
    /// A text with its quotes.
    Text,
    /// A text without an end.
    OpenText,
    /// A block comment without an end.
    OpenComment,
}

struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn take(&mut self, kind: TokenKind, len: usize) -> Option<Token> {
        let span = self.at..self.at + len;
        self.at = span.end;
        Some(Token { kind, span })
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = &self.text[self.at..];
            let c = rest.chars().next()?;
            if c.is_whitespace() {
                self.at += c.len_utf8();
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let len = block_comment_len(rest);
                if !(len >= 4 && rest[..len].ends_with("*/")) {
                    return self.take(TokenKind::OpenComment, rest.len());
                }
                self.at += len;
            } else if c == '"' {
                return match text_len(rest) {
                    Some(len) => self.take(TokenKind::Text, len),
                    None => self.take(TokenKind::OpenText, rest.len()),
                };
            } else if let Some(hashes) = raw_hashes(rest) {
                let end = format!("\"{}", "#".repeat(hashes));
                let start = hashes + 2;
                return match rest[start..].find(&end) {
                    Some(len) => self.take(TokenKind::Text, start + len + end.len()),
                    None => self.take(TokenKind::OpenText, rest.len()),
                };
            } else if c.is_alphanumeric() || "_-+.".contains(c) {
                let len =
                    rest.find(|c: char| !(c.is_alphanumeric() || "_-+.".contains(c))).unwrap_or(rest.len());
                return self.take(TokenKind::Word, len);
            } else {
                return self.take(TokenKind::Char(c), c.len_utf8());
            }
        }
    }
}

/// Length of the text in quotes at the start, quotes included; none if it does not end.
fn text_len(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// The number of `#` of a raw text `r#"`, if one starts here. ron allows at most 255.
fn raw_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.bytes().take_while(|b| *b == b'#').count();
    (hashes <= 255 && after[hashes..].starts_with('"')).then_some(hashes)
}
