//! Personal links, and where a mail stands among all mails: what its links and its return path are found by.

use afterrun_rules::ids::{CheckInId, PatientId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What a link opens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkScope {
    /// Answer or amend one check-in.
    CheckIn {
        /// Its kind.
        check_in: CheckInId,
        /// Its about-day.
        about_day: NaiveDate,
    },
    /// My recovery; log, correct and delete a run; pause.
    MyPage,
    /// Stop, and start again.
    Stop,
    /// Confirm my address.
    Confirm,
}

/// A link to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewLink {
    /// What the link is known by: its place, and behind it the rest of the SHA-256 of its token.
    pub token_hash: [u8; 32],
    /// What it opens.
    pub scope: LinkScope,
    /// When it closes; none: when revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A link as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Whose.
    pub patient: PatientId,
    /// What it opens.
    pub scope: LinkScope,
    /// When it closes.
    pub expires_at: Option<DateTime<Utc>>,
    /// Revoked by stop, erasure or a change of address.
    pub revoked: bool,
}

/// What everything that comes back to one mail has in common. It says when the mail was written and in which order, so
/// that mails written together lie together; it is no secret, and almost always unique: two processes may draw the
/// same one, and a store has to tell their mails apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MailPlace(pub [u8; 8]);

impl MailPlace {
    /// The place that a link's key begins with.
    #[must_use]
    pub fn of_key(key: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *key;
        Self([a, b, c, d, e, f, g, h])
    }

    /// The place that a return path's id begins with, in hexadecimal digits; none: it begins with something else, as
    /// some made by earlier releases do.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        let digits = id.get(..16).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        u64::from_str_radix(digits, 16).ok().map(|place| Self(place.to_be_bytes()))
    }
}

impl NewLink {
    /// The place of the mail it is for, if it is for one.
    #[must_use]
    pub fn place(&self) -> MailPlace {
        MailPlace::of_key(&self.token_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_path_says_where_its_mail_stands() {
        let place = MailPlace([0x69, 0xc4, 0, 1, 0xff, 2, 3, 4]);
        assert_eq!(MailPlace::of_id("69c40001ff020304aabbccddee"), Some(place));
        assert_eq!(MailPlace::of_id("69c40001ff020304"), Some(place));
        for other in ["", "69c40001ff02030", "+9c40001ff020304", "bm90IGhleGFkZWNpbWFs", "69c40001ff02030é"]
        {
            assert_eq!(MailPlace::of_id(other), None, "{other}");
        }
    }
}
