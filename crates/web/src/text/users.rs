//! The words about users, their passwords and the audit log.

use afterrun_store::{Names, Role, UserLinkKind};

pub(crate) const USERS: &str = "Users";
pub(crate) const AUDIT: &str = "Audit log";

// Forgotten passwords.
pub(crate) const FORGOTTEN: &str = "I have forgotten my password";
pub(crate) const RESET_TITLE: &str = "A new password";
pub(crate) const RESET: &str =
    "Tell us the address you sign in with. If there is an account, a mail with a link goes to it.";
pub(crate) const RESET_BUTTON: &str = "Send me a link";
pub(crate) const RESET_SENT_TITLE: &str = "Look into your mailbox";
pub(crate) const RESET_SENT: &str = "If there is an account with this address, a mail with a link is on its way. The \
    link works once, for an hour. If nothing comes, look among unwanted mail, or ask whoever runs the console.";
pub(crate) const BACK_TO_SIGN_IN: &str = "To the sign-in page";
pub(crate) const LINK_GONE_TITLE: &str = "This link does not work any more";
pub(crate) const LINK_GONE: &str = "It has been used, its time is over, or a newer one has taken its place.";
pub(crate) const ASK_ANEW: &str = "Ask for a new link";
pub(crate) const WELCOME_TITLE: &str = "Welcome";
pub(crate) const WELCOME: &str = "Choose a password to sign in with. This link works once.";
pub(crate) const CHOOSE: &str = "Choose a new password. Every session ends; this link works once.";
pub(crate) const CHOOSE_BUTTON: &str = "Set my password";

// The list.
pub(crate) const COLUMN_USER: &str = "User";
pub(crate) const COLUMN_ROLE: &str = "May";
pub(crate) const COLUMN_ACCESS: &str = "Access";
pub(crate) const COLUMN_ADDED: &str = "Added";
pub(crate) const INVITE: &str = "Invite somebody";
pub(crate) const INVITE_BUTTON: &str = "Send the invitation";
pub(crate) const INVITE_HINT: &str =
    "A mail with a link to choose a password goes to this address. The link works once, for seven days.";
pub(crate) const ROLE: &str = "What they may do";
pub(crate) const EXISTS: &str = "There is a user with this address already.";
pub(crate) const NO_ROLE: &str = "Please choose what they may do.";
pub(crate) const CANNOT_WRITE: &str = "No mail can be written to this address.";

// One user.
pub(crate) const CHANGE_ROLE: &str = "Change the role";
pub(crate) const ACCESS: &str = "Access";
pub(crate) const DEACTIVATE: &str = "Take access away";
pub(crate) const DEACTIVATE_HINT: &str = "Ends all sessions at once. What the user saw to on the work-list is nobody's \
    again. What they did stays under their name.";
pub(crate) const DEACTIVATE_SURELY: &str = "Yes, take it away";
pub(crate) const ACTIVATE: &str = "Give access back";
pub(crate) const ACTIVATE_HINT: &str = "With the password they had.";
pub(crate) const END_SESSIONS: &str = "End all sessions";
pub(crate) const END_SESSIONS_HINT: &str = "They can sign in again with their password.";
pub(crate) const INVITE_AGAIN: &str = "Send the invitation again";
pub(crate) const INVITE_AGAIN_HINT: &str = "The link in the mail before stops working.";
pub(crate) const SEND_RESET: &str = "Send a link for a new password";
pub(crate) const SEND_RESET_HINT: &str = "The password stays as it is until the link is used.";
pub(crate) const LAST_ADMIN: &str =
    "There must be one more admin who can sign in before this one can go. Nothing was changed.";
pub(crate) const SURELY_MISSING: &str = "Please tick the box that says you mean it.";
pub(crate) const DID: &str = "What they did";
pub(crate) const ALL_THEY_DID: &str = "All they did";
pub(crate) const BACK_TO_USERS: &str = "To the users";

// The audit log.
pub(crate) const WHOSE: &str = "What this user did";
pub(crate) const ABOUT: &str = "Or what was done about this runner (id)";
pub(crate) const EVERYBODY: &str = "Everybody";
pub(crate) const SHOW: &str = "Show";
pub(crate) const NOTHING_DONE: &str = "Nothing is noted.";
pub(crate) const COLUMN_WHO: &str = "Who";
pub(crate) const COLUMN_ABOUT: &str = "About";
pub(crate) const COLUMN_FROM: &str = "From";
pub(crate) const OLDER: &str = "Older";

