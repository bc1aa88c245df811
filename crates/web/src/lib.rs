//! The runner's pages: a check-in to answer, my recovery, stop and start again, confirm my address. And the
//! clinic's console (`console`), which is another world: signed in, with a cookie.
//!
//! Pages are made on the server and need no script. They record facts through [`Recorder`] and show what was
//! decided; they never decide about care, and never send mail.
//!
//! A runner's page is opened by the unguessable token in its address and by nothing else: there is no login, no cookie,
//! nothing a foreign site could borrow, so requests are not refused for where they come from
//! (`Referrer-Policy: no-referrer` makes browsers send `Origin: null` with our own forms). GET and HEAD change
//! nothing: mail scanners follow every link.
//!
//! Leaves out everything that happens after an event was recorded.

mod address_confirm;
mod check_in;
mod console;
mod fields;
mod guard;
mod layout;
mod link;
mod my_page;
mod password;
mod recorder;
mod shut;
mod site;
mod standing;
mod stop;
mod text;
mod words;

pub use console::{
    AccountChange, AccountMail, Candidate, ComparisonSeen, ComparisonState, Console, Desk, Machinery,
    NewComparison, NoNetwork, NotCompared, NotSaved, OpenCircuit, PasswordChange, RejectedEdit, RulesDesk,
    Save, SaveFile, Tried, TrustedProxies, UserMail, console_routes, file_hash, new_set_up_token,
};
pub use link::{link_key, token_hash};
pub use password::{BadPassword, PASSWORD_BYTES, PASSWORD_CHARACTERS, examine_password, hash_password};
pub use recorder::{RecordError, Recorded, Recorder};
pub use site::{Site, runner_routes};
