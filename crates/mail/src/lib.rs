//! A rendered message to MIME, MIME to an SMTP server or a capture folder, and bounces back to the message they
//! speak of.
//!
//! Knows no store, no rules and no clock: ids and times come in as arguments, what came of an attempt goes out as
//! an [`Outcome`]. INVARIANT: [`Outcome::Accepted`] only when the server said 2yz to this message's final dot.

mod address;
mod bounce;
mod capture;
mod letter;
mod outcome;
mod reply;
mod return_path;
mod secret;
mod shown;
mod smtp;
mod transport;
mod wire_form;

pub use address::{AddressError, check_address};
pub use bounce::{Action, BOUNCE_BYTES, Bounce, NotABounce, read_bounce};
pub use capture::{CaptureFolder, CapturedMail};
pub use letter::{BuildError, LETTER_BYTES, Letter, build};
pub use outcome::{Class, Outcome, Stage};
pub use return_path::{return_path, verify_return_path};
pub use secret::Secret;
pub use shown::{ShownMail, show_mail};
pub use smtp::{ConfigError, Limits, ProbeReport, Security, Smtp, SmtpConfig, probe};
pub use transport::{Envelope, Gate, OpenGate, Transport};
pub use wire_form::{LINE_BYTES, WireFormError, check_wire_form};
