//! Every word the console says that comes neither from the rules nor from a person.

use afterrun_rules::{chart::Reach, decision::Audience};
use afterrun_store::{Contact, MessageState, Resolution, Role, Urgency, WorkLine, WorkState};

pub(crate) const LANGUAGE: &str = "en";

// The frame.
pub(crate) const PRODUCT: &str = "Afterrun";
pub(crate) const SKIP: &str = "Skip to the page";
pub(crate) const NAVIGATION: &str = "Console";
pub(crate) const WORK_LIST: &str = "Work-list";
pub(crate) const RUNNERS: &str = "Runners";
pub(crate) const RULES: &str = "Rules";
pub(crate) const OPERATIONS: &str = "Operations";
pub(crate) const ACCOUNT: &str = "My account";
pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const BACK_TO_LIST: &str = "To the work-list";
pub(crate) const BACK_TO_RUNNER: &str = "To the runner's page";
pub(crate) const MORE: &str = "More";

// Pages that say why not.
pub(crate) const NOT_FOUND_TITLE: &str = "There is nothing here";
pub(crate) const NOT_FOUND: &str = "Nobody and nothing is known under this address. It may have been erased.";
pub(crate) const UNAVAILABLE_TITLE: &str = "Not right now";
pub(crate) const UNAVAILABLE: &str =
    "The database does not answer. Nothing can be shown or stored; the operator's log says more.";
pub(crate) const BUSY: &str = "There is too much to do at the moment. Please try again, and look whether what you \
    did was stored.";
pub(crate) const FAILED_TITLE: &str = "Something went wrong on our side";
pub(crate) const FAILED: &str = "Please go back and look whether what you did was stored.";
pub(crate) const FORGED_TITLE: &str = "This form cannot be taken";
pub(crate) const FORGED: &str = "It did not come from a page of this session. Nothing was stored. If you signed in \
    again meanwhile, go back, load the page anew and repeat it.";
pub(crate) const NOT_ALLOWED_TITLE: &str = "Not with this account";
pub(crate) const NOT_ALLOWED: &str = "Your account can look, not change. Nothing was stored.";
pub(crate) const TOO_LARGE_TITLE: &str = "That was too much";
pub(crate) const TOO_LARGE: &str = "What you sent is longer than this form takes. Nothing was stored.";
pub(crate) const NOT_DONE_TITLE: &str = "Nothing was stored";
pub(crate) const NOTHING_TO_DO: &str = "Please use the buttons on the page.";
pub(crate) const NOTHING_OPEN: &str = "There is no open work about this runner any more: somebody else may have \
    resolved it a moment ago.";
pub(crate) const NOT_STORED: &str =
    "It could not be stored just now. Please go back and try again in a minute.";
pub(crate) const WORDS_MISSING: &str = "Please say it in a few words.";
pub(crate) const WORDS_TOO_MANY: &str = "Please keep it to 2000 characters.";
pub(crate) const BAD_DAY: &str = "Please choose a day after today and within 90 days.";
pub(crate) const BAD_ZONE: &str = "This is no time zone. They are named such as America/Chicago.";
pub(crate) const STOP_SURELY_MISSING: &str = "Please tick the box that says you mean it.";

// Signing in.
pub(crate) const SIGN_IN_TITLE: &str = "Sign in";
pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const EMAIL: &str = "Email address";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const SIGN_IN_HINT: &str =
    "You are signed out after 30 minutes without use, and after 12 hours in any case.";
pub(crate) const SIGNED_IN_ALREADY: &str = "Signed in already in this browser? Go on to the page";
pub(crate) const WRONG: &str = "This address and this password do not belong together.";
pub(crate) const TOO_OFTEN: &str = "Too many tries. Please wait a quarter of an hour.";
pub(crate) const SET_UP_TITLE: &str = "Set up the console";
pub(crate) const SET_UP: &str =
    "You are the first user. This link works once; your account may do everything.";
pub(crate) const SET_UP_BUTTON: &str = "Make my account";
pub(crate) const BAD_EMAIL: &str = "This is no email address.";
pub(crate) const NEW_PASSWORD: &str = "New password";
pub(crate) const PASSWORD_RULE: &str = "At least 15 characters: four or five words are easiest to keep.";

