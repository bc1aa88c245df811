//! `Recovery(...)`: run types and distances to rest days.

use serde::Deserialize;

use super::{
    Allow, Basis, Checked, List, Number, Send, Spanned, file,
    leaf::{Id, Line},
};

file! {
    /// A file of recovery windows.
    RecoveryFile = "Recovery" {
        /// Sent when a run is logged; once in a folder.
        on_run: Option<Send>,
        /// Sent when running may start again; once in a folder.
        on_cleared: Option<Send>,
        /// The windows.
        windows: List<Window>,
    }
}

/// One window.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its id.
    pub id: Checked<Id>,
    /// Shown to the patient.
    pub title: Checked<Line>,
    /// The runs it is for.
    pub when: Spanned<RunMatch>,
    /// How long to rest.
    pub rest_days: Spanned<RestDays>,
    /// Where the numbers come from.
    pub basis: Basis,
    /// Warnings accepted here.
    pub allow: Allow,
}

/// How long to rest.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct RestDays {
    /// At least.
    pub min: Number<u32>,
    /// At most.
    pub max: Number<u32>,
}

/// The runs a window is for.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub enum RunMatch {
    /// A race.
    Race(Checked<Id>),
    /// A band of distances; one unit for each end.
    Distance {
        /// Start in miles.
        from_miles: Option<Number<f64>>,
        /// Start in kilometres.
        from_km: Option<Number<f64>>,
        /// Start in metres.
        from_m: Option<Number<f64>>,
        /// End in miles.
        below_miles: Option<Number<f64>>,
        /// End in kilometres.
        below_km: Option<Number<f64>>,
        /// End in metres.
        below_m: Option<Number<f64>>,
    },
}

/// Metres in a statute mile (international yard and pound agreement, 1959).
pub const METRES_PER_MILE: f64 = 1609.344;

/// The distances given in up to three units, in metres.
pub fn metres(
    miles: Option<&Number<f64>>,
    km: Option<&Number<f64>>,
    m: Option<&Number<f64>>,
) -> Vec<Spanned<f64>> {
    let in_unit = |given: Option<&Number<f64>>, metres: f64| {
        given.map(|given| Spanned { value: given.value * metres, span: given.span.clone() })
    };
    [in_unit(miles, METRES_PER_MILE), in_unit(km, 1000.0), in_unit(m, 1.0)].into_iter().flatten().collect()
}
