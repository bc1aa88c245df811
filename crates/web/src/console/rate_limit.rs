//! How often somebody may try a password or ask for a link: counted by account and by address, in the store, so that
//! neither a restart nor a second process forgets.
//!
//! A wrong guess and a right one count alike until the right one is known, so that guesses at the same time
//! cannot slip through. Accounts are counted whether they exist or not.

use afterrun_store::{StoreError, Try};
use chrono::{DateTime, TimeDelta, Utc};

use super::Room;
use crate::link::token_hash;

/// Tries counted together.
pub(crate) const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Tries for one account: people mistype, machines guess more. At this rate 15 characters outlast anybody.
const BY_ACCOUNT: u32 = 10;

/// Tries from one address: a clinic signs in from behind one.
const BY_ADDRESS: u32 = 60;

/// Links asked for one account: a mail that is slow is asked for twice.
const LINKS_BY_ACCOUNT: u32 = 3;

/// Links asked for from one address: a clinic sits behind one.
const LINKS_BY_ADDRESS: u32 = 20;

/// What came of counting a try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Counted {
    /// It may be made.
    Fine,
    /// There were too many from this address.
    TooManyFromHere,
    /// There were too many for this account.
    TooManyForAccount,
}

/// Counts a try to sign in.
pub(crate) async fn sign_in(
    room: &Room,
    address: &str,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Counted, StoreError> {
    let from = Try { key: token_hash(&format!("address {address}")), at_most: BY_ADDRESS };
    // Nobody who is turned away may fill the store with accounts: this one is not counted then.
    count(room, [from, Try { key: account(email), at_most: BY_ACCOUNT }], now).await
}

/// Counts a try to say the password once more, by somebody signed in.
pub(crate) async fn password(room: &Room, email: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let one = Try { key: account(email), at_most: BY_ACCOUNT };
    Ok(room.store.count_tries(&[one], WINDOW, now).await?.is_none())
}

/// Counts a link asked for.
pub(crate) async fn link(
    room: &Room,
    address: &str,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Counted, StoreError> {
    let from = Try { key: token_hash(&format!("reset from {address}")), at_most: LINKS_BY_ADDRESS };
    let of =
        Try { key: token_hash(&format!("reset of {}", email.to_lowercase())), at_most: LINKS_BY_ACCOUNT };
    count(room, [from, of], now).await
}

/// Whoever tried is known now.
pub(crate) async fn forget(room: &Room, email: &str) -> Result<(), StoreError> {
    room.store.forget_tries(&account(email)).await
}

async fn count(room: &Room, tries: [Try; 2], now: DateTime<Utc>) -> Result<Counted, StoreError> {
    Ok(match room.store.count_tries(&tries, WINDOW, now).await? {
        None => Counted::Fine,
        Some(0) => Counted::TooManyFromHere,
        Some(_) => Counted::TooManyForAccount,
    })
}

fn account(email: &str) -> [u8; 32] {
    token_hash(&format!("account {}", email.to_lowercase()))
}
