//! A file of the rules folder that cannot be opened.
//!
//! A rule that cannot be read is a rule that would silently stop, so nothing of the folder goes live.
//!
//! For example a file that the service has no permission to read, or a link that points nowhere. Give permission, mend
//! the link, or remove the file. A name such as `FLAGS.RON`, as other systems may write it, is refused as well: rename
//! the file to `FLAGS.ron`.

use super::FoundBy;

check!("unreadable-file", Error, "unreadable_file.rs", FoundBy::Reading);
