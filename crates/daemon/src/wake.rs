//! Tells the loops that there is something to do before their sleep is over.

use tokio::sync::Notify;

/// One bell for each loop. A ring that nobody waits for is kept for the next who does.
#[derive(Debug, Default)]
pub struct Wake {
    scheduler: Notify,
    delivery: Notify,
}

impl Wake {
    /// Something was recorded: patients may be due, mail may be waiting.
    pub fn ring(&self) {
        self.scheduler.notify_one();
        self.delivery.notify_one();
    }

    /// Mail may be waiting.
    pub fn ring_delivery(&self) {
        self.delivery.notify_one();
    }

    /// Waits for the scheduler's bell.
    pub async fn scheduler(&self) {
        self.scheduler.notified().await;
    }

    /// Waits for the delivery's bell.
    pub async fn delivery(&self) {
        self.delivery.notified().await;
    }
}
