//! Reading a mail of the outbox back into its parts, for the mailbox on the page.

use mail_parser::MessageParser;

/// The parts of a mail that a person looks at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Parts {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Takes a mail apart; what it lacks stays empty.
pub(super) fn parts(bytes: &[u8]) -> Parts {
    let Some(message) = MessageParser::default().parse(bytes) else { return Parts::default() };
    Parts {
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html: message.body_html(0).unwrap_or_default().into_owned(),
    }
}

/// The HTML part, its links opening beside the page rather than inside the frame it is shown in.
pub(super) fn for_frame(html: &str) -> String {
    html.replacen("<head>", "<head><base target=\"_blank\">", 1)
}
