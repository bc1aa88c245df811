//! Templates that only print placeholders and ask with `{% if name %}` whether they have a value, as nearly all do:
//! carried out without minijinja, which takes longer to get ready than such a template takes.
//!
//! Whatever goes beyond that, and whatever fails, is minijinja's: it says what is wrong. A test holds both to each other.

use std::borrow::Cow;

use minijinja::Value;

use super::{Filling, PLACEHOLDERS, template::Printed};

/// Steps of one template: far from what minijinja's fuel is enough for.
const STEPS: usize = 1_000;

/// Longest value that is printed here.
const LONGEST: usize = 8 * 1024;

/// What a template does.
#[derive(Debug)]
pub struct Program {
    steps: Vec<Step>,
    /// Bytes of its source.
    length: usize,
}

#[derive(Debug)]
enum Step {
    Write(String),
    /// The placeholder with this number.
    Print(usize),
    /// Goes on at another step, if this placeholder has no value or an empty one.
    Unless(usize, usize),
}

impl Program {
    /// Of a template without slots in its text; none if it needs minijinja.
    pub fn of(source: &str) -> Option<Self> {
        // Minijinja drops one line end at the end.
        let text = source.strip_suffix('\n').map_or(source, |text| text.strip_suffix('\r').unwrap_or(text));
        let (mut steps, mut open) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some(at) = rest.find('{').filter(|at| at + 1 < rest.len()) {
            let (before, tag) = rest.split_at(at);
            let (inside, after) = match tag.as_bytes()[1] {
                b'{' => tag[2..].split_once("}}")?,
                b'%' => tag[2..].split_once("%}")?,
                b'#' => return None,
                // A brace that is only a brace: with what follows it.
                _ => {
                    write(&mut steps, &rest[..=at]);
                    rest = &rest[at + 1..];
                    continue;
                }
            };
            write(&mut steps, before);
            if tag.as_bytes()[1] == b'{' {
                steps.push(Step::Print(number_of(inside)?));
            } else {
                // White space before a statement and a line end behind it may have to go.
                if before.ends_with(char::is_whitespace) || after.starts_with(['\n', '\r']) {
                    return None;
                }
                match inside.trim_matches(' ').split_once(' ') {
                    Some(("if", name)) => {
                        open.push(steps.len());
                        steps.push(Step::Unless(number_of(name)?, 0));
                    }
                    None if inside.trim_matches(' ') == "endif" => {
                        let (begun, end) = (open.pop()?, steps.len());
                        if let Some(Step::Unless(_, otherwise)) = steps.get_mut(begun) {
                            *otherwise = end;
                        }
                    }
                    _ => return None,
                }
            }
            rest = after;
        }
        write(&mut steps, rest);
        (open.is_empty() && steps.len() <= STEPS).then_some(Self { steps, length: text.len() })
    }

    /// Carries it out; none if minijinja has to say what is wrong.
    pub fn run(&self, filling: &Filling, printed: &mut Printed) -> Option<String> {
        let mut text = String::with_capacity(self.length);
        let mut at = 0;
        while let Some(step) = self.steps.get(at) {
            at += 1;
            match step {
                Step::Write(words) => text.push_str(words),
                Step::Print(number) => print(filling.numbered(*number), printed, &mut text)?,
                Step::Unless(number, otherwise) => {
                    if !filling.numbered(*number).is_true() {
                        at = *otherwise;
                    }
                }
            }
        }
        Some(text)
    }
}

fn print(value: &Value, printed: &mut Printed, text: &mut String) -> Option<()> {
    let plain = match value.as_str() {
        Some(plain) => Cow::Borrowed(plain),
        None if value.is_none() => return None,
        None => Cow::Owned(value.to_string()),
    };
    if plain.len() > LONGEST {
        return None;
    }
    if !plain.is_empty() {
        text.push(printed.slot_for(&plain)?);
    }
    Some(())
}

/// Adds words, never to those before: between them an `{% if %}` may end.
fn write(steps: &mut Vec<Step>, words: &str) {
    if !words.is_empty() {
        steps.push(Step::Write(words.to_owned()));
    }
}

/// The number of a placeholder; none if there is more in the tag than its name.
fn number_of(inside: &str) -> Option<usize> {
    let name = inside.trim_matches(' ');
    PLACEHOLDERS.iter().position(|known| known.name == name)
}
