//! A runner's days as a strip: what was run, what was reported, what was told. The same facts a clinician would
//! put in a row on paper.

use std::collections::BTreeMap;

use afterrun_rules::{
    book::Locale,
    chart::{Chart, Source, Value},
    decision::{Audience, EntryState, Subject},
};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};

/// Days shown: two weeks, today last.
const DAYS: u64 = 14;

/// What is known of one day.
#[derive(Default)]
struct Day {
    ran: bool,
    asked: bool,
    excused: bool,
    pain: Option<i32>,
    feeling: Option<String>,
    told: Option<String>,
}

/// The strip up to `today`.
pub(super) fn strip(chart: &Chart, today: NaiveDate, way: Locale) -> Markup {
    let enrolled = chart.local_date(chart.enrolled_at);
    let first_run = chart.runs.first().map_or(enrolled, |logged| logged.day);
    let first = (today - Days::new(DAYS - 1)).max(first_run.min(today));
    let mut days: BTreeMap<NaiveDate, Day> =
        first.iter_days().take_while(|day| *day <= today).map(|day| (day, Day::default())).collect();
    note(chart, &mut days);
    html! {
        ol.strip aria-label="Day by day" {
            @for (date, day) in &days {
                li.day.(level(day)).ran[day.ran] title=(in_words(*date, day, way)) {
                    span.weekday { (date.format("%a").to_string().chars().next().unwrap_or(' ')) }
                    span.mark { (mark(day)) }
                    span.told { @if day.told.is_some() { "✉" } }
                    span.unseen { (in_words(*date, day, way)) }
                }
            }
        }
    }
}

fn note(chart: &Chart, days: &mut BTreeMap<NaiveDate, Day>) {
    for logged in &chart.runs {
        if let Some(day) = days.get_mut(&logged.day) {
            day.ran = true;
        }
    }
    for check_in in &chart.check_ins {
        if let Some(day) = days.get_mut(&check_in.about_day) {
            day.asked = true;
        }
    }
    for (date, day) in days.iter_mut() {
        day.excused = chart.excuses.iter().any(|excuse| excuse.from <= *date && *date <= excuse.to);
    }
    for answer in &chart.answers {
        let Some(day) =
            days.get_mut(&answer.about_day).filter(|_| matches!(answer.source, Source::CheckIn(_)))
        else {
            continue;
        };
        if let Some(Value::Number(pain)) = answer.values.get("worst_pain") {
            day.pain = Some(*pain);
        }
        if let Some(Value::Word(feeling)) = answer.values.get("feeling") {
            day.feeling = Some(feeling.to_string());
        }
    }
    for entry in &chart.ledger {
        if let Subject::Stage { stage, evidence_day, .. } = &entry.identity.subject
            && entry.identity.audience == Audience::Patient
            && entry.state == EntryState::Done
            && let Some(day) = days.get_mut(evidence_day)
        {
            day.told = Some(stage.to_string());
        }
    }
}

fn mark(day: &Day) -> String {
    match (day.pain, &day.feeling) {
        (Some(pain), _) => pain.to_string(),
        (None, Some(feeling)) if feeling == "fine" => "✓".to_owned(),
        (None, Some(_)) => "•".to_owned(),
        (None, None) if day.asked => "–".to_owned(),
        (None, None) => String::new(),
    }
}

fn level(day: &Day) -> &'static str {
    match (day.pain, &day.feeling) {
        (Some(6..), _) => "high",
        (Some(3..), _) => "raised",
        (Some(_), _) => "low",
        (None, Some(feeling)) if feeling == "fine" => "well",
        (None, Some(_)) => "low",
        (None, None) if day.excused => "excused",
        (None, None) => "silent",
    }
}

fn in_words(date: NaiveDate, day: &Day, way: Locale) -> String {
    let mut words = vec![way.date(date)];
    if day.ran {
        words.push("ran".to_owned());
    }
    match (day.pain, &day.feeling) {
        (Some(pain), Some(feeling)) => words.push(format!("{feeling}, worst pain {pain}")),
        (Some(pain), None) => words.push(format!("worst pain {pain}")),
        (None, Some(feeling)) => words.push(feeling.clone()),
        (None, None) if day.asked => words.push("asked, no answer".to_owned()),
        (None, None) => {}
    }
    if day.excused {
        words.push("excused".to_owned());
    }
    if let Some(stage) = &day.told {
        words.push(format!("told: {stage}"));
    }
    words.join("; ")
}
