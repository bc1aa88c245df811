//! What Afterrun makes of a draft: would it go live, every finding, its scenarios, every rule of the file read back,
//! and what was changed. The same piece stands in the page and comes as an answer to the script.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use afterrun_rules::{
    Diagnostic, RuleBook, Severity,
    describe::{Described, describe},
    message,
    render_diagnostic::{self, Style},
    scenario_run::Failure,
    source::{Source, Sources},
};
use afterrun_store::BookFiles;
use maud::{Markup, html};

use super::{
    book_diff, rules_desk::Tried, rules_frame::findings as findings_shown, rules_show::read_back,
    rules_text as text,
};

/// Findings shown of each severity; one mistake can lead to hundreds.
const FINDINGS_AT_MOST: usize = 30;

/// The finding about a scenario that comes out otherwise; it is shown with its story.
const SCENARIO: &str = "scenario-failed";

/// The piece about `draft`, which is `drafted` in the folder; `file` is in the text field.
pub(super) fn piece(
    tried: &Tried,
    folder: &Sources,
    drafted: &Sources,
    file: &str,
    in_force: &RuleBook,
) -> Markup {
    let count = |severity| tried.diagnostics.iter().filter(|finding| finding.severity == severity).count();
    let (errors_found, warnings) = (count(Severity::Error), count(Severity::Warning));
    let scenarios = tried.book.as_ref().map_or(0, |book| book.scenarios.len());
    html! {
        p.fault[!tried.is_accepted].good[tried.is_accepted] role="status" { (text::tried(tried.is_accepted, errors_found, scenarios)) }
        (errors(tried, Some((drafted, file))))
        @if let Some(book) = &tried.book { (read_back_draft(book, in_force, file)) }
        @if !tried.failures.is_empty() { (scenarios_failed(tried, file)) }
        @if warnings > 0 {
            details {
                summary { (text::warnings(warnings)) }
                (findings(tried, Severity::Warning, Some((drafted, file))))
            }
        }
        @if folder == drafted {
            p.hint { (text::NOTHING_CHANGED) }
        } @else {
            details.change { summary { (text::YOUR_CHANGE) } (book_diff::files(&files_of(folder), &files_of(drafted))) }
        }
    }
}

/// Scenarios that come out otherwise: what was to be and what is, day by day on demand, and a way to their files.
fn scenarios_failed(tried: &Tried, file: &str) -> Markup {
    let files: BTreeSet<_> = tried.failures.iter().map(|failure| &*failure.place.file).collect();
    let found: Vec<_> = tried.diagnostics.iter().filter(|finding| finding.code == SCENARIO).collect();
    let help = |failure: &Failure| {
        let of_it = found
            .iter()
            .find(|finding| finding.file == failure.place.file && finding.line == failure.place.line);
        of_it.and_then(|finding| finding.help.clone()).unwrap_or_default()
    };
    html! {
        h3 { (text::SCENARIOS_FAILED) " (" (tried.failures.len()) ")" }
        div.row {
            @for other in files.into_iter().filter(|other| *other != file) {
                // Inside the editor's form: what is written here comes along.
                button.secondary name="another" value=(other) { (text::open_as_well(other)) }
            }
        }
        @for failure in tried.failures.iter().take(FINDINGS_AT_MOST) {
            details {
                summary { (failure.name) span.hint { " " (failure.place) } }
                p { (text::plain(&help(failure))) }
                (findings_shown(&failure.trace))
            }
        }
        @if let Some(more) = tried.failures.len().checked_sub(FINDINGS_AT_MOST).filter(|more| *more > 0) {
            p.hint { (text::and_more(u32::try_from(more).unwrap_or(u32::MAX))) }
        }
    }
}

/// The files that can be read.
fn files_of(sources: &Sources) -> BookFiles {
    let bytes = |(path, source): (&Arc<str>, &Source)| match source {
        Source::Bytes(bytes) => Some((path.to_string(), bytes.clone())),
        Source::Unreadable(_) => None,
    };
    sources.files.iter().filter_map(bytes).collect()
}

/// Every error, each with its place and carets.
pub(super) fn errors(tried: &Tried, draft: Option<(&Sources, &str)>) -> Markup {
    findings(tried, Severity::Error, draft)
}

