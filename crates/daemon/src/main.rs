//! The `afterrun` command. Everything it does is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    afterrun::entry::enter()
}
