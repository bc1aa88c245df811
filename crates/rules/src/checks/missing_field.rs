//! A field without which the rule does not make sense.
//!
//! Nothing is guessed where a guess could change what patients are told.
//!
//! ```ron
//! (id: "heads-up", after_days: 3, send: "pain-heads-up"),   // on how many reports?
//! ```
//!
//! Add the field: `min_reports: 2`.

use super::FoundBy;

check!("missing-field", Error, "missing_field.rs", FoundBy::Reading);
