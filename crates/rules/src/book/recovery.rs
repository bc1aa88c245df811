//! How long to rest after which run.

use std::sync::Arc;

use super::{Basis, Place};
use crate::ids::{MessageId, RaceId, WindowId};

/// `recovery.ron`.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// Sent when a run is logged.
    pub on_run: MessageId,
    /// Sent when running may start again.
    pub on_cleared: MessageId,
    /// The windows, in file order. Together they match every run.
    pub windows: Vec<Window>,
}

/// How long to rest after one kind of run.
#[derive(Clone, Debug)]
pub struct Window {
    /// Its id.
    pub id: WindowId,
    /// Shown to the patient.
    pub title: Arc<str>,
    /// The runs it is for.
    pub when: RunMatch,
    /// Days without running at least; days 1 to `min_days` after the run day.
    pub min_days: u32,
    /// Days without running at most.
    pub max_days: u32,
    /// Where the numbers come from.
    pub basis: Basis,
    /// Where it was written.
    pub place: Place,
}

/// The runs a window is for. A race beats a distance.
#[derive(Clone, Debug, PartialEq)]
pub enum RunMatch {
    /// A race of this kind.
    Race(RaceId),
    /// Half-open distance band, in metres.
    Distance {
        /// Shortest distance that matches.
        from_m: f64,
        /// Distance from which it no longer matches; none: every longer run.
        below_m: Option<f64>,
    },
}
