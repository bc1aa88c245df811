//! Tries the connection without sending anything: for the command that checks an installation.

use std::net::SocketAddr;

use tokio::time::Instant;

use super::{config::SmtpConfig, open::Setup};
use crate::outcome::{Outcome, Stage};

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
    /// The stage at which it did; none if the configuration itself does not hold together.
    pub failed_at: Option<Stage>,
}

/// Connects, greets, encrypts and logs in as for a message, then says goodbye. Ends within the total limit.
pub async fn probe(config: &SmtpConfig) -> ProbeReport {
    let failed = |failed_at, why: String| ProbeReport {
        server: None,
        encrypted: false,
        logged_in: false,
        failure: Some(why),
        failed_at,
    };
    let setup = match Setup::new(config.clone()) {
        Ok(setup) => setup,
        Err(error) => return failed(None, error.to_string()),
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
                failed_at: None,
            }
        }
        Err(Outcome::NotSent { stage, why }) => failed(Some(stage), format!("{stage}: {why}")),
        Err(outcome @ Outcome::Rejected { stage, .. }) => failed(Some(stage), outcome.to_string()),
        Err(outcome) => failed(None, outcome.to_string()),
    }
}
