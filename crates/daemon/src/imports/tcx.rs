//! TCX: the totals of each lap of a running activity; the track points below them are passed over.

use chrono::{DateTime, Utc};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{Recorded, Unusable, seconds};

/// An activity in the making.
#[derive(Default)]
struct Activity {
    started_at: Option<DateTime<Utc>>,
    distance_m: f64,
    duration_s: f64,
}

/// Reads all running activities. The text has been found well-formed and without declarations.
pub(super) fn read(text: &str) -> Result<Vec<Recorded>, Unusable> {
    let broken = |why: &str| Unusable::Broken { format: "TCX", why: why.to_owned() };
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut activity: Option<Activity> = None;
    let mut runs = Vec::new();
    let mut other_sport = false;
    loop {
        match reader.read_event().map_err(|why| broken(&why.to_string()))? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                match name.as_str() {
                    "Activity" if attribute(&start, "Sport").is_some_and(|sport| sport == "Running") => {
                        activity = Some(Activity::default());
                    }
                    "Activity" => other_sport = true,
                    "Lap" => {
                        if let Some(activity) = &mut activity {
                            let started_at =
                                attribute(&start, "StartTime").and_then(|time| time.trim().parse().ok());
                            activity.started_at = activity.started_at.or(started_at);
                        }
                    }
                    _ => {}
                }
                path.push(name);
            }
            Event::Text(text) => {
                // Only what stands directly in a lap: points have distances of their own.
                if let (Some(activity), [.., parent, name]) = (&mut activity, path.as_slice()) {
                    let number = || {
                        let number: f64 =
                            text.trim().parse().map_err(|_| broken("a lap's total is no number"))?;
                        if number.is_finite() && number >= 0.0 {
                            Ok(number)
                        } else {
                            Err(broken("a lap's total is no number"))
                        }
                    };
                    match (parent.as_str(), name.as_str()) {
                        ("Lap", "DistanceMeters") => activity.distance_m += number()?,
                        ("Lap", "TotalTimeSeconds") => activity.duration_s += number()?,
                        ("Activity", "Id") => {
                            activity.started_at = activity.started_at.or_else(|| text.trim().parse().ok());
                        }
                        _ => {}
                    }
                }
            }
            Event::End(_) => {
                if path.pop().is_some_and(|name| name == "Activity")
                    && let Some(done) = activity.take()
                {
                    let started_at = done.started_at.ok_or_else(|| broken("an activity has no start"))?;
                    let duration_s = seconds(done.duration_s);
                    runs.push(Recorded { started_at, distance_m: done.distance_m, duration_s });
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if runs.is_empty() && other_sport {
        return Err(Unusable::NoRun(": it holds another sport"));
    }
    Ok(runs)
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.try_get_attribute(name).ok()??;
    Some(found.value.into_owned())
}
