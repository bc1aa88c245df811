//! A file is written for another version of the notation.
//!
//! ```ron
//! RedFlags(format: 2, flags: [...])
//! ```
//!
//! This Afterrun reads format 1. Write `format: 1` or leave it out; a file made for a newer Afterrun needs that one.

use super::{FoundBy, Input};
use crate::load::{findings::Findings, written::At};

check!("unsupported-format", Error, "unsupported_format.rs", FoundBy::Looking(look));

/// The version of the notation read here.
const FORMAT: u32 = 1;

fn look(input: &Input<'_>, findings: &mut Findings) {
    for head in &input.written.heads {
        let Some(format) = head.format.as_ref().filter(|format| format.value != FORMAT) else { continue };
        findings
            .report("unsupported-format", At { file: head.at.file, span: format.span.clone() }, format!("format {} is not known", format.value))
            .label(format!("only format {FORMAT} is"))
            .help(format!("write `format: {FORMAT}`, or use the Afterrun this file was made for"));
    }
}
