//! Flags outrank each other in a ring.
//!
//! ```ron
//! (id: "pain-lasting", outranks: ["swelling"], ...),
//! (id: "swelling", outranks: ["pain-lasting"], ...),
//! ```
//!
//! `outranks` says whose message goes out and whose does not. In a ring each flag waits for the other, and which of
//! them speaks is left to chance. Take one name out, so that one flag of the ring is outranked by none of them.

use super::{FoundBy, Input};
use crate::{
    load::{findings::Findings, written::Written},
    notation::{Kind, wording::quote},
};

check!("outranks-ring", Error, "outranks_ring.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let written = input.written;
    if !written.is_complete(Kind::RedFlags) {
        return;
    }
    for ring in rings(&outranked(written)) {
        let flags = || ring.iter().filter_map(|&at| written.flags.get(at));
        let (Some(last), Some(first)) = (flags().next_back(), flags().next()) else { continue };
        let Some(name) = last.outranks.iter().find(|id| written.flag(id).is_some_and(|flag| std::ptr::eq(flag, first))) else { continue };
        let way: Vec<String> = flags().chain([first]).filter_map(|flag| Some(quote(&flag.id.value.as_ref()?.0))).collect();
        findings
            .report("outranks-ring", last.at(&name.span), "these flags outrank each other in a ring")
            .label(way.join(" outranks "))
            .help("take one name out, so that one of them is outranked by none of the others");
    }
}

/// For each flag the places of those it outranks.
fn outranked(written: &Written) -> Vec<Vec<usize>> {
    written.flags.iter().map(|flag| flag.outranks.iter().filter_map(|id| written.flag_place(id)).collect()).collect()
}

/// One ring for each edge that leads back to the path on which a walk came, each flag and edge being walked once.
fn rings(below: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut rings = Vec::new();
    let mut walked = vec![false; below.len()];
    // The path walked, each flag with how many of its names have been followed.
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut place_on_path = vec![None; below.len()];
    for from in 0..below.len() {
        if !walked[from] {
            path.push((from, 0));
        }
        while let Some((at, followed)) = path.last_mut() {
            let (at, next) = (*at, below[*at].get(*followed).copied());
            *followed += 1;
            walked[at] = true;
            place_on_path[at] = Some(path.len() - 1);
            match next {
                None => {
                    place_on_path[at] = None;
                    path.pop();
                }
                Some(to) => match place_on_path[to] {
                    Some(start) => rings.push(path[start..].iter().map(|&(flag, _)| flag).collect()),
                    None if !walked[to] => path.push((to, 0)),
                    None => {}
                },
            }
        }
    }
    rings
}
