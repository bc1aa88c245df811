//! Why, and why not: each flag of a runner's page.

use afterrun_rules::{
    book::Locale,
    evidence::{Evidence, Truth},
    explain::{DayMark, FlagExplanation},
};
use maud::{Markup, html};

use super::{dates, patient_show::View, text};

/// Lines of what was told that fit on one sheet of paper, for each flag.
const TOLD_ON_PAPER: usize = 3;

/// Why, and why not, for each flag; open ones first and unfolded.
pub(super) fn flags(view: &View<'_>) -> Markup {
    let explanation = &view.explanation;
    let is_open = |flag: &&FlagExplanation| flag.state.starts_with("open");
    let (open, shut): (Vec<_>, Vec<_>) = explanation.flags.iter().partition(is_open);
    html! {
        section.card.flags {
            h2 { (text::WHY) }
            @if let Some(recovery) = &explanation.recovery { p { (recovery) } }
            @for error in &explanation.rule_errors { p.fault { (error) } }
            @for flag in open { (explained(flag, true, dates::way(&view.book))) }
            @for flag in shut { (explained(flag, false, dates::way(&view.book))) }
        }
    }
}
fn explained(flag: &FlagExplanation, is_open: bool, way: Locale) -> Markup {
    html! {
        details.flag open[is_open] {
            summary { strong { (flag.title) } span.hint { " " (text::plain(&flag.state)) } }
            @if let Some(miss) = &flag.nearest_miss { p { (text::NEAREST_MISS) " " (text::plain(miss)) } }
            @if !flag.told.is_empty() { ul.lines { @for (at, line) in flag.told.iter().rev().enumerate() { li.off-paper[at >= TOLD_ON_PAPER] { (text::plain(line)) } } } }
            @if !flag.leaves.is_empty() {
                h3 { (text::LEAVES) }
                ul.lines {
                    @for leaf in &flag.leaves {
                        li { (text::holds(leaf.holds == Truth::True, leaf.holds == Truth::Unknown)) " " (leaf.text) ": " (leaf.answer.as_deref().unwrap_or(text::NO_ANSWER)) }
                    }
                }
            }
            table.plain.days {
                thead { tr { th scope="col" { (text::COLUMN_DAY) } th scope="col" { (text::COLUMN_MARK) } th scope="col" { (text::COLUMN_ANSWERS) } } }
                tbody {
                    @for row in flag.days.iter().rev() {
                        tr {
                            th scope="row" { (way.short_date(row.day)) @if let Some(number) = row.number { span.hint { " " (text::day_number(number)) } } }
                            td { (mark(row.mark)) }
                            td { (row.answers.join(", ")) }
                        }
                    }
                }
            }
            p.hint { (text::rule_at(&flag.place.to_string())) }
        }
    }
}

fn mark(mark: DayMark) -> &'static str {
    match mark {
        DayMark::Observed(Evidence::Present) => text::MARK_PRESENT,
        DayMark::Observed(Evidence::Between) => text::MARK_BETWEEN,
        DayMark::Observed(Evidence::Clear) => text::MARK_CLEAR,
        DayMark::Silent => text::MARK_SILENT,
        DayMark::Excused => text::MARK_EXCUSED,
        DayMark::Today => text::MARK_TODAY,
    }
}
