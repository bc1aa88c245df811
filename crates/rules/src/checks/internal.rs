//! Afterrun could not put the rule book together although no check found fault with it.
//!
//! This is a mistake in Afterrun. The rules in force stay in force. Please report it, with the folder if you
//! can; undoing the last edit is the way round it.

use super::FoundBy;

check!("internal", Error, "internal.rs", FoundBy::Reading);