pub(crate) fn password_too_short(characters: usize) -> String {
    format!("a password has at least {characters} characters: four or five words are easiest to keep")
}

pub(crate) fn password_too_long(bytes: usize) -> String {
    format!("a password has at most {bytes} bytes")
}

pub(crate) const AGAIN: &str = "The same again";
pub(crate) const PASSWORDS_DIFFER: &str = "The two passwords differ.";
pub(crate) const OLD_PASSWORD: &str = "Password until now";
pub(crate) const OLD_PASSWORD_WRONG: &str = "The password until now is another one.";
pub(crate) const CHANGE_PASSWORD: &str = "Change my password";
pub(crate) const CHANGE_ENDS_ALL: &str = "Every session ends; you sign in again with the new password.";
pub(crate) const PASSWORD_CHANGED: &str = "Your password is changed. Please sign in with it.";
pub(crate) const SIGN_OUT_EVERYWHERE: &str = "Sign out everywhere";
pub(crate) const SIGN_OUT_EVERYWHERE_WORDS: &str = "Ends your sessions in every browser, this one too.";

pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Clinician => "clinician",
        Role::Admin => "admin",
    }
}

// The work-list.
pub(crate) const FILTERS: &str = "Which runners";
pub(crate) const FILTER_OPEN: &str = "All";
pub(crate) const FILTER_MINE: &str = "Mine";
pub(crate) const FILTER_UNOWNED: &str = "Nobody's";
pub(crate) const FILTER_QUIET: &str = "Fell silent";
pub(crate) const FILTER_BOUNCED: &str = "Mail bounces";
pub(crate) const FILTER_SINCE: &str = "New since I looked";
pub(crate) const FILTER_SNOOZED: &str = "Put off";
pub(crate) const LOOKED: &str = "I have looked through it";
pub(crate) const NOBODY: &str = "Nobody here needs a look.";
pub(crate) const COLUMN_URGENCY: &str = "When";
pub(crate) const COLUMN_RUNNER: &str = "Runner";
pub(crate) const COLUMN_WHY: &str = "Why";
pub(crate) const COLUMN_DAYS: &str = "Two weeks";
pub(crate) const COLUMN_STATE: &str = "State";
pub(crate) const OVERDUE: &str = "Overdue";
pub(crate) const TAKE: &str = "I see to it";
pub(crate) const NOBODYS: &str = "nobody's yet";
pub(crate) const BACK_FROM_SNOOZE: &str = "Back";
pub(crate) const NO_RUN: &str = "no run logged";
pub(crate) const NEVER_ANSWERED: &str = "No answer yet";

pub(crate) fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Emergency => "Emergency",
        Urgency::SameDay => "Same day",
        Urgency::NextDay => "Next day",
        Urgency::Watch => "Watch",
    }
}

/// The class of its chip.
pub(crate) fn urgency_class(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Emergency => "emergency",
        Urgency::SameDay => "same-day",
        Urgency::NextDay => "next-day",
        Urgency::Watch => "watch",
    }
}

pub(crate) fn state(state: WorkState) -> &'static str {
    match state {
        WorkState::New => "New",
        WorkState::Acknowledged => "Acknowledged",
        WorkState::Contacted => "Contacted",
        WorkState::Resolved => "Resolved",
        WorkState::Snoozed => "Put off",
    }
}

pub(crate) fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Confirmed => "mail arrives",
        Reach::Unconfirmed => "address not confirmed",
        Reach::Dead => "mail bounces",
    }
}

pub(crate) fn sparkline(question: &str) -> String {
    format!("{question} The last 14 days:")
}

pub(crate) fn and_more(count: u32) -> String {
    format!("and {count} more")
}

pub(crate) fn answered_ago(days: i64) -> String {
    match days {
        ..=0 => "answered today".to_owned(),
        1 => "answered yesterday".to_owned(),
        days => format!("silent for {days} days"),
    }
}

pub(crate) fn until(when: &str) -> String {
    format!("until {when}")
}

pub(crate) fn last_looked(when: &str) -> String {
    format!("last {when}")
}

