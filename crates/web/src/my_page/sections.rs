//! The parts of my page.

use afterrun_rules::chart::{LoggedRun, RunKind};
use afterrun_store::Units;
use chrono::{Days, NaiveDate};
use maud::{Markup, html};

use super::{View, run_form};
use crate::{
    check_in::{help_now, help_now_title},
    standing::{self, Rest},
    text,
    words::{self, day_and_time},
};

/// Runs listed.
const LISTED_RUNS: usize = 10;

/// Longest rest drawn as a row of days.
const DRAWN_DAYS: u32 = 14;

/// Emergency signs first, then what was told and is not over, then the rest in force.
pub(crate) fn standing(view: &View<'_>) -> Markup {
    let standing = &view.standing;
    html! {
        @if !standing.emergency.is_empty() { (help_now(&standing.emergency, &html! { h2 { (help_now_title(&standing.emergency)) } })) }
        @if !standing.open.is_empty() {
            section.card.verdict.step-back {
                h2 { (text::STEP_BACK_TITLE) }
                (told(view))
                p { (text::NO_RUNNING) }
                @if standing.told().next().is_some() {
                    p { (text::STILL_HOLDS) }
                    p { (text::STEP_BACK) }
                } @else {
                    p { (text::WATCHING) }
                }
            }
        }
        @match &standing.rest {
            Some(rest) => (resting(view, rest, !standing.may_speak_of_running())),
            None => section.card { h2 { (text::NO_REST_TITLE) } p { (text::NO_REST) } },
        }
    }
}

/// What the patient was told about and is not over.
fn told(view: &View<'_>) -> Markup {
    html! {
        ul.why {
            @for open in view.standing.told() {
                li { (open.flag.title) " " (text::first_told_us(&view.day(open.onset))) }
            }
        }
    }
}

fn resting(view: &View<'_>, rest: &Rest<'_>, held: bool) -> Markup {
    let run = words::run_on(rest.run, view.open.patient.units, view.today(), view.open.book.clinic.locale);
    html! {
        section.card {
            p.kicker { (rest.window.title) }
            h2 { (text::recovering_from(&run)) }
            @match rest.cleared {
                Some(first) if !held => p.big { (text::run_from(&view.day(first))) },
                _ => {
                    p.big { (text::rest_days(rest.window.min_days, rest.window.max_days, &words::date(rest.at_least, view.today(), view.open.book.clinic.locale))) }
                    (days(view, rest))
                    @if !held { p { (text::WE_WILL_SAY_WHEN) } }
                },
            }
            p { (text::MEANWHILE) }
            p { (text::WATCH_FOR) }
        }
    }
}

/// The days of rest in a row; the sentence above says the same in words.
fn days(view: &View<'_>, rest: &Rest<'_>) -> Markup {
    if rest.window.max_days == 0 || rest.window.max_days > DRAWN_DAYS {
        return html! {};
    }
    let all = (1..=rest.window.max_days).filter_map(|n| rest.run.day.checked_add_days(Days::new(n.into())));
    let kind = |day: NaiveDate| if day <= rest.at_least { "rest" } else { "maybe" };
    html! {
        ol.days aria-hidden="true" {
            li.run-day { span.name { (rest.run.day.format(text::SHORT_WEEKDAY)) } span.what { (text::DAY_RUN) } }
            @for day in all {
                li class=(kind(day)) data-today[day == view.today()] {
                    span.name { (day.format(text::SHORT_WEEKDAY)) }
                    span.what { (if day <= rest.at_least { text::DAY_REST } else { text::DAY_MAYBE }) }
                }
            }
        }
    }
}

/// When we ask again, and how to get the link of what is open now.
pub(crate) fn next(view: &View<'_>) -> Markup {
    let zone = view.chart.zone_at(view.now);
    let today = view.today();
    let at = standing::next_ask(&view.open.book, view.chart, view.now, view.now);
    html! {
        section.card {
            h2 { (text::NEXT_TITLE) }
            @if let Some(check_in) = standing::waiting(view.chart, view.now) {
                p { (text::waits_for_you(&view.day(check_in.about_day), &day_and_time(check_in.expires_at, zone, today, view.open.book.clinic.locale))) }
                (crate::shut::ask_fresh_link(text::FRESH_BUTTON))
            }
            p { (match at {
                Some(at) => text::next_ask(&day_and_time(at, zone, today, view.open.book.clinic.locale)),
                None => text::NO_NEXT_ASK.to_owned(),
            }) }
        }
    }
}

/// Links from the alert to the fields with a fault.
pub(crate) fn run_faults(view: &View<'_>) -> Markup {
    html! {
        @if !view.run.faults.is_empty() {
            ul { @for (name, fault) in &view.run.faults { li { a href={ "#run-" (name) } { (fault) } } } }
        }
    }
}

