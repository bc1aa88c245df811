//! Everything a rules folder says, as written: the items of all files of a kind in one list, each with its
//! file. Checks look at this.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use chrono::NaiveDate;

use super::text::FileText;
use crate::{
    book::Place,
    notation::{
        Approved, Checked, Kind, Send, Spanned, Text, check_ins::CheckIn, clinic::ClinicFile,
        condition::Condition, emergencies::Sign, leaf::Id, message::Message, questions::Question,
        recovery::Window, red_flags::Flag, scenarios::Scenario,
    },
};

/// A place: a file and a byte range in its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct At {
    /// Position in [`Written::files`].
    pub file: usize,
    /// Byte range.
    pub span: Range<usize>,
}

impl At {
    /// The folder as a whole.
    #[must_use]
    pub fn folder() -> Self {
        Self { file: usize::MAX, span: 0..0 }
    }
}

/// An item and where it was written.
#[derive(Debug)]
pub struct Item<T> {
    /// Where.
    pub at: At,
    /// What.
    pub value: T,
}

impl<T> std::ops::Deref for Item<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Item<T> {
    /// A place within the same file.
    #[must_use]
    pub fn at(&self, span: &Range<usize>) -> At {
        At { file: self.at.file, span: span.clone() }
    }
}

/// A warning accepted at a place.
#[derive(Debug)]
pub struct Allowed {
    /// Where the code itself was written.
    pub at: At,
    /// The whole text: a code, optionally ` until ` and a date.
    pub text: String,
    /// The place it holds for.
    pub scope: At,
}

impl Allowed {
    /// The code, and the text of the date until which it holds.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        match self.text.split_once(" until ") {
            Some((code, date)) => (code.trim(), Some(date.trim())),
            None => (self.text.trim(), None),
        }
    }

    /// Whether a finding is accepted.
    #[must_use]
    pub fn covers(&self, code: &str, at: &At, today: Option<NaiveDate>) -> bool {
        let (allowed, until) = self.parts();
        let until = until.map(|date| NaiveDate::parse_from_str(date, "%Y-%m-%d"));
        let in_force = match (until, today) {
            (Some(Ok(until)), Some(today)) => today <= until,
            (Some(Err(_)), _) => false,
            _ => true,
        };
        let inside = at.file == self.scope.file
            && at.span.start >= self.scope.span.start
            && at.span.end <= self.scope.span.end;
        in_force && allowed == code && inside
    }
}

/// What one file is.
#[derive(Debug)]
pub struct FileHead {
    /// Its kind.
    pub kind: Kind,
    /// Where its first word stands.
    pub at: At,
    /// Version of the notation.
    pub format: Option<Spanned<u32>>,
    /// Its sign-off.
    pub approved: Option<Spanned<Approved>>,
}

/// Everything a rules folder says.
#[derive(Default, Debug)]
pub struct Written {
    /// Texts of all files, in path order.
    pub files: Vec<FileText>,
    /// What each readable `.ron` file is.
    pub heads: Vec<FileHead>,
    /// `Clinic(...)` of every file that has one.
    pub clinics: Vec<Item<ClinicFile>>,
    /// Questions.
    pub questions: Vec<Item<Question>>,
    /// What to send when a run is logged.
    pub on_run: Vec<Item<Send>>,
    /// What to send when running may start again.
    pub on_cleared: Vec<Item<Send>>,
    /// Recovery windows.
    pub windows: Vec<Item<Window>>,
    /// Check-ins.
    pub check_ins: Vec<Item<CheckIn>>,
    /// Flags.
    pub flags: Vec<Item<Flag>>,
    /// Emergency signs.
    pub signs: Vec<Item<Sign>>,
    /// Scenarios.
    pub scenarios: Vec<Item<Scenario>>,
    /// Messages.
    pub messages: Vec<Item<Message>>,
    /// Warnings accepted.
    pub allows: Vec<Allowed>,
    /// Kinds of which some file could not be read to its end: nothing of them can be called unknown or missing.
    pub incomplete: BTreeSet<Kind>,
    /// Ids of items that were written but could not be read.
    pub broken_ids: BTreeSet<String>,
    /// Folders that scenarios swap in, and which are no part of this book.
    pub other_books: BTreeMap<Arc<str>, At>,
    /// Paths of rule files below those folders.
    pub other_paths: Vec<Arc<str>>,
    question_ix: BTreeMap<String, usize>,
    message_ix: BTreeMap<String, usize>,
    flag_ix: BTreeMap<String, usize>,
    /// Stands for the folder as a whole: no path, no text.
    folder: FileText,
}

impl Written {
    /// Nothing read yet; `other_books` are folders that do not belong to this book.
    pub(super) fn without(other_books: BTreeMap<Arc<str>, At>) -> Self {
        Self { other_books, ..Self::default() }
    }

    /// The files kept, everything they say forgotten.
    pub(super) fn emptied(self) -> Self {
        Self { files: self.files, other_books: self.other_books, ..Self::default() }
    }

    /// A file's text; the folder as a whole is an empty text without a name.
    #[must_use]
    pub fn file(&self, index: usize) -> &FileText {
        self.files.get(index).unwrap_or(&self.folder)
    }

