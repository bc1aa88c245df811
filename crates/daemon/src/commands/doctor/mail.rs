//! The mail server: connect, TLS, login, and a test mail on request.

use std::path::PathBuf;

use afterrun_mail::{Stage, probe};

use super::{
    super::{Ended, mail::send_test, tool::Shared},
    Finding,
};
use crate::{
    config::{Config, Security},
    transport::smtp_config,
};

const TOPIC: &str = "mail server";

/// The folder systemd hands secrets over in.
fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let smtp = match smtp_config(config, credentials().as_deref()) {
        Ok(Some(smtp)) => smtp,
        Ok(None) => {
            let folder = config.capture_path();
            return vec![Finding::doubtful(
                TOPIC,
                format!("there is none: mails are written to {}", folder.display()),
                "set `smtp` in the configuration before the first runner",
            )];
        }
        Err(why) => {
            return vec![Finding::bad(
                TOPIC,
                format!("{why:#}"),
                "as the service has it: `systemd-run -p LoadCredential=...`, deploy/README.md shows the line",
            )];
        }
    };
    let place = format!("{}:{}", smtp.host, smtp.port);
    let report = probe(&smtp).await;
    if let Some(why) = report.failure {
        let advice = advice(report.failed_at, config);
        return vec![Finding::bad(TOPIC, format!("{place}: {why}"), advice)];
    }
    let mut found = format!("{place} answers");
    found.push_str(if report.encrypted { ", encrypted" } else { ", not encrypted" });
    if report.logged_in {
        found.push_str(", logged in");
    }
    vec![Finding::well(TOPIC, found)]
}

/// What to look at first, by how far it came.
fn advice(failed_at: Option<Stage>, config: &Config) -> &'static str {
    let security = config.smtp.as_ref().map(|smtp| smtp.security).unwrap_or_default();
    match (failed_at, security) {
        (None, _) => "correct `smtp` in the configuration",
        (Some(Stage::Connect), _) => "is the server running, the port right, and no firewall in between?",
        (Some(Stage::Auth), _) => {
            "user and password: is the password's file right? some providers want a password made for this program"
        }
        (Some(Stage::Tls | Stage::Greeting), Security::Tls) => {
            "port 465 speaks TLS from the first byte; for 587 write `security: StartTls`; is the certificate for this name?"
        }
        (Some(Stage::Tls), Security::StartTls) => {
            "does the server offer STARTTLS on this port, with a certificate for this name?"
        }
        (Some(Stage::Hello), _) => "does `hello_name` give this machine's full name?",
        (Some(_), _) => "what the server said tells more; its operator knows what it means",
    }
}

/// Sends a test mail.
pub(super) async fn send(shared: &Shared, to: &str) -> Finding {
    let topic = "test mail";
    match send_test(shared, to).await {
        Ok(Ended::Well) => {
            Finding::well(topic, "the server took it; look whether it arrives, and not as spam")
        }
        Ok(_) => Finding::bad(topic, "it was not taken", "what the server said is above"),
        Err(why) => Finding::bad(topic, format!("{why:#}"), "see above"),
    }
}
