//! The daemon's parts, as a library so that tests can drive them; `main.rs` is the command line over it.

pub mod circuit;
pub mod clock;
pub mod config;
pub mod shipped;
pub mod token;
