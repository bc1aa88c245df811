//! Support for the tests of the whole: servers that misbehave on demand, and readers that see what people see.

pub mod mailbox;
pub mod smtp_server;
//! What the tests share: everything here serves `tests/tests/*.rs`, nothing is shipped.

pub mod tidy;
