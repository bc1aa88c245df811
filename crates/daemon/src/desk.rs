//! What the console asks about the rules and the machinery, answered.

use std::sync::Arc;

use afterrun_mail::show_mail;
use afterrun_web::{Desk, RejectedEdit};
use chrono::{DateTime, Utc};

use crate::{delivery::Delivery, turn::Turns};

/// Answers the console.
pub(crate) struct AtTheDesk {
    pub turns: Arc<Turns>,
    pub delivery: Arc<Delivery>,
}

impl Desk for AtTheDesk {
    fn book_since(&self) -> DateTime<Utc> {
        self.turns.rules.current().since
    }

    fn rejected(&self) -> Option<RejectedEdit> {
        let rejected = self.turns.rules.rejected()?;
        Some(RejectedEdit { at: rejected.at, findings: rejected.findings })
    }

    fn mail_trouble(&self) -> Option<String> {
        self.delivery.trouble()
    }

    fn mail_text(&self, bytes: &[u8]) -> String {
        show_mail(bytes).map(|shown| shown.text).unwrap_or_default()
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
