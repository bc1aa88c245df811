//! A message body as a small tree: what the text part and the HTML part are both made from.
//!
//! Only what a mail needs: headings, paragraphs, lists, quotes, code, rules, emphasis, links. Raw HTML is
//! shown as typed, images become their description, links lead to `http`, `https`, `mailto` and `tel` only.

use pulldown_cmark::{Event, Options, Parser, Tag, TextMergeStream};

use super::template::unmark;

/// Deepest nesting kept; what lies deeper is lifted out. Keeps recursion in the renderers bounded.
const DEEPEST: usize = 16;

/// A block.
#[derive(Clone, PartialEq, Debug)]
pub enum Block {
    /// Level 1 to 6, and the words.
    Heading(u8, Vec<Inline>),
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list; the number of its first item if it is numbered.
    List(Option<u64>, Vec<Vec<Block>>),
    /// A quotation.
    Quote(Vec<Block>),
    /// Lines kept as they are.
    Code(String),
    /// A line across.
    Rule,
}

/// A run of words.
#[derive(Clone, PartialEq, Debug)]
pub enum Inline {
    /// Words.
    Text(String),
    /// Words in a fixed pitch.
    Code(String),
    /// Stressed words.
    Emphasis(Vec<Inline>),
    /// Strongly stressed words.
    Strong(Vec<Inline>),
    /// Words that lead somewhere. The address has passed [`allowed`].
    Link(String, Vec<Inline>),
    /// A line break the author asked for.
    Break,
}

/// Parses Markdown in which values stand as marks.
pub fn parse(markdown: &str) -> Vec<Block> {
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
            Event::Text(words) => add(&mut stack, Inline::Text(unmark(&words))),
            Event::Html(words) | Event::InlineHtml(words) => add(&mut stack, Inline::Text(unmark(&words))),
            Event::Code(words) => add(&mut stack, Inline::Code(unmark(&words))),
            Event::SoftBreak => add(&mut stack, Inline::Text(" ".to_owned())),
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

/// The words of a run without their decoration.
pub fn plain(inlines: &[Inline]) -> String {
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
    words
}

/// The address and words of a paragraph that is one link and nothing else: a button.
pub fn only_link(inlines: &[Inline]) -> Option<(&str, String)> {
    let mut link = None;
    for inline in inlines {
        match inline {
            Inline::Link(address, label) if link.is_none() => link = Some((address.as_str(), plain(label))),
            Inline::Text(text) if text.trim().is_empty() => {}
            _ => return None,
        }
    }
    link
}

/// Whether a mail may lead there: a known scheme, and no character that could hide the rest.
fn allowed(address: &str) -> bool {
    let lower = address.to_ascii_lowercase();
    let scheme = ["https://", "http://", "mailto:", "tel:"];
    scheme.iter().any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len())
        && !address.chars().any(|c| c.is_whitespace() || c.is_control() || super::is_direction_mark(c))
}

fn add(stack: &mut [Frame], inline: Inline) {
    if let Some(frame) = stack.last_mut() {
        frame.inlines.push(inline);
    }
}

/// An element whose end has not been reached.
struct Frame {
    open: Open,
    blocks: Vec<Block>,
    items: Vec<Vec<Block>>,
    inlines: Vec<Inline>,
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
            Tag::Link { dest_url, .. } => {
                let address = unmark(dest_url);
                if allowed(&address) { Self::Link(address) } else { Self::Nothing }
            }
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

    fn block(&mut self, block: Block) {
        self.settle();
        self.blocks.push(block);
    }

    fn into_blocks(mut self) -> Vec<Block> {
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
            Open::Code => self.block(Block::Code(plain(&done.inlines))),
            Open::Emphasis => self.inlines.push(Inline::Emphasis(done.inlines)),
            Open::Strong => self.inlines.push(Inline::Strong(done.inlines)),
            Open::Link(address) => self.inlines.push(Inline::Link(address, done.inlines)),
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
