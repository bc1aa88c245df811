//! A transport that takes every message at once and keeps the first link to a check-in in it: for benches in
//! which mail is not the question.

use std::sync::{Mutex, PoisonError};

use afterrun_mail::{Envelope, Gate, Outcome, Transport};
use afterrun_tests::mailbox::ReceivedMail;
use async_trait::async_trait;

/// Takes everything.
#[derive(Default)]
pub struct Taker {
    links: Mutex<Vec<String>>,
}

impl Taker {
    /// The paths of the check-in links taken so far, each given away once.
    pub fn check_in_paths(&self) -> Vec<String> {
        std::mem::take(&mut *self.links.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Transport for Taker {
    async fn deliver(&self, _: &Envelope, bytes: &[u8], gate: &mut dyn Gate) -> Outcome {
        // As any transport has to: the ledger says "about to be sent" first.
        gate.before_dot().await;
        if let Some(link) = ReceivedMail::read(bytes).link("/c/")
            && let Some(start) = link.find("/c/")
            && let Some(path) = link.get(start..)
        {
            self.links.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
        }
        Outcome::Accepted { said: "250 taken".to_owned() }
    }
}