// A runner's page.
pub(crate) const STOPPED: &str = "stopped";
pub(crate) const PAUSED: &str = "paused";
pub(crate) const EMERGENCY_OPEN: &str = "emergency signs open";
pub(crate) const ACTIONS: &str = "What to do";
pub(crate) const TIMELINE: &str = "Timeline";
pub(crate) const WORK: &str = "Work";
pub(crate) const NO_WORK: &str = "Nothing is open about this runner.";
pub(crate) const HAND_BACK: &str = "Leave it to somebody else";
pub(crate) const CONTACT: &str = "I tried to reach the runner";
pub(crate) const RESOLVE: &str = "Done, because";
pub(crate) const SNOOZE: &str = "Put off";
pub(crate) const SNOOZE_UNTIL: &str = "Until";
pub(crate) const SNOOZE_WHY: &str = "Why";
pub(crate) const NEXT: &str = "What happens next";
pub(crate) const NOTHING_NEXT: &str = "Nothing is planned, as far as is known today.";
pub(crate) const WILL_TELL: &str = "the clinic is told";
pub(crate) const HISTORY: &str = "Who did what";
pub(crate) const NOTE: &str = "Note for whoever looks next";
pub(crate) const ADD_NOTE: &str = "Add the note";
pub(crate) const CARE: &str = "Enter for the runner";
pub(crate) const STOPPED_WORDS: &str =
    "The runner has stopped all messages. Only the runner can start them again.";
pub(crate) const LOG_RUN: &str = "Log a run";
pub(crate) const RUN_DATE: &str = "Day";
pub(crate) const RUN_TIME: &str = "Started at, by the runner's clock";
pub(crate) const RUN_KIND: &str = "What was it?";
pub(crate) const TRAINING: &str = "Not a race";
pub(crate) const PAUSE: &str = "Pause check-ins";
pub(crate) const PAUSE_UNTIL: &str = "Check-ins start again on";
pub(crate) const RESUME: &str = "Go on with check-ins now";
pub(crate) const CHANGE_ZONE: &str = "Change the time zone";
pub(crate) const ZONE: &str = "Time zone";
pub(crate) const ZONE_HINT: &str =
    "By its IANA name, such as America/Chicago. Counts from the next check-in on.";
pub(crate) const STOP: &str = "Stop all messages";
pub(crate) const STOP_WORDS: &str = "Ends the enrolment at once, as if the runner had pressed the stop link. You \
    cannot take it back.";
pub(crate) const STOP_SURELY: &str = "Yes, the runner wants this";
pub(crate) const WHY: &str = "Why, and why not";
pub(crate) const NEAREST_MISS: &str = "Not yet:";
pub(crate) const LEAVES: &str = "The newest report";
pub(crate) const ANSWERS: &str = "Answers";
pub(crate) const REPLACED: &str = "replaced by a later answer";
pub(crate) const OLDER_ANSWERS: &str = "Older answers are in the export of this runner.";
pub(crate) const SIGN: &str = "Emergency sign ticked:";
pub(crate) const MESSAGES: &str = "Messages";
pub(crate) const NO_MESSAGES: &str = "No message yet.";
pub(crate) const MESSAGE: &str = "Message";
pub(crate) const TO: &str = "To";
pub(crate) const NO_MAIL: &str = "No mail belongs to this decision.";
pub(crate) const DECIDED: &str = "Decided";
pub(crate) const BOOK: &str = "Rule book";
pub(crate) const ATTEMPTS: &str = "Attempts";
pub(crate) const NO_ANSWER: &str = "no answer";
pub(crate) const COLUMN_DAY: &str = "Day";
pub(crate) const COLUMN_ABOUT: &str = "About";
pub(crate) const COLUMN_RECEIVED: &str = "Received";
pub(crate) const COLUMN_ANSWERS: &str = "Answers";
pub(crate) const COLUMN_MARK: &str = "Counts as";
pub(crate) const COLUMN_WHEN: &str = "When";
pub(crate) const COLUMN_WHAT: &str = "What";
pub(crate) const MARK_PRESENT: &str = "there";
pub(crate) const MARK_BETWEEN: &str = "in between";
pub(crate) const MARK_CLEAR: &str = "clear";
pub(crate) const MARK_SILENT: &str = "silent";
pub(crate) const MARK_EXCUSED: &str = "excused";
pub(crate) const MARK_TODAY: &str = "today, not over";

