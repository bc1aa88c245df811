//! What the console asks of the rest of the program beside the store: the daemon implements this.

use afterrun_rules::ids::PatientId;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{RecordError, token_hash};

/// An edit of the rules that did not go live.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejectedEdit {
    /// When it was refused.
    pub at: DateTime<Utc>,
    /// Every finding, as `afterrun check` shows it.
    pub findings: String,
}

/// Knows the rules and the machinery.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// Since when the rule book in force has been live.
    fn book_since(&self) -> DateTime<Utc>;
    /// The newest edit that was refused and has not been mended since.
    fn rejected(&self) -> Option<RejectedEdit>;
    /// Why the mail server does not take our mail, if it does not.
    fn mail_trouble(&self) -> Option<String>;
    /// A stored mail as a reader sees its text, without the secret part of personal links.
    fn mail_text(&self, bytes: &[u8]) -> String;
    /// The version of this program.
    fn version(&self) -> &'static str;

    /// Enters another address for a runner, which its owner is asked to confirm.
    ///
    /// # Errors
    /// See [`RecordError`].
    async fn change_address(&self, patient: &PatientId, email: &str) -> Result<(), RecordError>;

    /// Everything that is known of a runner, as JSON.
    ///
    /// # Errors
    /// See [`RecordError`].
    async fn export(&self, patient: &PatientId) -> Result<String, RecordError>;
}

/// The setting that holds the SHA-256 of the set-up link's token, in hexadecimal digits.
pub(crate) const SET_UP: &str = "set-up-token";

/// A new set-up token: the setting to store (its name and value), and the path of the link that opens with it.
/// Only the newest link works, and none once there is a user.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn new_set_up_token() -> Result<(&'static str, String, String), getrandom::Error> {
    let token = random_token()?;
    Ok((SET_UP, hex(&token_hash(&token)), format!("/console/set-up/{token}")))
}

/// 256 random bits as base64url.
pub(crate) fn random_token() -> Result<String, getrandom::Error> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
