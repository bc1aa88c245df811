//! The file cannot be read: a bracket, a comma or a quote is missing or wrong.
//!
//! Nothing after such a mistake can be trusted, so nothing of the folder goes live until it is put right.
//!
//! ```ron
//! stages: [(id: "heads-up", after_days: 3 min_reports: 2)],   // no comma after 3
//! (id: “heads-up”)                                            // typographic quotes
//! ```
//!
//! Write every field as `name: value`, put a comma after each, close every `(`, `[` and `{`, and use the
//! straight quote `"`. Word processors change quotes by themselves: a plain text editor does not.

use super::FoundBy;

check!("syntax", Error, "syntax.rs", FoundBy::Reading);
