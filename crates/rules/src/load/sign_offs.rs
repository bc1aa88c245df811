//! Who has signed the files that say something about care, and when somebody is to look at them again.
//!
//! Leaves out whether that is enough: the checks `not-approved` and `review-past` say so.

use std::sync::Arc;

use chrono::NaiveDate;

use super::{findings::Findings, read};
use crate::{notation::Kind, source::Sources};

/// One file about care and its signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignOff {
    /// Path below the rules folder.
    pub file: Arc<str>,
    /// The signature, if there is one that can be read.
    pub signature: Option<Signature>,
}

/// `approved: (by: "...", on: "...", review_by: "...")`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// Who signed.
    pub by: Arc<str>,
    /// When.
    pub on: NaiveDate,
    /// When to look again.
    pub review_by: NaiveDate,
}

/// The signatures of every file about care that can be read, in order of path. The clinic's address, messages and
/// scenarios say nothing about care.
#[must_use]
pub fn sign_offs(sources: &Sources) -> Vec<SignOff> {
    let written = read::read(sources, &mut Findings::default());
    let about_care = written
        .heads
        .iter()
        .filter(|head| !matches!(head.kind, Kind::Clinic | Kind::Scenarios | Kind::Message));
    let sign_off = |head: &super::written::FileHead| {
        let signature = head.approved.as_ref().and_then(|approved| {
            let (on, review_by) = (approved.value.on.value?, approved.value.review_by.value?);
            Some(Signature { by: approved.value.by.value.as_str().into(), on, review_by })
        });
        SignOff { file: written.file(head.at.file).path.clone(), signature }
    };
    about_care.map(sign_off).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_signed_what_is_read_and_messages_need_no_signature() {
        let sources = Sources::from_texts([
            (
                "a.ron",
                r#"Recovery(approved: (by: "Ann", on: "2026-02-01", review_by: "2027-02-01"), windows: [])"#,
            ),
            ("b.ron", "RedFlags(flags: [])"),
            (
                "c.ron",
                r#"Recovery(approved: (by: "Ann", on: "2026-02-30", review_by: "2027-02-01"), windows: [])"#,
            ),
            ("clinic.ron", "Clinic()"),
            ("messages/a.md", "Subject: a\n\nb"),
        ]);
        let found = sign_offs(&sources);
        let signature = Signature {
            by: "Ann".into(),
            on: "2026-02-01".parse().unwrap(),
            review_by: "2027-02-01".parse().unwrap(),
        };
        let expected = [("a.ron", Some(signature)), ("b.ron", None), ("c.ron", None)];
        let expected = expected.map(|(file, signature)| SignOff { file: file.into(), signature });
        assert_eq!(found, expected);
    }
}
