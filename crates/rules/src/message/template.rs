//! The templates: minijinja, strict, and only as much of it as a mail needs: placeholders, `{% if %}` and a
//! few filters. Without loops and variables no text can grow out of hand.
//!
//! A printed value leaves the template as marks: each UTF-8 byte as one private-use character. Markdown
//! treats those as plain letters; `document` turns them back once the structure is fixed.

use std::{cell::RefCell, collections::BTreeSet, ops::Range, sync::LazyLock};

use minijinja::{
    Environment, ErrorKind, Output, State, UndefinedBehavior, Value, filters, syntax::SyntaxConfig, tests,
};

use super::{Filling, Part, RenderError, RenderProblem, TemplateError};
use crate::book::MessageText;

/// Instructions one part may take: a hundred times what the longest shipped message takes.
pub const FUEL: u64 = 20_000;

/// Longest expanded part, and longest printed value, in bytes: some thirty pages.
const LONGEST: usize = 64 * 1024;

/// The statements a message may use.
const STATEMENTS: [&str; 4] = ["if", "elif", "else", "endif"];

/// Marks stand for the bytes 0 to 255 from here on, in a plane set aside for private use.
const FIRST_MARK: u32 = 0xF_0000;

/// The first byte of every mark in UTF-8.
const MARKS_BEGIN_WITH: u8 = 0xF3;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    // Empty: no `range`, `debug` and the like, so that every unknown name is an unknown placeholder.
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // Debug information would carry the patient's values.
    environment.set_debug(false);
    environment.set_formatter(print);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("default", default);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment.add_test("none", tests::is_none);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment
});

/// Templates kept parsed on each thread: more parts than the messages of a book have. Then it begins anew.
const KEPT_AT_MOST: usize = 256;

/// The environment with templates that have been parsed, each under its own source as its name, and how many.
struct Kept {
    environment: Environment<'static>,
    count: usize,
}

thread_local! {
    // Parsing takes longer than rendering, and a morning's check-ins are all made from one message.
    static KEPT: RefCell<Kept> = RefCell::new(Kept { environment: ENVIRONMENT.clone(), count: 0 });
}

/// Why a template was not carried out.
enum Refused {
    /// It has a statement that messages do not have, on this line.
    Statement(usize),
    Failed(minijinja::Error),
}

impl From<minijinja::Error> for Refused {
    fn from(error: minijinja::Error) -> Self {
        Self::Failed(error)
    }
}

/// Carries a template out; the first time it is looked at and parsed, too.
fn render(source: &str, values: Value) -> Result<String, Refused> {
    KEPT.with_borrow_mut(|kept| {
        if let Ok(template) = kept.environment.get_template(source) {
            return Ok(template.render(values)?);
        }
        let sound = without_marks(source);
        if let Some((line, _)) = statement_not_for_mails(&sound) {
            return Err(Refused::Statement(line));
        }
        if kept.count >= KEPT_AT_MOST {
            kept.environment.clear_templates();
            kept.count = 0;
        }
        kept.environment.add_template_owned(source.to_owned(), sound)?;
        kept.count += 1;
        Ok(kept.environment.get_template(source)?.render(values)?)
    })
}

/// Expands one part of a message. Printed values come out as marks.
pub fn expand(
    text: &MessageText,
    part: Part,
    source: &str,
    filling: &Filling,
) -> Result<String, RenderError> {
    let fail = |line, why| RenderError { message: text.id.clone(), part, line, why };
    let in_file = |line: usize| line + first_line(text, part) - 1;
    let expanded = render(source, filling.values()).map_err(|refused| match refused {
        Refused::Statement(line) => {
            let why = RenderProblem::Template("`{% if %}` is the only statement messages have");
            fail(Some(in_file(line)), why)
        }
        Refused::Failed(error) => {
            let why = match error.kind() {
                ErrorKind::UndefinedError => {
                    RenderProblem::NoValue(names_without_value(&without_marks(source), filling))
                }
                ErrorKind::OutOfFuel => RenderProblem::TooLong,
                kind => RenderProblem::Template(name_of(kind)),
            };
            fail(error.line().map(in_file), why)
        }
    })?;
    if expanded.len() > LONGEST { Err(fail(None, RenderProblem::TooLong)) } else { Ok(expanded) }
}

/// See [`super::placeholders_used`].
pub fn placeholders_used(text: &MessageText) -> Result<Vec<(String, Range<usize>)>, TemplateError> {
    let mut found = Vec::new();
    for (part, offset, source) in parts(text) {
        let in_file = |error: TemplateError| TemplateError {
            line: error.line + first_line(text, part) - 1,
            message: error.message,
        };
        for (name, range) in placeholders_in(source).map_err(in_file)? {
            found.push((name, range.start + offset..range.end + offset));
        }
    }
    Ok(found)
}

/// See [`super::placeholders_in`].
pub fn placeholders_in(source: &str) -> Result<Vec<(String, Range<usize>)>, TemplateError> {
    let names = names_in(source).map_err(|error| TemplateError {
        line: error.line().unwrap_or(1),
        message: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
    })?;
    if let Some((line, statement)) = statement_not_for_mails(source) {
        let message = format!("messages have no `{{% {statement} %}}`, only `{{% if %}}`");
        return Err(TemplateError { line, message });
    }
    Ok(uses_of(source, &names))
}

