//! Tries the connection without sending anything: for the command that checks an installation.

use std::net::SocketAddr;

use tokio::time::Instant;

use super::{config::SmtpConfig, open::Setup};
use crate::outcome::Outcome;

/// What came of a trial connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeReport {
    /// The address that answered, if connecting, TLS and login all went well.
    pub server: Option<SocketAddr>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// Whether we logged in.
    pub logged_in: bool,
    /// What went wrong, in words, with the stage at which it did.
    pub failure: Option<String>,
}

/// Connects, greets, encrypts and logs in as for a message, then says goodbye. Ends within the total limit.
pub async fn probe(config: &SmtpConfig) -> ProbeReport {
    let failed =
        |why: String| ProbeReport { server: None, encrypted: false, logged_in: false, failure: Some(why) };
    let setup = match Setup::new(config.clone()) {
        Ok(setup) => setup,
        Err(error) => return failed(error.to_string()),
    };
    match setup.open(Instant::now() + config.limits.total).await {
        Ok(session) => {
            let server = Some(session.peer());
            session.quit(&config.limits).await;
            ProbeReport {
                server,
                encrypted: config.security != super::Security::PlainLoopbackOnly,
                logged_in: config.user.is_some(),
                failure: None,
            }
        }
        Err(Outcome::NotSent { stage, why }) => failed(format!("{stage}: {why}")),
        Err(outcome) => failed(outcome.to_string()),
    }
}
