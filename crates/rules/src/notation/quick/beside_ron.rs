//! Holds the quick reader against ron, for tests and for fuzzing.

use std::fmt::Debug;

use serde::de::DeserializeOwned;

use super::parse;
use crate::notation::{
    Kind, check_ins::CheckInsFile, clinic::ClinicFile, emergencies::EmergenciesFile,
    questions::QuestionsFile, recovery::RecoveryFile, red_flags::RedFlagsFile, scan,
    scenarios::ScenariosFile, spanned,
};

/// What a text is to the quick reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It reads it, and ron the same.
    Taken,
    /// It gives up.
    LeftToRon,
    /// Its first word is not a kind of file.
    Unasked,
}

/// Asks both readers. A text that the quick one takes must be the same to ron, without a finding.
///
/// # Panics
/// When they differ.
#[must_use]
pub fn ask_both(text: &str) -> Answer {
    match Kind::from_word(&text[scan::first_word(text)]) {
        Some(Kind::Clinic) => compare::<ClinicFile>(text),
        Some(Kind::Questions) => compare::<QuestionsFile>(text),
        Some(Kind::Recovery) => compare::<RecoveryFile>(text),
        Some(Kind::CheckIns) => compare::<CheckInsFile>(text),
        Some(Kind::RedFlags) => compare::<RedFlagsFile>(text),
        Some(Kind::Emergencies) => compare::<EmergenciesFile>(text),
        Some(Kind::Scenarios) => compare::<ScenariosFile>(text),
        Some(Kind::Message) | None => Answer::Unasked,
    }
}

fn compare<T: DeserializeOwned + Debug>(text: &str) -> Answer {
    let Some(taken) = parse::<T>(text) else { return Answer::LeftToRon };
    assert!(scan::problem(text).is_none(), "{:?} in {text}", scan::problem(text));
    let spanned::Parsed { value, found, broken_ids } = spanned::parse::<T>(text);
    assert!(found.is_empty() && broken_ids.is_empty(), "{found:?} {broken_ids:?} in {text}");
    let (taken, value) = (format!("{:?}", Some(taken)), format!("{value:?}"));
    let same = taken.bytes().zip(value.bytes()).take_while(|(quick, ron)| quick == ron).count();
    let from = taken.floor_char_boundary(same.saturating_sub(100));
    assert!(taken == value, "{:.200} is to ron {:.200}, in {text}", &taken[from..], &value[from..]);
    Answer::Taken
}