/// Ways to have reached somebody: word, meaning, words.
pub(crate) const CONTACTS: [(&str, Contact, &str); 5] = [
    ("spoke", Contact::Spoke, "Spoke with them"),
    ("visit", Contact::Visit, "They were here"),
    ("wrote", Contact::Wrote, "Wrote to them"),
    ("left-message", Contact::LeftMessage, "Left a message"),
    ("no-answer", Contact::NoAnswer, "No answer"),
];

/// How somebody tried to be in touch.
pub(crate) fn contact(contact: Contact) -> &'static str {
    CONTACTS.iter().find(|(_, known, _)| *known == contact).map_or("", |(.., words)| *words)
}

/// Reasons for being done: word, meaning, words.
pub(crate) const RESOLUTIONS: [(&str, Resolution, &str); 5] = [
    ("advised", Resolution::Advised, "Advice given"),
    ("seen", Resolution::Seen, "Seen, or booked"),
    ("referred", Resolution::Referred, "Sent on"),
    ("settled", Resolution::Settled, "Settled by itself"),
    ("not-needed", Resolution::NotNeeded, "Not needed"),
];

/// What to say after a button was pressed.
pub(crate) fn done(what: &str) -> Option<&'static str> {
    let words = match what {
        "take" => "You see to this runner.",
        "hand-back" => "Left to somebody else.",
        "contact" => "Noted. Reminders about it stop if you were in touch.",
        "resolve" => "Done, and off the work-list.",
        "snooze" => "Put off.",
        "note" => "The note is stored.",
        "log-run" => "The run is stored.",
        "pause" => "Check-ins are paused.",
        "resume" => "Check-ins go on.",
        "time-zone" => "The time zone is changed.",
        "stop" => "All messages are stopped.",
        "open-again" => "Open again. You see to this runner.",
        "override" => "Your word about the stage is stored.",
        "address" => "The address is changed. Its owner is asked to confirm it.",
        "telephone" => "The answers are stored.",
        _ => return None,
    };
    Some(words)
}

/// The same; what needed a decision that is still to come is not said to be done.
pub(crate) fn done_or_recorded(what: &str, waits: bool) -> Option<String> {
    let done = done(what)?;
    Some(match what {
        _ if !waits => done.to_owned(),
        // The work-list needs no clock.
        "resolve" | "open-again" => format!("{done} {}", super::patient::RECORDED_ONLY),
        _ => super::patient::RECORDED_ONLY.to_owned(),
    })
}

pub(crate) fn history(what: &str) -> &str {
    match what {
        "take" => "sees to it",
        "hand-back" => "left it to somebody else",
        "contact" => "tried to reach the runner",
        "resolve" => "done",
        "snooze" => "put off",
        "note" => "note",
        "reopen" => "opened again",
        "open-again" => "opened it again",
        "pause" => "paused check-ins until",
        "resume" => "let check-ins go on",
        "stop" => "stopped all messages",
        "time-zone" => "changed the time zone to",
        "log-run" => "logged a run",
        "override" => "decided about a stage",
        "address" => "changed the mail address",
        "telephone" => "entered answers given by telephone",
        other => other,
    }
}

/// A choice in words; what a person wrote as it is.
pub(crate) fn history_detail(line: &WorkLine) -> String {
    let detail = line.detail.as_str();
    // A reason from the rules, which are set in Markdown.
    if line.what == "reopen" {
        return plain(detail);
    }
    let contact = CONTACTS.iter().find(|(word, ..)| *word == detail).map(|(.., words)| *words);
    let resolution = RESOLUTIONS.iter().find(|(word, ..)| *word == detail).map(|(.., words)| *words);
    let outcome =
        super::patient::OUTCOMES.iter().find(|(word, ..)| *word == detail).map(|(.., words)| *words);
    contact.or(resolution).or(outcome).unwrap_or(detail).to_owned()
}

