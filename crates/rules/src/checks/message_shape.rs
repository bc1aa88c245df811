//! A message file that does not begin as a message does.
//!
//! ```text
//! Hello {{ first_name }}, how are you?
//! ```
//!
//! A message is a line `Subject: ...`, if you like a line `Preview: ...`, a blank line, and then the text:
//!
//! ```text
//! Subject: Your check-in
//!
//! Hello {{ first_name }}, how are you?
//! ```
//!
//! `Allow: code` before the blank line accepts one warning for this message.

use super::FoundBy;

check!("message-shape", Error, "message_shape.rs", FoundBy::Reading);
