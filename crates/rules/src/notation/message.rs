//! Message files: `Subject:` line, optionally `Preview:` and `Allow:`, a blank line, then Markdown.

use std::ops::Range;

use super::{
    Spanned, Text,
    spanned::Found,
    wording::{quote, suggest},
};

/// One message file as written.
#[derive(Debug)]
pub struct Message {
    /// Its id: the file's name without `.md`.
    pub id: String,
    /// Subject line.
    pub subject: Text,
    /// Preview line.
    pub preview: Option<Text>,
    /// Codes of warnings accepted in the whole file.
    pub allow: Vec<Text>,
    /// Markdown.
    pub body: Text,
}

/// The header words.
const HEADERS: [&str; 3] = ["Subject", "Preview", "Allow"];

/// Reads a message file's text (without a byte order mark).
#[must_use]
pub fn parse(id: &str, text: &str) -> (Option<Message>, Vec<Found>) {
    let mut found = Vec::new();
    let (mut subject, mut preview, mut allow) = (None, None, Vec::new());
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let written = line.trim_end();
        if written.is_empty() {
            if subject.is_none() && start == 0 {
                continue;
            }
            break;
        }
        let span = start..start + written.len();
        let Some((name, value)) = written.split_once(':').filter(|(name, _)| is_header_name(name)) else {
            let (message, help) = if subject.is_none() && found.is_empty() {
                ("the message has no subject", "begin the file with a line `Subject: ...` and a blank line")
            } else {
                ("this is not a header line", "a blank line should come before the text")
            };
            found.push(misshapen(span, message.into(), help));
            at = start;
            break;
        };
        let value_at = start + name.len() + 1 + (value.len() - value.trim_start().len());
        let value = Spanned { value: value.trim().to_owned(), span: value_at..start + written.len() };
        match name {
            "Subject" | "Preview" => {
                let slot = if name == "Subject" { &mut subject } else { &mut preview };
                if value.is_empty() {
                    found.push(misshapen(
                        span,
                        format!("`{name}:` is empty"),
                        "write some words after the colon",
                    ));
                } else if slot.is_some() {
                    found.push(misshapen(span, format!("`{name}:` is given twice"), "keep one of the two"));
                } else {
                    *slot = Some(value);
                }
            }
            "Allow" => allow.push(value),
            other => {
                let help = suggest(other, HEADERS).unwrap_or_else(|| {
                    "the lines before the blank line are `Subject:`, `Preview:` and `Allow:`".into()
                });
                let word = start..start + other.len();
                found.push(misshapen(word, format!("there is no header {}", quote(other)), &help));
            }
        }
    }
    let body = &text[at..];
    let lead = body.len() - body.trim_start().len();
    let body = Spanned { value: body.trim().to_owned(), span: at + lead..at + lead + body.trim().len() };
    if found.is_empty() {
        if subject.is_none() {
            found.push(misshapen(
                0..first_line_len(text),
                "the message has no subject".into(),
                "begin the file with a line `Subject: ...`",
            ));
        } else if body.is_empty() {
            found.push(misshapen(
                0..first_line_len(text),
                "the message has no text".into(),
                "write the text after a blank line",
            ));
        }
    }
    let message = subject.map(|subject| Message { id: id.to_owned(), subject, preview, allow, body });
    (message.filter(|_| found.is_empty()), found)
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 20 && name.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
}

fn first_line_len(text: &str) -> usize {
    text.lines().next().unwrap_or_default().trim_end().len()
}

fn misshapen(span: Range<usize>, message: String, help: &str) -> Found {
    Found {
        code: "message-shape",
        span,
        message,
        label: "here".into(),
        help: Some(help.into()),
        also: Vec::new(),
    }
}
