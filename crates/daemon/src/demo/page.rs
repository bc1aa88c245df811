//! The one page of the demonstration: the clock and its controls above, runners, mailbox, reasons, the clinic's
//! list and the rules below.

use afterrun_rules::{
    assess::End,
    book::{Flag, Locale},
    decision::Audience,
};
use afterrun_store::{Message, MessageState};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    CLINICIAN,
    page_parts::{ago, clock, day_and_time, reason, state_word, what},
    snapshot::{Runner, Snapshot},
    strip::strip,
};

/// Mails in the mailbox list.
const MAILS: usize = 40;

/// Lines of decisions.
const DECISIONS: usize = 60;

/// The page.
pub(super) fn page(shown: &Snapshot) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Afterrun demo" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/demo/style.css";
                noscript { meta http-equiv="refresh" content="2"; }
            }
            body data-version=(shown.version) {
                (top(shown))
                main {
                    section.refusal aria-live="assertive" { (refusal(shown)) }
                    section.runners aria-labelledby="runners" { (runners(shown)) }
                    section.mailbox aria-labelledby="mailbox" { (mailbox(shown)) }
                    section.side {
                        (rules(shown))
                        (work_list(shown))
                        (decisions(shown))
                    }
                }
                footer { "Everything here is made up and lives in a temporary folder. No mail leaves this computer." }
                script src="/demo/script.js" defer {}
            }
        }
    }
}

/// How the clinic writes dates.
fn way(shown: &Snapshot) -> Locale {
    shown.book.clinic.way()
}

fn top(shown: &Snapshot) -> Markup {
    let leap = |to: &str, label: &str, hint: &str, class: &str| {
        html! {
            form method="post" action="/demo/clock" {
                input type="hidden" name="leap" value=(to);
                button.(class) type="submit" title=(hint) { (label) }
            }
        }
    };
    html! {
        header.top {
            div.brand {
                strong { "Afterrun" }
                span { "demo · " (shown.book.clinic.name) }
            }
            div.clock role="status" {
                span.date { (way(shown).date(shown.now.with_timezone(&shown.zone).date_naive())) }
                span.time { (clock(shown.now, shown.zone, way(shown))) }
                span.zone { (shown.zone.name()) }
            }
            div.controls role="group" aria-label="Turn the clock" {
                (leap("morning", "Next morning", "To nine o'clock tomorrow, answers included", "primary"))
                (leap("evening", "To this evening", "To half past six: what silence tells goes out at six", "secondary"))
                (leap("week", "Run on a week", "Seven days on, as they would pass by themselves", "secondary"))
            }
        }
    }
}

fn runners(shown: &Snapshot) -> Markup {
    html! {
        h2 #runners { "Runners" }
        @for runner in &shown.runners { (runner_card(shown, runner)) }
        p.legend {
            "Each box is a day: the worst pain reported, "
            b { "–" } " asked and not answered, " b.ranword { "underlined" } " a run, " b { "✉" } " a stage told."
        }
    }
}

fn runner_card(shown: &Snapshot, runner: &Runner) -> Markup {
    let patient = &runner.patient;
    let first = crate::compose::first_name(&patient.name);
    html! {
        article.card {
            header {
                h3 { (patient.name) }
                (standing(shown, runner))
            }
            p.story { (runner.story) }
            (strip(&runner.chart, runner.assessment.day, way(shown)))
            div.actions {
                form method="post" action="/demo/open" target="_blank" {
                    input type="hidden" name="patient" value=(patient.id);
                    button.secondary type="submit" { "Open " (first) "’s page" }
                }
                @if patient.stopped_at.is_none() {
                    form.run method="post" action="/demo/run" {
                        input type="hidden" name="patient" value=(patient.id);
                        label.unseen for={ "run-" (patient.id) } { "What " (first) " ran" }
                        select #{ "run-" (patient.id) } name="run" {
                            @for (race, title) in shown.book.races() {
                                option value={ "race:" (race) } { (title) }
                            }
                            option value="miles:4" selected { "4 miles" }
                            option value="miles:8" { "8 miles" }
                            option value="miles:14" { "14 miles" }
                        }
                        button.secondary type="submit" { "Log run" }
                    }
                }
            }
        }
    }
}

/// What the chart amounts to, as chips.
fn standing(shown: &Snapshot, runner: &Runner) -> Markup {
    let (chart, assessment) = (&runner.chart, &runner.assessment);
    let open = shown.book.flags.iter().zip(&assessment.flags).filter_map(|(flag, assessed)| {
        let episode = assessed.newest()?;
        (episode.end == End::Open).then_some((flag, episode))
    });
    let chips: Vec<(&str, String)> = open
        .map(|(flag, episode)| {
            let told = assessment.told(chart, flag, episode, Audience::Patient);
            let stage = told.and_then(|told| flag.stages.get(told));
            match stage {
                Some(stage) => ("told", format!("{}: {}", short(flag), stage.id)),
                None => ("watching", format!("{}: watching", short(flag))),
            }
        })
        .collect();
    html! {
        div.chips {
            @if runner.patient.stopped_at.is_some() { span.chip.stopped { "stopped" } }
            @for (class, words) in &chips { span.chip.(class) { (words) } }
            @if chips.is_empty() && let Some(recovery) = &assessment.recovery {
                @if recovery.cleared_on.is_some() {
                    span.chip.clear { "may run again" }
                } @else if assessment.day <= recovery.max_day {
                    span.chip.resting { "recovering" }
                }
            }
        }
    }
}

