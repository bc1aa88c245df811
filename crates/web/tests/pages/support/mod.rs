//! A clinic with one runner, and a browser to visit the pages with.

mod book;
mod browser;
mod fake;
mod fake_accounts;

pub use book::{book, gate};
pub use browser::{Answer, Browser};
pub use fake::{Failure, Fake, at, day, told, word};

/// Tokens of the links every [`Fake`] has.
pub mod token {
    pub const CHECK_IN: &str = "tok-check-in-6f2c";
    pub const MY_PAGE: &str = "tok-my-page-91ab";
    pub const STOP: &str = "tok-stop-77d0";
    pub const CONFIRM: &str = "tok-confirm-1e4f";
}
