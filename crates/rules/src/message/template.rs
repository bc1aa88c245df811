//! The templates: minijinja, strict, and only as much of it as a mail needs: placeholders, `{% if %}` and a
//! few filters. Without loops and variables no text can grow out of hand.
//!
//! A printed value leaves the template as a slot: one private-use character that says which of the values it
//! stands for. Markdown treats it as a letter; `document` puts the value there once the structure is fixed. So
//! the text is the same for all patients for whom the same parts of the template are written.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::LazyLock,
};

use minijinja::{
    Environment, ErrorKind, Output, State, UndefinedBehavior, Value, filters, syntax::SyntaxConfig, tests,
};

use super::{Filling, Part, RenderError, RenderProblem, TemplateError, quick::Program};
use crate::book::MessageText;

/// Instructions one part may take: a hundred times what the longest shipped message takes.
pub const FUEL: u64 = 20_000;

/// Longest expanded part, and longest printed value, in bytes: some thirty pages.
const LONGEST: usize = 64 * 1024;

/// The statements a message may use.
const STATEMENTS: [&str; 4] = ["if", "elif", "else", "endif"];

/// Slots are the characters from here to the last one of a plane set aside for private use.
const FIRST_SLOT: u32 = 0xF_0000;
const LAST_SLOT: u32 = 0xF_FFFD;

/// The first byte of every slot in UTF-8.
const SLOTS_BEGIN_WITH: u8 = 0xF3;

/// The values that one part printed; slot number n stands for the value at n.
#[derive(Debug, Default)]
pub struct Printed {
    values: Vec<String>,
    /// Bytes of all that was printed, each value as often as it was.
    length: usize,
}

/// One part of a message with slots in it, and what they stand for.
pub struct Expanded {
    /// The text.
    pub text: String,
    /// The values.
    pub printed: Printed,
}

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

    // The same for those that do not need minijinja; nothing for those that do.
    static PROGRAMS: RefCell<HashMap<String, Option<Program>>> = RefCell::default();

    // Where `print` leaves the values; empty but while a template is carried out.
    static PRINTED: RefCell<Printed> = RefCell::default();
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

/// Carries a template out. If it is to be kept, it is looked at and parsed the first time only.
fn render(source: &str, filling: &Filling, keep: bool) -> Result<Expanded, Refused> {
    if keep && let Some(expanded) = render_quickly(source, filling) {
        return Ok(expanded);
    }
    let values = filling.values();
    let text = if keep { render_kept(source, values) } else { render_once(source, values) };
    // Also when it failed: nothing of a patient is left behind.
    let printed = PRINTED.take();
    Ok(Expanded { text: text?, printed })
}

/// Carries out a template that does not need minijinja, nor its words for what is wrong.
fn render_quickly(source: &str, filling: &Filling) -> Option<Expanded> {
    let mut printed = Printed::default();
    let text = PROGRAMS.with_borrow_mut(|kept| {
        if let Some(program) = kept.get(source) {
            return program.as_ref()?.run(filling, &mut printed);
        }
        if kept.len() >= KEPT_AT_MOST {
            kept.clear();
        }
        let program = kept.entry(source.to_owned()).or_insert_with(|| Program::of(&without_slots(source)));
        program.as_ref()?.run(filling, &mut printed)
    })?;
    Some(Expanded { text, printed })
}

fn render_kept(source: &str, values: Value) -> Result<String, Refused> {
    KEPT.with_borrow_mut(|kept| {
        if let Ok(template) = kept.environment.get_template(source) {
            return Ok(template.render(values)?);
        }
        let sound = sound(source)?;
        if kept.count >= KEPT_AT_MOST {
            kept.environment.clear_templates();
            kept.count = 0;
        }
        kept.environment.add_template_owned(source.to_owned(), sound)?;
        kept.count += 1;
        Ok(kept.environment.get_template(source)?.render(values)?)
    })
}

fn render_once(source: &str, values: Value) -> Result<String, Refused> {
    Ok(ENVIRONMENT.template_from_str(&sound(source)?)?.render(values)?)
}