pub(crate) fn local_time(time: &str) -> String {
    format!("now {time}")
}

pub(crate) fn will_send(message: &str) -> String {
    format!("{message} is sent")
}

pub(crate) fn is_queued(message: &str) -> String {
    format!("{message} leaves")
}

pub(crate) fn day_number(number: i64) -> String {
    format!("day {number}")
}

pub(crate) fn rule_at(place: &str) -> String {
    format!("The rule stands in rules/{place}.")
}

pub(crate) fn holds(is_true: bool, is_unknown: bool) -> &'static str {
    match (is_true, is_unknown) {
        (true, _) => "Holds:",
        (false, true) => "Cannot be told:",
        (false, false) => "Does not hold:",
    }
}

/// A line of Markdown-like English without its marks.
pub(crate) fn plain(line: &str) -> String {
    line.replace(['*', '`'], "")
}

pub(crate) fn to(audience: Audience) -> &'static str {
    match audience {
        Audience::Patient => "to the runner",
        Audience::Clinic => "to the clinic",
    }
}

pub(crate) fn message_state(state: MessageState) -> &'static str {
    match state {
        MessageState::Queued => "waits",
        MessageState::Leased | MessageState::Transmitting => "being sent",
        MessageState::Accepted => "sent",
        MessageState::Rejected => "refused by the mail server",
        MessageState::Failed => "given up",
        MessageState::Cancelled => "not sent, by decision",
        MessageState::Covered => "covered by another message",
        MessageState::Shown => "on the work-list only",
        MessageState::Quarantined => "put aside",
    }
}

// The picture.
pub(crate) const PLOT: &str = "Picture of the last weeks; it can be scrolled";
pub(crate) const PLOT_LABEL: &str = "The last weeks day by day. The table below says the same in words.";
pub(crate) const PLOT_TABLE: &str = "The same as a table";
pub(crate) const SCALE: &str = "Worst pain";
pub(crate) const ROW_RUNS: &str = "Runs";
pub(crate) const ROW_MESSAGES: &str = "Messages";
pub(crate) const EXCUSED_DAY: &str = "(excused)";
pub(crate) const PAUSED_DAY: &str = "(paused)";

pub(crate) fn spell(title: &str, from: &str, until: &str) -> String {
    format!("{title}: {from} to {until}")
}

// Runners.
pub(crate) const FIND_BY_EMAIL: &str = "Find by email address";
pub(crate) const FIND: &str = "Find";
pub(crate) const NO_RUNNER: &str = "No runner is known under this address.";
pub(crate) const COLUMN_ENROLLED: &str = "Enrolled";
pub(crate) const COLUMN_ZONE: &str = "Time zone";
pub(crate) const COLUMN_MAIL: &str = "Mail";

// Rules.
pub(crate) const REJECTED: &str = "The last edit did not go live";
pub(crate) const MESSAGES_HINT: &str = "With made-up values in place of a runner's own.";

pub(crate) fn rejected_at(when: &str) -> String {
    format!("Refused on {when}. The rules below stay in force until it is mended.")
}

pub(crate) fn warnings(count: usize) -> String {
    if count == 1 { "1 thing to look at".to_owned() } else { format!("{count} things to look at") }
}

pub(crate) fn kind(kind: &str) -> &str {
    match kind {
        "flag" => "Red flags",
        "emergency" => "Emergency signs",
        "check-in" => "Check-ins",
        "window" => "Rest after a run",
        "question" => "Questions",
        "clinic" => "The clinic",
        other => other,
    }
}

// Operations.
pub(crate) const DUE: &str = "messages due";
pub(crate) const LATER: &str = "for later";
pub(crate) const IN_FLIGHT: &str = "being sent";
pub(crate) const PUT_ASIDE: &str = "put aside";
pub(crate) const MAIL_SERVER: &str = "Mail server";
pub(crate) const VERSIONS: &str = "Versions";
pub(crate) const IN_FORCE: &str = "In force since";
pub(crate) const TIME: &str = "Time zone";
pub(crate) const NEWEST_MESSAGES: &str = "Newest messages";
