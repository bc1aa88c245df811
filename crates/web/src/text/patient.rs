//! Words of the work-list and of a runner's page that came with what a clinician can do there. `console` has the rest.

use afterrun_rules::{
    Event,
    book::Stage,
    chart::{PauseEvent, Value, Word},
};
use afterrun_store::Resolution;
use chrono::{NaiveDate, TimeDelta};

// The work-list.
pub(crate) const OUTCOME: &str = "Done:";
pub(crate) const NEWEST: &str = "Newest answer:";
pub(crate) const SCORECARD: &str = "How the rules fare";
pub(crate) const ALL_FIGURES: &str = "All figures";
pub(crate) const COLUMN_STATE: &str = "State and owner";

/// One tap each, on the list: word, meaning, words.
pub(crate) const OUTCOMES: [(&str, Resolution, &str); 3] = [
    ("acted", Resolution::Acted, "Acted"),
    ("not-needed", Resolution::NotNeeded, "Not needed"),
    ("already-known", Resolution::AlreadyKnown, "Known already"),
];

/// A reason that begins with the title that stands above it, without it.
pub(crate) fn reason_below_title(reason: &str, title: Option<&str>) -> String {
    let below = title.and_then(|title| reason.strip_prefix(&format!("\u{201c}{title}\u{201d}")));
    let Some(below) = below else { return reason.to_owned() };
    let below = below.trim_start_matches([':', ' ']);
    let mut letters = below.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// An answer's value, as a clinician reads it.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::YesNo(true) => crate::text::YES.to_owned(),
        Value::YesNo(false) => crate::text::NO.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Word(word) => word.to_string(),
    }
}

/// What a decision without a mail is about: `stage · pain-lasting · heads-up · 2026-03-31`.
pub(crate) fn identity(identity: &str) -> String {
    let parts = identity.split('/').filter(|part| !matches!(*part, "patient" | "clinic"));
    parts.collect::<Vec<_>>().join(" · ")
}

// What has become of a matter since.
pub(crate) const NO_LONGER_SO: &str = "No longer so, by the answers and rules of today.";
pub(crate) const ARRIVES_AGAIN: &str = "Mail arrives again.";

pub(crate) fn settled_since(day: &str) -> String {
    format!("Settled since {day}; the reason is from before.")
}

pub(crate) fn answered_again(day: &str) -> String {
    format!("Answered again since {day}.")
}

pub(crate) const OPEN_AGAIN: &str = "Open it again";

// While the clock is in doubt.
pub(crate) const RECORDED_ONLY: &str = "Recorded, decided on once the clock is believed.";
pub(crate) const NO_ADDRESS_NOW: &str = "The clock of Afterrun is in doubt. The address can be changed once it is \
    believed again; nothing was stored.";
pub(crate) const WAITS: &str = "Waits for the clock";
pub(crate) const WAITS_HINT: &str = "This was told while the clock of Afterrun was in doubt. It is recorded, decided \
    on once the clock is believed, and not yet in anything below. The times are those of the doubted clock.";
pub(crate) const WAITS_TOLD: &str = "The clinic was told at once.";

pub(crate) fn waits_on_list(count: usize) -> String {
    match count {
        1 => "1 thing told waits for the clock".to_owned(),
        count => format!("{count} things told wait for the clock"),
    }
}

/// What one event tells; none: it only goes with another.
pub(crate) fn waiting(event: &Event, day: impl Fn(NaiveDate) -> String) -> Option<String> {
    Some(match event {
        Event::Run(_) => "a run".to_owned(),
        Event::Answer(answer) => format!("an answer about {}", day(answer.about_day)),
        Event::Withdraw(answer) => format!("the answer about {} is taken back", day(answer.about_day)),
        Event::Excuse(_) => "days that do not count".to_owned(),
        Event::Pause(PauseEvent { until: Some(until) }) => format!("a pause until {}", day(*until)),
        Event::Pause(PauseEvent { until: None }) => "a pause".to_owned(),
        Event::Resume {} => "check-ins go on".to_owned(),
        Event::TimeZone { time_zone } => format!("time zone {}", time_zone.name()),
        Event::RunRemoved { .. } => "a run is taken back".to_owned(),
        Event::Contacted { flag } => format!("somebody was in touch ({flag})"),
        Event::ContactWithdrawn { flag } => format!("nobody was in touch after all ({flag})"),
        Event::EmergencyResolved {} => "the emergency signs were dealt with".to_owned(),
        Event::EmergencyReopened {} => "the emergency signs are open again".to_owned(),
        Event::Confirmed {} => "the address is confirmed".to_owned(),
        Event::AddressDead {} => "mail bounces".to_owned(),
        Event::AddressChanged {} => "another address".to_owned(),
        Event::StageOverride(word) => {
            let said = OVERRIDES.iter().find(|(_, known, _)| *known == word.word);
            format!("{} ({}): {}", word.stage, word.flag, said.map_or("", |(.., words)| words))
        }
        Event::ByTelephone(_) => return None,
        Event::Stop {} => "all messages stop".to_owned(),
    })
}

// The scorecard.
pub(crate) const SCORECARD_HINT: &str = "Work that each rule made in the last 90 days. Acted on: resolved with advice, a visit, a referral or \u{201c}acted\u{201d}.";
pub(crate) const TIME_HINT: &str =
    "The time is from the alert until somebody was in touch, half of them sooner.";
