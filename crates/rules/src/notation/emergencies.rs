//! `Emergencies(...)`: the mandatory tick-list, answered on the page.

use serde::Deserialize;

use super::{
    Allow, Checked, List, file,
    leaf::{Id, Words},
};

file! {
    /// A file of emergency signs.
    EmergenciesFile = "Emergencies" {
        /// The signs.
        signs: List<Sign>,
    }
}

/// One sign.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// Its id.
    pub id: Checked<Id>,
    /// The words beside the box.
    pub ask: Checked<Words>,
    /// Shown when ticked.
    pub do_now: Checked<Words>,
    /// How pressing.
    pub level: Level,
    /// Warnings accepted here.
    pub allow: Allow,
}

/// How pressing.
#[derive(Deserialize, Clone, Copy, Debug)]
#[serde(deny_unknown_fields)]
pub enum Level {
    /// Care on the same day.
    SameDay,
    /// Call now.
    CallNow,
}
