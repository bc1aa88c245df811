//! How one attempt to hand a message over ended, and what that says about whom.
//!
//! The stage matters as much as the code: a 550 at RCPT speaks of one address, a 550 at MAIL FROM of us. This
//! file holds that judgement alone; what to do about it (retry, pause, tell somebody) is the caller's business.

use std::fmt;

/// How far an SMTP conversation had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Looking up the name and opening the TCP connection.
    Connect,
    /// The server's first line.
    Greeting,
    /// EHLO.
    Hello,
    /// STARTTLS and the handshake.
    Tls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    MailFrom,
    /// RCPT TO.
    Recipient,
    /// DATA, up to the server's 354.
    Data,
    /// The message itself, up to its last line.
    Body,
    /// The final dot and the answer to it.
    Dot,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::Tls => "TLS",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Body => "message body",
            Self::Dot => "final dot",
        })
    }
}

/// How one attempt ended. Texts carry no addresses: those a server echoes are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 2yz after the final dot: the server has taken responsibility (RFC 5321 section 4.2.5).
    Accepted {
        /// What it said, often with its own queue id.
        said: String,
    },
    /// The server refused with 4yz or 5yz.
    Rejected {
        /// Where.
        stage: Stage,
        /// The reply code, 400 to 599.
        code: u16,
        /// The enhanced status code (RFC 3463), such as `5.1.1`.
        enhanced: Option<String>,
        /// The rest of what it said.
        said: String,
    },
    /// The final dot was never sent, so the server cannot have taken the message.
    NotSent {
        /// Where it ended.
        stage: Stage,
        /// Why.
        why: String,
    },
    /// The final dot was sent, or may have been, and no clear answer came (RFC 1047).
    Unknown {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { said } => write!(f, "accepted: {said}"),
            Self::Rejected { stage, code, enhanced: Some(enhanced), said } => {
                write!(f, "rejected at {stage}: {code} {enhanced} {said}")
            }
            Self::Rejected { stage, code, enhanced: None, said } => {
                write!(f, "rejected at {stage}: {code} {said}")
            }
            Self::NotSent { stage, why } => write!(f, "not sent, at {stage}: {why}"),
            Self::Unknown { why } => write!(f, "in doubt: {why}"),
        }
    }
}

/// What an outcome means for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Done.
    Accepted,
    /// Trouble that passes: try again later.
    Retry,
    /// This address does not take mail and will not tomorrow.
    DeadAddress,
    /// This message, to this address, was refused for good.
    Refused,
    /// Our configuration, credentials, standing or the server itself: no patient's status is touched.
    OurFault,
    /// Nobody can know whether the server took it.
    InDoubt,
}

impl Outcome {
    /// What this outcome means for the queue.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Accepted { .. } => Class::Accepted,
            Self::Unknown { .. } => Class::InDoubt,
            Self::NotSent { stage: Stage::Tls | Stage::Auth, .. } => Class::OurFault,
            Self::NotSent { .. } => Class::Retry,
            Self::Rejected { code, .. } if *code < 500 => Class::Retry,
            Self::Rejected { stage, code, enhanced, said } => match stage {
                Stage::Recipient | Stage::Data | Stage::Body | Stage::Dot => {
                    permanent(*stage, *code, enhanced.as_deref(), said)
                }
                _ => Class::OurFault,
            },
        }
    }
}

/// Whom a permanent refusal of one message speaks of. `stage` is one at which a recipient is already named.
pub(crate) fn permanent(stage: Stage, code: u16, enhanced: Option<&str>, said: &str) -> Class {
    // 530, 534, 535, 538: authentication (RFC 4954). 500, 502, 503, 504: the server did not understand us.
    if matches!(code, 500 | 502 | 503 | 504 | 530 | 534 | 535 | 538) {
        return Class::OurFault;
    }
    let lower = said.to_ascii_lowercase();
    match enhanced {
        // Security and policy: SPF, DKIM, DMARC, blocklists, relaying. Never the patient's doing.
        Some(status) if status.starts_with("5.7.") => Class::OurFault,
        // Protocol trouble between the two programs.
        Some(status) if status.starts_with("5.5.") && status != "5.5.0" => Class::OurFault,
        // The sender's mailbox or domain (RFC 3463 section 3.2), which many servers check only at RCPT.
        Some("5.1.7" | "5.1.8") => Class::OurFault,
        Some("5.1.0") if lower.contains("sender") => Class::OurFault,
        Some(status) if status.starts_with("5.1.") && stage == Stage::Recipient => Class::DeadAddress,
        Some(_) => Class::Refused,
        // Without an enhanced code 550 means "no such mailbox" or "we do not want you": the words decide.
        None if code == 550 && stage == Stage::Recipient => {
            if ABOUT_US.iter().any(|word| lower.contains(word)) {
                Class::OurFault
            } else {
                Class::DeadAddress
            }
        }
        None => Class::Refused,
    }
}

