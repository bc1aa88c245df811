//! GPX: each track is a run. Its length is computed from its points, and the points are dropped.

use chrono::{DateTime, Utc};
use gpx::{Track, TrackSegment, Waypoint};

use super::{Recorded, Unusable, seconds};

/// Mean radius of the earth in metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;
/// Faster than any runner, in metres a second: the world record over 100 m touches 12.4. Beyond it the receiver
/// lost its place.
const FASTEST: f64 = 13.0;
/// A gap longer than this between two points is a pause, in seconds.
const PAUSE: f64 = 120.0;

/// Reads all tracks. The text has been found well-formed and without declarations.
pub(super) fn read(text: &str) -> Result<Vec<Recorded>, Unusable> {
    let file = gpx::read(text.as_bytes())
        .map_err(|why| Unusable::Broken { format: "GPX", why: without_content(&why) })?;
    let runs: Vec<_> = file.tracks.iter().filter_map(run).collect();
    if runs.is_empty() {
        return Err(Unusable::NoRun(": no track has points with times"));
    }
    Ok(runs)
}

/// The kind of trouble; the library's own words may quote a position.
fn without_content(why: &gpx::errors::GpxError) -> String {
    use gpx::errors::GpxError as E;
    let told = match why {
        E::InvalidChildElement(..) => "an element is where it does not belong",
        E::MissingClosingTag(_) | E::MissingOpeningTag(_) => "a tag is missing",
        E::UnknownVersionError(_) => "it is neither version 1.0 nor 1.1",
        E::LonLatOutOfBoundsError(..) => "a position is outside the earth",
        _ => "a value cannot be read",
    };
    told.to_owned()
}

fn run(track: &Track) -> Option<Recorded> {
    let started_at = track.segments.iter().flat_map(|segment| &segment.points).find_map(time)?;
    let (mut distance_m, mut moving) = (0.0, 0.0);
    for segment in &track.segments {
        let (metres, time) = measure(segment);
        distance_m += metres;
        moving += time;
    }
    Some(Recorded { started_at, distance_m, duration_s: seconds(moving) })
}

/// Metres and moving seconds of a segment.
fn measure(segment: &TrackSegment) -> (f64, f64) {
    let (mut metres, mut moving) = (0.0, 0.0);
    for (one, next) in segment.points.iter().zip(segment.points.iter().skip(1)) {
        let step = apart(one, next);
        match time(one).zip(time(next)).map(|(from, to)| (to - from).as_seconds_f64()) {
            // Standing still, with the receiver wandering, or a clock that went back.
            Some(took) if took <= 0.0 || took > PAUSE => {}
            Some(took) if step / took > FASTEST => {}
            Some(took) => {
                metres += step;
                moving += took;
            }
            None => metres += step,
        }
    }
    (metres, moving)
}

fn time(point: &Waypoint) -> Option<DateTime<Utc>> {
    let text = point.time?.format().ok()?;
    text.parse().ok()
}

/// The great-circle distance of two points in metres (haversine).
fn apart(one: &Waypoint, other: &Waypoint) -> f64 {
    let (from, to) = (one.point(), other.point());
    let (from_latitude, to_latitude) = (from.y().to_radians(), to.y().to_radians());
    let (latitude, longitude) = (to_latitude - from_latitude, (to.x() - from.x()).to_radians());
    let half = (latitude / 2.0).sin().powi(2)
        + from_latitude.cos() * to_latitude.cos() * (longitude / 2.0).sin().powi(2);
    2.0 * EARTH_M * half.sqrt().min(1.0).asin()
}
