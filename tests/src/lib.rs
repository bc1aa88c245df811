//! What the tests share: everything here serves `tests/tests/*.rs`, nothing is shipped.

pub mod tidy;
