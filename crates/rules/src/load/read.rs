//! Reads every file of a folder as far as it can be read. Limits come first: size, number, encoding, nesting.

use std::{collections::BTreeMap, sync::Arc};

use serde::de::DeserializeOwned;

use super::{
    findings::Findings,
    text::{BYTE_ORDER_MARK, FileText},
    written::{Allowed, At, FileHead, Item, Written},
};
use crate::{
    folder::ENDING_NOT_SMALL,
    notation::{
        Allow, Head, Kind, List, Spanned, check_ins::CheckInsFile, clinic::ClinicFile,
        emergencies::EmergenciesFile, message, questions::QuestionsFile, quick, recovery::RecoveryFile,
        red_flags::RedFlagsFile, scan, scenarios, scenarios::ScenariosFile, spanned, wording,
    },
    source::{Source, Sources},
};

/// Largest rule file, in bytes. A large clinic's largest file is about a thirtieth of this.
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// Largest folder, in bytes.
pub const MAX_FOLDER_BYTES: usize = 16 << 20;
/// Most files in a folder.
pub const MAX_FILES: usize = 2_000;

/// Reads all files. Folders that a scenario swaps in are books of their own: where some are named, the rest is
/// read again without them.
pub(super) fn read(sources: &Sources, findings: &mut Findings) -> Written {
    let mut first_findings = Findings::default();
    let first = read_without(sources, &BTreeMap::new(), &mut first_findings);
    let other_books = other_books(&first);
    if other_books.is_empty() {
        *findings = first_findings;
        return first;
    }
    read_without(sources, &other_books, findings)
}

fn read_without(sources: &Sources, other_books: &BTreeMap<Arc<str>, At>, findings: &mut Findings) -> Written {
    let mut written = Written::without(other_books.clone());
    let is_other = |path: &str| {
        let below =
            |folder: &Arc<str>| path.strip_prefix(&**folder).is_some_and(|rest| rest.starts_with('/'));
        other_books.keys().any(below)
    };
    written.other_paths =
        sources.files.keys().filter(|path| is_rule_file(path) && is_other(path)).cloned().collect();
    let is_ours = |path: &str| is_rule_file(path) && !is_other(path);
    let rule_files: Vec<_> = sources.files.iter().filter(|(path, _)| is_ours(path)).collect();
    let bytes: usize = rule_files.iter().map(|(_, source)| source_len(source)).sum();
    if rule_files.len() > MAX_FILES || bytes > MAX_FOLDER_BYTES {
        let message = format!("the folder holds {} rule files with {bytes} bytes", rule_files.len());
        let help = format!(
            "at most {MAX_FILES} files and {MAX_FOLDER_BYTES} bytes are read: is this the right folder?"
        );
        findings.report("too-large", At::folder(), message).help(help);
        mark_incomplete(&mut written, None);
        mark_incomplete(&mut written, Some(Kind::Message));
        return written;
    }
    for (path, source) in rule_files {
        read_file(path, source, &mut written, findings);
    }
    if let Some((what, count, most)) = too_many(&written) {
        let help = format!("at most {most} are read: is this the right folder?");
        findings.report("too-large", At::folder(), format!("the folder holds {count} {what}")).help(help);
        written = written.emptied();
        mark_incomplete(&mut written, None);
        mark_incomplete(&mut written, Some(Kind::Message));
    }
    written.index();
    written
}

/// What there is too much of in the whole folder, how much, and how much may be. Checks compare items of
/// different kinds with each other, so numbers are bounded apart from size.
fn too_many(written: &Written) -> Option<(&'static str, usize, usize)> {
    [
        ("questions", written.questions.len(), 1_000),
        ("recovery windows", written.windows.len(), 500),
        ("check-ins", written.check_ins.len(), 200),
        ("flags", written.flags.len(), 500),
        ("emergency signs", written.signs.len(), 200),
        ("scenarios", written.scenarios.len(), 5_000),
        ("messages", written.messages.len(), 1_000),
    ]
    .into_iter()
    .find(|(_, count, most)| count > most)
}

