//! The gate of one attempt, asked once, whenever that is and over whatever connection.

use crate::transport::Gate;

/// A gate and what it said.
pub(super) struct Door<'g> {
    gate: &'g mut dyn Gate,
    said: Option<bool>,
}

impl<'g> Door<'g> {
    pub(super) fn new(gate: &'g mut dyn Gate) -> Self {
        Self { gate, said: None }
    }

    /// Whether the message may leave. Not to be cancelled: a ledger that says "about to be sent" must get to say so.
    pub(super) async fn is_open(&mut self) -> bool {
        if let Some(said) = self.said {
            return said;
        }
        let said = self.gate.before_dot().await;
        self.said = Some(said);
        said
    }
}
