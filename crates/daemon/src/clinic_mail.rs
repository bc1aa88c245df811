//! Texts that belong to Afterrun rather than to the clinic's rules: alerts and digests for the clinic, the
//! note to the editors, the mail that asks a runner to confirm an address, a fresh link.
//!
//! They are Markdown and go through the same renderer as the clinic's own messages. No text here says more
//! about a runner than initials and the title of a rule.

use std::fmt::Write;

use afterrun_rules::{
    RuleBook,
    book::{MessageText, Place},
    decision::{Facts, Subject},
    ids::PatientId,
    message::{Links, Person, RenderError, Rendered, fill},
};
use afterrun_store::WorkItem;

use crate::compose::initials;

/// A text: subject and Markdown body.
pub(crate) struct Text {
    pub id: &'static str,
    pub subject: String,
    pub body: String,
}

/// What an alert is about.
pub(crate) struct Alert<'a> {
    pub at_once: bool,
    pub initials: &'a str,
    pub title: Option<&'a str>,
    pub subject: &'a Subject,
    pub patient: &'a PatientId,
    /// What links begin with, without a slash at the end.
    pub base_url: &'a str,
}

/// For `tell_clinic: Now` and `Today`.
pub(crate) fn alert(alert: &Alert<'_>) -> Text {
    let urgency = if alert.at_once { "Now" } else { "Today" };
    let matter = alert.title.unwrap_or_else(|| untitled(alert.subject));
    let mut body = format!(
        "**{}** is on the work-list: {}.\n\n{}.\n\n",
        escape(alert.initials),
        escape(matter),
        escape(what_happened(alert.subject)),
    );
    let _ = write!(
        body,
        "This mail says no more than it must: the answers and the reason stay in Afterrun.\n\n{}",
        chart_link(alert.base_url, alert.patient),
    );
    Text { id: "clinic-alert", subject: format!("{urgency}: {} needs a look", alert.initials), body }
}

/// The digest: one line a work item.
pub(crate) fn digest(items: &[WorkItem], book: &RuleBook, base_url: &str) -> Text {
    let count = items.len();
    let noun = if count == 1 { "runner note" } else { "runner notes" };
    let mut body = format!("{count} {noun} since the last digest.\n\n");
    for item in items {
        let title = item.flag.as_ref().and_then(|flag| book.flag(flag.as_str())).map(|flag| &*flag.title);
        let _ = writeln!(
            body,
            "- **{}**: {}",
            escape(&initials(&item.patient_name)),
            escape(title.unwrap_or("see the work-list")),
        );
    }
    let _ = write!(
        body,
        "\nThe answers and the reasons stay in Afterrun.\n\n[Open the work-list]({base_url}/console)\n"
    );
    Text { id: "clinic-digest", subject: format!("Digest: {count} {noun}"), body }
}

/// To somebody else, when nobody has taken an urgent item from the work-list.
pub(crate) fn escalation(item: &WorkItem, book: &RuleBook, minutes: u32, base_url: &str) -> Text {
    let initials = initials(&item.patient_name);
    let title = item.flag.as_ref().and_then(|flag| book.flag(flag.as_str())).map(|flag| &*flag.title);
    Text {
        id: "clinic-escalation",
        subject: format!("Nobody has looked at {initials} yet"),
        body: format!(
            "**{}** has been on the work-list for {minutes} minutes, as urgent: {}. Nobody has taken it. Please see \
             that somebody does.\n\nThis mail says no more than it must and comes once.\n\n{}",
            escape(&initials),
            escape(title.unwrap_or("see the work-list")),
            chart_link(base_url, &item.patient),
        ),
    }
}

/// To the runner's page of the console, which asks who is looking.
fn chart_link(base_url: &str, patient: &PatientId) -> String {
    format!("[Open the chart]({base_url}/console/patients/{patient})\n")
}

/// To the editors, when due and sent do not agree.
pub(crate) fn unexplained(lines: &[String]) -> Text {
    let mut body = String::from(
        "Each hour Afterrun compares what was due with what was sent. Today it found what it cannot explain:\n\n",
    );
    for line in lines {
        let _ = writeln!(body, "- {}", escape(line));
    }
    body.push_str(
        "\nPlease have whoever runs Afterrun look at its log, where the ids are, and at `afterrun message list`. \
         This mail comes once a day at most.\n",
    );
    Text { id: "unexplained", subject: "Afterrun: due and sent do not agree".to_owned(), body }
}

/// To the editors, when an edit of the rules did not go live.
pub(crate) fn rules_rejected(findings: &str) -> Text {
    let mut body = String::from(
        "An edit of the rules did not go live. The rules before it stay in force, so nobody is affected. What \
         was found:\n\n",
    );
    for line in findings.lines().take(120) {
        let _ = writeln!(body, "    {line}");
    }
    body.push_str("\nSave the mended files and they are tried again within seconds.\n");
    Text { id: "rules-rejected", subject: "An edit of the rules did not go live".to_owned(), body }
}

/// To a runner whose address nobody has confirmed yet. Nothing about health.
pub(crate) fn confirm_address(link: &str, clinic: &str) -> Text {
    let clinic = escape(clinic);
    Text {
        id: "confirm-address",
        subject: "Please confirm your email address".to_owned(),
        body: format!(
            "{clinic} would like to write to you at this address.\n\n[Confirm this address]({link})\n\nIf you do \
             not know {clinic}, do nothing: no more mail will come.\n"
        ),
    }
}

