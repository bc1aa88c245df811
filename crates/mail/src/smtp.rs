//! Hands messages to one submission server, over a few connections of our own.
//!
//! lettre brings the commands, the reply parser, authentication and the dot stuffing. Its async transport and
//! pool are not used: in 0.11.23 they have no limit on any reply, and put a cancelled connection back, so that
//! the next message reads the reply of the one before and a refused mail counts as sent. Here each stage has a
//! limit, the whole attempt has one, and a session is out of the pool while in use.
//!
//! Leaves out: looking up MX records, retrying later (the caller's queue does that) and DKIM (the relay signs).

mod config;
mod door;
mod open;
mod pool;
mod probe;
mod session;
mod tls;
mod wire;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

pub use config::{ConfigError, Limits, Security, SmtpConfig};
pub use probe::{ProbeReport, probe};

use crate::{
    outcome::{Outcome, Stage},
    transport::{Envelope, Gate, Transport},
    wire_form::check_wire_form,
};
use door::Door;
use open::Setup;
use pool::Pool;
use session::Session;

/// A submission server.
#[derive(Debug)]
pub struct Smtp {
    setup: Setup,
    pool: Pool,
}

impl Smtp {
    /// Gets ready; connects at the first message.
    ///
    /// # Errors
    ///
    /// The configuration does not hold together, or no certificate can be checked with it.
    pub fn new(config: SmtpConfig) -> Result<Self, ConfigError> {
        let pool = Pool::new(config.max_connections);
        Ok(Self { setup: Setup::new(config)?, pool })
    }

    /// Says goodbye on connections that wait for another message: before a long pause, or at the end.
    pub async fn close_idle(&self) {
        for session in self.pool.drain() {
            session.quit(self.setup.limits()).await;
        }
    }

    async fn try_once(
        &self,
        envelope: &Envelope,
        bytes: &[u8],
        gate: &mut dyn Gate,
        deadline: Instant,
    ) -> Result<String, Outcome> {
        check_wire_form(bytes).map_err(|error| not_sent(Stage::Body, format!("the message {error}")))?;
        let _permit = timeout_at(deadline, self.pool.permit())
            .await
            .map_err(|_| not_sent(Stage::Connect, "all connections were busy for the whole time"))?;
        let mut session = self.session(deadline).await?;
        let mut door = Door::new(gate);
        let mut announced = session.announce(envelope, &mut door, deadline).await;
        // A session from the pool may have been closed by the server meanwhile, which shows at its first command:
        // that is no fault of the message, so a fresh connection is tried at once.
        if session.messages() > 1 && announced.as_ref().is_err_and(is_of_the_connection) {
            session = self.setup.open(deadline).await?;
            announced = session.announce(envelope, &mut door, deadline).await;
        }
        let result = match announced {
            Ok(()) => session.transmit(bytes, &mut door, deadline).await,
            Err(refused) => Err(refused),
        };
        if session.recover(&result, deadline).await {
            self.pool.put(session);
        }
        result
    }

    async fn session(&self, deadline: Instant) -> Result<Session, Outcome> {
        match self.pool.take() {
            Some(session) => Ok(session),
            None => self.setup.open(deadline).await,
        }
    }
}

/// Whether a message failed before it was told apart from any other.
fn is_of_the_connection(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::NotSent { stage: Stage::MailFrom, .. }
            | Outcome::Rejected { stage: Stage::MailFrom, code: ..500, .. }
    )
}

#[async_trait]
impl Transport for Smtp {
    fn at_a_time(&self) -> u32 {
        self.setup.connections()
    }

    async fn deliver(&self, envelope: &Envelope, bytes: &[u8], gate: &mut dyn Gate) -> Outcome {
        let deadline = Instant::now() + self.setup.limits().total;
        match self.try_once(envelope, bytes, gate, deadline).await {
            Ok(said) => Outcome::Accepted { said },
            Err(outcome) => outcome,
        }
    }
}

fn not_sent(stage: Stage, why: impl Into<String>) -> Outcome {
    Outcome::NotSent { stage, why: why.into() }
}
