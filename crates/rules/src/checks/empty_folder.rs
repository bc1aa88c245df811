//! The rules folder holds no rules.
//!
//! An empty folder is far more often a wrong path, or a disk that is not there, than a wish to have no rules.
//!
//! For example `rules/` before the shipped pack was copied into it. Name the right folder, or copy the rules into it.

use super::{FoundBy, Input};
use crate::load::{findings::Findings, written::At};

check!("empty-folder", Error, "empty_folder.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    if input.written.files.is_empty() && !findings.has_error() {
        findings
            .report("empty-folder", At::folder(), "the rules folder holds no rule file")
            .help("is this the right folder? rule files end in .ron, messages are .md files below a folder `messages`");
    }
}
