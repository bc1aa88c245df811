//! What an operator can set about the submission server, with the reasons for the defaults.

use std::time::Duration;

use crate::secret::Secret;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (port 465). Recommended by RFC 8314: there is no clear text to tamper with.
    ImplicitTls,
    /// Clear text first, then STARTTLS (port 587), and no mail or password before it.
    StartTls,
    /// No TLS, and only to a server on this machine.
    PlainLoopbackOnly,
}

/// How long each stage may take. Each limit covers the whole stage, so a server that sends a byte a second gains
/// nothing by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Looking up the name and opening the connection; the handshake has as long again.
    pub connect: Duration,
    /// The server's first line.
    pub greeting: Duration,
    /// Each of EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA and RSET.
    pub command: Duration,
    /// Sending the message itself.
    pub data: Duration,
    /// The answer to the final dot.
    pub dot: Duration,
    /// The whole attempt, waiting for a free connection included.
    pub total: Duration,
}

impl Default for Limits {
    /// RFC 5321 section 4.5.3.2 asks for minutes at each stage, which suits a relay that talks to the whole world.
    /// A submission server is one hop away and known: 30 s without an answer is trouble. The dot keeps five
    /// minutes: a server that scans the message before it answers is slow, and giving up early makes a duplicate.
    /// The total stays below the ten minutes for which the queue leases a message.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            greeting: Duration::from_secs(30),
            command: Duration::from_secs(30),
            data: Duration::from_secs(60),
            dot: Duration::from_secs(300),
            total: Duration::from_secs(420),
        }
    }
}

/// The submission server.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Name or address; also the name its certificate must carry.
    pub host: String,
    /// Port.
    pub port: u16,
    /// TLS or not.
    pub security: Security,
    /// User and password, if the server asks for them. Sent over TLS, or on this machine only.
    pub user: Option<(String, Secret)>,
    /// The name we give in EHLO: this machine's full name, or an IP address.
    pub hello_name: String,
    /// Time limits.
    pub limits: Limits,
    /// Connections at most, 1 to 100. After a crash at most so many messages are in doubt.
    pub max_connections: usize,
    /// Root certificates (PEM) to trust beside the system's: a private CA.
    pub extra_root_certificates: Vec<String>,
    /// A server that took less than this to let the last message come is quick: while it thinks about the next one,
    /// the gate is asked. Zero: the gate is never asked before the server's answer.
    pub quick: Duration,
}

/// What counts as quick. So much earlier than need be is a message beyond recall, and nobody can tell that from an
/// instant; a server on another continent takes longer, and gains nothing by it.
const QUICK: Duration = Duration::from_millis(50);

impl SmtpConfig {
    /// A configuration with the defaults for all that has one: implicit TLS, no user, four connections.
    #[must_use]
    pub fn new(host: &str, port: u16, hello_name: &str) -> Self {
        Self {
            host: host.to_owned(),
            port,
            security: Security::ImplicitTls,
            user: None,
            hello_name: hello_name.to_owned(),
            limits: Limits::default(),
            max_connections: 4,
            extra_root_certificates: Vec::new(),
            quick: QUICK,
        }
    }
}

/// Why a configuration is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The host is not a name or address a certificate could be for.
    #[error("`{0}` is not a host name or an IP address")]
    Host(String),
    /// The EHLO name is neither a domain nor an address.
    #[error("`{0}` is not a name to greet a mail server with: give this machine's full name")]
    HelloName(String),
    /// Out of range.
    #[error("the number of connections must be from 1 to 100, not {0}")]
    Connections(usize),
    /// User or password is empty or has a control character.
    #[error("the user name or password is empty or has a control character in it")]
    Credentials,
    /// One of the extra root certificates.
    #[error("a root certificate cannot be read: {0}")]
    RootCertificate(String),
    /// Neither the system nor the configuration has any.
    #[error("there are no root certificates to check the mail server with: {0}")]
    NoRootCertificates(String),
    /// The TLS library refused its settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

#[cfg(test)]
mod tests {
    use super::{super::Smtp, *};

    #[test]
    fn a_configuration_that_cannot_work_is_refused_with_its_reason() {
        type Spoil = fn(&mut SmtpConfig);
        let cases: [(Spoil, &str); 11] = [
            (|config| config.host = String::new(), "`` is not a host name or an IP address"),
            (|config| config.host = "mail example".into(), "`mail example` is not a host name"),
            (|config| config.hello_name = String::new(), "`` is not a name to greet"),
            (|config| config.hello_name = "a\r\nMAIL".into(), "`a\r\nMAIL` is not a name to greet"),
            (|config| config.max_connections = 0, "the number of connections must be from 1 to 100, not 0"),
            (|config| config.max_connections = 101, "the number of connections must be from 1 to 100"),
            (|config| config.user = Some((String::new(), "x".into())), "the user name or password is empty"),
            (|config| config.user = Some(("clinic".into(), "x\ny".into())), "the user name or password"),
            (
                |config| config.extra_root_certificates = vec!["junk".into()],
                "a root certificate cannot be read",
            ),
            (
                |config| {
                    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
                    config.extra_root_certificates = vec![pem.into()];
                },
                "a root certificate cannot be read",
            ),
            (
                |config| {
                    config.security = Security::StartTls;
                    config.extra_root_certificates = vec![String::new()];
                },
                "a root certificate cannot be read: there is no certificate in it",
            ),
        ];
        for (spoil, expected) in cases {
            let mut config = SmtpConfig::new("mail.example", 465, "daemon.clinic.example");
            spoil(&mut config);
            let error = Smtp::new(config).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn names_and_addresses_of_all_kinds_are_taken() {
        for (host, hello) in [("mail.example", "a.example"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")] {
            let mut config = SmtpConfig::new(host, 25, hello);
            config.security = Security::PlainLoopbackOnly;
            assert!(Smtp::new(config).is_ok(), "{host} {hello}");
        }
    }

    #[test]
    fn no_stage_outlasts_the_whole_and_the_whole_fits_a_lease() {
        let limits = Limits::default();
        for stage in [limits.connect, limits.greeting, limits.command, limits.data, limits.dot] {
            assert!(stage < limits.total);
        }
        assert!(limits.total < Duration::from_secs(600));
    }
}
