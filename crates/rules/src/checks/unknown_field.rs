//! A field that this part of a rule file does not have.
//!
//! A misspelt field would otherwise be silently left out, and the rule would do something else than it says.
//!
//! ```ron
//! (id: "heads-up", after_day: 3, min_reports: 2, send: "pain-heads-up"),   // after_day
//! ```
//!
//! Write `after_days: 3`. The help line lists the fields there are, or the one that is most like yours.

use super::FoundBy;

check!("unknown-field", Error, "unknown_field.rs", FoundBy::Reading);
