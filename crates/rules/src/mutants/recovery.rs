//! Changes to the recovery windows.

use super::{
    Part,
    edits::{Edits, Target},
};
use crate::book::{RuleBook, RunMatch, Window};

/// How far the edge of a distance band is moved: a tenth of a mile, about what two watches differ by on a run.
const EDGE_M: f64 = 160.9344;

const SAME_REST: &str = "the bands on both sides of the edge ask for the same days of rest";

/// Changes to every window.
pub(super) fn edits(book: &RuleBook, edits: &mut Edits) {
    for (at, window) in book.recovery.windows.iter().enumerate() {
        let target = Target {
            part: Part::Recovery,
            rule: format!("window `{}`", window.id),
            place: Some(window.place.clone()),
        };
        days(edits, &target, at, window);
        match &window.when {
            RunMatch::Race(race) => {
                edits.change(
                    &target,
                    format!("the race `{race}` is taken for a run of its distance"),
                    move |book| {
                        book.recovery.windows.remove(at);
                    },
                );
            }
            RunMatch::Distance { from_m, .. } if *from_m > 0.0 => {
                lower_edge(book, edits, &target, at, *from_m)
            }
            RunMatch::Distance { .. } => {}
        }
    }
}

/// The checks refuse a longest rest that is shorter than the shortest.
fn days(edits: &mut Edits, target: &Target, at: usize, window: &Window) {
    let (min, max) = (window.min_days, window.max_days);
    let mut set = |name: &str, old: u32, new: u32, set: fn(&mut Window, u32)| {
        edits.change(target, format!("rest_days {name}: {old} becomes {new}"), move |book| {
            set(&mut book.recovery.windows[at], new);
        });
    };
    if let Some(less) = min.checked_sub(1) {
        set("min", min, less, |window, new| window.min_days = new);
    }
    if min < max {
        set("min", min, min + 1, |window, new| window.min_days = new);
        set("max", max, max - 1, |window, new| window.max_days = new);
    }
    set("max", max, max + 1, |window, new| window.max_days = new);
}

/// Moves the edge between two bands, so that no run is without a window or in two of them.
fn lower_edge(book: &RuleBook, edits: &mut Edits, target: &Target, at: usize, edge: f64) {
    let below = book.recovery.windows.iter().position(
        |other| matches!(other.when, RunMatch::Distance { below_m: Some(below), .. } if (below - edge).abs() < 1.0),
    );
    let Some(below) = below else { return };
    let rest = |at: usize| {
        let window = &book.recovery.windows[at];
        (window.min_days, window.max_days)
    };
    let equivalent = (rest(at) == rest(below)).then_some(SAME_REST);
    for new in [edge - EDGE_M, edge + EDGE_M] {
        let change = format!("from: {:.2} miles becomes {:.2}", edge / 1609.344, new / 1609.344);
        edits.change_with(target, change, equivalent, move |book| {
            if let RunMatch::Distance { from_m, .. } = &mut book.recovery.windows[at].when {
                *from_m = new;
            }
            if let RunMatch::Distance { below_m, .. } = &mut book.recovery.windows[below].when {
                *below_m = Some(new);
            }
        });
    }
}
