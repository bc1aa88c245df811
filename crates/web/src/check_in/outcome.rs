//! The page after an answer was recorded: what to do now, why, and when we ask again.
//!
//! Made from what was decided. It names no diagnosis, promises no call back, and says of an emergency sign
//! what to do before anything else.

use afterrun_rules::{
    Action, Chart, Decision, RuleBook,
    book::{Sign, SignLevel, TellClinic},
    decision::{Audience, Subject},
    ids::SignId,
};
use axum::{http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    Recorded,
    layout::{self, Said, Sheet},
    link::Open,
    site::Site,
    standing::{self, Standing},
    text,
    words::{self, day_and_time},
};

/// What it comes to, the most pressing first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Verdict {
    /// An emergency sign is ticked, or was and nobody has dealt with it.
    HelpNow,
    /// A stage was told today that the clinic hears of soon.
    CallUs,
    /// A stage is told now.
    StepBack,
    /// A stage was told earlier and is not over.
    StillOpen,
    /// A problem is reported that has not lasted long enough to be told.
    Watching,
    /// Told that running may start again.
    RunAgain,
    /// Everything is clear.
    KeepGoing,
    /// None of these.
    Noted,
}

/// The page.
pub(crate) fn page(site: &Site, open: &Open, ticked: &[SignId], recorded: &Recorded) -> Response {
    let (book, chart) = (&open.book, &recorded.chart);
    let standing = Standing::after(recorded, book);
    let signs = signs_to_show(book, &standing, ticked);
    let verdict = verdict(&standing, &signs, &recorded.decisions);
    let shown = Shown {
        open,
        chart,
        now: recorded.now,
        next_due: recorded.next_due.unwrap_or(recorded.now),
        standing: &standing,
        decisions: &recorded.decisions,
    };
    let main = html! {
        @if !signs.is_empty() { (help_now(&signs, &html! { h1 { (help_now_title(&signs)) } })) }
        section.card.verdict.(class(verdict)) {
            p.kicker { (Said(text::STORED)) }
            @if signs.is_empty() { h1 { (Said(title(verdict))) } } @else { h2 { (Said(title(verdict))) } }
            @for sentence in says(verdict) { p { (Said(sentence)) } }
            (why(&shown))
        }
        @if verdict != Verdict::HelpNow { (rest(&shown)) }
        (next(&shown))
        (contact(book))
    };
    layout::page(site, Sheet { status: StatusCode::OK, title: text::STORED, style: None, main })
}

/// The page while the clock is in doubt: that it is stored, and what to do about signs ticked now or earlier. What
/// else follows is decided when the clock is believed again.
pub(crate) fn page_of_what_waits(
    site: &Site,
    open: &Open,
    ticked: &[SignId],
    recorded: &Recorded,
) -> Response {
    let book = &open.book;
    let standing = Standing::after(recorded, book);
    let signs = signs_to_show(book, &standing, ticked);
    let verdict = if signs.is_empty() { Verdict::Noted } else { Verdict::HelpNow };
    let main = html! {
        @if !signs.is_empty() { (help_now(&signs, &html! { h1 { (help_now_title(&signs)) } })) }
        section.card.verdict.(class(verdict)) {
            p.kicker { (Said(text::STORED)) }
            @if signs.is_empty() { h1 { (text::WAITS_TITLE) } } @else { h2 { (Said(title(verdict))) } p { (text::HELP_NOW_STORED) } }
            p { (text::WAITS) }
            p { (text::WATCH_FOR) }
        }
        (contact(book))
    };
    layout::page(site, Sheet { status: StatusCode::OK, title: text::STORED, style: None, main })
}

struct Shown<'a> {
    open: &'a Open,
    chart: &'a Chart,
    now: DateTime<Utc>,
    /// Until then the plan stays as it is.
    next_due: DateTime<Utc>,
    standing: &'a Standing<'a>,
    decisions: &'a [Decision],
}

