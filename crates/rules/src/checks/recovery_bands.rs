//! Recovery windows leave a run without advice, or give it two.
//!
//! Every run that is not a race with a window of its own must find exactly one distance band. Bands are half-open: from
//! the first number on, and below the second.
//!
//! ```ron
//! (id: "short", when: Distance(below_miles: 3), ...),
//! (id: "long", when: Distance(from_miles: 5), ...),      // and a run of 4 miles?
//! ```
//!
//! Let each band begin where the one before ends, the first begin at 0 (leave the start out) and the last have no end.
//! One unit for each end. A race has one window.

use std::collections::BTreeMap;

use super::{FoundBy, Input};
use crate::{
    book::RunMatch,
    load::{
        build_care::run_match,
        findings::Findings,
        written::{At, Item},
    },
    notation::{Kind, recovery, wording::quote},
};

check!("recovery-bands", Error, "recovery_bands.rs", FoundBy::Looking(look));

/// Ends nearer than this are the same place: 10 km and 6.2137 miles differ by centimetres.
const SAME_M: f64 = 1.0;

struct Band<'a> {
    from_m: f64,
    below_m: Option<f64>,
    at: At,
    name: &'a str,
}

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    if written.windows.is_empty() {
        // That there are none at all is `missing-part`.
        return;
    }
    let mut bands = Vec::new();
    let mut races: BTreeMap<&str, At> = BTreeMap::new();
    for window in &written.windows {
        let at = window.at(&window.when.span);
        match &window.when.value {
            recovery::RunMatch::Race(race) => {
                let Some(id) = &race.value else { continue };
                if let Some(first) = races.get(id.0.as_str()) {
                    findings
                        .report("recovery-bands", at, format!("two windows are for the race {}", quote(&id.0)))
                        .label("the same race again")
                        .also(first, "first here")
                        .help("keep one of the two");
                } else {
                    races.insert(&id.0, at);
                }
            }
            when @ recovery::RunMatch::Distance { .. } => bands.extend(band(when, at, window, findings)),
        }
    }
    if written.is_complete(Kind::Recovery) && written.broken_ids.is_empty() && bands_are_all(written.windows.as_slice(), &bands) {
        look_at_bands(bands, findings);
    }
}

/// Whether every distance window became a band; otherwise a gap may be the fault of one already reported.
fn bands_are_all(windows: &[Item<recovery::Window>], bands: &[Band<'_>]) -> bool {
    let distances = windows.iter().filter(|window| matches!(window.when.value, recovery::RunMatch::Distance { .. }));
    distances.count() == bands.len()
}

fn band<'a>(
    when: &recovery::RunMatch,
    at: At,
    window: &'a Item<recovery::Window>,
    findings: &mut Findings,
) -> Option<Band<'a>> {
    let Some(RunMatch::Distance { from_m, below_m }) = run_match(when) else {
        findings
            .report("recovery-bands", at, "an end of this band is given in two units")
            .label("two units")
            .help("give each end once: in miles, in km or in m");
        return None;
    };
    let sensible = |metres: f64| metres.is_finite() && metres >= 0.0;
    if !sensible(from_m) || !below_m.is_none_or(sensible) || below_m.is_some_and(|below| below <= from_m) {
        findings
            .report("recovery-bands", at, "no run can fall into this band")
            .label("ends before it begins")
            .help("let `below_...` be more than `from_...`");
        return None;
    }
    let name = window.id.value.as_ref().map_or("", |id| id.0.as_str());
    Some(Band { from_m, below_m, at, name })
}

fn look_at_bands(mut bands: Vec<Band<'_>>, findings: &mut Findings) {
    bands.sort_by(|a, b| a.from_m.total_cmp(&b.from_m));
    let Some(first) = bands.first() else {
        findings
            .report("recovery-bands", At::folder(), "no recovery window is for training runs")
            .help("add a window with `when: Distance(...)` to a `Recovery(` file");
        return;
    };
    if first.from_m > 0.0 {
        findings
            .report("recovery-bands", first.at.clone(), format!("no window is for runs shorter than {}", distance(first.from_m)))
            .label("the shortest band")
            .help("leave out the start of the shortest band, or add one below it");
    }
    for pair in bands.windows(2) {
        let [before, after] = pair else { continue };
        let end = before.below_m.unwrap_or(f64::INFINITY);
        if end > after.from_m + SAME_M {
            findings
                .report("recovery-bands", after.at.clone(), format!("a run of {} falls into {} and {}", distance(after.from_m), quote(before.name), quote(after.name)))
                .label("overlaps")
                .also(&before.at, "with this")
                .help("let each band begin where the one before ends");
        } else if end < after.from_m - SAME_M {
            findings
                .report("recovery-bands", after.at.clone(), format!("no window is for runs from {} to {}", distance(end), distance(after.from_m)))
                .label("a gap before this")
                .also(&before.at, "and after this")
                .help("let each band begin where the one before ends");
        }
    }
    let longest = bands.iter().max_by(|a, b| {
        a.below_m.unwrap_or(f64::INFINITY).total_cmp(&b.below_m.unwrap_or(f64::INFINITY))
    });
    if let Some((longest, end)) = longest.and_then(|longest| Some((longest, longest.below_m?))) {
        findings
            .report("recovery-bands", longest.at.clone(), format!("no window is for runs of {} and more", distance(end)))
            .label("the longest band")
            .help("leave out the end of the longest band, or add one above it");
    }
}

fn distance(metres: f64) -> String {
    let miles = metres / recovery::METRES_PER_MILE;
    let tenths = (miles * 10.0).round();
    if (miles * 10.0 - tenths).abs() > 1e-6 {
        return format!("{} km", (metres / 10.0).round() / 100.0);
    }
    let unit = if tenths == 10.0 { "mile" } else { "miles" };
    format!("{} {unit}", tenths / 10.0)
}