    /// File and line of a place.
    #[must_use]
    pub fn place(&self, at: &At) -> Place {
        let file = self.file(at.file);
        Place { file: file.path.clone(), line: file.line_and_column(at.span.start).0 }
    }

    /// Whether all files of a kind were read to their end.
    #[must_use]
    pub fn is_complete(&self, kind: Kind) -> bool {
        !self.incomplete.contains(&kind)
    }

    /// Whether everything could be read, so that what is absent is known to be absent.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.incomplete.is_empty() && self.broken_ids.is_empty()
    }

    /// Makes the lookups below ready, once everything has been read.
    pub(super) fn index(&mut self) {
        let position = |(at, id): (usize, &Checked<Id>)| id.value.as_ref().map(|id| (id.0.clone(), at));
        // The first of two equal ids is the one meant; the second is reported.
        let by_id = |ids: Vec<(usize, &Checked<Id>)>| ids.into_iter().rev().filter_map(position).collect();
        self.question_ix = by_id(self.questions.iter().map(|item| &item.value.id).enumerate().collect());
        let flags = self.flags.iter().enumerate();
        let current: BTreeMap<String, usize> =
            by_id(flags.clone().map(|(at, flag)| (at, &flag.value.id)).collect());
        let former = flags.flat_map(|(at, flag)| flag.value.formerly.iter().map(move |id| (at, id)));
        self.flag_ix = by_id(former.collect());
        self.flag_ix.extend(current);
        self.message_ix = self
            .messages
            .iter()
            .enumerate()
            .rev()
            .map(|(at, message)| (message.value.id.clone(), at))
            .collect();
    }

    /// The question with this id.
    #[must_use]
    pub fn question(&self, id: &str) -> Option<&Item<Question>> {
        self.question_position(id).and_then(|at| self.questions.get(at))
    }

    /// The position of the question with this id.
    #[must_use]
    pub fn question_position(&self, id: &str) -> Option<usize> {
        self.question_ix.get(id).copied()
    }

    /// The message with this id.
    #[must_use]
    pub fn message(&self, id: &str) -> Option<&Item<Message>> {
        self.message_ix.get(id).and_then(|at| self.messages.get(*at))
    }

    /// The flag with this id, or that had it before.
    #[must_use]
    pub fn flag(&self, id: &str) -> Option<&Item<Flag>> {
        self.flag_place(id).and_then(|at| self.flags.get(at))
    }

    /// Where in `flags` the flag with this id, present or former, stands.
    #[must_use]
    pub fn flag_place(&self, id: &str) -> Option<usize> {
        self.flag_ix.get(id).copied()
    }

    /// Every condition with the file it stands in and its part there.
    pub fn conditions(&self) -> impl Iterator<Item = (usize, Part, &Condition)> {
        let gates = self.questions.iter().filter_map(|question| {
            question.only_if.as_ref().map(|gate| (question.at.file, Part::OnlyIf, gate))
        });
        let flags = self.flags.iter().flat_map(|flag| {
            let clear = flag.clear_when.iter().map(|clear| (flag.at.file, Part::ClearWhen, &clear.value));
            std::iter::once((flag.at.file, Part::When, &flag.when.value)).chain(clear)
        });
        gates.chain(flags)
    }

    /// Every place that names a message, with how it is used.
    pub fn message_uses(&self) -> Vec<(Use, At, &Text)> {
        let mut uses: Vec<(Use, At, &Text)> = Vec::new();
        for (what, items) in [(Use::RecoveryPlan, &self.on_run), (Use::RunAgain, &self.on_cleared)] {
            uses.extend(items.iter().map(|item| (what, item.at(&item.send.span), &item.send)));
        }
        for check_in in &self.check_ins {
            uses.push((Use::CheckIn, check_in.at(&check_in.send.span), &check_in.send));
            if let Some(nudge) = &check_in.nudge {
                uses.push((Use::Nudge, check_in.at(&nudge.send.span), &nudge.send));
            }
        }
        for flag in &self.flags {
            let stages = flag.stages.0.iter().map(|stage| (Use::Stage, &stage.send));
            let resolved = flag.on_resolved.iter().map(|resolved| (Use::Resolved, &resolved.send));
            let lapsed =
                flag.on_lapsed.iter().flat_map(|lapsed| &lapsed.send).map(|send| (Use::Lapsed, send));
            uses.extend(
                stages.chain(resolved).chain(lapsed).map(|(what, send)| (what, flag.at(&send.span), send)),
            );
        }
        uses
    }
}

/// Which part of a rule a condition is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Whether to ask a question.
    OnlyIf,
    /// What counts as the problem.
    When,
    /// What counts as clear.
    ClearWhen,
}

pub use crate::message::Use;

impl Use {
    /// In words, for diagnostics.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::CheckIn => "a check-in or its reminder",
            Self::Nudge => "a nudge",
            Self::Stage => "a stage of a flag",
            Self::Resolved => "an all-clear",
            Self::Lapsed => "a lost-touch message",
            Self::RecoveryPlan => "the recovery plan",
            Self::RunAgain => "the run-again message",
        }
    }
}
