//! A runner's weeks in one picture: the scale they are followed by, runs with the pain during them, messages, the
//! days on which each flag's signs were reported, its spells with their stages, days that do not count. Shapes say
//! what colours say, so that it can be printed; the table below it says all of it in words.

use std::collections::BTreeMap;

use afterrun_rules::{
    Chart, RuleBook,
    assess::{Assessment, End},
    book::{About, AnswerKind, Flag, FlagEvidence},
    chart::{LoggedRun, Source, Value},
    decision::{Audience, EntryState, Subject},
    evidence::{Evidence, Report},
};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use maud::{Markup, html};

use super::{
    dates,
    patient_show::View,
    sparkline::{level, scale, value_on},
    text, text_patient,
};
use crate::words;

/// Days shown at most, today last: six weeks fit a page in print.
const DAYS: u64 = 42;

/// Left edge of the first day, right of the names of the rows: narrow, for they stay in sight on a telephone.
const LEFT: i64 = 112;
/// Characters of a name that fit into one of its two lines.
const NAME_LINE: usize = 17;
/// Width that the days share, and the least and most of it that one takes.
const WIDTH: i64 = 640;
const STEP: std::ops::RangeInclusive<i64> = 17..=28;
/// Top and bottom of the scale.
const TOP: i64 = 12;
const BOTTOM: i64 = 112;
/// Height of a row below it.
const ROW: i64 = 27;

/// One day.
#[derive(Default)]
struct Day {
    value: Option<i32>,
    excused: bool,
    paused: bool,
    asked: bool,
    /// Nothing was asked and nothing is known, on a day that is over.
    silent: bool,
    runs: Vec<DayRun>,
    messages: Vec<(bool, String)>,
}

/// One run: its distance, the run in words, the worst pain during it.
struct DayRun {
    distance: String,
    words: String,
    pain: Option<i32>,
}

/// What is drawn.
pub(crate) struct Plot<'a> {
    book: &'a RuleBook,
    chart: &'a Chart,
    assessment: &'a Assessment,
    days: BTreeMap<NaiveDate, Day>,
    /// By position of the flag: what its reports said, for days on which they said something.
    signs: Vec<BTreeMap<NaiveDate, Evidence>>,
    first: NaiveDate,
    /// Width of a day.
    step: i64,
}

impl<'a> Plot<'a> {
    pub(crate) fn of(view: &'a View<'_>) -> Self {
        let (book, chart, assessment, units) =
            (&*view.book, &view.chart, &view.assessment, view.patient.units);
        let today = assessment.day;
        let begun = chart.local_date(chart.enrolled_at);
        let begun = chart.runs.first().map_or(begun, |run| begun.min(run.day));
        let least = today.checked_sub_days(Days::new(13)).unwrap_or(today);
        let most = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
        let first = begun.clamp(most, least);
        let mut days: BTreeMap<NaiveDate, Day> = first
            .iter_days()
            .take_while(|day| *day <= today)
            .map(|day| {
                let excused = chart.excuses.iter().any(|excuse| excuse.from <= day && day <= excuse.to);
                let asked = chart.check_ins.iter().any(|check_in| check_in.about_day == day);
                let value = value_on(book, chart, day);
                let silent = day < today && !asked && !chart.has_report(day) && day >= begun;
                (day, Day { value, excused, asked, silent, paused: chart.is_paused(day), ..Day::default() })
            })
            .collect();
        for run in &chart.runs {
            if let Some(day) = days.get_mut(&run.day) {
                day.runs.push(DayRun {
                    distance: words::distance_number(run.run.distance_m, units),
                    words: words::run(run, units),
                    pain: pain_on(book, chart, run),
                });
            }
        }
        for entry in &chart.ledger {
            let sent = entry.identity.audience == Audience::Patient && entry.state == EntryState::Done;
            if let (true, Some(message), Some(day)) =
                (sent, &entry.message, days.get_mut(&chart.local_date(entry.at)))
            {
                let asks =
                    matches!(entry.identity.subject, Subject::CheckIn { .. } | Subject::Reminder { .. });
                day.messages.push((asks, message.to_string()));
            }
        }
        let step = (WIDTH / days.len().max(1) as i64).clamp(*STEP.start(), *STEP.end());
        let signs = book.flags.iter().map(|flag| signs_of(book, chart, flag, first)).collect();
        Self { book, chart, assessment, days, signs, first, step }
    }

    fn x(&self, day: NaiveDate) -> i64 {
        LEFT + (day - self.first).num_days() * self.step
    }

