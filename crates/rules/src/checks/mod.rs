//! Everything that can be found about a rules folder. One check is one file; its doc comment is its page.
//!
//! To add one: a file with a `//!` page and a `CHECK`, a line in the list below, and two fixtures (a folder it
//! finds fault with and one it does not) under `tests/fixtures/checks`.

mod asked_days;
pub mod page;
pub mod placeholders;
mod possible;

use chrono::NaiveDate;

use crate::{
    book::RuleBook,
    diagnostic::Severity,
    load::{findings::Findings, written::Written},
};

/// What checks look at.
pub struct Input<'a> {
    /// Everything as written.
    pub written: &'a Written,
    /// The date, if known.
    pub today: Option<NaiveDate>,
    /// The book that is to be replaced, if any.
    pub before: Option<&'a RuleBook>,
}

/// Who finds it, and when.
#[derive(Clone, Copy)]
pub enum FoundBy {
    /// Reading the files.
    Reading,
    /// A look at whatever could be read.
    Looking(fn(&Input<'_>, &mut Findings)),
    /// A look at the whole, for what only makes sense if every file and item could be read.
    LookingAtWhole(fn(&Input<'_>, &mut Findings)),
}

/// One check.
pub struct Check {
    /// Stable name, kebab case.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// The name of its file.
    pub source_name: &'static str,
    /// Its file, whose doc comment is its page.
    pub source: &'static str,
    /// Who finds it.
    pub found_by: FoundBy,
}

impl Check {
    /// What it finds, why that matters, an example, what to write instead. Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        page::of(self.source)
    }
}

/// Declares the check of the current file.
macro_rules! check {
    ($code:literal, $severity:ident, $file:literal, $found_by:expr) => {
        /// This check.
        pub const CHECK: $crate::checks::Check = $crate::checks::Check {
            code: $code,
            severity: $crate::diagnostic::Severity::$severity,
            source_name: $file,
            source: include_str!($file),
            found_by: $found_by,
        };
    };
}

macro_rules! checks {
    ($($name:ident),+ $(,)?) => {
        $(pub mod $name;)+
        const ALL: &[Check] = &[$($name::CHECK),+];
    };
}

checks! {
    syntax,
    unknown_field,
    unknown_variant,
    missing_field,
    duplicate_field,
    invalid_value,
    unknown_file,
    unreadable_file,
    not_utf_8,
    too_large,
    message_shape,
    unsupported_format,
    unknown_code,
    empty_folder,
    missing_part,
    no_emergencies,
    duplicate_id,
    unknown_question,
    unknown_message,
    unknown_flag,
    unknown_run_kind,
    wrong_answer_type,
    value_off_scale,
    misplaced_condition,
    always_or_never,
    when_clear_overlap,
    run_question,
    outranks_ring,
    stage_order,
    recovery_bands,
    bad_schedule,
    outside_send_window,
    bad_hours,
    bad_number,
    bad_scenario,
    question_type_changed,
    template_syntax,
    unknown_placeholder,
    missing_placeholder,
    subject_health_word,
    unused,
    never_asked,
    one_miss_breaks_the_episode,
    unreachable_stage,
    min_reports_unreachable,
    expires_too_soon,
    flag_without_scenario,
    not_approved,
    review_past,
    reading_grade,
    internal,
}

/// All checks, in the order they are run and listed.
#[must_use]
pub fn all() -> &'static [Check] {
    ALL
}

/// The check with this code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Check> {
    ALL.iter().find(|check| check.code == code)
}

/// How bad findings of a code are. A code nobody declared is an error: nothing goes live on a mistake of ours.
#[must_use]
pub fn severity(code: &str) -> Severity {
    find(code).map_or(Severity::Error, |check| check.severity)
}

/// Runs every check.
pub fn run_all(input: &Input<'_>, findings: &mut Findings) {
    let whole = input.written.is_whole();
    for check in ALL {
        match check.found_by {
            FoundBy::Looking(look) => look(input, findings),
            FoundBy::LookingAtWhole(look) if whole => look(input, findings),
            FoundBy::LookingAtWhole(_) | FoundBy::Reading => {}
        }
    }
}