/// Signs ticked now, or earlier and not dealt with; calls for help first.
fn signs_to_show<'a>(book: &'a RuleBook, standing: &Standing<'a>, ticked: &[SignId]) -> Vec<&'a Sign> {
    let earlier = |sign: &Sign| standing.emergency.iter().any(|other| other.id == sign.id);
    let mut signs: Vec<&Sign> =
        book.emergencies.iter().filter(|sign| ticked.contains(&sign.id) || earlier(sign)).collect();
    signs.sort_by_key(|sign| std::cmp::Reverse(sign.level));
    signs
}

fn verdict(standing: &Standing<'_>, signs: &[&Sign], decisions: &[Decision]) -> Verdict {
    let told = |decision: &&Decision| {
        decision.identity.audience == Audience::Patient
            && matches!(decision.action, Action::Send { .. })
            && decision.identity.subject.stage().is_some()
    };
    let clinic_hears_soon = decisions.iter().any(
        |decision| matches!(decision.action, Action::TellClinic { level } if level >= TellClinic::Today),
    );
    let run_again =
        decisions.iter().any(|decision| matches!(decision.identity.subject, Subject::RunAgain { .. }));
    if !signs.is_empty() {
        Verdict::HelpNow
    } else if decisions.iter().any(|decision| told(&decision)) && clinic_hears_soon {
        Verdict::CallUs
    } else if decisions.iter().any(|decision| told(&decision)) {
        Verdict::StepBack
    } else if standing.told().next().is_some() {
        Verdict::StillOpen
    } else if !standing.open.is_empty() {
        Verdict::Watching
    } else if run_again {
        Verdict::RunAgain
    } else if standing.is_green {
        Verdict::KeepGoing
    } else {
        Verdict::Noted
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::HelpNow | Verdict::CallUs => "call-us",
        Verdict::StepBack | Verdict::StillOpen | Verdict::Watching => "step-back",
        Verdict::RunAgain | Verdict::KeepGoing | Verdict::Noted => "keep-going",
    }
}

fn title(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::HelpNow => text::HELP_NOW_STORED_TITLE,
        Verdict::CallUs => text::CALL_US_TITLE,
        Verdict::StepBack | Verdict::StillOpen | Verdict::Watching => text::STEP_BACK_TITLE,
        Verdict::RunAgain => text::RUN_AGAIN_TITLE,
        Verdict::KeepGoing => text::KEEP_GOING_TITLE,
        Verdict::Noted => text::NOTED_TITLE,
    }
}

fn says(verdict: Verdict) -> &'static [&'static str] {
    match verdict {
        Verdict::HelpNow => &[text::HELP_NOW_STORED],
        Verdict::CallUs => &[text::CALL_US, text::NO_RUNNING],
        Verdict::StillOpen => &[text::NO_RUNNING, text::STILL_HOLDS, text::STEP_BACK],
        Verdict::StepBack => &[text::NO_RUNNING, text::STEP_BACK],
        Verdict::RunAgain => &[text::RUN_AGAIN],
        Verdict::Watching => &[text::NO_RUNNING, text::WATCHING],
        Verdict::KeepGoing => &[text::KEEP_GOING, text::WATCH_FOR],
        Verdict::Noted => &[text::NOTED, text::WATCH_FOR],
    }
}

/// What to do now, across the whole page.
pub(crate) fn help_now(signs: &[&Sign], heading: &Markup) -> Markup {
    html! {
        section.help-now role="alert" tabindex="-1" autofocus {
            (heading)
            @for sign in signs {
                p { strong { (Said(&sign.do_now)) } br; span.small { (text::you_ticked(&sign.ask)) } }
            }
            p { (Said(text::NOT_WATCHED)) }
        }
    }
}

/// Its heading.
pub(crate) fn help_now_title(signs: &[&Sign]) -> &'static str {
    let call = signs.iter().any(|sign| sign.level == SignLevel::CallNow);
    if call { text::HELP_NOW } else { text::CARE_TODAY }
}