// My account.
pub(crate) const NAMES_TITLE: &str = "Names in lists";
pub(crate) const NAMES_WORDS: &str = "Lists on a screen that others can see may show initials. A runner's own page \
    always has the name.";
pub(crate) const NAMES_BUTTON: &str = "Show lists this way";
pub(crate) const NAMES_CHANGED: &str = "Lists are shown this way from now on.";

/// Ways of naming: word, meaning, words.
pub(crate) const NAMES: [(&str, Names, &str); 2] =
    [("full", Names::Full, "Full names"), ("initials", Names::Initials, "Initials")];

/// Roles: word, meaning, words.
pub(crate) const ROLES: [(&str, Role, &str); 3] = [
    ("viewer", Role::Viewer, "look (viewer)"),
    ("clinician", Role::Clinician, "look after runners (clinician)"),
    ("admin", Role::Admin, "all that, and change users (admin)"),
];

pub(crate) const ACTIVE: &str = "may sign in";
pub(crate) const INVITED: &str = "invited";
pub(crate) const GONE: &str = "no access";

/// What to say after a button was pressed.
pub(crate) fn done(what: &str) -> Option<&'static str> {
    match what {
        "invite" => Some("The invitation is on its way."),
        "reset" => Some("A link for a new password is on its way."),
        "role" => Some("The role is changed."),
        "deactivate" => Some("Access is taken away."),
        "activate" => Some("Access is given back."),
        "sessions" => Some("All sessions have ended."),
        _ => None,
    }
}

pub(crate) fn password_set(kind: UserLinkKind) -> &'static str {
    match kind {
        UserLinkKind::Invitation => "Your password is set. Please sign in with it.",
        UserLinkKind::Reset => super::console::PASSWORD_CHANGED,
    }
}

pub(crate) fn action(action: &str) -> &str {
    match action {
        "sign-in" => "signed in",
        "sign-in-refused" => "was refused: wrong address or password",
        "sign-in-limited" => "was refused: too many tries",
        "sign-out" => "signed out",
        "sign-out-everywhere" => "signed out everywhere",
        "password-change" => "changed the password",
        "reset-link" => "had a link for a new password sent",
        "reset-unknown" => "asked for a new password for an address without account",
        "reset-limited" => "asked for a new password too often",
        "reset-used" => "chose a new password by link",
        "invitation-link" => "sent an invitation",
        "invitation-used" => "took up the invitation",
        "user-add" => "added a user",
        "user-deactivate" => "took access away",
        "user-activate" => "gave access back",
        "user-end-sessions" => "ended all sessions",
        "user-role-viewer" => "made a viewer",
        "user-role-clinician" => "made a clinician",
        "user-role-admin" => "made an admin",
        "user-names-full" => "shows full names in lists",
        "user-names-initials" => "shows initials in lists",
        "audit-view" => "read the audit log",
        "work-list-view" => "saw the work-list",
        "patient-list-view" => "saw the list of runners",
        "chart-view" => "saw the chart",
        "message-view" => "read a message",
        "hold" => "held mail to runners",
        "release" => "let mail go out again",
        "mail-try-now" => "had mail tried again",
        "backup" => "made a backup",
        "work-take" => "sees to it",
        "work-hand-back" => "left it to somebody else",
        "work-contact" => "tried to reach the runner",
        "work-resolve" => "resolved the work",
        "work-snooze" => "put the work off",
        "work-note" => "wrote a note",
        "work-open-again" => "opened the work again",
        "work-looked" => "looked through the work-list",
        "telephone" => "took an answer by telephone",
        "answer-add" => "entered an answer",
        "run-add" => "logged a run",
        "answer-by-telephone" => "noted that it was given by telephone",
        "pause" => "paused check-ins",
        "resume" => "ended a pause",
        "stop" => "ended the enrolment",
        "time-zone" => "changed the time zone",
        "log-run" => "logged a run",
        "override" => "overrode a stage",
        "patient-add" => "enrolled a runner",
        "patient-address" => "changed the runner's address",
        "patient-export" => "exported all that is known of the runner",
        "patient-erase" => "erased a runner",
        "mail-bounce" => "took in a notice of mail that came back",
        "message-retry" => "had a message tried again",
        "message-cancel" => "took back a message",
        "rules-edit" => "edited the rules",
        "rules-compare" => "compared rules",
        "rules-compare-view" => "saw a comparison of rules",
        "rules-compare-cancel" => "broke off a comparison of rules",
        imported if imported.starts_with("run-import") => "imported runs",
        other => other,
    }
}
