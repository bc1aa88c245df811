//! A file, list or folder beyond the limits, or brackets nested beyond them.
//!
//! The limits are far above what a clinic writes: 1 MiB and 100,000 words a file, 16 MiB and 2,000 files a folder,
//! 2,000 items a list (500 for lists within an item), 500 flags and 200 check-ins, 40 brackets inside each other. What
//! exceeds them is a mistake or an attack, and must not hold up the reload.
//!
//! ```ron
//! when: Not(Not(Not(Not( ... )))),   // fifty times
//! ```
//!
//! Split long lists over several files, and look whether the right folder is being read.

use super::FoundBy;

check!("too-large", Error, "too_large.rs", FoundBy::Reading);