/// The folders that scenarios swap in.
fn other_books(written: &Written) -> BTreeMap<Arc<str>, At> {
    let mut folders = BTreeMap::new();
    for scenario in &written.scenarios {
        for event in &scenario.events.0 {
            if let scenarios::Event::NewRules { folder, .. } = &event.value {
                let path = folder.trim_matches('/');
                if !path.is_empty() {
                    folders.entry(path.into()).or_insert_with(|| scenario.at(&folder.span));
                }
            }
        }
    }
    folders
}

fn source_len(source: &Source) -> usize {
    match source {
        Source::Bytes(bytes) => bytes.len(),
        Source::Unreadable(_) => 0,
    }
}

/// Whether a path is part of the rules: `.ron`, or `.md` below a folder named `messages`; no dot files or
/// editors' droppings. The folder reader leaves those out as well; a second look costs nothing.
///
/// However the ending is written: `FLAGS.RON` counts, and is refused, for a rule must not be overlooked because
/// of how another system writes names.
#[must_use]
pub fn is_rule_file(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    if path.split('/').any(|part| part.starts_with('.')) {
        return false;
    }
    match name.rsplit_once('.') {
        Some((_, ending)) if ending.eq_ignore_ascii_case("ron") => true,
        Some((_, ending)) if ending.eq_ignore_ascii_case("md") => parts.any(|folder| folder == "messages"),
        _ => false,
    }
}

/// The name that a file should have whose ending is not in small letters. None: it is.
fn better_name(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (stem, ending) = name.rsplit_once('.')?;
    ending.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| format!("{stem}.{}", ending.to_lowercase()))
}

fn read_file(path: &Arc<str>, source: &Source, written: &mut Written, findings: &mut Findings) {
    let file = written.files.len();
    let is_message =
        !path.get(path.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case(".ron"));
    let text = text_of(path, source, file, findings);
    let readable = text.is_ok();
    let text = text.unwrap_or_else(|readable_part| readable_part);
    written.files.push(FileText::new(path.clone(), text));
    if !readable {
        mark_incomplete(written, is_message.then_some(Kind::Message));
    } else if is_message {
        read_message(path, file, written, findings);
    } else {
        read_ron(file, written, findings);
    }
}

/// The text of a file, or, after reporting why, as much of it as is readable.
fn text_of(path: &str, source: &Source, file: usize, findings: &mut Findings) -> Result<String, String> {
    let better_name = better_name(path);
    let bytes = match source {
        Source::Bytes(bytes) if better_name.is_none() => bytes,
        Source::Bytes(_) => return Err(unreadable(path, ENDING_NOT_SMALL, better_name, file, findings)),
        Source::Unreadable(why) => return Err(unreadable(path, why, better_name, file, findings)),
    };
    if bytes.len() > MAX_FILE_BYTES {
        let message = format!("the file has {} bytes", bytes.len());
        findings
            .report("too-large", At { file, span: 0..0 }, message)
            .label("too large")
            .help(format!("at most {MAX_FILE_BYTES} bytes are read: split the file"));
        return Err(String::new());
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let at = good.len() - if good.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let help = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
                "the file was saved as UTF-16: save it as UTF-8"
            } else {
                "save the file as UTF-8"
            };
            let message =
                format!("the file is not UTF-8 text: byte {byte:#04x} at position {}", error.valid_up_to());
            findings.report("not-utf-8", At { file, span: at..at }, message).label("here").help(help);
            return Err(good);
        }
    };
    if let Some(nul) = text.find('\0') {
        let at = nul - if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        findings
            .report(
                "not-utf-8",
                At { file, span: at..at },
                format!("the file has a zero byte at position {nul}"),
            )
            .help("this is not a text file, or it was damaged: save it again as UTF-8 text");
        return Err(text[..nul].to_owned());
    }
    Ok(text.to_owned())
}

