//! A field is given twice in one place.
//!
//! Only one of the two can be meant, and it is not for the program to choose.
//!
//! ```ron
//! (id: "heads-up", after_days: 3, after_days: 5, min_reports: 2, send: "pain-heads-up"),
//! ```
//!
//! Keep one of them.

use super::FoundBy;

check!("duplicate-field", Error, "duplicate_field.rs", FoundBy::Reading);
