//! `RedFlags(...)`: what should worry us, for how long, and what then happens.

use serde::Deserialize;

use super::{
    Allow, Basis, Checked, Few, List, Number, Send, Spanned, Text,
    condition::Condition,
    file,
    leaf::{Id, Line},
};
use crate::book::TellClinic;

file! {
    /// A file of red flags.
    RedFlagsFile = "RedFlags" {
        /// The flags.
        flags: List<Flag>,
    }
}

/// One flag.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Its id.
    pub id: Checked<Id>,
    /// Ids it had before.
    #[serde(default)]
    pub formerly: Few<Checked<Id>>,
    /// Its title.
    pub title: Checked<Line>,
    /// Where it comes from.
    pub basis: Basis,
    /// What counts as the problem.
    pub when: Spanned<Condition>,
    /// What counts as clear; the opposite of `when` unless said otherwise.
    pub clear_when: Option<Spanned<Condition>>,
    /// Longest silence that does not end an episode.
    pub bridge_silent_days: Number<u32>,
    /// Clear reports that end it.
    pub clear_reports: Number<u32>,
    /// Steps.
    pub stages: Spanned<List<Stage>>,
    /// When it ends clear.
    pub on_resolved: Option<Send>,
    /// When it ends in silence.
    pub on_lapsed: Option<OnLapsed>,
    /// Flags it covers.
    #[serde(default)]
    pub outranks: Few<Text>,
    /// Warnings accepted here.
    pub allow: Allow,
}

/// One step.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its id.
    pub id: Checked<Id>,
    /// Days after onset.
    pub after_days: Number<u32>,
    /// Days reported by then.
    pub min_reports: Number<u32>,
    /// The message.
    pub send: Text,
    /// May leave the send window.
    #[serde(default)]
    pub urgent: bool,
    /// How soon the clinic hears; in the digest unless said otherwise.
    pub tell_clinic: Option<TellClinic>,
    /// Reminders.
    pub remind: Option<Remind>,
    /// Warnings accepted here.
    pub allow: Allow,
}

/// Reminders.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Remind {
    /// Days between.
    pub every_days: Number<u32>,
    /// How many.
    pub at_most: Number<u32>,
}

/// What happens when an episode ends in silence.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct OnLapsed {
    /// To the patient.
    pub send: Option<Text>,
    /// To the clinic; in the digest unless said otherwise.
    pub tell_clinic: Option<TellClinic>,
}