/// A template as it may be parsed.
fn sound(source: &str) -> Result<String, Refused> {
    let sound = without_slots(source);
    match statement_not_for_mails(&sound) {
        Some((line, _)) => Err(Refused::Statement(line)),
        None => Ok(sound),
    }
}

/// Expands one part of a message; `keep` a text that is rendered again and again.
pub fn expand(
    text: &MessageText,
    part: Part,
    source: &str,
    filling: &Filling,
    keep: bool,
) -> Result<Expanded, RenderError> {
    let fail = |line, why| RenderError { message: text.id.clone(), part, line, why };
    let in_file = |line: usize| line + first_line(text, part) - 1;
    let expanded = render(source, filling, keep).map_err(|refused| match refused {
        Refused::Statement(line) => {
            let why = RenderProblem::Template("`{% if %}` is the only statement messages have");
            fail(Some(in_file(line)), why)
        }
        Refused::Failed(error) => {
            let why = match error.kind() {
                ErrorKind::UndefinedError => {
                    RenderProblem::NoValue(names_without_value(&without_slots(source), filling))
                }
                ErrorKind::OutOfFuel => RenderProblem::TooLong,
                kind => RenderProblem::Template(name_of(kind)),
            };
            fail(error.line().map(in_file), why)
        }
    })?;
    let length = expanded.text.len() + expanded.printed.length;
    if length > LONGEST { Err(fail(None, RenderProblem::TooLong)) } else { Ok(expanded) }
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

impl Printed {
    /// A text with the values in place of their slots.
    pub fn fill<'a>(&'a self, text: &'a str) -> Cow<'a, str> {
        // Without an early end, so that many bytes are looked at at once.
        if !text.bytes().fold(false, |some, byte| some | (byte == SLOTS_BEGIN_WITH)) {
            return Cow::Borrowed(text);
        }
        let mut only = text.chars();
        if let (Some(c), None) = (only.next(), only.next())
            && let Some(value) = slot(c).and_then(|slot| self.values.get(slot))
        {
            return Cow::Borrowed(value);
        }
        let mut filled = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte == SLOTS_BEGIN_WITH) {
            let (before, from_slot) = rest.split_at(at);
            filled.push_str(before);
            let mut characters = from_slot.chars();
            match characters.next().and_then(slot).map(|slot| self.values.get(slot)) {
                Some(value) => filled.push_str(value.map_or("", String::as_str)),
                // Another character that begins with this byte.
                None => filled.push_str(&from_slot[..from_slot.len() - characters.as_str().len()]),
            }
            rest = characters.as_str();
        }
        filled.push_str(rest);
        Cow::Owned(filled)
    }

    /// The slot of a value. The same value has one slot, so that two link labels made of it are the same.
    pub(super) fn slot_for(&mut self, value: &str) -> Option<char> {
        self.length += value.len();
        let known = self.values.iter().position(|known| known == value);
        let index = known.unwrap_or_else(|| {
            self.values.push(value.to_owned());
            self.values.len() - 1
        });
        let number = FIRST_SLOT + u32::try_from(index).ok()?;
        char::from_u32(number).filter(|_| number <= LAST_SLOT)
    }
}

/// Removes the characters of slots that the clinic's text has in it: only `print` may make them.
fn without_slots(text: &str) -> String {
    text.chars().filter(|c| slot(*c).is_none()).collect()
}

/// The number of a slot.
fn slot(c: char) -> Option<usize> {
    (FIRST_SLOT..=LAST_SLOT).contains(&u32::from(c)).then(|| (u32::from(c) - FIRST_SLOT) as usize)
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
    let plain = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
    if plain.is_empty() {
        return Ok(());
    }
    let too_much = || minijinja::Error::from(ErrorKind::OutOfFuel);
    if plain.len() > LONGEST {
        return Err(too_much());
    }
    let slot = PRINTED.with_borrow_mut(|printed| printed.slot_for(&plain)).ok_or_else(too_much)?;
    Ok(out.write_str(slot.encode_utf8(&mut [0; 4]))?)
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

#[cfg(test)]
mod held_to_minijinja;
