//! Files of runs, as watches and training sites write them, read down to what Afterrun keeps: when, how far, how
//! long. Where somebody ran, which is mostly where they live, is dropped here and goes no further.
//!
//! Files come from patients: every one is bounded, an XML file may declare nothing (so no entity can expand), and
//! what does not make sense is refused with the reason.

mod fit;
mod gpx;
mod tcx;
#[cfg(test)]
mod tests;
mod xml;

use std::path::Path;

use chrono::{DateTime, Utc};

/// Largest file read, in bytes. A day's run with a fix every second is some 5 MB as FIT and 30 MB as TCX.
pub const FILE_BYTES: u64 = 64 << 20;

/// Shortest and longest run taken, in metres: a mistaken press of a button, and more than six days' racing.
const DISTANCE_M: std::ops::RangeInclusive<f64> = 100.0..=1_000_000.0;

/// What is kept of a recorded run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Recorded {
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// How far, in metres.
    pub distance_m: f64,
    /// How long, in seconds, without pauses where the file tells.
    pub duration_s: Option<u32>,
}

/// Why a file gives no run. Says nothing of what is in it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// Too large.
    #[error("the file is larger than {} MB", FILE_BYTES >> 20)]
    TooLarge,
    /// None of the formats.
    #[error("this is no FIT, GPX or TCX file")]
    UnknownFormat,
    /// Compressed.
    #[error("the file is compressed: unpack it first")]
    Compressed,
    /// It breaks its format.
    #[error("this is no sound {format} file: {why}")]
    Broken {
        /// Name of the format.
        format: &'static str,
        /// In words.
        why: String,
    },
    /// Something a file of runs has no use for and an attacker has.
    #[error("the file declares a document type or is nested too deeply, which no watch does")]
    Suspicious,
    /// Sound, and no run in it.
    #[error("there is no run in the file{0}")]
    NoRun(&'static str),
}

/// The runs of a file, in its order. The format is told by the content, not by the name.
///
/// # Errors
/// If it is none of the formats, breaks its own, is too large, or has no run.
pub fn read(bytes: &[u8]) -> Result<Vec<Recorded>, Unusable> {
    if bytes.len() as u64 > FILE_BYTES {
        return Err(Unusable::TooLarge);
    }
    let runs = if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(b"PK") {
        return Err(Unusable::Compressed);
    } else if bytes.get(8..12) == Some(b".FIT") {
        fit::read(bytes)?
    } else {
        let text = std::str::from_utf8(bytes).map_err(|_| Unusable::UnknownFormat)?;
        let text = text.trim_start_matches('\u{feff}');
        match xml::examine(text)?.as_str() {
            "gpx" => gpx::read(text)?,
            "TrainingCenterDatabase" => tcx::read(text)?,
            _ => return Err(Unusable::UnknownFormat),
        }
    };
    let runs: Vec<_> = runs.into_iter().filter(|run| DISTANCE_M.contains(&run.distance_m)).collect();
    if runs.is_empty() {
        return Err(Unusable::NoRun(""));
    }
    Ok(runs)
}

/// Whether the name is that of a recorded run rather than of a table.
#[must_use]
pub fn is_recording(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["fit", "gpx", "tcx", "gz", "zip"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Whole seconds, if it is a time that a run can take.
fn seconds(value: f64) -> Option<u32> {
    (value.is_finite() && value >= 1.0 && value < f64::from(u32::MAX)).then(|| value.round() as u32)
}
