//! From the token in an address to the chart it opens.

use std::{convert::Infallible, sync::Arc};

use afterrun_rules::{Chart, RuleBook};
use afterrun_store::{ChartVersion, Link, LinkScope, Patient, StoreError, StoredChart};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::{check_in::OnBehalf, site::Site};

/// Minutes after expiry within which an answer is still taken: whoever opened the form in time may finish it
/// (WCAG 2.2.1).
const FINISH_MINUTES: i64 = 60;

/// SHA-256 of the token's text: what the store knows a link by.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Characters of a link's token: base64url of the eight bytes of its mail's place, and 32 random ones of its own.
const PLACED: usize = 54;

/// The same with six bytes that say when it was made and in which order, as once.
const ORDERED: usize = 51;

/// The same with four bytes that say when it was made, as once before.
const TIMED: usize = 48;

/// What the store knows a link's token by: its hash, behind the place that all links of one mail share, so that they are
/// kept as one. (Three links to a mail, each on a page of its own, cost more than the mail.) What is left of the hash
/// are 192 bits or more. A token without a time is known by its hash alone.
#[must_use]
pub fn link_key(token: &str) -> [u8; 32] {
    let mut key = token_hash(token);
    let kept = match token.len() {
        PLACED => 8,
        ORDERED => 6,
        TIMED => 4,
        _ => return key,
    };
    if let Some(place) = leading_bytes(token.as_bytes()) {
        key[..kept].copy_from_slice(&place[..kept]);
    }
    key
}

/// The first eight bytes of what is written in base64url (RFC 4648 section 5); none if it is not.
fn leading_bytes(text: &[u8]) -> Option<[u8; 8]> {
    let value = |digit: &u8| {
        Some(match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        })
    };
    let bits =
        text.get(..11)?.iter().try_fold(0_u128, |bits, digit| Some(bits << 6 | u128::from(value(digit)?)))?;
    // Eleven digits are two bits more.
    Some(((bits >> 2) as u64).to_be_bytes())
}

/// The token of the address. One that cannot be decoded is as unknown as any other.
pub(crate) struct Token(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(token)| token).unwrap_or_default()))
    }
}

/// Which page a link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Door {
    CheckIn,
    MyPage,
    Stop,
    Confirm,
}

impl Door {
    fn fits(self, scope: &LinkScope) -> bool {
        matches!(
            (self, scope),
            (Self::CheckIn, LinkScope::CheckIn { .. })
                | (Self::MyPage, LinkScope::MyPage)
                | (Self::Stop, LinkScope::Stop)
                | (Self::Confirm, LinkScope::Confirm)
        )
    }
}

/// What a link opened.
pub(crate) struct Open {
    pub link: Link,
    pub patient: Patient,
    pub chart: Chart,
    /// Of the chart; none: something was told that is not in the stored chart yet.
    pub version: Option<ChartVersion>,
    pub book: Arc<RuleBook>,
    pub now: DateTime<Utc>,
    /// Past its time, or taken back.
    pub closed: Option<Closed>,
    /// A clinician fills the form in, not the runner.
    pub on_behalf: Option<OnBehalf>,
}

/// Why a link no longer opens its page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Closed {
    Expired,
    Revoked,
}

/// Why there is nothing to show.
#[derive(Debug)]
pub(crate) enum NoLink {
    /// No such link, a link to another page, or nobody behind it any more: one answer for all.
    Unknown,
    /// The store does not answer.
    Unavailable,
}

/// Looks a link up. Unknown, foreign and orphaned tokens take the same way.
pub(crate) async fn open(site: &Site, token: &str, door: Door) -> Result<Open, NoLink> {
    let now = site.recorder.now();
    let found = site.store.open_link(&link_key(token)).await.map_err(no_link)?;
    let (link, stored) = found.ok_or(NoLink::Unknown)?;
    if !door.fits(&link.scope) {
        return Err(NoLink::Unknown);
    }
    let stored = stored.map_err(no_link)?;
    let closed = match link.expires_at {
        _ if link.revoked => Some(Closed::Revoked),
        Some(expires_at) if expires_at <= now && !site.recorder.clock_in_doubt() => Some(Closed::Expired),
        _ => None,
    };
    let book = site.recorder.book();
    let StoredChart { patient, mut chart, version, waiting } = stored;
    // Shown as if it had been taken in; a turn has to begin with the chart as it is.
    waiting.iter().for_each(|waiting| chart.apply(&waiting.event));
    let version = waiting.is_empty().then_some(version);
    Ok(Open { link, patient, chart, version, book, now, closed, on_behalf: None })
}

fn no_link(error: StoreError) -> NoLink {
    match error {
        StoreError::NotFound { .. } => NoLink::Unknown,
        error => {
            tracing::error!(%error, "a runner's page could not be made: the store does not answer");
            NoLink::Unavailable
        }
    }
}

impl Open {
    /// The chart as the store gave it, for a turn to begin with.
    pub(crate) fn seen(&self) -> Option<StoredChart> {
        let version = self.version?;
        let (patient, chart) = (self.patient.clone(), self.chart.clone());
        Some(StoredChart { patient, chart, version, waiting: Vec::new() })
    }

    /// Expired so shortly ago that a form opened in time may still be sent.
    pub(crate) fn may_finish(&self) -> bool {
        let until = self.link.expires_at.map(|at| at + TimeDelta::minutes(FINISH_MINUTES));
        self.closed == Some(Closed::Expired) && until.is_some_and(|until| self.now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_known_by_its_place_and_hash() {
        // base64url of the bytes 1, 2, 3, 255, 4, 5, 6, 254 and 32 others.
        let placed = format!("AQID_wQFBv{}", "5".repeat(44));
        let (key, hash) = (link_key(&placed), token_hash(&placed));
        assert_eq!((&key[..8], &key[8..]), (&[1, 2, 3, 0xff, 4, 5, 6, 0xfe][..], &hash[8..]));
        // Of six, as once, and of four.
        let ordered = format!("AQID_wQF{}", "x".repeat(43));
        let (key, hash) = (link_key(&ordered), token_hash(&ordered));
        assert_eq!((&key[..6], &key[6..]), (&[1, 2, 3, 0xff, 4, 5][..], &hash[6..]));
        let timed = &ordered[3..];
        let (key, hash) = (link_key(timed), token_hash(timed));
        assert_eq!((&key[..4], &key[4..]), (&[15, 252, 16, 23][..], &hash[4..]));
        for other in [
            &ordered[1..],
            "",
            "AQ D_",
            &format!("AQ!D_wQF{}", "x".repeat(43)),
            &placed[1..],
            &placed.replace('B', "."),
            &"é".repeat(24),
        ] {
            assert_eq!(link_key(other), token_hash(other), "{other}");
        }
    }
}
