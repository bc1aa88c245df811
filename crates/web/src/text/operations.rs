//! The words of the operations page and of pages that keep themselves up to date.

// Live.
pub(crate) const AS_OF: &str = "As of";
pub(crate) const CHANGED: &str = "The page has changed.";
pub(crate) const NOT_UPDATED: &str = "Cannot be brought up to date just now.";
pub(crate) const WAITS: &str = "Waits while you are in a form or select something.";
pub(crate) const LOAD_ANEW: &str = "Load the page anew to see what is new.";

// The mail server.
pub(crate) const CIRCUIT_CLOSED: &str = "It takes our mail, as far as is known.";
pub(crate) const CIRCUIT_OPEN: &str = "It does not take our mail";
pub(crate) const TRY_NOW: &str = "Try again now";
pub(crate) const TRY_NOW_HINT: &str = "One message is tried. If the server takes it, the rest follows; if not, it is tried again later by itself.";

// Holding mail.
pub(crate) const HOLDING: &str = "Mail to runners";
pub(crate) const GOES_OUT: &str = "It goes out when it is due.";
pub(crate) const HELD: &str = "It is held.";
pub(crate) const HOLD: &str = "Hold mail to runners";
pub(crate) const HOLD_HINT: &str = "Nothing goes to runners until somebody releases it. Mail to the clinic goes on, and check-ins go on as planned.";
pub(crate) const RELEASE: &str = "Let mail go out again";
pub(crate) const RELEASE_HINT: &str =
    "What waits and still matters is sent; what is past its usefulness is not.";
pub(crate) const REASON: &str = "Why";

// The clock.
pub(crate) const CLOCK_TITLE: &str = "Clock";
pub(crate) const CLOCK_BELIEVED: &str = "It keeps time.";
pub(crate) const CLOCK_SET_BY_HAND: &str = "Somebody sets it by hand; it is compared with nothing.";
pub(crate) const CLOCK_IN_DOUBT: &str = "It is in doubt: nothing is decided by time and nothing is sent.";
pub(crate) const CLOCK_RELEASE: &str = "If the time is right, let mail go out again; that says so.";
pub(crate) const LAST_TICK: &str = "Planned last";
pub(crate) const LAST_ROUND: &str = "Looked for mail to send last";
pub(crate) const NEVER: &str = "not yet";

// Due and sent.
pub(crate) const HOURS: &str = "Due and sent, hour by hour";
pub(crate) const HOURS_HINT: &str = "Outlines: mails that were due in that hour. Filled: mails the server took. Red: \
    refused, given up or put aside. What was taken back by decision is not counted as due.";
pub(crate) const HOURS_NONE: &str = "No mail was due or sent in the last two days.";
pub(crate) const HOURS_TABLE: &str = "The same as a table";
pub(crate) const LAST_DAY: &str = "The last 24 hours";
pub(crate) const COLUMN_HOUR: &str = "Hour";
pub(crate) const COLUMN_DUE: &str = "Due";
pub(crate) const COLUMN_SENT: &str = "Sent";
pub(crate) const COLUMN_REFUSED: &str = "Refused";
pub(crate) const COLUMN_GIVEN_UP: &str = "Given up";
pub(crate) const COLUMN_CANCELLED: &str = "Not sent, by decision";
pub(crate) const CAME_BACK: &str = "Came back, 30 days";
pub(crate) const DEAD: &str = "Dead addresses";
pub(crate) const COMPARED: &str = "Due against sent";
pub(crate) const NOT_COMPARED: &str = "They are compared each hour; the first time is still to come.";
pub(crate) const ALL_EXPLAINED: &str = "The last comparison could explain everything.";
pub(crate) const UNEXPLAINED: &str = "The last comparison could not explain:";

// Backups and versions.
pub(crate) const BACKUP: &str = "Last backup";
pub(crate) const NO_BACKUP: &str = "none is known; \u{201c}afterrun backup\u{201d} makes one";
pub(crate) const SCHEMA: &str = "Database schema";
pub(crate) const TIME_ZONES: &str = "Time-zone data";
pub(crate) const OLDER: &str = "Older messages";

/// What to say after a button was pressed.
pub(crate) fn done(what: &str) -> Option<&'static str> {
    match what {
        "hold" => Some("Mail to runners is held."),
        "release" => Some("Mail goes out again."),
        "try-now" => Some("One message is tried now."),
        _ => None,
    }
}

pub(crate) fn waits_since(when: &str) -> String {
    format!("The oldest message due waits since {when}.")
}

pub(crate) fn next_try(when: &str) -> String {
    format!("The next try is at {when}.")
}

pub(crate) fn hours_label(due: u64, sent: u64) -> String {
    format!("In the last 48 hours {due} mails were due and {sent} were sent.")
}

pub(crate) fn old_backup(days: i64) -> String {
    if days == 1 { "a day ago".to_owned() } else { format!("{days} days ago") }
}

/// What a column of the picture says.
pub(crate) fn hour_in_words(hour: &str, due: u64, sent: u64, lost: u64) -> String {
    format!("{hour}: {due} due, {sent} sent, {lost} refused or given up")
}
