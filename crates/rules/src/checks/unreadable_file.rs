//! A file of the rules folder that cannot be opened.
//!
//! A rule that cannot be read is a rule that would silently stop, so nothing of the folder goes live.
//!
//! For example a file that the service has no permission to read, or a link that points nowhere. Give permission, mend
//! the link, or remove the file.

use super::FoundBy;

check!("unreadable-file", Error, "unreadable_file.rs", FoundBy::Reading);