/// Reports a file that cannot be read. What can be read of it is nothing.
fn unreadable(
    path: &str,
    why: &str,
    better_name: Option<String>,
    file: usize,
    found: &mut Findings,
) -> String {
    let message = format!("{} cannot be read: {why}", wording::quote(path));
    let help = better_name.map(|name| format!("rename the file to {}", wording::quote(&name)));
    found.report("unreadable-file", At { file, span: 0..0 }, message).maybe_help(help);
    String::new()
}

fn mark_incomplete(written: &mut Written, kind: Option<Kind>) {
    match kind {
        Some(kind) => {
            written.incomplete.insert(kind);
        }
        None => written.incomplete.extend(Kind::WORDS.map(|(_, kind)| kind)),
    }
}

fn read_message(path: &str, file: usize, written: &mut Written, findings: &mut Findings) {
    let id = path.rsplit('/').next().and_then(|name| name.strip_suffix(".md")).unwrap_or_default();
    let (message, found) = message::parse(id, &written.files[file].text);
    findings.take(file, found);
    let whole = At { file, span: 0..written.files[file].text.len() };
    match message {
        Some(mut message) => {
            for allow in std::mem::take(&mut message.allow) {
                let at = At { file, span: allow.span };
                written.allows.push(Allowed { at, text: allow.value, scope: whole.clone() });
            }
            written.messages.push(Item { at: whole, value: message });
        }
        None => {
            written.broken_ids.insert(id.to_owned());
        }
    }
}

fn read_ron(file: usize, written: &mut Written, findings: &mut Findings) {
    let text = std::mem::take(&mut written.files[file].text);
    let word = scan::first_word(&text);
    let kind = Kind::from_word(&text[word.clone()]);
    match kind {
        Some(kind) => Reader { file, kind, word, text: &text }.read(written, findings),
        None => {
            let words = Kind::WORDS.map(|(word, _)| word);
            let found = &text[word.clone()];
            let help = wording::suggest(found, words).unwrap_or_else(|| {
                format!("begin the file with one of {}", words.map(|word| format!("`{word}(`")).join(", "))
            });
            let message = match found {
                "" if text.trim().is_empty() => "the file is empty".to_owned(),
                "" => "the file's first word is missing".to_owned(),
                found => format!("{} is not a kind of rule file", wording::quote(found)),
            };
            let span = if word.is_empty() { word.start..(word.start + 1).min(text.len()) } else { word };
            findings
                .report("unknown-file", At { file, span }, message)
                .label("the first word says what a file holds")
                .help(help);
            mark_incomplete(written, None);
        }
    }
    written.files[file].text = text;
}

struct Reader<'a> {
    file: usize,
    kind: Kind,
    word: std::ops::Range<usize>,
    text: &'a str,
}

