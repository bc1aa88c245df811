//! A rule file whose first word does not say what it holds.
//!
//! ```ron
//! RedFlag(flags: [])
//! ```
//!
//! Begin the file with `Clinic(`, `Questions(`, `Recovery(`, `CheckIns(`, `RedFlags(`, `Emergencies(` or `Scenarios(`. Names
//! and folders of files are free; a file that is no rule file does not belong in the rules folder.

use super::FoundBy;

check!("unknown-file", Error, "unknown_file.rs", FoundBy::Reading);
