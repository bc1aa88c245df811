//! A value that cannot be what the field wants: a text for a number, a date that does not exist, an unknown time zone.
//!
//! ```ron
//! send_window: (from: "7 o'clock", until: "20:00"),
//! approved: (by: "Dr A. Example", on: "2026-02-30", review_by: "2027-02-01"),
//! ```
//!
//! Times are written `"07:00"`, dates `"2026-02-28"`, time zones `"America/Chicago"`, days of the week by name
//! (`"Mon-Fri"`), numbers without quotes. Ids are up to 64 plain letters, digits, `-`, `_` and `.`.

use super::FoundBy;

check!("invalid-value", Error, "invalid_value.rs", FoundBy::Reading);