pub(crate) const UNUSED: &str = "Nobody acted on these in 60 days";
pub(crate) const UNUSED_HINT: &str = "They spoke up, and it made no difference to anybody. Worth a look: is the \
    threshold too low, or the work not noted?";
pub(crate) const NO_SCORES: &str = "No rule has made any work in the last 90 days.";
pub(crate) const COLUMN_RULE: &str = "Rule";
pub(crate) const COLUMN_FIRES: &str = "Alerts";
pub(crate) const COLUMN_PER_HUNDRED: &str = "In 100 check-ins";
pub(crate) const COLUMN_ACTED: &str = "Acted on";
pub(crate) const COLUMN_NOT_NEEDED: &str = "Not needed";
pub(crate) const COLUMN_KNOWN: &str = "Known already";
pub(crate) const COLUMN_OPEN: &str = "Not resolved";
pub(crate) const COLUMN_MEDIAN: &str = "Until contact";
pub(crate) const NEVER: &str = "never";

pub(crate) fn check_ins_counted(count: u64) -> String {
    format!("{count} check-ins were sent in this time.")
}

pub(crate) fn share(part: u64, of: u64) -> String {
    let percent = (part * 100 + of / 2).checked_div(of);
    percent.map_or("–".to_owned(), |percent| format!("{part} of {of} ({percent} %)"))
}

pub(crate) fn took(time: TimeDelta) -> String {
    match time.num_minutes() {
        minutes @ ..=90 => format!("{minutes} min"),
        minutes @ ..=2880 => format!("{} h", (minutes + 30) / 60),
        minutes => format!("{} days", (minutes + 720) / 1440),
    }
}

// What happens next.
pub(crate) const ASKS: &str = "check-in";
pub(crate) const REMINDS: &str = "reminder, if it is not answered";

/// What follows from silence only.
pub(crate) fn unless_answered(what: &str) -> String {
    format!("{what}, if nothing is answered until then")
}

pub(crate) const IF_IT_GOES_ON: &str = "If it goes on";
pub(crate) const WITH_NEXT_REPORT: &str = "with the next report that says so";

pub(crate) fn stage_ahead(stage: &Stage, title: &str) -> String {
    format!("{} ({title})", stage.id)
}

pub(crate) fn at_earliest(day: &str) -> String {
    format!("{day} at the earliest")
}

pub(crate) fn if_still(condition: &str) -> String {
    format!("if still {condition}")
}

pub(crate) fn more_reports(count: u32) -> String {
    if count == 1 {
        "1 more day of it is needed".to_owned()
    } else {
        format!("{count} more days of it are needed")
    }
}

pub(crate) const WITHHELD: &str = "withheld by a clinician";

// Deciding instead of the rules.
pub(crate) const OVERRIDE: &str = "Decide about a stage instead of the rules";
pub(crate) const OVERRIDE_HINT: &str = "Counts for what goes on now, not for another time. It leaves in the \
    hours and limits of all messages. A stage told now is not told again when the rule reaches it.";
pub(crate) const STAGE: &str = "Stage";
pub(crate) const BECAUSE: &str = "Why";
pub(crate) const OVERRIDES: [(&str, Word, &str); 3] = [
    ("send", Word::Send, "Tell the runner now"),
    ("withhold", Word::Withhold, "Withhold it"),
    ("allow", Word::Allow, "As the rules say"),
];
pub(crate) const NO_SUCH_STAGE: &str = "Please choose a stage of something that goes on.";

// By telephone.
pub(crate) const TELEPHONE: &str = "Enter answers given by telephone";
pub(crate) const TELEPHONE_HINT: &str = "The same questions as the runner gets. What you enter counts as the runner's \
    answer and replaces one given for the same day.";
pub(crate) const TELEPHONE_DAY: &str = "About which day";
pub(crate) const TELEPHONE_BUTTON: &str = "To the questions";
pub(crate) const BY_TELEPHONE: &str = "by telephone";
pub(crate) const BAD_ANSWER_DAY: &str =
    "Answers can be entered for today and the 14 days before, since the enrolment.";

// Another address.
pub(crate) const ADDRESS: &str = "Change the mail address";
pub(crate) const NEW_ADDRESS: &str = "New address";
pub(crate) const ADDRESS_HINT: &str = "The new address gets one mail that asks to confirm it, and nothing about health \
    before that. Links in old mails stop working at once.";

// Export.
pub(crate) const EXPORT: &str = "Export everything (JSON)";

// On paper.
pub(crate) const ON_PAPER: &str = "The newest of everything; the console has all of it.";

// The picture.
pub(crate) const ROW_PAIN_ON_RUN: &str = "Pain on run";
pub(crate) const PICTURE_LEGEND: &str = "Bars: the worst reported on a day. – asked, not answered; · nothing asked, \
    nothing known. Runs: distance, and below it the worst pain during the run. ◆ the flag's sign was reported, ◇ in \
    between. A band is an episode, dashed while it goes on; numbered circles are the stages told. Filled messages told \
    something, hollow ones asked. Hatched days do not count: E excused, P paused.";
pub(crate) const COLUMN_SIGNS: &str = "Signs reported";
