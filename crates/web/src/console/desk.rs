//! What the console asks of the rest of the program beside the store: the daemon implements this.

use afterrun_rules::ids::PatientId;
use afterrun_store::{NewMessage, Role, StoreError, UserLinkKind};
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

/// A mail to a user of the console with a link in it.
#[derive(Clone, Copy, Debug)]
pub struct UserMail<'a> {
    /// The user's address.
    pub to: &'a str,
    /// The path of the link. Holds a token: never to be logged.
    pub path: &'a str,
    /// What the link is for.
    pub kind: UserLinkKind,
    /// When the link closes.
    pub expires_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// How a password was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordChange {
    /// By somebody signed in who knew the one before.
    SignedIn,
    /// By a link mailed to the user.
    Link,
    /// By `afterrun user password`.
    CommandLine,
}

/// What has changed about a user's account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountChange<'a> {
    /// The password.
    Password(PasswordChange),
    /// What the user may do.
    Role {
        /// From now on.
        to: Role,
        /// The address of the admin who changed it.
        by: &'a str,
    },
}

/// A mail to a user that says what has changed: without a link, for one that asks to follow a link would teach
/// people to follow the links of others.
#[derive(Clone, Copy, Debug)]
pub struct AccountMail<'a> {
    /// The user's address.
    pub to: &'a str,
    /// What has changed.
    pub change: AccountChange<'a>,
    /// When.
    pub now: DateTime<Utc>,
}

/// The circuit between us and the mail server, open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenCircuit {
    /// What the server said, or why it could not be reached.
    pub why: String,
    /// When one message is tried again.
    pub until: DateTime<Utc>,
}

/// The state of the machinery that is in no table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Machinery {
    /// Why runners' mail is held, if it is.
    pub held: Option<String>,
    /// Why the clock is not believed, if it is not: nothing is decided and nothing is sent.
    pub clock_hold: Option<String>,
    /// The clock is compared with one that cannot be set.
    pub clock_is_guarded: bool,
    /// The mail server does not take our mail.
    pub circuit: Option<OpenCircuit>,
    /// What the last comparison of due and sent could not explain: what and how many; none before the first.
    pub unexplained: Option<Vec<(&'static str, u64)>>,
    /// When `afterrun backup` last made a copy.
    pub last_backup: Option<DateTime<Utc>>,
    /// When the scheduler last did its work, to the minute.
    pub last_tick: Option<DateTime<Utc>>,
    /// When the delivery last did its work, to the minute.
    pub last_round: Option<DateTime<Utc>>,
    /// The edition of the time-zone data.
    pub time_zones: &'static str,
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
    /// The mail that carries a link to a user, for the outbox; none for an address that cannot be written to.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    fn user_mail(&self, mail: &UserMail<'_>) -> Result<Option<NewMessage>, StoreError>;
    /// The mail that says what has changed about an account; none for an address that cannot be written to.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    fn account_mail(&self, mail: &AccountMail<'_>) -> Result<Option<NewMessage>, StoreError>;
    /// How the machinery does.
    async fn machinery(&self) -> Result<Machinery, StoreError>;
    /// Holds runners' mail until somebody releases it.
    async fn hold(&self, why: &str) -> Result<(), StoreError>;
    /// Lets mail go again, whatever held it.
    async fn release(&self) -> Result<(), StoreError>;
    /// Has one message tried now although the circuit is open.
    async fn try_mail_now(&self, now: DateTime<Utc>) -> Result<(), StoreError>;
    /// Says that a mail has entered the outbox.
    fn ring(&self);

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
