//! A message body as a small tree: what the text part and the HTML part are both made from.
//!
//! Only what a mail needs: headings, paragraphs, lists, quotes, code, rules, emphasis, links. Raw HTML is
//! shown as typed, images become their description, links lead to `http`, `https`, `mailto` and `tel` only.

use std::{borrow::Cow, cell::RefCell, collections::HashMap};

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TextMergeStream};

use super::template::{Expanded, Printed};

/// Deepest nesting kept; what lies deeper is lifted out. Keeps recursion in the renderers bounded.
const DEEPEST: usize = 16;

/// A block.
#[derive(Clone, PartialEq, Debug)]
pub enum Block<'a> {
    /// Level 1 to 6, and the words.
    Heading(u8, Vec<Inline<'a>>),
    /// A paragraph.
    Paragraph(Vec<Inline<'a>>),
    /// A list; the number of its first item if it is numbered.
    List(Option<u64>, Vec<Vec<Block<'a>>>),
    /// A quotation.
    Quote(Vec<Block<'a>>),
    /// Lines kept as they are.
    Code(Cow<'a, str>),
    /// A line across.
    Rule,
}

/// A run of words.
#[derive(Clone, PartialEq, Debug)]
pub enum Inline<'a> {
    /// Words.
    Text(Cow<'a, str>),
    /// Words in a fixed pitch.
    Code(Cow<'a, str>),
    /// Stressed words.
    Emphasis(Vec<Inline<'a>>),
    /// Strongly stressed words.
    Strong(Vec<Inline<'a>>),
    /// Words that lead somewhere. Once its slots are filled, the address has passed [`allowed`].
    Link(Cow<'a, str>, Vec<Inline<'a>>),
    /// A line break the author asked for.
    Break,
}

/// Trees kept on each thread, and the longest text that one is kept of, in bytes: some megabytes at most.
const KEPT_AT_MOST: usize = 128;
const LONGEST_KEPT: usize = 8 * 1024;

thread_local! {
    // A morning's check-ins are one text with other values in its slots. No value is ever in here.
    static KEPT: RefCell<HashMap<String, Vec<Block<'static>>>> = RefCell::default();
}

/// Makes something of the tree of an expanded body, values in their slots. A text to `keep` is parsed the first time
/// only.
pub fn with_tree<T>(body: &Expanded, keep: bool, make: impl FnOnce(&[Block<'_>]) -> T) -> T {
    let Expanded { text, printed } = body;
    if !keep || text.len() > LONGEST_KEPT {
        return make(&filled(&parse(text), printed));
    }
    KEPT.with_borrow_mut(|kept| {
        if let Some(blocks) = kept.get(text) {
            return make(&filled(blocks, printed));
        }
        if kept.len() >= KEPT_AT_MOST {
            kept.clear();
        }
        make(&filled(kept.entry(text.clone()).or_insert_with(|| parse(text)), printed))
    })
}

/// The blocks with values in place of the slots.
fn filled<'a>(blocks: &'a [Block<'_>], values: &'a Printed) -> Vec<Block<'a>> {
    let block = |block: &'a Block<'_>| match block {
        Block::Heading(level, words) => Block::Heading(*level, filled_words(words, values)),
        Block::Paragraph(words) => Block::Paragraph(filled_words(words, values)),
        Block::List(start, items) => {
            Block::List(*start, items.iter().map(|item| filled(item, values)).collect())
        }
        Block::Quote(inner) => Block::Quote(filled(inner, values)),
        Block::Code(code) => Block::Code(values.fill(code)),
        Block::Rule => Block::Rule,
    };
    blocks.iter().map(block).collect()
}

fn filled_words<'a>(words: &'a [Inline<'_>], values: &'a Printed) -> Vec<Inline<'a>> {
    let mut filled = Vec::with_capacity(words.len());
    for word in words {
        match word {
            Inline::Text(text) => filled.push(Inline::Text(values.fill(text))),
            Inline::Code(code) => filled.push(Inline::Code(values.fill(code))),
            Inline::Emphasis(inner) => filled.push(Inline::Emphasis(filled_words(inner, values))),
            Inline::Strong(inner) => filled.push(Inline::Strong(filled_words(inner, values))),
            Inline::Link(address, label) => {
                let (address, mut label) = (values.fill(address), filled_words(label, values));
                // Judged as it will be read, with the values in it; one not allowed is only its words.
                if allowed(&address) {
                    filled.push(Inline::Link(address, label));
                } else {
                    filled.append(&mut label);
                }
            }
            Inline::Break => filled.push(Inline::Break),
        }
    }
    filled
}

/// Parses Markdown in which slots stand for values.
fn parse(markdown: &str) -> Vec<Block<'static>> {
    let mut stack = vec![Frame::new(Open::Nothing)];
    for event in TextMergeStream::new(Parser::new_ext(markdown, Options::empty())) {
        match event {
            Event::Start(tag) => {
                let open = if stack.len() > DEEPEST { Open::Nothing } else { Open::from(&tag) };
                stack.push(Frame::new(open));
            }
            Event::End(_) => {
                if stack.len() > 1
                    && let Some(done) = stack.pop()
                    && let Some(parent) = stack.last_mut()
                {
                    parent.take(done);
                }
            }
            Event::Text(words) => add(&mut stack, Inline::Text(owned(words))),
            Event::Html(words) | Event::InlineHtml(words) => add(&mut stack, Inline::Text(owned(words))),
            Event::Code(words) => add(&mut stack, Inline::Code(owned(words))),
            Event::SoftBreak => add(&mut stack, Inline::Text(Cow::Borrowed(" "))),
            Event::HardBreak => add(&mut stack, Inline::Break),
            Event::Rule => {
                if let Some(frame) = stack.last_mut() {
                    frame.block(Block::Rule);
                }
            }
            // Mathematics, footnotes and task lists are extensions that are switched off.
            _ => {}
        }
    }
    stack.into_iter().next().map(Frame::into_blocks).unwrap_or_default()
}

fn owned(words: CowStr<'_>) -> Cow<'static, str> {
    Cow::Owned(words.into_string())
}

/// The words of a run without their decoration.
pub fn plain<'a>(inlines: &'a [Inline<'_>]) -> Cow<'a, str> {
    if let [Inline::Text(words) | Inline::Code(words)] = inlines {
        return Cow::Borrowed(words);
    }
    let mut words = String::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) | Inline::Code(text) => words.push_str(text),
            Inline::Emphasis(inner) | Inline::Strong(inner) | Inline::Link(_, inner) => {
                words.push_str(&plain(inner));
            }
            Inline::Break => words.push(' '),
        }
    }
    Cow::Owned(words)
}

/// The address and words of a paragraph that is one link and nothing else: a button.
pub fn only_link<'a>(inlines: &'a [Inline<'_>]) -> Option<(&'a str, Cow<'a, str>)> {
    let mut link = None;
    for inline in inlines {
        match inline {
            Inline::Link(address, label) if link.is_none() => link = Some((&**address, plain(label))),
            Inline::Text(text) if text.trim().is_empty() => {}
            _ => return None,
        }
    }
    link
}

/// Whether a mail may lead there: a known scheme, and no character that could hide the rest.
fn allowed(address: &str) -> bool {
    let begins_with = |scheme: &&str| {
        let begin = address.as_bytes().get(..scheme.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    let schemes = ["https://", "http://", "mailto:", "tel:"];
    schemes.iter().find(|scheme| begins_with(scheme)).is_some_and(|scheme| address.len() > scheme.len())
        && (address.bytes().all(|byte| byte.is_ascii_graphic())
            || !address.chars().any(|c| c.is_whitespace() || c.is_control() || super::is_direction_mark(c)))
}

fn add(stack: &mut [Frame], inline: Inline<'static>) {
    if let Some(frame) = stack.last_mut() {
        frame.inlines.push(inline);
    }
}

/// An element whose end has not been reached.
struct Frame {
    open: Open,
    blocks: Vec<Block<'static>>,
    items: Vec<Vec<Block<'static>>>,
    inlines: Vec<Inline<'static>>,
}

enum Open {
    Nothing,
    Heading(u8),
    Paragraph,
    List(Option<u64>),
    Item,
    Quote,
    Code,
    Emphasis,
    Strong,
    Link(String),
}

impl From<&Tag<'_>> for Open {
    fn from(tag: &Tag<'_>) -> Self {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => Self::Paragraph,
            Tag::Heading { level, .. } => Self::Heading(*level as u8),
            Tag::List(start) => Self::List(*start),
            Tag::Item => Self::Item,
            Tag::BlockQuote(_) => Self::Quote,
            Tag::CodeBlock(_) => Self::Code,
            Tag::Emphasis => Self::Emphasis,
            Tag::Strong => Self::Strong,
            Tag::Link { dest_url, .. } => Self::Link(dest_url.to_string()),
            _ => Self::Nothing,
        }
    }
}

impl Frame {
    fn new(open: Open) -> Self {
        Self { open, blocks: Vec::new(), items: Vec::new(), inlines: Vec::new() }
    }

    /// Words that stood outside any paragraph (in a tight list) become one.
    fn settle(&mut self) {
        if !self.inlines.is_empty() {
            let inlines = std::mem::take(&mut self.inlines);
            self.blocks.push(Block::Paragraph(inlines));
        }
    }

    fn block(&mut self, block: Block<'static>) {
        self.settle();
        self.blocks.push(block);
    }

    fn into_blocks(mut self) -> Vec<Block<'static>> {
        self.settle();
        self.blocks.extend(self.items.into_iter().flatten());
        self.blocks
    }

    /// Takes in an element that has just ended.
    fn take(&mut self, mut done: Frame) {
        match std::mem::replace(&mut done.open, Open::Nothing) {
            Open::Heading(level) => self.block(Block::Heading(level, done.inlines)),
            Open::Paragraph => self.block(Block::Paragraph(done.inlines)),
            Open::List(start) => self.block(Block::List(start, done.items)),
            Open::Item => self.items.push(done.into_blocks()),
            Open::Quote => self.block(Block::Quote(done.into_blocks())),
            Open::Code => self.block(Block::Code(Cow::Owned(plain(&done.inlines).into_owned()))),
            Open::Emphasis => self.inlines.push(Inline::Emphasis(done.inlines)),
            Open::Strong => self.inlines.push(Inline::Strong(done.inlines)),
            Open::Link(address) => self.inlines.push(Inline::Link(Cow::Owned(address), done.inlines)),
            Open::Nothing => {
                let only_words = done.blocks.is_empty() && done.items.is_empty();
                if only_words {
                    self.inlines.append(&mut done.inlines);
                } else {
                    self.settle();
                    self.blocks.append(&mut done.into_blocks());
                }
            }
        }
    }
}