/// Which answers led here, and what was mailed because of them.
fn why(shown: &Shown<'_>) -> Markup {
    let today = shown.chart.local_date(shown.now);
    let mail = shown.decisions.iter().filter_map(|decision| mailed(shown, decision));
    let since = |title: &str| {
        shown.standing.open.iter().find(|open| *open.flag.title == *title).map(|open| open.onset)
    };
    let now: Vec<&str> = shown.decisions.iter().filter_map(|d| told_title(&shown.open.book, d)).collect();
    let earlier = shown.standing.told().map(|open| &*open.flag.title).filter(|title| !now.contains(title));
    let mut all: Vec<&str> = now.iter().copied().chain(earlier).collect();
    all.dedup();
    html! {
        @if !all.is_empty() {
            h2 { (Said(text::WHY)) }
            ul.why {
                @for title in &all {
                    li {
                        (title)
                        @if let Some(onset) = since(title) { " " (text::first_told_us(&words::day(onset, today, shown.open.book.clinic.locale))) }
                    }
                }
            }
        }
        @for sentence in mail { p { (Said(sentence)) } }
    }
}

fn told_title<'a>(book: &'a RuleBook, decision: &Decision) -> Option<&'a str> {
    let stays = decision.identity.audience == Audience::Patient
        && matches!(decision.action, Action::Send { .. } | Action::Covered { .. });
    let subject =
        decision.identity.subject.stage().filter(|_| stays).and(decision.identity.subject.flag())?;
    Some(&book.flag(subject.as_str())?.title)
}

/// One sentence for each kind of mail that follows from this answer.
fn mailed(shown: &Shown<'_>, decision: &Decision) -> Option<String> {
    let (Audience::Patient, Action::Send { .. }) = (decision.identity.audience, &decision.action) else {
        return None;
    };
    let what = match &decision.identity.subject {
        Subject::Stage { .. } | Subject::StageReminder { .. } => text::MAIL_WHAT_TO_DO,
        Subject::Resolved { .. } => text::MAIL_SETTLED,
        Subject::RunAgain { .. } => text::MAIL_RUN_AGAIN,
        Subject::RecoveryPlan { .. } => text::MAIL_PLAN,
        _ => return None,
    };
    let today = shown.chart.local_date(shown.now);
    let zone = shown.chart.zone_at(shown.now);
    Some(if decision.at > shown.now {
        text::mail_later(what, &day_and_time(decision.at, zone, today, shown.open.book.clinic.locale))
    } else {
        text::mail_now(what)
    })
}

fn rest(shown: &Shown<'_>) -> Markup {
    let today = shown.chart.local_date(shown.now);
    let Some(rest) = shown.standing.rest.as_ref() else { return html! {} };
    let run = words::run_on(rest.run, shown.open.patient.units, today, shown.open.book.clinic.locale);
    html! {
        section.card {
            h2 { (Said(text::recovering_from(&run))) }
            @if let Some(first) = rest.cleared.filter(|_| shown.standing.may_speak_of_running()) {
                p { (text::run_from(&words::day(first, today, shown.open.book.clinic.locale))) }
            } @else {
                p { (Said(text::rest_days(rest.window.min_days, rest.window.max_days, &words::date(rest.at_least, today, shown.open.book.clinic.locale)))) }
                @if shown.standing.may_speak_of_running() { p { (Said(text::WE_WILL_SAY_WHEN)) } p { (Said(text::MEANWHILE)) } }
            }
        }
    }
}

fn next(shown: &Shown<'_>) -> Markup {
    let today = shown.chart.local_date(shown.now);
    let zone = shown.chart.zone_at(shown.now);
    let at = standing::next_ask(&shown.open.book, shown.chart, shown.now, shown.next_due);
    html! {
        section.card {
            h2 { (Said(text::NEXT_TITLE)) }
            p { (Said(match at {
                Some(at) => text::next_ask(&day_and_time(at, zone, today, shown.open.book.clinic.locale)),
                None => text::NO_NEXT_ASK.to_owned(),
            })) }
            p.small { (Said(text::CHANGE_UNTIL_CLOSED)) }
        }
    }
}

/// How to reach the clinic.
pub(crate) fn contact(book: &RuleBook) -> Markup {
    html! {
        section.card.contact {
            h2 { (Said(text::REACH_US)) }
            p { strong.phone { (layout::telephone(&book.clinic.phone)) } }
            @if book.clinic.booking_link.starts_with("https://") {
                p { a.button href=(book.clinic.booking_link) rel="noreferrer" { (Said(text::BOOK)) } }
            }
            p { strong { (Said(&book.clinic.emergency_line)) } }
        }
    }
}
