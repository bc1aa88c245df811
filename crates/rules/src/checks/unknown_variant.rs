//! A word that is not one of the choices at this place.
//!
//! Conditions, schedules, bases and the like are words from a fixed list; a word outside it means nothing.
//!
//! ```ron
//! when: AtLest("worst_pain", 3),
//! ```
//!
//! Write `AtLeast("worst_pain", 3)`. The help line lists the choices, or the one that is most like yours. Choices are
//! written without quotes and with a capital letter.

use super::FoundBy;

check!("unknown-variant", Error, "unknown_variant.rs", FoundBy::Reading);