/// The form for a new run, or for correcting one.
pub(crate) fn log_run(view: &View<'_>) -> Markup {
    let entered = &view.run;
    let correcting = !entered.id.is_empty();
    let today = view.today();
    let earliest = today.checked_sub_days(Days::new(run_form::LATEST_DAYS.unsigned_abs())).unwrap_or(today);
    let unit = text::distance_label(view.open.patient.units);
    html! {
        details.card.fold id="log" open[correcting || !entered.faults.is_empty() || view.chart.runs.is_empty()] {
            summary { h2 { (if correcting { text::CORRECT_RUN_TITLE } else { text::LOG_RUN_TITLE }) } }
            form method="post" action="?" novalidate {
                input type="hidden" name="do" value="log-run";
                input type="hidden" name="run" value=(entered.id);
                div.pair {
                    (field(view, "date", text::RUN_DATE, None, &html! {
                        input type="date" id="run-date" name="date" value=(entered.date) min=(earliest) max=(today)
                            aria-describedby=[described(view, "date")];
                    }))
                    (field(view, "time", text::RUN_TIME, None, &html! {
                        input type="time" id="run-time" name="time" value=(entered.time)
                            aria-describedby=[described(view, "time")];
                    }))
                }
                div.pair {
                    (field(view, "distance", unit, None, &html! {
                        input type="text" inputmode="decimal" autocomplete="off" id="run-distance" name="distance"
                            value=(entered.distance) aria-describedby=[described(view, "distance")];
                    }))
                    (field(view, "minutes", text::RUN_MINUTES, Some(text::OPTIONAL), &html! {
                        input type="text" inputmode="numeric" autocomplete="off" id="run-minutes" name="minutes"
                            value=(entered.minutes) aria-describedby=[described(view, "minutes")];
                    }))
                }
                (field(view, "kind", text::RUN_KIND, None, &html! {
                    select id="run-kind" name="kind" aria-describedby=[described(view, "kind")] {
                        option value="training" selected[entered.kind == "training"] { (text::TRAINING) }
                        @for (race, title) in view.open.book.races() {
                            @let value = format!("race:{race}");
                            option value=(value) selected[entered.kind == value] { (text::race(title)) }
                        }
                    }
                }))
                button.main type="submit" { (if correcting { text::SAVE_RUN } else { text::LOG_RUN }) }
                @if correcting { p { a href="?" { (text::DO_NOT_CHANGE) } } }
            }
        }
    }
}

fn described(view: &View<'_>, name: &str) -> Option<String> {
    view.run.faults.contains_key(name).then(|| format!("run-{name}-fault"))
}

fn field(view: &View<'_>, name: &str, label: &str, aside: Option<&str>, input: &Markup) -> Markup {
    html! {
        div.field {
            label for={ "run-" (name) } {
                (label)
                @if let Some(aside) = aside { " " span.optional { (aside) } }
            }
            @if let Some(fault) = view.run.faults.get(name) {
                p.fault id={ "run-" (name) "-fault" } { (fault) }
            }
            (input)
        }
    }
}

/// My runs, newest first, each to correct or delete.
pub(crate) fn runs(view: &View<'_>) -> Markup {
    let stopped = view.chart.stopped_at.is_some();
    html! {
        section.card {
            h2 { (text::RUNS_TITLE) }
            @if view.chart.runs.is_empty() { p { (text::NO_RUNS) } }
            ul.runs {
                @for logged in view.chart.runs.iter().rev().take(LISTED_RUNS) {
                    li {
                        (run_line(view, logged))
                        @if !stopped {
                            div.actions {
                                a.button.quiet href={ "?edit=" (logged.run.id) "#log" } {
                                    (text::CORRECT) span.unseen { " " (words::run_on(logged, view.open.patient.units, view.today(), view.open.book.clinic.locale)) }
                                }
                                details.confirm {
                                    summary.button.quiet {
                                        (text::DELETE) span.unseen { " " (words::run_on(logged, view.open.patient.units, view.today(), view.open.book.clinic.locale)) }
                                    }
                                    form method="post" action="?" {
                                        input type="hidden" name="do" value="delete-run";
                                        button.danger name="run" value=(logged.run.id) { (text::DELETE_SURELY) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn run_line(view: &View<'_>, logged: &LoggedRun) -> Markup {
    let units: Units = view.open.patient.units;
    let zone = view.chart.zone_at(logged.run.started_at);
    let started = day_and_time(logged.run.started_at, zone, view.today(), view.open.book.clinic.locale);
    html! {
        p.run-line {
            strong { (words::distance_number(logged.run.distance_m, units)) " " (text::unit_short(units)) }
            " "
            @if let RunKind::Race(_) = logged.run.kind {
                span.tag { (words::race(&view.open.book, &logged.run.kind).unwrap_or_default()) }
            }
            span.small { (started) }
        }
    }
}

/// Pause, or go on.
pub(crate) fn pause(view: &View<'_>) -> Markup {
    let today = view.today();
    let until =
        view.chart.pauses.iter().rev().find(|pause| pause.from <= today).and_then(|pause| pause.until);
    html! {
        @if view.chart.is_paused(today) {
            section.card id="pause" {
                h2 { (text::PAUSED_TITLE) }
                p { (match until {
                    Some(until) => text::paused_until(&words::date(until, today, view.open.book.clinic.locale)),
                    None => text::PAUSED_OPEN.to_owned(),
                }) }
                form method="post" action="?" { button.main name="do" value="resume" { (text::RESUME) } }
            }
        } @else {
            details.card.fold id="pause" {
                summary { h2 { (text::PAUSE_TITLE) } }
                p { (text::PAUSE_WORDS) }
                form method="post" action="?" {
                    input type="hidden" name="do" value="pause";
                    label for="pause-for" { (text::PAUSE_FOR) }
                    select id="pause-for" name="for" {
                        @for (value, words) in text::PAUSES { option value=(value) { (words) } }
                    }
                    button.quiet { (text::PAUSE) }
                }
            }
        }
    }
}
