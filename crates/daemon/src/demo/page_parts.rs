//! Words and times for the demonstration's page.

use afterrun_rules::{book::Locale, decision::Audience};
use afterrun_store::{Message, MessageState};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

/// A reason, with what stands between backticks set as code.
pub(super) fn reason(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// `09:00`, as the clinic writes it.
pub(super) fn clock(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    way.time(at.with_timezone(&zone).time())
}

/// `Tue 5 May, 07:00`, as the clinic writes it.
pub(super) fn day_and_time(at: DateTime<Utc>, zone: Tz, way: Locale) -> String {
    format!("{}, {}", way.weekday_and_month(at.with_timezone(&zone).date_naive()), clock(at, zone, way))
}

/// When a stage is reached.
pub(super) fn ago(after_days: u32) -> String {
    match after_days {
        0 => "at once".to_owned(),
        1 => "after 1 day".to_owned(),
        days => format!("after {days} days"),
    }
}

/// A state as one word.
pub(super) fn state_word(state: MessageState) -> &'static str {
    match state {
        MessageState::Queued => "waits",
        MessageState::Leased | MessageState::Transmitting => "sending",
        MessageState::Accepted => "sent",
        MessageState::Rejected => "refused",
        MessageState::Failed => "failed",
        MessageState::Cancelled => "cancelled",
        MessageState::Covered => "covered",
        MessageState::Shown => "listed",
        MessageState::Quarantined => "aside",
    }
}

/// What a line of the ledger is about, in words: `check-in`, `stage see-us of pain-lasting`.
pub(super) fn what(message: &Message) -> String {
    let mut parts = message.identity_text.split('/');
    let first = parts.next().unwrap_or_default();
    let kind = if matches!(first, "patient" | "clinic") { parts.next().unwrap_or_default() } else { first };
    let words = match (kind, parts.next(), parts.next()) {
        ("stage", Some(flag), Some(stage)) => format!("{flag}: {stage}"),
        ("stage-reminder", Some(flag), Some(stage)) => format!("{flag}: {stage}, reminder"),
        ("resolved" | "lapsed" | "left" | "flagged-too-long", Some(flag), _) => format!("{flag}: {kind}"),
        _ => kind.replace('-', " "),
    };
    match message.audience {
        Audience::Clinic if first == "clinic" => format!("tell the clinic, {words}"),
        _ => words,
    }
}