/// Words in a bare 550 at RCPT that speak of the sender. Exim, for one, says "550 relay not permitted" to every
/// recipient of a client it does not know: taking that for dead addresses would silence a whole clinic.
const ABOUT_US: [&str; 13] = [
    "relay",
    "sender",
    "authent",
    "policy",
    "prohibit",
    "block",
    "spam",
    "listed",
    "reputation",
    "spf",
    "dkim",
    "dmarc",
    "access denied",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(stage: Stage, reply: &str) -> Outcome {
        let code = reply[..3].parse().unwrap();
        let (enhanced, said) = crate::reply::split_enhanced(code, reply[4..].trim());
        Outcome::Rejected { stage, code, enhanced, said }
    }

    #[test]
    fn a_refusal_is_blamed_on_the_right_party() {
        let cases = [
            (Stage::Recipient, "550 5.1.1 no such user", Class::DeadAddress),
            (Stage::Recipient, "550 5.1.10 null MX", Class::DeadAddress),
            (Stage::Recipient, "550 No such user here", Class::DeadAddress),
            (Stage::Recipient, "501 5.1.3 bad address syntax", Class::DeadAddress),
            (Stage::Recipient, "550 relay not permitted", Class::OurFault),
            (Stage::Recipient, "550 Sender verify failed", Class::OurFault),
            (Stage::Recipient, "550 5.1.8 sender domain not found", Class::OurFault),
            (Stage::Recipient, "550 5.1.7 bad sender syntax", Class::OurFault),
            (Stage::Recipient, "550 5.1.0 <*>: Sender address rejected", Class::OurFault),
            (Stage::Recipient, "550 5.1.0 address rejected", Class::DeadAddress),
            (Stage::Recipient, "554 5.7.1 relay access denied", Class::OurFault),
            (Stage::Recipient, "552 5.2.2 mailbox full", Class::Refused),
            (Stage::Recipient, "553 mailbox name not allowed", Class::Refused),
            (Stage::Recipient, "503 5.5.1 nested MAIL", Class::OurFault),
            (Stage::Recipient, "503 bad sequence", Class::OurFault),
            (Stage::Recipient, "530 5.7.0 must issue STARTTLS first", Class::OurFault),
            (Stage::Recipient, "450 4.2.0 greylisted", Class::Retry),
            (Stage::Recipient, "450 4.1.1 unknown for now", Class::Retry),
            (Stage::Data, "554 no valid recipients", Class::Refused),
            (Stage::Dot, "554 5.6.0 message refused", Class::Refused),
            (Stage::Dot, "550 5.7.26 unauthenticated", Class::OurFault),
            (Stage::Dot, "550 5.7.515 access denied", Class::OurFault),
            (Stage::Dot, "550 5.1.1 no such user", Class::Refused),
            (Stage::Dot, "550 refused", Class::Refused),
            (Stage::Dot, "451 4.3.0 try later", Class::Retry),
            (Stage::MailFrom, "550 5.1.1 no such user", Class::OurFault),
            (Stage::Greeting, "554 no service", Class::OurFault),
            (Stage::Hello, "550 go away", Class::OurFault),
            (Stage::Auth, "535 5.7.8 wrong password", Class::OurFault),
            (Stage::Auth, "454 4.7.0 try later", Class::Retry),
            (Stage::Tls, "454 TLS not available", Class::Retry),
            (Stage::Tls, "554 no TLS", Class::OurFault),
        ];
        for (stage, reply, class) in cases {
            assert_eq!(rejected(stage, reply).class(), class, "{stage}: {reply}");
        }
    }

    #[test]
    fn what_never_reached_the_dot_is_never_in_doubt() {
        let not_sent = |stage| Outcome::NotSent { stage, why: String::new() }.class();
        assert_eq!(not_sent(Stage::Connect), Class::Retry);
        assert_eq!(not_sent(Stage::Body), Class::Retry);
        assert_eq!(not_sent(Stage::Tls), Class::OurFault);
        assert_eq!(not_sent(Stage::Auth), Class::OurFault);
        assert_eq!(Outcome::Unknown { why: String::new() }.class(), Class::InDoubt);
    }
}
