//! What the tests share: everything here serves `tests/tests/*.rs`, nothing is shipped.

pub mod browser;
pub mod clinic_day;
pub mod console_day;
pub mod crowd;
pub mod daemon;
pub mod forms;
pub mod mailbox;
pub mod postfix;
pub mod smtp_server;
pub mod story;
pub mod tidy;