/// A flag's id reads better in a chip than its title.
fn short(flag: &Flag) -> String {
    flag.id.as_str().replace('-', " ")
}

fn mailbox(shown: &Snapshot) -> Markup {
    let mails = shown.messages.iter().filter(|message| {
        message.mail.is_some() && matches!(message.state, MessageState::Accepted | MessageState::Queued)
    });
    html! {
        header.heading {
            h2 #mailbox { "Mailbox" }
            label.small { input #quiet type="checkbox"; " without check-ins" }
        }
        @if let Some(open) = &shown.open_mail {
            article.card.letter {
                header {
                    h3 { (open.parts.subject) }
                    a.close href="/" aria-label="Close this mail" { "Close" }
                }
                p.small {
                    "To " @if let Some(mail) = &open.message.mail { (mail.recipient) }
                    " · because: " (reason(&open.message.reason.text))
                }
                iframe title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox"
                    src={ "/demo/mail/" (open.message.key.0) } {}
                details {
                    summary { "As plain text" }
                    pre { (open.parts.text) }
                }
            }
        }
        ul.mails {
            @for message in mails.take(MAILS) { (mail_row(shown, message)) }
        }
    }
}

fn mail_row(shown: &Snapshot, message: &Message) -> Markup {
    let Some(mail) = &message.mail else { return PreEscaped(String::new()) };
    let is_open = shown.open_mail.as_ref().is_some_and(|open| open.message.key == message.key);
    let to_clinic = message.audience == Audience::Clinic;
    let routine = ["/check-in/", "/reminder/"].iter().any(|kind| message.identity_text.contains(kind));
    let zone = shown.runner(message).map_or(shown.zone, |runner| runner.patient.time_zone);
    let waits = message.state == MessageState::Queued;
    let when = if waits { mail.due_at } else { message.settled_at.unwrap_or(mail.due_at) };
    html! {
        li {
            a.mail.clinic[to_clinic].routine[routine].waits[waits].open[is_open] href={ "/?mail=" (message.key.0) } {
                span.subject { (mail.subject) }
                span.when { @if waits { "waits until " } (day_and_time(when, zone, way(shown))) }
                span.to { (mail.recipient) }
            }
        }
    }
}

/// Across the whole page, as a line of a rule file is long and its caret must be seen.
fn refusal(shown: &Snapshot) -> Markup {
    html! {
        @if let Some(rejected) = &shown.rejected {
            article.card.rules.refused {
                header { h2 { "An edit of the rules did not go live" } span.chip.told { "refused" } }
                p.small { "The rules before it stay in force, so nobody is affected. Mend the file and save." }
                pre.findings { (rejected.findings.trim_end()) }
            }
        }
    }
}

fn rules(shown: &Snapshot) -> Markup {
    html! {
        article.card.rules.refused[shown.rejected.is_some()] aria-live="polite" {
            header {
                h2 { "Rules" }
                @match &shown.rejected {
                    Some(_) => span.chip.told { "edit refused" },
                    None => span.chip.clear { "in force" },
                }
            }
            p.small {
                "Book " code { (shown.book.hash.short()) }
                @if shown.book_since > chrono::DateTime::UNIX_EPOCH {
                    ", since " (day_and_time(shown.book_since, shown.zone, way(shown)))
                }
                ". Edit any file in" br;
                code.path { (shown.rules.display()) } br;
                "and save: within a second the edit is live, or refused with the reason."
            }
            table {
                caption.unseen { "Flags in force" }
                tbody {
                    @for flag in &shown.book.flags {
                        tr {
                            th scope="row" { (flag.title) }
                            td {
                                @for stage in &flag.stages {
                                    span.stage { (stage.id) " " b { (ago(stage.after_days)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn work_list(shown: &Snapshot) -> Markup {
    html! {
        article.card {
            header { h2 { "The clinic’s list" } span.count { (shown.work.len()) } }
            @if shown.work.is_empty() { p.small { "Nobody needs a call." } }
            form.console method="post" action="/console/sign-in" target="_blank" {
                input type="hidden" name="email" value=(CLINICIAN.0);
                input type="hidden" name="password" value=(CLINICIAN.1);
                input type="hidden" name="next" value="/console";
                button.secondary type="submit" { "Open the clinic’s console" }
            }
            ul.work {
                @for item in &shown.work {
                    li {
                        span.chip.(format!("{:?}", item.level).to_lowercase()) { (format!("{:?}", item.level)) }
                        b { (item.patient_name) }
                        p { (reason(&item.reason.text)) }
                        span.when { (day_and_time(item.created_at, shown.zone, way(shown))) }
                    }
                }
            }
        }
    }
}

fn decisions(shown: &Snapshot) -> Markup {
    html! {
        article.card {
            header { h2 { "What was decided, and why" } }
            ul.decisions {
                @for message in shown.messages.iter().take(DECISIONS) {
                    @let whose = shown.runner(message).map(|runner| crate::compose::first_name(&runner.patient.name));
                    li {
                        p.line {
                            b { (whose.unwrap_or("Clinic")) } " · " (what(message))
                            " " span.state.(state_word(message.state)) { (state_word(message.state)) }
                        }
                        p { (reason(&message.reason.text)) }
                        @if let Some(end) = &message.end_reason { p.end { (reason(end)) } }
                        span.when { (day_and_time(message.decided_at, shown.zone, way(shown))) }
                    }
                }
            }
        }
    }
}
