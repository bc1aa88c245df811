//! Where what happens comes from: it goes with the request that is being served, not with each call, so that no call
//! can forget it.

use std::sync::Arc;

tokio::task_local! {
    static ORIGIN: Arc<str>;
}

/// For how long the log knows where a line came from; the line itself stays for good.
pub const ORIGINS_KEPT: chrono::TimeDelta = chrono::TimeDelta::days(365);

/// Does something; every line that it writes into the audit log, and that is written before it is done, carries this
/// origin: an address, short.
pub async fn from_origin<F: Future>(origin: &str, work: F) -> F::Output {
    ORIGIN.scope(origin.into(), work).await
}

/// The origin of what is being done just now.
pub(crate) fn current() -> Option<Arc<str>> {
    ORIGIN.try_with(Arc::clone).ok().filter(|origin| !origin.is_empty())
}

/// Does something on another thread with the origin it was asked for from.
pub(crate) fn carried<T>(origin: Option<&Arc<str>>, work: impl FnOnce() -> T) -> T {
    match origin {
        Some(origin) => ORIGIN.sync_scope(Arc::clone(origin), work),
        None => work(),
    }
}
