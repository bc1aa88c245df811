//! The names things go by. Each kind of name is a type of its own, so that a flag's id cannot be passed
//! where a message's id is wanted. All are cheap to clone, and those short enough (up to 23 bytes, which nearly all
//! are) are kept in place: comparing them looks at no other memory.

use std::{borrow::Borrow, fmt};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }
    )+};
}

ids! {
    /// A patient (the runner). In the daemon a random id, never a name or an address.
    PatientId,
    /// One logged run.
    RunId,
    /// A question that can be asked (`questions.ron`).
    QuestionId,
    /// A red flag (`red-flags.ron`).
    FlagId,
    /// A stage of a red flag, unique within its flag.
    StageId,
    /// A kind of check-in (`check-ins.ron`); one issued check-in is named by this and its about-day.
    CheckInId,
    /// A message text (`messages/<id>.md`).
    MessageId,
    /// A recovery window (`recovery.ron`).
    WindowId,
    /// A sign of the emergency tick-list (`emergencies.ron`).
    SignId,
    /// A kind of race, such as `half-marathon`.
    RaceId,
}
