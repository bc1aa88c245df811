//! A bar on standard error while a large file is worked through; nothing where nobody looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Below this many steps all is over before a bar could be read.
const WORTH_A_BAR: usize = 200;

/// A bar of so many steps. It hides itself when standard error is no terminal.
pub(super) fn progress(steps: usize, doing: &'static str) -> ProgressBar {
    if steps < WORTH_A_BAR {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos} of {len}, {eta} left") {
        bar.set_style(style);
    }
    bar.with_message(doing)
}
