//! What rule files look like as written: one serde structure for each kind of file, each word with its place.
//!
//! Nothing here knows whether a name exists or a number makes sense; that is for `checks`. Rules of the
//! notation: lists of items with an `id`, never maps; units in field names; no flattened, tagged or untagged
//! enums, because ron's good errors and exact places depend on that.

pub mod check_ins;
pub mod clinic;
pub mod condition;
pub mod emergencies;
pub mod leaf;
pub mod list;
pub mod message;
pub mod questions;
pub mod quick;
pub mod recovery;
pub mod red_flags;
pub mod scan;
pub mod scenarios;
pub mod schedule;
pub mod spanned;
pub mod wording;

pub use leaf::{Checked, FromText};
pub use list::{Few, List, Pairs};
pub use spanned::{Spanned, Text};

use chrono::NaiveDate;
use serde::Deserialize;

/// Sign-off of one file.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// Who signed.
    pub by: Text,
    /// When.
    pub on: Checked<NaiveDate>,
    /// When to look again.
    pub review_by: Checked<NaiveDate>,
}

/// `allow: ["code", "code until 2027-02-01"]`: warnings accepted at this place.
pub type Allow = Option<Few<Text>>;

/// A number with its place.
pub type Number<T> = Spanned<T>;

/// `(send: "message")`.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The message's id.
    pub send: Text,
}

/// Where a number comes from, as written.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub enum Basis {
    /// The article the pack was made from.
    Seed,
    /// A convention, named.
    Convention(Text),
    /// To be confirmed.
    ClinicToConfirm,
}

/// The fields every kind of file takes besides its own.
#[derive(Debug, Default)]
pub struct Head {
    /// Version of the notation.
    pub format: Option<Spanned<u32>>,
    /// Sign-off.
    pub approved: Option<Spanned<Approved>>,
    /// Warnings accepted anywhere in the file.
    pub allow: Allow,
}

/// Declares the structure of one kind of file: its own fields and those of [`Head`].
macro_rules! file {
    ($(#[$doc:meta])* $name:ident = $word:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(serde::Deserialize, Debug)]
        #[serde(rename = $word, deny_unknown_fields)]
        pub struct $name {
            format: Option<$crate::notation::Spanned<u32>>,
            approved: Option<$crate::notation::Spanned<$crate::notation::Approved>>,
            allow: $crate::notation::Allow,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// Takes out the fields every kind of file has.
            pub fn take_head(&mut self) -> $crate::notation::Head {
                $crate::notation::Head {
                    format: self.format.take(),
                    approved: self.approved.take(),
                    allow: self.allow.take(),
                }
            }
        }
    };
}
pub(crate) use file;

/// The kinds of rule file, named by their first word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// `Clinic(...)`.
    Clinic,
    /// `Questions(...)`.
    Questions,
    /// `Recovery(...)`.
    Recovery,
    /// `CheckIns(...)`.
    CheckIns,
    /// `RedFlags(...)`.
    RedFlags,
    /// `Emergencies(...)`.
    Emergencies,
    /// `Scenarios(...)`.
    Scenarios,
    /// A Markdown file below a folder named `messages`.
    Message,
}

impl Kind {
    /// First words and kinds of `.ron` files.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("Clinic", Self::Clinic),
        ("Questions", Self::Questions),
        ("Recovery", Self::Recovery),
        ("CheckIns", Self::CheckIns),
        ("RedFlags", Self::RedFlags),
        ("Emergencies", Self::Emergencies),
        ("Scenarios", Self::Scenarios),
    ];

    /// The kind a first word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
    }
}