fn findings(tried: &Tried, severity: Severity, draft: Option<(&Sources, &str)>) -> Markup {
    let shown = |finding: &&Diagnostic| finding.severity == severity && finding.code != SCENARIO;
    let found: Vec<_> = tried.diagnostics.iter().filter(shown).collect();
    html! {
        @if !found.is_empty() {
            ul.findings-list {
                @for (at, finding) in found.iter().take(FINDINGS_AT_MOST).enumerate() {
                    // One way to each file, however often it is named.
                    (one(finding, draft, !found[..at].iter().any(|before| before.file == finding.file)))
                }
            }
            @if let Some(more) = found.len().checked_sub(FINDINGS_AT_MOST).filter(|more| *more > 0) {
                p.hint { (text::and_more(u32::try_from(more).unwrap_or(u32::MAX))) }
            }
        }
    }
}

fn one(finding: &Diagnostic, draft: Option<(&Sources, &str)>, is_first_of_file: bool) -> Markup {
    let source = draft.and_then(|(sources, _)| text_of(sources, &finding.file));
    let shown = render_diagnostic::render(finding, source.as_deref(), "rules/", Style::Plain);
    let here = draft.is_some_and(|(_, file)| *finding.file == *file);
    // Where a script may put the cursor: textareas count in UTF-16.
    let units = |at: usize| {
        let text = source.as_deref().unwrap_or_default();
        text.get(..text.floor_char_boundary(at)).unwrap_or_default().encode_utf16().count()
    };
    html! {
        li data-from=[here.then(|| units(finding.span.start))] data-to=[here.then(|| units(finding.span.end))] {
            (findings_shown(&shown))
            @if draft.is_some() && !here && is_first_of_file && !finding.file.is_empty() {
                // Inside the editor's form: what is written here comes along.
                button.quiet name="another" value=(finding.file) { (text::open_as_well(&finding.file)) }
            }
        }
    }
}

/// The rules in English that mean something else than in force, and the others of one file.
fn read_back_draft(book: &RuleBook, in_force: &RuleBook, file: &str) -> Markup {
    let of_file = |rule: &Described| rule.place.as_ref().is_some_and(|place| *place.file == *file);
    let key = |rule: &Described| (rule.kind, rule.id.clone());
    let before: BTreeMap<_, _> = describe(in_force).into_iter().map(|rule| (key(&rule), rule)).collect();
    let all = describe(book);
    let mut changed = Vec::new();
    let mut same = Vec::new();
    for rule in &all {
        match before.get(&key(rule)) {
            None => changed.push((rule, text::CHIP_NEW)),
            Some(known) if known.text != rule.text => changed.push((rule, text::CHIP_CHANGED)),
            Some(_) if of_file(rule) => same.push(rule),
            Some(_) => {}
        }
    }
    let there: BTreeSet<_> = all.iter().map(key).collect();
    let gone: Vec<_> = before.values().filter(|rule| !there.contains(&key(rule))).collect();
    let letter = book.messages.values().find(|message| *message.place.file == *file);
    html! {
        @if !changed.is_empty() || !gone.is_empty() || !same.is_empty() {
            h3 { (text::READ_BACK) }
            @for (rule, mark) in &changed { (read_back(rule, Some(mark))) }
            @for rule in &gone { (read_back(rule, Some(text::CHIP_GONE))) }
            @if changed.is_empty() && gone.is_empty() { p.hint { (text::MEANS_THE_SAME) } }
            @if !same.is_empty() {
                details {
                    summary { (text::READ_BACK_REST) " (" (same.len()) ")" }
                    @for rule in &same { (read_back(rule, None)) }
                }
            }
        }
        @if let Some(letter) = letter {
            h3 { (text::AS_TEXT) }
            @match message::render(book, letter, &message::sample(book)) {
                Ok(shown) => {
                    p { strong { (shown.subject) } @if let Some(preview) = &shown.preview { span.hint { " " (preview) } } }
                    pre.letter tabindex="0" { (shown.text) }
                },
                Err(why) => p.fault { (why) },
            }
        }
    }
}

/// A file's text, if it is one.
pub(super) fn text_of(sources: &Sources, file: &str) -> Option<String> {
    match sources.files.get(file)? {
        Source::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Source::Unreadable(_) => None,
    }
}