    /// Flags with a spell in these weeks.
    fn flags(&self) -> impl Iterator<Item = (usize, &'a Flag)> {
        let in_sight = |at: &usize| {
            self.assessment.flags[*at].episodes.iter().any(|episode| episode.last_seen >= self.first)
                || self.signs[*at].values().any(|evidence| *evidence == Evidence::Present)
        };
        let shown = (0..self.book.flags.len()).filter(in_sight);
        shown.map(|at| (at, &self.book.flags[at]))
    }

    /// The picture.
    pub(crate) fn drawing(&self) -> Markup {
        let flags: Vec<_> = self.flags().collect();
        let width = LEFT + self.days.len() as i64 * self.step + 8;
        let under = BOTTOM + 18;
        let pain_on_run = self.days.values().flat_map(|day| &day.runs).any(|run| run.pain.is_some());
        let rows = 2 + i64::from(pain_on_run);
        let height = under + 14 + (rows + flags.len() as i64) * ROW + 6;
        let row = |number: i64| under + 14 + number * ROW;
        html! {
            div.plot tabindex="0" role="group" aria-label=(text::PLOT) {
                // The names once more, over those of the picture: they stay where they are when the days are moved.
                svg.names aria-hidden="true" viewBox={ "0 0 " (LEFT) " " (height) } width=(LEFT) height=(height) {
                    use href="#plot-names" {}
                }
                svg.days role="img" aria-label=(text::PLOT_LABEL) viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) {
                    // Hatched: to be told from the rest without colour.
                    defs {
                        pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                            line.hatch x1="0" y1="0" x2="0" y2="6" {}
                        }
                    }
                    (self.backdrop(height))
                    (self.grid(width))
                    (self.values())
                    (self.row_of_runs(row(0)))
                    @if pain_on_run { (self.row_of_pain_on_run(row(1))) }
                    (self.row_of_messages(row(rows - 1)))
                    @for (number, (at, flag)) in flags.iter().enumerate() {
                        (self.row_of_flag(*at, flag, row(rows + number as i64)))
                    }
                    g #plot-names {
                        (self.axis())
                        (name(text::ROW_RUNS, row(0)))
                        @if pain_on_run { (name(text_patient::ROW_PAIN_ON_RUN, row(1))) }
                        (name(text::ROW_MESSAGES, row(rows - 1)))
                        @for (number, (_, flag)) in flags.iter().enumerate() {
                            (name(&flag.title, row(rows + number as i64)))
                        }
                    }
                }
            }
            p.hint.legend { (text_patient::PICTURE_LEGEND) }
        }
    }

    /// Days that do not count, and the names of the days.
    fn backdrop(&self, height: i64) -> Markup {
        html! {
            @for (day, known) in &self.days {
                @if known.excused || known.paused {
                    rect.off fill="url(#hatch)" x=(self.x(*day)) y=(TOP) width=(self.step) height=(height - TOP - 4) {
                        title { @if known.paused { (text::PAUSED_DAY) } @else { (text::EXCUSED_DAY) } }
                    }
                    text.tick text-anchor="middle" x=(self.x(*day) + self.step / 2) y=(TOP + 9) { @if known.paused { "P" } @else { "E" } }
                }
                @if day.weekday() == Weekday::Mon {
                    line.week x1=(self.x(*day)) x2=(self.x(*day)) y1=(TOP) y2=(height - 4) {}
                    text.tick x=(self.x(*day) + 2) y=(BOTTOM + 14) { (dates::way(self.book).day_and_month(*day)) }
                }
            }
        }
    }

    fn grid(&self, width: i64) -> Markup {
        let Some((_, from, to)) = scale(self.book) else { return html! {} };
        html! {
            @for value in [from, (from + to) / 2, to] {
                line.grid x1=(LEFT) x2=(width - 8) y1=(height_of(value, from, to)) y2=(height_of(value, from, to)) {}
            }
        }
    }

    fn axis(&self) -> Markup {
        let Some((_, from, to)) = scale(self.book) else { return html! {} };
        html! {
            @for value in [from, (from + to) / 2, to] {
                text.tick text-anchor="end" x=(LEFT - 6) y=(height_of(value, from, to) + 4) { (value) }
            }
            (name(text::SCALE, TOP))
        }
    }

    fn values(&self) -> Markup {
        let Some((_, from, to)) = scale(self.book) else { return html! {} };
        html! {
            @for (day, known) in &self.days {
                @match known.value {
                    Some(value) => {
                        @let y = height_of(value, from, to);
                        rect.(level(value, from, to)) x=(self.x(*day) + 2) y=(y) width=(self.step - 4) height=(BOTTOM + 2 - y) {
                            title { (dates::way(self.book).short_date(*day)) ": " (value) }
                        }
                        text.value text-anchor="middle" x=(self.x(*day) + self.step / 2) y=(y - 2) { (value) }
                    },
                    None if known.asked || known.silent => {
                        text.silent text-anchor="middle" x=(self.x(*day) + self.step / 2) y=(BOTTOM) { @if known.asked { "–" } @else { "·" } }
                    },
                    None => {},
                }
            }
        }
    }

    fn row_of_runs(&self, y: i64) -> Markup {
        html! {
            @for (day, known) in &self.days {
                @if let Some(run) = known.runs.last() {
                    rect.run rx="3" x=(self.x(*day)) y=(y + 1) width=(self.step) height="15" { title { (run.words) } }
                    text.onrun text-anchor="middle" x=(self.x(*day) + self.step / 2) y=(y + 12) { (run.distance) }
                }
            }
        }
    }

    fn row_of_pain_on_run(&self, y: i64) -> Markup {
        html! {
            @for (day, known) in &self.days {
                @if let Some(pain) = known.runs.iter().filter_map(|run| run.pain).max() {
                    text.value text-anchor="middle" x=(self.x(*day) + self.step / 2) y=(y + 12) { (pain) }
                }
            }
        }
    }

    fn row_of_messages(&self, y: i64) -> Markup {
        html! {
            @for (day, known) in &self.days {
                @if !known.messages.is_empty() {
                    @let tells = known.messages.iter().any(|(asks, _)| !asks);
                    @let names = known.messages.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
                    rect.mail.tells[tells] x=(self.x(*day) + 4) y=(y + 3) width=(self.step - 8) height="10" { title { (names) } }
                }
            }
        }
    }

    fn row_of_flag(&self, at: usize, flag: &Flag, y: i64) -> Markup {
        let episodes = &self.assessment.flags[at].episodes;
        let way = dates::way(self.book);
        html! {
            @for episode in episodes.iter().filter(|episode| episode.last_seen >= self.first) {
                @let from = episode.onset.max(self.first);
                @let width = ((episode.last_seen - from).num_days() + 1) * self.step;
                rect.spell.open[episode.end == End::Open] rx="4" x=(self.x(from)) y=(y + 1) width=(width) height="15" {
                    title { (text::spell(&flag.title, &way.short_date(episode.onset), &way.short_date(episode.last_seen))) }
                }
            }
            @for (day, evidence) in &self.signs[at] {
                @if let Some(mark) = sign(*evidence) {
                    text.sign text-anchor="middle" x=(self.x(*day) + self.step / 2) y=(y + 12) { (mark) }
                }
            }
            @for entry in &self.chart.ledger {
                @if let Subject::Stage { flag: of, stage, evidence_day } = &entry.identity.subject
                    && flag.is_called(of.as_str()) && entry.identity.audience == Audience::Patient
                    && entry.counts_as_told() && *evidence_day >= self.first
                {
                    @let number = flag.stages.iter().position(|known| known.id == *stage).map_or(1, |at| at + 1);
                    circle.stage cx=(self.x(*evidence_day) + self.step / 2) cy=(y + 8) r="7" { title { (stage) } }
                    text.onstage text-anchor="middle" x=(self.x(*evidence_day) + self.step / 2) y=(y + 12) { (number) }
                }
            }
        }
    }

    /// Titles of the flags whose signs were reported on a day.
    fn signs_on(&self, day: NaiveDate) -> String {
        let here = self.book.flags.iter().zip(&self.signs);
        let there = here.filter(|(_, signs)| signs.get(&day) == Some(&Evidence::Present));
        there.map(|(flag, _)| &*flag.title).collect::<Vec<_>>().join("; ")
    }

    /// The same in words, newest day first.
    pub(crate) fn table(&self) -> Markup {
        html! {
            details {
                summary { (text::PLOT_TABLE) }
                table.plain {
                    thead {
                        tr {
                            th scope="col" { (text::COLUMN_DAY) }
                            th scope="col" { (text::SCALE) }
                            th scope="col" { (text::ROW_RUNS) }
                            th scope="col" { (text_patient::ROW_PAIN_ON_RUN) }
                            th scope="col" { (text_patient::COLUMN_SIGNS) }
                            th scope="col" { (text::ROW_MESSAGES) }
                        }
                    }
                    tbody {
                        @for (day, known) in self.days.iter().rev() {
                            tr {
                                th scope="row" { (dates::way(self.book).short_date(*day)) }
                                td {
                                    @match known.value { Some(value) => (value), None if known.asked => (text::NO_ANSWER), None => "" }
                                    @if known.excused { " " (text::EXCUSED_DAY) }
                                    @if known.paused { " " (text::PAUSED_DAY) }
                                }
                                td { (known.runs.iter().map(|run| run.words.as_str()).collect::<Vec<_>>().join(", ")) }
                                td { @for pain in known.runs.iter().filter_map(|run| run.pain) { (pain) " " } }
                                td { (self.signs_on(*day)) }
                                td { (known.messages.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a flag's reports said on each day from a first one on: the worst of the day. Flags over runs have no days.
fn signs_of(book: &RuleBook, chart: &Chart, flag: &Flag, first: NaiveDate) -> BTreeMap<NaiveDate, Evidence> {
    let mut found = BTreeMap::new();
    let FlagEvidence::Days { when, clear_when } = &flag.evidence else { return found };
    let from = chart.answers.partition_point(|answer| answer.about_day < first);
    for (at, answer) in chart.answers.iter().enumerate().skip(from) {
        let report = Report { book, answers: &chart.answers, at };
        if let Some(evidence) = report.evidence(when, clear_when.as_ref()) {
            let day = found.entry(answer.about_day).or_insert(evidence);
            *day = (*day).max(evidence);
        }
    }
    found
}

/// The mark of a day; none: nothing to see.
fn sign(evidence: Evidence) -> Option<&'static str> {
    match evidence {
        Evidence::Present => Some("◆"),
        Evidence::Between => Some("◇"),
        Evidence::Clear => None,
    }
}

/// The worst pain during a run: the first scale that is about runs.
fn pain_on(book: &RuleBook, chart: &Chart, run: &LoggedRun) -> Option<i32> {
    let is_scale = |kind: &AnswerKind| matches!(kind, AnswerKind::Scale { .. });
    let asked = book.questions.iter().find(|one| one.about == About::Run && is_scale(&one.answer))?;
    let about = Source::Run(run.run.id.clone());
    let answer = chart.answers.iter().find(|answer| answer.source == about)?;
    match answer.values.get(asked.id.as_str()) {
        Some(Value::Number(pain)) => Some(*pain),
        _ => None,
    }
}

fn height_of(value: i32, from: i32, to: i32) -> i64 {
    BOTTOM - i64::from(value - from) * (BOTTOM - TOP - 10) / i64::from((to - from).max(1))
}

/// The name of a row, left of the first day.
fn name(title: &str, y: i64) -> Markup {
    let (first, second) = two_lines(title);
    html! {
        text.name x="0" y=(if second.is_empty() { y + 12 } else { y + 7 }) {
            (first)
            @if !second.is_empty() { tspan x="0" dy="12" { (second) } }
            title { (title) }
        }
    }
}

/// A title in two lines, cut off at a word if it fits into neither.
fn two_lines(title: &str) -> (String, String) {
    let (first, rest) = line_of(title);
    let (mut second, left) = line_of(rest);
    if !left.is_empty() {
        let room = second.chars().count() < NAME_LINE;
        second = second.chars().take(if room { NAME_LINE } else { NAME_LINE - 1 }).chain(['…']).collect();
    }
    (first, second)
}

/// As many words as fit into a line, or as much of the first as does, and the rest.
fn line_of(text: &str) -> (String, &str) {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(NAME_LINE) else { return (text.to_owned(), "") };
    // A word may end where the line does.
    let end = match text[..end].rfind(' ') {
        _ if text[end..].starts_with(' ') => end,
        Some(space) => space,
        None => end,
    };
    (text[..end].to_owned(), text[end..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::two_lines;

    #[test]
    fn names_of_rows_take_two_lines_at_most() {
        let cases = [
            ("Runs", ("Runs", "")),
            ("Pain during the run", ("Pain during the", "run")),
            ("Pain that stays or gets worse", ("Pain that stays", "or gets worse")),
            ("Swelling that lasts over several weeks and months", ("Swelling that", "lasts over…")),
            ("Seventeen letters", ("Seventeen letters", "")),
            ("Seventeen letters more", ("Seventeen letters", "more")),
            ("Überlastungsschmerzsyndrom", ("Überlastungsschme", "rzsyndrom")),
            ("", ("", "")),
        ];
        for (title, (first, second)) in cases {
            assert_eq!(two_lines(title), (first.to_owned(), second.to_owned()), "{title}");
        }
    }
}
