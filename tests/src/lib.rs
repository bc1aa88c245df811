//! Support for the tests of the whole: servers that misbehave on demand, and readers that see what people see.

pub mod tidy;