/// To a runner who asked for a fresh link.
pub(crate) fn fresh_link(link: &str) -> Text {
    Text {
        id: "fresh-link",
        subject: "Your new link".to_owned(),
        body: format!(
            "Here is the new link you asked for.\n\n[Open my page]({link})\n\nIf you did not ask for it, there is \
             nothing you need to do.\n"
        ),
    }
}

/// To somebody who is to use the console.
pub(crate) fn user_invited(link: &str, clinic: &str, until: &str) -> Text {
    let clinic = escape(clinic);
    Text {
        id: "user-invited",
        subject: "Your account at Afterrun".to_owned(),
        body: format!(
            "You are to use Afterrun for {clinic}.\n\n[Choose a password]({link})\n\nThe link works once, until \
             {}. You sign in with this email address.\n\nIf you do not expect this, do nothing.\n",
            escape(until),
        ),
    }
}

/// To a user of the console who forgot the password.
pub(crate) fn user_reset(link: &str, clinic: &str, until: &str) -> Text {
    let clinic = escape(clinic);
    Text {
        id: "user-reset",
        subject: "A new password".to_owned(),
        body: format!(
            "Somebody asked for a new password for your account at Afterrun for {clinic}.\n\n[Choose a new \
             password]({link})\n\nThe link works once, until {}.\n\nIf it was not you, do nothing: your password \
             stays as it is. If it happens again, tell whoever runs Afterrun.\n",
            escape(until),
        ),
    }
}

/// What has changed about an account, in words.
pub(crate) enum AccountChanged<'a> {
    /// The password, and how.
    Password(&'a str),
    /// What the user may do, and the address of the admin who changed it.
    Role { to: &'a str, by: &'a str },
}

/// To a user of the console, after a change that the user may know nothing of. Without a link: one that asks to be
/// followed would teach people to follow those of others.
pub(crate) fn account_changed(changed: &AccountChanged<'_>, clinic: &str, when: &str) -> Text {
    let (clinic, when) = (escape(clinic), escape(when));
    let (subject, what) = match changed {
        AccountChanged::Password(how) => (
            "Your password was changed",
            format!(
                "The password of your account at Afterrun for {clinic} was changed on {when}, {}. Every browser \
                 was signed out.\n\nIf it was not you: open the console as you always do, choose *I have forgotten my \
                 password* and set a new one, which shuts out whoever has this one.",
                escape(how),
            ),
        ),
        AccountChanged::Role { to, by } => (
            "What you may do at Afterrun was changed",
            format!(
                "Since {when} you are {} at Afterrun for {clinic}. {} changed it.",
                escape(to),
                escape(by),
            ),
        ),
    };
    Text {
        id: "account-changed",
        subject: subject.to_owned(),
        body: format!(
            "{what}\n\nIf you did not expect this, tell an admin of the console or whoever runs Afterrun at once, by \
             telephone or in person. If you did, there is nothing to do.\n",
        ),
    }
}

/// The mail of `mail test`.
pub(crate) fn test_mail() -> Text {
    Text {
        id: "mail-test",
        subject: "Afterrun can send mail".to_owned(),
        body: "This mail was sent by `afterrun mail test`. Nothing else needs to be done.\n".to_owned(),
    }
}

/// Renders one of these texts.
pub(crate) fn render(book: &RuleBook, text: &Text) -> Result<Rendered, RenderError> {
    let source = MessageText {
        id: text.id.into(),
        subject: template_escape(&text.subject).into(),
        preview: None,
        body: template_escape(&text.body).into(),
        place: Place { file: "afterrun".into(), line: 1 },
    };
    let person = Person { first_name: "", zone: book.clinic.time_zone, language: "en", miles: true };
    let filling = fill(book, &person, &Facts::default(), &Links::default(), chrono::DateTime::UNIX_EPOCH);
    afterrun_rules::message::render(book, &source, &filling)
}

/// A name in words that are free of Markdown: every ASCII punctuation character may be escaped in CommonMark.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(if c.is_control() { ' ' } else { c });
    }
    escaped
}

/// These texts use no placeholders: braces in them (a finding may quote some) are only characters.
fn template_escape(text: &str) -> String {
    let open = |c: char| matches!(c, '{' | '}');
    text.chars().map(|c| if open(c) { format!("{{{{ '{c}' }}}}") } else { c.to_string() }).collect()
}

fn untitled(subject: &Subject) -> &'static str {
    match subject {
        Subject::Emergency { .. } => "emergency signs ticked",
        _ => "see the work-list",
    }
}

fn what_happened(subject: &Subject) -> &'static str {
    match subject {
        Subject::Emergency { .. } => {
            "What to do now was said at once. Please find out how they are and close the item"
        }
        Subject::Lapsed { .. } => "The runner has stopped answering",
        Subject::LeftWithOpenEpisode { .. } => "Mail to the runner has ended while this was still open",
        Subject::FlaggedTooLong { .. } => "Check-ins about it have gone on for as long as they may",
        Subject::Resolved { .. } => "It has settled",
        _ => "The runner's answers have reached a stage of this rule",
    }
}
