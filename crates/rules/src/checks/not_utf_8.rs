//! A file that is not text as Afterrun reads it, which is UTF-8.
//!
//! Some editors save accented letters or typographic signs in an older encoding; a damaged file may hold zero bytes.
//!
//! For example `Müller` saved as Windows-1252 holds the single byte 0xfc. Save the file again and choose "UTF-8" as
//! encoding. A UTF-8 byte order mark at the start does no harm.

use super::FoundBy;

check!("not-utf-8", Error, "not_utf_8.rs", FoundBy::Reading);
