//! What handing a message over looks like, whoever takes it: an SMTP server or a folder.

use async_trait::async_trait;
use lettre::Address;

use crate::{
    address::{AddressError, parse_address},
    outcome::Outcome,
};

/// Who a message goes to and where its bounce goes. One recipient a message: nobody sees another's address, and
/// one refusal speaks of one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    pub(crate) from: Address,
    pub(crate) to: Address,
}

impl Envelope {
    /// An envelope from a return path and a recipient.
    ///
    /// # Errors
    ///
    /// Either address is not one `check_address` takes.
    pub fn new(from: &str, to: &str) -> Result<Self, AddressError> {
        Ok(Self { from: parse_address(from)?, to: parse_address(to)? })
    }

    /// The return path.
    #[must_use]
    pub fn from(&self) -> &str {
        self.from.as_ref()
    }

    /// The recipient.
    #[must_use]
    pub fn to(&self) -> &str {
        self.to.as_ref()
    }
}

impl std::fmt::Debug for Envelope {
    /// Shows the domains only: debug output ends in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Envelope(*@{} to *@{})", self.from.domain(), self.to.domain())
    }
}

/// Asked once per attempt at most, at the last moment at which the message can still be kept back: before its first
/// byte leaves, and where the server is quick to answer while that still has to say whether it takes the message.
#[async_trait]
pub trait Gate: Send {
    /// Records that the message is about to be handed over, and says whether it still may be. Once this has
    /// returned true, a crash leaves the message in doubt; after false it is certainly not sent. That it was true
    /// does not mean that anything was sent: the outcome of the attempt says so.
    async fn before_dot(&mut self) -> bool;
}

/// A gate that is always open: for mails nobody keeps a ledger of.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenGate;

#[async_trait]
impl Gate for OpenGate {
    async fn before_dot(&mut self) -> bool {
        true
    }
}

/// How many messages a transport takes at the same time unless it says otherwise: a clinic's relay takes more,
/// and is rarely faster for it.
pub const AT_A_TIME: u32 = 4;

/// Takes messages.
#[async_trait]
pub trait Transport: Send + Sync {
    /// How many messages it takes at the same time. After a crash so many may be in doubt.
    fn at_a_time(&self) -> u32 {
        AT_A_TIME
    }

    /// Tries once to hand over a message. `bytes` are sent as they are and must be what `build` made. Ends within
    /// the transport's total limit, the gate's own time apart. Dropping the future before the gate was asked
    /// sends nothing.
    async fn deliver(&self, envelope: &Envelope, bytes: &[u8], gate: &mut dyn Gate) -> Outcome;
}