/// Marks back to the characters they stand for.
pub fn unmark(text: &str) -> String {
    if !text.as_bytes().contains(&MARKS_BEGIN_WITH) {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte_of(c) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    // Whole values only are marked, so the bytes are valid UTF-8.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Removes marks that the clinic's text has in it: only `print` may make them.
fn without_marks(text: &str) -> String {
    text.chars().filter(|c| byte_of(*c).is_none()).collect()
}

/// `{{ name|default("you") }}`: other words for a placeholder that has no value here, or an empty one.
/// Minijinja's own looks at undefined names only.
fn default(value: Value, other: Value) -> Value {
    let empty = value.is_undefined() || value.is_none() || value.as_str() == Some("");
    if empty { other } else { value }
}

/// Minijinja's formatter: what `{{ value }}` writes.
fn print(out: &mut Output<'_>, _state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_undefined() || value.is_none() {
        return Err(minijinja::Error::from(ErrorKind::UndefinedError));
    }
    let plain = value.to_string();
    if plain.len() > LONGEST {
        return Err(minijinja::Error::from(ErrorKind::OutOfFuel));
    }
    for byte in plain.bytes() {
        if let Some(mark) = char::from_u32(FIRST_MARK + u32::from(byte)) {
            out.write_str(mark.encode_utf8(&mut [0; 4]))?;
        }
    }
    Ok(())
}

fn byte_of(mark: char) -> Option<u8> {
    u32::from(mark).checked_sub(FIRST_MARK).and_then(|byte| u8::try_from(byte).ok())
}

/// The parts of a message with their offsets in the file as normally written.
fn parts(text: &MessageText) -> Vec<(Part, usize, &str)> {
    let mut parts = vec![(Part::Subject, "Subject: ".len(), &*text.subject)];
    let mut end = "Subject: ".len() + text.subject.len() + 1;
    if let Some(preview) = &text.preview {
        parts.push((Part::Preview, end + "Preview: ".len(), preview));
        end += "Preview: ".len() + preview.len() + 1;
    }
    parts.push((Part::Body, end + 1, &text.body));
    parts
}

/// The line of the file on which a part begins.
fn first_line(text: &MessageText, part: Part) -> usize {
    match part {
        Part::Subject => 1,
        Part::Preview => 2,
        Part::Body => 3 + usize::from(text.preview.is_some()),
    }
}

fn names_in(source: &str) -> Result<BTreeSet<String>, minijinja::Error> {
    Ok(ENVIRONMENT.template_from_str(source)?.undeclared_variables(false).into_iter().collect())
}

fn names_without_value(source: &str, filling: &Filling) -> Vec<String> {
    let mut names: Vec<String> = names_in(source).unwrap_or_default().into_iter().collect();
    names.retain(|name| !filling.has(name));
    names
}

/// Where in the tags of a template these names stand, in order.
fn uses_of(source: &str, names: &BTreeSet<String>) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    for tag in tags(source) {
        let mut quoted = None;
        let mut at = tag.start;
        while let Some(c) = source[at..tag.end].chars().next() {
            let start = at;
            at += c.len_utf8();
            match quoted {
                Some(quote) => quoted = (c != quote).then_some(quote),
                None if c == '"' || c == '\'' => quoted = Some(c),
                None if c.is_alphabetic() || c == '_' => {
                    let word =
                        source[start..tag.end].chars().take_while(|c| c.is_alphanumeric() || *c == '_');
                    at = start + word.map(char::len_utf8).sum::<usize>();
                    let attribute = source[..start].trim_end().ends_with('.');
                    if !attribute && names.contains(&source[start..at]) {
                        found.push((source[start..at].to_owned(), start..at));
                    }
                }
                None => {}
            }
        }
    }
    found
}

/// The first statement that messages do not have: its line and word.
fn statement_not_for_mails(source: &str) -> Option<(usize, &str)> {
    tags(source).into_iter().find_map(|tag| {
        source[..tag.start].ends_with("{%").then_some(())?;
        let inside = source[tag.clone()].trim_start_matches(['-', '+']).trim_start();
        let word = inside.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let line = source[..tag.start].matches('\n').count() + 1;
        (!STATEMENTS.contains(&word)).then_some((line, word))
    })
}

/// The insides of `{{ }}` and `{% %}`, comments left out.
fn tags(source: &str) -> Vec<Range<usize>> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(open) = source[at..].find('{').map(|found| at + found) {
        let (close, keep) = match source.as_bytes().get(open + 1) {
            Some(b'{') => ("}}", true),
            Some(b'%') => ("%}", true),
            Some(b'#') => ("#}", false),
            _ => {
                at = open + 1;
                continue;
            }
        };
        let end = source[open + 2..].find(close).map_or(source.len(), |found| open + 2 + found);
        if keep {
            tags.push(open + 2..end);
        }
        at = (end + close.len()).min(source.len());
    }
    tags
}

/// Words for a kind of failure that carry nothing of the values involved.
fn name_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::SyntaxError => "not a valid template",
        ErrorKind::UnknownFilter => "no such filter",
        ErrorKind::UnknownTest => "no such test",
        ErrorKind::UnknownFunction => "no such function",
        ErrorKind::UnknownMethod => "no such method",
        ErrorKind::TooManyArguments | ErrorKind::MissingArgument => "wrong number of arguments",
        _ => "the template cannot be carried out",
    }
}