impl Reader<'_> {
    fn read(&self, written: &mut Written, findings: &mut Findings) {
        match self.kind {
            Kind::Clinic => self.parse(written, findings, ClinicFile::take_head, |reader, file, written| {
                written.clinics.push(Item { at: reader.at(&reader.word), value: file });
            }),
            Kind::Questions => {
                self.parse(written, findings, QuestionsFile::take_head, |reader, file, written| {
                    let items = reader.items(file.questions, |question| &question.allow, &mut written.allows);
                    written.questions.extend(items);
                })
            }
            Kind::Recovery => {
                self.parse(written, findings, RecoveryFile::take_head, |reader, file, written| {
                    let items = reader.items(file.windows, |window| &window.allow, &mut written.allows);
                    written.windows.extend(items);
                    let whole = reader.at(&(0..reader.text.len()));
                    written.on_run.extend(file.on_run.map(|value| Item { at: whole.clone(), value }));
                    written.on_cleared.extend(file.on_cleared.map(|value| Item { at: whole.clone(), value }));
                })
            }
            Kind::CheckIns => {
                self.parse(written, findings, CheckInsFile::take_head, |reader, file, written| {
                    let items = reader.items(file.check_ins, |check_in| &check_in.allow, &mut written.allows);
                    written.check_ins.extend(items);
                })
            }
            Kind::RedFlags => {
                self.parse(written, findings, RedFlagsFile::take_head, |reader, file, written| {
                    for flag in &file.flags.0 {
                        for stage in &flag.stages.0 {
                            reader.allow(&stage.allow, &stage.span, &mut written.allows);
                        }
                    }
                    let items = reader.items(file.flags, |flag| &flag.allow, &mut written.allows);
                    written.flags.extend(items);
                })
            }
            Kind::Emergencies => {
                self.parse(written, findings, EmergenciesFile::take_head, |reader, file, written| {
                    let items = reader.items(file.signs, |sign| &sign.allow, &mut written.allows);
                    written.signs.extend(items);
                })
            }
            Kind::Scenarios => {
                self.parse(written, findings, ScenariosFile::take_head, |reader, file, written| {
                    let items = reader.items(file.scenarios, |scenario| &scenario.allow, &mut written.allows);
                    written.scenarios.extend(items);
                })
            }
            Kind::Message => {}
        }
    }

    fn parse<T: DeserializeOwned>(
        &self,
        written: &mut Written,
        findings: &mut Findings,
        head_of: impl FnOnce(&mut T) -> Head,
        keep: impl FnOnce(&Self, T, &mut Written),
    ) {
        let value = quick::parse(self.text).or_else(|| self.parse_with_care(written, findings));
        let Some(mut value) = value else {
            mark_incomplete(written, Some(self.kind));
            return;
        };
        let head = head_of(&mut value);
        self.allow(&head.allow, &(0..self.text.len()), &mut written.allows);
        written.heads.push(FileHead {
            kind: self.kind,
            at: self.at(&self.word),
            format: head.format,
            approved: head.approved,
        });
        keep(self, value, written);
    }

    /// Reads what the quick reader did not take, and says what is wrong with it.
    fn parse_with_care<T: DeserializeOwned>(
        &self,
        written: &mut Written,
        findings: &mut Findings,
    ) -> Option<T> {
        let problem = scan::problem(self.text);
        if let Some(problem) = problem.clone().filter(|problem| problem.code == "too-large") {
            findings.take(self.file, vec![problem]);
            return None;
        }
        let spanned::Parsed { value, mut found, broken_ids } = spanned::parse::<T>(self.text);
        let is_syntax = |found: &spanned::Found| found.code == "syntax";
        let problem =
            problem.or_else(|| found.iter().any(is_syntax).then(|| scan::swallowed_end(self.text)).flatten());
        if let Some(problem) = problem {
            // The scan names the bracket or quote itself; ron only notices further down.
            let also = problem.also.iter().map(|(span, _)| span.start);
            let first = also.chain([problem.span.start]).min().unwrap_or_default();
            found.retain(|found| found.span.end <= first && !is_syntax(found));
            found.push(problem);
            mark_incomplete(written, Some(self.kind));
        }
        findings.take(self.file, found);
        written.broken_ids.extend(broken_ids);
        value
    }

    fn at(&self, span: &std::ops::Range<usize>) -> At {
        At { file: self.file, span: span.clone() }
    }

    fn allow(&self, allow: &Allow, scope: &std::ops::Range<usize>, into: &mut Vec<Allowed>) {
        into.extend(allow.iter().flatten().map(|code| Allowed {
            at: self.at(&code.span),
            text: code.value.clone(),
            scope: self.at(scope),
        }));
    }

    fn items<T>(
        &self,
        list: List<T>,
        allow_of: impl Fn(&T) -> &Allow,
        allows: &mut Vec<Allowed>,
    ) -> Vec<Item<T>> {
        let item = |Spanned { value, span }: Spanned<T>| {
            self.allow(allow_of(&value), &span, allows);
            Item { at: self.at(&span), value }
        };
        list.0.into_iter().map(item).collect()
    }
}
