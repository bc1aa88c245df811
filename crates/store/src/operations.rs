//! What a store tells whoever looks after the machinery: counts by the hour, bounces, its own version. No row of
//! these names a patient.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::Result;

/// How far ahead [`Operations::hasten`] looks: the longest wait between two tries, stretched.
pub const HASTENED: TimeDelta = TimeDelta::minutes(75);

/// One hour of mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct MailHour {
    /// Mails whose time came, and that were not taken back by decision.
    pub due: u64,
    /// Mails the server took; those that bounced later count as refused.
    pub sent: u64,
    /// Mails the server refused for good, at once or by a notification.
    pub refused: u64,
    /// Mails given up or put aside.
    pub given_up: u64,
    /// Mails taken back by decision.
    pub cancelled: u64,
}

/// Addresses that take no mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Bounces {
    /// Mails that came back after the server had taken them.
    pub came_back: u64,
    /// Running enrolments whose address is dead.
    pub dead: u64,
}

/// Figures of the machinery.
#[async_trait]
pub trait Operations: Send + Sync + 'static {
    /// The mail of the time from `from` until before `until`.
    async fn mail_between(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<MailHour>;
    /// Mails settled since `since` that came back, and the addresses that are dead now.
    async fn bounces(&self, since: DateTime<Utc>) -> Result<Bounces>;
    /// Makes mail that waits for another try in the next [`HASTENED`] due now: a person says that it may work.
    /// How many.
    async fn hasten(&self, now: DateTime<Utc>) -> Result<u64>;
    /// The number of the schema in use.
    async fn schema(&self) -> Result<u32>;
}
